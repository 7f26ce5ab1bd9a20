#include "report/account.h"

#include "base/utf8.h"

const char *hc_account_name(enum hc_account_line line)
{
	static const char *const names[HC_ACCOUNT_LINES] = {
		[HC_CAPTURED] = "captured",
		[HC_LABELLED] = "labelled",
		[HC_MATCHED] = "matched",
		[HC_CAPTURES_WITHOUT_LABEL] = "captures_without_label",
		[HC_LABELS_WITHOUT_CAPTURE] = "labels_without_capture",
		[HC_DUPLICATE_LABELS] = "duplicate_labels",
		[HC_CONFLICTING_LABELS] = "conflicting_labels",
		[HC_REPEATED_CAPTURES] = "repeated_captures",
		[HC_AFTER_WINDOW] = "after_window",
		[HC_UNREADABLE] = "unreadable",
	};
	return names[line];
}

void hc_account_free(struct hc_account *a)
{
	hc_delays_free(&a->delays);
}

/* At most `max` bytes of s, cut between characters. */
static struct hc_str cut(struct hc_str s, size_t max)
{
	while (s.n > max) {
		s.n = max;
		while (s.n > 0 && hc_utf8_valid_prefix(s.p, s.n) != s.n)
			s.n--;
	}
	return s;
}

void hc_account_count(struct hc_account *a, enum hc_account_line line, struct hc_str id, const char *path, uint64_t at,
		      const char *why)
{
	a->lines[line].count++;
	if (a->lines[line].n_samples == HC_ACCOUNT_SAMPLES_MAX)
		return;
	struct hc_str shown = cut(id, HC_ACCOUNT_ID_SHOWN_MAX);
	struct hc_account_sample sample = {.path = path, .line = at, .id_n = shown.n};
	if (id.p)
		sample.id = hc_arena_cstring(a->arena, shown);
	if (why)
		sample.why = hc_arena_cstring(a->arena, cut(hc_str(why), HC_ACCOUNT_WHY_MAX));
	a->lines[line].samples[a->lines[line].n_samples++] = sample;
}

void hc_account_add(struct hc_account *a, enum hc_account_line line, uint64_t n)
{
	a->lines[line].count += n;
}

static double ratio(uint64_t part, uint64_t whole)
{
	return whole ? (double)part / (double)whole : 0.0;
}

double hc_account_share(const struct hc_account *a, enum hc_account_line line)
{
	uint64_t count = a->lines[line].count, captured = a->lines[HC_CAPTURED].count;
	uint64_t labelled = a->lines[HC_LABELLED].count, after = a->lines[HC_AFTER_WINDOW].count;
	switch (line) {
	case HC_LABELLED:
	case HC_LABELS_WITHOUT_CAPTURE:
	case HC_DUPLICATE_LABELS:
	case HC_CONFLICTING_LABELS:
		return ratio(count, labelled);
	case HC_AFTER_WINDOW:
		return ratio(count, captured + after);
	case HC_UNREADABLE:
		return ratio(count, captured + labelled + after + count);
	default:
		return ratio(count, captured);
	}
}
