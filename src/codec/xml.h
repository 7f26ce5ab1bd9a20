/*
 * XML as AWS's protocols use it: small documents of elements and text. Reading is by expat, into a tree; attributes but xmlns
 * are kept out, comments and processing instructions passed over, DTDs and entities of one's own refused.
 */
#ifndef HC_CODEC_XML_H
#define HC_CODEC_XML_H

#include "base/arena.h"
#include "base/buf.h"

enum { HC_XML_DEPTH_MAX = 32, HC_XML_ELEMENTS_MAX = 100000, HC_XML_BYTES_MAX = 16 << 20 };

struct hc_xml {
	struct hc_str name;          /* without namespace prefix */
	struct hc_str text;          /* its character data, as it stands between its children, joined */
	struct hc_xml *first, *next; /* children, siblings */
};

/* The document's root element, in the arena. HC_INPUT with the line for what is not well-formed, HC_LIMIT beyond the limits above. */
enum hc_code hc_xml_read(struct hc_str text, struct hc_arena *arena, struct hc_xml **out,
			 struct hc_err *err) HC_MUST_USE;
/* The first child of that name; NULL if there is none. */
const struct hc_xml *hc_xml_child(const struct hc_xml *of, const char *name);

/* Appends text as character data: & < > " and control characters escaped; bytes that are no UTF-8, and characters that XML cannot hold, as U+FFFD. */
void hc_xml_text(struct hc_buf *out, struct hc_str text);
/* <name>text</name> */
void hc_xml_element(struct hc_buf *out, const char *name, struct hc_str text);

#endif
