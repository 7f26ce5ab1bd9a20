#include "metric/classes.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/hash.h"
#include "base/number.h"

enum {
	SLOT_EMPTY = 0xffff,
	SLOTS_MIN = 32,
	LIST_MIN = 16,
	ARENA_BUDGET = 4 << 20,  /* names, and what a block leaves unused at its end */
	LISTED_MAX = 8,          /* classes that a message lists */
	LIST_TEXT_MAX = 4 << 10, /* bytes of such a list */
};

/* From here on different integers are one double. */
#define INTEGER_END 0x1p53

_Static_assert((int)HC_CLASSES_MAX < (int)SLOT_EMPTY && (int)HC_CLASSES_MAX < (int)HC_BINARY_BY_SCORE,
	       "class numbers fit 16 bits");
_Static_assert(HC_CLASSES_MAX *(HC_CLASS_NAME_MAX + 1) < ARENA_BUDGET / 2, "the names fit the budget");

/* ---- the table ---- */

void hc_classes_init(struct hc_classes *c)
{
	*c = (struct hc_classes){.arena = HC_ARENA(ARENA_BUDGET)};
}

void hc_classes_free(struct hc_classes *c)
{
	hc_arena_free(&c->arena);
	free(c->list);
	free(c->slots);
	hc_classes_init(c);
}

/* Whether a number from 2^53 on is spelt as what it is: 1e300, but not the digits of an id that no double holds. */
static bool is_exact(struct hc_str spelling, double x)
{
	char digits[HC_CLASS_NAME_MAX + 1];
	struct hc_str s = hc_str_trim(spelling);
	if (memchr(s.p, 'e', s.n) || memchr(s.p, 'E', s.n))
		return true;
	int n = snprintf(digits, sizeof digits, "%.0f", x);
	return n > 0 && hc_str_eq(s, (struct hc_str){digits, (size_t)n});
}

static double number_of(struct hc_str spelling)
{
	double x;
	if (!hc_number_parse(spelling, &x) || !isfinite(x) || (fabs(x) >= INTEGER_END && !is_exact(spelling, x)))
		return NAN;
	return x + 0.0;
}

/* The slot of a spelling, or the empty one where it belongs. */
static size_t slot_of(const struct hc_classes *c, struct hc_str spelling, uint64_t hash)
{
	size_t at = hash & (c->n_slots - 1);
	while (c->slots[at] != SLOT_EMPTY) {
		const struct hc_class *class = &c->list[c->slots[at]];
		if (class->hash == hash && hc_str_eq(class->spelling, spelling))
			break;
		at = (at + 1) & (c->n_slots - 1);
	}
	return at;
}

static enum hc_code grow_slots(struct hc_classes *c, struct hc_err *err)
{
	size_t n = c->n_slots ? c->n_slots * 2 : SLOTS_MIN;
	uint16_t *slots = malloc(n * sizeof *slots);
	if (!slots)
		return hc_fail_nomem(err, "the classes");
	memset(slots, 0xff, n * sizeof *slots);
	free(c->slots);
	c->slots = slots;
	c->n_slots = n;
	for (size_t i = 0; i < c->n; i++)
		c->slots[slot_of(c, c->list[i].spelling, c->list[i].hash)] = (uint16_t)i;
	return HC_OK;
}

static enum hc_code grow_list(struct hc_classes *c, struct hc_err *err)
{
	size_t cap = c->cap ? c->cap * 2 : LIST_MIN;
	struct hc_class *list = realloc(c->list, cap * sizeof *list);
	if (!list)
		return hc_fail_nomem(err, "the classes");
	c->list = list;
	c->cap = cap;
	return HC_OK;
}

static enum hc_code refuse(struct hc_err *err)
{
	return hc_hint(err, "for labels that are quantities choose the problem type Regression; "
			    "else look whether the attribute names the right column");
}

static enum hc_code add_class(struct hc_classes *c, struct hc_str spelling, uint64_t hash, struct hc_err *err)
{
	if (spelling.n > HC_CLASS_NAME_MAX) {
		hc_fail(err, HC_LIMIT, "a class has a name of %zu bytes, more than %d", spelling.n, HC_CLASS_NAME_MAX);
		return refuse(err);
	}
	if (c->n == HC_CLASSES_MAX) {
		hc_fail(err, HC_LIMIT, "labels and predictions have more than %d different spellings", HC_CLASSES_MAX);
		return refuse(err);
	}
	if (c->n == c->cap)
		HC_TRY(grow_list(c, err));
	if (2 * (c->n + 1) > c->n_slots)
		HC_TRY(grow_slots(c, err));
	struct hc_class class = {
		.spelling = hc_arena_copy(&c->arena, spelling),
		.hash = hash,
		.number = number_of(spelling),
	};
	if (!class.spelling.p)
		return hc_fail_nomem(err, "the classes");
	c->slots[slot_of(c, spelling, hash)] = (uint16_t)c->n;
	c->list[c->n++] = class;
	return HC_OK;
}

static bool is_before(struct hc_class_place a, struct hc_class_place b)
{
	return a.file != b.file ? a.file < b.file : a.line < b.line;
}

enum hc_code hc_classes_enter(struct hc_classes *c, struct hc_str spelling, uint64_t labels, uint64_t predictions,
			      struct hc_class_place first, size_t *number, struct hc_err *err)
{
	/* A fixed key: with at most HC_CLASSES_MAX spellings a flood of collisions gains little. */
	uint64_t hash = hc_siphash((struct hc_hash_key){0, 0}, spelling.p, spelling.n);
	size_t at = c->n_slots ? slot_of(c, spelling, hash) : 0;
	bool known = c->n_slots && c->slots[at] != SLOT_EMPTY;
	if (!known)
		HC_TRY(add_class(c, spelling, hash, err));
	size_t i = known ? c->slots[at] : c->n - 1;
	struct hc_class *class = &c->list[i];
	bool replaces = !known || (labels && !class->labels);
	bool competes = labels || !class->labels;
	if (replaces || (competes && is_before(first, class->first)))
		class->first = first;
	class->labels += labels;
	class->predictions += predictions;
	*number = i;
	return HC_OK;
}

/* ---- reading spellings ---- */

enum bit { BIT_NONE, BIT_ZERO, BIT_ONE };

static enum bit read_bit(struct hc_str spelling)
{
	struct hc_str s = hc_str_trim(spelling);
	double x = number_of(s);
	if (x == 1 || hc_str_eq_nocase(s, HC_STR("true")))
		return BIT_ONE;
	if (x == 0 || hc_str_eq_nocase(s, HC_STR("false")))
		return BIT_ZERO;
	return BIT_NONE;
}

/* More frequent as label, then as prediction, then first in byte order. */
static int compare_frequency(const void *a, const void *b)
{
	const struct hc_class *x = a, *y = b;
	if (x->labels != y->labels)
		return x->labels > y->labels ? -1 : 1;
	if (x->predictions != y->predictions)
		return x->predictions > y->predictions ? -1 : 1;
	return hc_str_cmp(x->spelling, y->spelling);
}

/* The classes that count as labels: those used as such, or all if none is. */
struct labels {
	const struct hc_classes *c;
	bool only_predictions;
};

static struct labels labels_of(const struct hc_classes *c)
{
	struct labels l = {c, true};
	for (size_t i = 0; i < c->n; i++)
		l.only_predictions &= c->list[i].labels == 0;
	return l;
}

static bool is_label(const struct labels *l, size_t i)
{
	return l->only_predictions || l->c->list[i].labels > 0;
}

static size_t count_bits(const struct labels *l, size_t *labels)
{
	size_t bits = 0;
	*labels = 0;
	for (size_t i = 0; i < l->c->n; i++) {
		if (!is_label(l, i))
			continue;
		++*labels;
		bits += read_bit(l->c->list[i].spelling) != BIT_NONE;
	}
	return bits;
}

static struct hc_class_place first_label(const struct labels *l)
{
	struct hc_class_place first = {UINT64_MAX, UINT64_MAX};
	for (size_t i = 0; i < l->c->n; i++)
		if (is_label(l, i) && is_before(l->c->list[i].first, first))
			first = l->c->list[i].first;
	return first;
}

/* "no" (120), "yes" (7) and 3 more: the classes with the number of their labels, most frequent first. */
static enum hc_code list_classes(const struct hc_classes *c, struct hc_buf *out, struct hc_err *err)
{
	struct hc_class *sorted = malloc(c->n * sizeof *sorted);
	if (!sorted)
		return hc_fail_nomem(err, "the classes");
	memcpy(sorted, c->list, c->n * sizeof *sorted);
	qsort(sorted, c->n, sizeof *sorted, compare_frequency);
	for (size_t i = 0; i < c->n && i < LISTED_MAX; i++) {
		char shown[HC_STR_SHOW_SIZE];
		hc_buf_printf(out, "%s\"%s\" (%llu)", i ? ", " : "", hc_str_show(sorted[i].spelling, shown),
			      (unsigned long long)sorted[i].labels);
	}
	if (c->n > LISTED_MAX)
		hc_buf_printf(out, " and %zu more", c->n - LISTED_MAX);
	free(sorted);
	return hc_buf_check(out, "the list of classes", err);
}

static enum hc_code refuse_labels(const struct labels *l, struct hc_str positive_label, struct hc_class_place *where,
				  struct hc_err *err)
{
	char shown[HC_STR_SHOW_SIZE];
	HC_BUF_SCOPED struct hc_buf list = HC_BUF(LIST_TEXT_MAX);
	HC_TRY(list_classes(l->c, &list, err));
	if (where)
		*where = first_label(l);
	if (positive_label.n == 0) {
		hc_fail(err, HC_USAGE, "labels that are not 0 and 1; the classes, with their numbers of labels: %s",
			hc_buf_cstring(&list));
		return hc_hint(err, "say with --positive-label which class is the positive one");
	}
	hc_fail(err, HC_USAGE,
		"the positive label \"%s\" is none of the classes, which are, with their numbers of labels: %s",
		hc_str_show(positive_label, shown), hc_buf_cstring(&list));
	return hc_hint(err, "give one of these classes with --positive-label, spelt as it is here");
}

/* ---- binary ---- */

static enum hc_code take_roles(const struct hc_classes *c, struct hc_arena *arena, struct hc_class_map *map,
			       struct hc_err *err)
{
	map->roles = hc_arena_take(arena, c->n * sizeof *map->roles);
	map->names = hc_arena_take(arena, 2 * sizeof *map->names);
	if (!map->roles || !map->names)
		return hc_fail_nomem(err, "the classes");
	map->n = c->n;
	map->classes = 2;
	return HC_OK;
}

static void read_bits(const struct hc_classes *c, struct hc_class_map *map)
{
	static const enum hc_binary_role role_of_bit[] = {
		[BIT_NONE] = HC_ROLE_NONE,
		[BIT_ZERO] = HC_ROLE_NEGATIVE,
		[BIT_ONE] = HC_ROLE_POSITIVE,
	};
	map->reading = HC_READ_ZERO_ONE;
	for (size_t i = 0; i < c->n; i++)
		map->roles[i] = role_of_bit[read_bit(c->list[i].spelling)];
	map->names[0] = HC_STR("0");
	map->names[1] = HC_STR("1");
}

/* Are two spellings one class? `as_bits`: all labels read as 0 or 1, so that `true` and `1` are. */
static bool same_class(struct hc_str a, struct hc_str b, bool as_bits)
{
	double x = number_of(a), y = number_of(b);
	if (!isnan(x) && !isnan(y))
		return x == y;
	if (as_bits && read_bit(a) != BIT_NONE)
		return read_bit(a) == read_bit(b);
	return hc_str_eq(hc_str_trim(a), hc_str_trim(b));
}

/* The name of a class in the matrix, by one of its spellings; p is NULL without memory. */
static struct hc_str name_of(struct hc_str spelling, struct hc_arena *arena)
{
	double x = number_of(spelling);
	if (isnan(x))
		return hc_arena_copy(arena, hc_str_trim(spelling));
	char text[HC_NUMBER_PRINT_SIZE];
	return hc_arena_copy(arena, (struct hc_str){text, hc_number_print_short(x, text)});
}

/* The most frequent of the classes without role, all spellings counted; false if there is none. */
static bool find_negative(const struct hc_class_map *map, const struct hc_classes *c, bool as_bits, struct hc_str *out)
{
	struct hc_class best = {0};
	bool found = false;
	for (size_t i = 0; i < c->n; i++) {
		if (map->roles[i] != HC_ROLE_NONE)
			continue;
		struct hc_class group = {.spelling = hc_str_trim(c->list[i].spelling)};
		for (size_t j = 0; j < c->n; j++) {
			if (map->roles[j] != HC_ROLE_NONE || !same_class(group.spelling, c->list[j].spelling, as_bits))
				continue;
			group.labels += c->list[j].labels;
			group.predictions += c->list[j].predictions;
		}
		if (!found || compare_frequency(&group, &best) < 0)
			best = group;
		found = true;
	}
	*out = best.spelling;
	return found;
}

/* Gives `role` to the spellings without one that are the class `spelling`; returns how many. */
static size_t assign(const struct hc_classes *c, struct hc_class_map *map, struct hc_str spelling,
		     enum hc_binary_role role, bool as_bits)
{
	size_t n = 0;
	for (size_t i = 0; i < c->n; i++) {
		if (map->roles[i] != HC_ROLE_NONE || !same_class(spelling, c->list[i].spelling, as_bits))
			continue;
		map->roles[i] = role;
		n++;
	}
	return n;
}

/* What the negative class is called when none was seen. */
static struct hc_str name_of_other(struct hc_str positive, struct hc_arena *arena)
{
	static const char prefix[] = "not ";
	size_t n = sizeof prefix - 1;
	char *name = positive.p ? hc_arena_take_text(arena, n + positive.n) : NULL;
	if (!name)
		return (struct hc_str){0};
	memcpy(name, prefix, n);
	memcpy(name + n, positive.p, positive.n);
	return (struct hc_str){name, n + positive.n};
}

/* By text and numbers, with a positive label. False if that one is none of two or more classes. */
static bool read_named(const struct hc_classes *c, struct hc_str positive_label, bool as_bits, struct hc_class_map *map,
		       struct hc_str *negative)
{
	for (size_t i = 0; i < c->n; i++)
		map->roles[i] = HC_ROLE_NONE;
	size_t positive = assign(c, map, positive_label, HC_ROLE_POSITIVE, as_bits);
	*negative = HC_STR("");
	size_t others = 0;
	if (find_negative(map, c, as_bits, negative))
		others = assign(c, map, *negative, HC_ROLE_NEGATIVE, as_bits);
	map->reading = isnan(number_of(positive_label)) ? HC_READ_TEXT : HC_READ_NUMBERS;
	for (size_t i = 0; i < c->n; i++)
		if (map->roles[i] != HC_ROLE_NONE && isnan(c->list[i].number))
			map->reading = HC_READ_TEXT;
	return positive || others == c->n;
}

enum hc_code hc_classes_read_binary(const struct hc_classes *c, struct hc_str positive_label, struct hc_arena *arena,
				    struct hc_class_map *out, struct hc_class_place *where, struct hc_err *err)
{
	struct labels l = labels_of(c);
	size_t n_labels, bits = count_bits(&l, &n_labels);
	bool all_bits = bits == n_labels, given = positive_label.n > 0;
	if (!given && bits == 0 && c->n > 0)
		return refuse_labels(&l, positive_label, where, err);
	struct hc_class_map map = {0};
	HC_TRY(take_roles(c, arena, &map, err));
	if (!given || (all_bits && read_bit(positive_label) == BIT_ONE)) {
		read_bits(c, &map);
		*out = map;
		return HC_OK;
	}
	struct hc_str negative;
	if (!read_named(c, positive_label, all_bits, &map, &negative))
		return refuse_labels(&l, positive_label, where, err);
	map.names[1] = name_of(positive_label, arena);
	map.names[0] = negative.n ? name_of(negative, arena) : name_of_other(map.names[1], arena);
	if (!map.names[0].p || !map.names[1].p)
		return hc_fail_nomem(err, "the classes");
	*out = map;
	return HC_OK;
}

/* ---- multiclass ---- */

static int compare_numbers(const void *a, const void *b)
{
	const struct hc_class *const *x = a, *const *y = b;
	return ((*x)->number > (*y)->number) - ((*x)->number < (*y)->number);
}

static int compare_spellings(const void *a, const void *b)
{
	const struct hc_class *const *x = a, *const *y = b;
	return hc_str_cmp((*x)->spelling, (*y)->spelling);
}

/* Numbers the places of the sorted classes, equal numbers alike, and names them. */
static enum hc_code name_places(const struct hc_classes *c, const struct hc_class *const *sorted,
				struct hc_arena *arena, struct hc_class_map *map, struct hc_err *err)
{
	bool numbers = map->reading == HC_READ_NUMBERS;
	for (size_t i = 0; i < c->n; i++) {
		bool repeated = numbers && i > 0 && sorted[i]->number == sorted[i - 1]->number;
		if (!repeated) {
			struct hc_str spelling = sorted[i]->spelling;
			struct hc_str name = numbers ? name_of(spelling, arena) : hc_arena_copy(arena, spelling);
			if (!name.p)
				return hc_fail_nomem(err, "the classes");
			map->names[map->classes++] = name;
		}
		map->place[sorted[i] - c->list] = (uint16_t)(map->classes - 1);
	}
	return HC_OK;
}

enum hc_code hc_classes_read_multiclass(const struct hc_classes *c, struct hc_arena *arena, struct hc_class_map *out,
					struct hc_err *err)
{
	struct hc_class_map map = {.reading = HC_READ_NUMBERS, .n = c->n};
	const struct hc_class **sorted = hc_arena_take(arena, c->n * sizeof *sorted);
	map.place = hc_arena_take(arena, c->n * sizeof *map.place);
	map.names = hc_arena_take(arena, c->n * sizeof *map.names);
	if (!sorted || !map.place || !map.names)
		return hc_fail_nomem(err, "the classes");
	for (size_t i = 0; i < c->n; i++) {
		sorted[i] = &c->list[i];
		if (isnan(c->list[i].number))
			map.reading = HC_READ_TEXT;
	}
	qsort(sorted, c->n, sizeof *sorted, map.reading == HC_READ_NUMBERS ? compare_numbers : compare_spellings);
	HC_TRY(name_places(c, sorted, arena, &map, err));
	*out = map;
	return HC_OK;
}
