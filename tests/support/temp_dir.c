/* SPDX-License-Identifier: MIT */
#include "tests/support/temp_dir.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/assert.h"

void sp_temp_dir_make(sp_temp_dir *dir)
{
    const char *base = getenv("TMPDIR");
    int size = snprintf(dir->path, sizeof dir->path, "%s/stagepick-test-XXXXXX",
                        base != NULL && *base != '\0' ? base : "/tmp");
    SP_ASSERT_CMP(size, <, (int)sizeof dir->path);
    SP_ASSERT(mkdtemp(dir->path) != NULL);
}

static void remove_below(const char *path, int levels)
{
    DIR *entries = opendir(path);
    if (entries == NULL)
        return;
    const struct dirent *entry;
    while ((entry = readdir(entries)) != NULL) {
        char below[1024];
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        snprintf(below, sizeof below, "%s/%s", path, entry->d_name);
        if (unlink(below) != 0 && levels > 0)
            remove_below(below, levels - 1);
    }
    closedir(entries);
    rmdir(path);
}

void sp_temp_dir_remove(sp_temp_dir *dir)
{
    remove_below(dir->path, 2);
}

static void path_of(char out[1024], const sp_temp_dir *dir, const char *name)
{
    snprintf(out, 1024, "%s/%s", dir->path, name);
}

unsigned char *sp_temp_dir_read(const sp_temp_dir *dir, const char *name, size_t *size)
{
    char path[1024];
    struct stat about;
    path_of(path, dir, name);
    FILE *file = fopen(path, "rb");
    SP_ASSERT(file != NULL && fstat(fileno(file), &about) == 0);
    unsigned char *bytes = malloc((size_t)about.st_size + 1);
    SP_ASSERT(bytes != NULL);
    *size = fread(bytes, 1, (size_t)about.st_size, file);
    SP_ASSERT_CMP(*size, ==, (size_t)about.st_size);
    fclose(file);
    return bytes;
}

void sp_temp_dir_write(const sp_temp_dir *dir, const char *name, const void *bytes, size_t size)
{
    char path[1024];
    path_of(path, dir, name);
    FILE *file = fopen(path, "wb");
    SP_ASSERT(file != NULL);
    SP_ASSERT_CMP(fwrite(bytes, 1, size, file), ==, size);
    SP_ASSERT(fclose(file) == 0);
}
