/* SPDX-License-Identifier: MIT */
#include "storage/token_key.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sodium.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "storage/datadir.h"

enum { SECRET_SIZE = 32, TEXT_SIZE = 22 + 4 + SP_TOKEN_KID_SIZE + 1 + 7 + 2 * SECRET_SIZE + 1 };

static const char FIRST_LINE[] = "stagepick-token-key 1\n";

static void format(const sp_token_key *key, char out[TEXT_SIZE + 1])
{
    char secret[2 * SECRET_SIZE + 1];
    sodium_bin2hex(secret, sizeof secret, key->secret, SECRET_SIZE);
    snprintf(out, TEXT_SIZE + 1, "%skid %s\nsecret %s\n", FIRST_LINE, key->kid, secret);
    sodium_memzero(secret, sizeof secret);
}

/* Takes what `format` writes and nothing else: what was read back is written
 * again and compared. */
static bool parse(const char *text, size_t size, sp_token_key *out)
{
    const size_t kid_at = sizeof FIRST_LINE - 1 + 4;
    const size_t secret_at = kid_at + SP_TOKEN_KID_SIZE + 1 + 7;
    uint8_t kid[SP_TOKEN_KID_SIZE / 2];
    size_t done;
    if (size != TEXT_SIZE)
        return false;
    if (sodium_hex2bin(kid, sizeof kid, text + kid_at, SP_TOKEN_KID_SIZE, NULL, &done, NULL) != 0 ||
        done != sizeof kid)
        return false;
    if (sodium_hex2bin(out->secret, SECRET_SIZE, text + secret_at, (size_t)2 * SECRET_SIZE, NULL,
                       &done, NULL) != 0 ||
        done != SECRET_SIZE)
        return false;
    sodium_bin2hex(out->kid, sizeof out->kid, kid, sizeof kid);

    char again[TEXT_SIZE + 1];
    format(out, again);
    bool same = sodium_memcmp(again, text, TEXT_SIZE) == 0;
    sodium_memzero(again, sizeof again);
    return same;
}

static int write_all(int fd, const char *bytes, size_t size)
{
    while (size > 0) {
        ssize_t wrote = write(fd, bytes, size);
        if (wrote < 0 && errno == EINTR)
            continue;
        if (wrote < 0)
            return -1;
        bytes += wrote;
        size -= (size_t)wrote;
    }
    return 0;
}

/* Whole and durable under a temporary name before it gets its own: no crash
 * leaves half a key. */
static int create(const char *dir, const char *path, const sp_token_key *key)
{
    char temporary[PATH_MAX + 8], text[TEXT_SIZE + 1];
    snprintf(temporary, sizeof temporary, "%s.new", path);
    unlink(temporary);
    int fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return -1;
    format(key, text);
    int result = write_all(fd, text, TEXT_SIZE) == 0 && fsync(fd) == 0 ? 0 : -1;
    sodium_memzero(text, sizeof text);
    if (close(fd) != 0 || result != 0)
        return -1;
    if (rename(temporary, path) != 0)
        return -1;
    return sp_datadir_flush(dir);
}

static sp_storage_status generate(const char *dir, const char *path, sp_token_key *out,
                                  sp_finding *finding)
{
    uint8_t kid[SP_TOKEN_KID_SIZE / 2];
    randombytes_buf(kid, sizeof kid);
    sodium_bin2hex(out->kid, sizeof out->kid, kid, sizeof kid);
    randombytes_buf(out->secret, SECRET_SIZE);
    if (create(dir, path, out) != 0)
        return sp_finding_set(finding, SP_STORAGE_FAILED, 0, "can't write %s: %s", path,
                              strerror(errno));
    return SP_STORAGE_OK;
}

static sp_storage_status read_key(int fd, const char *path, sp_token_key *out, sp_finding *finding)
{
    struct stat about;
    if (fstat(fd, &about) != 0 || !S_ISREG(about.st_mode))
        return sp_finding_set(finding, SP_STORAGE_FAILED, 0, "%s is not a file", path);
    if ((about.st_mode & 077) != 0)
        return sp_finding_set(finding, SP_STORAGE_FAILED, 0,
                              "%s can be read by others (mode %03o): whoever has it can sign in as "
                              "anyone. Remove it for a new key, or chmod 600",
                              path, about.st_mode & 0777u);
    char text[TEXT_SIZE + 2];
    ssize_t size;
    do
        size = read(fd, text, sizeof text);
    while (size < 0 && errno == EINTR);
    bool good = size > 0 && parse(text, (size_t)size, out);
    sodium_memzero(text, sizeof text);
    if (!good)
        return sp_finding_set(finding, SP_STORAGE_DAMAGED, 0,
                              "%s is not a token key; without the file a new one is made, and "
                              "everybody signs in again",
                              path);
    return SP_STORAGE_OK;
}

sp_storage_status sp_token_key_load(const char *dir, sp_token_key *out, sp_finding *finding)
{
    char path[PATH_MAX];
    sp_finding_clear(finding);
    if (sodium_init() < 0)
        return sp_finding_set(finding, SP_STORAGE_FAILED, 0, "no randomness to be had");
    if (snprintf(path, sizeof path, "%s/token.key", dir) >= (int)sizeof path)
        return sp_finding_set(finding, SP_STORAGE_FAILED, 0, "the path %.100s… is too long", dir);

    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0 && errno == ENOENT)
        return generate(dir, path, out, finding);
    if (fd < 0)
        return sp_finding_set(finding, SP_STORAGE_FAILED, 0, "can't open %s: %s", path,
                              strerror(errno));
    sp_storage_status status = read_key(fd, path, out, finding);
    close(fd);
    return status;
}
