#include "conf/settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "check.h"

enum { SERVE = 1, OTHER = 2 };
enum { LISTEN, NO_AUTH, IMAGES, DATA_ONLY, OF_OTHER, OPTIONS };

static const struct hc_option options[] = {
	[LISTEN] = {"listen", 0, "ADDRESS", "G", "Help.", SERVE, HC_OPTION_SETTING},
	[NO_AUTH] = {"no-auth", 0, NULL, "G", "Help.", SERVE, HC_OPTION_SETTING},
	[IMAGES] = {"image-command", 0, "REPOSITORY=COMMAND...", "G", "Help.", SERVE, HC_OPTION_SETTING},
	[DATA_ONLY] = {"output", 'o', "DIR", "G", "Help.", SERVE, 0},
	[OF_OTHER] = {"other", 0, "X", "G", "Help.", OTHER, HC_OPTION_SETTING},
};
static const struct hc_command command = {"serve", SERVE, "", "s", "t", NULL, NULL};
static const struct hc_options_table table = {
	.program = "p", .commands = &command, .n_commands = 1, .options = options, .n_options = OPTIONS};

/* A run over a file's text (NULL: no file), the environment and a value from the command line. */
struct run {
	const char *file, *environment, *flag;
	const char *listen; /* expected; NULL: not set */
};

static enum hc_code load(const struct run *r, struct hc_arena *arena, struct hc_parsed *parsed, struct hc_err *err)
{
	char folder[] = "/tmp/hc-settings-XXXXXX", path[64];
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof path, "%s/hindcast.conf", folder);
	if (r->file) {
		FILE *f = fopen(path, "w");
		assert_non_null(f);
		fputs(r->file, f);
		fclose(f);
	}
	if (r->environment)
		setenv("HINDCAST_LISTEN", r->environment, 1);
	else
		unsetenv("HINDCAST_LISTEN");
	*parsed = (struct hc_parsed){0};
	parsed->values[LISTEN] = r->flag;
	enum hc_code code = hc_settings_load(&table, &command, path, false, arena, parsed, err);
	remove(path);
	remove(folder);
	unsetenv("HINDCAST_LISTEN");
	return code;
}

static void test_precedence(void **state)
{
	(void)state;
	static const struct run runs[] = {
		{NULL, NULL, NULL, NULL},
		{"listen = file\n", NULL, NULL, "file"},
		{"listen = file\n", "env", NULL, "env"},
		{"listen = file\n", "env", "flag", "flag"},
		{"listen = file\n", NULL, "flag", "flag"},
		{NULL, "env", NULL, "env"},
		{"listen = file\n", "", NULL, "file"},
		{"\xef\xbb\xbf# a comment\n\n  listen=  spaced value \r\n", NULL, NULL, "spaced value"},
		{"listen = a = b", NULL, NULL, "a = b"},
	};
	for (size_t i = 0; i < COUNT(runs); i++) {
		struct hc_err err;
		struct hc_parsed parsed;
		HC_ARENA_SCOPED struct hc_arena arena = HC_ARENA(1 << 20);
		if (load(&runs[i], &arena, &parsed, &err) != HC_OK)
			fail_msg("%zu: %s", i, err.msg);
		const char *got = parsed.values[LISTEN];
		if ((got == NULL) != (runs[i].listen == NULL) || (got && strcmp(got, runs[i].listen) != 0))
			fail_msg("%zu: %s", i, got ? got : "nothing");
	}
}

static void test_refused(void **state)
{
	(void)state;
	static const struct {
		const char *file, *says;
	} files[] = {
		{"listen\n", "hindcast.conf:1: 'listen' is no setting"},
		{"# x\nlisten = 1\nlisten = 2\n", "hindcast.conf:3: listen stands there twice"},
		{"lisen = 1\n", "there is no setting 'lisen'"},
		{"output = x\n", "there is no setting 'output'"},
		{"other = x\n", "there is no setting 'other'"},
		{"no-auth = yes\n", "hindcast.conf:1: no-auth is 'yes'"},
	};
	for (size_t i = 0; i < COUNT(files); i++) {
		struct hc_err err;
		struct hc_parsed parsed;
		struct run r = {.file = files[i].file};
		HC_ARENA_SCOPED struct hc_arena arena = HC_ARENA(1 << 20);
		assert_int_equal(load(&r, &arena, &parsed, &err), HC_USAGE);
		if (!strstr(err.msg, files[i].says))
			fail_msg("%s", err.msg);
		assert_true(err.hint[0]);
	}
}

static void test_flags_and_lists(void **state)
{
	(void)state;
	struct hc_err err;
	struct hc_parsed parsed;
	HC_ARENA_SCOPED struct hc_arena arena = HC_ARENA(1 << 20);
	struct run r = {.file = "no-auth = true\nimage-command = a=b\nimage-command = c=d e\n"};
	assert_int_equal(load(&r, &arena, &parsed, &err), HC_OK);
	assert_string_equal(parsed.values[NO_AUTH], "");
	assert_string_equal(parsed.values[IMAGES], "a=b\nc=d e");
	r.file = "no-auth = 0\n";
	assert_int_equal(load(&r, &arena, &parsed, &err), HC_OK);
	assert_null(parsed.values[NO_AUTH]);
	assert_null(parsed.values[IMAGES]);
}

static void test_file_that_must_be_there(void **state)
{
	(void)state;
	struct hc_err err;
	struct hc_parsed parsed = {0};
	HC_ARENA_SCOPED struct hc_arena arena = HC_ARENA(1 << 20);
	assert_int_equal(hc_settings_load(&table, &command, "/nowhere/x.conf", false, &arena, &parsed, &err), HC_OK);
	assert_int_not_equal(hc_settings_load(&table, &command, "/nowhere/x.conf", true, &arena, &parsed, &err), HC_OK);
	assert_non_null(strstr(err.msg, "/nowhere/x.conf"));
}

static void test_nul(void **state)
{
	(void)state;
	static const char text[] = "listen = 127.0.0.1:1\0x\n";
	char path[] = "/tmp/hc-settings-XXXXXX";
	struct hc_err err;
	struct hc_parsed parsed = {0};
	HC_ARENA_SCOPED struct hc_arena arena = HC_ARENA(1 << 20);
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, sizeof text - 1), sizeof text - 1);
	close(fd);
	assert_int_equal(hc_settings_load(&table, &command, path, true, &arena, &parsed, &err), HC_USAGE);
	remove(path);
	assert_non_null(strstr(err.msg, "is no setting"));
}

static void test_variable(void **state)
{
	(void)state;
	char name[HC_SETTING_VARIABLE_SIZE];
	hc_setting_variable(&options[IMAGES], name);
	assert_string_equal(name, "HINDCAST_IMAGE_COMMAND");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_precedence),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_flags_and_lists),
		cmocka_unit_test(test_file_that_must_be_there),
		cmocka_unit_test(test_nul),
		cmocka_unit_test(test_variable),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
