/*
 * The server's key pair: DIR/credentials, in the form of AWS's shared credentials file (profile `default`), mode 0600. Made at the first start, kept after.
 */
#ifndef HC_DAEMON_CREDENTIALS_H
#define HC_DAEMON_CREDENTIALS_H

#include "base/err.h"

enum { HC_ACCESS_KEY_SIZE = 129, HC_SECRET_KEY_SIZE = 129 };

struct hc_credentials {
	char access_key[HC_ACCESS_KEY_SIZE], secret[HC_SECRET_KEY_SIZE];
};

/* Reads them, or makes them when the file is missing. HC_USAGE for a file that holds no key pair: it is never overwritten. */
enum hc_code hc_credentials_load(const char *path, struct hc_credentials *out, struct hc_err *err) HC_MUST_USE;

#endif
