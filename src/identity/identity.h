/*
 * STS and IAM, as far as SageMaker's clients ask: who am I, and which ARN has this role. Any role name has one: roles are nothing here.
 */
#ifndef HC_IDENTITY_IDENTITY_H
#define HC_IDENTITY_IDENTITY_H

#include "service/service.h"

extern const struct hc_service hc_sts, hc_iam;

#endif
