/*
 * Filter patterns of logs. The input is a pattern of one line, and a message.
 */
#include "logs/pattern.h"
#include "target.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct hc_str message = input_text(data, size), text = take_until(&message, '\n');
	struct hc_arena arena HC_ARENA_SCOPED = HC_ARENA(1 << 20);
	struct hc_log_pattern pattern = {.n = 42};
	struct hc_err err;
	enum hc_code code = hc_log_pattern_parse(text, &arena, &pattern, &err);
	if (code != HC_OK) {
		must(pattern.n == 42 && (code == HC_USAGE || code == HC_NOMEM));
		must(err.code == code && err.msg[0]); /* no hint: the client gets one text */
		return 0;
	}
	must(pattern.n <= HC_LOG_PATTERN_TERMS_MAX);
	bool all = true, may = false, one = false, none = true;
	for (size_t i = 0; i < pattern.n; i++) {
		struct hc_log_pattern alone = {.terms = {pattern.terms[i]}, .n = 1};
		must(pattern.terms[i].text.n > 0);
		bool there = hc_log_pattern_match(&alone, message);
		switch (pattern.terms[i].sign) {
		case '?':
			may = true;
			one = one || there;
			break;
		case '-':
			none = none && there;
			break;
		default:
			must(pattern.terms[i].sign == '+');
			all = all && there;
		}
		alone.terms[0].sign = '+';
		must(hc_log_pattern_match(&alone, pattern.terms[i].text));
	}
	must(hc_log_pattern_match(&pattern, message) == (all && none && (one || !may)));
	return 0;
}
