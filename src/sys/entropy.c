#include "sys/entropy.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/random.h>

enum hc_code hc_random_fill(void *out, size_t n, struct hc_err *err)
{
	char *at = out;
	while (n > 0) {
		ssize_t got = getrandom(at, n, 0);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return hc_fail(err, HC_IO, "no random bytes: %s", strerror(errno));
		at += got;
		n -= (size_t)got;
	}
	return HC_OK;
}

enum hc_code hc_random_hex(char *out, size_t n, struct hc_err *err)
{
	unsigned char bytes[HC_RANDOM_HEX_MAX / 2] = {0};
	assert(n % 2 == 0 && n <= HC_RANDOM_HEX_MAX);
	HC_TRY(hc_random_fill(bytes, n / 2, err));
	for (size_t i = 0; i < n; i++)
		out[i] = "0123456789abcdef"[bytes[i / 2] >> (i % 2 ? 0 : 4) & 15];
	out[n] = '\0';
	return HC_OK;
}
