#include "codec/json.h"

#include <stdint.h>
#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "base/utf8.h"

/* --- The text of strings ------------------------------------------------------------------- */

/* A byte that stands in a string as it is and needs no look at its neighbours. */
static bool is_plain(char c)
{
	return c >= 0x20 && (unsigned char)c < 0x80 && c != '"' && c != '\\';
}

#ifdef __SSE2__
enum { STRIDE = 16 };

/* One bit for each of STRIDE bytes that is not plain, the first byte lowest. */
static unsigned not_plain(const char *p)
{
	__m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)p);
	__m128i quote = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('"'));
	__m128i backslash = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'));
	/* The comparison is signed: bytes from 0x80 are below 0x20 as well. */
	__m128i odd = _mm_cmplt_epi8(bytes, _mm_set1_epi8(0x20));
	return (unsigned)_mm_movemask_epi8(_mm_or_si128(_mm_or_si128(quote, backslash), odd));
}

static size_t first_of(unsigned mask)
{
	return (size_t)__builtin_ctz(mask);
}
#else
enum { STRIDE = 8 };

#define EACH(byte) (0x0101010101010101u * (byte))

/* The top bit of each byte that is zero; false marks only above a true one. */
static uint64_t zeros(uint64_t word)
{
	return (word - EACH(1)) & ~word & EACH(0x80);
}

/* The top bit of each byte that is not plain; only the first one is exact. */
static uint64_t not_plain(const char *p)
{
	uint64_t word = 0;
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	memcpy(&word, p, sizeof word);
#else
	for (size_t i = 0; i < sizeof word; i++)
		word |= (uint64_t)(unsigned char)p[i] << 8 * i;
#endif
	uint64_t below_space = (word - EACH(0x20)) & ~word & EACH(0x80);
	return zeros(word ^ EACH('"')) | zeros(word ^ EACH('\\')) | below_space | (word & EACH(0x80));
}

static size_t first_of(uint64_t mask)
{
	return (size_t)__builtin_ctzll(mask) / 8;
}
#endif

static const char *skip_plain(const char *p, const char *end)
{
	for (; end - p >= STRIDE; p += STRIDE) {
		__auto_type mask = not_plain(p);
		if (mask)
			return p + first_of(mask);
	}
	while (p < end && is_plain(*p))
		p++;
	return p;
}

/* --- Escapes ------------------------------------------------------------------------------- */

/* The code unit of \uXXXX at p, -1 if there is none. */
static int32_t code_unit(const char *p, const char *end)
{
	if (end - p < 6 || p[0] != '\\' || p[1] != 'u')
		return -1;
	int32_t unit = 0;
	for (int i = 2; i < 6; i++) {
		int digit = hc_hex_digit(p[i]);
		if (digit < 0)
			return -1;
		unit = unit * 16 + digit;
	}
	return unit;
}

/* What a backslash and this letter stand for, 0 if nothing. */
static char short_escape(char c)
{
	switch (c) {
	case '"':
	case '\\':
	case '/':
		return c;
	case 'b':
		return '\b';
	case 'f':
		return '\f';
	case 'n':
		return '\n';
	case 'r':
		return '\r';
	case 't':
		return '\t';
	default:
		return 0;
	}
}

/* Length of the escape at p (which is a backslash) and what it stands for; 0 if it is not one. */
static size_t escape(const char *p, const char *end, uint32_t *cp)
{
	if (end - p < 2)
		return 0;
	if (p[1] != 'u') {
		*cp = (unsigned char)short_escape(p[1]);
		return *cp ? 2 : 0;
	}
	int32_t unit = code_unit(p, end);
	if (unit < 0 || (unit >= 0xDC00 && unit <= 0xDFFF))
		return 0;
	if (unit < 0xD800 || unit > 0xDFFF) {
		*cp = (uint32_t)unit;
		return 6;
	}
	int32_t low = code_unit(p + 6, end);
	if (low < 0xDC00 || low > 0xDFFF)
		return 0;
	*cp = 0x10000u + ((uint32_t)(unit - 0xD800) << 10) + (uint32_t)(low - 0xDC00);
	return 12;
}

static const char *escape_problem(const char *p, const char *end)
{
	if (end - p >= 2 && p[1] == 'u' && code_unit(p, end) >= 0)
		return "lone surrogate in a \\u escape";
	return "bad escape in a string";
}

/* --- Scanning ------------------------------------------------------------------------------ */

static bool fail_at(struct hc_json *j, const char *p, const char *problem)
{
	if (!j->problem) {
		j->p = p;
		j->problem = problem;
	}
	return false;
}

static bool is_space(char c)
{
	return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

static void skip_space(struct hc_json *j)
{
	while (j->p < j->end && is_space(*j->p))
		j->p++;
}

static bool in_object(const struct hc_json *j)
{
	unsigned level = j->depth - 1;
	return j->kinds[level / 8] >> level % 8 & 1;
}

/* A value may stand here: at the top, or where a key or an element was announced. */
static bool may_take(const struct hc_json *j)
{
	return !j->problem && (j->depth == 0 || j->due);
}

static void taken(struct hc_json *j)
{
	j->due = false;
	j->first = false;
}

const char *hc_json_skip_special(const char *p, const char *end)
{
	uint32_t cp;
	size_t n;
	if (p < end && *p == '\\') {
		n = escape(p, end, &cp);
		return n ? p + n : NULL;
	}
	const char *start = p;
	while (p < end && (unsigned char)*p >= 0x80) {
		n = hc_utf8_sequence(p, (size_t)(end - p));
		if (n == 0)
			return NULL;
		p += n;
	}
	return p > start ? p : NULL;
}

/* Says what hc_json_skip_special refused at p. */
static bool fail_string(struct hc_json *j, const char *p)
{
	if (p == j->end)
		return fail_at(j, p, "text ends inside a string");
	if (*p == '\\')
		return fail_at(j, p, escape_problem(p, j->end));
	if ((unsigned char)*p < 0x20)
		return fail_at(j, p, "control character in a string");
	return fail_at(j, p + hc_utf8_valid_prefix(p, (size_t)(j->end - p)), "text is not UTF-8");
}

/* Passes over a string that starts at j->p; the quotes are not part of *text. */
static bool scan_string(struct hc_json *j, struct hc_str *text, bool *escaped)
{
	const char *start = j->p + 1, *p = start;
	*escaped = false;
	while ((p = skip_plain(p, j->end)) == j->end || *p != '"') {
		const char *next = hc_json_skip_special(p, j->end);
		if (!next)
			return fail_string(j, p);
		*escaped |= *p == '\\';
		p = next;
	}
	*text = (struct hc_str){start, (size_t)(p - start)};
	j->p = p + 1;
	return true;
}

static const char *skip_digits(const char *p, const char *end)
{
	while (p < end && *p >= '0' && *p <= '9')
		p++;
	return p;
}

/* A number or a name ends at white space, at what structures the text, or with the text. */
static bool ends_scalar(struct hc_json *j, const char *p, const char *problem)
{
	if (p < j->end && !is_space(*p) && *p != ',' && *p != ']' && *p != '}')
		return fail_at(j, p, problem);
	j->p = p;
	return true;
}

static bool scan_number(struct hc_json *j)
{
	static const char bad[] = "bad number";
	const char *p = j->p, *end = j->end;
	if (*p == '-')
		p++;
	const char *whole = p;
	p = skip_digits(p, end);
	if (p == whole || (*whole == '0' && p - whole > 1))
		return fail_at(j, whole, bad);
	if (p < end && *p == '.') {
		const char *fraction = ++p;
		p = skip_digits(p, end);
		if (p == fraction)
			return fail_at(j, p, bad);
	}
	if (p < end && (*p == 'e' || *p == 'E')) {
		p++;
		if (p < end && (*p == '-' || *p == '+'))
			p++;
		const char *exponent = p;
		p = skip_digits(p, end);
		if (p == exponent)
			return fail_at(j, p, bad);
	}
	return ends_scalar(j, p, bad);
}

static bool scan_name(struct hc_json *j, const char *name, size_t n)
{
	static const char bad[] = "not a value: null, true, false, a number, \", [ or { should stand here";
	if ((size_t)(j->end - j->p) < n || memcmp(j->p, name, n) != 0)
		return fail_at(j, j->p, bad);
	return ends_scalar(j, j->p + n, bad);
}

static bool type_of(char c, enum hc_json_type *type)
{
	switch (c) {
	case '"':
		*type = HC_JSON_STRING;
		return true;
	case '{':
		*type = HC_JSON_OBJECT;
		return true;
	case '[':
		*type = HC_JSON_ARRAY;
		return true;
	case 't':
		*type = HC_JSON_TRUE;
		return true;
	case 'f':
		*type = HC_JSON_FALSE;
		return true;
	case 'n':
		*type = HC_JSON_NULL;
		return true;
	default:
		*type = HC_JSON_NUMBER;
		return c == '-' || (c >= '0' && c <= '9');
	}
}

/* The type of the value at j->p, which is where one must stand. */
static bool require_type(struct hc_json *j, enum hc_json_type *type)
{
	if (j->p == j->end)
		return fail_at(j, j->p, "text ends where a value should stand");
	if (!type_of(*j->p, type))
		return fail_at(j, j->p, "no value where one should stand");
	return true;
}

static bool scan_scalar(struct hc_json *j, struct hc_json_value *out)
{
	switch (out->type) {
	case HC_JSON_STRING: {
		struct hc_str text;
		return scan_string(j, &text, &out->escaped);
	}
	case HC_JSON_NUMBER:
		return scan_number(j);
	case HC_JSON_TRUE:
		return scan_name(j, "true", 4);
	case HC_JSON_FALSE:
		return scan_name(j, "false", 5);
	default:
		return scan_name(j, "null", 4);
	}
}

static bool enter(struct hc_json *j, bool object)
{
	if (j->depth == HC_JSON_DEPTH_MAX)
		return fail_at(j, j->p, "nested too deep");
	unsigned char bit = (unsigned char)(1u << j->depth % 8);
	unsigned char *kinds = &j->kinds[j->depth / 8];
	*kinds = (unsigned char)(object ? *kinds | bit : *kinds & ~bit);
	j->depth++;
	j->p++;
	j->first = true;
	j->due = false;
	return true;
}

/* Moves on to the next member or element; false when the container was left, or on an error. */
static bool advance(struct hc_json *j, char closing)
{
	if (j->due)
		return fail_at(j, j->p, "a value was not read");
	skip_space(j);
	if (j->p == j->end)
		return fail_at(j, j->p, closing == '}' ? "text ends inside an object" : "text ends inside an array");
	if (*j->p == closing) {
		j->p++;
		j->depth--;
		taken(j);
		return false;
	}
	if (!j->first) {
		if (*j->p != ',')
			return fail_at(j, j->p,
				       closing == '}' ? "no comma or } after a member"
						      : "no comma or ] after an element");
		j->p++;
		skip_space(j);
	}
	j->first = false;
	return true;
}

static bool next_member(struct hc_json *j, struct hc_json_key *key)
{
	if (!advance(j, '}'))
		return false;
	if (j->p == j->end || *j->p != '"')
		return fail_at(j, j->p, "no key where one should stand");
	if (!scan_string(j, &key->raw, &key->escaped))
		return false;
	skip_space(j);
	if (j->p == j->end || *j->p != ':')
		return fail_at(j, j->p, "no colon after a key");
	j->p++;
	skip_space(j);
	j->due = true;
	return true;
}

static bool next_element(struct hc_json *j)
{
	if (!advance(j, ']'))
		return false;
	j->due = true;
	return true;
}

/* Passes over the container at j->p with all it holds, without recursion. */
static bool skip_container(struct hc_json *j, bool object)
{
	unsigned outside = j->depth;
	if (!enter(j, object))
		return false;
	while (j->depth > outside) {
		struct hc_json_key key;
		if (!(in_object(j) ? next_member(j, &key) : next_element(j))) {
			if (j->problem)
				return false;
			continue;
		}
		struct hc_json_value value;
		if (!require_type(j, &value.type))
			return false;
		if (value.type == HC_JSON_OBJECT || value.type == HC_JSON_ARRAY) {
			if (!enter(j, value.type == HC_JSON_OBJECT))
				return false;
		} else {
			if (!scan_scalar(j, &value))
				return false;
			taken(j);
		}
	}
	return true;
}

/* --- The parser's face --------------------------------------------------------------------- */

void hc_json_open(struct hc_json *j, struct hc_str text)
{
	if (text.n == 0)
		text.p = "";
	j->start = j->p = text.p;
	j->end = text.p + text.n;
	j->problem = NULL;
	j->depth = 0;
	j->first = true;
	j->due = false;
}

bool hc_json_peek(struct hc_json *j, enum hc_json_type *type)
{
	if (!may_take(j))
		return false;
	skip_space(j);
	if (j->depth == 0 && j->p == j->end)
		return false;
	enum hc_json_type found;
	if (!require_type(j, &found))
		return false;
	*type = found;
	return true;
}

bool hc_json_value(struct hc_json *j, struct hc_json_value *out)
{
	if (!may_take(j))
		return fail_at(j, j->p, "no value can stand here");
	skip_space(j);
	struct hc_json_value value = {.raw.p = j->p};
	if (!require_type(j, &value.type))
		return false;
	bool container = value.type == HC_JSON_OBJECT || value.type == HC_JSON_ARRAY;
	if (!(container ? skip_container(j, value.type == HC_JSON_OBJECT) : scan_scalar(j, &value)))
		return false;
	taken(j);
	value.raw.n = (size_t)(j->p - value.raw.p);
	*out = value;
	return true;
}

static bool enter_value(struct hc_json *j, char opening, const char *problem)
{
	if (!may_take(j))
		return fail_at(j, j->p, "no value can stand here");
	skip_space(j);
	if (j->p == j->end || *j->p != opening)
		return fail_at(j, j->p, problem);
	return enter(j, opening == '{');
}

bool hc_json_enter_object(struct hc_json *j)
{
	return enter_value(j, '{', "not an object");
}

bool hc_json_enter_array(struct hc_json *j)
{
	return enter_value(j, '[', "not an array");
}

bool hc_json_member(struct hc_json *j, struct hc_json_key *key)
{
	if (j->problem)
		return false;
	if (j->depth == 0 || !in_object(j))
		return fail_at(j, j->p, "a member was asked for outside an object");
	return next_member(j, key);
}

bool hc_json_element(struct hc_json *j)
{
	if (j->problem)
		return false;
	if (j->depth == 0 || in_object(j))
		return fail_at(j, j->p, "an element was asked for outside an array");
	return next_element(j);
}

bool hc_json_at_end(struct hc_json *j)
{
	if (j->problem || j->depth)
		return false;
	skip_space(j);
	return j->p == j->end;
}

bool hc_json_finish(struct hc_json *j)
{
	if (j->problem)
		return false;
	if (j->depth)
		return fail_at(j, j->p, "an object or array was not read to its end");
	skip_space(j);
	if (j->p < j->end)
		return fail_at(j, j->p, j->first ? "the value was not read" : "text after the value");
	if (j->first)
		return fail_at(j, j->p, "no value");
	return true;
}

size_t hc_json_offset(const struct hc_json *j)
{
	return (size_t)(j->p - j->start);
}

/* --- Decoding ------------------------------------------------------------------------------ */

bool hc_json_key_eq(const struct hc_json_key *key, struct hc_str text)
{
	if (!key->escaped)
		return hc_str_eq(key->raw, text);
	const char *p = key->raw.p, *end = p + key->raw.n;
	size_t at = 0;
	while (p < end) {
		char bytes[4] = {*p};
		size_t n = 1, written = 1;
		if (*p == '\\') {
			uint32_t cp;
			written = escape(p, end, &cp);
			n = hc_utf8_encode(cp, bytes);
		}
		if (text.n - at < n || memcmp(text.p + at, bytes, n) != 0)
			return false;
		at += n;
		p += written;
	}
	return at == text.n;
}

bool hc_json_key_is(const struct hc_json_key *key, const char *ascii)
{
	return hc_json_key_eq(key, hc_str(ascii));
}

/* Copies up to the next backslash; `to` has at least as much room as is left to read. */
static const char *copy_run(const char *p, const char *end, char **to)
{
	char *out = *to;
#ifdef __SSE2__
	while (end - p >= STRIDE) {
		__m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)p);
		_mm_storeu_si128((__m128i *)(void *)out, bytes);
		unsigned mask = (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\')));
		size_t n = mask ? first_of(mask) : STRIDE;
		p += n;
		out += n;
		if (mask) {
			*to = out;
			return p;
		}
	}
#endif
	while (p < end && *p != '\\')
		*out++ = *p++;
	*to = out;
	return p;
}

static struct hc_str decode(struct hc_str raw, struct hc_buf *scratch)
{
	/* An escape is never shorter than what it stands for. */
	char *start = hc_buf_room(scratch, raw.n), *to = start;
	if (!start)
		return (struct hc_str){NULL, 0};
	const char *p = raw.p, *end = p + raw.n;
	while ((p = copy_run(p, end, &to)) < end) {
		uint32_t cp = 0;
		p += escape(p, end, &cp);
		if (cp < 0x80)
			*to++ = (char)cp;
		else
			to += hc_utf8_encode(cp, to);
	}
	struct hc_str text = {start, (size_t)(to - start)};
	scratch->n += text.n;
	return text;
}

struct hc_str hc_json_text(const struct hc_json_value *string, struct hc_buf *scratch)
{
	struct hc_str inside = {string->raw.p + 1, string->raw.n - 2};
	return string->escaped ? decode(inside, scratch) : inside;
}

struct hc_str hc_json_key_text(const struct hc_json_key *key, struct hc_buf *scratch)
{
	return key->escaped ? decode(key->raw, scratch) : key->raw;
}

/* --- Writing ------------------------------------------------------------------------------- */

static void put_escape(struct hc_buf *out, char c)
{
	static const char hex[] = "0123456789ABCDEF", letters[] = "btn\0fr";
	unsigned code = (unsigned char)c;
	if (c == '"' || c == '\\')
		hc_buf_put(out, (char[]){'\\', c}, 2);
	else if (code >= '\b' && code <= '\r' && letters[code - '\b'])
		hc_buf_put(out, (char[]){'\\', letters[code - '\b']}, 2);
	else
		hc_buf_put(out, (char[]){'\\', 'u', '0', '0', hex[code >> 4], hex[code & 15]}, 6);
}

void hc_json_quote(struct hc_buf *out, struct hc_str text)
{
	hc_buf_char(out, '"');
	const char *p = text.n ? text.p : "", *end = p + text.n;
	while (p < end) {
		const char *run = p;
		size_t sequence = 0;
		while ((p = skip_plain(p, end)) < end && (unsigned char)*p >= 0x80 &&
		       (sequence = hc_utf8_sequence(p, (size_t)(end - p))) > 0)
			p += sequence;
		hc_buf_put(out, run, (size_t)(p - run));
		if (p < end && (unsigned char)*p >= 0x80) {
			hc_buf_cstr(out, "\xef\xbf\xbd");
			p++;
		} else if (p < end) {
			put_escape(out, *p++);
		}
	}
	hc_buf_char(out, '"');
}
