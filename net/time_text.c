/* SPDX-License-Identifier: MIT */
#include "net/time_text.h"

#include "engine/assert.h"
#include "engine/limits.h"
#include "net/digits.h"

#define DAY_S INT64_C(86400)

typedef struct civil {
    int64_t year;
    unsigned month, day; /* from 1 */
} civil;

/* Days since 1970-01-01 to a date and back, in the proleptic Gregorian
 * calendar: H. Hinnant, "chrono-Compatible Low-Level Date Algorithms". The
 * year is counted from March, so that the leap day is its last. */
static civil civil_of_days(int64_t days)
{
    days += 719468; /* from 0000-03-01 */
    int64_t era = days / 146097;
    unsigned day_of_era = (unsigned)(days - era * 146097);
    unsigned year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    unsigned day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    unsigned shifted_month = (5 * day_of_year + 2) / 153;
    civil date;
    date.day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    date.month = shifted_month < 10 ? shifted_month + 3 : shifted_month - 9;
    date.year = (int64_t)year_of_era + era * 400 + (date.month <= 2);
    return date;
}

static int64_t days_of_civil(civil date)
{
    int64_t year = date.year - (date.month <= 2);
    int64_t era = year / 400;
    unsigned year_of_era = (unsigned)(year - era * 400);
    unsigned shifted_month = date.month > 2 ? date.month - 3 : date.month + 9;
    unsigned day_of_year = (153 * shifted_month + 2) / 5 + date.day - 1;
    unsigned day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + (int64_t)day_of_era - 719468;
}

static unsigned days_in_month(int64_t year, unsigned month)
{
    static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return month == 2 && leap ? 29u : days[month - 1];
}

/* YYYY; year <= 9999. */
static void print_year(char *out, uint32_t year)
{
    sp_digits_put_pair(out, year / 100);
    sp_digits_put_pair(out + 2, year % 100);
}

static void print_clock(char *out, uint32_t second_of_day)
{
    sp_digits_put_pair(out, second_of_day / 3600);
    out[2] = ':';
    sp_digits_put_pair(out + 3, second_of_day / 60 % 60);
    out[5] = ':';
    sp_digits_put_pair(out + 6, second_of_day % 60);
}

void sp_time_print(sp_time_ms time, char *out)
{
    SP_ASSERT_CMP(time, >=, 0);
    SP_ASSERT_CMP(time, <=, SP_TIME_MAX);
    int64_t seconds = time / 1000;
    uint32_t fraction_ms = (uint32_t)(time % 1000);
    civil date = civil_of_days(seconds / DAY_S);
    print_year(out, (uint32_t)date.year);
    out[4] = '-';
    sp_digits_put_pair(out + 5, date.month);
    out[7] = '-';
    sp_digits_put_pair(out + 8, date.day);
    out[10] = 'T';
    print_clock(out + 11, (uint32_t)(seconds % DAY_S));
    out[19] = '.';
    out[20] = (char)('0' + fraction_ms / 100);
    sp_digits_put_pair(out + 21, fraction_ms % 100);
    out[23] = 'Z';
}

void sp_http_date_print(sp_time_ms time, char *out)
{
    static const char week_days[] = "ThuFriSatSunMonTueWed"; /* day 0 was a Thursday */
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    SP_ASSERT_CMP(time, >=, 0);
    SP_ASSERT_CMP(time, <=, SP_TIME_MAX);
    int64_t seconds = time / 1000;
    civil date = civil_of_days(seconds / DAY_S);
    memcpy(out, week_days + 3 * (seconds / DAY_S % 7), 3);
    memcpy(out + 3, ", ", 2);
    sp_digits_put_pair(out + 5, date.day);
    out[7] = ' ';
    memcpy(out + 8, months + 3 * (date.month - 1), 3);
    out[11] = ' ';
    print_year(out + 12, (uint32_t)date.year);
    out[16] = ' ';
    print_clock(out + 17, (uint32_t)(seconds % DAY_S));
    memcpy(out + 25, " GMT", 4);
}

/* A reader over the text that fails once and for all: its callers read on and
 * look at `ok` at the end. */
typedef struct scanner {
    const char *at, *end;
    bool ok;
} scanner;

static unsigned scan_digits(scanner *s, unsigned digits)
{
    unsigned value = 0;
    if ((size_t)(s->end - s->at) < digits) {
        s->ok = false;
        return 0;
    }
    for (unsigned i = 0; i < digits; i++) {
        unsigned digit = (unsigned)(unsigned char)s->at[i] - '0';
        if (digit > 9) {
            s->ok = false;
            return 0;
        }
        value = value * 10 + digit;
    }
    s->at += digits;
    return value;
}

/* Takes one byte of a choice of two (the same twice: no choice). */
static char scan_one(scanner *s, char a, char b)
{
    if (s->at == s->end || (*s->at != a && *s->at != b)) {
        s->ok = false;
        return 0;
    }
    return *s->at++;
}

static int64_t scan_fraction_ms(scanner *s)
{
    unsigned digits = 0;
    int64_t ms = 0;
    if (s->at == s->end || *s->at != '.')
        return 0;
    s->at++;
    for (; s->at < s->end && *s->at >= '0' && *s->at <= '9'; s->at++, digits++)
        if (digits < 3)
            ms = ms * 10 + (*s->at - '0');
    if (digits == 0)
        s->ok = false;
    for (; digits < 3; digits++)
        ms *= 10;
    return ms;
}

static int64_t scan_offset_s(scanner *s)
{
    if (s->at < s->end && (*s->at == 'Z' || *s->at == 'z')) {
        s->at++;
        return 0;
    }
    char sign = scan_one(s, '+', '-');
    unsigned hours = scan_digits(s, 2);
    scan_one(s, ':', ':');
    unsigned minutes = scan_digits(s, 2);
    if (hours > 23 || minutes > 59)
        s->ok = false;
    int64_t offset_s = (int64_t)(hours * 3600 + minutes * 60);
    return sign == '-' ? -offset_s : offset_s;
}

bool sp_time_parse(sp_text text, sp_time_ms *out)
{
    scanner s = {text.bytes, text.bytes + text.size, text.bytes != NULL};
    civil date;
    date.year = scan_digits(&s, 4);
    scan_one(&s, '-', '-');
    date.month = scan_digits(&s, 2);
    scan_one(&s, '-', '-');
    date.day = scan_digits(&s, 2);
    scan_one(&s, 'T', 't');
    unsigned hour = scan_digits(&s, 2);
    scan_one(&s, ':', ':');
    unsigned minute = scan_digits(&s, 2);
    scan_one(&s, ':', ':');
    unsigned second = scan_digits(&s, 2);
    int64_t fraction_ms = scan_fraction_ms(&s);
    int64_t offset_s = scan_offset_s(&s);
    if (!s.ok || s.at != s.end)
        return false;
    /* Year 0 would need days before the algorithm's zero: refused first. */
    if (date.year < 1 || date.month < 1 || date.month > 12 || date.day < 1 ||
        date.day > days_in_month(date.year, date.month) || hour > 23 || minute > 59 || second > 60)
        return false;
    int64_t seconds = days_of_civil(date) * DAY_S + hour * 3600 + minute * 60 + second - offset_s;
    if (second == 60 && seconds % DAY_S != 0)
        return false;
    int64_t time = seconds * 1000 + fraction_ms;
    if (time < 1 || time > SP_TIME_MAX)
        return false;
    *out = time;
    return true;
}
