/* SPDX-License-Identifier: MIT */
#include "net/login_guard.h"

#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>

#include "engine/assert.h"
#include "engine/profile.h"

/* 1 MiB: failures of as many accounts and networks as anyone attacks at once. */
#define RATE_ENTRIES 65536u
/* Remembered pairs, in sets of a cache line: 8 MiB, touched as they fill. */
#define KNOWN_WAYS 8u
#define KNOWN_SETS (1u << 17)
#define HOUR_US (UINT64_C(3600) * 1000 * 1000)

static const sp_rate_rule pair_rule = {SP_LOGIN_PAIR_BURST, SP_LOGIN_PAIR_INTERVAL_US};
static const sp_rate_rule network_rule = {SP_LOGIN_NETWORK_BURST, SP_LOGIN_NETWORK_INTERVAL_US};
static const sp_rate_rule wide_rule = {SP_LOGIN_WIDE_BURST, SP_LOGIN_WIDE_INTERVAL_US};
static const sp_rate_rule lone_rule = {SP_LOGIN_LONE_BURST, SP_LOGIN_LONE_INTERVAL_US};
static const sp_rate_rule account_rule = {SP_LOGIN_ACCOUNT_BURST, SP_LOGIN_ACCOUNT_INTERVAL_US};

struct sp_login_guard {
    sp_rate_table *rates; /* its own: no flood of other requests makes it forget */
    sp_rate_rule sign_up_rule;
    /* Keyed hashes of pairs, 0 = none. Relaxed: each word stands for itself, and
     * one that is missed or lost to another only makes a stranger of a friend. */
    _Atomic uint64_t known[KNOWN_SETS][KNOWN_WAYS];
};

_Static_assert(HOUR_US <= UINT32_MAX, "an interval of one sign-up an hour fits");

sp_login_guard *sp_login_guard_create(uint32_t sign_ups_per_hour)
{
    SP_ASSERT_CMP(sign_ups_per_hour, <=, SP_SIGN_UPS_PER_HOUR_MAX);
    sp_login_guard *guard = calloc(1, sizeof *guard);
    if (guard == NULL)
        return NULL;
    guard->rates = sp_rate_table_create(RATE_ENTRIES);
    if (guard->rates == NULL) {
        free(guard);
        return NULL;
    }
    if (sign_ups_per_hour > 0)
        guard->sign_up_rule =
            (sp_rate_rule){sign_ups_per_hour, (uint32_t)(HOUR_US / sign_ups_per_hour)};
    return guard;
}

void sp_login_guard_destroy(sp_login_guard *guard)
{
    if (guard == NULL)
        return;
    sp_rate_table_destroy(guard->rates);
    free(guard);
}

/* ASCII lower case, as the index of e-mails folds them: or each spelling would
 * have failures of its own. The network in front, of fixed size. */
typedef struct account_bytes {
    sp_client_address network;
    char name[SP_EMAIL_SIZE_MAX];
    size_t name_size;
} account_bytes;

static void put_account(account_bytes *out, sp_text account, const sp_client_address *client)
{
    SP_ASSERT_CMP(account.size, <=, SP_EMAIL_SIZE_MAX);
    out->network = sp_client_network(client);
    out->name_size = account.size;
    for (uint32_t i = 0; i < account.size; i++) {
        char c = account.bytes[i];
        out->name[i] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
    }
}

_Static_assert(offsetof(account_bytes, name) == sizeof(sp_client_address), "hashed as one");

static _Atomic uint64_t *set_of(sp_login_guard *guard, uint64_t pair)
{
    return guard->known[pair & (KNOWN_SETS - 1)];
}

static bool is_known(sp_login_guard *guard, uint64_t pair)
{
    _Atomic uint64_t *set = set_of(guard, pair);
    for (uint32_t way = 0; way < KNOWN_WAYS; way++)
        if (atomic_load_explicit(&set[way], memory_order_relaxed) == pair)
            return true;
    return false;
}

/* In a full set, in the place of one as good as drawn by lot. */
static void remember(sp_login_guard *guard, uint64_t pair)
{
    _Atomic uint64_t *set = set_of(guard, pair);
    uint32_t place = (uint32_t)(pair >> 61);
    if (is_known(guard, pair))
        return;
    for (uint32_t way = 0; way < KNOWN_WAYS; way++)
        if (atomic_load_explicit(&set[way], memory_order_relaxed) == 0)
            place = way;
    atomic_store_explicit(&set[place], pair, memory_order_relaxed);
}

_Static_assert(KNOWN_WAYS == 8, "place is three bits");

/* Never 0, which stands for nothing. */
static uint64_t key_of(const sp_login_guard *guard, sp_rate_kind kind, const void *bytes,
                       size_t size)
{
    uint64_t key = sp_rate_key(guard->rates, kind, bytes, size);
    return key != 0 ? key : 1;
}

static uint64_t take(sp_login_guard *guard, uint64_t key, const sp_rate_rule *rule, uint64_t now_us,
                     uint32_t *retry_after_s)
{
    sp_rate_verdict verdict = sp_rate_take(guard->rates, key, rule, now_us);
    if (!verdict.allowed)
        *retry_after_s = verdict.retry_after_s;
    return verdict.allowed ? key : 0;
}

/* Who is asked for: by e-mail, or by user id. */
typedef struct names {
    uint64_t pair, account, lone; /* keys */
} names;

static names names_of(const sp_login_guard *guard, sp_text account, const sp_client_address *client)
{
    account_bytes bytes;
    put_account(&bytes, account, client);
    size_t pair_size = sizeof bytes.network + bytes.name_size;
    return (names){
        .pair = key_of(guard, SP_RATE_LOGIN_PAIR, &bytes, pair_size),
        .account = key_of(guard, SP_RATE_LOGIN_ACCOUNT, bytes.name, bytes.name_size),
        .lone = key_of(guard, SP_RATE_LOGIN_LONE, &bytes, pair_size),
    };
}

/* Whole, never folded: an id is no text. */
typedef struct user_bytes {
    sp_client_address network;
    sp_user_id user;
} user_bytes;

_Static_assert(sizeof(user_bytes) == sizeof(sp_client_address) + sizeof(sp_user_id), "no gaps");

static names names_of_user(const sp_login_guard *guard, sp_user_id user,
                           const sp_client_address *client)
{
    user_bytes bytes = {sp_client_network(client), user};
    return (names){
        .pair = key_of(guard, SP_RATE_PASSWORD_PAIR, &bytes, sizeof bytes),
        .account = key_of(guard, SP_RATE_PASSWORD_ACCOUNT, &user, sizeof user),
        .lone = key_of(guard, SP_RATE_PASSWORD_LONE, &bytes, sizeof bytes),
    };
}

/* Of the networks around a pair. false: one of them has had enough. */
static bool take_networks(sp_login_guard *guard, const sp_client_address *client, uint64_t now_us,
                          sp_login_try *out, uint32_t *retry_after_s)
{
    sp_client_address network = sp_client_network(client);
    sp_client_address wide = sp_client_wide_network(client);
    uint64_t key = key_of(guard, SP_RATE_LOGIN_ADDRESS, &network, sizeof network);
    uint64_t wide_key = key_of(guard, SP_RATE_LOGIN_WIDE, &wide, sizeof wide);
    out->network = take(guard, key, &network_rule, now_us, retry_after_s);
    if (out->network != 0)
        out->wide_network = take(guard, wide_key, &wide_rule, now_us, retry_after_s);
    return out->wide_network != 0;
}

/* Of the account, or the one try that it can't refuse. */
static bool take_account(sp_login_guard *guard, const names *of, bool is_known, uint64_t now_us,
                         sp_login_try *out, uint32_t *retry_after_s)
{
    uint32_t lone_s;
    out->account = take(guard, of->account, &account_rule, now_us, retry_after_s);
    if (out->account != 0 || is_known)
        return true;
    out->lone = take(guard, of->lone, &lone_rule, now_us, &lone_s);
    return out->lone != 0;
}

/* Also of a known pair all tokens are taken, as far as there are any, so that they
 * do not tell what is known; but its own alone can refuse it. */
bool sp_login_guard_enter(sp_login_guard *guard, sp_text account, const sp_client_address *client,
                          uint64_t now_us, sp_login_try *out, uint32_t *retry_after_s)
{
    names of = names_of(guard, account, client);
    *out = (sp_login_try){.known = of.pair};
    out->pair = take(guard, of.pair, &pair_rule, now_us, retry_after_s);
    if (out->pair == 0)
        return false;
    bool known = is_known(guard, of.pair);
    if (!take_networks(guard, client, now_us, out, retry_after_s) && !known) {
        sp_login_guard_withdraw(guard, out);
        return false;
    }
    return take_account(guard, &of, known, now_us, out, retry_after_s);
}

bool sp_login_guard_enter_user(sp_login_guard *guard, sp_user_id user,
                               const sp_client_address *client, uint64_t now_us, sp_login_try *out,
                               uint32_t *retry_after_s)
{
    names of = names_of_user(guard, user, client);
    *out = (sp_login_try){.known = of.pair};
    out->pair = take(guard, of.pair, &pair_rule, now_us, retry_after_s);
    return out->pair != 0 &&
           take_account(guard, &of, is_known(guard, of.pair), now_us, out, retry_after_s);
}

void sp_login_guard_withdraw(sp_login_guard *guard, const sp_login_try *undone)
{
    if (undone->pair != 0)
        sp_rate_give_back(guard->rates, undone->pair, &pair_rule);
    if (undone->network != 0)
        sp_rate_give_back(guard->rates, undone->network, &network_rule);
    if (undone->account != 0)
        sp_rate_give_back(guard->rates, undone->account, &account_rule);
    if (undone->wide_network != 0)
        sp_rate_give_back(guard->rates, undone->wide_network, &wide_rule);
    if (undone->lone != 0)
        sp_rate_give_back(guard->rates, undone->lone, &lone_rule);
}

void sp_login_guard_succeed(sp_login_guard *guard, const sp_login_try *done, sp_user_id user,
                            const sp_client_address *client)
{
    sp_login_guard_withdraw(guard, done);
    remember(guard, done->known);
    remember(guard, names_of_user(guard, user, client).pair);
}

bool sp_login_guard_sign_up(sp_login_guard *guard, const sp_client_address *client, uint64_t now_us,
                            uint64_t *taken, uint32_t *retry_after_s)
{
    *taken = 0;
    if (guard->sign_up_rule.burst == 0)
        return true;
    sp_client_address network = sp_client_network(client);
    uint64_t key = key_of(guard, SP_RATE_SIGN_UPS, &network, sizeof network);
    *taken = take(guard, key, &guard->sign_up_rule, now_us, retry_after_s);
    return *taken != 0;
}

void sp_login_guard_withdraw_sign_up(sp_login_guard *guard, uint64_t taken)
{
    if (taken != 0)
        sp_rate_give_back(guard->rates, taken, &guard->sign_up_rule);
}
