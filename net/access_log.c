/* SPDX-License-Identifier: MIT */
#include "net/access_log.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <time.h>

#include "engine/assert.h"

struct sp_access_log {
    sp_logger *logger;
    sp_log_line line; /* its memory is used again for each request */
};

sp_access_log *sp_access_log_create(sp_logger *logger)
{
    SP_ASSERT(sp_logger_has_access(logger));
    sp_access_log *log = calloc(1, sizeof *log);
    if (log != NULL)
        log->logger = logger;
    return log;
}

void sp_access_log_destroy(sp_access_log *log)
{
    if (log == NULL)
        return;
    sp_log_line_close(&log->line);
    free(log);
}

int64_t sp_access_now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int sp_access_status(const char *bytes, size_t size)
{
    enum { STATUS_AT = sizeof "HTTP/1.1 " - 1 };
    SP_ASSERT_CMP(size, >=, STATUS_AT + 3);
    const char *digits = bytes + STATUS_AT;
    return (digits[0] - '0') * 100 + (digits[1] - '0') * 10 + digits[2] - '0';
}

static sp_text text_or_absent(const char *string)
{
    return (sp_text){string, string != NULL ? (uint32_t)strlen(string) : 0};
}

/* Absent if it is not known. */
static sp_text method_text(sp_method method)
{
    static const char *const names[] = {
        [SP_METHOD_GET] = "GET",         [SP_METHOD_HEAD] = "HEAD",   [SP_METHOD_POST] = "POST",
        [SP_METHOD_PUT] = "PUT",         [SP_METHOD_PATCH] = "PATCH", [SP_METHOD_DELETE] = "DELETE",
        [SP_METHOD_OPTIONS] = "OPTIONS",
    };
    return text_or_absent(names[method]);
}

static bool is_mapped_ipv4(const sp_client_address *address)
{
    static const uint8_t prefix[12] = {[10] = 0xFF, [11] = 0xFF};
    return memcmp(address->bytes, prefix, sizeof prefix) == 0;
}

static void put_client(sp_json_writer *json, const sp_client_address *client)
{
    static const sp_client_address unknown = {{0}};
    char text[INET6_ADDRSTRLEN + sizeof "/64"];
    sp_json_key(json, "client");
    if (client == NULL || memcmp(client, &unknown, sizeof unknown) == 0) {
        sp_json_null(json);
        return;
    }
    sp_client_address network = sp_client_network(client);
    bool is_ipv4 = is_mapped_ipv4(&network);
    inet_ntop(is_ipv4 ? AF_INET : AF_INET6, network.bytes + (is_ipv4 ? 12 : 0), text, sizeof text);
    strcat(text, is_ipv4 ? "/24" : "/64");
    sp_json_string(json, text);
}

static void put_optional(sp_json_writer *json, bool is_there, int64_t value)
{
    if (is_there)
        sp_json_integer(json, value);
    else
        sp_json_null(json);
}

void sp_access_log_put(sp_access_log *log, const sp_access_entry *entry)
{
    sp_json_writer *json = sp_log_line_begin(&log->line, SP_LEVEL_INFO, "request");
    sp_json_put_text(json, "request_id", entry->request_id);
    sp_json_put_text(json, "trace_id", entry->trace_id);
    sp_json_put_text(json, "method", method_text(entry->method));
    sp_json_put_text(json, "route", text_or_absent(entry->route));
    sp_json_key(json, "status");
    put_optional(json, entry->status != 0, entry->status);
    sp_json_put_integer(json, "bytes", (int64_t)entry->bytes);
    sp_json_key(json, "duration_us");
    put_optional(json, entry->duration_us >= 0, entry->duration_us);
    sp_json_key(json, "user");
    put_optional(json, entry->user != 0, entry->user);
    put_client(json, entry->client);
    sp_log_line_end(&log->line);
    sp_logger_put_access(log->logger, log->line.out.bytes, log->line.out.size);
}
