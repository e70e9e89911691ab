/* SPDX-License-Identifier: MIT
 *
 * Who may try another password, and who may sign up: failed log-ins are counted
 * per account and network (PAIR), per network, per wide network, and per account
 * over all networks; sign-ups per network. A network is a /24 of IPv4 or a /64
 * of IPv6, a wide one a /16 or a /48 (net/client_address.h). The numbers are here
 * and nowhere else.
 *
 * A try takes its tokens before the password is computed, so that any number of
 * tries at once count; the right password gives them back.
 *
 * Guessing must not lock a person out. So a network that the account has logged
 * in from before answers for its own failures with this account alone: others
 * may guess from wherever they like. And from any other network each account has
 * one try an hour (LONE) that the guesses of others elsewhere can't refuse; only
 * there does an empty ACCOUNT leave the other tokens of a refused try spent, so
 * that waiting for it by asking again and again is no better than guessing. Those
 * tries come on top of ACCOUNT's: as many an hour as an attacker has networks, of
 * which WIDE lets 1,200 an hour through for each wide one.
 *
 * What stays: somebody in the same network can take the tokens of a pair, and so
 * delay a person there by a minute a try. Which networks are known is remembered
 * in this process, by keyed hashes, so that who reads its memory learns no
 * address; after a restart, or when a million pairs are known, the rest are
 * strangers again until they log in.
 *
 * An account is named by the e-mail that was given, whether or not there is
 * such a user, and every try takes the same tokens: nobody learns from a refusal
 * who has an account. With one exception, the price of not being locked out by a
 * neighbour: a known pair is not refused for what its network or account has
 * spent. Who has spent the tokens of the network that he is in finds out which
 * accounts have logged in from that network since the start.
 *
 * New passwords have buckets of their own, by user id, which only the holder of
 * an access token of that user can touch. Its log-ins make a network known there
 * too. The network's own tokens have no part in them.
 *
 * One for all loops; every function from any thread, without a lock.
 */
#ifndef SP_NET_LOGIN_GUARD_H
#define SP_NET_LOGIN_GUARD_H

#include "net/client_address.h"
#include "net/rate.h"

/* Failures. NIST SP 800-63B, 5.2.2, has at most 100 in a row for an account; it is
 * exceeded by what comes back in time, and by LONE. */
#define SP_LOGIN_PAIR_BURST 20u
#define SP_LOGIN_PAIR_INTERVAL_US (60u * 1000 * 1000)
#define SP_LOGIN_NETWORK_BURST 60u
#define SP_LOGIN_NETWORK_INTERVAL_US (10u * 1000 * 1000)
#define SP_LOGIN_WIDE_BURST 240u
#define SP_LOGIN_WIDE_INTERVAL_US (3u * 1000 * 1000)
#define SP_LOGIN_LONE_BURST 1u
#define SP_LOGIN_LONE_INTERVAL_US (3600u * 1000 * 1000)
#define SP_LOGIN_ACCOUNT_BURST 100u
#define SP_LOGIN_ACCOUNT_INTERVAL_US (30u * 1000 * 1000)

/* Sign-ups an hour and network: enough for an office or a campus, or a household
 * and its neighbours behind one address of a carrier. */
#define SP_SIGN_UPS_PER_HOUR_DEFAULT 200u
#define SP_SIGN_UPS_PER_HOUR_MAX 1000000u

typedef struct sp_login_guard sp_login_guard;

/* sign_ups_per_hour: 0 = no limit. NULL if out of memory. */
sp_login_guard *sp_login_guard_create(uint32_t sign_ups_per_hour);
void sp_login_guard_destroy(sp_login_guard *guard);

/* What a try has taken, to be given back. */
typedef struct sp_login_try {
    /* Keys; 0 = nothing was taken of this one. */
    uint64_t pair, network, wide_network, account, lone;
    uint64_t known; /* the pair, as it is remembered */
} sp_login_try;

/* A try: false, with *retry_after_s, if there were too many failures. account: an
 * e-mail as it was given (its case does not count). now_us: monotonic, the same clock for all. */
bool sp_login_guard_enter(sp_login_guard *guard, sp_text account, const sp_client_address *client,
                          uint64_t now_us, sp_login_try *out, uint32_t *retry_after_s);
/* Likewise, of the old password that a user with a good token gives for a new one. */
bool sp_login_guard_enter_user(sp_login_guard *guard, sp_user_id user,
                               const sp_client_address *client, uint64_t now_us, sp_login_try *out,
                               uint32_t *retry_after_s);
/* The password was right, and it is this user's: nothing counts, and the network is
 * known from now on. */
void sp_login_guard_succeed(sp_login_guard *guard, const sp_login_try *done, sp_user_id user,
                            const sp_client_address *client);
/* It was never computed: nothing counts. */
void sp_login_guard_withdraw(sp_login_guard *guard, const sp_login_try *undone);

/* A sign-up: false, with *retry_after_s, if there were too many. *taken: to be given
 * back if no password was computed for it. */
bool sp_login_guard_sign_up(sp_login_guard *guard, const sp_client_address *client, uint64_t now_us,
                            uint64_t *taken, uint32_t *retry_after_s);
void sp_login_guard_withdraw_sign_up(sp_login_guard *guard, uint64_t taken);

#endif
