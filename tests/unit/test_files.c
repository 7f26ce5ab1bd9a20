#include "sys/files.h"

#include <errno.h>
#include <fcntl.h>

#include "base/instant.h"
#include "check_files.h"
#include "sys/clock.h"

static const struct hc_arena BIG = {.budget = 1 << 20};

static void test_look(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		enum hc_file_kind kind;
		uint64_t size;
	} table[] = {
		{"five", HC_FILE_REGULAR, 5},     {"empty", HC_FILE_REGULAR, 0},   {"folder", HC_FILE_FOLDER, 0},
		{"fifo", HC_FILE_OTHER, 0},       {"nowhere", HC_FILE_MISSING, 0}, {"five/below", HC_FILE_MISSING, 0},
		{"no/such", HC_FILE_MISSING, 0},  {"link", HC_FILE_REGULAR, 5},    {"folder-link", HC_FILE_FOLDER, 0},
		{"dangling", HC_FILE_MISSING, 0},
	};
	make_file("five", "12345");
	make_file("empty", "");
	make_folder("folder");
	assert_int_equal(mkfifo(path_of("fifo"), 0600), 0);
	assert_int_equal(symlink("five", path_of("link")), 0);
	assert_int_equal(symlink("folder", path_of("folder-link")), 0);
	assert_int_equal(symlink("nowhere", path_of("dangling")), 0);
	for (size_t i = 0; i < COUNT(table); i++) {
		struct hc_file_info info;
		struct hc_err err;
		assert_int_equal(hc_file_look(path_of(table[i].name), &info, &err), HC_OK);
		if (info.kind != table[i].kind || info.size != table[i].size)
			fail_msg("%s: kind %d, size %d", table[i].name, (int)info.kind, (int)info.size);
	}
	/* a link is what it leads to; another file is another one */
	struct hc_file_info five, link, empty;
	struct hc_err why;
	assert_int_equal(hc_file_look(path_of("five"), &five, &why), HC_OK);
	assert_int_equal(hc_file_look(path_of("link"), &link, &why), HC_OK);
	assert_int_equal(hc_file_look(path_of("empty"), &empty, &why), HC_OK);
	assert_true(five.id == link.id && five.id != empty.id);
	/* what cannot even be asked for is no answer */
	char name[300];
	memset(name, 'x', sizeof name - 1);
	name[sizeof name - 1] = '\0';
	struct hc_file_info info = {HC_FILE_OTHER, 77, 88};
	struct hc_err err;
	assert_int_equal(hc_file_look(path_of(name), &info, &err), HC_INPUT);
	assert_int_equal(info.size, 77);
}

/* All of a source, read in small pieces. */
static void check_source(struct hc_source *source, const char *expected)
{
	struct hc_buf all = HC_BUF(1 << 20);
	struct hc_err err;
	for (size_t got = 1; got > 0; all.n += got) {
		char *room = hc_buf_room(&all, 7);
		assert_non_null(room);
		assert_int_equal(source->read(source, room, 7, &got, &err), HC_OK);
	}
	check_str(hc_buf_view(&all), expected);
	hc_buf_free(&all);
	hc_source_close(source);
}

static void test_reading(void **state)
{
	(void)state;
	struct hc_source *source;
	struct hc_err err;
	make_file("text", "the quick brown fox");
	assert_int_equal(hc_file_open(path_of("text"), &source, &err), HC_OK);
	check_source(source, "the quick brown fox");

	/* two at a time do not disturb each other */
	struct hc_source *a, *b;
	assert_int_equal(hc_file_open(path_of("text"), &a, &err), HC_OK);
	assert_int_equal(hc_file_open(path_of("text"), &b, &err), HC_OK);
	check_source(a, "the quick brown fox");
	check_source(b, "the quick brown fox");

	assert_int_equal(hc_file_open("/dev/null", &source, &err), HC_OK);
	check_source(source, "");
}

static void test_standard_input(void **state)
{
	(void)state;
	struct hc_source *source;
	struct hc_err err;
	make_file("text", "from standard input");
	int kept = dup(STDIN_FILENO), fd = open(path_of("text"), O_RDONLY);
	assert_true(kept >= 0 && fd >= 0);
	assert_int_equal(dup2(fd, STDIN_FILENO), STDIN_FILENO);
	close(fd);
	assert_int_equal(hc_file_open_stdin(&source, &err), HC_OK);
	check_source(source, "from standard input");
	/* closing the source leaves the program its descriptor */
	assert_true(fcntl(STDIN_FILENO, F_GETFD) >= 0);
	dup2(kept, STDIN_FILENO);
	close(kept);
}

static void test_unreadable(void **state)
{
	(void)state;
	static const char *const missing[] = {"nowhere", "no/such/folder", "file/below"};
	struct hc_source *source = NULL;
	struct hc_buf buf = HC_BUF(1 << 20);
	struct hc_err err;
	make_file("file", "x");
	for (size_t i = 0; i < COUNT(missing); i++) {
		const char *path = path_of(missing[i]);
		assert_int_equal(hc_file_open(path, &source, &err), HC_INPUT);
		assert_non_null(strstr(err.msg, path));
		assert_non_null(strstr(err.msg, "no such file or folder"));
		assert_int_equal(hc_file_slurp(path, &buf, &err), HC_INPUT);
	}
	assert_null(source);
	/* a folder can be opened, not read */
	assert_int_equal(hc_file_slurp(check_folder, &buf, &err), HC_INPUT);
	assert_non_null(strstr(err.msg, check_folder));
	assert_non_null(strstr(err.msg, "folder"));
	/* nobody may read the start of this: the machine's fault */
	assert_int_equal(hc_file_slurp("/proc/self/mem", &buf, &err), HC_IO);
	assert_non_null(strstr(err.msg, "/proc/self/mem"));
	assert_int_equal(buf.n, 0);
	hc_buf_free(&buf);
}

static void test_slurp(void **state)
{
	(void)state;
	enum { MUCH = 300000 };
	char *much = malloc(MUCH);
	assert_non_null(much);
	for (size_t i = 0; i < MUCH; i++)
		much[i] = (char)(i * 7 + i / 251);
	make_file_of("much", much, MUCH);
	make_file("little", "c");

	struct hc_buf buf = HC_BUF(1 << 20);
	struct hc_err err;
	hc_buf_cstr(&buf, "ab");
	assert_int_equal(hc_file_slurp(path_of("little"), &buf, &err), HC_OK);
	check_str(hc_buf_view(&buf), "abc");
	hc_buf_reset(&buf);
	assert_int_equal(hc_file_slurp(path_of("much"), &buf, &err), HC_OK);
	assert_int_equal(buf.n, MUCH);
	assert_memory_equal(buf.p, much, MUCH);
	hc_buf_free(&buf);

	buf = HC_BUF(MUCH - 1);
	assert_int_equal(hc_file_slurp(path_of("much"), &buf, &err), HC_LIMIT);
	assert_non_null(strstr(err.msg, path_of("much")));
	hc_buf_free(&buf);
	free(much);
}

/* From a byte on, to the end, whether the system is to keep it or not, and again after it was told to forget it. */
static void test_pieces(void **state)
{
	(void)state;
	static const char digits[] = "0123456789";
	make_file("digits", digits);
	for (int i = 0; i < 8; i++) {
		struct hc_source *source;
		struct hc_err err;
		char read[16];
		size_t n = 0, got = 1, from = i % 4 == 3 ? 10 : 3 * (size_t)(i % 4);
		assert_int_equal(hc_file_open_at(path_of("digits"), from, 4, i >= 4, &source, &err), HC_OK);
		for (; got; n += got)
			assert_int_equal(source->read(source, read + n, sizeof read - n, &got, &err), HC_OK);
		hc_source_close(source);
		assert_int_equal(n, 10 - from);
		assert_memory_equal(read, &digits[from], n);
	}
}

static void test_names(void **state)
{
	(void)state;
	/* more than fit the list at first, made out of order */
	enum { MANY = 300 };
	for (int i = 0; i < MANY; i++) {
		char name[32];
		snprintf(name, sizeof name, "many/%03d", (i * 7) % MANY);
		make_file(name, "");
	}
	static const char *const odd[] = {" ", "-", ".hidden", "A", "_x", "a", "a b", "\xc3\xa4", "\xff"};
	for (size_t i = COUNT(odd); i > 0; i--) {
		char name[32];
		snprintf(name, sizeof name, "odd/%s", odd[i - 1]);
		make_file(name, "");
	}
	make_folder("none");

	struct hc_arena arena = BIG;
	struct hc_names names;
	struct hc_err err;
	assert_int_equal(hc_file_names(path_of("many"), &arena, &names, &err), HC_OK);
	assert_int_equal(names.n, MANY);
	for (int i = 0; i < MANY; i++) {
		char name[32];
		snprintf(name, sizeof name, "%03d", i);
		assert_string_equal(names.list[i], name);
	}
	assert_int_equal(hc_file_names(path_of("odd"), &arena, &names, &err), HC_OK);
	assert_int_equal(names.n, COUNT(odd));
	for (size_t i = 0; i < COUNT(odd); i++)
		assert_string_equal(names.list[i], odd[i]);
	assert_int_equal(hc_file_names(path_of("none"), &arena, &names, &err), HC_OK);
	assert_int_equal(names.n, 0);
	assert_int_equal(hc_file_names(path_of("nowhere"), &arena, &names, &err), HC_INPUT);
	assert_int_equal(hc_file_names(path_of("odd/a"), &arena, &names, &err), HC_INPUT);
	hc_arena_free(&arena);

	struct hc_arena small = HC_ARENA(100);
	names.n = 77;
	assert_int_equal(hc_file_names(path_of("many"), &small, &names, &err), HC_NOMEM);
	assert_int_equal(names.n, 77);
	hc_arena_free(&small);
}

static void test_join(void **state)
{
	(void)state;
	static const char *const table[][3] = {
		{"a", "b", "a/b"},   {"a/", "b", "a/b"},
		{"a//", "b", "a/b"}, {"/", "b", "/b"},
		{"//", "b", "/b"},   {"", "b", "b"},
		{"", "a/b", "a/b"},  {".", "b", "./b"},
		{"a", "", "a/"},     {"/a/b", "c/d", "/a/b/c/d"},
	};
	struct hc_arena arena = BIG;
	for (size_t i = 0; i < COUNT(table); i++)
		assert_string_equal(hc_path_join(&arena, table[i][0], table[i][1]), table[i][2]);
	hc_arena_free(&arena);
	struct hc_arena none = HC_ARENA(0);
	assert_null(hc_path_join(&none, "a", "b"));
}

static void write_file(const char *path, const char *text)
{
	struct hc_writer w;
	struct hc_err err;
	assert_int_equal(hc_writer_open(path, &w, &err), HC_OK);
	hc_writer_put(&w, text, strlen(text));
	assert_int_equal(w.size, strlen(text));
	assert_int_equal(hc_writer_close(&w, &err), HC_OK);
}

static void test_writing(void **state)
{
	(void)state;
	write_file(path_of("plain"), "one");
	write_file(path_of("plain"), "2");
	write_file(path_of("a/b/c/deep"), "three");
	write_file(path_of("empty"), "");
	check_tree("", "a/ a/b/ a/b/c/ a/b/c/deep=three empty= plain=2 ");
}

/* Pieces smaller and larger than any buffer come out as they went in. */
static void test_writing_much(void **state)
{
	(void)state;
	static const size_t pieces[] = {1, 0, 70000, 262144, 262143, 1, 262145, 600000, 3, 100000};
	struct hc_buf all = HC_BUF(4 << 20), read = HC_BUF(4 << 20);
	uint64_t random = 3;
	struct hc_writer w;
	struct hc_err err;
	assert_int_equal(hc_writer_open(path_of("much"), &w, &err), HC_OK);
	for (size_t i = 0; i < COUNT(pieces); i++) {
		size_t from = all.n;
		for (size_t k = 0; k < pieces[i]; k++)
			hc_buf_char(&all, (char)check_random(&random));
		hc_writer_put(&w, all.p + from, pieces[i]);
		assert_int_equal(w.size, all.n);
	}
	assert_int_equal(hc_writer_close(&w, &err), HC_OK);
	assert_int_equal(hc_file_slurp(path_of("much"), &read, &err), HC_OK);
	assert_int_equal(read.n, all.n);
	assert_memory_equal(read.p, all.p, all.n);
	hc_buf_free(&all);
	hc_buf_free(&read);
}

static void test_unwritable(void **state)
{
	(void)state;
	struct hc_writer w;
	struct hc_err err;
	char *much = calloc(1, 1 << 20);
	assert_non_null(much);

	/* a full disk is told at the end, whether it showed while putting or only then */
	static const size_t sizes[] = {1, 1 << 20};
	for (size_t i = 0; i < COUNT(sizes); i++) {
		assert_int_equal(hc_writer_open("/dev/full", &w, &err), HC_OK);
		hc_writer_put(&w, much, sizes[i]);
		hc_writer_put(&w, much, sizes[i]);
		assert_int_equal(hc_writer_close(&w, &err), HC_IO);
		assert_non_null(strstr(err.msg, "/dev/full"));
		assert_non_null(strstr(err.msg, strerror(ENOSPC)));
		assert_non_null(strstr(err.hint, "room"));
	}
	free(much);

	/* a file where a folder should be, a folder where the file should be */
	make_file("file", "kept");
	make_folder("folder");
	assert_int_equal(hc_writer_open(path_of("file/below"), &w, &err), HC_IO);
	assert_int_equal(hc_writer_open(path_of("folder"), &w, &err), HC_IO);
	assert_non_null(strstr(err.msg, path_of("folder")));
	char long_path[HC_PATH_LEN_MAX + 2];
	memset(long_path, 'x', sizeof long_path - 1);
	long_path[sizeof long_path - 1] = '\0';
	assert_int_equal(hc_writer_open(long_path, &w, &err), HC_IO);
	check_tree("", "file=kept folder/ ");
}

static void test_abandoned(void **state)
{
	(void)state;
	struct hc_writer w;
	struct hc_err err;
	assert_int_equal(hc_writer_open(path_of("file"), &w, &err), HC_OK);
	hc_writer_put(&w, "x", 1);
	int fd = w.fd;
	hc_writer_abandon(&w);
	assert_int_equal(fcntl(fd, F_GETFD), -1);
	hc_writer_abandon(&w); /* again is fine */
}

static void test_folders(void **state)
{
	(void)state;
	struct hc_err err;
	assert_int_equal(hc_file_mkdirs(path_of("a/b/c"), &err), HC_OK);
	assert_int_equal(hc_file_mkdirs(path_of("a/b/c"), &err), HC_OK);
	assert_int_equal(hc_file_mkdirs(path_of("a/d/"), &err), HC_OK);
	make_file("file", "kept");
	assert_int_equal(hc_file_mkdirs(path_of("file"), &err), HC_IO);
	assert_int_equal(hc_file_mkdirs(path_of("file/below"), &err), HC_IO);
	check_tree("", "a/ a/b/ a/b/c/ a/d/ file=kept ");
	assert_int_equal(hc_file_sync_folder(path_of("a"), &err), HC_OK);
	assert_int_equal(hc_file_sync_folder(path_of("nowhere"), &err), HC_IO);
}

static void test_moving(void **state)
{
	(void)state;
	struct hc_err err;
	make_file("a", "new");
	make_file("b", "old");
	assert_int_equal(hc_file_move(path_of("a"), path_of("b"), &err), HC_OK);
	check_tree("", "b=new ");
	assert_int_equal(hc_file_move(path_of("b"), path_of("c/d/e"), &err), HC_OK);
	check_tree("", "c/ c/d/ c/d/e=new ");
	assert_int_equal(hc_file_move(path_of("nowhere"), path_of("f"), &err), HC_IO);
	make_folder("folder");
	assert_int_equal(hc_file_move(path_of("c/d/e"), path_of("folder"), &err), HC_IO);
	check_tree("", "c/ c/d/ c/d/e=new folder/ ");
}

static void test_removing(void **state)
{
	(void)state;
	struct hc_err err;
	make_file("a", "");
	make_file("b/c", "");
	assert_int_equal(hc_file_remove(path_of("a"), &err), HC_OK);
	assert_int_equal(hc_file_remove(path_of("a"), &err), HC_OK);
	assert_int_equal(hc_file_remove(path_of("b"), &err), HC_IO);
	check_tree("", "b/ b/c= ");
}

static void test_pruning(void **state)
{
	(void)state;
	struct hc_err err;
	static const char *const tops[] = {"top", "top/"};
	for (size_t i = 0; i < COUNT(tops); i++) {
		make_file("top/a/b/c", "");
		make_file("top/a/d", "kept");
		make_file("top/e/f", "");
		/* folders go while they are empty, never the top one */
		assert_int_equal(hc_file_remove_and_prune(path_of("top/a/b/c"), path_of(tops[i]), &err), HC_OK);
		check_tree("top", "a/ a/d=kept e/ e/f= ");
		assert_int_equal(hc_file_remove_and_prune(path_of("top/a/d"), path_of(tops[i]), &err), HC_OK);
		check_tree("top", "e/ e/f= ");
		assert_int_equal(hc_file_remove_and_prune(path_of("top/e/f"), path_of(tops[i]), &err), HC_OK);
		check_tree("", "top/ ");
	}
	/* of a file that is gone the empty folders go as well */
	make_folder("top/x");
	assert_int_equal(hc_file_remove_and_prune(path_of("top/x/y"), path_of("top"), &err), HC_OK);
	check_tree("", "top/ ");
}

static void test_removing_trees(void **state)
{
	(void)state;
	struct hc_err err;
	make_file("outside/kept", "1");
	make_file("tree/a/b", "");
	make_file("tree/.hidden", "");
	make_folder("tree/c/d");
	assert_int_equal(symlink("../outside", path_of("tree/link")), 0);
	assert_int_equal(symlink("../../outside/kept", path_of("tree/a/link")), 0);
	assert_int_equal(hc_file_remove_tree(path_of("tree"), &err), HC_OK);
	check_tree("", "outside/ outside/kept=1 ");
	assert_int_equal(hc_file_remove_tree(path_of("tree"), &err), HC_OK);
	assert_int_equal(hc_file_remove_tree(path_of("outside/kept"), &err), HC_OK);
	check_tree("", "outside/ ");

	/* what may not be read or written (for root all may be) goes too */
	make_folder("shut/a/b");
	make_folder("shut/a/c");
	assert_int_equal(chmod(path_of("shut/a/b"), 0), 0);
	assert_int_equal(chmod(path_of("shut/a"), S_IRUSR | S_IXUSR), 0);
	assert_int_equal(chmod(path_of("shut"), 0), 0);
	assert_int_equal(hc_file_remove_tree(path_of("shut"), &err), HC_OK);
	check_tree("", "outside/ ");

	/* folders without end have one */
	char deep[1024] = "deep";
	for (int i = 0; i < 100; i++)
		strcat(deep, "/d");
	make_folder(deep);
	assert_int_equal(hc_file_remove_tree(path_of("deep"), &err), HC_LIMIT);
	assert_non_null(strstr(err.msg, path_of("deep")));
}

static void test_locking(void **state)
{
	(void)state;
	struct hc_err err;
	int first = -1, second = -7;
	bool got = false;
	make_folder("folder");
	assert_int_equal(hc_file_lock_folder(path_of("folder"), &first, &got, &err), HC_OK);
	assert_true(got);
	assert_int_equal(hc_file_lock_folder(path_of("folder"), &second, &got, &err), HC_OK);
	assert_false(got);
	assert_int_equal(second, -7);
	/* another folder is another lock */
	make_folder("other");
	assert_int_equal(hc_file_lock_folder(path_of("other"), &second, &got, &err), HC_OK);
	assert_true(got);
	hc_file_unlock(second);
	hc_file_unlock(first);
	assert_int_equal(hc_file_lock_folder(path_of("folder"), &first, &got, &err), HC_OK);
	assert_true(got);
	hc_file_unlock(first);
	assert_int_equal(hc_file_lock_folder(path_of("nowhere"), &first, &got, &err), HC_IO);
}

static void test_clocks(void **state)
{
	(void)state;
	int64_t start = hc_clock_steady_us(), last = start;
	for (int i = 0; i < 1000; i++) {
		int64_t now = hc_clock_steady_us();
		assert_true(now >= last);
		last = now;
	}
	usleep(2000);
	assert_true(hc_clock_steady_us() - start >= 2000);
	int64_t earlier, now = hc_clock_now_us();
	assert_true(hc_instant_parse(HC_STR("2021-01-01T00:00Z"), &earlier));
	assert_true(now > earlier);
}

static void test_evaluation_time(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		int64_t us;
	} good[] = {
		{"0", 0},
		{"1767225600", INT64_C(1767225600) * HC_SECOND_US},
		{"253402300799", INT64_C(253402300799) * HC_SECOND_US},
	};
	static const char *const bad[] = {"-1", "1.5",  "now",          " 1",
					  "1 ", "0x10", "253402300800", "99999999999999999999"};
	struct hc_err err;
	for (size_t i = 0; i < COUNT(good); i++) {
		int64_t us = 77;
		setenv("SOURCE_DATE_EPOCH", good[i].text, 1);
		assert_int_equal(hc_clock_evaluation_us(&us, &err), HC_OK);
		assert_int_equal(us, good[i].us);
	}
	for (size_t i = 0; i < COUNT(bad); i++) {
		int64_t us = 77;
		setenv("SOURCE_DATE_EPOCH", bad[i], 1);
		assert_int_equal(hc_clock_evaluation_us(&us, &err), HC_USAGE);
		assert_int_equal(us, 77);
		assert_non_null(strstr(err.msg, bad[i]));
	}
	/* without it, or with nothing in it: now */
	for (int i = 0; i < 2; i++) {
		int64_t us = 77, before = hc_clock_now_us();
		if (i)
			setenv("SOURCE_DATE_EPOCH", "", 1);
		else
			unsetenv("SOURCE_DATE_EPOCH");
		assert_int_equal(hc_clock_evaluation_us(&us, &err), HC_OK);
		assert_true(us >= before && us <= hc_clock_now_us());
	}
	unsetenv("SOURCE_DATE_EPOCH");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_folder(test_look),           in_folder(test_reading),
		in_folder(test_standard_input), in_folder(test_unreadable),
		in_folder(test_slurp),          in_folder(test_pieces),
		in_folder(test_names),          cmocka_unit_test(test_join),
		in_folder(test_writing),        in_folder(test_writing_much),
		in_folder(test_unwritable),     in_folder(test_abandoned),
		in_folder(test_folders),        in_folder(test_moving),
		in_folder(test_removing),       in_folder(test_pruning),
		in_folder(test_removing_trees), in_folder(test_locking),
		cmocka_unit_test(test_clocks),  cmocka_unit_test(test_evaluation_time),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
