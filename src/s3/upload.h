/*
 * What the operations of multipart uploads share. Inside of src/s3.
 *
 * An upload's headers are those of the object to be, with two more that no object has: the algorithm of its checksums and their type.
 */
#ifndef HC_S3_UPLOAD_H
#define HC_S3_UPLOAD_H

#include "catalog/upload.h"
#include "contract/tree.h"
#include "s3/session.h"

#define HC_S3_UPLOAD_ALGORITHM "x-amz-checksum-algorithm"
#define HC_S3_UPLOAD_TYPE "x-amz-checksum-type"

/* Of an object: the upload that it was. Names that begin with '=' are ours, and given to nobody. */
#define HC_S3_COMPLETED "=upload"

/* The upload that the request names: NoSuchUpload. Its texts are in the session's arena. */
enum hc_code hc_s3_need_upload(struct hc_s3 *s, struct hc_db *db, struct hc_upload *out,
			       struct hc_err *err) HC_MUST_USE;
enum hc_code hc_s3_part_number(struct hc_s3 *s, unsigned *out, struct hc_err *err) HC_MUST_USE;
/* Looks the upload up, and sees to it that the body's digests hold its checksum. */
enum hc_code hc_s3_upload_algorithm(struct hc_s3 *s, struct hc_err *err) HC_MUST_USE;
/* Records the finished content of the body as the part; its ETag. */
enum hc_code hc_s3_store_part(struct hc_s3 *s, const json_t *checksums, char etag[HC_CHECKSUM_TEXT_SIZE],
			      struct hc_err *err) HC_MUST_USE;

#endif
