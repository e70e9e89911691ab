/* SPDX-License-Identifier: MIT
 *
 * What a concert's fields (decode_concert.c) and its grades (decode_grades.c) are
 * decoded into. Private to them; a loop's thread.
 */
#ifndef SP_NET_DECODE_CONCERT_H
#define SP_NET_DECODE_CONCERT_H

#include "net/decode.h"

/* Everything that a spec borrows lies in one block behind it: grades, row
 * sizes and texts are carved from it in that order. */
typedef struct sp_concert_block {
    sp_concert_spec *spec;
    sp_grade_spec *grades;
    uint32_t *row_sizes;
    uint32_t rows_count; /* carved so far */
    char *texts;
    uint32_t seats_count; /* over all grades */
} sp_concert_block;

/* A text moves into the block: the reader's own copy dies with the next body. */
sp_text sp_concert_carve_text(sp_concert_block *block, sp_text text);

/* One line, not blank, carved. */
bool sp_decode_concert_line(sp_decode *decode, sp_concert_block *block, const sp_json_node *node,
                            const sp_field_path *path, uint32_t size_max, sp_text *out);

bool sp_decode_u32(sp_decode *decode, const sp_json_node *node, const sp_field_path *path,
                   uint32_t min, uint32_t max, uint32_t *out);

/* `grades`, into the block and its spec. */
bool sp_decode_grades(sp_decode *decode, sp_concert_block *block, const sp_json_node *node);

#endif
