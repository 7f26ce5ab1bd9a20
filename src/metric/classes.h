/*
 * The classes of a classification: every spelling that a label or prediction had, each counted; and how they are
 * read: as 0/1, as numbers, or as text.
 *
 * Binary: `1`, `1.0`, ` 1`, `true` (any case) are the positive class and `0`, `0.0`, `false` the
 * negative one; other spellings need a positive label. With one, the spellings that equal it
 * (trimmed; as numbers if both are) are positive, and of the others the most frequent is negative
 * (by labels, then by predictions, then first in byte order; spellings that are equal in the same
 * sense count together); what is left is a third class. A positive label that reads as 1 changes
 * nothing while all labels read as 0 or 1; one that reads as 0 turns the two about.
 * Multiclass: if every spelling is a number they compare and sort as numbers and the name is the
 * shortest (`2` for `2.0`), else spellings compare and sort as bytes.
 * From 2^53 on different integers are one double, and what is spelt differently must not become one class: digits that
 * no double holds exactly are text, and so are "nan" and "inf".
 */
#ifndef HC_METRIC_CLASSES_H
#define HC_METRIC_CLASSES_H

#include "base/arena.h"
#include "metric/binary.h"

enum {
	HC_CLASSES_MAX = 1000,    /* different spellings */
	HC_CLASS_NAME_MAX = 1024, /* bytes of one */
};

/* Where a spelling was seen; the caller's numbers. */
struct hc_class_place {
	uint64_t file, line;
};

struct hc_class {
	struct hc_str spelling; /* in the table's arena */
	uint64_t hash;
	uint64_t labels;             /* records with it as their label */
	uint64_t predictions;        /* records with it as their prediction */
	struct hc_class_place first; /* the least place where it is a label; if never, a prediction */
	double number;               /* NaN: it is not one */
};

struct hc_classes {
	struct hc_arena arena;
	struct hc_class *list;
	size_t n, cap;
	uint16_t *slots; /* open addressing over list, n_slots a power of two; 0xffff = empty */
	size_t n_slots;
};

void hc_classes_init(struct hc_classes *c);
void hc_classes_free(struct hc_classes *c);

/*
 * Adds what is known of a spelling (taken as it stands, not trimmed): records with it as label and as prediction,
 * and where it was first seen in that use. May be called again for one that is there: counts add up. Classes are
 * numbered in the order in which they come. HC_LIMIT past HC_CLASSES_MAX spellings or HC_CLASS_NAME_MAX bytes
 * (hint: is it a regression?).
 */
enum hc_code hc_classes_enter(struct hc_classes *c, struct hc_str spelling, uint64_t labels, uint64_t predictions,
			      struct hc_class_place first, size_t *number, struct hc_err *err) HC_MUST_USE;

enum hc_class_reading { HC_READ_ZERO_ONE, HC_READ_NUMBERS, HC_READ_TEXT };

/* How spellings were read, and the classes of the matrix in order. */
struct hc_class_map {
	enum hc_class_reading reading;
	uint16_t *place;            /* [n] class number -> place in names (multiclass) */
	enum hc_binary_role *roles; /* [n] class number -> role (binary) */
	size_t n;
	struct hc_str *names; /* names of the matrix; binary: negative first */
	size_t classes;
};

/*
 * Binary. positive_label empty: none given. Fails with HC_USAGE when no label reads as 0 or 1 and no
 * positive label was given, or when the given one is none of two or more classes seen: the message
 * lists the classes (cut), the hint says what to do, *where (if not NULL) is set to the place of the
 * first such label, so that the caller can put file:line before the message. Without any spelling
 * there is nothing to refuse.
 * A binary matrix always has two names: `0`, `1`; or those of the text, numbers in their shortest form.
 * With only one class seen besides a positive label that is another, that class is negative;
 * where only the positive one was seen the negative one's name is "not <positive>".
 */
enum hc_code hc_classes_read_binary(const struct hc_classes *c, struct hc_str positive_label, struct hc_arena *arena,
				    struct hc_class_map *out, struct hc_class_place *where,
				    struct hc_err *err) HC_MUST_USE;
enum hc_code hc_classes_read_multiclass(const struct hc_classes *c, struct hc_arena *arena, struct hc_class_map *out,
					struct hc_err *err) HC_MUST_USE;

#endif
