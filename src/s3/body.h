/*
 * A request's body on its way in: aws-chunked is taken off, digests are taken and compared, the rest becomes XML in memory or a content.
 *
 *     wire -> [SHA-256 of all] -> [aws-chunked: sizes, signatures, trailer] -> length -> digests -> buffer or content
 */
#ifndef HC_S3_BODY_H
#define HC_S3_BODY_H

#include "codec/checksum.h"
#include "codec/chunked.h"
#include "sign/sigv4.h"
#include "store/content.h"

struct hc_s3;
struct hc_s3_request;

enum hc_s3_body_kind {
	HC_S3_BODY_NONE,    /* read and thrown away */
	HC_S3_BODY_XML,     /* kept in memory */
	HC_S3_BODY_CONTENT, /* becomes a content */
};

struct hc_s3_body {
	enum hc_s3_body_kind kind;
	bool chunked, chunks_signed, trailer_signed; /* aws-chunked, and what of it is signed */
	bool has_length;
	uint64_t length; /* what it will be, decoded; with has_length */
	uint64_t got;    /* what came so far, decoded */

	struct hc_buf xml;
	struct hc_content_writer writer;
	bool writing;

	unsigned kinds; /* digests taken: bits 1 << kind */
	struct hc_checksums *sums;
	/* What they must be, in base64; from header or trailer. p == NULL: not said. */
	struct hc_str expected[HC_CHECKSUM_KINDS];
	unsigned promised; /* kinds that the trailer must bring */

	struct hc_checksums *payload; /* SHA-256 of all bytes of the wire */
	struct hc_str payload_hash;   /* that it must be */

	struct hc_chunked *decoder;
	struct hc_sigv4_chunks chunks;
	struct hc_checksums *chunk; /* SHA-256 of the chunk under way */
	char chunk_signature[HC_SIGV4_HEX_SIZE];
	struct hc_checksums *trailer; /* SHA-256 of the trailer's lines */
	bool trailer_verified;
};

/* Reads what the headers say of the body. */
enum hc_code hc_s3_body_open(struct hc_s3 *s, const struct hc_s3_request *request, struct hc_err *err) HC_MUST_USE;
/* Makes ready for the first byte; `more` are kinds of digests to be taken that the headers do not name. */
enum hc_code hc_s3_body_start(struct hc_s3 *s, unsigned more, struct hc_err *err) HC_MUST_USE;
enum hc_code hc_s3_body_feed(struct hc_s3 *s, const void *p, size_t n, struct hc_err *err) HC_MUST_USE;
/* All has come: everything that was said of it is compared. The content is then finished (its id in body.writer). */
enum hc_code hc_s3_body_finish(struct hc_s3 *s, struct hc_err *err) HC_MUST_USE;
/* What is not finished is thrown away. */
void hc_s3_body_close(struct hc_s3 *s);

/* "x-amz-checksum-crc32" of a kind; NULL for MD5. And the kind of an algorithm's name ("CRC32"), in any case; false if there is none. */
const char *hc_s3_checksum_header(enum hc_checksum_kind kind);
const char *hc_s3_checksum_element(enum hc_checksum_kind kind); /* "ChecksumCRC32" */
const char *hc_s3_checksum_name(enum hc_checksum_kind kind);    /* "CRC32" */
bool hc_s3_checksum_kind(struct hc_str name, enum hc_checksum_kind *out);
/* Adds the kind that a header names ("x-amz-checksum-algorithm: CRC32") to `out`; one that is not supported is refused. */
enum hc_code hc_s3_algorithm(struct hc_s3 *s, const char *header, unsigned *out, struct hc_err *err) HC_MUST_USE;

#endif
