/* SPDX-License-Identifier: MIT */
#include "storage/room.h"

#include <sys/stat.h>
#include <unistd.h>

/* How much is written at a time: little enough that the flush that takes it
 * along is not felt (some 100 µs), enough that few do. */
#define STEP_BYTES (256u * 1024)
/* Room that a batch finds at least, unless it is very large. */
#define AHEAD_BYTES (128u * 1024)

void sp_room_init(sp_room *room, MDB_env *mdb)
{
    MDB_stat stats;
    struct stat about;
    *room = (sp_room){.mdb = mdb, .fd = -1};
    int fd = -1;
    if (mdb_env_get_fd(mdb, &fd) != 0 || fstat(fd, &about) != 0 || mdb_env_stat(mdb, &stats) != 0)
        return;
    room->fd = fd;
    room->page_bytes = stats.ms_psize;
    room->end_bytes = (uint64_t)about.st_size;
}

void sp_room_make(sp_room *room)
{
    static const char zeros[STEP_BYTES];
    MDB_envinfo info;
    if (room->fd < 0 || mdb_env_info(room->mdb, &info) != 0)
        return;
    uint64_t used_bytes = ((uint64_t)info.me_last_pgno + 1) * room->page_bytes;
    if (used_bytes + AHEAD_BYTES <= room->end_bytes || used_bytes + AHEAD_BYTES > info.me_mapsize)
        return;
    /* A batch larger than the room has passed it. */
    uint64_t from_bytes = used_bytes > room->end_bytes ? used_bytes : room->end_bytes;
    ssize_t wrote = pwrite(room->fd, zeros, STEP_BYTES, (off_t)from_bytes);
    if (wrote <= 0) {
        room->fd = -1;
        return;
    }
    room->end_bytes = from_bytes + (uint64_t)wrote;
}
