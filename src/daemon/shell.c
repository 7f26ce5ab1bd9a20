#include "daemon/shell.h"

#include <stdlib.h>
#include <string.h>

enum { HOST_MAX = 256 };
#define LOOPBACK "127.0.0.1,localhost,::1"

/* 'text', with every quote in it as '\''. */
static void put_export(struct hc_buf *out, const char *name, const char *value)
{
	hc_buf_printf(out, "export %s='", name);
	for (const char *p = value; *p; p++) {
		if (*p == '\'')
			hc_buf_cstr(out, "'\\''");
		else
			hc_buf_char(out, *p);
	}
	hc_buf_cstr(out, "'\n");
}

/* HOST of "http://HOST:PORT", without the brackets of IPv6. */
static void find_host(const char *url, char out[HOST_MAX])
{
	const char *start = strstr(url, "//") ? strstr(url, "//") + 2 : url;
	const char *end = strrchr(start, ':');
	size_t n = end ? (size_t)(end - start) : strlen(start);
	if (n >= 2 && start[0] == '[' && start[n - 1] == ']') {
		start++;
		n -= 2;
	}
	if (n >= HOST_MAX)
		n = HOST_MAX - 1;
	memcpy(out, start, n);
	out[n] = '\0';
}

/* A name among "a,b, c". */
static bool is_listed(const char *name, const char *list)
{
	size_t n = strlen(name);
	for (const char *p = list; *p; p += *p != '\0') {
		p += strspn(p, ", ");
		size_t item = strcspn(p, ", ");
		if (item == n && memcmp(p, name, n) == 0)
			return true;
		p += item;
	}
	return false;
}

/* The first of these variables that says something. */
static const char *find_variable(const char *const *names)
{
	for (; *names; names++) {
		const char *value = getenv(*names);
		if (value && *value)
			return value;
	}
	return NULL;
}

/*
 * Hosts that no proxy is asked for: with our own proxy, this machine and the server; else what the user has, with the server added, if there is a proxy that
 * would be asked for it (we run in the user's shell).
 */
static void put_no_proxy(const char *url, bool ours, struct hc_buf *out)
{
	static const char *const proxies[] = {"http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY", NULL};
	static const char *const excepted[] = {"no_proxy", "NO_PROXY", NULL};
	const char *before = ours ? LOOPBACK : find_variable(excepted);
	char host[HOST_MAX];
	find_host(url, host);
	if (!ours && (!find_variable(proxies) || (before && is_listed(host, before))))
		return;
	HC_BUF_SCOPED struct hc_buf list = HC_BUF(1 << 20);
	hc_buf_printf(&list, "%s", before ? before : "");
	if (!before || !is_listed(host, before))
		hc_buf_printf(&list, "%s%s", before ? "," : "", host);
	put_export(out, "NO_PROXY", hc_buf_cstring(&list));
	put_export(out, "no_proxy", hc_buf_cstring(&list));
}

enum hc_code hc_shell_env(const struct hc_place *place, bool proxy, struct hc_buf *out, struct hc_err *err)
{
	struct hc_reach reach;
	HC_ARENA_SCOPED struct hc_arena arena = HC_ARENA(1 << 20);
	HC_TRY(hc_reach_read(place, &arena, &reach, err));
	if (proxy && !reach.proxy) {
		hc_fail(err, HC_USAGE, "the server on %s has no proxy", place->dir);
		return hc_hint(err, "start it with --proxy 127.0.0.1:PORT");
	}
	/* What would win over the file and the URL. */
	hc_buf_cstr(out,
		    "unset AWS_PROFILE AWS_DEFAULT_PROFILE AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN "
		    "AWS_SECURITY_TOKEN AWS_ROLE_ARN AWS_WEB_IDENTITY_TOKEN_FILE AWS_IGNORE_CONFIGURED_ENDPOINT_URLS "
		    "AWS_ENDPOINT_URL_SAGEMAKER AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME AWS_ENDPOINT_URL_S3 "
		    "AWS_ENDPOINT_URL_CLOUDWATCH AWS_ENDPOINT_URL_CLOUDWATCH_LOGS AWS_ENDPOINT_URL_STS "
		    "AWS_ENDPOINT_URL_IAM\n");
	put_export(out, "AWS_ENDPOINT_URL", reach.url);
	put_export(out, "AWS_SHARED_CREDENTIALS_FILE", place->credentials);
	/* There the default profile may name a role or a single sign-on, which would win over the file of credentials. */
	put_export(out, "AWS_CONFIG_FILE", "/dev/null");
	put_export(out, "AWS_REGION", reach.region);
	put_export(out, "AWS_DEFAULT_REGION", reach.region);
	if (proxy) {
		put_export(out, "HTTPS_PROXY", reach.proxy);
		put_export(out, "https_proxy", reach.proxy);
		put_export(out, "AWS_CA_BUNDLE", place->ca_certificate);
	}
	put_no_proxy(reach.url, proxy, out);
	return hc_buf_check(out, "the environment", err);
}
