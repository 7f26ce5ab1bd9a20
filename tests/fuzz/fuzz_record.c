/*
 * Records: every line is tried as a capture, as a label and as a merged record. A capture (first
 * line) and a label (second line, or the same) that can be read can be merged, and the merged
 * record reads as both.
 */
#include "dataset/record.h"
#include "target.h"

static struct hc_err err;

static bool inside(struct hc_str piece, struct hc_str whole)
{
	return piece.p >= whole.p && piece.p + piece.n <= whole.p + whole.n;
}

static void check_part(const struct hc_part_data *d, struct hc_str line)
{
	must(d->part && d->data.type == HC_JSON_STRING && d->data.raw.n > 2 && inside(d->data.raw, line));
	must(d->encoding == HC_ENCODING_CSV || d->encoding == HC_ENCODING_JSON || d->encoding == HC_ENCODING_BASE64);
	must(d->content_type.raw.n == 0 || inside(d->content_type.raw, line));
	must(d->part->n >= 2 && d->part->n <= HC_RECORD_MEMBERS_MAX);
}

static bool parse(struct hc_str line, enum hc_record_kind kind, struct hc_record *r)
{
	enum hc_code code = hc_record_parse(line, kind, r, &err);
	if (code != HC_OK) {
		must(code == HC_INPUT);
		must_explain(code, &err);
		return false;
	}
	must(r->key.n > 0 && (hc_str_eq(r->key, r->event_id) || hc_str_eq(r->key, r->inference_id)));
	must(r->n_parts <= HC_RECORD_PARTS_MAX);
	if (kind != HC_RECORD_LABEL)
		check_part(&r->output, line);
	if (kind != HC_RECORD_CAPTURE)
		check_part(&r->truth, line);
	return true;
}

static bool same_part(const struct hc_part_data *a, const struct hc_part_data *b)
{
	return hc_str_eq(a->data.raw, b->data.raw) && a->encoding == b->encoding && a->part->n == b->part->n &&
	       hc_str_eq(a->content_type.raw, b->content_type.raw);
}

/* What write_truth writes, read_truth reads as the same, and write_truth writes again. */
static void check_truth(const struct hc_record *label, struct hc_str truth)
{
	static struct hc_record read;
	static struct hc_buf again = HC_BUF(1 << 20);
	hc_buf_reset(&again);
	must(hc_record_read_truth(truth, &read, &err) == HC_OK);
	must(same_part(&label->truth, &read.truth));
	hc_record_write_truth(&read, &again);
	must(!again.failed && hc_str_eq(hc_buf_view(&again), truth));
}

static void check_merged(const struct hc_record *capture, const struct hc_record *label)
{
	static struct hc_record merged;
	static struct hc_buf truth = HC_BUF(1 << 20), line = HC_BUF(1 << 20), again = HC_BUF(1 << 20);
	if (!merged.inference_id_scratch.max)
		hc_record_init(&merged);
	hc_buf_reset(&truth);
	hc_buf_reset(&line);
	hc_buf_reset(&again);
	hc_record_write_truth(label, &truth);
	must(!truth.failed);
	check_truth(label, hc_buf_view(&truth));
	hc_record_write_merged(capture, hc_buf_view(&truth), &line);
	must(!line.failed && !memchr(line.p, '\n', line.n) && !memchr(line.p, '\r', line.n));
	must(parse(hc_buf_view(&line), HC_RECORD_MERGED, &merged));
	must(hc_str_eq(merged.key, capture->key));
	must(hc_str_eq(merged.event_id, capture->event_id) && hc_str_eq(merged.inference_id, capture->inference_id));
	must(same_part(&merged.output, &capture->output) && same_part(&merged.truth, &label->truth));
	must(merged.batch == capture->batch && merged.n_parts == capture->n_parts);
	if (merged.has_time)
		must(capture->has_time && merged.time_us == capture->time_us);
	hc_record_write_merged(&merged, hc_buf_view(&truth), &again);
	must(!again.failed && hc_str_eq(hc_buf_view(&again), hc_buf_view(&line)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct hc_record capture, label, merged;
	if (!capture.inference_id_scratch.max) {
		hc_record_init(&capture);
		hc_record_init(&label);
		hc_record_init(&merged);
	}
	struct hc_str rest = input_text(data, size), first = take_until(&rest, '\n'), second = take_until(&rest, '\n');
	if (second.n == 0)
		second = first;
	bool is_capture = parse(first, HC_RECORD_CAPTURE, &capture);
	if (parse(first, HC_RECORD_MERGED, &merged))
		must(is_capture && hc_str_eq(merged.key, capture.key) && same_part(&merged.output, &capture.output));
	if (parse(second, HC_RECORD_LABEL, &label) && is_capture)
		check_merged(&capture, &label);
	return 0;
}
