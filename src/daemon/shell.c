#include "daemon/shell.h"

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
	put_export(out, "AWS_REGION", reach.region);
	put_export(out, "AWS_DEFAULT_REGION", reach.region);
	if (proxy) {
		put_export(out, "HTTPS_PROXY", reach.proxy);
		put_export(out, "https_proxy", reach.proxy);
		put_export(out, "NO_PROXY", "127.0.0.1,localhost,::1");
		put_export(out, "no_proxy", "127.0.0.1,localhost,::1");
		put_export(out, "AWS_CA_BUNDLE", place->ca_certificate);
	}
	return hc_buf_check(out, "the environment", err);
}
