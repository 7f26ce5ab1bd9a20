#include "codec/arrow_rows.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/instant.h"
#include "base/utf8.h"
#include "codec/base64.h"
#include "codec/json.h"

enum kind {
	NOTHING,
	BOOL,
	SIGNED,
	UNSIGNED,
	HALF,
	FLOAT,
	DOUBLE,
	DECIMAL,
	TEXT,  /* width: bytes of an offset */
	VIEW,  /* text, or bytes, in 16 bytes each and any number of buffers */
	FIXED, /* n bytes each */
	UUID,
	DATE,
	TIME,
	INSTANT,
	LIST,       /* width: bytes of an offset */
	LIST_VIEW,  /* offsets and sizes */
	LIST_FIXED, /* n values each */
	STRUCT,
	DICTIONARY, /* width: bytes of an index */
};

/* A column, or what is inside of one. */
struct field {
	enum kind kind;
	bool is_text;      /* TEXT, VIEW: said to be UTF-8 */
	bool has_sign;     /* DICTIONARY */
	bool unwanted;     /* a column that rows leave out */
	unsigned width;    /* bytes of a value, offset or index */
	int64_t n;         /* FIXED: bytes; LIST_FIXED: values */
	int scale;         /* DECIMAL */
	int64_t per;       /* DATE: values a day; TIME, INSTANT: values a second */
	int digits;        /* TIME, INSTANT: of the fraction */
	struct hc_str key; /* "name": */
	struct field *children;
	size_t n_children; /* DICTIONARY: 1, the values */
	const struct ArrowArray *array;
	uint64_t variadic; /* VIEW: buffers of bytes */
};

struct hc_arrow_rows {
	struct ArrowArrayStream stream;
	struct ArrowArray batch;
	struct hc_arena arena;
	size_t fields;
	struct field root;
	struct hc_buf row;
	int64_t at; /* the next row of the batch */
};

/* --- the schema ----------------------------------------------------------------------------------- */

static enum hc_code fail_type(const struct ArrowSchema *s, const char *path, struct hc_err *err)
{
	static const struct {
		const char *format, *name;
	} known[] = {{"ti", "interval"}, {"+u", "union"}, {"+r", "run-end encoded"}, {"d:", "decimal"}};
	char shown[HC_STR_SHOW_SIZE], column[HC_STR_SHOW_SIZE];
	const char *name = hc_str_show(hc_str(s->format), shown);
	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (hc_str_starts(hc_str(s->format), known[i].format))
			name = known[i].name;
	hc_fail(err, HC_INPUT, "column '%s' has a type that cannot be read: %s", hc_str_show(hc_str(path), column),
		name);
	return hc_hint(err, "leave the column out, or write it as text or numbers");
}

static enum hc_code fail_schema(const char *what, struct hc_err *err)
{
	hc_fail(err, HC_INPUT, "the columns are not described as they should be: %s", what);
	return hc_hint(err, "the file is damaged: write or copy it again");
}

/* A number in decimal, with a sign if it has one, up to `end` or a comma. */
static bool take_number(const char **p, int64_t *out)
{
	char *end;
	errno = 0;
	long long v = strtoll(*p, &end, 10);
	if (end == *p || errno || (*end && *end != ','))
		return false;
	*p = *end ? end + 1 : end;
	*out = v;
	return true;
}

/* "d:precision,scale" or "d:precision,scale,bits" */
static bool compile_decimal(const char *format, struct field *f)
{
	int64_t precision, scale, bits = 128;
	const char *p = format + 2;
	if (!take_number(&p, &precision) || !take_number(&p, &scale) || (*p && !take_number(&p, &bits)) || *p)
		return false;
	if (bits != 32 && bits != 64 && bits != 128 && bits != 256)
		return false;
	if (scale < -HC_ARROW_DECIMAL_SCALE_MAX || scale > HC_ARROW_DECIMAL_SCALE_MAX)
		return false;
	f->kind = DECIMAL;
	f->width = (unsigned)bits / 8;
	f->scale = (int)scale;
	return true;
}

/* A unit: s, m, u or n. */
static bool compile_unit(char unit, struct field *f)
{
	static const char units[] = "smun";
	const char *at = unit ? strchr(units, unit) : NULL;
	if (!at)
		return false;
	f->per = 1;
	for (const char *p = units; p < at; p++) {
		f->per *= 1000;
		f->digits += 3;
	}
	return true;
}

/* Dates, times, timestamps ("ts" has its zone behind a colon, which changes nothing), durations. */
static bool compile_time(const char *format, struct field *f)
{
	switch (format[1]) {
	case 'd':
		f->kind = DATE;
		f->width = format[2] == 'D' ? 4 : 8;
		f->per = format[2] == 'D' ? 1 : HC_DAY_US / 1000;
		return (format[2] == 'D' || format[2] == 'm') && !format[3];
	case 't':
		f->kind = TIME;
		f->width = format[2] == 's' || format[2] == 'm' ? 4 : 8;
		return compile_unit(format[2], f) && !format[3];
	case 's':
		f->kind = INSTANT;
		f->width = 8;
		return compile_unit(format[2], f) && format[3] == ':';
	case 'D':
		f->kind = SIGNED;
		f->width = 8;
		return compile_unit(format[2], f) && !format[3];
	default:
		return false;
	}
}

static bool compile_fixed(const char *format, enum kind kind, struct field *f)
{
	f->kind = kind;
	return take_number(&format, &f->n) && !*format && f->n >= 0 && f->n <= INT32_MAX;
}

/* Types that have others inside. */
static bool compile_nested(const char *format, struct field *f)
{
	static const struct {
		const char *format;
		enum kind kind;
		unsigned width;
	} known[] = {{"+l", LIST, 4},       {"+L", LIST, 8},   {"+vl", LIST_VIEW, 4},
		     {"+vL", LIST_VIEW, 8}, {"+s", STRUCT, 0}, {"+m", LIST, 4}};
	if (hc_str_starts(hc_str(format), "+w:"))
		return compile_fixed(format + 3, LIST_FIXED, f);
	for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
		if (strcmp(format, known[i].format) == 0) {
			f->kind = known[i].kind;
			f->width = known[i].width;
			return true;
		}
	}
	return false;
}

static bool compile_type(const char *format, struct field *f)
{
	static const struct {
		const char *format;
		enum kind kind;
		unsigned width;
		bool is_text;
	} known[] = {
		{"n", NOTHING, 0, false}, {"b", BOOL, 0, false},     {"c", SIGNED, 1, false}, {"C", UNSIGNED, 1, false},
		{"s", SIGNED, 2, false},  {"S", UNSIGNED, 2, false}, {"i", SIGNED, 4, false}, {"I", UNSIGNED, 4, false},
		{"l", SIGNED, 8, false},  {"L", UNSIGNED, 8, false}, {"e", HALF, 2, false},   {"f", FLOAT, 4, false},
		{"g", DOUBLE, 8, false},  {"u", TEXT, 4, true},      {"U", TEXT, 8, true},    {"z", TEXT, 4, false},
		{"Z", TEXT, 8, false},    {"vu", VIEW, 16, true},    {"vz", VIEW, 16, false}};
	switch (format[0]) {
	case '+':
		return compile_nested(format, f);
	case 't':
		return compile_time(format, f);
	case 'd':
		return format[1] == ':' && compile_decimal(format, f);
	case 'w':
		return format[1] == ':' && compile_fixed(format + 2, FIXED, f);
	default:
		break;
	}
	for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
		if (strcmp(format, known[i].format) == 0) {
			f->kind = known[i].kind;
			f->width = known[i].width;
			f->is_text = known[i].is_text;
			return true;
		}
	}
	return false;
}

static int32_t load_i32(const void *p)
{
	int32_t v;
	memcpy(&v, p, sizeof v);
	return v;
}

static int64_t load_i64(const void *p)
{
	int64_t v;
	memcpy(&v, p, sizeof v);
	return v;
}

/* True when the metadata name the extension type. Their lengths are the producer's: nothing says where they end. */
static bool is_extension(const struct ArrowSchema *s, const char *name)
{
	static const char key[] = "ARROW:extension:name";
	const char *p = s->metadata;
	if (!p)
		return false;
	int32_t pairs = load_i32(p);
	p += 4;
	for (int32_t i = 0; i < pairs; i++) {
		int32_t key_n = load_i32(p);
		const char *key_p = p + 4;
		if (key_n < 0)
			return false;
		p = key_p + key_n;
		int32_t n = load_i32(p);
		if (n < 0)
			return false;
		struct hc_str value = {p + 4, (size_t)n};
		if (hc_str_eq((struct hc_str){key_p, (size_t)key_n}, hc_str(key)) && hc_str_eq(value, hc_str(name)))
			return true;
		p = value.p + n;
	}
	return false;
}

/* "name": */
static void quote_key(struct hc_buf *out, struct hc_str name)
{
	hc_json_quote(out, name);
	hc_buf_char(out, ':');
}

/* The same in the arena. */
static enum hc_code compile_key(struct hc_arrow_rows *r, const char *name, struct field *f, struct hc_err *err)
{
	HC_BUF_SCOPED struct hc_buf text = HC_BUF(HC_ARROW_SCHEMA_BYTES_MAX);
	quote_key(&text, hc_str(name ? name : ""));
	HC_TRY(hc_buf_check(&text, "the name of a column", err));
	f->key = hc_arena_copy(&r->arena, hc_buf_view(&text));
	return f->key.p ? HC_OK : hc_fail_nomem(err, "the names of the columns");
}

static bool children_are_right(const struct ArrowSchema *s, const struct field *f)
{
	for (int64_t i = 0; i < s->n_children; i++)
		if (!s->children || !s->children[i])
			return false;
	switch (f->kind) {
	case STRUCT:
		return s->n_children >= 0;
	case LIST:
	case LIST_VIEW:
	case LIST_FIXED:
		return s->n_children == 1;
	default:
		return s->n_children == 0;
	}
}

/* `path` is the column's name. */
static enum hc_code compile(struct hc_arrow_rows *r, const struct ArrowSchema *s, const char *path, unsigned depth,
			    struct field *f, struct hc_err *err)
{
	*f = (struct field){0};
	if (!s->format)
		return fail_schema("a type is missing", err);
	if (depth > HC_ARROW_DEPTH_MAX || ++r->fields > HC_ARROW_FIELDS_MAX) {
		char shown[HC_STR_SHOW_SIZE];
		hc_fail(err, HC_LIMIT, "column '%s': more than %d types inside each other, or %d columns",
			hc_str_show(hc_str(path), shown), HC_ARROW_DEPTH_MAX, HC_ARROW_FIELDS_MAX);
		return hc_hint(err, "leave columns out that are not needed");
	}
	if (!compile_type(s->format, f))
		return fail_type(s, path, err);
	if (!children_are_right(s, f))
		return fail_schema("a type lacks what should be inside", err);
	HC_TRY(compile_key(r, s->name, f, err));
	if (s->dictionary) {
		if (f->kind != SIGNED && f->kind != UNSIGNED)
			return fail_schema("an index that is no integer", err);
		f->has_sign = f->kind == SIGNED;
		f->kind = DICTIONARY;
	} else if (f->kind == FIXED && f->n == 16 && is_extension(s, "arrow.uuid")) {
		f->kind = UUID;
	}
	f->n_children = s->dictionary ? 1 : (size_t)s->n_children;
	if (f->n_children == 0)
		return HC_OK;
	if (f->n_children > HC_ARROW_FIELDS_MAX)
		return hc_fail(err, HC_LIMIT, "more than %d columns", HC_ARROW_FIELDS_MAX);
	f->children = hc_arena_take(&r->arena, f->n_children * sizeof *f->children);
	if (!f->children)
		return hc_fail_nomem(err, "the columns");
	for (size_t i = 0; i < f->n_children; i++) {
		const struct ArrowSchema *child = s->dictionary ? s->dictionary : s->children[i];
		const char *name = depth == 0 && child->name ? child->name : path;
		HC_TRY(compile(r, child, name, depth + 1, &f->children[i], err));
	}
	return HC_OK;
}

/* --- a batch ---------------------------------------------------------------------------------------- */

static enum hc_code fail_array(const struct field *f, const char *what, struct hc_err *err)
{
	char shown[HC_STR_SHOW_SIZE];
	hc_fail(err, HC_INPUT, "column %s damaged: %s", hc_str_show(f->key, shown), what);
	return hc_hint(err, "write or copy the file again");
}

static int64_t buffers_of(const struct field *f)
{
	switch (f->kind) {
	case NOTHING:
		return 0;
	case TEXT:
	case LIST_VIEW:
		return 3;
	case STRUCT:
	case LIST_FIXED:
		return 1;
	case VIEW:
		return 3; /* at least */
	default:
		return 2;
	}
}

static const void *buffer(const struct field *f, int64_t i)
{
	return f->array->buffers[i];
}

/* How many bytes each of a view's buffers has stands in its last one. */
static enum hc_code bind_view(struct field *f, struct hc_err *err)
{
	int64_t n = f->array->n_buffers - 3;
	if (n > 0 && !buffer(f, n + 2))
		return fail_array(f, "the sizes of its buffers are missing", err);
	f->variadic = (uint64_t)n;
	return HC_OK;
}

/* Values that a child must have for its parent to point at. */
static enum hc_code children_needed(const struct field *f, int64_t *out, struct hc_err *err)
{
	int64_t end = f->array->offset + f->array->length;
	*out = 0;
	if (f->kind == STRUCT)
		*out = end;
	if (f->kind == LIST_FIXED && __builtin_mul_overflow(end, f->n, out))
		return fail_array(f, "more values than can be counted", err);
	return HC_OK;
}

/* Sets the arrays of f and of what is inside, having checked that they have the form of the schema and `length` values. */
static enum hc_code bind(struct field *f, const struct ArrowArray *a, int64_t length, struct hc_err *err)
{
	int64_t n = buffers_of(f), end, needed;
	size_t n_children = f->kind == DICTIONARY ? 0 : f->n_children;
	if (!a || a->length < length || a->offset < 0 || a->length < 0 ||
	    __builtin_add_overflow(a->offset, a->length, &end))
		return fail_array(f, "values are missing", err);
	if (f->kind == VIEW ? a->n_buffers < n : a->n_buffers != n)
		return fail_array(f, "buffers are missing", err);
	if (a->n_children < 0 || (uint64_t)a->n_children != n_children || !a->dictionary != (f->kind != DICTIONARY) ||
	    (n > 0 && !a->buffers) || (n_children > 0 && !a->children))
		return fail_array(f, "it is not of the type that it is said to be", err);
	f->array = a;
	for (int64_t i = 1; i < n && f->kind != TEXT && f->kind != VIEW; i++)
		if (a->length > 0 && !a->buffers[i] && !(f->kind == FIXED && f->n == 0))
			return fail_array(f, "a buffer is missing", err);
	if ((f->kind == TEXT || f->kind == VIEW) && a->length > 0 && !a->buffers[1])
		return fail_array(f, "a buffer is missing", err);
	if (f->kind == VIEW)
		HC_TRY(bind_view(f, err));
	HC_TRY(children_needed(f, &needed, err));
	for (size_t i = 0; i < n_children; i++)
		HC_TRY(bind(&f->children[i], a->children[i], needed, err));
	return f->kind == DICTIONARY ? bind(&f->children[0], a->dictionary, 0, err) : HC_OK;
}

/* --- values ----------------------------------------------------------------------------------------- */

static bool is_null(const struct field *f, int64_t i)
{
	if (f->kind == NOTHING)
		return true;
	const unsigned char *bits = buffer(f, 0);
	return bits && f->array->null_count != 0 && !(bits[i >> 3] >> (i & 7) & 1);
}

static const char *fixed_at(const struct field *f, int64_t i, size_t width)
{
	return (const char *)buffer(f, 1) + (size_t)i * width;
}

/* An integer of 1, 2, 4 or 8 bytes; one without sign comes in the same 64 bits. */
static int64_t load(const char *p, unsigned width, bool has_sign)
{
	uint64_t v = 0;
	switch (width) {
	case 1:
		v = (unsigned char)*p;
		break;
	case 2: {
		uint16_t x;
		memcpy(&x, p, sizeof x);
		v = x;
		break;
	}
	case 4: {
		uint32_t x;
		memcpy(&x, p, sizeof x);
		v = x;
		break;
	}
	default:
		return load_i64(p);
	}
	uint64_t sign = UINT64_C(1) << (8 * width - 1);
	return has_sign ? (int64_t)((v ^ sign) - sign) : (int64_t)v;
}

static void write_i64(struct hc_buf *out, int64_t v)
{
	if (v < 0)
		hc_buf_char(out, '-');
	hc_buf_u64(out, v < 0 ? -(uint64_t)v : (uint64_t)v);
}

static void write_double(struct hc_buf *out, double x)
{
	char text[40];
	int n = 0;
	if (isnan(x)) {
		hc_buf_cstr(out, "\"NaN\"");
	} else if (isinf(x)) {
		hc_buf_cstr(out, x < 0 ? "\"-Infinity\"" : "\"Infinity\"");
	} else if (fabs(x) < 1e15 && x == trunc(x)) {
		hc_buf_put(out, text, (size_t)snprintf(text, sizeof text, "%.1f", x));
	} else {
		/* The shortest of these that reads back; most doubles from text have at most 15 digits. */
		for (int precision = 15; precision <= 17; precision++) {
			n = snprintf(text, sizeof text, "%.*g", precision, x);
			if (precision == 17 || strtod(text, NULL) == x)
				break;
		}
		hc_buf_put(out, text, (size_t)n);
	}
}

/* IEEE 754 binary16. */
static double half_value(uint16_t bits)
{
	int exponent = bits >> 10 & 31;
	double fraction = bits & 1023;
	double x = exponent == 0    ? ldexp(fraction, -24)
		   : exponent == 31 ? (fraction > 0 ? (double)NAN : (double)INFINITY)
				    : ldexp(1024 + fraction, exponent - 25);
	return bits & 0x8000 ? -x : x;
}

static void write_float(const struct field *f, int64_t i, struct hc_buf *out)
{
	const char *p = fixed_at(f, i, f->width);
	if (f->kind == HALF) {
		uint16_t bits;
		memcpy(&bits, p, sizeof bits);
		write_double(out, half_value(bits));
	} else if (f->kind == FLOAT) {
		float x;
		memcpy(&x, p, sizeof x);
		write_double(out, x);
	} else {
		double x;
		memcpy(&x, p, sizeof x);
		write_double(out, x);
	}
}

enum { LIMBS_MAX = 8, DECIMAL_DIGITS_MAX = 80 };

/* The digits of a number of `n` 32-bit limbs (lowest first, which are used up), without leading zeros; 0 has none. Returns where they begin in `text`. */
static size_t decimal_digits(uint32_t *limbs, size_t n, char text[DECIMAL_DIGITS_MAX])
{
	size_t at = DECIMAL_DIGITS_MAX;
	for (;;) {
		while (n > 0 && limbs[n - 1] == 0)
			n--;
		if (n == 0)
			break;
		uint64_t rest = 0;
		for (size_t i = n; i-- > 0;) {
			uint64_t v = rest << 32 | limbs[i];
			limbs[i] = (uint32_t)(v / 10);
			rest = v % 10;
		}
		text[--at] = (char)('0' + rest);
	}
	return at;
}

static void write_zeros(struct hc_buf *out, size_t n)
{
	while (n-- > 0)
		hc_buf_char(out, '0');
}

static void write_decimal(const struct field *f, int64_t i, struct hc_buf *out)
{
	uint32_t limbs[LIMBS_MAX] = {0};
	char text[DECIMAL_DIGITS_MAX];
	size_t n = f->width / 4;
	memcpy(limbs, fixed_at(f, i, f->width), f->width);
	if (limbs[n - 1] >> 31) {
		uint64_t carry = 1;
		for (size_t k = 0; k < n; k++) {
			carry += (uint32_t)~limbs[k];
			limbs[k] = (uint32_t)carry;
			carry >>= 32;
		}
		hc_buf_char(out, '-');
	}
	size_t at = decimal_digits(limbs, n, text);
	size_t digits = DECIMAL_DIGITS_MAX - at, fraction = f->scale > 0 ? (size_t)f->scale : 0;
	size_t whole = digits > fraction ? digits - fraction : 0;
	if (whole == 0)
		hc_buf_char(out, '0');
	hc_buf_put(out, text + at, whole);
	if (whole > 0 && f->scale < 0)
		write_zeros(out, (size_t)-f->scale);
	if (fraction == 0)
		return;
	hc_buf_char(out, '.');
	write_zeros(out, fraction - (digits - whole));
	hc_buf_put(out, text + at + whole, digits - whole);
}

static void write_text(const struct field *f, struct hc_str s, struct hc_buf *out)
{
	size_t valid = hc_utf8_valid_prefix(s.p, s.n);
	if (valid == s.n) {
		hc_json_quote(out, s);
	} else if (f->is_text) {
		/* What is wrong stays in, for the reader of the row to find. */
		hc_json_quote(out, (struct hc_str){s.p, valid});
		if (out->failed)
			return;
		out->n--;
		hc_buf_put(out, s.p + valid, s.n - valid);
		hc_buf_char(out, '"');
	} else {
		hc_buf_char(out, '"');
		hc_base64_encode(s, out);
		hc_buf_char(out, '"');
	}
}

/* Value i of n + 1 offsets in `buffer`; false when they run backwards or past `last`. */
static bool offsets_at(const struct field *f, int64_t i, int64_t last, int64_t *from, int64_t *to)
{
	const char *p = fixed_at(f, i, f->width);
	*from = load(p, f->width, true);
	*to = load(p + f->width, f->width, true);
	return *from >= 0 && *from <= *to && *to <= last;
}

static enum hc_code write_string(const struct field *f, int64_t i, struct hc_buf *out, struct hc_err *err)
{
	int64_t end = f->array->offset + f->array->length, from, to;
	int64_t last = load(fixed_at(f, end, f->width), f->width, true);
	if (!offsets_at(f, i, last, &from, &to) || (to > from && !buffer(f, 2)))
		return fail_array(f, "the offset of a text is wrong", err);
	const char *bytes = buffer(f, 2);
	write_text(f, to > from ? (struct hc_str){bytes + from, (size_t)(to - from)} : HC_STR(""), out);
	return HC_OK;
}

/* Up to 12 bytes stand in the view; of more, their place: buffer and offset. */
static enum hc_code write_view(const struct field *f, int64_t i, struct hc_buf *out, struct hc_err *err)
{
	const char *view = fixed_at(f, i, f->width);
	int32_t n = load_i32(view), which = load_i32(view + 8), from = load_i32(view + 12);
	if (n >= 0 && n <= 12) {
		write_text(f, (struct hc_str){view + 4, (size_t)n}, out);
		return HC_OK;
	}
	if (n < 0 || which < 0 || from < 0 || (uint64_t)which >= f->variadic || !buffer(f, 2 + which))
		return fail_array(f, "the place of a text is wrong", err);
	const char *sizes = buffer(f, f->array->n_buffers - 1);
	if ((int64_t)from + n > load_i64(sizes + (size_t)which * 8))
		return fail_array(f, "the place of a text is wrong", err);
	write_text(f, (struct hc_str){(const char *)buffer(f, 2 + which) + from, (size_t)n}, out);
	return HC_OK;
}

static void write_uuid(const struct field *f, int64_t i, struct hc_buf *out)
{
	const unsigned char *p = (const unsigned char *)fixed_at(f, i, 16);
	hc_buf_char(out, '"');
	for (int k = 0; k < 16; k++)
		hc_buf_printf(out, "%s%02x", k == 4 || k == 6 || k == 8 || k == 10 ? "-" : "", p[k]);
	hc_buf_char(out, '"');
}

static int64_t floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

/* What is left of it, from 0 to b - 1. */
static int64_t floor_rest(int64_t a, int64_t b)
{
	int64_t rest = a % b;
	return rest < 0 ? rest + b : rest;
}

/* Instants that can be written: the years 1 to 9999, in seconds. */
static const int64_t first_s = INT64_C(-62135596800), last_s = INT64_C(253402300799);

static void write_date(const struct field *f, int64_t i, struct hc_buf *out)
{
	char text[HC_INSTANT_SIZE];
	int64_t v = load(fixed_at(f, i, f->width), f->width, true), day = floor_div(v, f->per);
	if (day < floor_div(first_s, 86400) || day > floor_div(last_s, 86400)) {
		write_i64(out, v);
		return;
	}
	hc_instant_print(day * HC_DAY_US, text);
	hc_buf_printf(out, "\"%.10s\"", text);
}

static void write_fraction(const struct field *f, int64_t fraction, struct hc_buf *out)
{
	if (fraction)
		hc_buf_printf(out, ".%0*" PRId64, f->digits, fraction);
}

static void write_instant(const struct field *f, int64_t i, struct hc_buf *out)
{
	char text[HC_INSTANT_SIZE];
	int64_t v = load(fixed_at(f, i, f->width), f->width, true), second = floor_div(v, f->per);
	if (second < first_s || second > last_s) {
		write_i64(out, v);
		return;
	}
	hc_instant_print(second * HC_SECOND_US, text);
	hc_buf_printf(out, "\"%.19s", text);
	write_fraction(f, floor_rest(v, f->per), out);
	hc_buf_cstr(out, "Z\"");
}

static void write_time(const struct field *f, int64_t i, struct hc_buf *out)
{
	int64_t v = load(fixed_at(f, i, f->width), f->width, true), second = floor_div(v, f->per);
	if (second < 0 || second >= 86400) {
		write_i64(out, v);
		return;
	}
	hc_buf_printf(out, "\"%02d:%02d:%02d", (int)(second / 3600), (int)(second / 60 % 60), (int)(second % 60));
	write_fraction(f, floor_rest(v, f->per), out);
	hc_buf_char(out, '"');
}

static enum hc_code write_value(const struct field *f, int64_t i, struct hc_buf *out, struct hc_err *err);

/* Which of the child's values a list holds. */
static enum hc_code list_range(const struct field *f, int64_t i, int64_t *from, int64_t *to, struct hc_err *err)
{
	int64_t last = f->children[0].array->length;
	bool right = true;
	if (f->kind == LIST) {
		right = offsets_at(f, i, last, from, to);
	} else if (f->kind == LIST_VIEW) {
		int64_t n = load((const char *)buffer(f, 2) + (size_t)i * f->width, f->width, true);
		*from = load(fixed_at(f, i, f->width), f->width, true);
		right = n >= 0 && *from >= 0 && !__builtin_add_overflow(*from, n, to) && *to <= last;
	} else {
		*from = i * f->n; /* bind has seen that this can be counted */
		*to = *from + f->n;
	}
	return right ? HC_OK : fail_array(f, "the offset of a list is wrong", err);
}

static enum hc_code write_list(const struct field *f, int64_t i, struct hc_buf *out, struct hc_err *err)
{
	int64_t from, to;
	HC_TRY(list_range(f, i, &from, &to, err));
	hc_buf_char(out, '[');
	/* A row over its limit ends here: lists may be said to have any number of values. */
	for (int64_t k = from; k < to && !out->failed; k++) {
		if (k > from)
			hc_buf_char(out, ',');
		HC_TRY(write_value(&f->children[0], k, out, err));
	}
	hc_buf_char(out, ']');
	return HC_OK;
}

static enum hc_code write_struct(const struct field *f, int64_t i, struct hc_buf *out, struct hc_err *err)
{
	bool any = false;
	hc_buf_char(out, '{');
	for (size_t k = 0; k < f->n_children && !out->failed; k++) {
		if (f->children[k].unwanted)
			continue;
		if (any)
			hc_buf_char(out, ',');
		any = true;
		hc_buf_str(out, f->children[k].key);
		HC_TRY(write_value(&f->children[k], i, out, err));
	}
	hc_buf_char(out, '}');
	return HC_OK;
}

static enum hc_code write_meaning(const struct field *f, int64_t i, struct hc_buf *out, struct hc_err *err)
{
	int64_t index = load(fixed_at(f, i, f->width), f->width, f->has_sign);
	if (index < 0 || index >= f->children[0].array->length)
		return fail_array(f, "an index is outside of its dictionary", err);
	return write_value(&f->children[0], index, out, err);
}

/* Value i of the column, counted from where its array begins. */
static enum hc_code write_value(const struct field *f, int64_t i, struct hc_buf *out, struct hc_err *err)
{
	i += f->array->offset;
	if (is_null(f, i)) {
		hc_buf_cstr(out, "null");
		return HC_OK;
	}
	switch (f->kind) {
	case NOTHING:
		break;
	case BOOL:
		hc_buf_cstr(out, *fixed_at(f, i >> 3, 1) >> (i & 7) & 1 ? "true" : "false");
		break;
	case SIGNED:
		write_i64(out, load(fixed_at(f, i, f->width), f->width, true));
		break;
	case UNSIGNED:
		hc_buf_u64(out, (uint64_t)load(fixed_at(f, i, f->width), f->width, false));
		break;
	case HALF:
	case FLOAT:
	case DOUBLE:
		write_float(f, i, out);
		break;
	case DECIMAL:
		write_decimal(f, i, out);
		break;
	case TEXT:
		return write_string(f, i, out, err);
	case VIEW:
		return write_view(f, i, out, err);
	case FIXED:
		write_text(f, f->n ? (struct hc_str){fixed_at(f, i, (size_t)f->n), (size_t)f->n} : HC_STR(""), out);
		break;
	case UUID:
		write_uuid(f, i, out);
		break;
	case DATE:
		write_date(f, i, out);
		break;
	case TIME:
		write_time(f, i, out);
		break;
	case INSTANT:
		write_instant(f, i, out);
		break;
	case LIST:
	case LIST_VIEW:
	case LIST_FIXED:
		return write_list(f, i, out, err);
	case STRUCT:
		return write_struct(f, i, out, err);
	case DICTIONARY:
		return write_meaning(f, i, out, err);
	}
	return HC_OK;
}

/* --- the stream ------------------------------------------------------------------------------------- */

/* Turns the producer's number and text into an error. */
static enum hc_code fail_stream(struct hc_arrow_rows *r, int number, struct hc_err *err)
{
	const char *text = r->stream.get_last_error(&r->stream);
	char shown[HC_ARROW_PROBLEM_SHOWN_MAX + 1];
	size_t n = 0;
	for (; text && text[n] && n < HC_ARROW_PROBLEM_SHOWN_MAX; n++)
		shown[n] = (unsigned char)text[n] < 0x20 || (unsigned char)text[n] > 0x7e ? ' ' : text[n];
	shown[n] = '\0';
	if (number == ENOMEM)
		return hc_fail_nomem(err, "reading columns");
	if (number == ENOBUFS) {
		hc_fail(err, HC_LIMIT, "the columns need more memory than they may have: %s", shown);
		return hc_hint(err, "write the file with smaller pages and fewer rows in a row group");
	}
	hc_fail(err, HC_INPUT, "not a Parquet file that can be read: %s", n ? shown : "damaged");
	return hc_hint(err, "if the file is damaged or cut off, write or copy it again");
}

static enum hc_code read_schema(struct hc_arrow_rows *r, struct hc_err *err)
{
	struct ArrowSchema schema = {0};
	int number = r->stream.get_schema(&r->stream, &schema);
	if (number)
		return fail_stream(r, number, err);
	enum hc_code code = compile(r, &schema, "", 0, &r->root, err);
	if (code == HC_OK && r->root.kind != STRUCT)
		code = fail_schema("no columns", err);
	if (schema.release)
		schema.release(&schema);
	return code;
}

enum hc_code hc_arrow_rows_open(struct ArrowArrayStream *stream, size_t row_bytes_max, struct hc_arrow_rows **out,
				struct hc_err *err)
{
	struct hc_arrow_rows *r = calloc(1, sizeof *r);
	if (!r) {
		stream->release(stream);
		return hc_fail_nomem(err, "reading columns");
	}
	r->stream = *stream;
	r->arena = HC_ARENA(HC_ARROW_SCHEMA_BYTES_MAX);
	r->row = HC_BUF(row_bytes_max);
	enum hc_code code = read_schema(r, err);
	if (code != HC_OK) {
		hc_arrow_rows_close(r);
		return code;
	}
	*out = r;
	return HC_OK;
}

void hc_arrow_rows_close(struct hc_arrow_rows *r)
{
	if (!r)
		return;
	if (r->batch.release)
		r->batch.release(&r->batch);
	r->stream.release(&r->stream);
	hc_arena_free(&r->arena);
	hc_buf_free(&r->row);
	free(r);
}

/* Marks the columns of that name; false when there is none. */
static bool want(struct hc_arrow_rows *r, struct hc_str key)
{
	bool found = false;
	for (size_t i = 0; i < r->root.n_children; i++) {
		if (hc_str_eq(r->root.children[i].key, key)) {
			r->root.children[i].unwanted = false;
			found = true;
		}
	}
	return found;
}

static void set_unwanted(struct hc_arrow_rows *r, bool unwanted)
{
	for (size_t i = 0; i < r->root.n_children; i++)
		r->root.children[i].unwanted = unwanted;
}

enum hc_code hc_arrow_rows_want(struct hc_arrow_rows *r, const struct hc_str *names, size_t n, struct hc_err *err)
{
	HC_BUF_SCOPED struct hc_buf key = HC_BUF(HC_ARROW_SCHEMA_BYTES_MAX);
	bool found = true;
	set_unwanted(r, true);
	for (size_t i = 0; i < n && found; i++) {
		hc_buf_reset(&key);
		quote_key(&key, names[i]);
		found = want(r, hc_buf_view(&key));
	}
	if (!found)
		set_unwanted(r, false);
	return hc_buf_check(&key, "the name of a column", err);
}

/* The next batch that has rows; none at the end. */
static enum hc_code next_batch(struct hc_arrow_rows *r, bool *got, struct hc_err *err)
{
	do {
		if (r->batch.release)
			r->batch.release(&r->batch);
		r->batch = (struct ArrowArray){0};
		r->at = 0;
		int number = r->stream.get_next(&r->stream, &r->batch);
		if (number) {
			r->batch = (struct ArrowArray){0};
			return fail_stream(r, number, err);
		}
		*got = r->batch.release != NULL;
		if (*got)
			HC_TRY(bind(&r->root, &r->batch, 0, err));
	} while (*got && r->batch.length == 0);
	return HC_OK;
}

enum hc_code hc_arrow_rows_next(struct hc_arrow_rows *r, struct hc_arrow_row *out, bool *got, struct hc_err *err)
{
	bool more = r->at < r->batch.length;
	if (!more)
		HC_TRY(next_batch(r, &more, err));
	if (more) {
		hc_buf_reset(&r->row);
		HC_TRY(write_struct(&r->root, r->batch.offset + r->at++, &r->row, err));
		if (r->row.failed == HC_NOMEM)
			return hc_fail_nomem(err, "a row");
		*out = (struct hc_arrow_row){hc_buf_view(&r->row), r->row.failed == HC_LIMIT};
	}
	*got = more;
	return HC_OK;
}
