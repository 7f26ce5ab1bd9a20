/*
 * What the tests that need files share: a folder of their own for each test, writing into it, and
 * its content as text.
 */
#ifndef HC_TEST_CHECK_FILES_H
#define HC_TEST_CHECK_FILES_H

#include "check.h"

#include <dirent.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"

enum { CHECK_PATH_MAX = 8192 };

static char check_folder[32];

/* Setup and teardown: cmocka_unit_test_setup_teardown(test, enter_folder, leave_folder). */
static inline int enter_folder(void **state)
{
	(void)state;
	/* In memory where that can be: disks take their time over files that replace others. */
	strcpy(check_folder, access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	strcat(check_folder, "/hindcast-test-XXXXXX");
	return mkdtemp(check_folder) ? 0 : -1;
}

static inline int remove_entry(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	(void)st;
	(void)kind;
	(void)at;
	return remove(path);
}

static inline int leave_folder(void **state)
{
	(void)state;
	return nftw(check_folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

#define in_folder(test) cmocka_unit_test_setup_teardown(test, enter_folder, leave_folder)

/* The path of a name in the folder; the last eight of them hold. */
static inline const char *path_of(const char *name)
{
	static char paths[8][CHECK_PATH_MAX];
	static int next;
	char *path = paths[next++ % 8];
	assert_true(snprintf(path, CHECK_PATH_MAX, "%s/%s", check_folder, name) < CHECK_PATH_MAX);
	return path;
}

static inline void make_folder(const char *name)
{
	char path[CHECK_PATH_MAX];
	strcpy(path, path_of(name));
	for (char *slash = path + strlen(check_folder); (slash = strchr(slash + 1, '/')) != NULL;) {
		*slash = '\0';
		mkdir(path, 0777);
		*slash = '/';
	}
	assert_true(mkdir(path, 0777) == 0 || access(path, F_OK) == 0);
}

static inline void make_file_of(const char *name, const void *bytes, size_t n)
{
	const char *slash = strrchr(name, '/');
	if (slash) {
		char above[CHECK_PATH_MAX];
		snprintf(above, sizeof above, "%.*s", (int)(slash - name), name);
		make_folder(above);
	}
	FILE *f = fopen(path_of(name), "w");
	assert_non_null(f);
	assert_int_equal(fwrite(bytes, 1, n, f), n);
	assert_int_equal(fclose(f), 0);
}

static inline void make_file(const char *name, const char *text)
{
	make_file_of(name, text, strlen(text));
}

static inline bool exists(const char *name)
{
	return access(path_of(name), F_OK) == 0;
}

static inline void tell_file(const char *path, struct hc_buf *out)
{
	FILE *f = fopen(path, "r");
	assert_non_null(f);
	for (int c; (c = fgetc(f)) != EOF;)
		hc_buf_char(out, (char)c);
	fclose(f);
}

/* What is below a folder as text, without what bears the name `skipped` (NULL: nothing). */
static inline void tell_below(const char *path, const char *name, bool folders, const char *skipped, struct hc_buf *out)
{
	struct dirent **list;
	int n = scandir(path, &list, NULL, alphasort);
	assert_true(n >= 0);
	for (int i = 0; i < n; i++) {
		char below[CHECK_PATH_MAX], below_name[CHECK_PATH_MAX];
		struct stat st;
		const char *entry = list[i]->d_name;
		snprintf(below, sizeof below, "%s/%s", path, entry);
		snprintf(below_name, sizeof below_name, "%s%s%s", name, *name ? "/" : "", entry);
		assert_int_equal(lstat(below, &st), 0);
		bool told = strcmp(entry, ".") != 0 && strcmp(entry, "..") != 0 &&
			    !(skipped && strcmp(entry, skipped) == 0);
		if (told && S_ISDIR(st.st_mode)) {
			if (folders)
				hc_buf_printf(out, "%s/ ", below_name);
			tell_below(below, below_name, folders, skipped, out);
		} else if (told) {
			hc_buf_printf(out, "%s=", below_name);
			tell_file(below, out);
			hc_buf_char(out, ' ');
		}
		free(list[i]);
	}
	free(list);
}

/* All that is below a folder is `expected`: "a/b=content ", hidden ones too, in the order of names. */
#define check_files(name, expected) check_tree_at((name), (expected), false, __FILE__, __LINE__)
/* The same with the folders: "a/ a/b=content ". */
#define check_tree(name, expected) check_tree_at((name), (expected), true, __FILE__, __LINE__)

static inline void check_tree_at(const char *name, const char *expected, bool folders, const char *file, int line)
{
	struct hc_buf out = HC_BUF(1 << 20);
	tell_below(path_of(name), "", folders, NULL, &out);
	check_str_at(hc_buf_view(&out), expected, file, line);
	hc_buf_free(&out);
}

#endif
