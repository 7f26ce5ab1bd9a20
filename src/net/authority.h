/*
 * Our own certificate authority, and the certificates that it makes for hosts. OpenSSL behind a small door.
 *
 * Keys are EC P-256. The authority's certificate ("hindcast local CA") and key are files, made when they are missing and kept:
 * clients are given the certificate once. The key is written first, with mode 0600, under another name that then becomes
 * its own, so a crash leaves none or a whole one; a key without certificate gets a new one, a certificate without key is replaced. The
 * certificates carry what strict verifiers (Python 3.13's VERIFY_X509_STRICT) want: key identifiers, critical basic constraints and
 * key usage. Name constraints keep the authority to AWS's names, whoever may get hold of its key.
 *
 * Host certificates live in memory. Their one key does too, and is new with each start.
 *
 * Threads: dress may be called by any number at once.
 */
#ifndef HC_NET_AUTHORITY_H
#define HC_NET_AUTHORITY_H

#include <stdint.h>

#include "base/err.h"

enum {
	HC_AUTHORITY_DAYS = 3650,      /* how long its certificate holds */
	HC_AUTHORITY_HOST_DAYS = 180,  /* a host's; made anew when half of that is over */
	HC_AUTHORITY_HOSTS_MAX = 1024, /* certificates kept; beyond, the oldest goes */
	HC_AUTHORITY_FILE_MAX = 1 << 20,
};

struct hc_authority;

/*
 * Loads or makes the authority. HC_INPUT when a file is no certificate or key, they do not belong together, the certificate is
 * over, or others may read the key; HC_IO when they cannot be written.
 */
enum hc_code hc_authority_open(const char *certificate, const char *key, struct hc_authority **out,
			       struct hc_err *err) HC_MUST_USE;

/*
 * The server's end of a TLS connection over the socket `fd`, with a certificate for `host` (at most HC_CONNECT_HOST_MAX
 * bytes). TLS 1.2 and 1.3, ALPN http/1.1. An SSL of OpenSSL: free it with SSL_free; it leaves fd open.
 */
struct ssl_st;
enum hc_code hc_authority_dress(struct hc_authority *a, const char *host, int fd, struct ssl_st **out,
				struct hc_err *err) HC_MUST_USE;

void hc_authority_close(struct hc_authority *a);

#endif
