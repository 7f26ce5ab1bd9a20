/*
 * Output rows of a batch transform: the capture that one stands for is a record, unless its id or
 * time is none; its data is the row without them. The first byte says CSV or JSON (even, odd).
 */
#include "dataset/batch.h"
#include "target.h"

static struct hc_err err;

static void check_data(const struct hc_record *r, struct hc_str row, enum hc_payload_format format)
{
	static struct hc_buf scratch = HC_BUF(1 << 20);
	hc_buf_reset(&scratch);
	struct hc_str data = hc_json_text(&r->output.data, &scratch);
	must(!scratch.failed && data.n > 0 && data.n < row.n);
	if (format == HC_PAYLOAD_CSV) {
		must(memcmp(data.p, row.p, data.n) == 0 && row.p[data.n] == ',');
		return;
	}
	struct hc_json j;
	struct hc_json_value value;
	hc_json_open(&j, data);
	must(hc_json_value(&j, &value) && hc_json_finish(&j));
	must(value.type == HC_JSON_OBJECT || value.type == HC_JSON_ARRAY);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct hc_csv_row row;
	static struct hc_record record;
	static struct hc_buf out = HC_BUF(1 << 20);
	if (size == 0)
		return 0;
	if (!record.inference_id_scratch.max)
		hc_record_init(&record);
	hc_buf_reset(&out);
	struct hc_str text = input_text(data + 1, size - 1);
	enum hc_payload_format format = data[0] % 2 ? HC_PAYLOAD_JSON : HC_PAYLOAD_CSV;
	enum hc_code code = hc_batch_capture(text, format, &row, &out, &err);
	if (code != HC_OK) {
		must(code == HC_INPUT);
		must_explain(code, &err);
		return 0;
	}
	must(!memchr(out.p, '\n', out.n));
	code = hc_record_parse(hc_buf_view(&out), HC_RECORD_CAPTURE, &record, &err);
	if (code == HC_OK) {
		must(record.batch && record.has_time && record.event_id.n && !record.inference_id.n);
		check_data(&record, text, format);
		return 0;
	}
	struct hc_str message = hc_str(err.msg);
	must(hc_str_starts(message, "eventMetadata.eventId ") ||
	     hc_str_starts(message, "eventMetadata.inferenceTime ") ||
	     hc_str_starts(message, "batchTransformOutput.data is empty"));
	return 0;
}
