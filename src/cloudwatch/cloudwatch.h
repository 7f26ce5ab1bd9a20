/*
 * CloudWatch, as far as monitors and their users need it: metric data in, statistics out, alarms that are evaluated.
 */
#ifndef HC_CLOUDWATCH_CLOUDWATCH_H
#define HC_CLOUDWATCH_CLOUDWATCH_H

#include "service/service.h"

extern const struct hc_service hc_cloudwatch;

#endif
