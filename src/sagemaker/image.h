/*
 * The check of an image that an operation names; what an image stands for is in service/image.h.
 */
#ifndef HC_SAGEMAKER_IMAGE_H
#define HC_SAGEMAKER_IMAGE_H

#include "service/image.h"

/* hc_image_kind; an unknown image is refused with what to do about it. `member`: "ModelQualityAppSpecification.ImageUri". */
enum hc_code hc_image_check(struct hc_call *call, const char *member, struct hc_str uri, enum hc_image *kind,
			    struct hc_err *err) HC_MUST_USE;

#endif
