/* SPDX-License-Identifier: MIT
 *
 * What the tests of the application act on: it, over a fake transport and a real
 * engine, people, a concert's body, and how requests are asked and judged.
 * For one test program: all of it is static.
 */
#ifndef SP_TESTS_NET_APP_STAGE_H
#define SP_TESTS_NET_APP_STAGE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <dlfcn.h>
#include <sodium.h>
#include <stdatomic.h>
#include <string.h>

#include "net/app_loop.h"
#include "tests/net/fake_events.h"
#include "tests/net/fake_exchange.h"

static sp_loop loop;
static fake_profiles profiles;
static fake_events events;
static atomic_bool serving, failed;
static sp_app *app;
static char admin_token[SP_TOKEN_SIZE_MAX + 8], user_token[SP_TOKEN_SIZE_MAX + 8];

/* libsodium's own, counted: the program's definition goes before a shared
 * library's. Called on pool threads; the test reads while none is at work. */
static _Atomic uint32_t verifications_count;
static char verified_hash[crypto_pwhash_STRBYTES];

int crypto_pwhash_str_verify(const char hash[crypto_pwhash_STRBYTES], const char *password,
                             unsigned long long size)
{
    int (*real)(const char *, const char *, unsigned long long);
    void *found = dlsym(RTLD_NEXT, "crypto_pwhash_str_verify");
    SP_ASSERT(found != NULL); /* a failing test may not leave a pool thread */
    memcpy(&real, &found, sizeof real);
    snprintf(verified_hash, sizeof verified_hash, "%s", hash);
    verifications_count++;
    return real(hash, password, size);
}

/* Likewise: what is computed to make up for a cheaper hash, in KiB times passes. */
static _Atomic uint64_t rest_work;

int crypto_pwhash(unsigned char *const out, unsigned long long size, const char *const password,
                  unsigned long long password_size, const unsigned char *const salt,
                  unsigned long long passes, size_t memory_size, int algorithm)
{
    int (*real)(unsigned char *, unsigned long long, const char *, unsigned long long,
                const unsigned char *, unsigned long long, size_t, int);
    void *found = dlsym(RTLD_NEXT, "crypto_pwhash");
    SP_ASSERT(found != NULL);
    memcpy(&real, &found, sizeof real);
    rest_work += passes * memory_size / 1024;
    return real(out, size, password, password_size, salt, passes, memory_size, algorithm);
}

typedef struct given {
    sp_method method;
    const char *target, *body;
    uint32_t body_size; /* 0: to its NUL */
    const char *token, *key, *type, *accept, *if_none_match;
    const sp_text *rare; /* SP_HEADER_RARE_COUNT of them */
    sp_client_address client;
} given;

static sp_text text_of(const char *string)
{
    return (sp_text){string, string ? (uint32_t)strlen(string) : 0};
}

static uint64_t ids_count;

static void begin_by(fake_exchange *fake, given request, bool ops)
{
    sp_request *r = &fake->ex.request;
    const char *query = strchr(request.target, '?');
    memset(fake, 0, sizeof *fake);
    fake->ex.loop = &loop;
    fake->ex.id = ++ids_count;
    fake->ex.ops = ops;
    r->method = request.method;
    r->version_minor = 1;
    r->rare = request.rare;
    fake->ex.client = request.client;
    r->path = text_of(request.target);
    if (query) {
        r->path.size = (uint32_t)(query - request.target);
        r->query = text_of(query + 1);
    }
    r->body = text_of(request.body);
    if (request.body_size > 0)
        r->body.size = request.body_size;
    r->headers[SP_HEADER_AUTHORIZATION] = text_of(request.token);
    r->headers[SP_HEADER_IDEMPOTENCY_KEY] = text_of(request.key);
    r->headers[SP_HEADER_ACCEPT] = text_of(request.accept);
    r->headers[SP_HEADER_IF_NONE_MATCH] = text_of(request.if_none_match);
    r->headers[SP_HEADER_CONTENT_TYPE] = text_of(request.type   ? request.type
                                                 : request.body ? "application/json"
                                                                : NULL);
    sp_app_ops_http.begin(&fake->ex);
}

static void begin(fake_exchange *fake, given request)
{
    begin_by(fake, request, false);
}

static fake_answer ask(given request)
{
    fake_exchange fake;
    begin(&fake, request);
    return fake_take_answer(&fake);
}

#define ASK(verb, path, ...) ask((given){.method = (verb), .target = (path), ##__VA_ARGS__})

/* Checks status and that the answer has a text in it; frees it. */
static void expect(fake_answer answer, int status, const char *wanted)
{
    if (answer.status != status || (wanted && !strstr(answer.body, wanted)))
        fail_msg("wanted %d and %s, got %s\n%s", status, wanted ? wanted : "anything", answer.head,
                 answer.body);
    free(answer.head);
}

static void expect_code(fake_answer answer, int status, const char *code)
{
    char wanted[64];
    snprintf(wanted, sizeof wanted, "\"code\":\"%s\"", code);
    expect(answer, status, wanted);
}

static void log_in(const char *email, char token[SP_TOKEN_SIZE_MAX + 8])
{
    char body[256];
    snprintf(body, sizeof body, "{\"email\":\"%s\",\"password\":\"password\"}", email);
    fake_answer answer = ASK(SP_METHOD_POST, "/v1/auth/login", .body = body);
    assert_int_equal(answer.status, 200);
    const char *at = strstr(answer.body, "\"accessToken\":\"");
    assert_non_null(at);
    at += strlen("\"accessToken\":\"");
    snprintf(token, SP_TOKEN_SIZE_MAX + 8, "Bearer %.*s", (int)strcspn(at, "\""), at);
    assert_non_null(strstr(answer.head, "Cache-Control: no-store"));
    assert_non_null(strstr(answer.body, "\"expiresIn\":900,\"user\":{\"id\":"));
    free(answer.head);
}

static void sign_up(const char *email, const char *id)
{
    char body[256], wanted[512];
    snprintf(body, sizeof body, "{\"email\":\"%s\",\"password\":\"password\",\"nickname\":\"n\"}",
             email);
    snprintf(wanted, sizeof wanted,
             "{\"id\":\"%s\",\"email\":\"%s\",\"nickname\":\"n\","
             "\"profileImageUrl\":null,\"role\":\"USER\",\"points\":500,"
             "\"createdAt\":\"",
             id, email);
    fake_answer answer = ASK(SP_METHOD_POST, "/v1/users", .body = body);
    char location[64];
    snprintf(location, sizeof location, "\r\nLocation: /v1/users/%s\r\n", id);
    assert_non_null(strstr(answer.head, location));
    expect(answer, 201, wanted);
}

/* The first user becomes ADMIN as the program does it: by the operator. */
static void make_admin(void)
{
    sp_slot *slot = sp_slots_take(&loop.slots);
    slot->command = (sp_command){.type = SP_COMMAND_ROLE_SET, .role_set = {1, SP_ROLE_ADMIN}};
    assert_true(sp_queue_push(loop.queue, slot));
    while (sp_sequencer_do_work(loop.sequencer) > 0) { /* the batch, then its flush */
    }
    assert_ptr_equal(sp_mailbox_take_all(&loop.mailbox), slot);
    assert_int_equal(slot->result.outcome, SP_OK);
    sp_slots_give(&loop.slots, slot);
}

static const char concert_body[] =
    "{\"categoryId\":\"1\",\"name\":\"Fest\",\"address\":\"Hall\",\"runningTime\":90,\"ageLimit\":"
    "\"ZERO\","
    "\"startDate\":\"2025-12-31T00:00:00Z\",\"endDate\":\"2026-01-02T00:00:00Z\","
    "\"concertDate\":\"2026-01-03T00:00:00Z\",\"maxSeatsPerUser\":4,"
    "\"grades\":[{\"name\":\"VIP\",\"price\":100,\"rows\":[5,5]},{\"name\":\"R\",\"price\":30,"
    "\"seats\":70}]}";

/* The first category and the first concert, an ADMIN's. */
static inline void stage_concert(void)
{
    expect(
        ASK(SP_METHOD_POST, "/v1/categories", .body = "{\"name\":\"Rock\"}", .token = admin_token),
        201, NULL);
    expect(ASK(SP_METHOD_POST, "/v1/concerts", .body = concert_body, .token = admin_token), 201,
           NULL);
}

/* An ADMIN, a user, both logged in, and a concert. */
static inline void stage_people_and_concert(void)
{
    sign_up("admin@example.org", "1");
    sign_up("user@example.org", "2");
    make_admin();
    log_in("admin@example.org", admin_token);
    log_in("user@example.org", user_token);
    stage_concert();
}

static int set_up(void **state)
{
    (void)state;
    fake_loop_init(&loop);
    fake_profiles_init(&profiles, &loop.log);
    fake_events_init(&events, &loop.log);
    atomic_store(&serving, true);
    app = sp_app_create(&(sp_app_config){.profiles = &profiles.reader,
                                         .events = &events.reader,
                                         .signing_key = {.kid = "k1", .bytes = {1}},
                                         .signup_open = true,
                                         .signup_points = 500,
                                         .serving = &serving,
                                         .failed = &failed,
                                         .loops_count = 1});
    if (!app)
        return -1;
    loop.app = sp_app_loop_create(app, &loop);
    return loop.app ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    sp_app_loop_destroy(loop.app);
    sp_app_destroy(app);
    fake_loop_close(&loop);
    return 0;
}

#endif
