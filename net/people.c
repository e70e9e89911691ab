/* SPDX-License-Identifier: MIT */
#include "net/people.h"

#include <sodium.h>
#include <stdlib.h>

#include "engine/assert.h"

typedef struct person {
    sp_profile profile; /* .user: whose; the rest is there if known */
    bool known;
} person;

struct sp_people {
    uv_work_t work;
    sp_exchange *ex;
    sp_profile_reader *profiles;
    bool failed;
    uint32_t count;
    person items[];
};

sp_people *sp_people_create(sp_exchange *ex, uint32_t count)
{
    SP_ASSERT(!ex->app.memory);
    sp_people *people = malloc(sizeof *people + count * sizeof people->items[0]);
    SP_ASSERT(people);
    people->work.data = people;
    people->ex = ex;
    people->profiles = sp_app_loop_of(ex)->app->config.profiles;
    people->failed = false;
    people->count = count;
    ex->app.memory = people;
    return people;
}

void sp_people_set(sp_people *people, uint32_t index, sp_user_id user)
{
    SP_ASSERT_CMP(index, <, people->count);
    people->items[index].profile.user = user;
}

/* Pool thread. */
static void on_read(uv_work_t *request)
{
    sp_people *people = request->data;
    for (uint32_t i = 0; i < people->count && !people->failed; i++) {
        person *one = &people->items[i];
        int found = people->profiles->by_id(people->profiles, one->profile.user, &one->profile);
        sodium_memzero(one->profile.password_hash, sizeof one->profile.password_hash);
        one->known = found == 1;
        people->failed = found < 0;
    }
    people->failed = people->failed || people->profiles->settled(people->profiles) < 0;
}

static void on_done(uv_work_t *request, int status)
{
    (void)status; /* nobody cancels */
    sp_people *people = request->data;
    if (people->ex->gone)
        sp_exchange_abandon(people->ex);
    else if (people->failed)
        sp_app_refuse(people->ex, SP_INTERNAL);
    else
        sp_exchange_ready(people->ex);
}

void sp_people_read(sp_people *people)
{
    if (people->count == 0) {
        sp_exchange_ready(people->ex);
        return;
    }
    int status = uv_queue_work(sp_loop_uv(people->ex->loop), &people->work, on_read, on_done);
    SP_ASSERT_CMP(status, ==, 0); /* fails only without a callback */
}

const sp_profile *sp_people_profile(const sp_exchange *ex, uint32_t index)
{
    const sp_people *people = ex->app.memory;
    SP_ASSERT_CMP(index, <, people->count);
    return people->items[index].known ? &people->items[index].profile : NULL;
}
