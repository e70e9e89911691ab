/* SPDX-License-Identifier: MIT */
#include "net/router.h"

#include <pthread.h>

#include "engine/assert.h"

/* Two ids are the most that a path of the design has. */
#define PATH_IDS_MAX 2u
#define PATTERNS_MAX 255u
/* Patterns are told apart by this byte of theirs first: `/v1/o…`. */
#define KEY_AT 4u

/* The rows of the table that share a pattern. */
typedef struct pattern {
    const char *text;
    uint32_t size, prefix_size; /* prefix: what stands before the first `{` */
    uint32_t next;              /* with the same key, later in the table; 0: none */
    unsigned methods;           /* 1 << sp_method */
    const sp_route *routes[SP_METHOD_OPTIONS + 1];
} pattern;

/* Derived from sp_routes by whoever comes first, constant from then on. Index
 * 0 is nobody's, so that 0 means none. */
static pattern patterns[PATTERNS_MAX + 1];
static uint32_t patterns_count;
static uint32_t first_of_key[256];
static pthread_once_t built = PTHREAD_ONCE_INIT;

static unsigned char key_of(const char *path, uint32_t size)
{
    return size > KEY_AT ? (unsigned char)path[KEY_AT] : 0;
}

static pattern *find_pattern(const char *text)
{
    for (uint32_t i = 1; i <= patterns_count; i++)
        if (strcmp(patterns[i].text, text) == 0)
            return &patterns[i];
    return NULL;
}

static pattern *add_pattern(const char *text)
{
    SP_ASSERT_CMP(patterns_count, <, PATTERNS_MAX);
    pattern *p = &patterns[++patterns_count];
    p->text = text;
    p->size = (uint32_t)strlen(text);
    p->prefix_size = (uint32_t)strcspn(text, "{");
    /* An id so early would make its key any byte. */
    SP_ASSERT(p->prefix_size > KEY_AT || p->prefix_size == p->size);
    uint32_t *link = &first_of_key[key_of(text, p->size)];
    while (*link != 0)
        link = &patterns[*link].next;
    *link = patterns_count;
    return p;
}

static void build(void)
{
    for (uint32_t i = 0; i < sp_routes_count; i++) {
        const sp_route *route = &sp_routes[i];
        pattern *p = find_pattern(route->pattern);
        if (p == NULL)
            p = add_pattern(route->pattern);
        p->methods |= 1u << route->method;
        p->routes[route->method] = route;
    }
}

/* What stands behind the prefix, segment by segment. A segment `{…}` of the
 * pattern takes any segment that is not empty; what is not an id comes out as
 * 0. */
static bool match_ids(const char *text, const char *at, const char *end, uint32_t ids[PATH_IDS_MAX])
{
    uint32_t ids_count = 0;
    for (const char *p = text; *p; p++) {
        if (*p != '{') {
            if (at == end || *at++ != *p)
                return false;
            continue;
        }
        const char *stop = memchr(at, '/', (size_t)(end - at));
        stop = stop ? stop : end;
        if (stop == at)
            return false;
        SP_ASSERT_CMP(ids_count, <, PATH_IDS_MAX);
        uint32_t *id = &ids[ids_count++];
        *id = 0;
        (void)sp_decode_id_text((sp_text){at, (uint32_t)(stop - at)}, id);
        at = stop;
        p = strchr(p, '}');
    }
    return at == end;
}

static bool match_path(const pattern *p, sp_text path, uint32_t ids[PATH_IDS_MAX])
{
    bool has_ids = p->prefix_size < p->size;
    if (has_ids ? path.size <= p->prefix_size : path.size != p->size)
        return false;
    if (memcmp(path.bytes, p->text, p->prefix_size) != 0)
        return false;
    return !has_ids || match_ids(p->text + p->prefix_size, path.bytes + p->prefix_size,
                                 path.bytes + path.size, ids);
}

/* `/users/me` stands beside `/users/{id}`: of the rows that match, the first
 * in the table counts. */
sp_route_match sp_router_match(sp_method method, sp_text path)
{
    sp_method wanted = method == SP_METHOD_HEAD ? SP_METHOD_GET : method;
    sp_route_match found = {0};
    pthread_once(&built, build);
    for (uint32_t i = first_of_key[key_of(path.bytes, path.size)]; i != 0; i = patterns[i].next) {
        const pattern *p = &patterns[i];
        uint32_t ids[PATH_IDS_MAX] = {0};
        if (!match_path(p, path, ids))
            continue;
        found.allowed |= p->methods;
        if (found.route == NULL && p->routes[wanted] != NULL) {
            found.route = p->routes[wanted];
            memcpy(found.params, ids, sizeof ids);
        }
    }
    if (found.allowed & 1u << SP_METHOD_GET)
        found.allowed |= 1u << SP_METHOD_HEAD;
    return found;
}
_Static_assert(sizeof((sp_route_match){0}.params) == PATH_IDS_MAX * sizeof(uint32_t), "ids");

unsigned sp_router_methods(void)
{
    unsigned methods = 1u << SP_METHOD_HEAD;
    for (uint32_t i = 0; i < sp_routes_count; i++)
        methods |= 1u << sp_routes[i].method;
    return methods;
}

uint32_t sp_router_allow(unsigned allowed, char out[SP_ALLOW_SIZE_MAX])
{
    static const char *const names[] = {
        [SP_METHOD_GET] = "GET",         [SP_METHOD_HEAD] = "HEAD",   [SP_METHOD_POST] = "POST",
        [SP_METHOD_PUT] = "PUT",         [SP_METHOD_PATCH] = "PATCH", [SP_METHOD_DELETE] = "DELETE",
        [SP_METHOD_OPTIONS] = "OPTIONS",
    };
    uint32_t size = 0;
    allowed |= 1u << SP_METHOD_OPTIONS;
    for (unsigned method = SP_METHOD_GET; method <= SP_METHOD_OPTIONS; method++) {
        if (!(allowed & 1u << method))
            continue;
        if (size > 0) {
            memcpy(out + size, ", ", 2);
            size += 2;
        }
        size_t length = strlen(names[method]);
        memcpy(out + size, names[method], length);
        size += (uint32_t)length;
    }
    SP_ASSERT_CMP(size, <=, SP_ALLOW_SIZE_MAX);
    return size;
}
