/* `serve` and `env`: from options to the daemon. */
#include "daemon/serve.h"
#include <string.h>

#include "base/number.h"
#include "cli/commands.h"
#include "conf/settings.h"
#include "daemon/shell.h"

#define ARENA_BYTES (UINT64_C(16) << 20)
#define OBJECT_BYTES_MAX (UINT64_C(1) << 50)

static enum hc_code need_data(const struct hc_command *command, const struct hc_parsed *parsed, struct hc_err *err)
{
	if (parsed->values[HC_OPT_DATA])
		return HC_OK;
	hc_fail(err, HC_USAGE, "%s needs --data", command->name);
	return hc_hint(err, "add --data DIR: the folder of the server");
}

static enum hc_code read_number(const struct hc_parsed *parsed, enum hc_option_id id, uint64_t min, uint64_t max,
				uint64_t *out, struct hc_err *err)
{
	uint64_t v;
	char shown[HC_STR_SHOW_SIZE], name[HC_SETTING_SHOWN_SIZE];
	const char *text = parsed->values[id];
	if (!text)
		return HC_OK;
	if (!hc_u64_parse(hc_str(text), &v) || v < min || v > max) {
		hc_fail(err, HC_USAGE, "%s is '%s'", hc_setting_shown(&hc_table, parsed, id, name),
			hc_str_show(hc_str(text), shown));
		return hc_hint(err, "write a whole number from %llu to %llu", (unsigned long long)min,
			       (unsigned long long)max);
	}
	*out = v;
	return HC_OK;
}

static enum hc_code fail_text(const struct hc_parsed *parsed, enum hc_option_id id, const char *what, const char *hint,
			      struct hc_err *err)
{
	char shown[HC_STR_SHOW_SIZE], name[HC_SETTING_SHOWN_SIZE];
	hc_fail(err, HC_USAGE, "%s '%s' is no %s", hc_setting_shown(&hc_table, parsed, id, name),
		hc_str_show(hc_str(parsed->values[id]), shown), what);
	return hc_hint(err, "%s", hint);
}

static enum hc_code check_names(const struct hc_parsed *parsed, struct hc_err *err)
{
	const char *account = parsed->values[HC_OPT_ACCOUNT], *region = parsed->values[HC_OPT_REGION];
	if (account && (strlen(account) != 12 || strspn(account, "0123456789") != 12))
		return fail_text(parsed, HC_OPT_ACCOUNT, "account id",
				 "write twelve digits, such as " HC_ACCOUNT_DEFAULT, err);
	size_t n = region ? strlen(region) : 1;
	if (n == 0 || n > 32 || (region && strspn(region, "abcdefghijklmnopqrstuvwxyz0123456789-") != n))
		return fail_text(parsed, HC_OPT_REGION, "region", "write it as AWS does, such as " HC_REGION_DEFAULT,
				 err);
	return HC_OK;
}

static const char *or_default(const struct hc_parsed *parsed, enum hc_option_id id, const char *otherwise)
{
	return parsed->values[id] ? parsed->values[id] : otherwise;
}

static enum hc_code read_options(const struct hc_parsed *parsed, struct hc_serve_options *out, struct hc_err *err)
{
	uint64_t jobs = 0, connections = HC_CONNECTIONS_DEFAULT, idle = HC_IDLE_DEFAULT_S;
	struct hc_serve_options o = {.listen = or_default(parsed, HC_OPT_LISTEN, HC_LISTEN_DEFAULT),
				     .proxy = parsed->values[HC_OPT_PROXY],
				     .account = or_default(parsed, HC_OPT_ACCOUNT, HC_ACCOUNT_DEFAULT),
				     .region = or_default(parsed, HC_OPT_REGION, HC_REGION_DEFAULT),
				     .no_auth = parsed->values[HC_OPT_NO_AUTH] != NULL,
				     .headers_bytes = HC_HEADERS_BYTES_DEFAULT,
				     .body_bytes = HC_BODY_BYTES_MAX,
				     .object_bytes = HC_OBJECT_BYTES_DEFAULT,
				     .listing = HC_LISTING_DEFAULT,
				     .image_commands = parsed->values[HC_OPT_IMAGE_COMMAND]};
	HC_TRY(check_names(parsed, err));
	HC_TRY(read_number(parsed, HC_OPT_JOBS, 1, HC_JOBS_MAX, &jobs, err));
	HC_TRY(read_number(parsed, HC_OPT_MAX_CONNECTIONS, 1, 100000, &connections, err));
	HC_TRY(read_number(parsed, HC_OPT_IDLE_TIMEOUT, 1, 86400, &idle, err));
	HC_TRY(read_number(parsed, HC_OPT_MAX_HEADER_BYTES, 4096, 1 << 20, &o.headers_bytes, err));
	HC_TRY(read_number(parsed, HC_OPT_MAX_BODY_BYTES, 1024, HC_BODY_BYTES_MAX, &o.body_bytes, err));
	HC_TRY(read_number(parsed, HC_OPT_MAX_OBJECT_BYTES, 1, OBJECT_BYTES_MAX, &o.object_bytes, err));
	HC_TRY(read_number(parsed, HC_OPT_MAX_LISTING, 1, HC_LISTING_DEFAULT, &o.listing, err));
	o.jobs = (unsigned)jobs;
	o.connections = (unsigned)connections;
	o.idle_timeout_s = (unsigned)idle;
	*out = o;
	return HC_OK;
}

enum hc_code hc_cli_serve(const struct hc_command *command, struct hc_parsed *parsed, struct hc_err *err)
{
	struct hc_place place;
	struct hc_serve_options options;
	HC_ARENA_SCOPED struct hc_arena arena = HC_ARENA(ARENA_BYTES);
	/* The environment may name the folder in which the file is. */
	HC_TRY(hc_settings_load(&hc_table, command, NULL, false, &arena, parsed, err));
	HC_TRY(need_data(command, parsed, err));
	HC_TRY(hc_place_open(parsed->values[HC_OPT_DATA], true, &arena, &place, err));
	const char *config = parsed->values[HC_OPT_CONFIG];
	HC_TRY(hc_settings_load(&hc_table, command, config ? config : place.settings, config != NULL, &arena, parsed,
				err));
	HC_TRY(read_options(parsed, &options, err));
	return hc_serve(&place, &options, err);
}

enum hc_code hc_cli_env(const struct hc_command *command, const struct hc_parsed *parsed, struct hc_buf *out,
			struct hc_err *err)
{
	struct hc_place place;
	struct hc_parsed with = *parsed;
	HC_ARENA_SCOPED struct hc_arena arena = HC_ARENA(ARENA_BYTES);
	HC_TRY(hc_settings_load(&hc_table, command, NULL, false, &arena, &with, err));
	HC_TRY(need_data(command, &with, err));
	HC_TRY(hc_place_open(with.values[HC_OPT_DATA], false, &arena, &place, err));
	return hc_shell_env(&place, parsed->values[HC_OPT_WITH_PROXY] != NULL, out, err);
}
