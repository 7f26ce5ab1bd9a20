#include "catalog/select.h"

#include <inttypes.h>

#include "codec/base64.h"

enum { SQL_BYTES_MAX = 8192 };

void hc_select_begin(struct hc_select *s, const char *sql)
{
	*s = (struct hc_select){.sql = HC_BUF(SQL_BYTES_MAX), .key = HC_BUF(HC_TOKEN_BYTES_MAX)};
	hc_buf_cstr(&s->sql, sql);
}

void hc_select_free(struct hc_select *s)
{
	hc_buf_free(&s->sql);
	hc_buf_free(&s->key);
}

static void add_value(struct hc_select *s, struct hc_db_value value)
{
	assert(s->n < HC_DB_VALUES_MAX);
	s->values[s->n++] = value;
}

static void add_condition(struct hc_select *s, const char *condition, struct hc_db_value value)
{
	hc_buf_cstr(&s->sql, " AND ");
	hc_buf_cstr(&s->sql, condition);
	add_value(s, value);
}

void hc_select_text(struct hc_select *s, const char *condition, struct hc_str value)
{
	if (value.p)
		add_condition(s, condition, (struct hc_db_value){.type = 't', .t = value});
}

void hc_select_int(struct hc_select *s, const char *condition, int64_t value)
{
	if (value)
		add_condition(s, condition, (struct hc_db_value){.type = 'i', .i = value});
}

/* Takes a decimal number and the byte behind it off the front of s; end 0: it ends with s. */
static bool take_number(struct hc_str *s, char end, int64_t *out)
{
	size_t i = 0;
	bool negative = s->n > 0 && s->p[0] == '-';
	uint64_t value = 0;
	for (i = negative; i < s->n && s->p[i] >= '0' && s->p[i] <= '9'; i++) {
		uint64_t digit = (uint64_t)(s->p[i] - '0');
		if (value > (INT64_MAX - digit) / 10)
			return false;
		value = value * 10 + digit;
	}
	if (i == (size_t)negative || (end ? i == s->n || s->p[i] != end : i != s->n))
		return false;
	*out = negative ? -(int64_t)value : (int64_t)value;
	size_t taken = i + (end != 0);
	*s = (struct hc_str){s->p + taken, s->n - taken};
	return true;
}

/* A token is "1", the order's letter, "a" or "d", the uid, ":", the key. False for any other text. */
static bool read_token(struct hc_select *s, const struct hc_order *order, struct hc_str token, struct hc_db_value *key,
		       int64_t *uid)
{
	if (token.n > HC_TOKEN_BYTES_MAX || !hc_base64_decode(token, &s->key) || s->key.failed != HC_OK)
		return false;
	struct hc_str rest = hc_buf_view(&s->key);
	const char head[] = {'1', order->letter, order->descending ? 'd' : 'a'};
	if (rest.n < sizeof head || memcmp(rest.p, head, sizeof head) != 0)
		return false;
	rest = (struct hc_str){rest.p + sizeof head, rest.n - sizeof head};
	if (!take_number(&rest, ':', uid))
		return false;
	*key = (struct hc_db_value){.type = order->is_text ? 't' : 'i', .t = rest};
	return order->is_text || take_number(&rest, 0, &key->i);
}

enum hc_code hc_select_order(struct hc_select *s, const struct hc_order *order, struct hc_str token, size_t limit,
			     struct hc_err *err)
{
	if (token.p) {
		struct hc_db_value key;
		int64_t uid;
		if (!read_token(s, order, token, &key, &uid)) {
			hc_err_set(err, HC_USAGE, "the token is not one of a listing in this order");
			return hc_hint(err, "send it as it was given, with the same order");
		}
		hc_buf_printf(&s->sql, " AND (%s, uid) %s (?, ?)", order->column, order->descending ? "<" : ">");
		add_value(s, key);
		add_value(s, (struct hc_db_value){.type = 'i', .i = uid});
	}
	const char *direction = order->descending ? "DESC" : "ASC";
	hc_buf_printf(&s->sql, " ORDER BY %s %s, uid %s LIMIT ?", order->column, direction, direction);
	/* SQLite takes a negative limit for none. */
	int64_t rows = limit == 0 || limit >= INT64_MAX ? -1 : (int64_t)limit + 1;
	add_value(s, (struct hc_db_value){.type = 'i', .i = rows});
	return HC_OK;
}

enum hc_code hc_select_run(struct hc_select *s, struct hc_db *db, struct hc_rows *out, struct hc_err *err)
{
	const char *sql = hc_buf_cstring(&s->sql);
	HC_TRY(hc_buf_check(&s->sql, "a query", err));
	return hc_db_query_list(db, out, sql, s->values, s->n, err);
}

enum hc_code hc_select_token(const struct hc_order *order, struct hc_str text, int64_t number, int64_t uid,
			     struct hc_arena *arena, struct hc_str *out, struct hc_err *err)
{
	struct hc_buf plain HC_BUF_SCOPED = HC_BUF(HC_TOKEN_BYTES_MAX);
	struct hc_buf coded HC_BUF_SCOPED = HC_BUF(2 * HC_TOKEN_BYTES_MAX);
	hc_buf_printf(&plain, "1%c%c%" PRId64 ":", order->letter, order->descending ? 'd' : 'a', uid);
	if (order->is_text)
		hc_buf_str(&plain, text);
	else
		hc_buf_printf(&plain, "%" PRId64, number);
	HC_TRY(hc_buf_check(&plain, "a token", err));
	hc_base64_encode(hc_buf_view(&plain), &coded);
	HC_TRY(hc_buf_check(&coded, "a token", err));
	const char *p = hc_arena_cstring(arena, hc_buf_view(&coded));
	if (!p)
		return hc_fail_nomem(err, "a token");
	*out = (struct hc_str){p, coded.n};
	return HC_OK;
}

void *hc_select_grow(struct hc_arena *arena, void *list, size_t n, size_t *cap, size_t item_size)
{
	if (n < *cap)
		return list;
	size_t more = *cap ? 2 * *cap : 16;
	if (more > SIZE_MAX / item_size)
		return NULL;
	void *grown = hc_arena_take(arena, more * item_size);
	if (!grown)
		return NULL;
	if (n)
		memcpy(grown, list, n * item_size);
	*cap = more;
	return grown;
}
