/*
 * Which program an image stands for. No image is pulled: the two of Model Monitor are recognised by the last part of their repository, whatever the
 * account, registry, tag or digest; any other runs only if a setting maps its repository to a command (hc_server.image_commands).
 */
#ifndef HC_SERVICE_IMAGE_H
#define HC_SERVICE_IMAGE_H

#include "service/service.h"

enum hc_image {
	HC_IMAGE_ANALYZER, /* sagemaker-model-monitor-analyzer */
	HC_IMAGE_MERGER,   /* sagemaker-model-monitor-groundtruth-merger */
	HC_IMAGE_COMMAND,  /* mapped; a mapping wins over the names above */
};

/*
 * False: nothing here stands for this image. *command: what it is mapped to (of the server's settings), else p == NULL.
 * REPOSITORY of a mapping is compared with the URI without tag and digest: the whole of it, or the path behind the registry, or the last parts of that.
 */
bool hc_image_kind(const struct hc_server *server, struct hc_str uri, enum hc_image *kind, struct hc_str *command);

#endif
