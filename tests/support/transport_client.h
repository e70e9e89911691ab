/* SPDX-License-Identifier: MIT
 *
 * A blocking HTTP client of tests: sends bytes as they are, reads answers.
 * Whatever takes longer than TRANSPORT_PATIENCE_MS is taken as hung and
 * aborts: that is no performance check, it only ends a test that would wait
 * for ever.
 */
#ifndef SP_TESTS_SUPPORT_TRANSPORT_CLIENT_H
#define SP_TESTS_SUPPORT_TRANSPORT_CLIENT_H

#include "net/out.h"

#define TRANSPORT_PATIENCE_MS 30000

typedef struct transport_client {
    int fd;
    sp_out in; /* received, not yet handed out: [at, size) */
    size_t at;
} transport_client;

typedef struct transport_answer {
    int status;  /* 0: the connection ended before an answer */
    bool closes; /* Connection: close */
    size_t body_size;
    char body[512]; /* NUL-terminated, cut off beyond */
} transport_answer;

/* address as `127.0.0.1:8080` or `[::1]:8080`. receive_size > 0 sets the
 * socket's receive buffer. Returns false if the connection is refused. */
bool transport_connect(transport_client *client, const char *address, int receive_size);
void transport_close(transport_client *client);
/* Ends by a reset, so that the server learns of it at once. */
void transport_reset(transport_client *client);
void transport_send(transport_client *client, const char *bytes, size_t size);
void transport_say(transport_client *client, const char *string);
/* Shuts our sending side. */
void transport_end(transport_client *client);
/* The next answer (an interim one counts as one). head: it has no body. */
transport_answer transport_read(transport_client *client, bool head);
/* GET path on a fresh look, the answer's status. */
int transport_get(transport_client *client, const char *path);
/* The next bytes that come are these; aborts if others do. */
void transport_expect(transport_client *client, const char *bytes, size_t size);
/* Waits for the server to end the connection; what came before is counted
 * into *size (may be NULL). true = orderly, false = by a reset. */
bool transport_wait_end(transport_client *client, size_t *size);
/* Is there anything to read (an end included) within so many milliseconds? */
bool transport_readable(transport_client *client, int timeout_ms);

#endif
