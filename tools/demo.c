/* SPDX-License-Identifier: MIT */
#include "tools/demo.h"

#include <stdio.h>
#include <string.h>

#include <sodium.h>

#include "engine/assert.h"
#include "net/password.h"

#define DEMO_PASSWORD "stage-pick-demo"
#define HOUR_MS (INT64_C(3600) * 1000)
#define DAY_MS (24 * HOUR_MS)

static const struct {
    const char *email, *nickname;
    sp_role role;
    sp_points points;
} people[] = {
    {"admin@demo.example", "Ada", SP_ROLE_ADMIN, 0},
    {"host@demo.example", "Harim", SP_ROLE_HOST, 0},
    {"user@demo.example", "Una", SP_ROLE_USER, SP_DEMO_SIGNUP_POINTS},
};
#define PEOPLE_COUNT (sizeof people / sizeof people[0])
enum { ADMIN_ID = 1, HOST_ID = 2, USER_ID = 3 };

static const char *const categories[] = {"Pop", "Classical", "뮤지컬"};

/* Everything that the demo gives, as one batch: a demo is there whole or not
 * at all. An empty state gives ids from 1, so what refers to what is known. */
typedef struct script {
    sp_command commands[SP_LOCAL_COMMANDS_MAX];
    uint32_t count;
    sp_profile profiles[PEOPLE_COUNT];
} script;

static sp_command *add(script *s, sp_command_type type, sp_user_id actor)
{
    SP_ASSERT_CMP(s->count, <, SP_LOCAL_COMMANDS_MAX);
    sp_command *command = &s->commands[s->count++];
    *command = (sp_command){.type = type, .actor = actor};
    return command;
}

static sp_text text_of(const char *string)
{
    return (sp_text){string, (uint32_t)strlen(string)};
}

static bool add_person(script *s, size_t i)
{
    sp_profile *profile = &s->profiles[i];
    profile->email_size = (uint32_t)strlen(people[i].email);
    memcpy(profile->email, people[i].email, profile->email_size);
    profile->nickname_size = (uint32_t)strlen(people[i].nickname);
    memcpy(profile->nickname, people[i].nickname, profile->nickname_size);
    if (!sp_password_hash(&sp_password_cost_default, DEMO_PASSWORD, strlen(DEMO_PASSWORD),
                          profile->password_hash)) {
        fprintf(stderr, "stagepick: out of memory for a password hash\n");
        return false;
    }
    sp_command *command = add(s, SP_COMMAND_USER_CREATE, 0);
    command->user_create.role = people[i].role;
    command->user_create.points = people[i].points;
    command->user_create.profile = profile;
    return true;
}

enum { GRADES_COUNT = 3, ROWS_MAX = 64 };

/* A hall: rows of equal width in each grade. */
typedef struct hall {
    const char *name, *description, *address;
    sp_category_id category;
    sp_time_ms opens_in, closes_in; /* from now */
    struct {
        const char *name;
        sp_points price;
        uint32_t rows_count, row_size;
    } grades[GRADES_COUNT];
} hall;

static const hall halls[] = {
    {"Night of the Proms",
     "Orchestra and singers under one roof.",
     "Small Hall, 1 Market Street",
     2,
     -HOUR_MS,
     30 * DAY_MS,
     {{"VIP", 90000, 3, 12}, {"R", 60000, 5, 16}, {"S", 30000, 8, 20}}},
    {"서울의 밤",
     "한여름 밤의 공연.",
     "서울특별시 중구 세종대로 110",
     3,
     -HOUR_MS,
     30 * DAY_MS,
     {{"VIP", 150000, 4, 25}, {"R", 110000, 10, 40}, {"S", 77000, 20, 50}}},
    {"Stadium One",
     "Twenty thousand seats, one evening.",
     "Stadium, 100 Ring Road",
     1,
     -HOUR_MS,
     30 * DAY_MS,
     {{"Floor", 120000, 40, 100}, {"Lower", 80000, 60, 150}, {"Upper", 50000, 35, 200}}},
    {"Not Yet",
     "Sales open in a week.",
     "Small Hall, 1 Market Street",
     1,
     7 * DAY_MS,
     30 * DAY_MS,
     {{"VIP", 90000, 3, 12}, {"R", 60000, 5, 16}, {"S", 30000, 8, 20}}},
};

#define HALLS_COUNT (sizeof halls / sizeof halls[0])

/* The specs of the halls, filled once; borrowed by the commands. */
static sp_concert_spec *spec_of(size_t i, sp_time_ms now)
{
    static uint32_t row_sizes[HALLS_COUNT][GRADES_COUNT][ROWS_MAX];
    static sp_grade_spec grades[HALLS_COUNT][GRADES_COUNT];
    static sp_concert_spec specs[HALLS_COUNT];
    const hall *h = &halls[i];
    for (uint32_t g = 0; g < GRADES_COUNT; g++) {
        SP_ASSERT_CMP(h->grades[g].rows_count, <=, ROWS_MAX);
        for (uint32_t r = 0; r < h->grades[g].rows_count; r++)
            row_sizes[i][g][r] = h->grades[g].row_size;
        grades[i][g] = (sp_grade_spec){
            .name = text_of(h->grades[g].name),
            .price = h->grades[g].price,
            .row_sizes = row_sizes[i][g],
            .rows_count = h->grades[g].rows_count,
        };
    }
    specs[i] = (sp_concert_spec){
        .category = h->category,
        .name = text_of(h->name),
        .description = text_of(h->description),
        .image_url = SP_TEXT(""),
        .address = text_of(h->address),
        .running_time_min = 120,
        .age_limit = SP_AGE_SEVEN,
        .start_date = now + h->opens_in,
        .end_date = now + h->closes_in,
        .concert_date = now + h->closes_in + DAY_MS,
        .max_seats_per_user = 10,
        .hold_seconds = 300,
        .grades = grades[i],
        .grades_count = GRADES_COUNT,
    };
    return &specs[i];
}

static void add_order(script *s, sp_seat first_seat)
{
    sp_command *command = add(s, SP_COMMAND_ORDER_CREATE, USER_ID);
    command->order_create.concert = 1;
    command->order_create.amount = SP_AMOUNT_UNSTATED;
    command->order_create.seats_count = 2;
    command->order_create.seats[0] = first_seat;
    command->order_create.seats[1] = first_seat + 1;
}

static bool write_script(script *s, sp_time_ms now)
{
    for (size_t i = 0; i < PEOPLE_COUNT; i++)
        if (!add_person(s, i))
            return false;
    for (size_t i = 0; i < sizeof categories / sizeof categories[0]; i++)
        add(s, SP_COMMAND_CATEGORY_CREATE, ADMIN_ID)->category_create.name = text_of(categories[i]);
    for (size_t i = 0; i < HALLS_COUNT; i++)
        add(s, SP_COMMAND_CONCERT_CREATE, HOST_ID)->concert_create.spec = spec_of(i, now);
    /* Two sales and a refund, so that maps and lists are not empty. */
    add_order(s, 5);
    add_order(s, 40);
    add(s, SP_COMMAND_ORDER_CANCEL, USER_ID)->order_cancel.order = 2;
    return true;
}

bool sp_demo_fill(sp_local *local, const sp_state *state, sp_time_ms now)
{
    if (sp_state_users_count(state) != 0 || sp_state_concerts_count(state) != 0)
        return true; /* only an empty directory is filled */
    static script s;
    sp_outcome outcome = SP_INTERNAL;
    if (write_script(&s, now))
        outcome = sp_local_give_all(local, s.commands, s.count);
    sodium_memzero(s.profiles, sizeof s.profiles);
    if (outcome != SP_OK)
        fprintf(stderr, "stagepick: the demo could not be filled in: %s\n",
                sp_outcome_row_of(outcome)->code);
    return outcome == SP_OK;
}

void sp_demo_print(sp_profile_reader *profiles, const char *url)
{
    sp_profile profile;
    sp_text email = {people[0].email, (uint32_t)strlen(people[0].email)};
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
