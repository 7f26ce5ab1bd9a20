#include "codec/jsonw.h"

#include <math.h>
#include <stdlib.h>

#include "base/number.h"
#include "codec/json.h"

static void must(bool in_order)
{
	if (!in_order)
		abort();
}

static void new_line(struct hc_jsonw *w)
{
	hc_buf_char(w->out, '\n');
	for (unsigned i = 0; i < w->indent; i++)
		hc_buf_cstr(w->out, "  ");
}

/* What stands between the value before and the one that comes: depth 0 holds one value. */
static void before_value(struct hc_jsonw *w)
{
	bool in_array = w->depth && w->levels[w->depth].is_array;
	must(w->depth ? in_array || w->after_key : !w->levels[0].any);
	if (in_array)
		hc_buf_cstr(w->out, w->levels[w->depth].any ? ", " : " ");
	w->levels[w->depth].any = true;
	w->after_key = false;
}

static void start(struct hc_jsonw *w, bool array)
{
	before_value(w);
	must(w->depth < HC_JSONW_DEPTH_MAX);
	w->depth++;
	w->levels[w->depth].is_array = array;
	w->levels[w->depth].any = false;
	w->indent += !array;
	hc_buf_char(w->out, array ? '[' : '{');
}

static void end(struct hc_jsonw *w, bool array)
{
	must(w->depth && w->levels[w->depth].is_array == array && !w->after_key);
	w->indent -= !array;
	if (!array && w->levels[w->depth].any)
		new_line(w);
	else
		hc_buf_char(w->out, ' ');
	hc_buf_char(w->out, array ? ']' : '}');
	w->depth--;
}

void hc_jsonw_open(struct hc_jsonw *w, struct hc_buf *out)
{
	*w = (struct hc_jsonw){.out = out};
}

void hc_jsonw_object(struct hc_jsonw *w)
{
	start(w, false);
}

void hc_jsonw_object_end(struct hc_jsonw *w)
{
	end(w, false);
}

void hc_jsonw_array(struct hc_jsonw *w)
{
	start(w, true);
}

void hc_jsonw_array_end(struct hc_jsonw *w)
{
	end(w, true);
}

void hc_jsonw_key(struct hc_jsonw *w, const char *key)
{
	hc_jsonw_key_str(w, hc_str(key));
}

void hc_jsonw_key_str(struct hc_jsonw *w, struct hc_str key)
{
	must(w->depth && !w->levels[w->depth].is_array && !w->after_key);
	if (w->levels[w->depth].any)
		hc_buf_char(w->out, ',');
	new_line(w);
	hc_json_quote(w->out, key);
	hc_buf_cstr(w->out, " : ");
	w->levels[w->depth].any = true;
	w->after_key = true;
}

void hc_jsonw_str(struct hc_jsonw *w, struct hc_str text)
{
	before_value(w);
	hc_json_quote(w->out, text);
}

void hc_jsonw_cstr(struct hc_jsonw *w, const char *text)
{
	if (text)
		hc_jsonw_str(w, hc_str(text));
	else
		hc_jsonw_null(w);
}

void hc_jsonw_u64(struct hc_jsonw *w, uint64_t v)
{
	before_value(w);
	hc_buf_u64(w->out, v);
}

void hc_jsonw_i64(struct hc_jsonw *w, int64_t v)
{
	before_value(w);
	if (v < 0)
		hc_buf_char(w->out, '-');
	hc_buf_u64(w->out, v < 0 ? 0 - (uint64_t)v : (uint64_t)v);
}

void hc_jsonw_bool(struct hc_jsonw *w, bool v)
{
	before_value(w);
	hc_buf_cstr(w->out, v ? "true" : "false");
}

void hc_jsonw_null(struct hc_jsonw *w)
{
	before_value(w);
	hc_buf_cstr(w->out, "null");
}

void hc_jsonw_double(struct hc_jsonw *w, double v)
{
	char text[HC_NUMBER_PRINT_SIZE];
	hc_number_print(v, text);
	if (isfinite(v)) {
		before_value(w);
		hc_buf_cstr(w->out, text);
	} else {
		hc_jsonw_cstr(w, text);
	}
}

void hc_jsonw_member_str(struct hc_jsonw *w, const char *key, struct hc_str text)
{
	hc_jsonw_key(w, key);
	hc_jsonw_str(w, text);
}

void hc_jsonw_member_cstr(struct hc_jsonw *w, const char *key, const char *text)
{
	hc_jsonw_key(w, key);
	hc_jsonw_cstr(w, text);
}

void hc_jsonw_member_u64(struct hc_jsonw *w, const char *key, uint64_t v)
{
	hc_jsonw_key(w, key);
	hc_jsonw_u64(w, v);
}

void hc_jsonw_member_double(struct hc_jsonw *w, const char *key, double v)
{
	hc_jsonw_key(w, key);
	hc_jsonw_double(w, v);
}

void hc_jsonw_member_bool(struct hc_jsonw *w, const char *key, bool v)
{
	hc_jsonw_key(w, key);
	hc_jsonw_bool(w, v);
}
