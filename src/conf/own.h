/*
 * Our own settings of a monitor: the keys that begin with hindcast_ in a job's environment (a definition's Environment member).
 *
 * One table says which there are; the API refuses others when a definition or a job is made, and the container reads them as the options
 * of the same meaning.
 */
#ifndef HC_CONF_OWN_H
#define HC_CONF_OWN_H

#include "base/err.h"
#include "base/str.h"

#define HC_OWN_PREFIX "hindcast_"

enum hc_own_form {
	HC_OWN_NUMBER,  /* a whole number, 0 or more */
	HC_OWN_WORD,    /* one of `words` */
	HC_OWN_SWITCH,  /* true or false */
	HC_OWN_INSTANT, /* RFC 3339 */
	HC_OWN_TEXT,
};

struct hc_own {
	const char *variable; /* "hindcast_max_bad_records" */
	const char *option;   /* the option of the command line, without dashes; NULL: none */
	enum hc_own_form form;
	const char *const *words; /* NULL-terminated */
	const char *help;
	bool of_scheduler; /* set by the scheduler, refused from outside */
};

/* The table; *n gets its length. */
const struct hc_own *hc_own_table(size_t *n);

/*
 * Whether a variable of a job's environment may be set so. HC_OK for names without the prefix. HC_USAGE for an unknown name (the hint names the nearest),
 * and for a value that is not of its form.
 */
enum hc_code hc_own_check(struct hc_str variable, struct hc_str value, struct hc_err *err) HC_MUST_USE;

#endif
