/* SPDX-License-Identifier: MIT */
#include "tests/support/log_file.h"

#include <stdio.h>

#include "engine/assert.h"

void sp_log_file_open(sp_log_file *file)
{
    sp_finding finding;
    if (sp_env_open(file->dir.path, SP_ENV_CREATE, SP_LOG_FILE_MAP_BYTES, &file->env, &finding) !=
            SP_STORAGE_OK ||
        sp_event_log_create(file->env, &file->log, &finding) != SP_STORAGE_OK) {
        fprintf(stderr, "log_file: %s\n", finding.text);
        SP_ASSERT(false);
    }
    file->to = sp_event_log_interface(file->log);
}

void sp_log_file_close(sp_log_file *file)
{
    sp_event_log_destroy(file->log);
    sp_env_close(file->env);
    file->log = NULL;
    file->env = NULL;
}

void sp_log_file_make(sp_log_file *file)
{
    sp_temp_dir_make(&file->dir);
    sp_history_init(&file->history);
    sp_log_file_open(file);
}

void sp_log_file_remove(sp_log_file *file)
{
    sp_log_file_close(file);
    sp_history_close(&file->history);
    sp_temp_dir_remove(&file->dir);
}

void sp_log_file_fill(sp_log_file *file, uint32_t events_count, uint32_t batch_size)
{
    for (uint32_t i = 0; i < events_count; i++) {
        sp_event event;
        sp_history_next(&file->history, &event);
        if (event.type == SP_EVENT_USER_CREATED) {
            sp_profile profile;
            sp_history_profile(event.user_created.user, event.time, &profile);
            SP_ASSERT_CMP(file->to->profile_add(file->to, &profile), ==, SP_LOG_OK);
        }
        SP_ASSERT_CMP(file->to->append(file->to, &event), ==, SP_LOG_OK);
        if (i % batch_size == batch_size - 1 || i + 1 == events_count) {
            SP_ASSERT_CMP(file->to->commit(file->to, file->history.time), ==, SP_LOG_OK);
            file->history.time++;
        }
    }
}
