#include "monitor/merge.h"

#include <stdlib.h>
#include <string.h>

#include "dataset/batch.h"
#include "dataset/label_row.h"
#include "sys/files.h"

enum { LOOKED_AT_MAX = HC_ACCOUNT_LINES * HC_ACCOUNT_SAMPLES_MAX };

#define TEXT_MAX (UINT64_C(1) << 30)

/* --- looking at single records again --------------------------------------------------------- */

/* Reads records a second time, for messages and samples. */
struct looker {
	const struct hc_merge *merge;
	enum hc_code (*see)(void *arg, const struct hc_record *record, uint64_t place, struct hc_err *err);
	void *arg;
	struct hc_record record;
	struct hc_csv_row row;
	struct hc_buf line;
};

static enum hc_code look_at_line(void *arg, struct hc_str line, uint64_t place, struct hc_err *err)
{
	struct looker *l = arg;
	bool label = hc_place_chunk(place) < l->merge->gather.first_capture;
	HC_TRY(hc_record_parse(line, label ? HC_RECORD_LABEL : HC_RECORD_CAPTURE, &l->record, err));
	return l->see(l->arg, &l->record, place, err);
}

static enum hc_code look_at_row(void *arg, const struct hc_table_row *row, uint64_t place, struct hc_err *err)
{
	struct looker *l = arg;
	bool label = hc_place_chunk(place) < l->merge->gather.first_capture;
	hc_buf_reset(&l->line);
	if (label)
		HC_TRY(hc_label_of_row(row->text, l->merge->request->measure.truth.text, &l->line, err));
	else
		HC_TRY(hc_batch_capture(row->text, row->format, &l->row, &l->line, err));
	return look_at_line(l, hc_buf_view(&l->line), place, err);
}

static const struct hc_taker looking = {.full = look_at_line, .row = look_at_row};

static enum hc_code look(struct hc_merge *m, const uint64_t *places, size_t n,
			 enum hc_code (*see)(void *arg, const struct hc_record *record, uint64_t place,
					     struct hc_err *err),
			 void *arg, struct hc_err *err)
{
	struct looker l = {.merge = m, .see = see, .arg = arg, .line = HC_BUF(TEXT_MAX)};
	hc_record_init(&l.record);
	enum hc_code code = hc_reader_again(&m->reader, places, n, &looking, &l, err);
	hc_record_free(&l.record);
	hc_csv_row_free(&l.row);
	hc_buf_free(&l.line);
	return code;
}

/* --- labels that contradict each other ------------------------------------------------------- */

struct two_labels {
	const struct hc_merge *merge;
	struct hc_buf id, data, kept;
};

static enum hc_code see_label(void *arg, const struct hc_record *record, uint64_t place, struct hc_err *err)
{
	struct two_labels *two = arg;
	if (place == two->merge->joined.conflict.kept) {
		hc_record_write_truth(record, &two->kept);
		return hc_buf_check(&two->kept, "a label", err);
	}
	hc_buf_str(&two->id, record->key);
	hc_buf_str(&two->data, record->truth.data.raw);
	return hc_buf_check(&two->data, "a label", err);
}

static enum hc_code fail_conflict(struct hc_merge *m, struct hc_err *err)
{
	const struct hc_conflict *c = &m->joined.conflict;
	uint64_t places[] = {c->kept, c->place};
	struct two_labels two = {m, HC_BUF(TEXT_MAX), HC_BUF(TEXT_MAX), HC_BUF(TEXT_MAX)};
	char shown[HC_STR_SHOW_SIZE], new_data[HC_STR_SHOW_SIZE], old_truth[HC_STR_SHOW_SIZE];
	enum hc_code code = look(m, places, 2, see_label, &two, err);
	if (code == HC_OK) {
		hc_fail(err, HC_USAGE, "%s:%llu: a different label for '%s': %s, at %s:%llu it was %s",
			hc_reader_path(&m->reader, c->place),
			(unsigned long long)hc_reader_where(&m->reader, c->place).line,
			hc_str_show(hc_buf_view(&two.id), shown), hc_str_show(hc_buf_view(&two.data), new_data),
			hc_reader_path(&m->reader, c->kept),
			(unsigned long long)hc_reader_where(&m->reader, c->kept).line,
			hc_str_show(hc_buf_view(&two.kept), old_truth));
		code = hc_hint(err, "mend the labels, or choose with --on-conflict last or first");
	}
	hc_buf_free(&two.id);
	hc_buf_free(&two.data);
	hc_buf_free(&two.kept);
	return code;
}

/* --- bad records ------------------------------------------------------------------------------ */

/* Those that do not pair are no news to the takers: the join has found them. */
static void explain_unpaired(const struct hc_joined *joined, uint64_t place, struct hc_err *reason)
{
	for (size_t i = 0; i < joined->n_unpaired; i++)
		if (joined->unpaired[i].place == place)
			(void)!hc_measure_pair(joined->unpaired[i].outputs, joined->unpaired[i].labels, reason);
}

static enum hc_code why_bad(void *arg, const uint64_t *places, size_t n, struct hc_err *reasons, struct hc_err *err)
{
	struct hc_merge *m = arg;
	size_t labels = 0;
	while (labels < n && hc_place_chunk(places[labels]) < m->gather.first_capture)
		labels++;
	HC_TRY(hc_reader_explain(&m->reader, places, labels, &hc_gather_labels, hc_gather_arg(&m->gather), reasons,
				 err));
	HC_TRY(hc_reader_explain(&m->reader, places + labels, n - labels, hc_gather_captures(&m->gather),
				 hc_gather_arg(&m->gather), reasons + labels, err));
	for (size_t i = 0; i < n; i++)
		explain_unpaired(&m->joined, places[i], &reasons[i]);
	return HC_OK;
}

static enum hc_code settle_bad(struct hc_merge *m, struct hc_tolerance *tolerance, struct hc_err *err)
{
	size_t n = m->joined.n_unpaired;
	uint64_t *places = malloc((n + 1) * sizeof *places);
	if (!places)
		return hc_fail_nomem(err, "the list of bad records");
	for (size_t i = 0; i < n; i++)
		places[i] = m->joined.unpaired[i].place;
	enum hc_code code = hc_reader_add_bad(&m->reader, places, n, err);
	free(places);
	return code == HC_OK ? hc_reader_settle(&m->reader, tolerance, why_bad, m, err) : code;
}

/* --- the account ------------------------------------------------------------------------------ */

/* The ids of the records that the account shows. */
struct shown_ids {
	uint64_t places[LOOKED_AT_MAX];
	struct hc_str ids[LOOKED_AT_MAX];
	size_t n, seen;
	struct hc_arena *arena;
};

static void list_places(struct shown_ids *shown, const struct hc_least *lines)
{
	for (int line = 0; line < HC_ACCOUNT_LINES; line++)
		for (size_t i = 0; i < lines[line].n; i++)
			shown->places[shown->n++] = lines[line].list[i].place;
	qsort(shown->places, shown->n, sizeof *shown->places, hc_place_compare);
	size_t n = 0;
	for (size_t i = 0; i < shown->n; i++)
		if (n == 0 || shown->places[n - 1] != shown->places[i])
			shown->places[n++] = shown->places[i];
	shown->n = n;
}

static enum hc_code see_id(void *arg, const struct hc_record *record, uint64_t place, struct hc_err *err)
{
	struct shown_ids *shown = arg;
	(void)place;
	struct hc_str id = hc_arena_copy(shown->arena, record->key);
	if (!id.p)
		return hc_fail_nomem(err, "the account");
	shown->ids[shown->seen++] = id;
	return HC_OK;
}

static struct hc_str id_of(const struct shown_ids *shown, uint64_t place)
{
	const uint64_t *at = bsearch(&place, shown->places, shown->seen, sizeof *shown->places, hc_place_compare);
	return at ? shown->ids[at - shown->places] : (struct hc_str){0};
}

static enum hc_code fill_account(struct hc_merge *m, struct hc_err *err)
{
	struct hc_account *a = m->account;
	struct shown_ids *shown = calloc(1, sizeof *shown);
	if (!shown)
		return hc_fail_nomem(err, "the account");
	shown->arena = a->arena;
	list_places(shown, m->joined.lines);
	enum hc_code code = look(m, shown->places, shown->n, see_id, shown, err);
	for (int i = 0; i < HC_ACCOUNT_LINES && code == HC_OK; i++) {
		const struct hc_least *l = &m->joined.lines[i];
		enum hc_account_line line = (enum hc_account_line)i;
		for (size_t k = 0; k < l->n; k++) {
			uint64_t place = l->list[k].place;
			hc_account_count(a, line, id_of(shown, place), hc_reader_path(&m->reader, place),
					 hc_reader_where(&m->reader, place).line, NULL);
		}
		hc_account_add(a, line, l->count - l->n);
	}
	free(shown);
	a->delays = m->joined.delays;
	m->joined.delays = (struct hc_delays){0};
	return code;
}

/* --- nothing to measure ------------------------------------------------------------------------ */

static void first_sample(const struct hc_account *a, enum hc_account_line line, struct hc_buf *out)
{
	char shown[HC_STR_SHOW_SIZE];
	if (a->lines[line].n_samples == 0)
		return;
	const struct hc_account_sample *s = &a->lines[line].samples[0];
	hc_buf_printf(out, "'%s' (%s:%llu)", hc_str_show((struct hc_str){s->id, s->id_n}, shown), s->path,
		      (unsigned long long)s->line);
}

/* Nothing is there where everything was bad, and tolerated. */
static enum hc_code hint_unreadable(const struct hc_account *a, struct hc_err *err)
{
	const struct hc_account_sample *first = &a->lines[HC_UNREADABLE].samples[0];
	return hc_hint(err, "bad records were left out, %llu of them, the first is %s:%llu: %s",
		       (unsigned long long)a->lines[HC_UNREADABLE].count, first->path, (unsigned long long)first->line,
		       first->why);
}

static enum hc_code fail_empty(const struct hc_account *a, struct hc_err *err)
{
	uint64_t captured = a->lines[HC_CAPTURED].count, labelled = a->lines[HC_LABELLED].count;
	bool unreadable = a->lines[HC_UNREADABLE].n_samples > 0;
	if (captured == 0) {
		hc_fail(err, HC_EMPTY, "Job inputs had no data: no captured record in the window");
		if (unreadable)
			return hint_unreadable(a, err);
		if (a->lines[HC_AFTER_WINDOW].count)
			return hc_hint(err, "%llu were made at or after the scheduled time and belong to a later run",
				       (unsigned long long)a->lines[HC_AFTER_WINDOW].count);
		return hc_hint(err, "check that the endpoint captures data, the time and the offsets");
	}
	if (labelled == 0) {
		hc_fail(err, HC_EMPTY, "Job inputs had no data: no ground truth in the window");
		if (unreadable)
			return hint_unreadable(a, err);
		return hc_hint(err, "upload labels, or read them for longer (offsets, --labels-until)");
	}
	HC_BUF_SCOPED struct hc_buf samples = HC_BUF(HC_ERR_HINT_MAX);
	hc_fail(err, HC_EMPTY, "nothing matched: none of the %llu captured records has one of the %llu labels",
		(unsigned long long)captured, (unsigned long long)labelled);
	hc_buf_cstr(&samples, "a capture's id is ");
	first_sample(a, HC_CAPTURED, &samples);
	hc_buf_cstr(&samples, ", a label's is ");
	first_sample(a, HC_LABELLED, &samples);
	return hc_hint(err, "%s: the eventId of a label must be the inferenceId of its capture, or its eventId",
		       hc_buf_cstring(&samples));
}

/* --- the whole ---------------------------------------------------------------------------------- */

static enum hc_code check_file(const struct hc_input_file *f, struct hc_file_info *now, struct hc_err *err)
{
	if (now->kind == HC_FILE_MISSING)
		HC_TRY(hc_file_look(f->path, now, err));
	if (now->id == f->id && now->size >= f->size)
		return HC_OK;
	hc_fail(err, HC_IO, "%s: was %s while it was read", f->path,
		now->kind == HC_FILE_MISSING ? "removed" : "replaced");
	return hc_hint(err, "run again when nobody writes to the file");
}

enum hc_code hc_merge_check_files(const struct hc_merge *m, unsigned workers, struct hc_err *err)
{
	const struct hc_input_files *files = m->reader.files;
	const char **paths = malloc((files->n + 1) * sizeof *paths);
	struct hc_file_info *infos = malloc((files->n + 1) * sizeof *infos);
	enum hc_code code = paths && infos ? HC_OK : hc_fail_nomem(err, "the files");
	if (code == HC_OK) {
		for (size_t i = 0; i < files->n; i++)
			paths[i] = files->list[i].path;
		hc_file_look_all(-1, paths, files->n, workers, infos);
	}
	for (size_t i = 0; i < files->n && code == HC_OK; i++)
		code = check_file(&files->list[i], &infos[i], err);
	free(paths);
	free(infos);
	return code;
}

enum hc_code hc_merge_run(struct hc_merge *m, const struct hc_request *request, const struct hc_input_files *files,
			  struct hc_tally *tally, bool adds, bool keeps_truth, struct hc_spill *spill, unsigned workers,
			  struct hc_tolerance *tolerance, struct hc_err *err)
{
	*m = (struct hc_merge){.request = request, .account = tolerance->account};
	hc_reader_init(&m->reader, request, files);
	HC_TRY(hc_gather_open(&m->gather, request, &m->reader, tally, spill, workers, keeps_truth, err));
	enum hc_code code = hc_gather_run(&m->gather, err);
	if (code != HC_OK && !m->gather.too_many_bad)
		return code;
	/* With too many bad records the join still says whether something is wrong before them. */
	HC_TRY(hc_join_run(&m->gather, adds, &m->joined, err));
	HC_TRY(settle_bad(m, tolerance, err));
	if (m->joined.conflict.place != HC_PLACE_NONE)
		return fail_conflict(m, err);
	HC_TRY(fill_account(m, err));
	return m->account->lines[HC_MATCHED].count ? HC_OK : fail_empty(m->account, err);
}

void hc_merge_free(struct hc_merge *m)
{
	hc_joined_free(&m->joined);
	hc_gather_free(&m->gather);
	hc_reader_free(&m->reader);
}
