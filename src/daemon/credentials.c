#include "daemon/credentials.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys/entropy.h"
#include "sys/files.h"

enum { FILE_MAX_BYTES = 1 << 20, ACCESS_KEY_RANDOM = 16, SECRET_RANDOM = 40 };

/* n characters of an alphabet of 32 or 64, evenly. */
static enum hc_code random_text(const char *alphabet, size_t letters, char *out, size_t n, struct hc_err *err)
{
	unsigned char bytes[HC_SECRET_KEY_SIZE];
	HC_TRY(hc_random_fill(bytes, n, err));
	for (size_t i = 0; i < n; i++)
		out[i] = alphabet[bytes[i] % letters];
	out[n] = '\0';
	return HC_OK;
}

static enum hc_code fail_file(const char *path, struct hc_err *err)
{
	return hc_fail(err, HC_IO, "%s: cannot be written: %s", path, strerror(errno));
}

/* Mode 0600 from its first byte on; whole or not at all. */
static enum hc_code write_secret(const char *path, struct hc_str text, struct hc_err *err)
{
	char temporary[HC_PATH_LEN_MAX];
	snprintf(temporary, sizeof temporary, "%s.new", path);
	unlink(temporary);
	int fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return fail_file(path, err);
	bool fine = write(fd, text.p, text.n) == (ssize_t)text.n && fsync(fd) == 0;
	fine = close(fd) == 0 && fine;
	if (!fine || rename(temporary, path) != 0)
		return fail_file(path, err);
	return HC_OK;
}

static enum hc_code make(const char *path, struct hc_credentials *out, struct hc_err *err)
{
	static const char upper[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
	static const char mixed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789ab";
	char text[HC_ACCESS_KEY_SIZE + HC_SECRET_KEY_SIZE + 128];
	struct hc_credentials c;
	memcpy(c.access_key, "AKIA", 4);
	HC_TRY(random_text(upper, 32, c.access_key + 4, ACCESS_KEY_RANDOM, err));
	HC_TRY(random_text(mixed, 64, c.secret, SECRET_RANDOM, err));
	int n = snprintf(text, sizeof text, "[default]\naws_access_key_id = %s\naws_secret_access_key = %s\n",
			 c.access_key, c.secret);
	HC_TRY(write_secret(path, (struct hc_str){text, (size_t)n}, err));
	*out = c;
	return HC_OK;
}

static bool take(struct hc_str line, const char *name, char *out, size_t size)
{
	const char *equals = memchr(line.p, '=', line.n);
	if (!equals)
		return false;
	struct hc_str key = hc_str_trim((struct hc_str){line.p, (size_t)(equals - line.p)});
	struct hc_str value = hc_str_trim((struct hc_str){equals + 1, line.n - (size_t)(equals + 1 - line.p)});
	if (!hc_str_eq(key, hc_str(name)) || value.n == 0 || value.n >= size)
		return false;
	memcpy(out, value.p, value.n);
	out[value.n] = '\0';
	return true;
}

/* The profile `default` of a shared credentials file. */
static bool parse(struct hc_str text, struct hc_credentials *out)
{
	bool here = false, key = false, secret = false;
	while (text.n > 0) {
		const char *end = memchr(text.p, '\n', text.n);
		size_t n = end ? (size_t)(end - text.p) : text.n;
		struct hc_str line = hc_str_trim((struct hc_str){text.p, n});
		text.p += n + (end != NULL);
		text.n -= n + (end != NULL);
		if (line.n > 0 && line.p[0] == '[')
			here = hc_str_eq(line, HC_STR("[default]"));
		else if (here && line.n > 0) {
			key = take(line, "aws_access_key_id", out->access_key, sizeof out->access_key) || key;
			secret = take(line, "aws_secret_access_key", out->secret, sizeof out->secret) || secret;
		}
	}
	return key && secret;
}

enum hc_code hc_credentials_load(const char *path, struct hc_credentials *out, struct hc_err *err)
{
	struct hc_file_info info;
	struct hc_credentials c = {0};
	HC_BUF_SCOPED struct hc_buf text = HC_BUF(FILE_MAX_BYTES);
	HC_TRY(hc_file_look(path, &info, err));
	if (info.kind == HC_FILE_MISSING)
		return make(path, out, err);
	HC_TRY(hc_file_slurp(path, &text, err));
	if (!parse(hc_buf_view(&text), &c)) {
		hc_fail(err, HC_USAGE, "%s: holds no key pair of the profile default", path);
		return hc_hint(err,
			       "write aws_access_key_id and aws_secret_access_key below [default], or remove the file: "
			       "a new one is made");
	}
	/* Somebody may have copied it: only its owner is to read it. */
	if (chmod(path, 0600) != 0)
		return fail_file(path, err);
	*out = c;
	return HC_OK;
}
