/* SPDX-License-Identifier: MIT */
#include "net/schema.h"

#include "engine/assert.h"

static const sp_schema_row rows[SP_PARTS_END] = {
#define SCHEMA_ROW(id, name, meaning, home) [SP_SCHEMA_##id] = {name, meaning, home},
    SP_SCHEMAS(SCHEMA_ROW) SP_PARTS(SCHEMA_ROW)
#undef SCHEMA_ROW
};

const sp_schema_row *sp_schema_row_of(sp_schema schema)
{
    SP_ASSERT_CMP(schema, >, SP_SCHEMA_UNNAMED);
    SP_ASSERT_CMP(schema, <, SP_PARTS_END);
    SP_ASSERT(rows[schema].name);
    return &rows[schema];
}
