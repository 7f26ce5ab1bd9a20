/*
 * Small pieces that the typed tables share: values to bind, columns to take.
 */
#ifndef HC_CATALOG_ROW_H
#define HC_CATALOG_ROW_H

#include "db/db.h"
#include "store/content.h"

/* Bytes to bind: an empty slice without a pointer would be NULL. */
static inline struct hc_str hc_row_bytes(struct hc_str s)
{
	return s.n ? s : HC_STR("");
}

/* A column that holds a content's id; "" for NULL. */
static inline void hc_row_content(struct hc_rows *rows, int column, char out[HC_CONTENT_ID_SIZE])
{
	struct hc_str id = hc_rows_text(rows, column);
	size_t n = id.n < HC_CONTENT_ID_SIZE ? id.n : HC_CONTENT_ID_SIZE - 1;
	memset(out, 0, HC_CONTENT_ID_SIZE);
	if (n > 0)
		memcpy(out, id.p, n);
}

#endif
