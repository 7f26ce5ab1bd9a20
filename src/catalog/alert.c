#include "catalog/resource.h"
#include "catalog/select.h"

enum hc_code hc_alert_change_add(struct hc_db *db, const struct hc_alert_change *change, struct hc_err *err)
{
	return hc_db_run(db, NULL, err, "INSERT INTO alert_change (at_us, schedule, alert, status) VALUES (?, ?, ?, ?)",
			 "ittt", change->at_us, change->schedule, change->alert, change->status);
}

static enum hc_code read_change(struct hc_rows *rows, struct hc_arena *arena, struct hc_alert_change *out,
				struct hc_err *err)
{
	bool failed = false;
	*out = (struct hc_alert_change){
		.id = hc_rows_int(rows, 0),
		.at_us = hc_rows_int(rows, 1),
		.schedule = hc_rows_copy(rows, 2, arena, &failed),
		.alert = hc_rows_copy(rows, 3, arena, &failed),
		.status = hc_rows_copy(rows, 4, arena, &failed),
	};
	return failed ? hc_fail_nomem(err, "the history of an alert") : HC_OK;
}

static enum hc_code read_page(struct hc_rows *rows, const struct hc_order *order, size_t limit, struct hc_arena *arena,
			      struct hc_alert_change **out, size_t *n, struct hc_str *next, struct hc_err *err)
{
	struct hc_alert_change *list = NULL;
	struct hc_str token = {0};
	size_t have = 0, cap = 0;
	for (;;) {
		bool row;
		HC_TRY(hc_rows_next(rows, &row, err));
		if (!row)
			break;
		if (limit && have == limit) {
			const struct hc_alert_change *last = &list[have - 1];
			HC_TRY(hc_select_token(order, last->status, last->at_us, last->id, arena, &token, err));
			break;
		}
		list = hc_select_grow(arena, list, have, &cap, sizeof *list);
		if (!list)
			return hc_fail_nomem(err, "the history of an alert");
		HC_TRY(read_change(rows, arena, &list[have], err));
		have++;
	}
	*out = list;
	*n = have;
	*next = token;
	return HC_OK;
}

enum hc_code hc_alert_change_list(struct hc_db *db, const struct hc_alert_change_filter *filter, struct hc_arena *arena,
				  struct hc_alert_change **out, size_t *n, struct hc_str *next, struct hc_err *err)
{
	struct hc_order order = {'c', "at_us", false, filter->descending};
	if (filter->by_status)
		order = (struct hc_order){'s', "status", true, filter->descending};
	struct hc_select select HC_SELECT_SCOPED;
	hc_select_begin(&select, "SELECT uid, at_us, schedule, alert, status FROM alert_change WHERE 1");
	hc_select_text(&select, "schedule = ?", filter->schedule);
	hc_select_text(&select, "alert = ?", filter->alert);
	hc_select_text(&select, "status = ?", filter->status);
	hc_select_int(&select, "at_us < ?", filter->before_us);
	hc_select_int(&select, "at_us > ?", filter->after_us);
	HC_TRY(hc_select_order(&select, &order, filter->token, filter->limit, err));
	struct hc_rows rows HC_ROWS_SCOPED = {0};
	HC_TRY(hc_select_run(&select, db, &rows, err));
	return read_page(&rows, &order, filter->limit, arena, out, n, next, err);
}
