/* SPDX-License-Identifier: MIT */
#include "engine/limits.h"

/* What each table costs when it is full, engine and views together. Reserved
 * is virtual; only what is used is ever touched. */
const sp_limits sp_limits_default = {
    .users_max = 1000000,                /* 72 bytes each, 128 more for each that
                                        * has used a key: 200 MB */
    .categories_max = 10000,             /* 24 bytes each and the name */
    .concerts_max = 100000,              /* 400 bytes each, 256 of them for search, and
                                        * the card: 40 MB */
    .seats_max = 10000000,               /* 16.5 bytes each, and some 16 for each
                                        * pair of a user and a concert beyond
                                        * his first eight: 325 MB at most */
    .grades_max = 400000,                /* 8 bytes each and 80 in the card */
    .rows_max = 2000000,                 /* 8 bytes each, in the card */
    .orders_max = 20000000,              /* 64 bytes each, 32 more if cancelled (or with
                                        * its concert: for each buyer), 8 more where
                                        * jobs are: 1.28 GB, 2.08 at most */
    .order_seats_max = 64000000,         /* 4 bytes each: 256 MB */
    .grants_max = 10000000,              /* 32 bytes each: 320 MB */
    .holds_max = 1000000,                /* 152 bytes each: 2 rows of 68, a place in
                                        * the heap: 160 MB, reached as holds come and
                                        * go, and 4 for each seat held */
    .idempotency_keys_max = 4194304,     /* 64 bytes each: 268 MB */
    .text_bytes_max = UINT64_C(2) << 30, /* 2 GiB */
};
