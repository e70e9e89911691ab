/* SPDX-License-Identifier: MIT */
#include "net/pages.h"

#include <pthread.h>
#include <sodium.h>

#include "engine/assert.h"
#include "net/answer.h"
#include "net/handlers.h"
#include "net/negotiate.h"

/* In net/pages_files.S. */
#define FILE_OF(name) extern const char sp_pages_##name[], sp_pages_##name##_end[]
FILE_OF(docs_html);
FILE_OF(docs_js);
FILE_OF(favicon);
FILE_OF(swagger_css);
FILE_OF(swagger_js);
FILE_OF(swagger_licenses);
#undef FILE_OF

/* Nothing but what this program serves, no script and no style that stands in the
 * page itself, and no way out of it. `data:`: the stylesheet's small pictures. */
#define POLICY                                                               \
    SP_TEXT("default-src 'none'; script-src 'self'; style-src 'self'; "      \
            "img-src 'self' data:; connect-src 'self'; form-action 'none'; " \
            "frame-ancestors 'none'; base-uri 'none'")

#define HTML SP_TEXT("text/html; charset=utf-8")
#define SCRIPT SP_TEXT("text/javascript; charset=utf-8")
#define STYLE SP_TEXT("text/css; charset=utf-8")
#define PLAIN SP_TEXT("text/plain; charset=utf-8")
#define PNG SP_TEXT("image/png")

/* Where a file ends is known to the linker alone, so how long it is comes with
 * the tag. */
typedef struct page_row {
    sp_page page;
    const char *end;
} page_row;

#define FILE_AT(name) .page.body.bytes = sp_pages_##name, .end = sp_pages_##name##_end

static page_row rows[] = {
    {.page.path = "/docs", .page.type = HTML, .page.policy = POLICY, FILE_AT(docs_html)},
    {.page.path = "/docs/", .page.location = SP_TEXT("/docs")},
    {.page.path = "/docs/docs.js", .page.type = SCRIPT, FILE_AT(docs_js)},
    {.page.path = "/docs/favicon.png", .page.type = PNG, FILE_AT(favicon)},
    {.page.path = "/docs/swagger-ui.css", .page.type = STYLE, FILE_AT(swagger_css)},
    {.page.path = "/docs/swagger-ui-bundle.js", .page.type = SCRIPT, FILE_AT(swagger_js)},
    /* Where the script itself says that it is. */
    {.page.path = "/docs/swagger-ui-bundle.js.LICENSE.txt",
     .page.type = PLAIN,
     FILE_AT(swagger_licenses)},
};

#define ROWS_COUNT (sizeof rows / sizeof rows[0])

static pthread_once_t prepared = PTHREAD_ONCE_INIT;

static void prepare(page_row *row)
{
    unsigned char hash[crypto_generichash_BYTES];
    char digits[SP_PAGE_TAG_SIZE - 1];
    sp_page *page = &row->page;
    page->body.size = (uint32_t)(row->end - page->body.bytes);
    crypto_generichash(hash, sizeof hash, (const unsigned char *)page->body.bytes, page->body.size,
                       NULL, 0);
    sodium_bin2hex(digits, sizeof digits, hash, (sizeof digits - 1) / 2);
    page->tag[0] = page->tag[SP_PAGE_TAG_SIZE - 1] = '"';
    memcpy(page->tag + 1, digits, sizeof digits - 1);
}

static void prepare_all(void)
{
    for (size_t i = 0; i < ROWS_COUNT; i++)
        if (rows[i].page.body.bytes)
            prepare(&rows[i]);
}

void sp_pages_prepare(void)
{
    pthread_once(&prepared, prepare_all);
}

const sp_page *sp_pages_find(const char *path)
{
    for (size_t i = 0; i < ROWS_COUNT; i++)
        if (strcmp(rows[i].page.path, path) == 0)
            return &rows[i].page;
    return NULL;
}

static void answer_moved(sp_exchange *ex, const sp_page *page, sp_out *out)
{
    sp_answer answer = {.status = 308, .location = page->location, .no_cache = true};
    sp_answer_body(ex, &answer, PLAIN, SP_TEXT(""), out);
}

/* A browser may keep everything, but asks each time whether it is still this
 * program's: an upgrade shows at once. */
void sp_pages_answer(sp_exchange *ex, sp_out *out)
{
    const sp_page *page = sp_pages_find(sp_route_of(ex)->pattern);
    SP_ASSERT(page != NULL);
    if (page->location.bytes) {
        answer_moved(ex, page, out);
        return;
    }
    SP_ASSERT_CMP(page->body.size, >, 0); /* it is prepared */
    sp_answer answer = {.status = 200,
                        .etag = {page->tag, SP_PAGE_TAG_SIZE},
                        .policy = page->policy,
                        .no_cache = true};
    if (sp_etag_matches(ex->request.headers[SP_HEADER_IF_NONE_MATCH], answer.etag)) {
        answer.status = 304;
        sp_answer_write(sp_app_loop_of(ex), sp_answer_to_exchange(ex), &answer, out);
        return;
    }
    sp_answer_constant(ex, &answer, page->type, &page->body, out);
}
