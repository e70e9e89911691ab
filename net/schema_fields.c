/* SPDX-License-Identifier: MIT */
#include "net/schema_fields.h"

#include <stddef.h>

#include "engine/assert.h"

const char *const sp_schema_roles[] = {"USER", "HOST", "ADMIN", NULL};
const char *const sp_schema_ages[] = {"ZERO", "SEVEN", "FIFTEEN", "NINETEEN", NULL};

static bool is_there(const sp_schema_shape *shape)
{
    return shape->fields || shape->variants || shape->text_type || shape->empty;
}

const sp_schema_shape *sp_schema_shape_of(sp_schema schema)
{
    static const sp_schema_shape *const tables[] = {sp_schema_requests, sp_schema_answers,
                                                    sp_schema_stats, sp_schema_streams,
                                                    sp_schema_problems};
    SP_ASSERT_CMP(schema, >, SP_SCHEMA_UNNAMED);
    SP_ASSERT_CMP(schema, <, SP_PARTS_END);
    SP_ASSERT_CMP(schema, !=, SP_SCHEMA_EMPTY);
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++)
        if (is_there(&tables[i][schema]))
            return &tables[i][schema];
    return NULL;
}
