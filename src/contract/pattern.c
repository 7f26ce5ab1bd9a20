#include "contract/pattern.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <pthread.h>
#include <stdlib.h>

#include "contract/tables.h"

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pcre2_code **compiled;
static pcre2_match_context *limits;

/* Without memory here there is no server; a pattern that does not compile is a mistake in api/, which the tests see. */
static void compile_all(void)
{
	const uint32_t options = PCRE2_UTF | PCRE2_ANCHORED | PCRE2_ENDANCHORED | PCRE2_NO_AUTO_CAPTURE;
	pcre2_compile_context *context = pcre2_compile_context_create(NULL);
	compiled = calloc(hc_contract_n_patterns, sizeof *compiled);
	limits = pcre2_match_context_create(NULL);
	assert(context != NULL && compiled != NULL && limits != NULL);
	pcre2_set_newline(context, PCRE2_NEWLINE_ANY);
	pcre2_set_match_limit(limits, HC_PATTERN_STEPS_MAX);
	pcre2_set_heap_limit(limits, HC_PATTERN_KIB_MAX);
	for (size_t i = 1; i < hc_contract_n_patterns; i++) {
		int code;
		PCRE2_SIZE at;
		compiled[i] = pcre2_compile((PCRE2_SPTR)hc_contract_patterns[i], PCRE2_ZERO_TERMINATED, options, &code,
					    &at, context);
		assert(compiled[i] != NULL);
	}
	pcre2_compile_context_free(context);
}

bool hc_pattern_matches(unsigned index, struct hc_str text)
{
	pthread_once(&once, compile_all);
	assert(index > 0 && index < hc_contract_n_patterns);
	pcre2_match_data *data = pcre2_match_data_create(1, NULL);
	if (data == NULL)
		return false;
	/* 0: matched, but more groups than the one that is kept. */
	const int found = pcre2_match(compiled[index], (PCRE2_SPTR)text.p, text.n, 0, 0, data, limits);
	pcre2_match_data_free(data);
	return found >= 0;
}
