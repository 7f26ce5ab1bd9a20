#include "monitor/combine.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "store/store.h"
#include "sys/crew.h"
#include "sys/files.h"
#include "sys/map.h"

/* --- heads ---------------------------------------------------------------------------------- */

/* The file that a PARTIAL stands for: itself, or the one in that folder. */
static enum hc_code find_partial(const char *named, struct hc_arena *arena, const char **out, struct hc_err *err)
{
	const char *path;
	struct hc_file_info info;
	HC_TRY(hc_store_resolve(named, arena, &path, err));
	HC_TRY(hc_file_look(path, &info, err));
	if (info.kind == HC_FILE_FOLDER) {
		path = hc_path_join(arena, path, HC_PARTIAL_NAME);
		if (!path)
			return hc_fail_nomem(err, "a path");
		HC_TRY(hc_file_look(path, &info, err));
	}
	if (info.kind == HC_FILE_MISSING) {
		hc_fail(err, HC_INPUT, "%s: no such file", path);
		return hc_hint(err, "name a folder that analyze --partial wrote, or the " HC_PARTIAL_NAME " in it");
	}
	*out = path;
	return HC_OK;
}

/* The report replaces what an earlier one left in its folder. */
static enum hc_code refuse_output(const char *path, const char *output, struct hc_err *err)
{
	char *file = realpath(path, NULL), *folder = realpath(output, NULL);
	size_t n = folder ? strlen(folder) : 0;
	bool inside = file && folder && strncmp(file, folder, n) == 0 && strcmp(file + n, "/" HC_PARTIAL_NAME) == 0;
	free(file);
	free(folder);
	if (!inside)
		return HC_OK;
	hc_fail(err, HC_USAGE, "%s is in the output folder, whose report is replaced", path);
	return hc_hint(err, "choose another folder with --output");
}

static enum hc_code read_head(const char *path, struct hc_arena *arena, struct hc_partial *out, struct hc_err *err)
{
	struct hc_map map;
	struct hc_err shrank;
	HC_TRY(hc_map_open(path, &map, err));
	enum hc_code code = hc_partial_open((struct hc_str){map.p, map.n}, arena, out, err);
	if (hc_map_check(&map, &shrank) != HC_OK) {
		*err = shrank;
		code = err->code;
	}
	hc_map_close(&map);
	return code == HC_OK ? HC_OK : hc_err_at(err, "%s", path);
}

/* --- options -------------------------------------------------------------------------------- */

enum option { PROBLEM, INFERENCE, PROBABILITY, TRUTH, THRESHOLD, POSITIVE, SEED, PREPROCESSOR, OPTIONS };

static const char *const option_names[OPTIONS] = {
	[PROBLEM] = "--problem-type",
	[INFERENCE] = "--inference-attribute",
	[PROBABILITY] = "--probability-attribute",
	[TRUTH] = "--ground-truth-attribute",
	[THRESHOLD] = "--probability-threshold-attribute",
	[POSITIVE] = "--positive-label",
	[SEED] = "--seed",
	[PREPROCESSOR] = "--record-preprocessor-script",
};

enum { NUMBER_TEXT = 32 };

static struct hc_str attribute_text(const struct hc_attribute *a)
{
	return a->given ? a->text : (struct hc_str){0};
}

/* An option as text, which may be in `memory`; p NULL: it was not given. */
static struct hc_str text_of(const struct hc_partial *p, enum option option, char memory[NUMBER_TEXT])
{
	const struct hc_measure_options *o = &p->options;
	switch (option) {
	case PROBLEM:
		return hc_str(hc_problem_name(o->problem));
	case INFERENCE:
		return attribute_text(&o->inference);
	case PROBABILITY:
		return attribute_text(&o->probability);
	case TRUTH:
		return attribute_text(&o->truth);
	case THRESHOLD:
		hc_number_print_short(o->threshold, memory);
		return o->has_threshold ? hc_str(memory) : (struct hc_str){0};
	case POSITIVE:
		return o->positive_label;
	case SEED:
		snprintf(memory, NUMBER_TEXT, "%llu", (unsigned long long)o->seed);
		return hc_str(memory);
	default:
		return p->preprocessor ? hc_str(p->preprocessor) : (struct hc_str){0};
	}
}

static const char *show(struct hc_str text, char shown[HC_STR_SHOW_SIZE])
{
	return text.p ? hc_str_show(text, shown) : "";
}

/* Partials count the same only where the same was asked for. */
static enum hc_code check_options(const struct hc_combined *c, size_t i, struct hc_err *err)
{
	for (int option = 0; option < OPTIONS; option++) {
		char numbers[2][NUMBER_TEXT], shown[2][HC_STR_SHOW_SIZE];
		struct hc_str one = text_of(&c->partials[0], (enum option)option, numbers[0]);
		struct hc_str other = text_of(&c->partials[i], (enum option)option, numbers[1]);
		if (one.p && other.p ? hc_str_eq(one, other) : one.p == other.p)
			continue;
		const char *quotes[] = {one.p ? "'" : "", other.p ? "'" : ""};
		const char *script = option == PREPROCESSOR ? " (a script's SHA-256)" : "";
		hc_fail(err, HC_USAGE, "%s was made with %s %s%s%s, but %s with %s%s%s%s", c->paths[0],
			option_names[option], quotes[0], one.p ? show(one, shown[0]) : "not given", quotes[0],
			c->paths[i], quotes[1], other.p ? show(other, shown[1]) : "none", quotes[1], script);
		return hc_hint(err, "make all partial results with the same options");
	}
	return HC_OK;
}

/* --- files ---------------------------------------------------------------------------------- */

struct input {
	const struct hc_input_file *file;
	size_t partial, number; /* number: among that partial's files */
};

static int by_path(const void *a, const void *b)
{
	const struct input *x = a, *y = b;
	int order = strcmp(x->file->path, y->file->path);
	return order ? order : x->partial < y->partial ? -1 : x->partial > y->partial;
}

static enum hc_code fail_twice(const struct hc_combined *c, const struct input *one, const struct input *other,
			       struct hc_err *err)
{
	hc_fail(err, HC_INPUT, "%s is in %s and again in %s, its records would be counted twice", one->file->path,
		c->paths[one->partial], c->paths[other->partial]);
	return hc_hint(err, "combine partial results of different files");
}

static enum hc_code unite_files(struct hc_combined *c, struct hc_input_files *files, struct hc_err *err)
{
	size_t n = 0;
	for (size_t i = 0; i < c->n; i++)
		n += c->partials[i].n_files;
	if (n > HC_PARTIAL_FILES_MAX)
		return hc_fail(err, HC_LIMIT, "the partial results are of more than %d files", HC_PARTIAL_FILES_MAX);
	struct input *all = malloc((n + 1) * sizeof *all);
	if (!all)
		return hc_fail_nomem(err, "the list of files");
	n = 0;
	for (size_t i = 0; i < c->n; i++)
		for (size_t k = 0; k < c->partials[i].n_files; k++)
			all[n++] = (struct input){&c->partials[i].files[k], i, k};
	qsort(all, n, sizeof *all, by_path);
	enum hc_code code = HC_OK;
	for (size_t i = 0; i < n && code == HC_OK; i++) {
		if (i > 0 && strcmp(all[i - 1].file->path, all[i].file->path) == 0)
			code = fail_twice(c, &all[i - 1], &all[i], err);
		else
			code = hc_input_files_add(files, *all[i].file, err);
		c->file_of[all[i].partial][all[i].number] = i;
	}
	free(all);
	return code;
}

/* --- the whole ------------------------------------------------------------------------------ */

static enum hc_code open_partial(const struct hc_request *q, size_t i, struct hc_combined *c, struct hc_arena *arena,
				 struct hc_err *err)
{
	struct hc_partial *p = &c->partials[i];
	HC_TRY(find_partial(q->partials[i], arena, &c->paths[i], err));
	HC_TRY(refuse_output(c->paths[i], q->output, err));
	HC_TRY(read_head(c->paths[i], arena, p, err));
	HC_TRY(check_options(c, i, err));
	c->file_of[i] = hc_arena_take(arena, (p->n_files + 1) * sizeof **c->file_of);
	c->tolerated += p->tolerated;
	c->dropped += p->dropped;
	return c->file_of[i] ? HC_OK : hc_fail_nomem(err, "the partial results");
}

static enum hc_code check_counts(const struct hc_combined *c, const struct hc_request *q, struct hc_err *err)
{
	uint64_t rows = 0, most = HC_PARTIAL_ROWS_MAX;
	size_t bad = 0;
	if (c->partials[0].options.problem == HC_BINARY)
		most = HC_BINARY_RECORDS_MAX;
	for (size_t i = 0; i < c->n; i++)
		rows += c->partials[i].rows;
	if (rows > most)
		return hc_fail(err, HC_LIMIT, "more than %llu records in one measurement", (unsigned long long)most);
	if (q->partial || c->tolerated <= q->max_bad_records)
		return HC_OK;
	while (c->partials[bad].tolerated == 0)
		bad++;
	hc_fail(err, HC_INPUT, "%s: %llu bad records were left out of it, %llu in all, and %llu are tolerated",
		c->paths[bad], (unsigned long long)c->partials[bad].tolerated, (unsigned long long)c->tolerated,
		(unsigned long long)q->max_bad_records);
	return hc_hint(err, "mend them, or allow them with --max-bad-records %llu", (unsigned long long)c->tolerated);
}

enum hc_code hc_combine_open(const struct hc_request *request, struct hc_input_files *files, struct hc_combined *out,
			     struct hc_err *err)
{
	struct hc_arena *arena = files->arena;
	struct hc_combined c = {.n = request->n_partials};
	c.paths = hc_arena_take(arena, c.n * sizeof *c.paths);
	c.partials = hc_arena_take(arena, c.n * sizeof *c.partials);
	c.file_of = hc_arena_take(arena, c.n * sizeof *c.file_of);
	if (!c.paths || !c.partials || !c.file_of)
		return hc_fail_nomem(err, "the partial results");
	for (size_t i = 0; i < c.n; i++)
		HC_TRY(open_partial(request, i, &c, arena, err));
	HC_TRY(unite_files(&c, files, err));
	HC_TRY(check_counts(&c, request, err));
	*out = c;
	return HC_OK;
}

/* What the threads that feed the tally share. */
struct feeding {
	const struct hc_combined *combined;
	const struct hc_request *request;
	struct hc_tally *tally;
	struct hc_crew_pieces pieces;
	uint64_t bytes_all;
	_Atomic bool failed;
	pthread_mutex_t lock; /* guards what follows, and progress */
	uint64_t bytes_done;
	size_t failed_at; /* the first partial that failed; pieces are taken in order, so none before it is left */
	struct hc_err *err;
};

static enum hc_code feed_one(struct feeding *f, size_t i, unsigned worker, struct hc_err *err)
{
	const struct hc_combined *c = f->combined;
	struct hc_map map;
	struct hc_err shrank;
	HC_TRY(hc_map_open(c->paths[i], &map, err));
	enum hc_code code =
		hc_partial_feed((struct hc_str){map.p, map.n}, &c->partials[i], c->file_of[i], f->tally, worker, err);
	if (hc_map_check(&map, &shrank) != HC_OK) {
		*err = shrank;
		code = err->code;
	}
	hc_map_close(&map);
	/* What the machine refuses is not about the file. */
	return code == HC_INPUT ? hc_err_at(err, "%s", c->paths[i]) : code;
}

static void tell(struct feeding *f, size_t i)
{
	const struct hc_progress *p = &f->request->progress;
	pthread_mutex_lock(&f->lock);
	f->bytes_done += f->combined->partials[i].size;
	if (p->tell)
		p->tell(p->arg, "combining", f->bytes_done, f->bytes_all);
	pthread_mutex_unlock(&f->lock);
}

static void feed_some(void *arg, unsigned worker)
{
	struct feeding *f = arg;
	uint64_t i;
	while (!atomic_load(&f->failed) && hc_crew_next(&f->pieces, &i)) {
		struct hc_err err;
		if (feed_one(f, (size_t)i, worker, &err) == HC_OK) {
			tell(f, (size_t)i);
			continue;
		}
		pthread_mutex_lock(&f->lock);
		if (!atomic_exchange(&f->failed, true) || i < f->failed_at) {
			f->failed_at = (size_t)i;
			*f->err = err;
		}
		pthread_mutex_unlock(&f->lock);
	}
}

enum hc_code hc_combine_feed(const struct hc_combined *c, const struct hc_request *request, struct hc_tally *tally,
			     unsigned workers, struct hc_err *err)
{
	struct feeding f = {.combined = c, .request = request, .tally = tally, .pieces.n = c->n, .err = err};
	for (size_t i = 0; i < c->n; i++)
		f.bytes_all += c->partials[i].size;
	pthread_mutex_init(&f.lock, NULL);
	hc_crew_run(workers < c->n ? workers : (unsigned)c->n, feed_some, &f);
	pthread_mutex_destroy(&f.lock);
	return atomic_load(&f.failed) ? hc_err_code(err) : HC_OK;
}
