/* SPDX-License-Identifier: MIT */
#include "storage/token_key.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sodium.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/assert.h"
#include "storage/datadir.h"

enum {
    SECRET_SIZE = 32,
    SECRET_TEXT_SIZE = 2 * SECRET_SIZE,
    FIRST_LINES_SIZE = 22 + 4 + SP_TOKEN_KID_SIZE + 1 + 7 + SECRET_TEXT_SIZE + 1,
    RETIRED_LINE_SIZE_MAX = 8 + SP_TOKEN_KID_SIZE + 1 + SECRET_TEXT_SIZE + 1 + 20 + 1,
    TEXT_SIZE_MAX = FIRST_LINES_SIZE + (SP_TOKEN_KEYS_KEPT_MAX - 1) * RETIRED_LINE_SIZE_MAX,
};

static const char FIRST_LINE[] = "stagepick-token-key 2\n";
static const char FIRST_LINE_OLD[] = "stagepick-token-key 1\n";

/* Returns the size. */
static size_t format(const sp_token_keys *keys, const char *first_line, char out[TEXT_SIZE_MAX + 1])
{
    char secret[SECRET_TEXT_SIZE + 1];
    size_t size = 0;
    for (uint32_t i = 0; i < keys->count; i++) {
        const sp_token_key *key = &keys->items[i];
        sodium_bin2hex(secret, sizeof secret, key->secret, SECRET_SIZE);
        size_t room = TEXT_SIZE_MAX + 1 - size;
        int wrote = i == 0 ? snprintf(out + size, room, "%skid %s\nsecret %s\n", first_line,
                                      key->kid, secret)
                           : snprintf(out + size, room, "retired %s %s %lld\n", key->kid, secret,
                                      (long long)key->good_until);
        SP_ASSERT_CMP((size_t)wrote, <, room);
        size += (size_t)wrote;
    }
    sodium_memzero(secret, sizeof secret);
    return size;
}

/* The key's id at one place and its secret at another. */
static bool parse_key(const char *kid_text, const char *secret_text, sp_token_key *out)
{
    uint8_t kid[SP_TOKEN_KID_SIZE / 2];
    size_t done;
    if (sodium_hex2bin(kid, sizeof kid, kid_text, SP_TOKEN_KID_SIZE, NULL, &done, NULL) != 0 ||
        done != sizeof kid ||
        sodium_hex2bin(out->secret, SECRET_SIZE, secret_text, SECRET_TEXT_SIZE, NULL, &done,
                       NULL) != 0 ||
        done != SECRET_SIZE)
        return false;
    sodium_bin2hex(out->kid, sizeof out->kid, kid, sizeof kid);
    return true;
}

/* One line of a retired key; its size, or 0. */
static size_t parse_retired(const char *text, size_t size, sp_token_key *out)
{
    const size_t kid_at = 8, secret_at = kid_at + SP_TOKEN_KID_SIZE + 1;
    size_t at = secret_at + SECRET_TEXT_SIZE + 1;
    if (size < at || !parse_key(text + kid_at, text + secret_at, out))
        return 0;
    for (; at < size && text[at] >= '0' && text[at] <= '9' && out->good_until < INT64_MAX / 100;
         at++)
        out->good_until = out->good_until * 10 + (text[at] - '0');
    return at < size && out->good_until > 0 ? at + 1 : 0;
}

static bool has_twins(const sp_token_keys *keys)
{
    for (uint32_t i = 0; i < keys->count; i++)
        for (uint32_t k = 0; k < i; k++)
            if (memcmp(keys->items[i].kid, keys->items[k].kid, SP_TOKEN_KID_SIZE) == 0)
                return true;
    return false;
}

/* Takes what `format` writes and nothing else: what was read is written again
 * and compared. */
static bool parse(const char *text, size_t size, sp_token_keys *out)
{
    const size_t kid_at = sizeof FIRST_LINE - 1 + 4;
    const size_t secret_at = kid_at + SP_TOKEN_KID_SIZE + 1 + 7;
    memset(out, 0, sizeof *out);
    if (size < FIRST_LINES_SIZE || !parse_key(text + kid_at, text + secret_at, &out->items[0]))
        return false;
    out->count = 1;
    for (size_t at = FIRST_LINES_SIZE; at < size;) {
        if (out->count == SP_TOKEN_KEYS_KEPT_MAX)
            return false;
        size_t line_size = parse_retired(text + at, size - at, &out->items[out->count]);
        if (line_size == 0)
            return false;
        at += line_size;
        out->count++;
    }
    const char *first_line = text[sizeof FIRST_LINE - 3] == '1' ? FIRST_LINE_OLD : FIRST_LINE;
    char again[TEXT_SIZE_MAX + 1];
    bool same = format(out, first_line, again) == size && sodium_memcmp(again, text, size) == 0;
    sodium_memzero(again, sizeof again);
    return same && !has_twins(out) && (first_line == FIRST_LINE || out->count == 1);
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

/* Whole and durable under a temporary name before it gets its own. */
static int put_file(const char *dir, const char *path, const sp_token_keys *keys)
{
    char temporary[PATH_MAX + 8], text[TEXT_SIZE_MAX + 1];
    snprintf(temporary, sizeof temporary, "%s.new", path);
    unlink(temporary);
    int fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return -1;
    size_t size = format(keys, FIRST_LINE, text);
    int result = write_all(fd, text, size) == 0 && fsync(fd) == 0 ? 0 : -1;
    sodium_memzero(text, sizeof text);
    if (close(fd) != 0 || result != 0 || rename(temporary, path) != 0) {
        int error = errno;
        unlink(temporary); /* no secret lies about */
        errno = error;
        return -1;
    }
    return sp_datadir_flush(dir);
}

static sp_storage_status put(const char *dir, const char *path, const sp_token_keys *keys,
                             sp_finding *finding)
{
    if (put_file(dir, path, keys) == 0)
        return SP_STORAGE_OK;
    return sp_finding_set(finding, SP_STORAGE_FAILED, 0, "can't write %s: %s", path,
                          strerror(errno));
}

static void generate(sp_token_key *out)
{
    uint8_t kid[SP_TOKEN_KID_SIZE / 2];
    memset(out, 0, sizeof *out);
    randombytes_buf(kid, sizeof kid);
    sodium_bin2hex(out->kid, sizeof out->kid, kid, sizeof kid);
    randombytes_buf(out->secret, SECRET_SIZE);
}

static sp_storage_status read_keys(int fd, const char *path, sp_token_keys *out,
                                   sp_finding *finding)
{
    struct stat about;
    if (fstat(fd, &about) != 0 || !S_ISREG(about.st_mode))
        return sp_finding_set(finding, SP_STORAGE_FAILED, 0, "%s is not a file", path);
    if ((about.st_mode & 077) != 0)
        return sp_finding_set(finding, SP_STORAGE_FAILED, 0,
                              "%s can be read by others (mode %03o): whoever has it can sign in as "
                              "anyone. Remove it for a new key, or chmod 600",
                              path, about.st_mode & 0777u);
    char text[TEXT_SIZE_MAX + 2];
    ssize_t size;
    do
        size = read(fd, text, sizeof text);
    while (size < 0 && errno == EINTR);
    bool good = size > 0 && size <= TEXT_SIZE_MAX && parse(text, (size_t)size, out);
    sodium_memzero(text, sizeof text);
    if (!good)
        return sp_finding_set(finding, SP_STORAGE_DAMAGED, 0,
                              "%s is not a token key; without the file a new one is made, and "
                              "all access tokens end",
                              path);
    return SP_STORAGE_OK;
}

/* path: of PATH_MAX. */
static sp_storage_status begin(const char *dir, char *path, sp_finding *finding)
{
    sp_finding_clear(finding);
    if (sodium_init() < 0)
        return sp_finding_set(finding, SP_STORAGE_FAILED, 0, "no randomness to be had");
    if (snprintf(path, PATH_MAX, "%s/token.key", dir) >= PATH_MAX)
        return sp_finding_set(finding, SP_STORAGE_FAILED, 0, "the path %.100s… is too long", dir);
    return SP_STORAGE_OK;
}

static int open_file(const char *path)
{
    return open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
}

static sp_storage_status report_open(const char *path, sp_finding *finding)
{
    return sp_finding_set(finding, SP_STORAGE_FAILED, 0, "can't open %s: %s", path,
                          strerror(errno));
}

sp_storage_status sp_token_keys_read(const char *dir, sp_token_keys *out, sp_finding *finding)
{
    char path[PATH_MAX];
    sp_storage_status status = begin(dir, path, finding);
    if (status != SP_STORAGE_OK)
        return status;
    int fd = open_file(path);
    if (fd < 0)
        return report_open(path, finding);
    status = read_keys(fd, path, out, finding);
    close(fd);
    return status;
}

sp_storage_status sp_token_keys_load(const char *dir, sp_token_keys *out, sp_finding *finding)
{
    char path[PATH_MAX];
    struct stat about;
    sp_storage_status status = begin(dir, path, finding);
    if (status != SP_STORAGE_OK || lstat(path, &about) == 0 || errno != ENOENT)
        return status != SP_STORAGE_OK ? status : sp_token_keys_read(dir, out, finding);
    memset(out, 0, sizeof *out);
    generate(&out->items[0]);
    out->count = 1;
    return put(dir, path, out, finding);
}

sp_storage_status sp_token_key_load(const char *dir, sp_token_key *out, sp_finding *finding)
{
    sp_token_keys keys;
    sp_storage_status status = sp_token_keys_load(dir, &keys, finding);
    if (status == SP_STORAGE_OK)
        *out = keys.items[0];
    sodium_memzero(&keys, sizeof keys);
    return status;
}

/* Opens the file and locks it. Whoever waited for another who replaced it holds
 * a file that is no more, and takes the new one. */
static int open_locked(const char *path)
{
    for (;;) {
        struct stat held, there;
        int fd = open_file(path);
        if (fd < 0)
            return -1;
        int locked;
        do
            locked = flock(fd, LOCK_EX);
        while (locked != 0 && errno == EINTR);
        if (locked != 0 || fstat(fd, &held) != 0) {
            int error = errno;
            close(fd);
            errno = error;
            return -1;
        }
        if (stat(path, &there) == 0 && there.st_ino == held.st_ino && there.st_dev == held.st_dev)
            return fd;
        close(fd);
    }
}

/* The new key in front; false if those that are still good leave no room. */
static bool rotate(sp_token_keys *keys, sp_time_ms now, sp_time_ms keep_ms)
{
    sp_token_keys next = {.count = 1};
    bool fits = true;
    generate(&next.items[0]);
    keys->items[0].good_until = INT64_MAX; /* it signed until now */
    for (uint32_t i = 0; keep_ms > 0 && fits && i < keys->count; i++) {
        if (keys->items[i].good_until <= now)
            continue;
        if (keys->items[i].good_until < now + keep_ms || i == 0)
            keys->items[i].good_until = now + keep_ms;
        fits = next.count < SP_TOKEN_KEYS_KEPT_MAX;
        if (fits)
            next.items[next.count++] = keys->items[i];
    }
    if (fits)
        *keys = next;
    sodium_memzero(&next, sizeof next);
    return fits;
}

sp_storage_status sp_token_keys_rotate(const char *dir, sp_time_ms now, sp_time_ms keep_ms,
                                       sp_token_keys *out, sp_finding *finding)
{
    char path[PATH_MAX];
    sp_storage_status status = begin(dir, path, finding);
    if (status != SP_STORAGE_OK)
        return status;
    int fd = open_locked(path);
    if (fd < 0)
        return report_open(path, finding);
    status = read_keys(fd, path, out, finding);
    if (status == SP_STORAGE_OK && !rotate(out, now, keep_ms))
        status = sp_finding_set(finding, SP_STORAGE_FAILED, 0,
                                "%u keys are good still: rotate when one of them has ended",
                                SP_TOKEN_KEYS_KEPT_MAX);
    if (status == SP_STORAGE_OK)
        status = put(dir, path, out, finding);
    close(fd); /* and with it the lock */
    return status;
}
