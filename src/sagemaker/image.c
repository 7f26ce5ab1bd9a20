#include "sagemaker/image.h"

#include <stdio.h>

#include "sagemaker/check.h"

enum { WHAT_MAX = 1024 };

enum hc_code hc_image_check(struct hc_call *call, const char *member, struct hc_str uri, enum hc_image *kind,
			    struct hc_err *err)
{
	struct hc_str command;
	if (hc_image_kind(call->server, uri, kind, &command))
		return HC_OK;
	char what[WHAT_MAX], shown[HC_STR_SHOW_SIZE];
	snprintf(what, sizeof what,
		 "image '%s' is not supported: no image is pulled here; start hindcast with a setting that maps its "
		 "repository to a command, or use sagemaker-model-monitor-analyzer",
		 hc_str_show(uri, shown));
	return hc_check_fail(call, what, member, err);
}
