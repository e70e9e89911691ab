/* SPDX-License-Identifier: MIT
 *
 * Room at the end of the log's file: zeros written ahead of the pages in use,
 * so that committing a batch writes only to blocks that the file has already.
 * Otherwise nearly every flush would also have to make the file's new size
 * durable, and the file system commits its journal for that. Measured: a batch
 * of 64 events takes 20 to 35 percent longer without.
 *
 * LMDB never reads a page that is not yet in use, and writes it whole before it
 * is, so what lies there means nothing. All of it is only advice: once it
 * could not be written, no more is made until the next start, and the file grows
 * as LMDB writes.
 *
 * The committing thread alone, and never inside a write transaction: only then
 * is it certain which pages are not in use.
 */
#ifndef SP_STORAGE_ROOM_H
#define SP_STORAGE_ROOM_H

#include <lmdb.h>
#include <stdint.h>

typedef struct sp_room {
    MDB_env *mdb; /* borrowed */
    int fd;       /* LMDB's own of the data file; < 0: no room is made */
    uint32_t page_bytes;
    uint64_t end_bytes; /* how far the file is filled */
} sp_room;

void sp_room_init(sp_room *room, MDB_env *mdb);
/* Fills ahead if the end is near. Writes at most 256 KiB, once in some
 * thousands of events. */
void sp_room_make(sp_room *room);

#endif
