/* SPDX-License-Identifier: MIT */
#include "tools/demo.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <sodium.h>

#include "engine/assert.h"
#include "net/password.h"
#include "tools/demo_concerts.h"
#include "tools/demo_sales.h"

#define DEMO_PASSWORD "stage-pick-demo"
#define CROWD_POINTS (10 * SP_DEMO_SIGNUP_POINTS)

/* Those whose log-ins are printed. */
static const struct {
    const char *email, *nickname;
    sp_role role;
    sp_points points;
} people[] = {
    {"admin@demo.example", "Ada", SP_ROLE_ADMIN, 0},
    {"host@demo.example", "Harim", SP_ROLE_HOST, 0},
    {"host2@demo.example", "하늘", SP_ROLE_HOST, 0},
    {"user@demo.example", "Una", SP_ROLE_USER, SP_DEMO_SIGNUP_POINTS},
};
/* An empty state gives ids from 1, so what refers to what is known. */
enum { ADMIN_ID = 1, HOST_ID = 2, USER_ID = 4, CROWD_ID = 5, PEOPLE_COUNT = CROWD_ID - 1 };
_Static_assert(sizeof people / sizeof people[0] == PEOPLE_COUNT, "they have the first ids");

static const struct {
    const char *nickname, *email;
} crowd_names[] = {
    {"민지", "minji"},  {"Noah", "noah"},   {"서준", "seojun"},  {"Ines", "ines"},
    {"하윤", "hayun"},  {"Tomás", "tomas"}, {"지우", "jiwoo"},   {"Freya", "freya"},
    {"도현", "dohyun"}, {"Amir", "amir"},   {"수아", "sua"},     {"Yuki", "yuki"},
    {"예준", "yejun"},  {"Clara", "clara"}, {"채원", "chaewon"}, {"Léon", "leon"},
};
#define CROWD_NAMES_COUNT (sizeof crowd_names / sizeof crowd_names[0])

/* What the commands borrow until they are done. */
typedef struct script {
    sp_local *local;
    sp_profile profiles[PEOPLE_COUNT + SP_DEMO_CROWD_COUNT];
    sp_concert_spec specs[SP_DEMO_CONCERTS_COUNT];
    sp_demo_layout layouts[SP_DEMO_CONCERTS_COUNT];
    sp_demo_sales sales;
} script;

static sp_command *add(script *s, sp_command_type type, sp_user_id actor)
{
    sp_command *command = sp_local_add(s->local);
    command->type = type;
    command->actor = actor;
    return command;
}

static void add_user(script *s, uint32_t index, sp_role role, sp_points points,
                     const char *password_hash)
{
    sp_profile *profile = &s->profiles[index];
    profile->email_size = (uint32_t)strlen(profile->email);
    profile->nickname_size = (uint32_t)strlen(profile->nickname);
    memcpy(profile->password_hash, password_hash, sizeof profile->password_hash);
    sp_command *command = add(s, SP_COMMAND_USER_CREATE, 0);
    command->user_create.role = role;
    command->user_create.points = points;
    command->user_create.profile = profile;
}

static bool hash(const char *password, char out[SP_PASSWORD_HASH_SIZE])
{
    if (sp_password_hash(&sp_password_cost_default, password, strlen(password), out))
        return true;
    fprintf(stderr, "stagepick: out of memory for a password hash\n");
    return false;
}

/* One password, one hash: it is printed anyway. */
static bool add_people(script *s)
{
    char password_hash[SP_PASSWORD_HASH_SIZE] = {0};
    if (!hash(DEMO_PASSWORD, password_hash))
        return false;
    for (uint32_t i = 0; i < PEOPLE_COUNT; i++) {
        snprintf(s->profiles[i].email, sizeof s->profiles[i].email, "%s", people[i].email);
        snprintf(s->profiles[i].nickname, sizeof s->profiles[i].nickname, "%s", people[i].nickname);
        add_user(s, i, people[i].role, people[i].points, password_hash);
    }
    return true;
}

/* Nobody logs in as one of them: their password is random, and known to no one. */
static bool add_crowd(script *s)
{
    uint8_t secret[16];
    char password[2 * sizeof secret + 1], password_hash[SP_PASSWORD_HASH_SIZE] = {0};
    randombytes_buf(secret, sizeof secret);
    sodium_bin2hex(password, sizeof password, secret, sizeof secret);
    bool hashed = hash(password, password_hash);
    sodium_memzero(secret, sizeof secret);
    sodium_memzero(password, sizeof password);
    for (uint32_t i = 0; hashed && i < SP_DEMO_CROWD_COUNT; i++) {
        sp_profile *profile = &s->profiles[PEOPLE_COUNT + i];
        size_t name = i % CROWD_NAMES_COUNT;
        snprintf(profile->email, sizeof profile->email, "%s.%u@demo.example",
                 crowd_names[name].email, i + 1);
        snprintf(profile->nickname, sizeof profile->nickname, "%s %u", crowd_names[name].nickname,
                 i + 1);
        add_user(s, PEOPLE_COUNT + i, SP_ROLE_USER, CROWD_POINTS, password_hash);
    }
    return hashed;
}

static sp_text text_of(const char *string)
{
    return (sp_text){string, (uint32_t)strlen(string)};
}

static void add_concerts(script *s, sp_time_ms now)
{
    for (uint32_t i = 0; i < sp_demo_categories_count; i++)
        add(s, SP_COMMAND_CATEGORY_CREATE, ADMIN_ID)->category_create.name =
            text_of(sp_demo_categories[i]);
    for (uint32_t i = 0; i < SP_DEMO_CONCERTS_COUNT; i++) {
        const sp_demo_concert *concert = &sp_demo_concerts[i];
        sp_demo_concert_spec(concert, now, &s->layouts[i], &s->specs[i]);
        add(s, SP_COMMAND_CONCERT_CREATE, HOST_ID + concert->host)->concert_create.spec =
            &s->specs[i];
    }
}

/* What becomes of a concert once it was sold. */
static void close_sale(script *s, sp_concert_id id, const sp_demo_concert *concert)
{
    sp_user_id host = HOST_ID + concert->host;
    switch (concert->sale) {
    case SP_SALE_OPEN:
        break;
    case SP_SALE_PAUSED:
        add(s, SP_COMMAND_CONCERT_PAUSE, host)->concert_pause.concert = id;
        break;
    case SP_SALE_CANCELLED:
        add(s, SP_COMMAND_CONCERT_CANCEL, host)->concert_cancel.concert = id;
        break;
    }
}

static void add_sales(script *s)
{
    /* The user's first two orders, of which one is given back. */
    sp_demo_order(s->local, USER_ID, 1, 5, 2);
    sp_demo_order(s->local, USER_ID, 1, 40, 2);
    add(s, SP_COMMAND_ORDER_CANCEL, USER_ID)->order_cancel.order = 2;
    sp_demo_sales_init(&s->sales, s->local, USER_ID, CROWD_ID);
    for (uint32_t i = 0; i < SP_DEMO_CONCERTS_COUNT; i++) {
        if (sp_demo_concerts[i].opens_in_days > 0)
            continue;
        sp_demo_sell(&s->sales, i + 1, &sp_demo_concerts[i]);
        close_sale(s, i + 1, &sp_demo_concerts[i]);
    }
}

static bool write_script(script *s, sp_time_ms now)
{
    if (!add_people(s) || !add_crowd(s))
        return false;
    add_concerts(s, now);
    add_sales(s);
    return true;
}

static double seconds_since(const struct timespec *begin)
{
    struct timespec end;
    clock_gettime(CLOCK_MONOTONIC, &end);
    return (double)(end.tv_sec - begin->tv_sec) + (double)(end.tv_nsec - begin->tv_nsec) / 1e9;
}

static bool fill(script *s, sp_local *local, const sp_state *state, sp_time_ms now)
{
    struct timespec begin;
    clock_gettime(CLOCK_MONOTONIC, &begin);
    s->local = local;
    if (!write_script(s, now))
        return false;
    sp_outcome outcome = sp_local_commit(local);
    if (outcome != SP_OK) {
        fprintf(stderr,
                "stagepick: the demo could not be filled in whole: %s; remove the data directory\n",
                sp_outcome_row_of(outcome)->code);
        return false;
    }
    fprintf(stderr, "stagepick: filled in the demo: %u users, %u concerts, %u orders, %.2f s\n",
            sp_state_users_count(state), sp_state_concerts_count(state),
            sp_state_orders_count(state), seconds_since(&begin));
    return true;
}

bool sp_demo_fill(sp_local *local, const sp_state *state, sp_time_ms now)
{
    if (sp_state_users_count(state) != 0 || sp_state_concerts_count(state) != 0)
        return true; /* only an empty directory is filled */
    script *s = calloc(1, sizeof *s);
    if (s == NULL) {
        fprintf(stderr, "stagepick: not enough memory for the demo\n");
        return false;
    }
    bool filled = fill(s, local, state, now);
    free(s);
    return filled;
}

void sp_demo_print(sp_profile_reader *profiles, const char *url)
{
    sp_profile profile;
    sp_text email = text_of(people[0].email);
    if (profiles->by_email(profiles, email, &profile) != 1)
        return;
    fprintf(stderr, "demo logins (all with the password %s):\n", DEMO_PASSWORD);
    for (size_t i = 0; i < PEOPLE_COUNT; i++)
        fprintf(stderr, "  %-5s %s\n", sp_role_name(people[i].role), people[i].email);
    fprintf(stderr,
            "try:\n  curl -s %s/v1/auth/login -H 'Content-Type: application/json' "
            "-d '{\"email\":\"%s\",\"password\":\"%s\"}'\n",
            url, people[USER_ID - 1].email, DEMO_PASSWORD);
    sodium_memzero(&profile, sizeof profile);
}
