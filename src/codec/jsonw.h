/*
 * Writing JSON documents the way Jackson's default pretty printer does, which is how AWS's report
 * files look: two spaces, `"key" : value`, arrays in one line as `[ a, b ]`, objects inside an
 * array as `[ {` ... `}, {` ... `} ]`, empty ones as `[ ]` and `{ }`, no newline at the end.
 *
 * The writer appends to a buffer and keeps only the nesting; whether everything arrived is the
 * buffer's to say (hc_buf_check). Calls out of order are a bug in the caller and abort.
 */
#ifndef HC_CODEC_JSONW_H
#define HC_CODEC_JSONW_H

#include "base/buf.h"

enum { HC_JSONW_DEPTH_MAX = 32 };

struct hc_jsonw {
	struct hc_buf *out;
	unsigned depth;
	bool after_key;
	struct {
		bool is_array, any;
	} levels[HC_JSONW_DEPTH_MAX + 1]; /* [0] is outside of all */
	unsigned indent;                  /* objects around the current place */
};

void hc_jsonw_open(struct hc_jsonw *w, struct hc_buf *out);
void hc_jsonw_object(struct hc_jsonw *w);
void hc_jsonw_object_end(struct hc_jsonw *w);
void hc_jsonw_array(struct hc_jsonw *w);
void hc_jsonw_array_end(struct hc_jsonw *w);
void hc_jsonw_key(struct hc_jsonw *w, const char *key);
void hc_jsonw_key_str(struct hc_jsonw *w, struct hc_str key);
void hc_jsonw_str(struct hc_jsonw *w, struct hc_str text);
void hc_jsonw_cstr(struct hc_jsonw *w, const char *text); /* NULL writes null */
void hc_jsonw_u64(struct hc_jsonw *w, uint64_t v);
void hc_jsonw_i64(struct hc_jsonw *w, int64_t v);
void hc_jsonw_bool(struct hc_jsonw *w, bool v);
void hc_jsonw_null(struct hc_jsonw *w);
/* Shortest text in Java's form; what is not finite as the strings "NaN", "Infinity", "-Infinity". */
void hc_jsonw_double(struct hc_jsonw *w, double v);

/* hc_jsonw_key and the value in one call. */
void hc_jsonw_member_str(struct hc_jsonw *w, const char *key, struct hc_str text);
void hc_jsonw_member_cstr(struct hc_jsonw *w, const char *key, const char *text);
void hc_jsonw_member_u64(struct hc_jsonw *w, const char *key, uint64_t v);
void hc_jsonw_member_double(struct hc_jsonw *w, const char *key, double v);
void hc_jsonw_member_bool(struct hc_jsonw *w, const char *key, bool v);

#endif
