#include "codec/percent.h"

/* The byte of the "XX" at p; -1 if it is none. */
static int escaped(const char *p, size_t n)
{
	int high = n >= 2 ? hc_hex_digit(p[0]) : -1, low = n >= 2 ? hc_hex_digit(p[1]) : -1;
	return high < 0 || low < 0 ? -1 : high * 16 + low;
}

bool hc_percent_decode(struct hc_str text, bool plus, struct hc_buf *out)
{
	size_t escapes = 0;
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] != '%')
			continue;
		if (escaped(text.p + i + 1, text.n - i - 1) < 0)
			return false;
		escapes++;
	}
	size_t n = text.n - 2 * escapes;
	char *to = n ? hc_buf_room(out, n) : NULL;
	if (!to)
		return true;
	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];
		if (c == '%') {
			c = (char)escaped(text.p + i + 1, text.n - i - 1);
			i += 2;
		} else if (c == '+' && plus) {
			c = ' ';
		}
		*to++ = c;
	}
	out->n += n;
	return true;
}

static bool is_unreserved(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
	       c == '_' || c == '~';
}

void hc_percent_encode(struct hc_str text, bool keep_slash, struct hc_buf *out)
{
	static const char digits[] = "0123456789ABCDEF";
	for (size_t i = 0; i < text.n; i++) {
		unsigned char c = (unsigned char)text.p[i];
		if (is_unreserved(text.p[i]) || (c == '/' && keep_slash))
			hc_buf_char(out, text.p[i]);
		else
			hc_buf_put(out, (char[]){'%', digits[c >> 4], digits[c & 15]}, 3);
	}
}

bool hc_query_next(struct hc_str *rest, struct hc_str *name, struct hc_str *value, bool *has_value)
{
	while (rest->n && rest->p[0] == '&') {
		rest->p++;
		rest->n--;
	}
	if (rest->n == 0)
		return false;
	const char *end = memchr(rest->p, '&', rest->n);
	size_t n = end ? (size_t)(end - rest->p) : rest->n;
	const char *equals = memchr(rest->p, '=', n);
	size_t n_name = equals ? (size_t)(equals - rest->p) : n;
	*name = (struct hc_str){rest->p, n_name};
	*value = equals ? (struct hc_str){equals + 1, n - n_name - 1} : (struct hc_str){rest->p + n, 0};
	*has_value = equals != NULL;
	rest->p += n;
	rest->n -= n;
	return true;
}
