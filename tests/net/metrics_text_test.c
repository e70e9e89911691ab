/* SPDX-License-Identifier: MIT
 *
 * Figures as text, and read back by a parser that knows the format and not the
 * writer. And the sums over loops that they come from.
 */
#include "net/metrics_text.h"

#include "net/router.h"
#include "net/seconds_text.h"
#include "tests/net/exposition.h"

static exposition read_back;

static void write_and_read(const sp_figures *figures)
{
    sp_out out = {0};
    sp_metrics_text_write(figures, &out);
    sp_out_bytes(&out, "", 1);
    exposition_read(&read_back, out.bytes);
    sp_out_close(&out);
}

static void expect(const char *key, double wanted)
{
    double value = exposition_value(&read_back, key);
    if (value != wanted)
        fail_msg("%s is %.17g, wanted %.17g", key, value, wanted);
}

static uint32_t row_of(sp_method method, const char *pattern)
{
    for (uint32_t i = 0; i < sp_routes_count; i++)
        if (sp_routes[i].method == method && strcmp(sp_routes[i].pattern, pattern) == 0)
            return i;
    fail_msg("no row %s", pattern);
    return 0;
}

/* Two loops, which have counted different things. */
static sp_metrics *counted(void)
{
    sp_metrics *metrics = sp_metrics_create(2, sp_routes_count + 1);
    assert_non_null(metrics);
    sp_metrics_loop *a = sp_metrics_of_loop(metrics, 0), *b = sp_metrics_of_loop(metrics, 1);
    uint32_t orders = row_of(SP_METHOD_POST, "/v1/orders");
    uint32_t order = row_of(SP_METHOD_GET, "/v1/orders/{id}");
    sp_metrics_answered(a, orders, 201, 40 * 1000);
    sp_metrics_answered(a, orders, 201, 1500 * 1000);
    sp_metrics_answered(b, orders, 201, 40 * 1000);
    sp_metrics_answered(b, orders, 409, 100 * 1000);
    sp_metrics_answered(b, order, 507, UINT64_C(20000000000));
    sp_metrics_answered(a, sp_routes_count, 404, 1);
    sp_counter_add(&a->rejections[SP_SEAT_TAKEN], 2);
    sp_counter_add(&b->rejections[SP_SEAT_TAKEN], 3);
    sp_counter_add(&b->throttled[SP_THROTTLE_LOG_INS], 7);
    sp_counter_add(&a->accepted, 5);
    sp_counter_add(&a->closed, 2);
    sp_counter_add(&b->accepted, 1);
    sp_counter_raise(&a->queue_high, 9);
    sp_counter_raise(&b->queue_high, 4);
    sp_counter_add(&a->busy_ns, 1500000000);
    sp_counter_raise(&b->turn_ns_max, 250);
    sp_counter_add(&b->sent_bytes, UINT64_MAX / 2);
    return metrics;
}

static void loops_are_summed(void **state)
{
    sp_metrics *metrics = counted();
    sp_figures figures = {.http = sp_metrics_read(metrics), .version = "1.2.3", .serving = true};
    (void)state;
    write_and_read(&figures);
    expect("stagepick_http_requests_total{method=\"POST\",route=\"/v1/orders\",status=\"201\"}", 3);
    expect("stagepick_http_requests_total{method=\"POST\",route=\"/v1/orders\",status=\"409\"}", 1);
    expect("stagepick_http_requests_total{method=\"GET\",route=\"/v1/orders/{id}\",status=\"507\"}",
           1);
    expect("stagepick_http_requests_total{method=\"unknown\",route=\"unknown\",status=\"404\"}", 1);
    expect("stagepick_rejections_total{code=\"seat_taken\"}", 5);
    expect("stagepick_rejections_total{code=\"queue_full\"}", 0);
    expect("stagepick_throttled_total{limit=\"log_ins\"}", 7);
    expect("stagepick_throttled_total{limit=\"writes\"}", 0);
    expect("stagepick_connections", 4);
    expect("stagepick_connections_accepted_total", 6);
    expect("stagepick_loop_busy_seconds_total{loop=\"0\"}", 1.5);
    expect("stagepick_loop_busy_seconds_total{loop=\"1\"}", 0);
    expect("stagepick_loop_turn_seconds_max{loop=\"1\"}", 0.00000025);
    expect("stagepick_http_sent_bytes_total", 9223372036854775807.0);
    expect("stagepick_build_info{version=\"1.2.3\"}", 1);
    expect("stagepick_serving", 1);
#define TIME(rest) "stagepick_http_answer_seconds" rest
#define ORDERS "method=\"POST\",route=\"/v1/orders\""
    expect(TIME("_bucket{" ORDERS ",le=\"0.000032\"}"), 0);
    expect(TIME("_bucket{" ORDERS ",le=\"0.000064\"}"), 2);
    expect(TIME("_bucket{" ORDERS ",le=\"0.000128\"}"), 3);
    expect(TIME("_bucket{" ORDERS ",le=\"0.001024\"}"), 3);
    expect(TIME("_bucket{" ORDERS ",le=\"0.002048\"}"), 4);
    expect(TIME("_bucket{" ORDERS ",le=\"+Inf\"}"), 4);
    expect(TIME("_sum{" ORDERS "}"), 0.00168);
    expect(TIME("_count{" ORDERS "}"), 4);
    /* Beyond the last bound. */
    expect(TIME("_bucket{method=\"GET\",route=\"/v1/orders/{id}\",le=\"16.777216\"}"), 0);
    expect(TIME("_bucket{method=\"GET\",route=\"/v1/orders/{id}\",le=\"+Inf\"}"), 1);
    /* A route that nobody asked has no rows. */
    assert_false(exposition_has(&read_back, TIME("_count{method=\"GET\",route=\"/v1/orders\"}")));
    sp_figures_close(&figures);
    sp_metrics_destroy(metrics);
}

static void what_is_not_there_is_left_out(void **state)
{
    sp_metrics *metrics = counted();
    sp_figures_sources sources = {.metrics = metrics};
    sp_figures figures;
    (void)state;
    assert_true(sp_figures_gather(&sources, 0, &figures));
    write_and_read(&figures);
    expect("stagepick_serving", 0);
    static const char *const absent[] = {
        "stagepick_seq",          "stagepick_concerts",        "stagepick_users",
        "stagepick_queue_depth",  "stagepick_queue_depth_max", "stagepick_commit_seconds_count",
        "stagepick_orders_total", "stagepick_log_file_bytes",  "stagepick_streams",
        "stagepick_seats_sold",
    };
    for (size_t i = 0; i < sizeof absent / sizeof absent[0]; i++)
        if (exposition_has(&read_back, absent[i]))
            fail_msg("%s is there", absent[i]);
    assert_true(exposition_value(&read_back, "process_resident_memory_bytes") > 100000);
    assert_true(exposition_value(&read_back, "process_open_fds") >= 3);
    assert_true(exposition_value(&read_back, "process_start_time_seconds") > 1.6e9);
    sp_figures_close(&figures);
    sp_metrics_destroy(metrics);
}

static bool sequencer_source(void *context, sp_sequencer_stats *out)
{
    (void)context;
    out->batches = 3;
    out->commands = 70;
    out->events = 40;
    out->batch_commands_high = 64;
    out->commit_ns_max = 3000000;
    sp_tally sizes = {0}, times = {0};
    sp_tally_add(&sizes, SP_TALLY_SIZES, 1);
    sp_tally_add(&sizes, SP_TALLY_SIZES, 5);
    sp_tally_add(&sizes, SP_TALLY_SIZES, 64);
    sp_tally_add(&times, SP_TALLY_TIMES, 3000000);
    sp_tally_read(&sizes, &out->batch_size);
    sp_tally_read(&times, &out->commit_time);
    return true;
}

static bool engine_source(void *context, sp_engine_figures *out)
{
    (void)context;
    *out = (sp_engine_figures){.seq = 40,
                               .users = 12,
                               .orders = 30,
                               .orders_cancelled = 2,
                               .sold_seats = 55,
                               .held_seats = 4,
                               .holds_live = 3,
                               .points_total = -1};
    return true;
}

static bool storage_source(void *context, sp_storage_figures *out)
{
    (void)context;
    *out = (sp_storage_figures){.log_bytes = 4096, .disk_free_bytes = UINT64_C(1) << 40};
    return true;
}

static bool streams_source(void *context, uint64_t *out)
{
    *out = *(uint64_t *)context;
    return true;
}

static void all_sources_are_told(void **state)
{
    uint64_t streams = 20000;
    sp_metrics *metrics = counted();
    sp_figures_sources sources = {.metrics = metrics,
                                  .version = "a\"b\\c\nd",
                                  .context = &streams,
                                  .sequencer = sequencer_source,
                                  .engine = engine_source,
                                  .storage = storage_source,
                                  .streams = streams_source};
    sp_figures figures;
    (void)state;
    assert_true(sp_figures_gather(&sources, 1, &figures));
    write_and_read(&figures);
    expect("stagepick_build_info{version=\"a\\\"b\\\\c\\nd\"}", 1);
    expect("stagepick_events_total", 40);
    expect("stagepick_batch_commands_bucket{le=\"1\"}", 1);
    expect("stagepick_batch_commands_bucket{le=\"8\"}", 2);
    expect("stagepick_batch_commands_bucket{le=\"65536\"}", 3);
    expect("stagepick_batch_commands_sum", 70);
    expect("stagepick_commit_seconds_bucket{le=\"0.002048\"}", 0);
    expect("stagepick_commit_seconds_bucket{le=\"0.004096\"}", 1);
    expect("stagepick_commit_seconds_max", 0.003);
    expect("stagepick_users", 12);
    expect("stagepick_orders_total", 30);
    expect("stagepick_orders_cancelled_total", 2);
    expect("stagepick_seats_sold", 55);
    expect("stagepick_seats_held", 4);
    expect("stagepick_holds", 3);
    expect("stagepick_points", -1);
    expect("stagepick_log_file_bytes", 4096);
    expect("stagepick_disk_free_bytes", 1099511627776.0);
    expect("stagepick_streams", 20000);
    sp_figures_close(&figures);
    sp_metrics_destroy(metrics);
}

/* Every status of every row, every code: still no sample twice, and each status
 * is counted as itself. */
static void statuses_are_told_apart(void **state)
{
    sp_metrics *metrics = sp_metrics_create(1, sp_routes_count + 1);
    (void)state;
    for (uint32_t row = 0; row <= sp_routes_count; row++)
        for (int s = 0; s < SP_STATUSES_COUNT; s++) {
            int number = sp_status_number((sp_status)s);
            assert_int_equal(sp_status_of(number), s);
            for (int times = 0; times <= s; times++)
                sp_metrics_answered(sp_metrics_of_loop(metrics, 0), row, number, 1);
        }
    sp_metrics_figures *figures = sp_metrics_read(metrics);
    for (uint32_t row = 0; row <= sp_routes_count; row++) {
        assert_int_equal(figures->routes[row].count,
                         SP_STATUSES_COUNT * (SP_STATUSES_COUNT + 1) / 2);
        assert_int_equal(figures->routes[row].time.count, figures->routes[row].count);
    }
    free(figures);
    sp_metrics_destroy(metrics);
}

static void check_seconds(uint64_t ns, const char *wanted)
{
    sp_out out = {0};
    sp_seconds_put(&out, ns);
    sp_out_bytes(&out, "", 1);
    assert_string_equal(out.bytes, wanted);
    sp_out_close(&out);
}

static void seconds_are_exact(void **state)
{
    (void)state;
    check_seconds(0, "0");
    check_seconds(1, "0.000000001");
    check_seconds(16000, "0.000016");
    check_seconds(1000000000, "1");
    check_seconds(1500000000, "1.5");
    check_seconds(UINT64_C(10000000010), "10.00000001");
    check_seconds(UINT64_MAX, "18446744073.709551615");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(loops_are_summed),     cmocka_unit_test(what_is_not_there_is_left_out),
        cmocka_unit_test(all_sources_are_told), cmocka_unit_test(statuses_are_told_apart),
        cmocka_unit_test(seconds_are_exact),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
