/* SPDX-License-Identifier: MIT */
#include "bench/names.h"

#include <stdio.h>

#include "bench/bench.h"
#include "engine/assert.h"

#define COUNT(list) ((uint32_t)(sizeof(list) / sizeof *(list)))

static const char *const categories[SP_BENCH_CATEGORIES] = {
    "콘서트",       "뮤지컬", "연극",     "클래식", "국악",
    "Jazz & Blues", "Rock",   "Festival", "가족",   "Dance",
};

static const char *const korean_acts[] = {
    "김도윤",      "이서연",   "박지후",   "최하은",   "정민재",      "강수아",   "조은우",
    "윤채원",      "장시우",   "임나윤",   "한지민",   "오세훈",      "서이준",   "신유나",
    "달빛소년단",  "푸른새벽", "유령열차", "바람개비", "서울시향",    "국립극단", "별이 빛나는 밤",
    "오페라의 집", "춘향",     "심청",     "햄릿",     "백조의 호수", "사계",     "환상 교향곡",
};
static const char *const korean_kinds[] = {
    "단독 콘서트", "전국투어",    "내한공연",   "리사이틀",        "정기연주회",
    "뮤지컬",      "앙코르 공연", "송년음악회", "어쿠스틱 라이브", "팬미팅",
    "토크콘서트",  "페스티벌",    "독주회",     "기획공연",
};
static const char *const korean_places[] = {"서울", "부산", "대구", "인천", "광주",
                                            "대전", "울산", "제주", "수원", "전주"};
static const char *const english_acts[] = {
    "The Midnight Owls", "Anna Keller",     "Silver Lining",  "Northern Choir", "DJ Mirae",
    "Blue Hour Trio",    "Paper Planes",    "Orchestra Nova", "Kim & Friends",  "Velvet Room",
    "Luna Park",         "Yara Quartet",    "Static Bloom",   "Old Town Brass", "Hidden Rivers",
    "Swan Lake",         "The Magic Flute", "Romeo & Juliet", "Carmen",         "Winter Journey",
};
static const char *const english_kinds[] = {
    "World Tour",     "Live in Concert", "Unplugged",   "Gala Night",
    "Farewell Tour",  "Showcase",        "In Recital",  "Anniversary",
    "Symphony No. 5", "Special Encore",  "Fan Concert",
};
static const char *const english_places[] = {"Seoul", "Busan", "Incheon", "Daegu", "Jeju",
                                             "Tokyo", "Osaka", "London",  "Berlin"};

typedef struct draw {
    uint64_t seed, used;
} draw;

static uint32_t below(draw *d, uint32_t count)
{
    return (uint32_t)(sp_bench_random_at(d->seed, d->used++) >> 33) % count;
}

#define ONE_OF(d, list) ((list)[below((d), COUNT(list))])

static int write_korean(draw *d, char *out)
{
    const char *act = ONE_OF(d, korean_acts), *kind = ONE_OF(d, korean_kinds);
    const char *place = ONE_OF(d, korean_places);
    uint32_t number = below(d, 40) + 1;
    switch (below(d, 5)) {
    case 0:
        return snprintf(out, SP_BENCH_NAME_SIZE_MAX, "%u %s %s", 1990 + number, act, kind);
    case 1:
        return snprintf(out, SP_BENCH_NAME_SIZE_MAX, "%s %s - %s", act, kind, place);
    case 2:
        return snprintf(out, SP_BENCH_NAME_SIZE_MAX, "%s 〈%s〉 [%s]", kind, act, place);
    case 3:
        return snprintf(out, SP_BENCH_NAME_SIZE_MAX, "제%u회 %s의 %s", number, act, kind);
    default:
        return snprintf(out, SP_BENCH_NAME_SIZE_MAX, "%s × %s %s : %s", act,
                        ONE_OF(d, english_acts), kind, place);
    }
}

static int write_english(draw *d, char *out)
{
    const char *act = ONE_OF(d, english_acts), *kind = ONE_OF(d, english_kinds);
    const char *place = ONE_OF(d, english_places);
    uint32_t number = below(d, 40) + 1;
    switch (below(d, 4)) {
    case 0:
        return snprintf(out, SP_BENCH_NAME_SIZE_MAX, "%s: %s %u", act, kind, 1990 + number);
    case 1:
        return snprintf(out, SP_BENCH_NAME_SIZE_MAX, "%s %s in %s", act, kind, place);
    case 2:
        return snprintf(out, SP_BENCH_NAME_SIZE_MAX, "%s with %s (%s, vol. %u)", act,
                        ONE_OF(d, english_acts), place, number);
    default:
        return snprintf(out, SP_BENCH_NAME_SIZE_MAX, "%s – %s at the %s Arts Center", act, kind,
                        place);
    }
}

uint32_t sp_bench_name(uint32_t index, char out[SP_BENCH_NAME_SIZE_MAX])
{
    draw d = {.seed = sp_bench_random_at(UINT64_C(0x9e3779b97f4a7c15), index)};
    int size = below(&d, 3) == 0 ? write_english(&d, out) : write_korean(&d, out);
    SP_ASSERT_CMP(size, <, (int)SP_BENCH_NAME_SIZE_MAX);
    return (uint32_t)size;
}

const char *sp_bench_category(uint32_t index)
{
    SP_ASSERT_CMP(index, <, SP_BENCH_CATEGORIES);
    return categories[index];
}
