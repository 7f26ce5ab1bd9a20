/*
 * The manifest of an earlier run, which says what a new report replaces: whatever it lists, nothing
 * outside the folder goes, and of the folder nothing that is not listed.
 */
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/stage.h"
#include "target.h"

enum { PATH_MAX_HERE = 64 };

static struct hc_err err;
static char top[PATH_MAX_HERE];

/* Below `top`. `listed`: the text that a manifest which names the file must hold. */
static const struct {
	const char *path, *listed;
} files[] = {
	{"a", NULL},    {"d2/a", NULL},       {"d/a", "a"},
	{"d/b/c", "c"}, {"d/b/keep", "keep"}, {"d/statistics.json", "statistics"},
};

static void in_top(const char *path, char out[PATH_MAX_HERE])
{
	must(snprintf(out, PATH_MAX_HERE, "%s/%s", top, path) < PATH_MAX_HERE);
}

static void write_file(const char *path, struct hc_str content)
{
	char full[PATH_MAX_HERE];
	in_top(path, full);
	int fd = open(full, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	must(fd >= 0 && write(fd, content.p, content.n) == (ssize_t)content.n);
	close(fd);
}

static bool exists(const char *path)
{
	char full[PATH_MAX_HERE];
	in_top(path, full);
	return access(full, F_OK) == 0;
}

static void make_folder(const char *path)
{
	char full[PATH_MAX_HERE];
	in_top(path, full);
	mkdir(full, 0700);
}

static void clean_up(void)
{
	must(hc_file_remove_tree(top, &err) == HC_OK);
}

static void make_top(void)
{
	bool memory = access("/dev/shm", W_OK) == 0;
	strcpy(top, memory ? "/dev/shm/hindcast-fuzz-XXXXXX" : "/tmp/hindcast-fuzz-XXXXXX");
	must(mkdtemp(top) != NULL);
	atexit(clean_up);
	make_folder("d");
	make_folder("d2");
}

/* A manifest may name a file as it is, or escaped. */
static bool may_name(struct hc_str text, const char *word)
{
	return memmem(text.p, text.n, word, strlen(word)) || memmem(text.p, text.n, "\\u", 2);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const size_t n = sizeof files / sizeof *files;
	struct hc_str text = input_text(data, size);
	struct hc_stage *stage;
	char folder[PATH_MAX_HERE];
	if (!top[0])
		make_top();
	make_folder("d/b");
	for (size_t i = 0; i < n; i++)
		if (!exists(files[i].path))
			write_file(files[i].path, HC_STR("x"));
	write_file("d/manifest.json", text);
	in_top("d", folder);
	must(hc_stage_open(folder, &stage, &err) == HC_OK);
	must(hc_stage_write(stage, "manifest.json", HC_STR("{\"hindcast\":\"new\",\"outputs\":[]}"), &err) == HC_OK);
	/* A listed path may run into a folder, or through a file: that is refused, and nothing is published. */
	enum hc_code code = hc_stage_publish(stage, &err);
	if (code != HC_OK)
		must(err.code == code && err.msg[0]);
	for (size_t i = 0; i < n; i++)
		must(exists(files[i].path) || (files[i].listed && may_name(text, files[i].listed)));
	must(exists("d") && exists("d2"));
	must(code != HC_OK || exists("d/manifest.json"));
	if (code != HC_OK) {
		/* The intent of the failed publication would stand in the way of the next input. */
		in_top("d/.hindcast-staging", folder);
		must(hc_file_remove_tree(folder, &err) == HC_OK);
	}
	return 0;
}
