#include "monitor/wide.h"

#include <assert.h>

struct head {
	uint64_t same;
	int64_t time_us;
	uint64_t rows, texts, inference_id, event_id; /* how many, and bytes */
	bool has_time;
};

void hc_wide_write(struct hc_buf *out, const struct hc_wide *wide, const struct hc_measured_rows *rows)
{
	struct head head = {.same = wide->same,
			    .time_us = wide->time_us,
			    .rows = rows->n,
			    .texts = rows->texts.n,
			    .inference_id = wide->inference_id.n,
			    .event_id = wide->event_id.n,
			    .has_time = wide->has_time};
	hc_buf_put(out, &head, sizeof head);
	hc_buf_put(out, rows->list, rows->n * sizeof *rows->list);
	hc_buf_str(out, hc_buf_view(&rows->texts));
	hc_buf_str(out, wide->inference_id);
	hc_buf_str(out, wide->event_id);
}

static struct hc_str cut(struct hc_str *rest, uint64_t n)
{
	assert(n <= rest->n);
	struct hc_str piece = {rest->p, (size_t)n};
	rest->p += n;
	rest->n -= (size_t)n;
	return piece;
}

enum hc_code hc_wide_read(struct hc_str text, struct hc_wide *wide, struct hc_measured_rows *rows, struct hc_err *err)
{
	struct head head;
	memcpy(&head, cut(&text, sizeof head).p, sizeof head);
	struct hc_str list = cut(&text, head.rows * sizeof *rows->list), texts = cut(&text, head.texts);
	HC_TRY(hc_measured_rows_set(rows, list.p, (size_t)head.rows, texts, err));
	*wide = (struct hc_wide){.same = head.same, .has_time = head.has_time, .time_us = head.time_us};
	wide->inference_id = cut(&text, head.inference_id);
	wide->event_id = cut(&text, head.event_id);
	return HC_OK;
}
