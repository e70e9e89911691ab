/* SPDX-License-Identifier: MIT
 *
 * Pages for people, and the files that they are made of: /docs, which is Swagger
 * UI on /openapi.json. All of it lies in the program (net/pages_files.S), so no
 * page needs another host, and the policy that goes with a page lets none in.
 *
 * Constant once prepared; then any thread. Rows of the table with .page name
 * nothing but paths that are here, and the other way round (pages_test.c).
 */
#ifndef SP_NET_PAGES_H
#define SP_NET_PAGES_H

#include "engine/values.h"

/* A strong tag: half of the content's BLAKE2b-256 in hex, in quotes. */
#define SP_PAGE_TAG_SIZE 34u

typedef struct sp_page {
    const char *path; /* of its row */
    sp_text type;     /* Content-Type; absent: it is a way to `location` */
    sp_text location; /* where it has moved to for good */
    sp_text body;     /* constant */
    sp_text policy;   /* Content-Security-Policy, if a browser may show it; or absent */
    char tag[SP_PAGE_TAG_SIZE];
} sp_page;

/* Hashes what there is, once a process: milliseconds, so not on a loop. Needs
 * sodium_init. */
void sp_pages_prepare(void);

/* NULL: none has this path. */
const sp_page *sp_pages_find(const char *path);

#endif
