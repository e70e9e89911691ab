/* SPDX-License-Identifier: MIT
 *
 * The functions that the route table names, by noun (users.c, auth.c, …).
 * What each kind does stands in net/router.h.
 */
#ifndef SP_NET_HANDLERS_H
#define SP_NET_HANDLERS_H

#include "net/router.h"

/* users.c */
bool sp_users_decode_sign_up(sp_exchange *ex, sp_decode *decode, const sp_json_node *root);
void sp_users_start_sign_up(sp_exchange *ex);
void sp_users_answer_sign_up(sp_exchange *ex, sp_out *out);
void sp_users_start_me(sp_exchange *ex);
bool sp_users_decode_role(sp_exchange *ex, sp_decode *decode, const sp_json_node *root);
void sp_users_start_role(sp_exchange *ex);
bool sp_users_decode_grant(sp_exchange *ex, sp_decode *decode, const sp_json_node *root);
void sp_users_start_grant(sp_exchange *ex);
void sp_users_completed(sp_exchange *ex);
void sp_users_answer(sp_exchange *ex, sp_out *out);
bool sp_users_decode_edit(sp_exchange *ex, sp_decode *decode, const sp_json_node *root);
void sp_users_start_edit(sp_exchange *ex);
void sp_users_start_erase(sp_exchange *ex);
void sp_users_answer_erase(sp_exchange *ex, sp_out *out);
void sp_users_start_list(sp_exchange *ex);
void sp_users_completed_list(sp_exchange *ex);
void sp_users_answer_list(sp_exchange *ex, sp_out *out);

/* ledger.c */
void sp_ledger_start(sp_exchange *ex);
void sp_ledger_answer(sp_exchange *ex, sp_out *out);

/* auth.c */
bool sp_auth_decode_login(sp_exchange *ex, sp_decode *decode, const sp_json_node *root);
void sp_auth_start_login(sp_exchange *ex);
bool sp_auth_refused_login(sp_exchange *ex);
void sp_auth_answer_login(sp_exchange *ex, sp_out *out);
bool sp_auth_decode_refresh(sp_exchange *ex, sp_decode *decode, const sp_json_node *root);
void sp_auth_start_refresh(sp_exchange *ex);
bool sp_auth_refused_refresh(sp_exchange *ex);
void sp_auth_answer_refresh(sp_exchange *ex, sp_out *out);
void sp_auth_start_logout(sp_exchange *ex);
void sp_auth_answer_logout(sp_exchange *ex, sp_out *out);
void sp_auth_answer_done(sp_exchange *ex, sp_out *out);
bool sp_auth_decode_password(sp_exchange *ex, sp_decode *decode, const sp_json_node *root);
void sp_auth_start_password(sp_exchange *ex);
bool sp_auth_refused_password(sp_exchange *ex);

/* categories.c */
bool sp_categories_decode(sp_exchange *ex, sp_decode *decode, const sp_json_node *root);
void sp_categories_answer_create(sp_exchange *ex, sp_out *out);
void sp_categories_answer_list(sp_exchange *ex, sp_out *out);

/* concerts.c */
bool sp_concerts_decode(sp_exchange *ex, sp_decode *decode, const sp_json_node *root);
void sp_concerts_answer_create(sp_exchange *ex, sp_out *out);
void sp_concerts_answer_list(sp_exchange *ex, sp_out *out);
void sp_concerts_answer(sp_exchange *ex, sp_out *out);
bool sp_concerts_decode_edit(sp_exchange *ex, sp_decode *decode, const sp_json_node *root);
bool sp_concerts_decode_nothing(sp_exchange *ex, sp_decode *decode, const sp_json_node *root);
void sp_concerts_start_pause(sp_exchange *ex);
void sp_concerts_start_resume(sp_exchange *ex);
void sp_concerts_start_cancel(sp_exchange *ex);
void sp_concerts_answer_changed(sp_exchange *ex, sp_out *out);

/* concert_orders.c */
void sp_concert_orders_start(sp_exchange *ex);
void sp_concert_orders_completed(sp_exchange *ex);
void sp_concert_orders_answer(sp_exchange *ex, sp_out *out);

/* seatmap.c */
void sp_seatmap_answer(sp_exchange *ex, sp_out *out);

/* seat_stream.c */
void sp_seat_stream_answer(sp_exchange *ex, sp_out *out);

/* orders.c */
bool sp_orders_decode(sp_exchange *ex, sp_decode *decode, const sp_json_node *root);
void sp_orders_answer_create(sp_exchange *ex, sp_out *out);
void sp_orders_start_list(sp_exchange *ex);
void sp_orders_answer_list(sp_exchange *ex, sp_out *out);
void sp_orders_start_get(sp_exchange *ex);
bool sp_orders_decode_cancel(sp_exchange *ex, sp_decode *decode, const sp_json_node *root);
void sp_orders_start_cancel(sp_exchange *ex);
void sp_orders_answer(sp_exchange *ex, sp_out *out);

/* holds.c */
bool sp_holds_decode(sp_exchange *ex, sp_decode *decode, const sp_json_node *root);
bool sp_holds_decode_extend(sp_exchange *ex, sp_decode *decode, const sp_json_node *root);
void sp_holds_start_extend(sp_exchange *ex);
void sp_holds_start_release(sp_exchange *ex);
void sp_holds_start_get(sp_exchange *ex);
void sp_holds_completed(sp_exchange *ex);
void sp_holds_answer_take(sp_exchange *ex, sp_out *out);
void sp_holds_answer(sp_exchange *ex, sp_out *out);
void sp_holds_answer_release(sp_exchange *ex, sp_out *out);

/* jobs.c, job_stream.c */
void sp_jobs_start(sp_exchange *ex);
void sp_jobs_answer_accepted(sp_exchange *ex, sp_out *out);
void sp_jobs_start_get(sp_exchange *ex);
void sp_jobs_answer(sp_exchange *ex, sp_out *out);
void sp_jobs_start_stream(sp_exchange *ex);
void sp_jobs_answer_stream(sp_exchange *ex, sp_out *out);
void sp_jobs_end(sp_exchange *ex);

/* ops.c */
void sp_ops_start_metrics(sp_exchange *ex);
void sp_ops_completed_metrics(sp_exchange *ex);
void sp_ops_answer_metrics(sp_exchange *ex, sp_out *out);
void sp_ops_start_stats(sp_exchange *ex);
void sp_ops_completed_stats(sp_exchange *ex);
void sp_ops_answer_stats(sp_exchange *ex, sp_out *out);

/* pages.c */
void sp_pages_answer(sp_exchange *ex, sp_out *out);

/* health.c */
void sp_health_answer_live(sp_exchange *ex, sp_out *out);
void sp_health_answer_ready(sp_exchange *ex, sp_out *out);

/* openapi_answer.c */
void sp_openapi_answer(sp_exchange *ex, sp_out *out);

#endif
