/*
 * Ranges, dates and entity tags of S3's requests. The input is a size, an entity tag, a range and a date, one a line.
 */
#include "base/instant.h"
#include "base/number.h"
#include "s3/conditions.h"
#include "target.h"

static void check_range(struct hc_str text, uint64_t size)
{
	uint64_t offset = 42, length = 43;
	switch (hc_s3_range_read(text, size, &offset, &length)) {
	case HC_S3_RANGE_FINE:
		must(length > 0 && length <= size && offset <= size - length);
		return;
	default:
		return;
	}
}

/* What is printed of a date is that date. */
static void check_date(struct hc_str text)
{
	int64_t us, back = 0;
	char printed[HC_S3_DATE_SIZE];
	if (!hc_s3_date_parse(text, &us))
		return;
	us -= (us % HC_SECOND_US + HC_SECOND_US) % HC_SECOND_US;
	hc_s3_date_print(us, printed);
	must(hc_s3_date_parse(hc_str(printed), &back) && back == us);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct hc_str rest = input_text(data, size), number = take_until(&rest, '\n'), tag = take_until(&rest, '\n');
	struct hc_str range = take_until(&rest, '\n');
	uint64_t bytes;
	if (hc_u64_parse(number, &bytes))
		check_range(range, bytes);
	check_range(range, UINT64_MAX);
	check_range(range, 0);
	check_date(rest);
	struct hc_str bare = hc_s3_etag_bare(tag);
	must(bare.n <= tag.n);
	const struct hc_s3_conditions c = {.if_match = tag, .if_modified_since = rest}, d = {.if_none_match = tag};
	bool same = hc_s3_etag_matches(tag, HC_STR("abc"));
	must((hc_s3_conditions_judge(&c, HC_STR("abc"), 0) == HC_S3_FAILED) == !same);
	must((hc_s3_conditions_judge(&d, HC_STR("abc"), 0) == HC_S3_NOT_MODIFIED) == same);
	return 0;
}
