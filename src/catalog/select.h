/*
 * A page of a listing: SQL put together from constant pieces and bound values, with keyset paging.
 *
 * The order is (sort column, uid), so it is total, and a page goes on behind the last row of the one before: rows that come or go
 * in between shift nothing. The token of a page holds the order and that row's key, as base64. Nothing of it is trusted: a forged one
 * gives another position of the same listing at most.
 *
 * For this directory only. Every table listed has its rows' id in a column `uid`.
 */
#ifndef HC_CATALOG_SELECT_H
#define HC_CATALOG_SELECT_H

#include "base/buf.h"
#include "db/db.h"

enum { HC_TOKEN_BYTES_MAX = 8192 };

/* An order. */
struct hc_order {
	char letter;        /* names it in tokens */
	const char *column; /* constant SQL; never NULL in a row */
	bool is_text, descending;
};

struct hc_select {
	struct hc_buf sql;
	struct hc_db_value values[HC_DB_VALUES_MAX];
	size_t n;
	struct hc_buf key; /* of the token, decoded: values point into it */
};

/* Starts it with all up to and including a first condition without values: "SELECT .. FROM .. WHERE 1". */
void hc_select_begin(struct hc_select *s, const char *sql);
void hc_select_free(struct hc_select *s);
#define HC_SELECT_SCOPED __attribute__((cleanup(hc_select_free)))

/* " AND condition", whose one ? is the value. `_text` adds nothing for p == NULL, `_int` nothing for 0. */
void hc_select_text(struct hc_select *s, const char *condition, struct hc_str value);
void hc_select_int(struct hc_select *s, const char *condition, int64_t value);

/* The order, the place to go on from (p == NULL: the start), and one row more than `limit` (0: all). HC_USAGE: a token of no listing of this order. */
enum hc_code hc_select_order(struct hc_select *s, const struct hc_order *order, struct hc_str token, size_t limit,
			     struct hc_err *err) HC_MUST_USE;
enum hc_code hc_select_run(struct hc_select *s, struct hc_db *db, struct hc_rows *out, struct hc_err *err) HC_MUST_USE;

/* The token of the page behind a row, in the arena. `text` or `number` is its value in the order's column. */
enum hc_code hc_select_token(const struct hc_order *order, struct hc_str text, int64_t number, int64_t uid,
			     struct hc_arena *arena, struct hc_str *out, struct hc_err *err) HC_MUST_USE;

/* Doubles a list of items in an arena when it is full. NULL without memory. */
void *hc_select_grow(struct hc_arena *arena, void *list, size_t n, size_t *cap, size_t item_size) HC_MUST_USE;

#endif
