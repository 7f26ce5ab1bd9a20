#include "net/authority.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys/clock.h"
#include "sys/files.h"

enum {
	SERIAL_BYTES = 16,
	NAME_MAX_CHARS = 64, /* of a common name; the host's whole name is in the alternative names */
	SLACK_S = 86400,     /* certificates hold from a day ago, for clients whose clock is slow */
	DAY_S = 86400,
	EXTENSION_MAX = 300,
};

struct host {
	char *name;
	X509 *certificate;
	int64_t made_us;
	struct host *next; /* older */
};

struct hc_authority {
	X509 *certificate;
	EVP_PKEY *key, *host_key;
	SSL_CTX *tls;
	pthread_mutex_t lock; /* of hosts */
	struct host *hosts;   /* newest first */
};

static enum hc_code fail_openssl(const char *what, struct hc_err *err)
{
	char text[256] = "no reason given";
	unsigned long error = ERR_get_error();
	if (error)
		ERR_error_string_n(error, text, sizeof text);
	ERR_clear_error();
	return hc_fail(err, HC_IO, "%s: %s", what, text);
}

/* ---- certificates ---- */

static bool set_serial(X509 *x)
{
	unsigned char bytes[SERIAL_BYTES];
	if (RAND_bytes(bytes, sizeof bytes) != 1)
		return false;
	bytes[0] = (unsigned char)((bytes[0] & 0x7f) | 0x40); /* positive, and of the same length always */
	BIGNUM *n = BN_bin2bn(bytes, sizeof bytes, NULL);
	bool set = n && BN_to_ASN1_INTEGER(n, X509_get_serialNumber(x));
	BN_free(n);
	return set;
}

static bool set_times(X509 *x, int days)
{
	time_t now = (time_t)(hc_clock_now_us() / 1000000);
	return ASN1_TIME_set(X509_getm_notBefore(x), now - SLACK_S) &&
	       ASN1_TIME_set(X509_getm_notAfter(x), now - SLACK_S + (time_t)days * DAY_S);
}

static bool set_name(X509 *x, const char *name)
{
	X509_NAME *to = X509_get_subject_name(x);
	const unsigned char *text = (const unsigned char *)(strlen(name) <= NAME_MAX_CHARS ? name : "hindcast host");
	return X509_NAME_add_entry_by_txt(to, "CN", MBSTRING_ASC, text, -1, -1, 0) == 1;
}

static bool add_extension(X509 *x, X509 *issuer, int which, const char *value)
{
	X509V3_CTX context;
	X509V3_set_ctx(&context, issuer, x, NULL, NULL, 0);
	X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, &context, which, value);
	bool added = e && X509_add_ext(x, e, -1) == 1;
	X509_EXTENSION_free(e);
	return added;
}

/* What both kinds have; the issuer of NULL is the certificate itself. Extensions are the caller's. */
static X509 *begin_certificate(const char *name, const X509 *issuer, EVP_PKEY *key, int days)
{
	X509 *x = X509_new();
	if (x && X509_set_version(x, X509_VERSION_3) && set_serial(x) && set_times(x, days) && set_name(x, name) &&
	    X509_set_issuer_name(x, X509_get_subject_name(issuer ? issuer : x)) && X509_set_pubkey(x, key))
		return x;
	X509_free(x);
	return NULL;
}

static X509 *make_authority_certificate(EVP_PKEY *key)
{
	X509 *x = begin_certificate("hindcast local CA", NULL, key, HC_AUTHORITY_DAYS);
	if (x && add_extension(x, x, NID_basic_constraints, "critical,CA:TRUE,pathlen:0") &&
	    add_extension(x, x, NID_key_usage, "critical,keyCertSign,cRLSign") &&
	    /* whoever trusts it trusts it for these names only */
	    add_extension(
		    x, x, NID_name_constraints,
		    "critical,permitted;DNS:amazonaws.com,permitted;DNS:amazonaws.com.cn,permitted;DNS:api.aws") &&
	    add_extension(x, x, NID_subject_key_identifier, "hash") &&
	    add_extension(x, x, NID_authority_key_identifier, "keyid:always") && X509_sign(x, key, EVP_sha256()) > 0)
		return x;
	X509_free(x);
	return NULL;
}

static X509 *make_host_certificate(const struct hc_authority *a, const char *host)
{
	char names[EXTENSION_MAX];
	if (snprintf(names, sizeof names, "DNS:%s", host) >= (int)sizeof names)
		return NULL;
	X509 *x = begin_certificate(host, a->certificate, a->host_key, HC_AUTHORITY_HOST_DAYS);
	if (x && add_extension(x, a->certificate, NID_basic_constraints, "critical,CA:FALSE") &&
	    add_extension(x, a->certificate, NID_key_usage, "critical,digitalSignature") &&
	    add_extension(x, a->certificate, NID_ext_key_usage, "serverAuth") &&
	    add_extension(x, a->certificate, NID_subject_alt_name, names) &&
	    add_extension(x, a->certificate, NID_subject_key_identifier, "hash") &&
	    add_extension(x, a->certificate, NID_authority_key_identifier, "keyid:always") &&
	    X509_sign(x, a->key, EVP_sha256()) > 0)
		return x;
	X509_free(x);
	return NULL;
}

/* ---- files ---- */

/* Writes the bytes beside `path` and gives them that name, replacing what has it. */
static enum hc_code write_whole(const char *path, mode_t mode, const char *p, size_t n, struct hc_err *err)
{
	char beside[HC_PATH_LEN_MAX];
	if (snprintf(beside, sizeof beside, "%s.new", path) >= (int)sizeof beside)
		return hc_fail(err, HC_INPUT, "%s: the path is too long", path);
	unlink(beside); /* of a start that was killed */
	int fd = open(beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
	bool written = fd >= 0 && write(fd, p, n) == (ssize_t)n && fsync(fd) == 0;
	int error = errno;
	if (fd >= 0)
		close(fd);
	if (!written) {
		unlink(beside);
		return hc_fail(err, HC_IO, "%s: cannot be written: %s", path, strerror(error));
	}
	if (rename(beside, path) != 0) {
		error = errno;
		unlink(beside);
		return hc_fail(err, HC_IO, "%s: cannot be written: %s", path, strerror(error));
	}
	return HC_OK;
}

static enum hc_code write_memory(const char *path, mode_t mode, BIO *memory, struct hc_err *err)
{
	char *p = NULL;
	long n = BIO_get_mem_data(memory, &p);
	return n > 0 ? write_whole(path, mode, p, (size_t)n, err) : fail_openssl(path, err);
}

static enum hc_code make_key(const char *path, EVP_PKEY **out, struct hc_err *err)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	BIO *memory = BIO_new(BIO_s_secmem());
	enum hc_code code;
	if (key && memory && PEM_write_bio_PrivateKey(memory, key, NULL, NULL, 0, NULL, NULL) == 1)
		code = write_memory(path, 0600, memory, err);
	else
		code = fail_openssl("the authority's key cannot be made", err);
	BIO_free(memory);
	if (code == HC_OK)
		*out = key;
	else
		EVP_PKEY_free(key);
	return code;
}

static enum hc_code make_certificate(const char *path, EVP_PKEY *key, X509 **out, struct hc_err *err)
{
	X509 *x = make_authority_certificate(key);
	BIO *memory = BIO_new(BIO_s_mem());
	enum hc_code code;
	if (x && memory && PEM_write_bio_X509(memory, x) == 1)
		code = write_memory(path, 0644, memory, err);
	else
		code = fail_openssl("the authority's certificate cannot be made", err);
	BIO_free(memory);
	if (code == HC_OK)
		*out = x;
	else
		X509_free(x);
	return code;
}

static enum hc_code fail_file(const char *path, const char *what, const char *hint, struct hc_err *err)
{
	ERR_clear_error();
	hc_fail(err, HC_INPUT, "%s: %s", path, what);
	return hc_hint(err, "%s", hint);
}

static const char remove_both[] =
	"remove ca.pem and ca.key to have a new authority made; clients need the new ca.pem then";

/* No passphrase is asked for on the terminal. */
static int no_passphrase(char *p, int n, int writing, void *arg)
{
	(void)writing;
	(void)arg;
	if (n > 0)
		*p = '\0';
	return -1;
}

static enum hc_code load_key(const char *path, EVP_PKEY **out, struct hc_err *err)
{
	struct hc_buf HC_BUF_SCOPED text = HC_BUF(HC_AUTHORITY_FILE_MAX);
	struct stat st;
	HC_TRY(hc_file_slurp(path, &text, err));
	if (stat(path, &st) == 0 && (st.st_mode & 077))
		return fail_file(path, "this key may be used by others than its owner",
				 "take those rights away with chmod 600, if nobody else can have read it", err);
	BIO *memory = BIO_new_mem_buf(text.p, (int)text.n);
	EVP_PKEY *key = memory ? PEM_read_bio_PrivateKey(memory, NULL, no_passphrase, NULL) : NULL;
	BIO_free(memory);
	if (text.p)
		OPENSSL_cleanse(text.p, text.n);
	if (!key)
		return fail_file(path, "is no private key", remove_both, err);
	*out = key;
	return HC_OK;
}

static enum hc_code load_certificate(const char *path, EVP_PKEY *key, X509 **out, struct hc_err *err)
{
	struct hc_buf HC_BUF_SCOPED text = HC_BUF(HC_AUTHORITY_FILE_MAX);
	HC_TRY(hc_file_slurp(path, &text, err));
	BIO *memory = BIO_new_mem_buf(text.p, (int)text.n);
	X509 *x = memory ? PEM_read_bio_X509(memory, NULL, no_passphrase, NULL) : NULL;
	BIO_free(memory);
	time_t now = (time_t)(hc_clock_now_us() / 1000000);
	const char *what = !x                                               ? "is no certificate"
			   : X509_check_private_key(x, key) != 1            ? "does not belong to the key beside it"
			   : X509_check_ca(x) != 1                          ? "is not of an authority"
			   : X509_cmp_time(X509_get0_notAfter(x), &now) < 0 ? "is over"
									    : NULL;
	if (what) {
		X509_free(x);
		return fail_file(path, what, remove_both, err);
	}
	*out = x;
	return HC_OK;
}

static enum hc_code load_or_make(struct hc_authority *a, const char *certificate, const char *key, struct hc_err *err)
{
	struct hc_file_info has_key, has_certificate;
	HC_TRY(hc_file_look(key, &has_key, err));
	HC_TRY(hc_file_look(certificate, &has_certificate, err));
	bool make = has_key.kind == HC_FILE_MISSING;
	HC_TRY(make ? make_key(key, &a->key, err) : load_key(key, &a->key, err));
	make = make || has_certificate.kind == HC_FILE_MISSING;
	return make ? make_certificate(certificate, a->key, &a->certificate, err)
		    : load_certificate(certificate, a->key, &a->certificate, err);
}

/* ---- hosts ---- */

static void free_host(struct host *h)
{
	X509_free(h->certificate);
	free(h->name);
	free(h);
}

static struct host *make_host(const struct hc_authority *a, const char *name)
{
	struct host *h = calloc(1, sizeof *h);
	if (!h)
		return NULL;
	h->name = strdup(name);
	h->certificate = h->name ? make_host_certificate(a, name) : NULL;
	h->made_us = hc_clock_now_us();
	if (h->certificate)
		return h;
	free_host(h);
	return NULL;
}

/* Takes an entry that is too old, or one too many, out of the list. */
static void drop_old(struct hc_authority *a, int64_t now_us)
{
	const int64_t age_max_us = (int64_t)HC_AUTHORITY_HOST_DAYS / 2 * DAY_S * 1000000;
	size_t n = 0;
	for (struct host **at = &a->hosts; *at;) {
		struct host *h = *at;
		int64_t age_us = now_us - h->made_us;
		if (++n < HC_AUTHORITY_HOSTS_MAX && age_us < age_max_us && age_us > -(int64_t)DAY_S * 1000000) {
			at = &h->next;
			continue;
		}
		*at = h->next;
		free_host(h);
		n--;
	}
}

/* The certificate of a host, with a reference for the caller. NULL: OpenSSL could not make it. */
static X509 *certificate_for(struct hc_authority *a, const char *name)
{
	pthread_mutex_lock(&a->lock);
	drop_old(a, hc_clock_now_us());
	struct host *h = a->hosts;
	while (h && strcmp(h->name, name) != 0)
		h = h->next;
	if (!h && (h = make_host(a, name)) != NULL) {
		h->next = a->hosts;
		a->hosts = h;
	}
	X509 *x = h && X509_up_ref(h->certificate) ? h->certificate : NULL;
	pthread_mutex_unlock(&a->lock);
	return x;
}

static int choose_protocol(SSL *ssl, const unsigned char **out, unsigned char *out_n, const unsigned char *in,
			   unsigned in_n, void *arg)
{
	static const unsigned char ours[] = "\x08http/1.1";
	(void)ssl;
	(void)arg;
	unsigned char *chosen;
	if (SSL_select_next_proto(&chosen, out_n, ours, sizeof ours - 1, in, in_n) != OPENSSL_NPN_NEGOTIATED)
		return SSL_TLSEXT_ERR_ALERT_FATAL;
	*out = chosen;
	return SSL_TLSEXT_ERR_OK;
}

static enum hc_code make_context(struct hc_authority *a, struct hc_err *err)
{
	a->host_key = EVP_EC_gen("P-256");
	a->tls = SSL_CTX_new(TLS_server_method());
	if (!a->host_key || !a->tls || SSL_CTX_set_min_proto_version(a->tls, TLS1_2_VERSION) != 1)
		return fail_openssl("TLS cannot be set up", err);
	/* One context serves all hosts: a session of one must not be taken up for another. */
	SSL_CTX_set_session_cache_mode(a->tls, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_options(a->tls, SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION | SSL_OP_IGNORE_UNEXPECTED_EOF);
	SSL_CTX_set_num_tickets(a->tls, 0);
	SSL_CTX_set_mode(a->tls, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
					 SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_set_alpn_select_cb(a->tls, choose_protocol, NULL);
	return HC_OK;
}

enum hc_code hc_authority_open(const char *certificate, const char *key, struct hc_authority **out, struct hc_err *err)
{
	struct hc_authority *a = calloc(1, sizeof *a);
	if (!a)
		return hc_fail_nomem(err, "the certificate authority");
	pthread_mutex_init(&a->lock, NULL);
	enum hc_code code = load_or_make(a, certificate, key, err);
	if (code == HC_OK)
		code = make_context(a, err);
	if (code != HC_OK) {
		hc_authority_close(a);
		return code;
	}
	*out = a;
	return HC_OK;
}

enum hc_code hc_authority_dress(struct hc_authority *a, const char *host, int fd, struct ssl_st **out,
				struct hc_err *err)
{
	X509 *certificate = certificate_for(a, host);
	SSL *ssl = certificate ? SSL_new(a->tls) : NULL;
	bool ready = ssl && SSL_use_certificate(ssl, certificate) == 1 && SSL_use_PrivateKey(ssl, a->host_key) == 1 &&
		     SSL_set_fd(ssl, fd) == 1;
	X509_free(certificate); /* the connection has its own reference */
	if (!ready) {
		SSL_free(ssl);
		return fail_openssl("TLS for a connection cannot be set up", err);
	}
	*out = ssl;
	return HC_OK;
}

void hc_authority_close(struct hc_authority *a)
{
	if (!a)
		return;
	while (a->hosts) {
		struct host *h = a->hosts;
		a->hosts = h->next;
		free_host(h);
	}
	SSL_CTX_free(a->tls);
	EVP_PKEY_free(a->host_key);
	EVP_PKEY_free(a->key);
	X509_free(a->certificate);
	pthread_mutex_destroy(&a->lock);
	free(a);
}
