#include "monitor/reader.h"

#include <string.h>

#include "codec/lines.h"
#include "codec/unpack.h"
#include "store/store.h"
#include "sys/files.h"
#include "sys/interrupt.h"

/* How often progress is told and the wish to stop is looked at: records. */
enum { LOOK_EVERY = 4096 };

void hc_reader_init(struct hc_reader *r, const struct hc_request *request, const struct hc_input_files *files,
		    struct hc_tolerance *tolerance, void *arg)
{
	*r = (struct hc_reader){.request = request, .files = files, .tolerance = tolerance, .arg = arg};
	for (size_t i = 0; i < files->n; i++)
		r->bytes_all += files->list[i].size;
}

static const char *path_of(const struct hc_reader *r, size_t file)
{
	return r->files->list[file].path;
}

static enum hc_code look_around(const struct hc_reader *r, uint64_t bytes, struct hc_err *err)
{
	const struct hc_progress *p = &r->request->progress;
	if (p->tell)
		p->tell(p->arg, "reading", r->bytes_done + bytes, r->bytes_all);
	return hc_interrupt_check(err);
}

static enum hc_code fail_long(const struct hc_reader *r, struct hc_err *err)
{
	hc_fail(err, HC_INPUT, "the line is longer than %zu bytes", r->request->max_line);
	return hc_hint(
		err, "raise --max-line-bytes, or remove the line (in CSV: an open quote may have swallowed the rest)");
}

static enum hc_code read_lines(struct hc_reader *r, size_t file, struct hc_lines *lines, hc_take_line *take,
			       struct hc_err *err)
{
	for (struct hc_line line = {0};;) {
		enum hc_code code = hc_lines_next(lines, &line, err);
		if (code != HC_OK)
			return hc_err_at(err, "%s:%llu", path_of(r, file), (unsigned long long)line.number + 1);
		if (line.state == HC_LINE_END)
			return HC_OK;
		if (line.state == HC_LINE_LONG)
			code = fail_long(r, err);
		else if (hc_str_trim(line.text).n > 0)
			code = take(r->arg, file, line.text, line.number, err);
		if (code != HC_OK)
			HC_TRY(hc_tolerance_of(r->tolerance, path_of(r, file), line.number, err));
		if (line.number % LOOK_EVERY == 0)
			HC_TRY(look_around(r, hc_lines_bytes(lines), err));
	}
}

enum hc_code hc_reader_lines(struct hc_reader *r, size_t file, hc_take_line *take, struct hc_err *err)
{
	struct hc_source *packed, *source;
	struct hc_lines *lines;
	HC_TRY(hc_store_open(path_of(r, file), &packed, err));
	enum hc_code code = hc_unpack_open(packed, &source, err);
	if (code == HC_OK)
		code = hc_lines_open(source, r->request->max_line, &lines, err);
	if (code != HC_OK)
		return hc_err_at(err, "%s:1", path_of(r, file));
	code = read_lines(r, file, lines, take, err);
	hc_lines_close(lines);
	r->bytes_done += r->files->list[file].size;
	return code == HC_OK ? look_around(r, 0, err) : code;
}

static enum hc_code read_rows(struct hc_reader *r, size_t file, struct hc_table *table, hc_take_header *take_header,
			      hc_take_row *take, struct hc_err *err)
{
	uint64_t rows = 0;
	if (take_header(r->arg, hc_table_header(table), err) != HC_OK)
		return hc_err_at(err, "%s:1", path_of(r, file));
	for (;;) {
		struct hc_table_row row;
		bool got;
		if (hc_table_next(table, &row, &got, err) != HC_OK)
			return hc_err_at(err, "%s:%llu", path_of(r, file), (unsigned long long)hc_table_line(table));
		if (!got)
			return HC_OK;
		enum hc_code code = row.too_long ? fail_long(r, err) : take(r->arg, file, &row, err);
		if (code != HC_OK)
			HC_TRY(hc_tolerance_of(r->tolerance, path_of(r, file), row.line, err));
		if (++rows % LOOK_EVERY == 0)
			HC_TRY(look_around(r, 0, err));
	}
}

enum hc_code hc_reader_rows(struct hc_reader *r, size_t file, hc_take_header *take_header, hc_take_row *take,
			    struct hc_err *err)
{
	const struct hc_request *q = r->request;
	const char *path = path_of(r, file);
	struct hc_source *source;
	struct hc_table *table;
	if (strcmp(path, "-") == 0)
		HC_TRY(hc_file_open_stdin(&source, err));
	else
		HC_TRY(hc_store_open(path, &source, err));
	enum hc_code code = hc_table_open(source, path, q->format, q->header, q->max_line, &table, err);
	if (code != HC_OK)
		return hc_err_at(err, "%s:1", path);
	code = read_rows(r, file, table, take_header, take, err);
	hc_table_close(table);
	r->bytes_done += r->files->list[file].size;
	return code == HC_OK ? look_around(r, 0, err) : code;
}
