/* SPDX-License-Identifier: MIT
 *
 * The bytes of all pages (net/pages.c), as they lie in their files: ours, and
 * Swagger UI's as npm brings them (package.json). The Makefile knows these files;
 * each has a symbol at its begin and one at its end.
 */
        .section .rodata

.macro begin name
        .balign 16
        .globl  sp_pages_\name
        .type   sp_pages_\name, @object
sp_pages_\name:
.endm

.macro end name
        .globl  sp_pages_\name\()_end
        .type   sp_pages_\name\()_end, @object
sp_pages_\name\()_end:
        .byte   0
        .size   sp_pages_\name, sp_pages_\name\()_end - sp_pages_\name
.endm

        begin   docs_html
        .incbin "net/pages/docs.html"
        end     docs_html

        begin   docs_js
        .incbin "net/pages/docs.js"
        end     docs_js

        begin   favicon
        .incbin "node_modules/swagger-ui-dist/favicon-32x32.png"
        end     favicon

        begin   swagger_css
        .incbin "node_modules/swagger-ui-dist/swagger-ui.css"
        end     swagger_css

        begin   swagger_js
        .incbin "node_modules/swagger-ui-dist/swagger-ui-bundle.js"
        end     swagger_js

/* Who hands it on hands these on too (Apache 2.0, section 4). */
        begin   swagger_licenses
        .incbin "node_modules/swagger-ui-dist/NOTICE"
        .incbin "node_modules/swagger-ui-dist/LICENSE"
        .incbin "node_modules/swagger-ui-dist/swagger-ui-bundle.js.LICENSE.txt"
        end     swagger_licenses

        .section .note.GNU-stack, "", @progbits
