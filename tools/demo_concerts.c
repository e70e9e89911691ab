/* SPDX-License-Identifier: MIT */
#include "tools/demo_concerts.h"

#include "engine/assert.h"

#define MINUTE_MS INT64_C(60000)
#define HOUR_MS (60 * MINUTE_MS)
#define DAY_MS (24 * HOUR_MS)
/* 19:30 in Seoul. */
#define CURTAIN_MS (10 * HOUR_MS + 30 * MINUTE_MS)
/* Sales end so long before the curtain; so does the right to cancel, earlier. */
#define DOORS_MS HOUR_MS
#define HOLD_SECONDS 600

const char *const sp_demo_categories[] = {"Pop", "Classical", "뮤지컬", "발라드", "Jazz", "국악"};
const uint32_t sp_demo_categories_count = sizeof sp_demo_categories / sizeof sp_demo_categories[0];

/* The first: its seats below the grade S belong to the README's session and to the
 * user's two orders (tools/demo.c). */
const sp_demo_concert sp_demo_concerts[SP_DEMO_CONCERTS_COUNT] = {
    {
        .name = "Night of the Proms",
        .description = "Overtures, arias and a last encore that the whole hall sings: an orchestra "
                       "of sixty and four soloists under one roof. One interval.",
        .address = "Small Hall, 1 Market Street",
        .category = "Classical",
        .running_time_min = 130,
        .age_limit = SP_AGE_SEVEN,
        .opens_in_days = -2,
        .concert_in_days = 31,
        .max_seats_per_user = 10,
        .grades_count = 3,
        .grades = {{"VIP", 90000, 3, 12, 0, 0},
                   {"R", 60000, 5, 16, 0, 0},
                   {"S", 30000, 8, 20, 0, 35}},
    },
    {
        .name = "서울의 밤",
        .description = "도심의 불빛 아래에서 듣는 가야금과 해금, 그리고 젊은 소리꾼들의 무대. "
                       "중간 휴식 없이 진행됩니다.",
        .address = "서울특별시 중구 세종대로 110",
        .category = "국악",
        .host = 1,
        .running_time_min = 100,
        .age_limit = SP_AGE_SEVEN,
        .opens_in_days = -3,
        .concert_in_days = 38,
        .max_seats_per_user = 6,
        .holds_count = 3,
        .grades_count = 3,
        .grades = {{"VIP", 150000, 4, 25, 0, 70},
                   {"R", 110000, 10, 36, 1, 45},
                   {"S", 77000, 20, 50, 0, 20}},
    },
    {
        .name = "Stadium One",
        .description = "Twenty thousand seats, one evening. Three bands, no support act, and a "
                       "stage that can be seen from every row. No seat is left alone between two "
                       "that are taken.",
        .address = "Stadium, 100 Ring Road",
        .category = "Pop",
        .running_time_min = 180,
        .age_limit = SP_AGE_FIFTEEN,
        .opens_in_days = -1,
        .concert_in_days = 60,
        .max_seats_per_user = 10,
        .no_orphans = true,
        .holds_count = 12,
        .grades_count = 4,
        .grades = {{"Floor", 165000, 20, 50, 2, 78},
                   {"Lower", 121000, 40, 90, 2, 45},
                   {"Middle", 88000, 50, 110, 2, 25},
                   {"Upper", 55000, 29, 190, 0, 12}},
    },
    {
        .name = "First Light",
        .description = "The new album, played once in the order of its songs. Sales open in a "
                       "week.",
        .address = "Small Hall, 1 Market Street",
        .category = "Pop",
        .running_time_min = 90,
        .age_limit = SP_AGE_ZERO,
        .opens_in_days = 7,
        .concert_in_days = 45,
        .max_seats_per_user = 4,
        .grades_count = 3,
        .grades = {{"VIP", 99000, 3, 12, 0, 0},
                   {"R", 66000, 5, 16, 0, 0},
                   {"S", 33000, 8, 20, 0, 0}},
    },
    {
        .name = "Blue Hour Quartet",
        .description = "Standards and two new suites, played in a room of a hundred and fifty "
                       "where every table hears the brushes. Only a few single seats and pairs "
                       "are left.",
        .address = "The Cellar, 7 Canal Row",
        .category = "Jazz",
        .host = 1,
        .running_time_min = 85,
        .age_limit = SP_AGE_NINETEEN,
        .opens_in_days = -9,
        .concert_in_days = 24,
        .max_seats_per_user = 4,
        .grades_count = 2,
        .grades = {{"Table", 70000, 6, 10, 0, 84}, {"Gallery", 45000, 6, 15, 0, 80}},
    },
    {
        .name = "뮤지컬 〈달빛 편지〉",
        .description = "부치지 못한 편지 한 통이 백 년을 건너 도착합니다. 초연 배우들이 다시 모인 "
                       "단 한 번의 무대, 전석 매진.",
        .address = "부산광역시 해운대구 센텀중앙로 55",
        .category = "뮤지컬",
        .host = 1,
        .running_time_min = 150,
        .age_limit = SP_AGE_SEVEN,
        .opens_in_days = -14,
        .concert_in_days = 21,
        .max_seats_per_user = 6,
        .grades_count = 3,
        .grades = {{"VIP", 140000, 4, 14, 2, 100},
                   {"R", 110000, 6, 20, 1, 100},
                   {"S", 80000, 6, 26, 0, 100}},
    },
    {
        .name = "파도 위의 오케스트라",
        .description = "바다를 그린 관현악 세 곡. 무대 배치를 바꾸는 동안 판매를 잠시 멈춥니다. "
                       "이미 예매한 좌석은 그대로입니다.",
        .address = "강원특별자치도 강릉시 종합운동장길 84",
        .category = "Classical",
        .running_time_min = 110,
        .age_limit = SP_AGE_SEVEN,
        .opens_in_days = -4,
        .concert_in_days = 40,
        .max_seats_per_user = 8,
        .holds_count = 2,
        .sale = SP_SALE_PAUSED,
        .grades_count = 3,
        .grades = {{"R", 100000, 8, 24, 1, 55},
                   {"S", 70000, 10, 34, 0, 30},
                   {"A", 40000, 8, 38, 0, 10}},
    },
    {
        .name = "Harbour Open Air",
        .description = "Cancelled: the quay is closed for repairs. Every order was refunded in "
                       "full.",
        .address = "Pier 4, Harbour Road",
        .category = "Pop",
        .running_time_min = 160,
        .age_limit = SP_AGE_ZERO,
        .opens_in_days = -6,
        .concert_in_days = 28,
        .max_seats_per_user = 10,
        .user_buys = true,
        .holds_count = 2,
        .sale = SP_SALE_CANCELLED,
        .grades_count = 2,
        .grades = {{"Front", 60000, 10, 30, 0, 60}, {"Lawn", 35000, 20, 40, 0, 30}},
    },
    {
        .name = "겨울 편지, 어쿠스틱 콘서트",
        .description = "기타 한 대와 목소리 하나. 오래된 노래를 천천히 다시 부릅니다.",
        .address = "대구광역시 달서구 공원순환로 201",
        .category = "발라드",
        .running_time_min = 120,
        .age_limit = SP_AGE_ZERO,
        .opens_in_days = -1,
        .concert_in_days = 50,
        .max_seats_per_user = 4,
        .holds_count = 4,
        .grades_count = 3,
        .grades = {{"R", 99000, 8, 22, 1, 60},
                   {"S", 77000, 12, 30, 0, 35},
                   {"A", 55000, 10, 30, 0, 5}},
    },
    {
        .name = "Late Show: Piano and One Voice",
        .description = "Doors at nine, first song at half past. Requests are written on the back "
                       "of the programme and played if they are sad enough.",
        .address = "The Cellar, 7 Canal Row",
        .category = "Jazz",
        .host = 1,
        .running_time_min = 75,
        .age_limit = SP_AGE_NINETEEN,
        .opens_in_days = 0,
        .concert_in_days = 33,
        .max_seats_per_user = 4,
        .no_orphans = true,
        .user_buys = true,
        .holds_count = 1,
        .grades_count = 2,
        .grades = {{"Table", 40000, 6, 10, 0, 40}, {"Gallery", 25000, 6, 15, 0, 20}},
    },
    {
        .name = "젊은 소리, 판소리 다섯 마당",
        .description = "다섯 소리꾼이 다섯 마당을 하루에. 막과 막 사이에 쉬는 시간이 있습니다.",
        .address = "전북특별자치도 전주시 덕진구 소리로 31",
        .category = "국악",
        .host = 1,
        .running_time_min = 240,
        .age_limit = SP_AGE_FIFTEEN,
        .opens_in_days = -5,
        .concert_in_days = 26,
        .max_seats_per_user = 10,
        .no_orphans = true,
        .holds_count = 2,
        .grades_count = 2,
        .grades = {{"으뜸석", 50000, 8, 20, 0, 30}, {"버금석", 30000, 12, 28, 0, 15}},
    },
    {
        .name = "Open Rehearsal",
        .description = "Hear how it is made, with stops and second tries. Free of charge: a seat "
                       "costs nothing, but has a number.",
        .address = "Small Hall, 1 Market Street",
        .category = "Classical",
        .running_time_min = 60,
        .age_limit = SP_AGE_ZERO,
        .opens_in_days = 0,
        .concert_in_days = 30,
        .max_seats_per_user = 2,
        .grades_count = 1,
        .grades = {{"Free", 0, 10, 18, 0, 25}},
    },
};

static sp_text text_of(const char *string)
{
    return (sp_text){string, (uint32_t)strlen(string)};
}

static sp_category_id category_of(const char *name)
{
    uint32_t i = 0;
    while (strcmp(sp_demo_categories[i], name) != 0) {
        i++;
        SP_ASSERT_CMP(i, <, sp_demo_categories_count);
    }
    return i + 1;
}

static sp_grade_spec grade_spec(const sp_demo_grade *grade, uint32_t *row_sizes)
{
    SP_ASSERT_CMP(grade->rows_count, <=, SP_DEMO_ROWS_MAX);
    for (uint32_t row = 0; row < grade->rows_count; row++)
        row_sizes[row] = grade->first_row_size + row * grade->row_growth;
    return (sp_grade_spec){
        .name = text_of(grade->name),
        .price = grade->price,
        .row_sizes = row_sizes,
        .rows_count = grade->rows_count,
    };
}

void sp_demo_concert_spec(const sp_demo_concert *concert, sp_time_ms now, sp_demo_layout *layout,
                          sp_concert_spec *out)
{
    /* Full hours and a usual time of day: what people read. */
    sp_time_ms opens = now - now % HOUR_MS + concert->opens_in_days * DAY_MS;
    sp_time_ms begins = now - now % DAY_MS + concert->concert_in_days * DAY_MS + CURTAIN_MS;
    for (uint32_t g = 0; g < concert->grades_count; g++)
        layout->grades[g] = grade_spec(&concert->grades[g], layout->row_sizes[g]);
    *out = (sp_concert_spec){
        .category = category_of(concert->category),
        .name = text_of(concert->name),
        .description = text_of(concert->description),
        .image_url = SP_TEXT(""),
        .address = text_of(concert->address),
        .running_time_min = concert->running_time_min,
        .age_limit = concert->age_limit,
        .start_date = opens,
        .end_date = begins - DOORS_MS,
        .concert_date = begins,
        .max_seats_per_user = concert->max_seats_per_user,
        .hold_seconds = HOLD_SECONDS,
        .no_orphans = concert->no_orphans,
        .grades = layout->grades,
        .grades_count = concert->grades_count,
    };
}
