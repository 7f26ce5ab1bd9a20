#include "sys/ahead.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "sys/crew.h"

enum { BUFFERS = 2 };

struct ahead {
	struct hc_source source;
	struct hc_source *inner; /* the thread's, until it is joined */
	pthread_t thread;
	pthread_mutex_t lock; /* guards what follows */
	pthread_cond_t changed;
	struct buffer {
		size_t n;
		bool full;
	} buffers[BUFFERS];
	bool stops; /* the thread is to end */
	bool ended; /* it has: nothing comes behind the full buffers but `code` */
	enum hc_code code;
	struct hc_err err;
	/* The reader's own. */
	unsigned reading; /* buffer */
	size_t at;        /* in it */
	char bytes[BUFFERS][HC_AHEAD_BYTES];
};

/* Fills a buffer; false at the end of the source, or after a failure of it. */
static bool fill(struct ahead *a, char *bytes, size_t *n, enum hc_code *code, struct hc_err *err)
{
	size_t got = 1;
	*n = 0;
	*code = HC_OK;
	while (*n < HC_AHEAD_BYTES && got && *code == HC_OK) {
		got = 0;
		*code = a->inner->read(a->inner, bytes + *n, HC_AHEAD_BYTES - *n, &got, err);
		*n += *code == HC_OK ? got : 0;
	}
	return *n == HC_AHEAD_BYTES;
}

static void *read_ahead(void *arg)
{
	struct ahead *a = arg;
	struct hc_err err;
	bool more = true;
	pthread_mutex_lock(&a->lock);
	for (unsigned i = 0; more; i = (i + 1) % BUFFERS) {
		struct buffer *b = &a->buffers[i];
		while (b->full && !a->stops)
			pthread_cond_wait(&a->changed, &a->lock);
		if (a->stops)
			break;
		size_t n;
		enum hc_code code;
		pthread_mutex_unlock(&a->lock);
		more = fill(a, a->bytes[i], &n, &code, &err);
		pthread_mutex_lock(&a->lock);
		b->n = n;
		b->full = n > 0;
		if (code != HC_OK) {
			a->code = code;
			a->err = err;
		}
		a->ended = !more;
		pthread_cond_broadcast(&a->changed);
	}
	pthread_mutex_unlock(&a->lock);
	return NULL;
}

static enum hc_code ahead_read(struct hc_source *s, void *buf, size_t cap, size_t *got, struct hc_err *err)
{
	struct ahead *a = (struct ahead *)s;
	struct buffer *b = &a->buffers[a->reading];
	pthread_mutex_lock(&a->lock);
	while (!b->full && !a->ended)
		pthread_cond_wait(&a->changed, &a->lock);
	bool full = b->full;
	pthread_mutex_unlock(&a->lock);
	if (!full) {
		*got = 0;
		if (a->code != HC_OK)
			*err = a->err;
		return a->code;
	}
	size_t left = b->n - a->at, n = left < cap ? left : cap;
	memcpy(buf, a->bytes[a->reading] + a->at, n);
	a->at += n;
	*got = n;
	if (a->at < b->n)
		return HC_OK;
	pthread_mutex_lock(&a->lock);
	b->full = false;
	pthread_cond_broadcast(&a->changed);
	pthread_mutex_unlock(&a->lock);
	a->at = 0;
	a->reading = (a->reading + 1) % BUFFERS;
	return HC_OK;
}

static void ahead_close(struct hc_source *s)
{
	struct ahead *a = (struct ahead *)s;
	pthread_mutex_lock(&a->lock);
	a->stops = true;
	pthread_cond_broadcast(&a->changed);
	pthread_mutex_unlock(&a->lock);
	pthread_join(a->thread, NULL);
	pthread_mutex_destroy(&a->lock);
	pthread_cond_destroy(&a->changed);
	hc_source_close(a->inner);
	free(a);
}

struct hc_source *hc_ahead(struct hc_source *source)
{
	struct ahead *a = calloc(1, sizeof *a);
	if (!a)
		return source;
	a->source = (struct hc_source){ahead_read, ahead_close};
	a->inner = source;
	pthread_mutex_init(&a->lock, NULL);
	pthread_cond_init(&a->changed, NULL);
	sigset_t before;
	hc_crew_block_signals(&before);
	int failed = pthread_create(&a->thread, NULL, read_ahead, a);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (!failed)
		return &a->source;
	pthread_mutex_destroy(&a->lock);
	pthread_cond_destroy(&a->changed);
	free(a);
	return source;
}
