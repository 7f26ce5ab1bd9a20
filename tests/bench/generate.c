/*
 * Makes the data of the bench: hour folders of captured predictions and of labels, as AWS writes them, the same bytes
 * for the same options.
 *
 *     generate OUT [--records N] [--files N] [--seed N] [--short] [--no-labels]
 *
 *     OUT/captures/churn/AllTraffic/2026/03/01/HH/MM-SS-mmm-UUID.jsonl     --files of them in 4 hours
 *     OUT/labels/2026/03/01/HH/labels.jsonl                                one of each of the 4 hours
 *
 * A capture has 69 features as CSV and a probability (756 bytes a line); a short one has no input and no inference id
 * (247 bytes), and is joined by its event id. 97 % of the records have a label; a thousandth of the labels belong to no
 * record. Labels come in an order that has nothing to do with that of the captures: the hard case for a join. They are
 * drawn from the printed probability, with an AUC of about 0.8.
 *
 * At the end it prints what must come out, with a score above 0.5 predicting the positive class:
 *
 *     {"captured": N, "labelled": N, "matched": N, "tn": N, "fp": N, "fn": N, "tp": N}
 *
 * Everything about record i follows from hashes of the seed and i, so that neither memory nor time depend on the size,
 * and the label of a record is known without the record.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ENDPOINT_FOLDER "captures/churn/AllTraffic/2026/03/01"
#define LABEL_FOLDER "labels/2026/03/01"
#define RECORDS_MAX UINT64_C(100000000000) /* times milliseconds must fit in 64 bits */

enum {
	HOURS = 4,
	BUFFER_BYTES = 4 << 20,
	RECORD_BYTES_MAX = 4096,
	PATH_BYTES_MAX = 4096,
	ID_BYTES = 36,
	MEASURES = 43, /* features that are measured; the rest of the 69 are 0 or 1 */
	FLAGS = 26,
	LABELLED_PERCENT = 97,
	ORPHAN_EVERY = 1000, /* one label of so many belongs to no record */
};

/* What the hashes of one record are for. */
enum stream { STREAM_EVENT, STREAM_INFERENCE, STREAM_SCORE, STREAM_LABEL, STREAM_FEATURES, STREAM_FILE, STREAMS };

struct options {
	const char *out;
	uint64_t records, files, seed;
	bool brief, labels;
};

struct writer {
	int fd;
	size_t used;
	char *buffer;
	char path[PATH_BYTES_MAX];
};

/* What comes out: cells[label][prediction]. */
struct expected {
	uint64_t labelled, matched, cells[2][2];
};

static char three_digits[1000][3];

static void die(const char *what)
{
	fprintf(stderr, "generate: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void make_tables(void)
{
	for (int i = 0; i < 1000; i++) {
		three_digits[i][0] = (char)('0' + i / 100);
		three_digits[i][1] = (char)('0' + i / 10 % 10);
		three_digits[i][2] = (char)('0' + i % 10);
	}
}

/* --- files ------------------------------------------------------------------------------------------------------- */

static void make_folders(char *path)
{
	for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(path, 0777) != 0 && errno != EEXIST)
			die(path);
		*slash = '/';
	}
}

static void flush(struct writer *w)
{
	for (size_t done = 0; done < w->used;) {
		ssize_t n = write(w->fd, w->buffer + done, w->used - done);
		if (n < 0 && errno != EINTR)
			die(w->path);
		if (n > 0)
			done += (size_t)n;
	}
	w->used = 0;
}

/* w->path is set. */
static void open_file(struct writer *w)
{
	w->fd = open(w->path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (w->fd < 0 && errno == ENOENT) {
		make_folders(w->path);
		w->fd = open(w->path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	}
	if (w->fd < 0)
		die(w->path);
}

static void close_file(struct writer *w)
{
	flush(w);
	if (close(w->fd) != 0)
		die(w->path);
}

/* Room for one record. */
static char *line(struct writer *w)
{
	if (w->used + RECORD_BYTES_MAX > BUFFER_BYTES)
		flush(w);
	return w->buffer + w->used;
}

static void line_done(struct writer *w, const char *end)
{
	w->used = (size_t)(end - w->buffer);
}

/* --- values ------------------------------------------------------------------------------------------------------ */

static uint64_t mix(uint64_t x)
{
	x ^= x >> 30;
	x *= UINT64_C(0xbf58476d1ce4e5b9);
	x ^= x >> 27;
	x *= UINT64_C(0x94d049bb133111eb);
	return x ^ x >> 31;
}

static uint64_t hash_of(const struct options *o, uint64_t index, enum stream stream)
{
	return mix(mix(o->seed * STREAMS + stream) + (index + 1) * UINT64_C(0x9e3779b97f4a7c15));
}

static double unit(uint64_t hash)
{
	return (double)(hash >> 11) * 0x1p-53;
}

/* About normal: the sum of eight uniform values, seen from its mean, has a variance of 2/3. */
static double bell(uint64_t hash)
{
	uint64_t other = mix(hash + 1);
	double sum = 0;
	for (int i = 0; i < 4; i++)
		sum += (double)(hash >> 16 * i & 0xffff) + (double)(other >> 16 * i & 0xffff);
	return (sum / 65536.0 - 4.0) * 1.2247448713915890;
}

/* A score as models print it: 6 to 9 digits behind the point; with an exponent where Python's repr has one. */
struct score {
	uint64_t digits; /* of 10^decimals */
	int decimals, exponent;
};

static struct score score_of(const struct options *o, uint64_t index)
{
	static const double powers[] = {1e6, 1e7, 1e8, 1e9};
	uint64_t hash = hash_of(o, index, STREAM_SCORE);
	double z = 1.5 * bell(hash) - 0.9;
	if (mix(hash + 2) % 1024 == 0)
		z -= 9;
	double p = 1 / (1 + exp(-z));
	if (mix(hash + 4) % 4096 == 0)
		p = 0.5; /* so that it shows who takes the threshold itself for positive */
	struct score score = {.decimals = 6 + (int)(mix(hash + 3) % 4)};
	if (p < 1e-4) {
		for (; p < 1; p *= 10)
			score.exponent++;
	}
	score.digits = (uint64_t)(p * powers[score.decimals - 6]);
	return score;
}

static char *put(char *at, const char *text, size_t n)
{
	memcpy(at, text, n);
	return at + n;
}
#define PUT(at, text) put(at, "" text, sizeof(text) - 1)

/* n digits of value, with leading zeros. */
static char *put_digits(char *at, uint64_t value, int n)
{
	for (int i = n; i-- > 0; value /= 10)
		at[i] = (char)('0' + value % 10);
	return at + n;
}

static char *put_score(char *at, struct score score)
{
	uint64_t unit_digits = 1;
	for (int i = 0; i < score.decimals; i++)
		unit_digits *= 10;
	at = put_digits(at, score.digits / unit_digits, 1);
	*at++ = '.';
	at = put_digits(at, score.digits % unit_digits, score.decimals);
	if (score.exponent) {
		at = PUT(at, "e-");
		at = put_digits(at, (uint64_t)score.exponent, 2);
	}
	return at;
}

static double score_value(struct score score)
{
	return (double)score.digits * pow(10, -score.decimals - score.exponent);
}

/* Whether the printed score is more than 0.5, which is its own double. */
static bool above_half(struct score score)
{
	uint64_t half = 5;
	for (int i = 1; i < score.decimals; i++)
		half *= 10;
	return score.exponent == 0 && score.digits > half;
}

/* A random UUID (version 4) that follows from the hash. */
static char *put_uuid(char *at, uint64_t hash)
{
	static const char hex[] = "0123456789abcdef";
	uint64_t halves[2] = {(hash & ~UINT64_C(0xf000)) | 0x4000, mix(~hash)};
	halves[1] = (halves[1] & ~(UINT64_C(3) << 62)) | UINT64_C(2) << 62;
	for (int digit = 0; digit < 32; digit++) {
		if (digit == 8 || digit == 12 || digit == 16 || digit == 20)
			*at++ = '-';
		*at++ = hex[halves[digit / 16] >> (60 - 4 * (digit % 16)) & 15];
	}
	return at;
}

/* Measured features: counts, minutes, amounts. Flags: one in eight is set. */
static char *put_features(char *at, const struct options *o, uint64_t index)
{
	uint64_t hash = hash_of(o, index, STREAM_FEATURES);
	for (int i = 0; i < MEASURES; i++) {
		uint64_t bits = mix(hash + (uint64_t)i);
		const char *whole = three_digits[(bits & 0xffff) % 400];
		int zeros = (whole[0] == '0') + (whole[0] == '0' && whole[1] == '0');
		at = put(at, whole + zeros, (size_t)(3 - zeros));
		if (i % 5) {
			*at++ = '.';
			at = put(at, three_digits[(bits >> 16 & 0xffff) % 1000], 3);
		}
		*at++ = ',';
	}
	hash = mix(~hash) & mix(hash ^ 1) & mix(hash ^ 2);
	for (int i = 0; i < FLAGS; i++) {
		*at++ = (char)('0' + (hash >> i & 1));
		*at++ = ',';
	}
	return at - 1;
}

/* --- captures ---------------------------------------------------------------------------------------------------- */

/* When record i was made, in milliseconds from the first hour on: spread evenly. */
static uint64_t time_of(const struct options *o, uint64_t index)
{
	return index * HOURS * 3600000 / o->records;
}

static uint64_t first_of_file(const struct options *o, uint64_t file)
{
	return o->records / o->files * file + o->records % o->files * file / o->files;
}

static char *put_time(char *at, uint64_t time_ms)
{
	uint64_t seconds = time_ms / 1000;
	at = PUT(at, "2026-03-01T");
	at = put_digits(at, seconds / 3600, 2);
	*at++ = ':';
	at = put_digits(at, seconds / 60 % 60, 2);
	*at++ = ':';
	at = put_digits(at, seconds % 60, 2);
	*at++ = 'Z';
	return at;
}

static char *put_capture(char *at, const struct options *o, uint64_t index)
{
	at = PUT(at, "{\"captureData\":{");
	if (!o->brief) {
		at = PUT(at, "\"endpointInput\":{\"observedContentType\":\"text/csv\",\"mode\":\"INPUT\",\"data\":\"");
		at = put_features(at, o, index);
		at = PUT(at, "\",\"encoding\":\"CSV\"},");
	}
	at = PUT(at, "\"endpointOutput\":{\"observedContentType\":\"text/csv");
	if (!o->brief)
		at = PUT(at, "; charset=utf-8");
	at = PUT(at, "\",\"mode\":\"OUTPUT\",\"data\":\"");
	at = put_score(at, score_of(o, index));
	at = PUT(at, "\",\"encoding\":\"CSV\"}},\"eventMetadata\":{\"eventId\":\"");
	at = put_uuid(at, hash_of(o, index, STREAM_EVENT));
	if (!o->brief) {
		at = PUT(at, "\",\"inferenceId\":\"");
		at = put_uuid(at, hash_of(o, index, STREAM_INFERENCE));
	}
	at = PUT(at, "\",\"inferenceTime\":\"");
	at = put_time(at, time_of(o, index));
	return PUT(at, "\"},\"eventVersion\":\"0\"}\n");
}

static void name_capture_file(struct writer *w, const struct options *o, uint64_t file)
{
	uint64_t ms = time_of(o, first_of_file(o, file));
	char uuid[ID_BYTES + 1] = {0};
	put_uuid(uuid, hash_of(o, file, STREAM_FILE));
	snprintf(w->path, sizeof(w->path),
		 "%s/" ENDPOINT_FOLDER "/%02" PRIu64 "/%02" PRIu64 "-%02" PRIu64 "-%03" PRIu64 "-%s.jsonl", o->out,
		 ms / 3600000, ms / 60000 % 60, ms / 1000 % 60, ms % 1000, uuid);
}

static void write_captures(struct writer *w, const struct options *o)
{
	for (uint64_t file = 0; file < o->files; file++) {
		name_capture_file(w, o, file);
		open_file(w);
		uint64_t end = first_of_file(o, file + 1);
		for (uint64_t i = first_of_file(o, file); i < end; i++)
			line_done(w, put_capture(line(w), o, i));
		close_file(w);
	}
}

/* --- labels ------------------------------------------------------------------------------------------------------ */

static uint64_t common_divisor(uint64_t a, uint64_t b)
{
	while (b) {
		uint64_t rest = a % b;
		a = b;
		b = rest;
	}
	return a;
}

/* A step that visits all of n records once, each far from the one before it. */
static uint64_t step_over(uint64_t n)
{
	uint64_t step = (uint64_t)((double)n * 0.6180339887498949) | 1;
	while (common_divisor(step, n) != 1)
		step += 2;
	return step;
}

static char *put_label(char *at, const struct options *o, uint64_t index, bool positive)
{
	at = PUT(at, "{\"groundTruthData\":{\"data\":\"");
	*at++ = positive ? '1' : '0';
	at = PUT(at, "\",\"encoding\":\"CSV\"},\"eventMetadata\":{\"eventId\":\"");
	at = put_uuid(at, hash_of(o, index, o->brief ? STREAM_EVENT : STREAM_INFERENCE));
	return PUT(at, "\"},\"eventVersion\":\"0\"}\n");
}

/* A label of record `index`, or of none, behind the records. */
static void write_label(struct writer *w, const struct options *o, uint64_t index, struct expected *expected)
{
	struct score score = score_of(o, index);
	bool positive = unit(hash_of(o, index, STREAM_LABEL)) < score_value(score);
	line_done(w, put_label(line(w), o, index, positive));
	expected->labelled++;
	if (index < o->records) {
		expected->matched++;
		expected->cells[positive][above_half(score)]++;
	}
}

static void write_labels(struct writer *w, const struct options *o, struct expected *expected)
{
	uint64_t labels = o->records / 100 * LABELLED_PERCENT;
	uint64_t step = step_over(o->records), index = 0;
	for (uint64_t hour = 0; hour < HOURS; hour++) {
		snprintf(w->path, sizeof(w->path), "%s/" LABEL_FOLDER "/%02" PRIu64 "/labels.jsonl", o->out, hour);
		open_file(w);
		for (uint64_t i = labels * hour / HOURS; i < labels * (hour + 1) / HOURS; i++) {
			bool orphan = i % ORPHAN_EVERY == ORPHAN_EVERY - 1;
			write_label(w, o, orphan ? o->records + i : index, expected);
			index = (index + step) % o->records;
		}
		close_file(w);
	}
}

/* --- the command line -------------------------------------------------------------------------------------------- */

static void usage(void)
{
	fputs("usage: generate OUT [--records N] [--files N] [--seed N] [--short] [--no-labels]\n", stderr);
	exit(2);
}

static uint64_t number(const char *text)
{
	char *end;
	if (!text || *text < '0' || *text > '9')
		usage();
	errno = 0;
	uint64_t value = strtoull(text, &end, 10);
	if (*end || errno)
		usage();
	return value;
}

static struct options parse(char **argv)
{
	struct options o = {.records = 2000000, .files = HOURS, .seed = 1, .labels = true};
	for (char **arg = argv + 1; *arg; arg++) {
		if (strcmp(*arg, "--short") == 0)
			o.brief = true;
		else if (strcmp(*arg, "--no-labels") == 0)
			o.labels = false;
		else if (strcmp(*arg, "--records") == 0)
			o.records = number(*++arg);
		else if (strcmp(*arg, "--files") == 0)
			o.files = number(*++arg);
		else if (strcmp(*arg, "--seed") == 0)
			o.seed = number(*++arg);
		else if (**arg == '-' || o.out)
			usage();
		else
			o.out = *arg;
	}
	if (!o.out || o.records < 100 || o.records > RECORDS_MAX || o.files < 1 || o.files > o.records)
		usage();
	return o;
}

static void print_expected(const struct options *o, const struct expected *e)
{
	printf("{\"captured\": %" PRIu64 ", \"labelled\": %" PRIu64 ", \"matched\": %" PRIu64, o->records, e->labelled,
	       e->matched);
	printf(", \"tn\": %" PRIu64 ", \"fp\": %" PRIu64 ", \"fn\": %" PRIu64 ", \"tp\": %" PRIu64 "}\n",
	       e->cells[0][0], e->cells[0][1], e->cells[1][0], e->cells[1][1]);
}

int main(int argc, char **argv)
{
	(void)argc;
	struct options o = parse(argv);
	struct writer w = {.fd = -1, .buffer = malloc(BUFFER_BYTES)};
	if (!w.buffer)
		die("memory");
	make_tables();
	write_captures(&w, &o);
	struct expected expected = {0};
	if (o.labels)
		write_labels(&w, &o, &expected);
	print_expected(&o, &expected);
	free(w.buffer);
	return 0;
}
