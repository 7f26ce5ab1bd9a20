/*
 * Settings: options that may also stand in the environment and in a file. Flags win over the environment, that over the file, that over defaults.
 *
 * --listen ADDRESS is HINDCAST_LISTEN=ADDRESS in the environment and `listen = ADDRESS` in the file: one table (struct hc_option, `setting`) makes all
 * three, and the help. A flag (an option without value) is true or false there. In a file `#` begins a comment line; a name may stand
 * several times only where the option's value is a list, one element a line.
 */
#ifndef HC_CONF_SETTINGS_H
#define HC_CONF_SETTINGS_H

#include "base/arena.h"
#include "conf/options.h"

enum { HC_SETTINGS_FILE_MAX = 1 << 20 };

/*
 * Fills what the command line left out in `parsed`, for options of this command that are settings; values in the arena. `file` may be NULL; one that does not exist is
 * no error unless `must_exist`. HC_USAGE, naming file and line or the variable, for what is wrong.
 */
enum hc_code hc_settings_load(const struct hc_options_table *table, const struct hc_command *command, const char *file,
			      bool must_exist, struct hc_arena *arena, struct hc_parsed *parsed,
			      struct hc_err *err) HC_MUST_USE;

/* What a message calls an option whose value is wrong: "--jobs", "HINDCAST_JOBS", "DIR/hindcast.conf:3: jobs". */
enum { HC_SETTING_SHOWN_SIZE = 512 };
const char *hc_setting_shown(const struct hc_options_table *table, const struct hc_parsed *parsed, size_t option,
			     char out[HC_SETTING_SHOWN_SIZE]);

/* "HINDCAST_LISTEN" of "listen". */
enum { HC_SETTING_VARIABLE_SIZE = 64 };
void hc_setting_variable(const struct hc_option *option, char out[HC_SETTING_VARIABLE_SIZE]);

#endif
