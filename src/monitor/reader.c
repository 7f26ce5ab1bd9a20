#include "monitor/reader.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/apart.h"
#include "codec/blocks.h"
#include "codec/lines.h"
#include "codec/unpack.h"
#include "store/store.h"
#include "sys/ahead.h"
#include "sys/crew.h"
#include "sys/files.h"
#include "sys/interrupt.h"
#include "sys/machine.h"

enum {
	LOOK_EVERY = 4096, /* records, after which progress is told and the wish to stop is looked at */
	HEAD_BYTES = 4,    /* enough to know a byte order mark and packed data */
	GROWTH_MIN = 64,
};

void hc_reader_init(struct hc_reader *r, const struct hc_request *request, const struct hc_input_files *files)
{
	*r = (struct hc_reader){.request = request, .files = files};
	pthread_mutex_init(&r->lock, NULL);
	for (size_t i = 0; i < files->n; i++)
		r->bytes_all += files->list[i].size;
	r->passing = r->bytes_all > hc_machine_memory();
}

void hc_reader_free(struct hc_reader *r)
{
	if (!r->files)
		return;
	for (size_t i = 0; i < r->n_chunks; i++)
		free(r->chunks[i].line_of);
	free(r->chunks);
	free(r->bad.places);
	pthread_mutex_destroy(&r->lock);
	*r = (struct hc_reader){0};
}

static const char *path_of_chunk(const struct hc_reader *r, const struct hc_chunk *c)
{
	return r->files->list[c->file].path;
}

/* --- cutting -------------------------------------------------------------------------------- */

static enum hc_code add_chunk(struct hc_reader *r, struct hc_chunk chunk, struct hc_err *err)
{
	if (r->n_chunks == HC_CHUNKS_MAX) {
		hc_fail(err, HC_LIMIT, "the input falls into more than %d pieces", HC_CHUNKS_MAX);
		return hc_hint(err, "raise --chunk-bytes, or run over fewer hours at a time");
	}
	if (r->n_chunks == r->cap_chunks) {
		size_t cap = r->cap_chunks ? r->cap_chunks * 2 : GROWTH_MIN;
		struct hc_chunk *more = realloc(r->chunks, cap * sizeof *more);
		if (!more)
			return hc_fail_nomem(err, "the pieces of the input");
		r->chunks = more;
		r->cap_chunks = cap;
	}
	r->chunks[r->n_chunks++] = chunk;
	return HC_OK;
}

static enum hc_code is_cuttable(const char *path, bool *out, struct hc_err *err)
{
	char head[HEAD_BYTES];
	struct hc_file_info info;
	struct hc_source *source;
	size_t n = 0, got = 1;
	HC_TRY(hc_file_look(path, &info, err));
	*out = info.kind == HC_FILE_REGULAR;
	if (!*out)
		return HC_OK;
	HC_TRY(hc_store_open(path, &source, err));
	enum hc_code code = HC_OK;
	for (; n < sizeof head && got && code == HC_OK; n += got)
		code = source->read(source, head + n, sizeof head - n, &got, err);
	hc_source_close(source);
	*out = code == HC_OK && !hc_unpack_is_packed(head, n);
	return code == HC_OK ? HC_OK : hc_err_at(err, "%s", path);
}

static enum hc_code cut_file(struct hc_reader *r, size_t file, bool rows, struct hc_err *err)
{
	const struct hc_input_file *f = &r->files->list[file];
	rows |= hc_layout_is_parquet(f->path);
	uint64_t piece = r->request->chunk_bytes ? r->request->chunk_bytes : HC_CHUNK_BYTES_DEFAULT;
	bool cuttable = !rows && f->size > piece;
	if (cuttable)
		HC_TRY(is_cuttable(f->path, &cuttable, err));
	if (!cuttable)
		return add_chunk(r, (struct hc_chunk){.file = file, .to = f->size, .whole = true, .rows = rows}, err);
	for (uint64_t from = 0; from < f->size; from += piece) {
		uint64_t to = f->size - from < piece ? f->size : from + piece;
		HC_TRY(add_chunk(r, (struct hc_chunk){.file = file, .from = from, .to = to}, err));
	}
	return HC_OK;
}

enum hc_code hc_reader_cut(struct hc_reader *r, const char *source, bool rows, struct hc_err *err)
{
	for (size_t i = 0; i < r->files->n; i++)
		if (strcmp(r->files->list[i].source, source) == 0)
			HC_TRY(cut_file(r, i, rows, err));
	return HC_OK;
}

/* --- places --------------------------------------------------------------------------------- */

const char *hc_reader_path(const struct hc_reader *r, uint64_t place)
{
	return path_of_chunk(r, &r->chunks[hc_place_chunk(place)]);
}

void hc_reader_number(struct hc_reader *r, size_t first, size_t last)
{
	for (size_t i = first; i < last; i++) {
		struct hc_chunk *c = &r->chunks[i];
		c->before = i > 0 && c[-1].file == c->file ? c[-1].before + c[-1].lines : 0;
	}
}

struct hc_class_place hc_reader_where(const struct hc_reader *r, uint64_t place)
{
	const struct hc_chunk *c = &r->chunks[hc_place_chunk(place)];
	uint64_t line = hc_place_line(place) + 1;
	if (c->rows)
		line = line <= c->lines ? c->line_of[line - 1] : 0;
	return (struct hc_class_place){c->file, c->before + line};
}

static enum hc_code fail_place(const struct hc_reader *r, uint64_t place, struct hc_err *err)
{
	return hc_err_at(err, "%s:%llu", hc_reader_path(r, place), (unsigned long long)hc_reader_where(r, place).line);
}

static enum hc_code add_place(struct hc_bad_records *bad, uint64_t place, struct hc_err *err)
{
	if (bad->n == bad->cap) {
		size_t cap = bad->cap ? bad->cap * 2 : GROWTH_MIN;
		uint64_t *more = realloc(bad->places, cap * sizeof *more);
		if (!more)
			return hc_fail_nomem(err, "the list of bad records");
		bad->places = more;
		bad->cap = cap;
	}
	bad->places[bad->n++] = place;
	return HC_OK;
}

enum hc_code hc_reader_add_bad(struct hc_reader *r, const uint64_t *places, size_t n, struct hc_err *err)
{
	for (size_t i = 0; i < n; i++)
		HC_TRY(add_place(&r->bad, places[i], err));
	if (r->bad.n)
		qsort(r->bad.places, r->bad.n, sizeof *r->bad.places, hc_place_compare);
	return HC_OK;
}

/* --- one worker's reading ------------------------------------------------------------------- */

/* How a chunk is read, and by whom. */
struct reading {
	HC_APART struct hc_reader *reader;
	const struct hc_taker *taker;
	void *arg;
	/* Only these records are taken; NULL: all. */
	const uint64_t *wanted;
	size_t n_wanted, next_wanted;
	struct hc_err *reasons; /* what is wrong with each of them; NULL: the first bad one ends the reading */
	bool keeps_bad;         /* bad records are listed in `bad`; else the first one ends the reading */
	struct hc_bad_records bad;
	_Atomic uint64_t *stop; /* what lies behind this place does not matter any more */
	enum hc_code code;      /* the failure that ended the reading ... */
	uint64_t failed_at;     /* ... and its place: less is earlier */
	bool placed;            /* its message has a place already */
	bool few;               /* there are fewer chunks than workers */
	struct hc_buf slurped;
	struct hc_blocks blocks;
	struct hc_err err;
};

static enum hc_code look_around(struct reading *w, struct hc_err *err)
{
	struct hc_reader *r = w->reader;
	const struct hc_progress *p = &r->request->progress;
	if (p->tell && r->what && pthread_mutex_trylock(&r->lock) == 0) {
		p->tell(p->arg, r->what, atomic_load_explicit(&r->bytes_done, memory_order_relaxed), r->bytes_all);
		pthread_mutex_unlock(&r->lock);
	}
	return hc_interrupt_check(err);
}

static enum hc_code fail_long(const struct hc_reader *r, struct hc_err *err)
{
	hc_fail(err, HC_INPUT, "the line is longer than %zu bytes", r->request->max_line);
	return hc_hint(
		err, "raise --max-line-bytes, or remove the line (in CSV: an open quote may have swallowed the rest)");
}

/* A record too long to be handed over. */
static enum hc_code take_long(const struct reading *w, uint64_t place, struct hc_err *err)
{
	(void)!fail_long(w->reader, err);
	return w->taker->too_long ? w->taker->too_long(w->arg, place, err) : hc_err_code(err);
}

static bool is_wanted(const struct reading *w, uint64_t place)
{
	return !w->wanted || (w->next_wanted < w->n_wanted && w->wanted[w->next_wanted] == place);
}

static bool is_enough(const struct reading *w)
{
	return w->wanted && w->next_wanted == w->n_wanted;
}

static void lower(_Atomic uint64_t *stop, uint64_t place)
{
	uint64_t now = atomic_load(stop);
	while (place < now && !atomic_compare_exchange_weak(stop, &now, place))
		continue;
}

/* Something about the record at `place` went wrong: notes a bad one, or ends the reading. */
static enum hc_code settle(struct reading *w, enum hc_code code, uint64_t place, struct hc_err *err)
{
	if (code == HC_INPUT && w->reasons) {
		w->reasons[w->next_wanted - 1] = *err;
		return HC_OK;
	}
	if (code != HC_INPUT || !w->keeps_bad) {
		w->failed_at = place;
		w->placed = w->taker->names_places;
		return code;
	}
	HC_TRY(add_place(&w->bad, place, err));
	if (w->bad.n > w->reader->request->max_bad_records) {
		lower(w->stop, place); /* the error is here, or before */
		w->failed_at = HC_PLACE_NONE;
		return HC_INPUT;
	}
	return HC_OK;
}

static enum hc_code take_line(struct reading *w, struct hc_str text, bool is_long, uint64_t place, struct hc_err *err)
{
	enum hc_code code = HC_OK;
	if (!is_wanted(w, place))
		return HC_OK;
	w->next_wanted++;
	if (is_long)
		code = take_long(w, place, err);
	else if (hc_str_trim(text).n > 0)
		code = w->taker->full(w->arg, text, place, err);
	return code == HC_OK ? HC_OK : settle(w, code, place, err);
}

static enum hc_code pass(struct reading *w, struct hc_err *err)
{
	return w->taker->passed ? w->taker->passed(w->arg, err) : HC_OK;
}

/* The lines that begin in [p, stop), of bytes that end at `end`; *lines: how many were before, and with them. */
static enum hc_code read_lines(struct reading *w, size_t chunk, const char *p, const char *stop, const char *end,
			       uint64_t *lines, struct hc_err *err)
{
	const struct hc_taker *taker = w->taker;
	size_t max_line = w->reader->request->max_line;
	bool quick = taker->quick && !w->wanted;
	uint64_t line = *lines;
	for (; p < stop && !is_enough(w); line++) {
		const char *next;
		uint64_t place = hc_place(chunk, line);
		if (line % LOOK_EVERY == LOOK_EVERY - 1)
			HC_TRY(look_around(w, err));
		enum hc_taken taken = quick ? taker->quick(w->arg, p, end, place, &next, err) : HC_NOT_TAKEN;
		if (taken == HC_TAKEN) {
			p = next;
			continue;
		}
		if (taken == HC_TAKING_FAILED) {
			w->failed_at = place;
			w->placed = taker->names_places;
			return hc_err_code(err);
		}
		const char *newline = memchr(p, '\n', (size_t)(end - p));
		struct hc_str text = {p, (size_t)((newline ? newline : end) - p)};
		if (newline && text.n && text.p[text.n - 1] == '\r')
			text.n--;
		HC_TRY(take_line(w, text, text.n > max_line, place, err));
		p = newline ? newline + 1 : end;
	}
	*lines = line;
	return HC_OK;
}

/* The same; what was taken does not need the bytes any more then. */
static enum hc_code read_bytes(struct reading *w, size_t chunk, const char *p, const char *stop, const char *end,
			       uint64_t *lines, struct hc_err *err)
{
	enum hc_code code = read_lines(w, chunk, p, stop, end, lines, err);
	/* Too many bad records are an end, but what came before them counts. */
	bool ends_well = code == HC_OK || w->failed_at == HC_PLACE_NONE;
	return ends_well && pass(w, err) != HC_OK ? hc_err_code(err) : code;
}

static enum hc_code read_memory(struct reading *w, size_t chunk, const char *p, size_t n, uint64_t *lines,
				struct hc_err *err)
{
	size_t skip;
	HC_TRY(hc_lines_mark((struct hc_str){p, n < HEAD_BYTES ? n : HEAD_BYTES}, &skip, err));
	return read_bytes(w, chunk, p + skip, p + n, p + n, lines, err);
}

/* --- the ways to get at a file's bytes ------------------------------------------------------- */

/* Reads the lines of w->blocks that begin before `to`. */
static enum hc_code read_blocks(struct reading *w, size_t chunk, uint64_t to, uint64_t *lines, struct hc_err *err)
{
	while (!is_enough(w)) {
		enum hc_block_state state;
		struct hc_str block = {0};
		uint64_t offset;
		if (w->stop && hc_place(chunk, *lines) > atomic_load(w->stop))
			break; /* the run ends before this */
		if (*lines >= HC_PLACE_LINES_MAX / 2)
			return hc_fail(err, HC_LIMIT, "more lines than can be counted");
		enum hc_code code = hc_blocks_next(&w->blocks, &state, &block, &offset, err);
		if (code != HC_OK) {
			w->failed_at = hc_place(chunk, *lines); /* behind the lines that came out before */
			return code;
		}
		if (state == HC_BLOCK_END || offset >= to)
			break;
		if (state == HC_BLOCK_LONG) {
			HC_TRY(take_line(w, block, true, hc_place(chunk, (*lines)++), err));
			continue;
		}
		const char *end = block.p + block.n;
		HC_TRY(read_bytes(w, chunk, block.p, to - offset < block.n ? block.p + (to - offset) : end, end, lines,
				  err));
	}
	return HC_OK;
}

/* A file whose size says nothing, or whose bytes are packed. */
static enum hc_code read_stream(struct reading *w, size_t chunk, struct hc_source *packed, uint64_t *lines,
				struct hc_err *err)
{
	struct hc_source *source;
	HC_TRY(hc_unpack_open(packed, &source, err));
	if (w->few) /* another core has nothing to do */
		source = hc_ahead(source);
	hc_blocks_begin(&w->blocks, source, 0, UINT64_MAX, w->reader->request->max_line);
	return read_blocks(w, chunk, UINT64_MAX, lines, err);
}

static enum hc_code fail_shrunk(struct reading *w, const char *path, struct hc_err *err)
{
	w->placed = true;
	hc_fail(err, HC_IO, "%s: shrank while it was read", path);
	return hc_hint(err, "run again when nobody writes to the file");
}

/*
 * What reading a file came to, after a look at its size: that it shrank explains an end that came too early, and what
 * looks like bad data there.
 */
static enum hc_code check_size(struct reading *w, size_t chunk, const struct hc_input_file *f, enum hc_code code,
			       struct hc_err *err)
{
	struct hc_file_info now;
	struct hc_err unheard;
	if (code != HC_OK && code != HC_INPUT)
		return code;
	if (hc_file_look(f->path, &now, &unheard) != HC_OK || now.size >= f->size)
		return code;
	w->failed_at = hc_place(chunk, 0);
	return fail_shrunk(w, f->path, err);
}

static enum hc_code read_whole(struct reading *w, size_t chunk, const struct hc_input_file *f, uint64_t *lines,
			       struct hc_err *err)
{
	struct hc_source *source;
	w->placed = true; /* opening names the path */
	HC_TRY(hc_store_open(f->path, &source, err));
	w->placed = false;
	return check_size(w, chunk, f, read_stream(w, chunk, source, lines, err), err);
}

/* A small file, in one go. */
static enum hc_code read_slurped(struct reading *w, size_t chunk, const struct hc_input_file *f, uint64_t *lines,
				 struct hc_err *err)
{
	hc_buf_reset(&w->slurped);
	enum hc_code code = hc_file_slurp_sized(f->path, f->size, &w->slurped, err);
	if (code == HC_LIMIT) /* it grew */
		return read_whole(w, chunk, f, lines, err);
	w->placed = code != HC_OK;
	HC_TRY(code);
	struct hc_str bytes = hc_buf_view(&w->slurped);
	if (bytes.n < f->size)
		return fail_shrunk(w, f->path, err);
	if (!hc_unpack_is_packed(bytes.p, bytes.n))
		return read_memory(w, chunk, bytes.p, bytes.n, lines, err);
	struct hc_source *source = hc_source_of_memory(bytes.p, bytes.n);
	return source ? read_stream(w, chunk, source, lines, err) : hc_fail_nomem(err, "reading a file");
}

/* A piece of a file: from the byte before it, to see whether a line begins with it. */
static enum hc_code read_piece(struct reading *w, size_t chunk, uint64_t *lines, struct hc_err *err)
{
	const struct hc_chunk *c = &w->reader->chunks[chunk];
	uint64_t from = c->from > 0 ? c->from - 1 : 0;
	struct hc_source *source;
	w->placed = true;
	HC_TRY(hc_file_open_at(path_of_chunk(w->reader, c), from, c->to - from, w->reader->passing, &source, err));
	w->placed = false;
	hc_blocks_begin(&w->blocks, source, from, c->to, w->reader->request->max_line);
	const struct hc_input_file *f = &w->reader->files->list[c->file];
	HC_TRY(check_size(w, chunk, f, read_blocks(w, chunk, c->to, lines, err), err));
	bool shrank = w->blocks.ended && w->blocks.offset + w->blocks.n < c->to && !is_enough(w);
	return shrank ? fail_shrunk(w, f->path, err) : HC_OK;
}

static enum hc_code note_row(struct hc_chunk *c, uint64_t row, uint64_t line, struct hc_err *err)
{
	if (row >= c->cap_rows) {
		uint64_t cap = c->cap_rows ? c->cap_rows * 2 : GROWTH_MIN;
		uint64_t *more = realloc(c->line_of, cap * sizeof *more);
		if (!more)
			return hc_fail_nomem(err, "the rows of a batch output");
		c->line_of = more;
		c->cap_rows = cap;
	}
	c->line_of[row] = line;
	c->lines = row + 1;
	return HC_OK;
}

static enum hc_code fail_line(struct reading *w, const struct hc_chunk *c, uint64_t line, struct hc_err *err)
{
	w->placed = true;
	return hc_err_at(err, "%s:%llu", path_of_chunk(w->reader, c), (unsigned long long)line);
}

static enum hc_code read_table(struct reading *w, size_t chunk, struct hc_table *table, struct hc_err *err)
{
	struct hc_chunk *c = &w->reader->chunks[chunk];
	if (w->taker->header && w->taker->header(w->arg, hc_table_header(table), err) != HC_OK)
		return fail_line(w, c, 1, err);
	for (uint64_t n = 0; !is_enough(w); n++) {
		struct hc_table_row row;
		bool got;
		uint64_t place = hc_place(chunk, n);
		if (hc_table_next(table, &row, &got, err) != HC_OK) {
			w->failed_at = place;
			return fail_line(w, c, hc_table_line(table), err);
		}
		if (!got)
			return HC_OK;
		if (!c->read)
			HC_TRY(note_row(c, n, row.line, err));
		if (n % LOOK_EVERY == LOOK_EVERY - 1)
			HC_TRY(look_around(w, err));
		if (!is_wanted(w, place))
			continue;
		w->next_wanted++;
		enum hc_code code = row.too_long ? take_long(w, place, err) : w->taker->row(w->arg, &row, place, err);
		if (code == HC_OK)
			code = pass(w, err); /* the row goes with the next one */
		if (code != HC_OK)
			HC_TRY(settle(w, code, place, err));
	}
	return HC_OK;
}

static enum hc_code read_rows_of(struct reading *w, size_t chunk, struct hc_err *err)
{
	const struct hc_chunk *c = &w->reader->chunks[chunk];
	const struct hc_request *q = w->reader->request;
	const char *path = path_of_chunk(w->reader, c);
	bool parquet = hc_layout_is_parquet(path);
	struct hc_source *source;
	struct hc_table *table;
	w->placed = true;
	HC_TRY(hc_store_open(path, &source, err));
	w->placed = false;
	if (hc_table_open(source, path, parquet ? HC_TABLE_PARQUET : q->format, q->header, q->max_line, &table, err) !=
	    HC_OK)
		return fail_line(w, c, 1, err);
	enum hc_code code = read_table(w, chunk, table, err);
	hc_table_close(table);
	return check_size(w, chunk, &w->reader->files->list[c->file], code, err);
}

/* Reads one chunk; w->failed_at and w->placed tell of a failure. */
static enum hc_code read_chunk(struct reading *w, size_t chunk, struct hc_err *err)
{
	struct hc_reader *r = w->reader;
	struct hc_chunk *c = &r->chunks[chunk];
	const struct hc_input_file *f = &r->files->list[c->file];
	uint64_t lines = 0;
	w->failed_at = hc_place(chunk, 0);
	w->placed = false;
	enum hc_code code;
	if (c->rows) {
		code = read_rows_of(w, chunk, err);
	} else if (!c->whole) {
		code = read_piece(w, chunk, &lines, err);
	} else if (f->size > 0 && f->size <= HC_READER_SLURPED_MAX) {
		code = read_slurped(w, chunk, f, &lines, err);
	} else {
		code = read_whole(w, chunk, f, &lines, err);
	}
	hc_blocks_end(&w->blocks); /* it may read from `slurped`, ahead of what was asked for */
	if (!c->rows && !c->read)
		c->lines = lines;
	c->read = true;
	if (code == HC_OK && !w->wanted) {
		atomic_fetch_add_explicit(&r->bytes_done, c->to - c->from, memory_order_relaxed);
		code = look_around(w, err);
	}
	return code;
}

/* --- all chunks by a crew ------------------------------------------------------------------- */

struct crew {
	struct hc_reader *reader;
	struct hc_crew_pieces pieces;
	size_t first;
	_Atomic uint64_t stop;
	struct reading *readings;
};

static void work(void *arg, unsigned worker)
{
	struct crew *crew = arg;
	struct reading *w = &crew->readings[worker];
	uint64_t piece;
	while (w->code == HC_OK && hc_crew_next(&crew->pieces, &piece)) {
		size_t chunk = crew->first + (size_t)piece;
		if (hc_place(chunk, 0) > atomic_load(&crew->stop))
			return;
		w->code = read_chunk(w, chunk, &w->err);
	}
	if (w->code != HC_OK && w->failed_at != HC_PLACE_NONE)
		lower(&crew->stop, w->failed_at);
}

/* What the machine refuses is not about the record that was at work. */
static bool is_about_record(enum hc_code code)
{
	return code == HC_INPUT || code == HC_USAGE || code == HC_LIMIT;
}

static void free_reading(struct reading *w)
{
	free(w->bad.places);
	hc_buf_free(&w->slurped);
	hc_blocks_free(&w->blocks);
}

/* The failure that comes first in the input, NULL: none. Too many bad records are none: they are listed. */
static struct reading *first_failure(const struct crew *crew, unsigned workers)
{
	struct reading *first = NULL;
	for (unsigned i = 0; i < workers; i++) {
		struct reading *w = &crew->readings[i];
		if (w->code != HC_OK && w->failed_at != HC_PLACE_NONE && (!first || w->failed_at < first->failed_at))
			first = w;
	}
	return first;
}

enum hc_code hc_reader_fail_changed(const struct hc_reader *r, uint64_t place, struct hc_err *err)
{
	hc_fail(err, HC_IO, "%s: changed while it was read", hc_reader_path(r, place));
	return hc_hint(err, "run again when nobody writes to the file");
}

/* One reason a place, all of them HC_INPUT. */
static enum hc_code ask_why(struct hc_reader *r, const uint64_t *places, size_t n, hc_reader_why *why, void *arg,
			    struct hc_err *reasons, struct hc_err *err)
{
	for (size_t i = 0; i < n; i++)
		reasons[i].code = HC_OK;
	HC_TRY(why(arg, places, n, reasons, err));
	for (size_t i = 0; i < n; i++)
		if (reasons[i].code != HC_INPUT)
			return hc_reader_fail_changed(r, places[i], err);
	return HC_OK;
}

/* Too many bad records: the error is about the first beyond those that are tolerated. */
static enum hc_code refuse_bad(struct hc_reader *r, hc_reader_why *why, void *arg, struct hc_err *err)
{
	uint64_t max = r->request->max_bad_records, place = r->bad.places[max];
	struct hc_err reason;
	HC_TRY(ask_why(r, &place, 1, why, arg, &reason, err));
	*err = reason;
	hc_err_prefix(err, "%s:%llu", hc_reader_path(r, place), (unsigned long long)hc_reader_where(r, place).line);
	hc_tolerance_hint(max, err);
	return hc_err_code(err);
}

struct explanation {
	struct hc_reader *reader;
	const struct hc_taker *taker;
	void *arg;
	const struct hc_err *known; /* NULL: the record is read again */
};

static enum hc_code explain(void *arg, const uint64_t *places, size_t n, struct hc_err *reasons, struct hc_err *err)
{
	const struct explanation *e = arg;
	if (!e->known)
		return hc_reader_explain(e->reader, places, n, e->taker, e->arg, reasons, err);
	*reasons = *e->known; /* it is one */
	return HC_OK;
}

/* The error about a bad record, where the worker that met it stopped there; NULL: it went on. */
static const struct hc_err *error_at(const struct crew *crew, unsigned workers, uint64_t place)
{
	for (unsigned i = 0; i < workers; i++) {
		const struct reading *w = &crew->readings[i];
		if (w->code == HC_INPUT && w->failed_at == HC_PLACE_NONE && w->bad.places[w->bad.n - 1] == place)
			return &w->err;
	}
	return NULL;
}

static enum hc_code conclude(struct crew *crew, const struct hc_taker *taker, void *arg, unsigned workers,
			     struct hc_err *err)
{
	struct hc_reader *r = crew->reader;
	for (unsigned i = 0; i < workers; i++)
		HC_TRY(hc_reader_add_bad(r, crew->readings[i].bad.places, crew->readings[i].bad.n, err));
	const struct reading *failed = first_failure(crew, workers);
	uint64_t max = r->request->max_bad_records;
	bool too_many = r->bad.n > max;
	if (too_many && (!failed || r->bad.places[max] < failed->failed_at)) {
		const struct hc_err *known = error_at(crew, workers, r->bad.places[max]);
		struct explanation explanation = {r, taker, arg, known};
		r->too_many_bad = true;
		return refuse_bad(r, explain, &explanation, err);
	}
	if (!failed)
		return HC_OK;
	*err = failed->err;
	return failed->placed || !is_about_record(err->code) ? err->code : fail_place(r, failed->failed_at, err);
}

enum hc_code hc_reader_run(struct hc_reader *r, size_t first, size_t last, const struct hc_taker *taker,
			   void *const *args, unsigned workers, struct hc_err *err)
{
	r->what = "reading";
	struct crew crew = {.reader = r, .pieces = {.n = last - first}, .first = first};
	atomic_init(&crew.stop, HC_PLACE_NONE);
	crew.readings = hc_apart_alloc(workers, sizeof *crew.readings);
	if (!crew.readings)
		return hc_fail_nomem(err, "the threads");
	for (unsigned i = 0; i < workers; i++)
		crew.readings[i] = (struct reading){.reader = r,
						    .taker = taker,
						    .arg = args[i],
						    .keeps_bad = true,
						    .few = last - first < workers,
						    .stop = &crew.stop,
						    .slurped = HC_BUF(HC_READER_SLURPED_MAX * 2)};
	hc_crew_run(workers, work, &crew);
	hc_reader_number(r, first, last);
	enum hc_code code = conclude(&crew, taker, args[0], workers, err);
	for (unsigned i = 0; i < workers; i++)
		free_reading(&crew.readings[i]);
	free(crew.readings);
	return code;
}

/* --- single chunks and records ---------------------------------------------------------------- */

static enum hc_code finish_reading(struct reading *w, enum hc_code code, struct hc_err *err)
{
	free_reading(w);
	bool as_it_is = w->wanted && !w->reasons;
	bool names_place = code == HC_OK || w->placed || as_it_is || !is_about_record(code);
	return names_place ? code : fail_place(w->reader, w->failed_at, err);
}

enum hc_code hc_reader_chunk(struct hc_reader *r, size_t chunk, const struct hc_taker *taker, void *arg,
			     struct hc_err *err)
{
	struct reading w = {.reader = r, .taker = taker, .arg = arg, .slurped = HC_BUF(HC_READER_SLURPED_MAX * 2)};
	return finish_reading(&w, read_chunk(&w, chunk, err), err);
}

enum hc_code hc_reader_explain(struct hc_reader *r, const uint64_t *places, size_t n, const struct hc_taker *taker,
			       void *arg, struct hc_err *reasons, struct hc_err *err)
{
	for (size_t i = 0; i < n;) {
		size_t chunk = hc_place_chunk(places[i]), next = i;
		while (next < n && hc_place_chunk(places[next]) == chunk)
			next++;
		struct reading w = {.reader = r,
				    .taker = taker,
				    .arg = arg,
				    .wanted = places + i,
				    .n_wanted = next - i,
				    .reasons = reasons ? reasons + i : NULL,
				    .slurped = HC_BUF(HC_READER_SLURPED_MAX * 2)};
		HC_TRY(finish_reading(&w, read_chunk(&w, chunk, err), err));
		if (!is_enough(&w))
			return hc_reader_fail_changed(r, places[i], err);
		i = next;
	}
	return HC_OK;
}

enum hc_code hc_reader_again(struct hc_reader *r, const uint64_t *places, size_t n, const struct hc_taker *taker,
			     void *arg, struct hc_err *err)
{
	return hc_reader_explain(r, places, n, taker, arg, NULL, err);
}

static enum hc_code account_for(struct hc_reader *r, size_t n, struct hc_account *account, hc_reader_why *why,
				void *arg, struct hc_err *reasons, struct hc_err *err)
{
	const uint64_t *places = r->bad.places;
	HC_TRY(ask_why(r, places, n, why, arg, reasons, err));
	for (size_t i = 0; i < n; i++)
		hc_account_count(account, HC_UNREADABLE, (struct hc_str){0}, hc_reader_path(r, places[i]),
				 hc_reader_where(r, places[i]).line, reasons[i].msg);
	return HC_OK;
}

enum hc_code hc_reader_settle(struct hc_reader *r, struct hc_tolerance *tolerance, hc_reader_why *why, void *arg,
			      struct hc_err *err)
{
	if (r->bad.n > r->request->max_bad_records)
		return refuse_bad(r, why, arg, err);
	size_t shown = why ? r->bad.n : 0;
	if (shown > HC_ACCOUNT_SAMPLES_MAX)
		shown = HC_ACCOUNT_SAMPLES_MAX;
	if (shown) {
		struct hc_err *reasons = malloc(shown * sizeof *reasons);
		if (!reasons)
			return hc_fail_nomem(err, "what is wrong with bad records");
		enum hc_code code = account_for(r, shown, tolerance->account, why, arg, reasons, err);
		free(reasons);
		HC_TRY(code);
	}
	hc_account_add(tolerance->account, HC_UNREADABLE, r->bad.n - shown);
	tolerance->seen += r->bad.n;
	return HC_OK;
}

/* --- tables ----------------------------------------------------------------------------------- */

struct table_reading {
	struct reading reading;
	struct hc_tolerance *tolerance;
	hc_take_header *take_header;
	hc_take_row *take;
	size_t file;
	const struct hc_str *columns;
	size_t n_columns;
};

static enum hc_code read_rows(struct table_reading *t, struct hc_table *table, struct hc_err *err)
{
	struct reading *w = &t->reading;
	const char *path = w->reader->files->list[t->file].path;
	uint64_t rows = 0;
	if (t->take_header(w->arg, hc_table_header(table), err) != HC_OK)
		return hc_err_at(err, "%s:1", path);
	if (t->n_columns)
		HC_TRY(hc_table_want(table, t->columns, t->n_columns, err));
	for (;;) {
		struct hc_table_row row;
		bool got;
		if (hc_table_next(table, &row, &got, err) != HC_OK)
			return hc_err_at(err, "%s:%llu", path, (unsigned long long)hc_table_line(table));
		if (!got)
			return HC_OK;
		enum hc_code code = row.too_long ? fail_long(w->reader, err) : t->take(w->arg, t->file, &row, err);
		if (code != HC_OK)
			HC_TRY(hc_tolerance_of(t->tolerance, path, row.line, err));
		if (++rows % LOOK_EVERY == 0)
			HC_TRY(look_around(w, err));
	}
}

enum hc_code hc_reader_rows(struct hc_reader *r, size_t file, struct hc_tolerance *tolerance,
			    hc_take_header *take_header, hc_take_row *take, void *arg, struct hc_err *err)
{
	const struct hc_request *q = r->request;
	const char *path = r->files->list[file].path;
	const struct hc_measure_options *o = &q->measure;
	const struct hc_str columns[] = {o->truth.text, o->probability.text, o->inference.text};
	if (file >= HC_CHUNKS_MAX)
		return hc_fail(err, HC_LIMIT, "more than %d files", HC_CHUNKS_MAX);
	struct table_reading t = {{.reader = r, .arg = arg}, tolerance, take_header, take, file, columns, 3};
	/* Where one is not given, the row's only other column may be meant. */
	if (!o->truth.given || !o->probability.given || !o->inference.given)
		t.n_columns = 0;
	struct hc_source *source;
	struct hc_table *table;
	if (strcmp(path, "-") == 0)
		HC_TRY(hc_file_open_stdin(&source, err));
	else
		HC_TRY(hc_store_open(path, &source, err));
	enum hc_code code = hc_table_open(source, path, q->format, q->header, q->max_line, &table, err);
	if (code != HC_OK)
		return hc_err_at(err, "%s:1", path);
	code = read_rows(&t, table, err);
	hc_table_close(table);
	if (strcmp(path, "-") != 0)
		code = check_size(&t.reading, 0, &r->files->list[file], code, err);
	atomic_fetch_add_explicit(&r->bytes_done, r->files->list[file].size, memory_order_relaxed);
	return code == HC_OK ? look_around(&t.reading, err) : code;
}
