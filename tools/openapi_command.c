/* SPDX-License-Identifier: MIT
 *
 * stagepick openapi: the document of the interface, for whoever makes clients or
 * pages from it and has no server at hand.
 */
#include <stdio.h>

#include "net/openapi.h"
#include "tools/commands.h"
#include "tools/options.h"
#include "tools/version.h"

#define USAGE                                                                          \
    "stagepick openapi\n"                                                              \
    "Prints the document of the HTTP interface (OpenAPI 3.1, JSON): the same that a\n" \
    "server has at /openapi.json."

int sp_command_openapi(int argc, char **argv)
{
    int first = 0;
    int code = sp_options_parse(USAGE, NULL, 0, argc, argv, &first);
    if (code != SP_EXIT_OK)
        return code < 0 ? SP_EXIT_OK : code;
    if (first < argc) {
        fprintf(stderr, "stagepick: unexpected argument: %s\nusage: " USAGE "\n", argv[first]);
        return SP_EXIT_USAGE;
    }
    sp_out out;
    sp_out_init(&out);
    sp_openapi_write(SP_VERSION, &out);
    sp_out_string(&out, "\n");
    bool written = fwrite(out.bytes, 1, out.size, stdout) == out.size && fflush(stdout) == 0;
    sp_out_close(&out);
    if (!written)
        fprintf(stderr, "stagepick: can't write to standard output\n");
    return written ? SP_EXIT_OK : SP_EXIT_FAILED;
}
