#include "monitor/parts.h"

#include <string.h>

#include "base/instant.h"

void hc_parts_init(struct hc_parts *p, struct hc_stage *stage, const char *folder, const char *uuid)
{
	*p = (struct hc_parts){.stage = stage, .folder = folder};
	memcpy(p->uuid, uuid, HC_UUID_SIZE);
}

static enum hc_code open_part(struct hc_parts *p, const struct hc_input_file *capture, struct hc_err *err)
{
	char hour[HC_HOUR_PATH_SIZE];
	HC_BUF_SCOPED struct hc_buf path = HC_BUF(HC_PATH_LEN_MAX);
	hc_instant_hour_path(capture->hour_us, hour);
	hc_buf_printf(&path, "%s%s%s%s%s/part-00000-%s.c000.jsonl", p->folder, *p->folder ? "/" : "", capture->above,
		      *capture->above ? "/" : "", hour, p->uuid);
	const char *name = hc_buf_cstring(&path);
	HC_TRY(hc_buf_check(&path, "the path of a merged part", err));
	HC_TRY(hc_stage_file(p->stage, name, &p->writer, err));
	p->writer.unsynced = true;
	p->open = capture;
	return HC_OK;
}

bool hc_parts_same(const struct hc_input_file *a, const struct hc_input_file *b)
{
	return a->hour_us == b->hour_us && strcmp(a->above, b->above) == 0;
}

enum hc_code hc_parts_write(struct hc_parts *p, const struct hc_input_file *capture, struct hc_str records,
			    struct hc_err *err)
{
	if (!p->open || !hc_parts_same(p->open, capture)) {
		HC_TRY(hc_parts_close(p, err));
		HC_TRY(open_part(p, capture, err));
	}
	hc_writer_put(&p->writer, records.p, records.n);
	return HC_OK;
}

enum hc_code hc_parts_close(struct hc_parts *p, struct hc_err *err)
{
	if (!p->open)
		return HC_OK;
	p->open = NULL;
	return hc_writer_close(&p->writer, err);
}

void hc_parts_abandon(struct hc_parts *p)
{
	if (p->open)
		hc_writer_abandon(&p->writer);
	p->open = NULL;
}
