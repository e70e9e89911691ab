/* SPDX-License-Identifier: MIT */
#include "net/process.h"

#include <dirent.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static void read_memory(sp_process_figures *out)
{
    unsigned long long total_pages, resident_pages;
    FILE *file = fopen("/proc/self/statm", "re");
    if (file == NULL)
        return;
    uint64_t page_size = (uint64_t)sysconf(_SC_PAGESIZE);
    if (fscanf(file, "%llu %llu", &total_pages, &resident_pages) == 2) {
        out->virtual_bytes = total_pages * page_size;
        out->resident_bytes = resident_pages * page_size;
    }
    fclose(file);
}

/* All entries but `.` and `..`, and the descriptor of the walk itself. */
static uint64_t walk_files(void)
{
    uint64_t count = 0;
    DIR *directory = opendir("/proc/self/fd");
    if (directory == NULL)
        return 0;
    while (readdir(directory) != NULL)
        count++;
    closedir(directory);
    return count >= 3 ? count - 3 : 0;
}

/* Since Linux 6.2 the directory's size is the number of its entries. */
static uint64_t count_files(void)
{
    struct stat status;
    if (stat("/proc/self/fd", &status) == 0 && status.st_size > 0)
        return (uint64_t)status.st_size;
    return walk_files();
}

void sp_process_read(sp_process_figures *out)
{
    struct timespec cpu;
    struct rlimit files;
    *out = (sp_process_figures){0};
    read_memory(out);
    if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu) == 0)
        out->cpu_ns = (uint64_t)cpu.tv_sec * 1000000000u + (uint64_t)cpu.tv_nsec;
    out->open_files = count_files();
    if (getrlimit(RLIMIT_NOFILE, &files) == 0)
        out->open_files_max = files.rlim_cur;
}
