#include "net/connect.h"

size_t hc_connect_head(struct hc_str s)
{
	const char *end = s.n ? memmem(s.p, s.n, "\r\n\r\n", 4) : NULL;
	return end ? (size_t)(end - s.p) + 4 : 0;
}

static bool is_lower_or_digit(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/* Labels of letters, digits, '-' and '_' (old bucket names have it), none empty, none with '-' at an end. */
static bool is_name(struct hc_str host)
{
	size_t label = 0;
	if (host.n == 0 || host.n > HC_CONNECT_HOST_MAX)
		return false;
	for (size_t i = 0; i <= host.n; i++) {
		char c = i < host.n ? host.p[i] : '.';
		bool inside = is_lower_or_digit(c) || c == '-' || c == '_';
		if (inside && ++label <= HC_CONNECT_LABEL_MAX && (c != '-' || label > 1))
			continue;
		if (c != '.' || label == 0 || host.p[i - 1] == '-')
			return false;
		label = 0;
	}
	return true;
}

bool hc_connect_is_aws(struct hc_str host)
{
	static const char *const tops[] = {".amazonaws.com", ".amazonaws.com.cn", ".api.aws"};
	if (!is_name(host))
		return false;
	for (size_t i = 0; i < sizeof tops / sizeof *tops; i++) {
		if (hc_str_ends(host, tops[i]) || hc_str_eq(host, hc_str(tops[i] + 1)))
			return true;
	}
	return false;
}

/* Takes what stands before the first space, and the space. */
static struct hc_str take_word(struct hc_str *line)
{
	const char *space = line->n ? memchr(line->p, ' ', line->n) : NULL;
	struct hc_str word = {line->p, space ? (size_t)(space - line->p) : line->n};
	size_t used = word.n + (space != NULL);
	line->p += used;
	line->n -= used;
	return word;
}

/* The line is METHOD TARGET HTTP/1.x, of printable characters. */
static bool split_line(struct hc_str line, struct hc_str *method, struct hc_str *target)
{
	for (size_t i = 0; i < line.n; i++) {
		if (line.p[i] < ' ' || line.p[i] > '~')
			return false;
	}
	*method = take_word(&line);
	*target = take_word(&line);
	return method->n && target->n && (hc_str_eq(line, HC_STR("HTTP/1.1")) || hc_str_eq(line, HC_STR("HTTP/1.0")));
}

enum hc_connect_verdict hc_connect_parse(struct hc_str head, struct hc_connect *out)
{
	static const char port[] = ":443";
	struct hc_connect c;
	struct hc_str method, target;
	const char *end = hc_connect_head(head) ? memmem(head.p, head.n, "\r\n", 2) : NULL;
	if (!end || !split_line((struct hc_str){head.p, (size_t)(end - head.p)}, &method, &target))
		return HC_CONNECT_MALFORMED;
	if (!hc_str_eq(method, HC_STR("CONNECT")) || !hc_str_ends(target, port))
		return HC_CONNECT_REFUSED;
	size_t n = target.n - (sizeof port - 1);
	if (n > HC_CONNECT_HOST_MAX)
		return HC_CONNECT_REFUSED;
	for (size_t i = 0; i < n; i++) {
		char t = target.p[i];
		c.host[i] = (char)(t >= 'A' && t <= 'Z' ? t - 'A' + 'a' : t);
	}
	c.host[n] = '\0';
	if (!hc_connect_is_aws((struct hc_str){c.host, n}))
		return HC_CONNECT_REFUSED;
	*out = c;
	return HC_CONNECT_FINE;
}
