#include "store/content.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/time.h>

#include "check_files.h"

static struct hc_err err;

#define ok(call)                                            \
	do {                                                \
		if ((call) != HC_OK)                        \
			fail_msg("%s: %s", #call, err.msg); \
	} while (0)

static struct hc_contents *open_store(void)
{
	struct hc_contents *c;
	ok(hc_contents_open(path_of("content"), &c, &err));
	return c;
}

static void make(struct hc_contents *c, const char *text, char id[HC_CONTENT_ID_SIZE])
{
	struct hc_content_writer w;
	ok(hc_content_create(c, &w, &err));
	ok(hc_content_write(&w, text, strlen(text), &err));
	ok(hc_content_finish(&w, &err));
	assert_int_equal(w.size, strlen(text));
	memcpy(id, w.id, HC_CONTENT_ID_SIZE);
}

static void check_content(struct hc_contents *c, const char *id, const char *expected)
{
	int fd;
	char buf[256];
	ok(hc_content_open(c, id, &fd, &err));
	ssize_t n = read(fd, buf, sizeof buf);
	close(fd);
	assert_true(n >= 0);
	check_str(((struct hc_str){buf, (size_t)n}), expected);
}

/* All files below the folder of contents. */
static size_t count_files(void)
{
	struct hc_buf out = HC_BUF(1 << 20);
	size_t n = 0;
	tell_below(path_of("content"), "", false, NULL, &out);
	for (size_t i = 0; i < out.n; i++)
		n += out.p[i] == '=';
	hc_buf_free(&out);
	return n;
}

static void test_write_and_read(void **state)
{
	(void)state;
	struct hc_contents *c = open_store();
	char a[HC_CONTENT_ID_SIZE], b[HC_CONTENT_ID_SIZE], name[64];
	make(c, "one", a);
	make(c, "", b);
	assert_int_equal(strlen(a), 32);
	assert_string_not_equal(a, b);
	snprintf(name, sizeof name, "content/%.2s/%s", a, a);
	assert_true(exists(name));
	check_content(c, a, "one");
	check_content(c, b, "");
	hc_contents_close(c);
	c = open_store(); /* it is still there */
	check_content(c, a, "one");
	hc_content_remove(c, a);
	hc_content_remove(c, a);
	int fd = 77;
	assert_int_equal(hc_content_open(c, a, &fd, &err), HC_IO);
	assert_int_equal(fd, 77);
	assert_int_equal(count_files(), 1);
	hc_contents_close(c);
}

static void test_not_finished(void **state)
{
	(void)state;
	struct hc_contents *c = open_store();
	struct hc_content_writer w;
	int fd;
	ok(hc_content_create(c, &w, &err));
	ok(hc_content_write(&w, "half", 4, &err));
	assert_int_equal(count_files(), 1);
	assert_int_equal(hc_content_open(c, w.id, &fd, &err), HC_IO); /* not to be seen before it is complete */
	hc_content_abandon(&w);
	hc_content_abandon(&w);
	assert_int_equal(count_files(), 0);
	hc_contents_close(c);
}

/* What reads a content reads it to its end, whatever becomes of its name. */
static void test_removed_while_open(void **state)
{
	(void)state;
	struct hc_contents *c = open_store();
	char id[HC_CONTENT_ID_SIZE], buf[8];
	int fd;
	make(c, "text", id);
	ok(hc_content_open(c, id, &fd, &err));
	hc_content_remove(c, id);
	assert_int_equal(read(fd, buf, sizeof buf), 4);
	close(fd);
	hc_contents_close(c);
}

static void test_bad_ids(void **state)
{
	(void)state;
	static const char *const ids[] = {
		"",
		"..",
		"../../../../etc/passwd",
		"0123456789abcdef0123456789abcde",
		"0123456789abcdef0123456789abcdef0",
		"0123456789ABCDEF0123456789ABCDEF",
		"0123456789abcdef/123456789abcdef",
	};
	struct hc_contents *c = open_store();
	int fd;
	for (size_t i = 0; i < COUNT(ids); i++) {
		assert_int_equal(hc_content_open(c, ids[i], &fd, &err), HC_IO);
		assert_int_equal(hc_content_give(c, ids[i], path_of("x"), false, &err), HC_IO);
		hc_content_remove(c, ids[i]);
	}
	hc_contents_close(c);
}

static void test_append(void **state)
{
	(void)state;
	struct hc_contents *c = open_store();
	char a[HC_CONTENT_ID_SIZE], b[HC_CONTENT_ID_SIZE];
	struct hc_content_writer w;
	make(c, "one ", a);
	make(c, "two", b);
	ok(hc_content_create(c, &w, &err));
	ok(hc_content_write(&w, "zero ", 5, &err));
	ok(hc_content_append(&w, a, &err));
	ok(hc_content_append(&w, b, &err));
	assert_int_equal(hc_content_append(&w, "00000000000000000000000000000000", &err), HC_IO);
	assert_int_equal(w.size, 12);
	ok(hc_content_finish(&w, &err));
	check_content(c, w.id, "zero one two");
	hc_contents_close(c);
}

static void test_import_and_link(void **state)
{
	(void)state;
	struct hc_contents *c = open_store();
	struct hc_content_writer w;
	struct stat st;
	make_file("from", "text");
	ok(hc_content_import(c, path_of("from"), &w, &err));
	assert_int_equal(w.size, 4);
	make_file("from", "other"); /* it is a copy */
	check_content(c, w.id, "text");
	assert_int_equal(hc_content_import(c, path_of("nowhere"), &w, &err), HC_INPUT);
	ok(hc_content_give(c, w.id, path_of("job/input/data.csv"), false, &err));
	check_files("job", "input/data.csv=text ");
	assert_int_equal(stat(path_of("job/input/data.csv"), &st), 0);
	assert_int_equal(st.st_mode & 0222, 0);
	assert_int_equal(hc_content_give(c, w.id, path_of("job/input/data.csv"), false, &err), HC_IO); /* it is there */
	hc_content_remove(c, w.id);
	check_files("job", "input/data.csv=text ");
	assert_int_equal(hc_content_give(c, w.id, path_of("job/gone"), false, &err), HC_IO);
	hc_contents_close(c);
}

static enum hc_code is_one(void *arg, const char *id, bool *used, struct hc_err *e)
{
	(void)e;
	*used = strcmp(id, arg) == 0;
	return HC_OK;
}

static enum hc_code fails(void *arg, const char *id, bool *used, struct hc_err *e)
{
	(void)arg;
	*used = true;
	return hc_fail(e, HC_IO, "%s: broken", id);
}

static void test_sweep(void **state)
{
	(void)state;
	struct hc_contents *c = open_store();
	char used[HC_CONTENT_ID_SIZE], lost[HC_CONTENT_ID_SIZE];
	struct hc_content_writer w;
	uint64_t removed = 77;
	make(c, "used", used);
	make(c, "lost", lost);
	ok(hc_content_create(c, &w, &err)); /* a crash would leave it */
	make_file("content/00/README", "not ours");
	struct timeval now;
	gettimeofday(&now, NULL);
	int64_t now_us = (int64_t)now.tv_sec * 1000000 + now.tv_usec;
	ok(hc_content_sweep(c, now_us - 60 * 1000000, is_one, used, &removed, &err)); /* all are too young */
	assert_int_equal(removed, 0);
	assert_int_equal(hc_content_sweep(c, now_us + 60 * 1000000, fails, used, &removed, &err), HC_IO);
	ok(hc_content_sweep(c, now_us + 60 * 1000000, is_one, used, &removed, &err));
	check_content(c, used, "used");
	assert_int_equal(count_files(), 2);
	hc_content_abandon(&w);
	hc_contents_close(c);
}

static void test_full(void **state)
{
	(void)state;
	struct hc_contents *c = open_store();
	struct hc_content_writer w;
	char text[8192] = {0};
	assert_true(hc_contents_have_room(c, 0));
	assert_true(hc_contents_have_room(c, 1));
	assert_false(hc_contents_have_room(c, UINT64_MAX));
	struct rlimit before, little = {4096, 4096};
	getrlimit(RLIMIT_FSIZE, &before);
	little.rlim_max = before.rlim_max;
	signal(SIGXFSZ, SIG_IGN);
	setrlimit(RLIMIT_FSIZE, &little);
	ok(hc_content_create(c, &w, &err));
	enum hc_code code = hc_content_write(&w, text, sizeof text, &err);
	setrlimit(RLIMIT_FSIZE, &before);
	assert_int_equal(code, HC_LIMIT);
	hc_content_abandon(&w);
	assert_int_equal(count_files(), 0);
	hc_contents_close(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_folder(test_write_and_read), in_folder(test_not_finished), in_folder(test_removed_while_open),
		in_folder(test_bad_ids),        in_folder(test_append),       in_folder(test_import_and_link),
		in_folder(test_sweep),          in_folder(test_full),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
