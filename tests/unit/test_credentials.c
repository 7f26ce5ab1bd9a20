#include "daemon/credentials.h"

#include "check.h"
#include "check_files.h"
#include "daemon/place.h"
#include "daemon/shell.h"

static void test_made_once(void **state)
{
	(void)state;
	struct hc_err err;
	struct stat st;
	struct hc_credentials first, again;
	assert_int_equal(hc_credentials_load(path_of("credentials"), &first, &err), HC_OK);
	assert_int_equal(stat(path_of("credentials"), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(strlen(first.access_key), 20);
	assert_int_equal(strlen(first.secret), 40);
	assert_int_equal(hc_credentials_load(path_of("credentials"), &again, &err), HC_OK);
	assert_string_equal(first.access_key, again.access_key);
	assert_string_equal(first.secret, again.secret);
}

static void test_two_are_different(void **state)
{
	(void)state;
	struct hc_err err;
	struct hc_credentials a, b;
	assert_int_equal(hc_credentials_load(path_of("a"), &a, &err), HC_OK);
	assert_int_equal(hc_credentials_load(path_of("b"), &b, &err), HC_OK);
	assert_string_not_equal(a.access_key, b.access_key);
	assert_string_not_equal(a.secret, b.secret);
}

static void test_read(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		bool good;
	} files[] = {
		{"[default]\naws_access_key_id = K\naws_secret_access_key = S\n", true},
		{"# "
		 "mine\r\n[other]\naws_access_key_id=X\naws_secret_access_key=Y\r\n[default]\r\naws_access_key_id=K\r\n"
		 "aws_secret_access_key=S",
		 true},
		{"", false},
		{"[default]\naws_access_key_id = K\n", false},
		{"[other]\naws_access_key_id = K\naws_secret_access_key = S\n", false},
		{"aws_access_key_id = K\naws_secret_access_key = S\n", false},
		{"[default]\naws_access_key_id =\naws_secret_access_key = S\n", false},
	};
	for (size_t i = 0; i < COUNT(files); i++) {
		struct hc_err err;
		struct hc_credentials c;
		struct stat st;
		make_file("credentials", files[i].text);
		chmod(path_of("credentials"), 0644);
		enum hc_code code = hc_credentials_load(path_of("credentials"), &c, &err);
		if ((code == HC_OK) != files[i].good)
			fail_msg("%zu: %d", i, (int)code);
		if (code != HC_OK)
			continue;
		assert_string_equal(c.access_key, "K");
		assert_string_equal(c.secret, "S");
		assert_int_equal(stat(path_of("credentials"), &st), 0);
		assert_int_equal(st.st_mode & 0777, 0600);
	}
}

/* What a shell makes of it is what was meant, whatever the folder is called. */
static void test_shell(void **state)
{
	(void)state;
	struct hc_err err;
	struct hc_place place;
	struct hc_reach reach = {"http://127.0.0.1:1", "us-west-2", "123456789012", NULL};
	char dir[CHECK_PATH_MAX], command[CHECK_PATH_MAX * 2], got[CHECK_PATH_MAX] = "";
	snprintf(dir, sizeof dir, "%s/a 'b' \"c\" $(d) \\e", check_folder);
	HC_ARENA_SCOPED struct hc_arena arena = HC_ARENA(1 << 20);
	HC_BUF_SCOPED struct hc_buf text = HC_BUF(1 << 20);
	assert_int_equal(hc_place_open(dir, false, &arena, &place, &err), HC_USAGE);
	assert_int_equal(hc_place_open(dir, true, &arena, &place, &err), HC_OK);
	assert_int_equal(hc_shell_env(&place, false, &text, &err), HC_USAGE); /* never started */
	assert_int_equal(hc_reach_write(&place, &reach, &err), HC_OK);
	assert_int_equal(hc_shell_env(&place, true, &text, &err), HC_USAGE); /* no proxy */
	assert_int_equal(hc_shell_env(&place, false, &text, &err), HC_OK);
	make_file("env.sh", hc_buf_cstring(&text));
	snprintf(command, sizeof command, ". %s && printf '%%s' \"$AWS_SHARED_CREDENTIALS_FILE\"", path_of("env.sh"));
	FILE *shell = popen(command, "r");
	assert_non_null(shell);
	size_t n = fread(got, 1, sizeof got - 1, shell);
	assert_int_equal(pclose(shell), 0);
	got[n] = '\0';
	assert_string_equal(got, place.credentials);
}

static bool has_line(const struct hc_buf *text, const char *line)
{
	return memmem(text->p, text->n, line, strlen(line)) != NULL;
}

/* A proxy that the user has would be asked for the server too, unless it is told not to. */
static void test_proxies(void **state)
{
	(void)state;
	static const struct {
		const char *url, *proxy, *no_proxy;
		bool ours;
		const char *line; /* NULL: nothing is said of it */
	} table[] = {
		{"http://127.0.0.1:8787", NULL, NULL, false, NULL},
		{"http://127.0.0.1:8787", NULL, "a", false, NULL},
		{"http://127.0.0.1:8787", "http://p:1", NULL, false, "\nexport NO_PROXY='127.0.0.1'\n"},
		{"http://127.0.0.1:8787", "http://p:1", "a, b", false, "\nexport no_proxy='a, b,127.0.0.1'\n"},
		{"http://127.0.0.1:8787", "http://p:1", "a, 127.0.0.1", false, NULL},
		{"http://127.0.0.1:8787", "http://p:1", "127.0.0.11,", false,
		 "export NO_PROXY='127.0.0.11,,127.0.0.1'\n"},
		{"http://[::1]:8787", "http://p:1", NULL, false, "\nexport NO_PROXY='::1'\n"},
		{"http://localhost:8787", NULL, ".amazonaws.com", true,
		 "\nexport NO_PROXY='127.0.0.1,localhost,::1'\n"},
		{"http://10.0.0.5:8787", NULL, NULL, true, "\nexport NO_PROXY='127.0.0.1,localhost,::1,10.0.0.5'\n"},
	};
	static const char *const names[] = {"http_proxy", "HTTP_PROXY", "all_proxy",
					    "ALL_PROXY",  "no_proxy",   "NO_PROXY"};
	struct hc_err err;
	struct hc_place place;
	HC_ARENA_SCOPED struct hc_arena arena = HC_ARENA(1 << 20);
	assert_int_equal(hc_place_open(check_folder, true, &arena, &place, &err), HC_OK);
	for (size_t i = 0; i < COUNT(table); i++) {
		struct hc_reach reach = {table[i].url, "us-west-2", "123456789012",
					 table[i].ours ? "http://127.0.0.1:2" : NULL};
		HC_BUF_SCOPED struct hc_buf text = HC_BUF(1 << 20);
		for (size_t k = 0; k < COUNT(names); k++)
			unsetenv(names[k]);
		if (table[i].proxy)
			setenv(names[i % 4], table[i].proxy, 1);
		if (table[i].no_proxy)
			setenv(names[4 + i % 2], table[i].no_proxy, 1);
		assert_int_equal(hc_reach_write(&place, &reach, &err), HC_OK);
		assert_int_equal(hc_shell_env(&place, table[i].ours, &text, &err), HC_OK);
		if (table[i].line ? !has_line(&text, table[i].line) : has_line(&text, "PROXY"))
			fail_msg("row %zu: %s", i, hc_buf_cstring(&text));
		assert_true(has_line(&text, "\nexport AWS_CONFIG_FILE='/dev/null'\n"));
	}
}

static void test_places(void **state)
{
	(void)state;
	struct hc_err err;
	struct hc_place place;
	HC_ARENA_SCOPED struct hc_arena arena = HC_ARENA(1 << 20);
	make_file("file", "");
	assert_int_equal(hc_place_open("", true, &arena, &place, &err), HC_USAGE);
	assert_int_equal(hc_place_open(path_of("file"), true, &arena, &place, &err), HC_USAGE);
	assert_non_null(strstr(err.msg, "Not a directory"));
	assert_int_equal(hc_place_open(path_of("none"), false, &arena, &place, &err), HC_USAGE);
	assert_non_null(strstr(err.msg, "No such file"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_folder(test_made_once), in_folder(test_two_are_different), in_folder(test_read),
		in_folder(test_shell),     in_folder(test_proxies),           in_folder(test_places),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
