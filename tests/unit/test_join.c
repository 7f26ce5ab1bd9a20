/*
 * Gather and join: which capture finds which label, and the account of the rest; from files, through the reader.
 *
 * What is written down here, or what a slow join of the same records finds, must come out for any number of workers,
 * any cut of the files and any memory.
 */
#include <errno.h>
#include <stdio.h>

#include "base/instant.h"
#include "base/number.h"
#include "check_files.h"
#include "monitor/merged.h"

enum { FILES = 2, MAX_LINE = 4096, HOUR = 3600 };

/* --- a run -------------------------------------------------------------------------------------- */

/* How it is done; nothing of it may be seen in the results. */
struct how {
	unsigned workers;
	uint64_t chunk_bytes, memory;
};

/* What it is about. */
struct what {
	enum { CLASSES, VALUES, NOT_MEASURED } measured;
	enum hc_on_conflict on_conflict;
	uint64_t max_bad;
	int64_t cutoff_s; /* 0: none */
	bool batch;
	struct hc_str labels[FILES], captures[FILES];
};

struct bench {
	struct hc_arena arena;
	struct hc_input_files files;
	struct hc_request request;
	struct hc_account account;
	struct hc_tolerance tolerance;
	struct hc_spill spill;
	struct hc_tally *tally;
	struct hc_merge merge;
	bool spilled;
	struct hc_buf told; /* all that came out */
};

/* Labels are collected in the hours 10 and 12, captures made in 10 and 11. */
static const int64_t label_hours[] = {10, 12}, capture_hours[] = {10, 11};

static void add_file(struct bench *b, const char *source, const char *name, int64_t hour, struct hc_str bytes)
{
	struct hc_err err;
	make_file_of(name, bytes.p, bytes.n);
	struct hc_input_file f = {
		.source = source, .key = name, .above = "", .hour_us = hour * HC_HOUR_US, .size = bytes.n};
	f.path = hc_arena_cstring(&b->arena, hc_str(path_of(name)));
	assert_non_null(f.path);
	struct hc_file_info info;
	assert_int_equal(hc_file_look(f.path, &info, &err), HC_OK);
	f.id = info.id;
	assert_int_equal(hc_input_files_add(&b->files, f, &err), HC_OK);
}

static void set_attribute(struct bench *b, const char *text, struct hc_attribute *out)
{
	struct hc_err err;
	assert_int_equal(hc_attribute_compile(text, "--x", &b->arena, out, &err), HC_OK);
}

static void open_bench(struct bench *b, const struct what *w, const struct how *how)
{
	static const char *const names[][FILES] = {{"l1", "l2"}, {"c1", "c2"}};
	struct hc_request *q = &b->request;
	struct hc_err err;
	*b = (struct bench){.arena = HC_ARENA(1 << 26), .told = HC_BUF(1 << 24)};
	b->files.arena = b->account.arena = &b->arena;
	for (int i = 0; i < FILES; i++)
		if (w->labels[i].p)
			add_file(b, "labels", names[0][i], label_hours[i], w->labels[i]);
	for (int i = 0; i < FILES; i++)
		if (w->captures[i].p)
			add_file(b, "capture", names[1][i], capture_hours[i], w->captures[i]);
	*q = (struct hc_request){.endpoint_input = w->batch ? NULL : "captures",
				 .batch_input = w->batch ? "outputs" : NULL,
				 .format = HC_TABLE_CSV,
				 .header = HC_HEADER_NONE,
				 .has_window = w->cutoff_s != 0,
				 .on_conflict = w->on_conflict,
				 .max_bad_records = w->max_bad,
				 .max_line = MAX_LINE,
				 .chunk_bytes = how->chunk_bytes};
	q->window.has_cutoff = true;
	q->window.cutoff_us = w->cutoff_s * HC_SECOND_US;
	b->tolerance = (struct hc_tolerance){.max = w->max_bad, .account = &b->account};
	assert_int_equal(hc_spill_init(&b->spill, how->memory, check_folder, &err), HC_OK);
	if (w->measured == NOT_MEASURED)
		return;
	q->checks = q->measures = true;
	q->measure = (struct hc_measure_options){.problem = w->measured == CLASSES ? HC_BINARY : HC_REGRESSION,
						 .curve_points = 10};
	set_attribute(b, "0", &q->measure.inference);
	if (w->measured == CLASSES)
		set_attribute(b, "1", &q->measure.probability);
	assert_int_equal(hc_tally_open(&q->measure, &b->spill, how->workers, &b->tally, &err), HC_OK);
}

static void close_bench(struct bench *b)
{
	hc_merge_free(&b->merge);
	hc_tally_free(b->tally);
	hc_spill_free(&b->spill);
	hc_account_free(&b->account);
	hc_input_files_free(&b->files);
	hc_buf_free(&b->told);
	hc_arena_free(&b->arena);
}

/* --- what came out, as text --------------------------------------------------------------------- */

static const char *name_of(const char *path)
{
	return strrchr(path, '/') + 1;
}

static void tell_account(const struct hc_account *a, bool reasons, struct hc_buf *out)
{
	for (int i = 0; i < HC_ACCOUNT_LINES; i++) {
		if (a->lines[i].count == 0)
			continue;
		hc_buf_printf(out, "%s %llu:", hc_account_name((enum hc_account_line)i),
			      (unsigned long long)a->lines[i].count);
		for (size_t k = 0; k < a->lines[i].n_samples; k++) {
			const struct hc_account_sample *s = &a->lines[i].samples[k];
			hc_buf_printf(out, " %s:%llu", name_of(s->path), (unsigned long long)s->line);
			if (s->id)
				hc_buf_printf(out, "=%.*s", (int)s->id_n, s->id);
			if (reasons && s->why)
				hc_buf_printf(out, " (%s)", s->why);
		}
		hc_buf_char(out, '\n');
	}
}

static void tell_delays(const struct hc_delays *d, struct hc_buf *out)
{
	if (d->n)
		hc_buf_printf(out, "delays %llu: %lld %lld %lld\n", (unsigned long long)d->n,
			      (long long)hc_delays_quantile(d, 0), (long long)hc_delays_quantile(d, 0.5),
			      (long long)hc_delays_quantile(d, 1));
}

static struct hc_class_place where_is(void *arg, uint64_t place)
{
	return hc_reader_where(arg, place);
}

/* The matrix or the mean error; with `digits` every bit of every metric too. */
static void tell_metrics(struct bench *b, unsigned threads, bool digits, struct hc_buf *out)
{
	struct hc_place_resolver places = {where_is, &b->merge.reader};
	struct hc_measured m;
	struct hc_class_place where;
	struct hc_err err;
	size_t n;
	if (hc_tally_finish(b->tally, &places, threads, &b->arena, &m, &where, &err) != HC_OK)
		fail_msg("%s", err.msg);
	const uint64_t *c = m.metrics.counts;
	hc_buf_printf(out, "rows %llu:", (unsigned long long)m.metrics.n);
	if (b->request.measure.problem == HC_BINARY)
		hc_buf_printf(out, " %llu %llu %llu %llu\n", (unsigned long long)c[0], (unsigned long long)c[1],
			      (unsigned long long)c[2], (unsigned long long)c[3]);
	else
		hc_buf_printf(out, " %a\n", m.metrics.values[HC_REGRESSION_MAE].value);
	hc_metric_table(m.metrics.problem, &n);
	for (size_t i = 0; i < n && digits; i++)
		hc_buf_printf(out, "%a %a\n", m.metrics.values[i].value, m.metrics.values[i].deviation);
}

static enum hc_code tell_merged(void *arg, struct hc_str record, uint64_t place, struct hc_err *err)
{
	struct bench *b = arg;
	(void)err;
	/* the label is what the join is answerable for */
	const char *truth = memmem(record.p, record.n, "\"groundTruthData\":{\"data\":", 26);
	assert_non_null(truth);
	const char *end = memchr(truth, '}', (size_t)(record.p + record.n - truth));
	hc_buf_printf(&b->told, "%s:%llu %.*s\n", name_of(hc_reader_path(&b->merge.reader, place)),
		      (unsigned long long)hc_reader_where(&b->merge.reader, place).line, (int)(end - truth - 26),
		      truth + 26);
	return HC_OK;
}

/* Joins, and tells all of it; an error as well. */
static enum hc_code run(struct bench *b, const struct what *w, const struct how *how, bool full, struct hc_err *err)
{
	open_bench(b, w, how);
	enum hc_code code = hc_merge_run(&b->merge, &b->request, &b->files, b->tally, b->tally != NULL, true, &b->spill,
					 how->workers, &b->tolerance, err);
	b->spilled = b->spill.scratch.end > 0;
	if (code != HC_OK && code != HC_EMPTY) {
		hc_buf_printf(&b->told, "%d %s (%s)\n", (int)code, err->msg, err->hint);
		return code;
	}
	tell_account(&b->account, full, &b->told);
	tell_delays(&b->account.delays, &b->told);
	if (b->tally && code == HC_OK)
		tell_metrics(b, how->workers, full, &b->told);
	if (code == HC_OK && hc_merged_each(&b->merge, tell_merged, b, err) != HC_OK)
		fail_msg("%s", err->msg);
	return code;
}

static const struct how plain_ways[] = {
	{1, 0, 1 << 30}, {2, 0, 1},   {7, 0, 1 << 30}, {1, 64, 1},         {2, 64, 1 << 30},
	{7, 64, 1},      {2, 150, 1}, {7, 333, 1},     {1, 1000, 1 << 30}, {3, 4000, 1},
};

/* --- small cases, written down ------------------------------------------------------------------ */

/*
 * A word is a line: ID=DATA, where ';' in the data stands for a newline, '_' a blank line, '!' one that is no record.
 * Of captures ID=DATA@S is S seconds after the file's hour began; ID=DATA@ has no time.
 */
static void write_lines(const char *words, bool capture, int64_t hour, struct hc_buf *out)
{
	for (const char *p = words; *p; p += strspn(p, " ")) {
		char word[256], data[256] = "", time[HC_INSTANT_SIZE];
		int n = (int)strcspn(p, " "), at = 0;
		snprintf(word, sizeof word, "%.*s", n, p);
		p += n;
		char *equal = strchr(word, '='), *seconds = strchr(word, '@');
		if (!equal) {
			hc_buf_cstr(out, *word == '!' ? "{\"eventMetadata\":\n" : "\n");
			continue;
		}
		*equal = '\0';
		if (seconds)
			*seconds++ = '\0';
		for (const char *d = equal + 1; *d; d++)
			at += snprintf(data + at, sizeof data - (size_t)at, *d == ';' ? "\\n" : "%c", *d);
		if (!capture) {
			hc_buf_printf(out,
				      "{\"groundTruthData\":{\"data\":\"%s\",\"encoding\":\"CSV\"},"
				      "\"eventMetadata\":{\"eventId\":\"%s\"},\"eventVersion\":\"0\"}\n",
				      data, word);
			continue;
		}
		hc_instant_print((hour * HOUR + (seconds ? atoll(seconds) : 0)) * HC_SECOND_US, time);
		hc_buf_printf(out,
			      "{\"captureData\":{\"endpointOutput\":{\"data\":\"%s\",\"encoding\":\"CSV\"}},"
			      "\"eventMetadata\":{\"eventId\":\"e-%s\",\"inferenceId\":\"%s\"%s%s%s},\"eventVersion\":"
			      "\"0\"}\n",
			      data, word, word, seconds && !*seconds ? "" : ",\"inferenceTime\":\"",
			      seconds && !*seconds ? "" : time, seconds && !*seconds ? "" : "\"");
	}
}

struct small {
	struct what what;
	const char *labels[FILES], *captures[FILES];
	enum hc_code code;
	const char *told; /* or of the error: a part of its message */
};

static const struct small smalls[] = {
	/* what is matched, and what is left over */
	{{.measured = CLASSES},
	 {"a=1 b=0 x=1", NULL},
	 {"a=1,0.9 b=1,0.8 y=0,0.1", NULL},
	 HC_OK,
	 "captured 3: c1:1=a c1:2=b c1:3=y\nlabelled 3: l1:1=a l1:2=b l1:3=x\nmatched 2: c1:1=a c1:2=b\n"
	 "captures_without_label 1: c1:3=y\nlabels_without_capture 1: l1:3=x\ndelays 2: 0 0 0\nrows 2: 0 1 0 1\n"
	 "c1:1 \"1\",\"encoding\":\"CSV\"\nc1:2 \"0\",\"encoding\":\"CSV\"\n"},
	/* nothing is measured: data are not read */
	{{.measured = NOT_MEASURED},
	 {"a=high", NULL},
	 {"a=junk", NULL},
	 HC_OK,
	 "captured 1: c1:1=a\nlabelled 1: l1:1=a\nmatched 1: c1:1=a\ndelays 1: 0 0 0\n"
	 "c1:1 \"high\",\"encoding\":\"CSV\"\n"},
	/* an id that comes again: each capture is one, from whichever file the label is */
	{{.measured = CLASSES},
	 {"_ b=0", "a=1"},
	 {"a=1,1 _ a=0,0", "a=1,1 b=0,0 b=0,0"},
	 HC_OK,
	 "captured 5: c1:1=a c1:3=a c2:1=a c2:2=b c2:3=b\nlabelled 2: l1:2=b l2:1=a\n"
	 "matched 5: c1:1=a c1:3=a c2:1=a c2:2=b c2:3=b\nrepeated_captures 3: c1:3=a c2:1=a c2:3=b\n"
	 "delays 5: 0 3600 7200\nrows 5: 2 0 1 2\n"
	 "c1:1 \"1\",\"encoding\":\"CSV\"\nc1:3 \"1\",\"encoding\":\"CSV\"\nc2:1 \"1\",\"encoding\":\"CSV\"\n"
	 "c2:2 \"0\",\"encoding\":\"CSV\"\nc2:3 \"0\",\"encoding\":\"CSV\"\n"},
	/* the last label counts, the first, or none may differ */
	{{.measured = CLASSES},
	 {"a=1 a=0 a=1 a=1.0", "a=0 a=0"},
	 {"a=1,1", NULL},
	 HC_OK,
	 "captured 1: c1:1=a\nlabelled 6: l1:1=a l1:2=a l1:3=a l1:4=a l2:1=a l2:2=a\nmatched 1: c1:1=a\n"
	 "duplicate_labels 2: l1:4=a l2:2=a\nconflicting_labels 3: l1:2=a l1:3=a l2:1=a\ndelays 1: 7200 7200 7200\n"
	 "rows 1: 0 1 0 0\nc1:1 \"0\",\"encoding\":\"CSV\"\n"},
	{{.measured = CLASSES, .on_conflict = HC_CONFLICT_FIRST},
	 {"a=1 a=0 a=1 a=1.0", "a=0 a=0"},
	 {"a=1,1", NULL},
	 HC_OK,
	 "captured 1: c1:1=a\nlabelled 6: l1:1=a l1:2=a l1:3=a l1:4=a l2:1=a l2:2=a\nmatched 1: c1:1=a\n"
	 "duplicate_labels 2: l1:3=a l1:4=a\nconflicting_labels 3: l1:2=a l2:1=a l2:2=a\ndelays 1: 0 0 0\n"
	 "rows 1: 0 0 0 1\nc1:1 \"1\",\"encoding\":\"CSV\"\n"},
	{{.measured = CLASSES, .on_conflict = HC_CONFLICT_ERROR},
	 {"a=1 b=0 a=1.0 b=0; _ a=0", "b=1"},
	 {"a=1,1", NULL},
	 HC_USAGE,
	 "l1:6: a different label for 'a': \"0\", at "},
	{{.measured = CLASSES, .on_conflict = HC_CONFLICT_ERROR},
	 {"x=1 x=1; y=true y=true", "y=true"},
	 {"x=1,1", NULL},
	 HC_OK,
	 "captured 1: c1:1=x\nlabelled 5: l1:1=x l1:2=x l1:3=y l1:4=y l2:1=y\nmatched 1: c1:1=x\n"
	 "labels_without_capture 1: l1:3=y\nduplicate_labels 3: l1:2=x l1:4=y l2:1=y\ndelays 1: 0 0 0\n"
	 "rows 1: 0 0 0 1\nc1:1 \"1\",\"encoding\":\"CSV\"\n"},
	/* a label that nobody asked for is shown where it counts */
	{{.measured = VALUES},
	 {"x=1 y=2 x=2", "x=3"},
	 {"y=2", NULL},
	 HC_OK,
	 "captured 1: c1:1=y\nlabelled 4: l1:1=x l1:2=y l1:3=x l2:1=x\nmatched 1: c1:1=y\n"
	 "labels_without_capture 1: l2:1=x\nconflicting_labels 2: l1:3=x l2:1=x\ndelays 1: 0 0 0\nrows 1: 0x0p+0\n"
	 "c1:1 \"2\",\"encoding\":\"CSV\"\n"},
	/* quantities that are the same in other words, and such that are not all there is */
	{{.measured = VALUES},
	 {"a=1 a=1.0 a=10e-1; b=-0 b=0.0 c=1;2 c=1;2; c=1;3", NULL},
	 {"a=3 c=1;1 b=1", NULL},
	 HC_OK,
	 "captured 3: c1:1=a c1:2=c c1:3=b\nlabelled 8: l1:1=a l1:2=a l1:3=a l1:4=b l1:5=b l1:6=c l1:7=c l1:8=c\n"
	 "matched 3: c1:1=a c1:2=c c1:3=b\nduplicate_labels 4: l1:2=a l1:3=a l1:5=b l1:7=c\n"
	 "conflicting_labels 1: l1:8=c\ndelays 3: 0 0 0\nrows 4: 0x1.4p+0\n"
	 "c1:1 \"1\",\"encoding\":\"CSV\"\nc1:2 \"1\\n3\",\"encoding\":\"CSV\"\nc1:3 \"-0\",\"encoding\":\"CSV\"\n"},
	/* several rows, one against one, or not */
	{{.measured = CLASSES, .max_bad = 2},
	 {"a=1;0;1 b=1 c=0;1 d=0;0", NULL},
	 {"a=1,1;1,1;0,0; c=0,0 b=1,1 c=1,0;1,1 d=0,0;0,0;0,0", NULL},
	 HC_OK,
	 "captured 3: c1:1=a c1:3=b c1:4=c\nlabelled 4: l1:1=a l1:2=b l1:3=c l1:4=d\nmatched 3: c1:1=a c1:3=b c1:4=c\n"
	 "labels_without_capture 1: l1:4=d\nunreadable 2: c1:2 c1:5\ndelays 3: 0 0 0\nrows 6: 0 2 1 3\n"
	 "c1:1 \"1\\n0\\n1\",\"encoding\":\"CSV\"\nc1:3 \"1\",\"encoding\":\"CSV\"\nc1:4 "
	 "\"0\\n1\",\"encoding\":\"CSV\"\n"},
	{{.measured = CLASSES, .max_bad = 1},
	 {"a=1;0;1 b=1 c=0;1", NULL},
	 {"b=1,1 a=1,1;0,0 b=1,1 c=0,0 c=0,0", NULL},
	 HC_INPUT,
	 "c1:4: the output has 1 rows and its label 2"},
	/* bad records */
	{{.measured = CLASSES, .max_bad = 4},
	 {"! a=1 _ b= !", NULL},
	 {"_ a=1,1 b=1,2", NULL},
	 HC_OK,
	 "captured 1: c1:2=a\nlabelled 1: l1:2=a\nmatched 1: c1:2=a\nunreadable 4: l1:1 l1:4 l1:5 c1:3\n"
	 "delays 1: 0 0 0\nrows 1: 0 0 0 1\nc1:2 \"1\",\"encoding\":\"CSV\"\n"},
	{{.measured = CLASSES, .max_bad = 3},
	 {"! a=1 _ b= !", NULL},
	 {"_ a=1,1 b=1,2", NULL},
	 HC_INPUT,
	 "c1:3: the probab"},
	{{.measured = CLASSES, .max_bad = 2}, {"! a=1 _ b= !", NULL}, {"_ a=1,1 b=1,2", NULL}, HC_INPUT, "l1:5: "},
	{{.measured = CLASSES, .max_bad = 0}, {"a=1", "a=1 !"}, {"a=1,1 !", NULL}, HC_INPUT, "l2:2: "},
	/* delays: from the inference to the hour of the label that counts, never less than none; any time fits */
	{{.measured = CLASSES},
	 {"a=1 c=1 d=1", "b=1"},
	 {"a=1,1@60 b=1,1@60 c=1,1@-7200 d=1,1@", "b=1,1@-36000 b=1,1@-50000000000 b=1,1@99999999999"},
	 HC_OK,
	 "captured 7: c1:1=a c1:2=b c1:3=c c1:4=d c2:1=b c2:2=b c2:3=b\nlabelled 4: l1:1=a l1:2=c l1:3=d l2:1=b\n"
	 "matched 7: c1:1=a c1:2=b c1:3=c c1:4=d c2:1=b c2:2=b c2:3=b\nrepeated_captures 3: c2:1=b c2:2=b c2:3=b\n"
	 "delays 6: 0 7140 50000003600\nrows 7: 0 0 0 7\n"
	 "c1:1 \"1\",\"encoding\":\"CSV\"\nc1:2 \"1\",\"encoding\":\"CSV\"\nc1:3 \"1\",\"encoding\":\"CSV\"\n"
	 "c1:4 \"1\",\"encoding\":\"CSV\"\nc2:1 \"1\",\"encoding\":\"CSV\"\nc2:2 \"1\",\"encoding\":\"CSV\"\n"
	 "c2:3 \"1\",\"encoding\":\"CSV\"\n"},
	/* what was captured at or after the scheduled time belongs to a later run, but for what is wrong with it */
	{{.measured = CLASSES, .cutoff_s = 10 * HOUR + 60, .max_bad = 1},
	 {"a=1 b=1", NULL},
	 {"a=1,1@59 b=1,1@60 b=1,1@61 b=1,7@61 b=1,1@ a=1,1@59", NULL},
	 HC_OK,
	 "captured 3: c1:1=a c1:5=b c1:6=a\nlabelled 2: l1:1=a l1:2=b\nmatched 3: c1:1=a c1:5=b c1:6=a\n"
	 "repeated_captures 1: c1:6=a\nafter_window 2: c1:2=b c1:3=b\nunreadable 1: c1:4\ndelays 2: 0 0 0\n"
	 "rows 3: 0 0 0 3\nc1:1 \"1\",\"encoding\":\"CSV\"\nc1:5 \"1\",\"encoding\":\"CSV\"\n"
	 "c1:6 \"1\",\"encoding\":\"CSV\"\n"},
	/* nothing to do: the message says what there was */
	{{.measured = CLASSES},
	 {"a=1", NULL},
	 {"b=1,1 _", "a2=1,1"},
	 HC_EMPTY,
	 "none of the 2 captured records has one of the 1 "},
	{{.measured = CLASSES}, {"_", NULL}, {"b=1,1 _", NULL}, HC_EMPTY, "no ground truth in the window"},
	{{.measured = CLASSES}, {"a=1", NULL}, {"_ _", NULL}, HC_EMPTY, "no captured record in the window"},
	{{.measured = CLASSES, .cutoff_s = HOUR},
	 {"a=1", NULL},
	 {"a=1,1", NULL},
	 HC_EMPTY,
	 "no captured record in the window"},
	{{.measured = CLASSES}, {NULL, NULL}, {NULL, NULL}, HC_EMPTY, "no captured record in the window"},
};

static void check_small(const struct small *s, const struct how *how)
{
	struct what what = s->what;
	struct hc_buf texts[2 * FILES];
	struct bench b;
	struct hc_err err;
	for (int i = 0; i < FILES; i++) {
		texts[i] = texts[FILES + i] = HC_BUF(1 << 20);
		if (s->labels[i]) {
			write_lines(s->labels[i], false, label_hours[i], &texts[i]);
			what.labels[i] = hc_buf_view(&texts[i]);
		}
		if (s->captures[i]) {
			write_lines(s->captures[i], true, capture_hours[i], &texts[FILES + i]);
			what.captures[i] = hc_buf_view(&texts[FILES + i]);
		}
	}
	enum hc_code code = run(&b, &what, how, false, &err);
	if (code != s->code)
		fail_msg("case %d: %d %s", (int)(s - smalls), (int)code, err.msg);
	if (code == HC_OK)
		check_str(hc_buf_view(&b.told), s->told);
	else if (!strstr(err.msg, s->told))
		fail_msg("\"%s\" does not say \"%s\"", err.msg, s->told);
	close_bench(&b);
	for (int i = 0; i < 2 * FILES; i++)
		hc_buf_free(&texts[i]);
}

static void test_small(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(smalls); i++)
		for (size_t k = 0; k < COUNT(plain_ways); k++)
			check_small(&smalls[i], &plain_ways[k]);
}

/* Rows of a batch transform's output; a row may be of several lines. */
static void test_batch(void **state)
{
	(void)state;
	struct hc_buf labels = HC_BUF(1 << 20);
	write_lines("a=1 c=1 b=0 b=0", false, 10, &labels);
	struct what what = {.measured = CLASSES,
			    .batch = true,
			    .max_bad = 2,
			    .labels = {hc_buf_view(&labels)},
			    .captures = {HC_STR("1,0.9,a,1970-01-01T10:00:05Z\n"
						"0,0.2,\"more\nlines\",b,1970-01-01T09:59:05Z\n"
						"1,0.2,a,no time\n"
						"1,2.5,a,1970-01-01T10:00:05Z\n"
						"0,0.1,c,1970-01-01T10:00:05Z\n"),
					 HC_STR("1,1,a,1970-01-01T11:00:05Z\n")}};
	for (size_t k = 0; k < COUNT(plain_ways); k++) {
		struct bench b;
		struct hc_err err;
		assert_int_equal(run(&b, &what, &plain_ways[k], false, &err), HC_OK);
		check_str(hc_buf_view(&b.told),
			  "captured 4: c1:1=a c1:2=b c1:6=c c2:1=a\nlabelled 4: l1:1=a l1:2=c l1:3=b l1:4=b\n"
			  "matched 4: c1:1=a c1:2=b c1:6=c c2:1=a\nduplicate_labels 1: l1:4=b\n"
			  "repeated_captures 1: c2:1=a\nunreadable 2: c1:4 c1:5\ndelays 4: 0 0 55\nrows 4: 1 0 1 2\n"
			  "c1:1 \"1\",\"encoding\":\"CSV\"\nc1:2 \"0\",\"encoding\":\"CSV\"\n"
			  "c1:6 \"1\",\"encoding\":\"CSV\"\nc2:1 \"1\",\"encoding\":\"CSV\"\n");
		close_bench(&b);
	}
	hc_buf_free(&labels);
}

/* Very many that do not pair: the first ones are told, and it takes no time to speak of. */
static void test_many_unpaired(void **state)
{
	(void)state;
	enum { MANY = 100000 };
	struct hc_buf labels = HC_BUF(1 << 20), captures = HC_BUF(1 << 26), line = HC_BUF(1 << 20);
	write_lines("a=1;0 b=1", false, 10, &labels);
	write_lines("b=1,1", true, 10, &captures);
	write_lines("a=1,1", true, 10, &line);
	for (int k = 0; k < MANY; k++)
		hc_buf_str(&captures, hc_buf_view(&line));
	static const uint64_t maxima[] = {0, 1, 40, 5000, MANY};
	for (size_t i = 0; i < COUNT(maxima); i++) {
		uint64_t max = maxima[i];
		struct what what = {.measured = CLASSES,
				    .max_bad = max,
				    .labels = {hc_buf_view(&labels)},
				    .captures = {hc_buf_view(&captures)}};
		for (unsigned workers = 1; workers <= 2; workers++) {
			struct bench b;
			struct hc_err err;
			char expected[CHECK_PATH_MAX];
			struct how how = {workers, 1 << 20, 1 << 28};
			enum hc_code code = run(&b, &what, &how, false, &err);
			snprintf(expected, sizeof expected, "%s/c1:%llu: the output has 1 rows and its label 2",
				 check_folder, (unsigned long long)max + 2);
			assert_int_equal(code, max < MANY ? HC_INPUT : HC_OK);
			if (code != HC_OK)
				assert_string_equal(err.msg, expected);
			else
				assert_int_equal(b.account.lines[HC_UNREADABLE].count, MANY);
			/* in memory are no more than can be told */
			assert_true(b.merge.joined.n_unpaired <= max + 1);
			close_bench(&b);
		}
	}
	hc_buf_free(&labels);
	hc_buf_free(&captures);
	hc_buf_free(&line);
}

/* Labels that nobody asks for may have any number of classes, before, between and behind those that count. */
static void test_many_classes(void **state)
{
	(void)state;
	enum { MANY = 70000 };
	struct hc_buf labels = HC_BUF(1 << 26), captures = HC_BUF(1 << 20);
	for (int i = 0; i < MANY; i++) {
		char word[64];
		snprintf(word, sizeof word, "x%d=%s%d", i, i % 2 ? "" : "class", i + 2);
		write_lines(word, false, 10, &labels);
		if (i == MANY / 2)
			write_lines("b=0", false, 10, &labels);
	}
	write_lines("a=1 c=1.0", false, 10, &labels);
	write_lines("a=1,1 c=0,0 b=1.00,0.5", true, 10, &captures);
	struct what what = {
		.measured = CLASSES, .labels = {hc_buf_view(&labels)}, .captures = {hc_buf_view(&captures)}};
	static const struct how ways[] = {{1, 0, 1 << 28}, {7, 10000, 1 << 28}, {2, 100000, 1}};
	for (size_t k = 0; k < COUNT(ways); k++) {
		struct bench b;
		struct hc_err err = {0};
		if (run(&b, &what, &ways[k], false, &err) != HC_OK)
			fail_msg("%s", err.msg);
		assert_int_equal(b.account.lines[HC_LABELLED].count, MANY + 3);
		assert_non_null(strstr(hc_buf_cstring(&b.told), "\nrows 3: 0 1 1 1\n"));
		close_bench(&b);
	}
	hc_buf_free(&labels);
	hc_buf_free(&captures);
}

/* The two labels that contradict each other are told with their places, whoever joins them. */
static void test_conflict(void **state)
{
	(void)state;
	struct hc_buf labels = HC_BUF(1 << 20), captures = HC_BUF(1 << 20);
	write_lines("a=1 b=0 c=1 d=1 b=0.0 d=1; c=0 b=1 a=0 d=0", false, 10, &labels);
	write_lines("a=1,1", true, 10, &captures);
	struct what what = {.measured = CLASSES,
			    .on_conflict = HC_CONFLICT_ERROR,
			    .labels = {hc_buf_view(&labels)},
			    .captures = {hc_buf_view(&captures)}};
	for (size_t k = 0; k < COUNT(plain_ways); k++) {
		struct bench b;
		struct hc_err err;
		char expected[CHECK_PATH_MAX];
		assert_int_equal(run(&b, &what, &plain_ways[k], false, &err), HC_USAGE);
		snprintf(expected, sizeof expected,
			 "%s/l1:7: a different label for 'c': \"0\", at %s/l1:3 it was "
			 "{\"data\":\"1\",\"encoding\":\"CSV\"}",
			 check_folder, check_folder);
		assert_string_equal(err.msg, expected);
		assert_non_null(strstr(err.hint, "--on-conflict"));
		close_bench(&b);
	}
	hc_buf_free(&labels);
	hc_buf_free(&captures);
}

/* --- many records, and a slow join of them -------------------------------------------------------- */

enum { RECORDS_MAX = 4000, ROWS = 3 };

/* One line of a file. */
struct record {
	int file, line;
	char id[16];
	bool bad;
	const char *data; /* as in JSON */
	bool json;        /* its encoding */
	int rows[ROWS];   /* classes or values */
	int n;
	bool has_time;
	int64_t time_ms;
};

struct records {
	struct record list[RECORDS_MAX];
	size_t n;
	struct hc_buf text[FILES];
};

static const struct data {
	const char *text;
	int n, rows[ROWS];
} label_data[] = {{"1", 1, {1}},       {"0", 1, {0}},         {"1.0", 1, {1}},         {" 1", 1, {1}},
		  {"0\\n", 1, {0}},    {"1\\n0", 2, {1, 0}},  {"1\\n0\\n", 2, {1, 0}}, {"0\\n0\\n1", 3, {0, 0, 1}},
		  {"\\u0031", 1, {1}}, {"\\\"0\\\"", 1, {0}}, {"-0", 1, {0}},          {"+1e0", 1, {1}}},
  output_data[] = {{"1,0.75", 1, {1}},    {"0,0.25,\\\"x\\\"", 1, {0}},      {"0,0.5\\n1,1", 2, {0, 1}},
		   {"1,1e-3\\n", 1, {1}}, {"1,1\\n1,1\\n0,0", 3, {1, 1, 0}}, {"0,0.123456789\\n0,0", 2, {0, 0}}};

/* Ids are few, so that much comes again; two of them are hot. Some are spelt with an escape. */
static void make_id(uint64_t *random, size_t ids, char id[16], char spelling[32])
{
	uint64_t r = check_random(random);
	sprintf(id, "id-%d", r % 3 == 0 ? (int)(r / 64 % 2) : (int)(r / 64 % ids));
	snprintf(spelling, 32, r / 8 % 8 ? "%s" : "\\u0069d%s", r / 8 % 8 ? id : id + 2);
}

static void write_record(uint64_t *random, const struct record *r, const char *id, bool capture, struct hc_buf *out)
{
	char time[HC_INSTANT_SIZE] = "";
	hc_instant_print_ms(r->time_ms * 1000, time);
	const char *encoding = r->json ? "JSON" : "CSV";
	if (!capture) {
		hc_buf_printf(out,
			      "{\"groundTruthData\":{\"data\":\"%s\",\"encoding\":\"%s\"},\"eventMetadata\":"
			      "{\"eventId\":\"%s\"},\"eventVersion\":\"0\"}",
			      r->data, encoding, id);
		return;
	}
	/* the id is the inference id, or the event id of a record without one */
	bool own = check_random(random) % 8 > 0;
	hc_buf_printf(out,
		      "{\"captureData\":{\"endpointInput\":{\"data\":\"%llu\",\"encoding\":\"CSV\"},\"endpointOutput\":"
		      "{\"data\":\"%s\",\"encoding\":\"%s\"}},\"eventMetadata\":{\"eventId\":\"%s\"%s%s%s%s%s%s},"
		      "\"eventVersion\":\"0\"}",
		      (unsigned long long)check_random(random), r->data, encoding, own ? "e" : id,
		      own ? ",\"inferenceId\":\"" : "", own ? id : "", own ? "\"" : "",
		      r->has_time ? ",\"inferenceTime\":\"" : "", r->has_time ? time : "", r->has_time ? "\"" : "");
}

static void make_record(uint64_t *random, bool capture, size_t ids, int file, int line, struct record *r,
			struct hc_buf *out)
{
	char spelling[32];
	uint64_t pick = check_random(random);
	const struct data *d = capture ? &output_data[pick % 4 ? pick / 4 % 2 : pick / 4 % COUNT(output_data)]
				       : &label_data[pick % 4 ? pick / 4 % 2 : pick / 4 % COUNT(label_data)];
	*r = (struct record){.file = file,
			     .line = line,
			     .bad = check_random(random) % 50 == 0,
			     .data = d->text,
			     .n = d->n,
			     .has_time = check_random(random) % 10 > 0};
	memcpy(r->rows, d->rows, sizeof r->rows);
	r->time_ms =
		capture_hours[file] * HOUR * 1000 + (int64_t)(check_random(random) % (4 * HOUR * 1000)) - HOUR * 1000;
	if (check_random(random) % 30 == 0)
		r->time_ms =
			(int64_t)(check_random(random) % 200000000000000) - 50000000000000; /* does not fit a row */
	make_id(random, ids, r->id, spelling);
	write_record(random, r, spelling, capture, out);
	if (r->bad)
		out->n -= 1 + check_random(random) % 20;
}

static void make_records(uint64_t *random, bool capture, size_t n, size_t ids, struct records *out)
{
	out->n = 0;
	for (int file = 0; file < FILES; file++) {
		out->text[file] = HC_BUF(1 << 24);
		size_t last = file ? n : check_random(random) % (n + 1);
		int line = 0;
		while (out->n < last) {
			line++;
			if (check_random(random) % 20)
				make_record(random, capture, ids, file, line, &out->list[out->n++], &out->text[file]);
			hc_buf_cstr(&out->text[file], check_random(random) % 5 ? "\n" : "\r\n");
		}
	}
}

/* What the slow join has found. */
struct slow {
	struct {
		uint64_t n;
		struct hc_buf samples;
	} lines[HC_ACCOUNT_LINES];
	int64_t delays[RECORDS_MAX];
	size_t n_delays;
	uint64_t matrix[4], rows;
	double error;
	struct hc_buf merged;
};

static void note(struct slow *s, enum hc_account_line line, bool capture, const struct record *r)
{
	if (s->lines[line].n++ >= HC_ACCOUNT_SAMPLES_MAX)
		return;
	hc_buf_printf(&s->lines[line].samples, " %c%d:%d", capture ? 'c' : 'l', r->file + 1, r->line);
	if (line != HC_UNREADABLE)
		hc_buf_printf(&s->lines[line].samples, "=%s", r->id);
}

/* Labels whose texts are the same but for space, or are the same number. */
static bool say_the_same(const struct record *a, const struct record *b)
{
	struct hc_str x = hc_str(a->data), y = hc_str(b->data);
	double m, n;
	/* of our data only these end with a newline or have other escapes */
	if (hc_str_ends(x, "\\n"))
		x.n -= 2;
	if (hc_str_ends(y, "\\n"))
		y.n -= 2;
	if (hc_str_eq(x, HC_STR("\\u0031")))
		x = HC_STR("1");
	if (hc_str_eq(y, HC_STR("\\u0031")))
		y = HC_STR("1");
	if (hc_number_parse(hc_str_trim(x), &m) && hc_number_parse(hc_str_trim(y), &n))
		return m == n;
	return hc_str_eq(hc_str_trim(x), hc_str_trim(y));
}

/* The label that counts for an id, and the first one; NULL: there is none. */
static const struct record *label_of(const struct records *labels, const char *id, enum hc_on_conflict policy,
				     const struct record **first)
{
	const struct record *kept = NULL;
	for (size_t i = 0; i < labels->n; i++) {
		const struct record *l = &labels->list[i];
		if (l->bad || strcmp(l->id, id) != 0)
			continue;
		if (!kept)
			*first = kept = l;
		else if (policy == HC_CONFLICT_LAST && !say_the_same(kept, l))
			kept = l;
	}
	return kept;
}

static void join_labels(struct slow *s, const struct records *labels, enum hc_on_conflict policy)
{
	for (size_t i = 0; i < labels->n; i++) {
		const struct record *l = &labels->list[i], *kept = NULL, *first;
		note(s, l->bad ? HC_UNREADABLE : HC_LABELLED, false, l);
		/* what counted before this one */
		struct records *before = (struct records *)(uintptr_t)labels;
		size_t n = before->n;
		before->n = i;
		kept = l->bad ? NULL : label_of(before, l->id, policy, &first);
		before->n = n;
		if (kept)
			note(s, say_the_same(kept, l) ? HC_DUPLICATE_LABELS : HC_CONFLICTING_LABELS, false, l);
	}
}

static void join_match(struct slow *s, const struct what *w, const struct record *l, const struct record *c)
{
	note(s, HC_MATCHED, true, c);
	for (int k = 0; k < c->n && w->measured != NOT_MEASURED; k++) {
		s->matrix[2 * l->rows[k] + c->rows[k]]++;
		s->error += l->rows[k] != c->rows[k];
		s->rows++;
	}
	int64_t delay = (label_hours[l->file] * HOUR * 1000 - c->time_ms) / 1000;
	if (c->has_time)
		s->delays[s->n_delays++] = delay > 0 ? delay : 0;
	hc_buf_printf(&s->merged, "c%d:%d \"%s\",\"encoding\":\"%s\"\n", c->file + 1, c->line, l->data,
		      l->json ? "JSON" : "CSV");
}

static void join_captures(struct slow *s, const struct what *w, const struct records *labels,
			  const struct records *captures)
{
	static bool counted[RECORDS_MAX];
	for (size_t i = 0; i < captures->n; i++) {
		const struct record *c = &captures->list[i], *first;
		const struct record *l = label_of(labels, c->id, w->on_conflict, &first);
		bool again = false;
		counted[i] = false;
		if (c->bad || (l && w->measured != NOT_MEASURED && l->n != c->n &&
			       !(w->cutoff_s && c->has_time && c->time_ms >= w->cutoff_s * 1000))) {
			note(s, HC_UNREADABLE, true, c);
			continue;
		}
		if (w->cutoff_s && c->has_time && c->time_ms >= w->cutoff_s * 1000) {
			note(s, HC_AFTER_WINDOW, true, c);
			continue;
		}
		for (size_t k = 0; k < i; k++)
			again |= counted[k] && strcmp(captures->list[k].id, c->id) == 0;
		counted[i] = true;
		note(s, HC_CAPTURED, true, c);
		if (again)
			note(s, HC_REPEATED_CAPTURES, true, c);
		if (l)
			join_match(s, w, l, c);
		else
			note(s, HC_CAPTURES_WITHOUT_LABEL, true, c);
	}
	for (size_t i = 0; i < labels->n; i++) {
		const struct record *l = &labels->list[i], *first = NULL;
		const struct record *kept = l->bad ? NULL : label_of(labels, l->id, w->on_conflict, &first);
		bool asked = false;
		for (size_t k = 0; k < captures->n; k++)
			asked |= counted[k] && strcmp(captures->list[k].id, l->id) == 0;
		if (first == l && !asked)
			note(s, HC_LABELS_WITHOUT_CAPTURE, false, kept);
	}
}

static int by_value(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
	return (x > y) - (x < y);
}

static void tell_slow(struct slow *s, const struct what *w, struct hc_buf *out)
{
	for (int i = 0; i < HC_ACCOUNT_LINES; i++)
		if (s->lines[i].n)
			hc_buf_printf(out, "%s %llu:%.*s\n", hc_account_name((enum hc_account_line)i),
				      (unsigned long long)s->lines[i].n, (int)s->lines[i].samples.n,
				      s->lines[i].samples.p ? s->lines[i].samples.p : "");
	qsort(s->delays, s->n_delays, sizeof *s->delays, by_value);
	if (s->n_delays)
		hc_buf_printf(out, "delays %zu: %lld %lld %lld\n", s->n_delays, (long long)s->delays[0],
			      (long long)s->delays[(s->n_delays + 1) / 2 - 1], (long long)s->delays[s->n_delays - 1]);
	if (w->measured == CLASSES)
		hc_buf_printf(out, "rows %llu: %llu %llu %llu %llu\n", (unsigned long long)s->rows,
			      (unsigned long long)s->matrix[0], (unsigned long long)s->matrix[1],
			      (unsigned long long)s->matrix[2], (unsigned long long)s->matrix[3]);
	if (w->measured == VALUES)
		hc_buf_printf(out, "rows %llu: %a\n", (unsigned long long)s->rows, s->error / (double)s->rows);
	hc_buf_str(out, hc_buf_view(&s->merged));
}

static void join_slowly(const struct what *w, const struct records *labels, const struct records *captures,
			struct hc_buf *out)
{
	static struct slow s;
	s = (struct slow){.merged = HC_BUF(1 << 24)};
	for (int i = 0; i < HC_ACCOUNT_LINES; i++)
		s.lines[i].samples = HC_BUF(1 << 20);
	join_labels(&s, labels, w->on_conflict);
	join_captures(&s, w, labels, captures);
	tell_slow(&s, w, out);
	for (int i = 0; i < HC_ACCOUNT_LINES; i++)
		hc_buf_free(&s.lines[i].samples);
	hc_buf_free(&s.merged);
}

/* The same with every way of doing it; returns whether some of it went through the disk. */
static bool check_ways(const struct what *w, const struct records *labels, const struct records *captures,
		       const struct how *ways, size_t n)
{
	struct hc_buf slow = HC_BUF(1 << 24), first = HC_BUF(1 << 24);
	bool spilled = false;
	join_slowly(w, labels, captures, &slow);
	for (size_t k = 0; k < n; k++) {
		struct bench b, full;
		struct hc_err err;
		enum hc_code code = run(&b, w, &ways[k], false, &err);
		if (code != HC_OK)
			fail_msg("%s", err.msg);
		check_str(hc_buf_view(&b.told), hc_buf_cstring(&slow));
		spilled |= b.spilled;
		/* reasons and digits, which the slow way does not know, are at least always the same */
		assert_int_equal(run(&full, w, &ways[k], true, &err), HC_OK);
		if (k == 0)
			hc_buf_str(&first, hc_buf_view(&full.told));
		else
			check_str(hc_buf_view(&full.told), hc_buf_cstring(&first));
		close_bench(&b);
		close_bench(&full);
	}
	hc_buf_free(&slow);
	hc_buf_free(&first);
	return spilled;
}

static struct records labels, captures;

static bool check_random_records(uint64_t *random, unsigned round, size_t n, size_t ids, const struct how *ways,
				 size_t n_ways)
{
	make_records(random, false, n, ids, &labels);
	make_records(random, true, n, ids, &captures);
	struct what what = {.measured = round % 3 == 0   ? CLASSES
					: round % 3 == 1 ? VALUES
							 : NOT_MEASURED,
			    .on_conflict = round % 2 ? HC_CONFLICT_LAST : HC_CONFLICT_FIRST,
			    .max_bad = 1 << 20,
			    .cutoff_s = round % 4 == 3 ? 11 * HOUR : 0};
	for (int i = 0; i < FILES; i++) {
		what.labels[i] = hc_buf_view(&labels.text[i]);
		what.captures[i] = hc_buf_view(&captures.text[i]);
	}
	bool spilled = check_ways(&what, &labels, &captures, ways, n_ways);
	for (int i = 0; i < FILES; i++) {
		hc_buf_free(&labels.text[i]);
		hc_buf_free(&captures.text[i]);
	}
	return spilled;
}

static void test_random(void **state)
{
	(void)state;
	uint64_t random = 41;
	for (unsigned round = 0; round < 9; round++) {
		size_t n = 100 + check_random(&random) % 400;
		check_random_records(&random, round, n, 1 + n / 2, plain_ways, COUNT(plain_ways));
	}
}

/* So many of a few ids that bins and spools are written to disk where there is no memory for them. */
static void test_spilled(void **state)
{
	(void)state;
	static const struct how ways[] = {{1, 0, 1 << 30}, {1, 5000, 1}, {2, 64, 1}, {7, 20000, 1 << 18}};
	uint64_t random = 43;
	for (unsigned round = 0; round < 3; round++) {
		assert_true(check_random_records(&random, round, RECORDS_MAX, 9, ways, COUNT(ways)));
		assert_false(check_random_records(&random, round, 50, 9, ways, COUNT(ways)));
	}
}

/* Renames another file to that of the captures. */
static enum hc_code take_and_replace(void *arg, struct hc_str record, uint64_t place, struct hc_err *err)
{
	(void)arg, (void)record, (void)place, (void)err;
	assert_true(rename(path_of("other"), path_of("c2")) == 0 || errno == ENOENT);
	return HC_OK;
}

static enum hc_code take_only(void *arg, struct hc_str record, uint64_t place, struct hc_err *err)
{
	(void)arg, (void)record, (void)place, (void)err;
	return HC_OK;
}

/* A capture file that another one takes the place of, or that gets shorter, while merged records are wanted. */
static void test_replaced(void **state)
{
	(void)state;
	struct hc_buf truths = HC_BUF(1 << 12), first = HC_BUF(1 << 12), second = HC_BUF(1 << 12);
	write_lines("a=1 b=1", false, 10, &truths);
	write_lines("a=1,1", true, 10, &first);
	write_lines("b=1,1", true, 11, &second);
	struct what w = {.measured = CLASSES, .cutoff_s = 0};
	w.labels[0] = hc_buf_view(&truths);
	w.captures[0] = hc_buf_view(&first);
	w.captures[1] = hc_buf_view(&second);
	for (int i = 0; i < 3; i++) {
		struct bench b;
		struct hc_err err;
		open_bench(&b, &w, &plain_ways[1]);
		assert_int_equal(hc_merge_run(&b.merge, &b.request, &b.files, b.tally, true, true, &b.spill, 2,
					      &b.tolerance, &err),
				 HC_OK);
		make_file_of("other", second.p, second.n);
		enum hc_code code;
		if (i == 0) {
			code = hc_merged_each(&b.merge, take_only, NULL, &err);
		} else if (i == 1) {
			code = hc_merged_each(&b.merge, take_and_replace, NULL, &err);
		} else {
			make_file_of("c2", second.p, second.n - 1);
			code = hc_merged_each(&b.merge, take_only, NULL, &err);
		}
		assert_int_equal(code, i == 0 ? HC_OK : HC_IO);
		if (code != HC_OK)
			assert_non_null(
				strstr(err.msg, i == 1 ? "/c2: was replaced while it was read" : "/c2: shrank"));
		close_bench(&b);
	}
	hc_buf_free(&truths);
	hc_buf_free(&first);
	hc_buf_free(&second);
}

struct growing {
	struct bench *bench;
	size_t taken;
};

static enum hc_code take_and_count(void *arg, struct hc_str record, uint64_t place, struct hc_err *err)
{
	struct growing *g = arg;
	(void)record, (void)err;
	assert_true(hc_place_line(place) < g->bench->merge.reader.chunks[hc_place_chunk(place)].lines);
	g->taken++;
	return HC_OK;
}

/* Records that come to a file behind the join have no label, and are not merged. */
static void test_grown(void **state)
{
	(void)state;
	enum { MORE = 20000 };
	struct hc_buf truths = HC_BUF(1 << 12), first = HC_BUF(1 << 12), grown = HC_BUF(1 << 24);
	write_lines("a=1 b=1", false, 10, &truths);
	for (int batch = 0; batch < 2; batch++) {
		struct what w = {.measured = CLASSES, .batch = batch, .labels = {hc_buf_view(&truths)}};
		const char *row = "1,0.9,a,1970-01-01T10:00:05Z\n";
		hc_buf_reset(&first);
		hc_buf_reset(&grown);
		if (batch)
			hc_buf_cstr(&first, row);
		else
			write_lines("a=1,1", true, 10, &first);
		for (int i = 0; i < MORE; i++)
			hc_buf_str(&grown, hc_buf_view(&first));
		w.captures[0] = w.captures[1] = hc_buf_view(&first);
		for (size_t k = 0; k < COUNT(plain_ways); k++) {
			struct bench b;
			struct hc_err err;
			open_bench(&b, &w, &plain_ways[k]);
			assert_int_equal(hc_merge_run(&b.merge, &b.request, &b.files, b.tally, true, true, &b.spill,
						      plain_ways[k].workers, &b.tolerance, &err),
					 HC_OK);
			make_file_of("c1", grown.p, grown.n);
			struct growing g = {.bench = &b};
			assert_int_equal(hc_merged_each(&b.merge, take_and_count, &g, &err), HC_OK);
			assert_int_equal(g.taken, 2);
			close_bench(&b);
		}
	}
	hc_buf_free(&truths);
	hc_buf_free(&first);
	hc_buf_free(&grown);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_folder(test_small),         in_folder(test_batch),        in_folder(test_conflict),
		in_folder(test_many_unpaired), in_folder(test_many_classes), in_folder(test_random),
		in_folder(test_spilled),       in_folder(test_replaced),     in_folder(test_grown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
