#include "service/image.h"

#define ANALYZER "sagemaker-model-monitor-analyzer"
#define MERGER "sagemaker-model-monitor-groundtruth-merger"

/* Where the last part of a path begins. */
static size_t last_part(struct hc_str path)
{
	size_t at = path.n;
	while (at > 0 && path.p[at - 1] != '/')
		at--;
	return at;
}

/* Without "@sha256:..." and, in the last part only (a registry may have a port), ":TAG". */
static struct hc_str without_tag(struct hc_str uri)
{
	const char *digest = memchr(uri.p, '@', uri.n);
	if (digest)
		uri.n = (size_t)(digest - uri.p);
	size_t at = last_part(uri);
	const char *tag = memchr(uri.p + at, ':', uri.n - at);
	if (tag)
		uri.n = (size_t)(tag - uri.p);
	return uri;
}

/* The repository is the whole of the image's path, or whole parts at its end. */
static bool ends_with(struct hc_str image, struct hc_str repository)
{
	if (repository.n == 0 || repository.n > image.n)
		return false;
	size_t at = image.n - repository.n;
	return memcmp(image.p + at, repository.p, repository.n) == 0 && (at == 0 || image.p[at - 1] == '/');
}

bool hc_image_kind(const struct hc_server *server, struct hc_str uri, enum hc_image *kind, struct hc_str *command)
{
	if (uri.n == 0)
		return false;
	struct hc_str image = without_tag(uri);
	for (const char *const *m = server->image_commands; m && *m; m++) {
		const char *equals = strchr(*m, '=');
		if (!equals || !ends_with(image, (struct hc_str){*m, (size_t)(equals - *m)}))
			continue;
		*kind = HC_IMAGE_COMMAND;
		*command = hc_str(equals + 1);
		return true;
	}
	*command = (struct hc_str){0};
	*kind = ends_with(image, HC_STR(MERGER)) ? HC_IMAGE_MERGER : HC_IMAGE_ANALYZER;
	return *kind == HC_IMAGE_MERGER || ends_with(image, HC_STR(ANALYZER));
}
