#include "base/source.h"

#include <stdlib.h>
#include <string.h>

struct memory_source {
	struct hc_source source;
	const char *p;
	size_t n;
};

static enum hc_code memory_read(struct hc_source *s, void *buf, size_t cap, size_t *got, struct hc_err *err)
{
	(void)err;
	struct memory_source *m = (struct memory_source *)s;
	size_t n = m->n < cap ? m->n : cap;
	if (n)
		memcpy(buf, m->p, n);
	m->p += n;
	m->n -= n;
	*got = n;
	return HC_OK;
}

static void memory_close(struct hc_source *s)
{
	free(s);
}

struct hc_source *hc_source_of_memory(const void *p, size_t n)
{
	struct memory_source *m = malloc(sizeof *m);
	if (!m)
		return NULL;
	*m = (struct memory_source){{memory_read, memory_close}, p, n};
	return &m->source;
}
