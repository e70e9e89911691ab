/* SPDX-License-Identifier: MIT
 *
 * A directory of its own for a test, and copies of what is in it.
 */
#ifndef SP_TESTS_SUPPORT_TEMP_DIR_H
#define SP_TESTS_SUPPORT_TEMP_DIR_H

#include <stddef.h>

typedef struct sp_temp_dir {
    char path[256];
} sp_temp_dir;

/* Under TMPDIR, or /tmp. Failure aborts. */
void sp_temp_dir_make(sp_temp_dir *dir);
/* With everything in it, two levels deep. */
void sp_temp_dir_remove(sp_temp_dir *dir);

/* A whole file DIR/name: malloc'ed, the caller frees. Failure aborts. */
unsigned char *sp_temp_dir_read(const sp_temp_dir *dir, const char *name, size_t *size);
void sp_temp_dir_write(const sp_temp_dir *dir, const char *name, const void *bytes, size_t size);

#endif
