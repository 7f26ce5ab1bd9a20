#include "store/stage.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "check_files.h"

/*
 * The calls that change a folder, with faults: after `steps_left` of them the process dies, or one
 * rename fails. They stand before those of the C library.
 */
enum { DIED = 42 };
static enum { NO_FAULT, DIES, RENAME_FAILS } fault;
static int steps_left;

static bool strikes(void)
{
	if (fault == NO_FAULT || steps_left-- > 0)
		return false;
	if (fault == DIES)
		_exit(DIED);
	fault = NO_FAULT;
	return true;
}

int rename(const char *from, const char *to)
{
	if (strikes()) {
		errno = EIO;
		return -1;
	}
	return renameat(AT_FDCWD, from, AT_FDCWD, to);
}

int unlinkat(int folder, const char *name, int flags)
{
	if (fault == DIES)
		strikes();
	return (int)syscall(SYS_unlinkat, folder, name, flags);
}

int unlink(const char *path)
{
	return unlinkat(AT_FDCWD, path, 0);
}

int rmdir(const char *path)
{
	return unlinkat(AT_FDCWD, path, AT_REMOVEDIR);
}

int fsync(int fd)
{
	(void)fd;
	if (fault == DIES)
		strikes();
	return 0;
}

static struct hc_stage *open_stage(const char *name)
{
	struct hc_stage *s = NULL;
	struct hc_err err;
	if (hc_stage_open(path_of(name), &s, &err) != HC_OK)
		fail_msg("%s", err.msg);
	return s;
}

static void write_output(struct hc_stage *s, const char *path, const char *text)
{
	struct hc_err err;
	if (hc_stage_write(s, path, hc_str(text), &err) != HC_OK)
		fail_msg("%s", err.msg);
}

static void publish(struct hc_stage *s)
{
	struct hc_err err;
	if (hc_stage_publish(s, &err) != HC_OK)
		fail_msg("%s", err.msg);
}

#define LISTING(paths) "{\"hindcast\":\"0\",\"outputs\":[" paths "]}"
#define LISTED(path) "{\"path\":\"" path "\",\"size\":1}"

static void test_publishing(void **state)
{
	(void)state;
	struct hc_stage *s = open_stage("new/folder/out");
	write_output(s, "statistics.json", "{}");
	write_output(s, "merge/a/2021/05/18/00/part", "records");
	write_output(s, "manifest.json", LISTING(LISTED("statistics.json") "," LISTED("merge/a/2021/05/18/00/part")));
	write_output(s, "empty", "");
	/* nothing is to be seen before it is complete */
	assert_false(exists("new/folder/out/statistics.json"));
	assert_false(exists("new/folder/out/merge"));
	assert_false(exists("new/folder/out/manifest.json"));
	assert_true(hc_str_starts(hc_str(hc_stage_folder(s)), path_of("new/folder/out/.")));
	publish(s);
	check_tree("new/folder/out",
		   "empty= manifest.json=" LISTING(LISTED("statistics.json") "," LISTED(
			   "merge/a/2021/05/18/00/part")) " "
							  "merge/ merge/a/ merge/a/2021/ merge/a/2021/05/ "
							  "merge/a/2021/05/18/ merge/a/2021/05/18/00/ "
							  "merge/a/2021/05/18/00/part=records statistics.json={} ");
}

static void test_outputs(void **state)
{
	(void)state;
	struct hc_stage *s = open_stage("out");
	struct hc_arena arena = HC_ARENA(1 << 20);
	struct hc_objects outputs;
	struct hc_writer w;
	struct hc_err err;
	assert_int_equal(hc_stage_outputs(s, &arena, &outputs, &err), HC_OK);
	assert_int_equal(outputs.n, 0);
	write_output(s, "b", "12345");
	write_output(s, "a/c", "1");
	assert_int_equal(hc_stage_file(s, "a.d", &w, &err), HC_OK);
	hc_writer_put(&w, "123", 3);
	assert_int_equal(hc_writer_close(&w, &err), HC_OK);
	write_output(s, "b", "12"); /* again: the later one counts */
	assert_int_equal(hc_stage_outputs(s, &arena, &outputs, &err), HC_OK);
	assert_int_equal(outputs.n, 3);
	assert_string_equal(outputs.list[0].key, "a.d");
	assert_int_equal(outputs.list[0].size, 3);
	assert_string_equal(outputs.list[1].key, "a/c");
	assert_int_equal(outputs.list[1].size, 1);
	assert_string_equal(outputs.list[2].key, "b");
	assert_int_equal(outputs.list[2].size, 2);
	hc_objects_free(&outputs);
	hc_arena_free(&arena);
	publish(s);
	check_files("out", "a/c=1 a.d=123 b=12 ");
}

/* What the manifest of the earlier run lists goes; all else stays. */
static void test_replacing(void **state)
{
	(void)state;
	make_file("out/notes.txt", "mine");
	make_file("out/merge/a/2021/mine", "mine");
	make_file("out/part", "mine");
	struct hc_stage *s = open_stage("out");
	write_output(s, "statistics.json", "1");
	write_output(s, "merge/a/2021/part", "1");
	write_output(s, "merge/b/2021/part", "1");
	write_output(
		s, "manifest.json",
		LISTING(LISTED("statistics.json") "," LISTED("merge/a/2021/part") "," LISTED("merge/b/2021/part")));
	publish(s);
	s = open_stage("out");
	write_output(s, "statistics.json", "2");
	write_output(s, "merge/a/2022/part", "2");
	write_output(s, "manifest.json", "{}");
	/* the earlier report stands until the new one is complete */
	check_str(hc_str(exists("out/merge/b/2021/part") ? "there" : "gone"), "there");
	publish(s);
	check_tree("out", "manifest.json={} merge/ merge/a/ merge/a/2021/ merge/a/2021/mine=mine merge/a/2022/ "
			  "merge/a/2022/part=2 notes.txt=mine part=mine statistics.json=2 ");
}

/* A baseline has no manifest: its outputs replace the files of their names. Those of a run go. */
static void test_without_manifest(void **state)
{
	(void)state;
	for (int i = 1; i <= 2; i++) {
		struct hc_stage *s = open_stage("out");
		write_output(s, "statistics.json", i == 1 ? "1" : "2");
		write_output(s, i == 1 ? "only-1" : "only-2", "");
		publish(s);
	}
	check_files("out", "only-1= only-2= statistics.json=2 ");
	struct hc_stage *s = open_stage("out");
	write_output(s, "statistics.json", "3");
	write_output(s, "violations.json", "3");
	write_output(s, "manifest.json", LISTING(LISTED("statistics.json") "," LISTED("violations.json")));
	publish(s);
	s = open_stage("out");
	write_output(s, "statistics.json", "4");
	publish(s);
	check_files("out", "only-1= only-2= statistics.json=4 ");
}

/* A manifest.json that is none of ours is replaced like any file, what it names stays. */
static void test_foreign_manifests(void **state)
{
	(void)state;
	static const char *const manifests[] = {
		"",
		"text",
		"[]",
		"{}",
		"null",
		"{\"outputs\":[" LISTED("kept") "]}",
		"{\"other\":\"0\",\"outputs\":[" LISTED("kept") "]}",
		"[{\"hindcast\":\"0\",\"outputs\":[" LISTED("kept") "]}]",
		"{\"hindcast\":\"0\"}",
		"{\"hindcast\":\"0\",\"outputs\":\"kept\"}",
		"{\"hindcast\":\"0\",\"outputs\":[\"kept\",1,null,[],{}]}",
		"{\"hindcast\":\"0\",\"outputs\":[{\"path\":1},{\"size\":\"kept\"}]}",
		"{\"hindcast\":\"0\",\"inputs\":[" LISTED("kept") "]}",
	};
	for (size_t i = 0; i < COUNT(manifests); i++) {
		make_file("out/kept", "mine");
		make_file("out/manifest.json", manifests[i]);
		struct hc_stage *s = open_stage("out");
		write_output(s, "manifest.json", "new");
		write_output(s, "x", "new");
		publish(s);
		check_files("out", "kept=mine manifest.json=new x=new ");
	}
}

/* Paths that lead out of DIR, into the stage, or to what is no file are not followed; the others are. */
static void test_hostile_manifests(void **state)
{
	(void)state;
	static const char *const paths[] = {
		"../outside",
		"../out/../outside",
		"a/../../outside",
		"..",
		".",
		"",
		"/",
		"//",
		"./kept",
		"a//kept",
		"a/./kept",
		"a/../kept",
		"kept/",
		"\\u002e\\u002e/outside",
		"\\u0000",
		"kept\\u0000",
		"a",
		"a/",
		"kept/below",
		"no/such",
		".hindcast-staging/out/new",
		".hindcast-staging/out",
		".hindcast-staging",
	};
	char long_name[3000];
	static const size_t lengths[] = {300, 2900};
	for (size_t i = 0; i < COUNT(paths) + COUNT(lengths) + 1; i++) {
		char manifest[4096], absolute[64];
		const char *path = paths[i % COUNT(paths)];
		if (i >= COUNT(paths) && i < COUNT(paths) + COUNT(lengths)) {
			memset(long_name, 'x', sizeof long_name);
			long_name[lengths[i - COUNT(paths)]] = '\0';
			path = long_name;
		} else if (i == COUNT(paths) + COUNT(lengths)) {
			snprintf(absolute, sizeof absolute, "%s", path_of("outside"));
			path = absolute;
		}
		make_file("outside", "mine");
		make_file("out/kept", "mine");
		make_file("out/a/kept", "mine");
		make_file("out/old", "old");
		snprintf(manifest, sizeof manifest, LISTING("{\"path\":\"%s\"}," LISTED("old")), path);
		make_file("out/manifest.json", manifest);
		struct hc_stage *s = open_stage("out");
		struct hc_err err;
		write_output(s, "new", "new");
		if (hc_stage_publish(s, &err) != HC_OK)
			fail_msg("%.100s: %.200s", path, err.msg);
		check_tree("", "out/ out/a/ out/a/kept=mine out/kept=mine out/new=new outside=mine ");
		unlink(path_of("out/new"));
	}
}

static void test_one_at_a_time(void **state)
{
	(void)state;
	struct hc_err err;
	struct hc_stage *first = open_stage("out"), *other = open_stage("other"), *second = NULL;
	write_output(first, "a", "first");
	for (int i = 0; i < 2; i++) {
		assert_int_equal(hc_stage_open(path_of("out"), &second, &err), HC_IO);
		assert_null(second);
		assert_non_null(strstr(err.msg, path_of("out")));
	}
	/* nor in another process */
	pid_t child = fork();
	if (child == 0)
		_exit(hc_stage_open(path_of("out"), &second, &err) == HC_IO ? 0 : 1);
	int status;
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	/* the first one has not noticed */
	publish(first);
	hc_stage_abandon(other);
	check_files("", "out/a=first ");
	second = open_stage("out");
	hc_stage_abandon(second);
	check_files("", "out/a=first ");
}

static void test_abandoning(void **state)
{
	(void)state;
	hc_stage_abandon(NULL);

	/* a DIR that was made for it goes again */
	struct hc_stage *s = open_stage("made");
	write_output(s, "a/b", "x");
	hc_stage_abandon(s);
	check_tree("", "");

	/* one that was there stays as it was, empty or not */
	make_folder("empty");
	s = open_stage("empty");
	write_output(s, "a/b", "x");
	hc_stage_abandon(s);
	check_tree("", "empty/ ");

	make_file("full/manifest.json", LISTING(LISTED("a")));
	make_file("full/a", "1");
	make_file("full/b/c", "mine");
	s = open_stage("full");
	write_output(s, "a", "2");
	write_output(s, "manifest.json", "2");
	hc_stage_abandon(s);
	check_tree("full", "a=1 b/ b/c=mine manifest.json=" LISTING(LISTED("a")) " ");
}

static void test_unusable(void **state)
{
	(void)state;
	static const char *const names[] = {"file", "file/below"};
	make_file("file", "mine");
	for (size_t i = 0; i < COUNT(names); i++) {
		struct hc_stage *s = NULL;
		struct hc_err err;
		assert_int_equal(hc_stage_open(path_of(names[i]), &s, &err), HC_IO);
		assert_null(s);
		assert_non_null(strstr(err.msg, path_of("file")));
	}
	check_tree("", "file=mine ");
}

/* What cannot be moved to its place leaves no half of a report. */
static void test_in_the_way(void **state)
{
	(void)state;
	struct hc_err err;
	make_file("out/b/mine", "mine");
	struct hc_stage *s = open_stage("out");
	write_output(s, "a", "new");
	write_output(s, "b", "new");
	write_output(s, "c", "new");
	write_output(s, "manifest.json", LISTING(LISTED("a") "," LISTED("b") "," LISTED("c")));
	assert_int_equal(hc_stage_publish(s, &err), HC_IO);
	assert_non_null(strstr(err.msg, path_of("out/b")));
	check_tree("out", "b/ b/mine=mine ");
}

/* --- crashes -------------------------------------------------------------------------------- */

#define OLD_MANIFEST LISTING(LISTED("a") "," LISTED("merge/x/old") "," LISTED("z"))
#define NEW_MANIFEST LISTING(LISTED("a") "," LISTED("b") "," LISTED("f") "," LISTED("merge/x/new") "," LISTED("y"))

/* A report in DIR, or none; `foreign` files stand beside it, one of them where an output is to go. */
struct scene {
	bool old, manifest;
	const char *before, *after, *nothing, *nothing_nor_foreign;
};

static const struct scene scenes[] = {
	{true, true, "a=old f=foreign manifest.json=" OLD_MANIFEST " merge/foreign=1 merge/x/old=old z=old ",
	 "a=new b=new f=new manifest.json=" NEW_MANIFEST " merge/foreign=1 merge/x/new=new y=new ",
	 "f=foreign merge/foreign=1 ", "merge/foreign=1 "},
	{false, true, "f=foreign merge/foreign=1 ",
	 "a=new b=new f=new manifest.json=" NEW_MANIFEST " merge/foreign=1 merge/x/new=new y=new ",
	 "f=foreign merge/foreign=1 ", "merge/foreign=1 "},
	{true, false, "a=old f=foreign manifest.json=" OLD_MANIFEST " merge/foreign=1 merge/x/old=old z=old ",
	 "a=new b=new f=new merge/foreign=1 merge/x/new=new y=new ", "f=foreign merge/foreign=1 ", "merge/foreign=1 "},
	{false, false, "f=foreign merge/foreign=1 ", "a=new b=new f=new merge/foreign=1 merge/x/new=new y=new ",
	 "f=foreign merge/foreign=1 ", "merge/foreign=1 "},
};

static void set_scene(const struct scene *scene)
{
	fault = NO_FAULT;
	leave_folder(NULL);
	assert_int_equal(enter_folder(NULL), 0);
	make_file("out/f", "foreign");
	make_file("out/merge/foreign", "1");
	if (!scene->old)
		return;
	make_file("out/a", "old");
	make_file("out/merge/x/old", "old");
	make_file("out/z", "old");
	make_file("out/manifest.json", OLD_MANIFEST);
}

static enum hc_code publish_new(const struct scene *scene, struct hc_err *err)
{
	struct hc_stage *s;
	if (hc_stage_open(path_of("out"), &s, err) != HC_OK)
		return err->code;
	static const char *const outputs[] = {"a", "b", "f", "merge/x/new", "y"};
	enum hc_code code = HC_OK;
	for (size_t i = 0; i < COUNT(outputs) && code == HC_OK; i++)
		code = hc_stage_write(s, outputs[i], HC_STR("new"), err);
	if (code == HC_OK && scene->manifest)
		code = hc_stage_write(s, "manifest.json", HC_STR(NEW_MANIFEST), err);
	if (code == HC_OK)
		return hc_stage_publish(s, err);
	hc_stage_abandon(s);
	return code;
}

/* The files of out, with or without those of the stage. */
static void tell_out(bool stage_too, struct hc_buf *out)
{
	hc_buf_reset(out);
	tell_below(path_of("out"), "", false, stage_too ? NULL : ".hindcast-staging", out);
}

static bool is_one_of(const struct hc_buf *tree, const struct scene *scene)
{
	const char *const whole[] = {scene->before, scene->after, scene->nothing, scene->nothing_nor_foreign};
	for (size_t i = 0; i < COUNT(whole); i++)
		if (hc_str_eq(hc_buf_view(tree), hc_str(whole[i])))
			return true;
	return false;
}

/* Killed before its k-th change of the disk; true if it came to its end before that. */
static bool dies_at(const struct scene *scene, int k)
{
	pid_t child = fork();
	if (child == 0) {
		struct hc_err err;
		fault = DIES;
		steps_left = k;
		_exit(publish_new(scene, &err) == HC_OK ? 0 : 1);
	}
	int status;
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == 0)
		return true;
	assert_int_equal(WEXITSTATUS(status), DIED);
	return false;
}

/*
 * Wherever a publication is killed: a manifest.json that stands there describes what is there, and the next
 * stage leaves the old report, the new one, or neither, each whole; files of others are as they were.
 */
static void test_killed(void **state)
{
	(void)state;
	struct hc_buf tree = HC_BUF(1 << 20);
	int before = 0, after = 0, neither = 0;
	for (size_t i = 0; i < COUNT(scenes); i++) {
		const struct scene *scene = &scenes[i];
		for (int k = 0;; k++) {
			assert_true(k < 1000);
			set_scene(scene);
			if (dies_at(scene, k))
				break;
			tell_out(false, &tree);
			if (exists("out/manifest.json") && !is_one_of(&tree, scene))
				fail_msg("scene %zu, killed at %d, a manifest of what is not: %s", i, k,
					 hc_buf_cstring(&tree));
			hc_stage_abandon(open_stage("out"));
			tell_out(true, &tree);
			if (!is_one_of(&tree, scene))
				fail_msg("scene %zu, killed at %d, remains: %s", i, k, hc_buf_cstring(&tree));
			before += hc_str_eq(hc_buf_view(&tree), hc_str(scene->before));
			after += hc_str_eq(hc_buf_view(&tree), hc_str(scene->after));
			neither += hc_str_starts(hc_buf_view(&tree), "merge");
		}
		check_files("out", scene->after);
	}
	/* each of them was seen */
	assert_true(before > 0 && after > 0 && neither > 0);
	hc_buf_free(&tree);
}

/* The next run after a killed one is as good as if nothing had happened, wherever that one is killed in turn. */
static void test_killed_twice(void **state)
{
	(void)state;
	const struct scene *scene = &scenes[0];
	struct hc_buf tree = HC_BUF(1 << 20);
	for (int k = 0; k < 1000; k += 3) {
		set_scene(scene);
		if (dies_at(scene, k))
			break;
		for (int again = 1; again < 30; again += 4) {
			if (dies_at(scene, again))
				break;
			tell_out(false, &tree);
			if (exists("out/manifest.json") && !is_one_of(&tree, scene))
				fail_msg("killed at %d and %d: %s", k, again, hc_buf_cstring(&tree));
		}
		publish(open_stage("out"));
		struct hc_err err;
		assert_int_equal(publish_new(scene, &err), HC_OK);
		check_files("out", scene->after);
	}
	hc_buf_free(&tree);
}

/* A rename that fails: the old report, the new one, or neither, at once. */
static void test_failing(void **state)
{
	(void)state;
	struct hc_buf tree = HC_BUF(1 << 20);
	int failures = 0;
	for (size_t i = 0; i < COUNT(scenes); i++) {
		const struct scene *scene = &scenes[i];
		for (int k = 0; k < 100; k++) {
			struct hc_err err;
			set_scene(scene);
			fault = RENAME_FAILS;
			steps_left = k;
			if (publish_new(scene, &err) == HC_OK)
				break;
			failures++;
			assert_int_equal(err.code, HC_IO);
			tell_out(true, &tree);
			if (!is_one_of(&tree, scene))
				fail_msg("scene %zu, failed at %d: %s", i, k, hc_buf_cstring(&tree));
		}
		check_files("out", scene->after);
	}
	fault = NO_FAULT;
	assert_true(failures >= 20);
	hc_buf_free(&tree);
}

/* A stage that was killed before it published leaves nothing that the next one would publish. */
static void test_left_behind(void **state)
{
	(void)state;
	make_file("out/mine", "1");
	pid_t child = fork();
	if (child == 0) {
		struct hc_stage *s;
		struct hc_err err;
		if (hc_stage_open(path_of("out"), &s, &err) != HC_OK ||
		    hc_stage_write(s, "a", HC_STR("dead"), &err) != HC_OK ||
		    hc_stage_write(s, "manifest.json", HC_STR(LISTING(LISTED("mine"))), &err) != HC_OK)
			_exit(1);
		_exit(DIED);
	}
	int status;
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(WEXITSTATUS(status), DIED);
	struct hc_stage *s = open_stage("out");
	write_output(s, "b", "alive");
	publish(s);
	check_tree("out", "b=alive mine=1 ");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_folder(test_publishing),
		in_folder(test_outputs),
		in_folder(test_replacing),
		in_folder(test_without_manifest),
		in_folder(test_foreign_manifests),
		in_folder(test_hostile_manifests),
		in_folder(test_one_at_a_time),
		in_folder(test_abandoning),
		in_folder(test_unusable),
		in_folder(test_in_the_way),
		in_folder(test_killed),
		in_folder(test_killed_twice),
		in_folder(test_failing),
		in_folder(test_left_behind),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
