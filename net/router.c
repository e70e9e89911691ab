/* SPDX-License-Identifier: MIT */
#include "net/router.h"

#include "engine/assert.h"

/* Two ids are the most that a path of the design has. */
#define PATH_IDS_MAX 2u

/* Compares segment by segment. A segment `{…}` of the pattern takes any
 * segment that is not empty; what is not an id comes out as 0. */
static bool match_path(const char *pattern, sp_text path, sp_route_match *match)
{
    const char *at = path.bytes, *end = path.bytes + path.size;
    uint32_t ids_count = 0;
    for (const char *p = pattern; *p; p++) {
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
        uint32_t *id = &match->params[ids_count++];
        *id = 0;
        (void)sp_decode_id_text((sp_text){at, (uint32_t)(stop - at)}, id);
        at = stop;
        p = strchr(p, '}');
    }
    return at == end;
}

/* `/users/me` stands beside `/users/{id}`: of the rows that match, the first
 * in the table counts. */
sp_route_match sp_router_match(sp_method method, sp_text path)
{
    sp_method wanted = method == SP_METHOD_HEAD ? SP_METHOD_GET : method;
    sp_route_match found = {0};
    for (uint32_t i = 0; i < sp_routes_count; i++) {
        const sp_route *route = &sp_routes[i];
        sp_route_match match = {0};
        if (!match_path(route->pattern, path, &match))
            continue;
        found.allowed |= 1u << route->method;
        if (route->method == wanted && !found.route) {
            match.allowed = found.allowed;
            match.route = route;
            found = match;
        }
    }
    if (found.allowed & 1u << SP_METHOD_GET)
        found.allowed |= 1u << SP_METHOD_HEAD;
    return found;
}

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
