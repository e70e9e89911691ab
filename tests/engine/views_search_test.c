/* SPDX-License-Identifier: MIT
 *
 * That the views keep the search with what they publish: concerts as they are made,
 * and as they are renamed while somebody looks.
 */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

#include "engine/views.h"
#include "tests/engine/stage.h"

/* Bytes as they are: folding is another's affair. */
static uint32_t plain_fold(sp_text text, uint32_t *out)
{
    for (uint32_t i = 0; i < text.size; i++)
        out[i] = (unsigned char)text.bytes[i];
    return text.size;
}

/* The newest concert that is published and has the text; 0 = none. */
static sp_concert_id find(const sp_views *views, sp_text text, sp_category_id category)
{
    sp_search_query query;
    sp_concert_id id = sp_views_concerts_count(views) + 1;

    sp_search_ask(sp_views_search(views), text, category, &query);
    while ((id = sp_search_next(sp_views_search(views), &query, id)) > 0) {
        sp_search_entry entry = sp_views_search_entry(views, sp_views_card(views, id));
        if (sp_search_finds(sp_views_search(views), &query, &entry))
            return id;
    }
    return 0;
}

/* Whether the index alone proposes the stage's concert. */
static bool is_candidate(const sp_views *views, sp_text text)
{
    sp_search_query query;

    sp_search_ask(sp_views_search(views), text, 0, &query);
    return sp_search_next(sp_views_search(views), &query, 2) == 1;
}

static void publish(struct stage *stage, sp_views *views)
{
    sp_views_publish_event(views, stage->state, &stage->event);
    sp_views_publish_changes(views, stage->state, &stage->changes);
    sp_views_publish_seq(views, stage->event.seq);
}

/* Decides an edit of the stage's concert and applies it; nobody is told yet. */
static void edit(struct stage *stage, sp_text name, sp_category_id category)
{
    const sp_concert_patch patch = {
        .fields = 1u << SP_PATCH_NAME | 1u << SP_PATCH_CATEGORY,
        .spec = {.name = name, .category = category},
    };
    sp_command command = stage_command(SP_COMMAND_CONCERT_EDIT, HOST);
    command.concert_edit.concert = 1;
    command.concert_edit.patch = &patch;
    assert_int_equal(stage_give(stage, &command), SP_OK);
    sp_changes_clear(&stage->changes);
    sp_changes_add_applied(&stage->changes, stage->state, &stage->event);
}

static void what_is_published_is_found(void **unused)
{
    (void)unused;
    struct stage stage = stage_make();
    sp_views *views = sp_views_create(&stage_limits, plain_fold);
    sp_concert_spec spec = stage_spec();

    assert_non_null(views);
    assert_int_equal(find(views, SP_TEXT("제전"), 0), 0);
    sp_views_publish_all(views, stage.state);
    assert_int_equal(find(views, SP_TEXT("제전"), 0), 1);
    assert_int_equal(find(views, SP_TEXT("assi"), 1), 1);
    assert_int_equal(find(views, SP_TEXT("assi"), 2), 0);
    assert_int_equal(stage_category(&stage, ADMIN, "Jazz"), SP_OK);
    publish(&stage, views);
    spec.category = 2;
    spec.name = SP_TEXT("Second");
    assert_int_equal(stage_concert(&stage, HOST, &spec), SP_OK);
    assert_int_equal(find(views, SP_TEXT("Second"), 0), 0); /* decided, and not durable */
    publish(&stage, views);
    assert_int_equal(find(views, SP_TEXT("Second"), 0), 2);
    assert_int_equal(find(views, SP_TEXT("Jazz"), 2), 2);
    assert_int_equal(find(views, SP_TEXT("제전"), 2), 0);
    sp_views_destroy(views);
    stage_close(&stage);
}

static void an_edit_is_found_when_it_is_published(void **unused)
{
    (void)unused;
    struct stage stage = stage_make();
    sp_views *views = sp_views_create(&stage_limits, plain_fold);

    assert_non_null(views);
    assert_int_equal(stage_category(&stage, ADMIN, "Jazz"), SP_OK);
    sp_views_publish_all(views, stage.state);
    edit(&stage, SP_TEXT("Quartet"), 2);
    assert_int_equal(find(views, SP_TEXT("Quartet"), 0), 0); /* decided, and not durable */
    assert_int_equal(find(views, SP_TEXT("제전"), 1), 1);
    publish(&stage, views);
    assert_int_equal(find(views, SP_TEXT("Quartet"), 0), 1);
    assert_int_equal(find(views, SP_TEXT("Quar"), 2), 1);
    assert_int_equal(find(views, SP_TEXT("Jazz"), 0), 1);
    assert_int_equal(find(views, SP_TEXT(""), 1), 0);
    assert_int_equal(find(views, SP_TEXT("제전"), 0), 0);
    assert_false(is_candidate(views, SP_TEXT("제전")));
    assert_false(is_candidate(views, SP_TEXT("Classic")));
    sp_views_destroy(views);
    stage_close(&stage);
}

/* Two threads. The writer renames the concert; a reader who knows what its card says
 * must find it by that, unless it was renamed while he looked. */
#define EDITS 8000u

static const sp_text names[] = {{"alpha", 5}, {"omega", 5}, {"sigma", 5}, {"gamma", 5}};

typedef struct looking {
    const sp_views *views;
    _Atomic bool started, done;
    uint32_t looks_count, judged_count, lost_count;
} looking;

static void *look(void *argument)
{
    looking *l = argument;

    do {
        const sp_concert_card *before = sp_views_card(l->views, 1);
        bool is_found = is_candidate(l->views, before->spec.name);
        bool same = sp_views_card(l->views, 1) == before; /* each edit makes another card */
        l->judged_count += same;
        l->lost_count += same && !is_found;
        l->looks_count++;
        atomic_store(&l->started, true);
    } while (!atomic_load(&l->done));
    return NULL;
}

static void readers_find_it_while_it_is_renamed(void **unused)
{
    (void)unused;
    sp_limits limits = stage_limits;
    limits.text_bytes_max = 32u << 20;
    struct stage stage = stage_make_with(&limits);
    sp_views *views = sp_views_create(&limits, plain_fold);
    pthread_t thread;

    assert_non_null(views);
    sp_views_publish_all(views, stage.state);
    looking l = {.views = views};
    assert_int_equal(pthread_create(&thread, NULL, look, &l), 0);
    while (!atomic_load(&l.started))
        sched_yield();
    for (uint32_t i = 0; i < EDITS; i++) {
        edit(&stage, names[i % 4], 1);
        publish(&stage, views);
    }
    atomic_store(&l.done, true);
    pthread_join(thread, NULL);
    print_message("%u looks, %u of them with one card\n", l.looks_count, l.judged_count);
    assert_int_equal(l.lost_count, 0);
    sp_views_destroy(views);
    stage_close(&stage);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_published_is_found),
        cmocka_unit_test(an_edit_is_found_when_it_is_published),
        cmocka_unit_test(readers_find_it_while_it_is_renamed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
