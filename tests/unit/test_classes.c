#include "metric/classes.h"

#include "check_metric.h"

enum { ARENA = 1 << 20 };

/* A spelling, how often it is a label and how often a prediction; NULL ends a list. */
struct use {
	const char *spelling;
	unsigned labels, predictions;
};

enum { USES = 8 };

/* How a spelling is used; number of the file that such uses are in. */
enum { LABEL, PREDICTION };

static size_t enter(struct hc_classes *c, struct hc_str spelling, int use, struct hc_class_place where)
{
	size_t number;
	struct hc_err err;
	assert_int_equal(hc_classes_enter(c, spelling, use == LABEL, use == PREDICTION, where, &number, &err), HC_OK);
	return number;
}

/* Enters label after label, then prediction after prediction, lines counted from 1 in files 0 and 1. */
static void intern(struct hc_classes *c, const struct use *uses)
{
	uint64_t line[2] = {0, 0};
	for (int use = LABEL; use <= PREDICTION; use++) {
		for (size_t i = 0; i < USES && uses[i].spelling; i++) {
			unsigned times = use == LABEL ? uses[i].labels : uses[i].predictions;
			for (unsigned t = 0; t < times; t++)
				enter(c, hc_str(uses[i].spelling), use,
				      (struct hc_class_place){(uint64_t)use, ++line[use]});
		}
	}
}

static int number_of(const struct hc_classes *c, const char *spelling)
{
	for (size_t i = 0; i < c->n; i++)
		if (hc_str_eq(c->list[i].spelling, hc_str(spelling)))
			return (int)i;
	fail_msg("no class \"%s\"", spelling);
	return -1;
}

/* ---- the table ---- */

static void test_enter(void **state)
{
	(void)state;
	struct hc_classes c;
	struct hc_err err;
	size_t number;
	hc_classes_init(&c);
	char text[32];
	for (int round = 0; round < 2; round++) {
		for (unsigned i = 0; i < HC_CLASSES_MAX; i++) {
			int n = snprintf(text, sizeof text, "class %u", i);
			struct hc_class_place where = {0, i};
			assert_int_equal(enter(&c, (struct hc_str){text, (size_t)n}, LABEL, where), i);
		}
	}
	assert_int_equal(c.n, HC_CLASSES_MAX);
	memset(text, 'x', sizeof text); /* the table keeps copies */
	check_str(c.list[7].spelling, "class 7");
	assert_int_equal(c.list[7].labels, 2);
	assert_int_equal(c.list[7].predictions, 0);

	number = 4711;
	assert_int_equal(hc_classes_enter(&c, HC_STR("one more"), 1, 0, (struct hc_class_place){0}, &number, &err),
			 HC_LIMIT);
	assert_true(strstr(err.hint, "Regression") != NULL);
	assert_int_equal(number, 4711);
	assert_int_equal(c.n, HC_CLASSES_MAX);
	assert_int_equal(enter(&c, HC_STR("class 999"), PREDICTION, (struct hc_class_place){0}), 999);
	hc_classes_free(&c);
	assert_int_equal(c.n, 0);
}

/* What is known of a spelling comes in any pieces and adds up. */
static void test_counts(void **state)
{
	(void)state;
	static const struct {
		const char *spelling;
		uint64_t labels, predictions;
	} steps[] = {{"a", 3, 0}, {"b", 0, UINT64_C(1) << 40}, {"a", 0, 0}, {"a", 4, 5}, {"b", 1, 1}};
	struct hc_classes c;
	hc_classes_init(&c);
	for (size_t i = 0; i < COUNT(steps); i++) {
		size_t number;
		struct hc_err err;
		assert_int_equal(hc_classes_enter(&c, hc_str(steps[i].spelling), steps[i].labels, steps[i].predictions,
						  (struct hc_class_place){0, i}, &number, &err),
				 HC_OK);
		assert_int_equal(number, *steps[i].spelling - 'a');
	}
	assert_int_equal(c.n, 2);
	assert_int_equal(c.list[0].labels, 7);
	assert_int_equal(c.list[0].predictions, 5);
	assert_int_equal(c.list[1].labels, 1);
	assert_int_equal(c.list[1].predictions, (UINT64_C(1) << 40) + 1);
	hc_classes_free(&c);
}

static void test_names_of_any_kind(void **state)
{
	(void)state;
	struct hc_classes c;
	struct hc_err err;
	hc_classes_init(&c);
	static char longest[HC_CLASS_NAME_MAX + 1];
	memset(longest, 'n', sizeof longest);
	const struct hc_str names[] = {
		{NULL, 0},           HC_STR(" "), HC_STR("a"),
		HC_STR(" a"),        HC_STR("A"), HC_STR("a\0"),
		HC_STR("a,\"b\"\n"), HC_STR("é"), {longest, HC_CLASS_NAME_MAX},
	};
	for (int round = 0; round < 2; round++)
		for (size_t i = 0; i < COUNT(names); i++)
			assert_int_equal(enter(&c, names[i], LABEL, (struct hc_class_place){0}), i);
	size_t number;
	assert_int_equal(hc_classes_enter(&c, (struct hc_str){longest, sizeof longest}, 1, 0,
					  (struct hc_class_place){0}, &number, &err),
			 HC_LIMIT);
	hc_classes_free(&c);
}

/* The place kept is the least one as a label; as a prediction only while it was never a label. */
static void test_places(void **state)
{
	(void)state;
	static const struct {
		int use;
		struct hc_class_place where, first;
	} steps[] = {
		{PREDICTION, {0, 9}, {0, 9}}, {PREDICTION, {0, 3}, {0, 3}}, {PREDICTION, {1, 1}, {0, 3}},
		{LABEL, {5, 5}, {5, 5}},      {PREDICTION, {0, 1}, {5, 5}}, {LABEL, {5, 6}, {5, 5}},
		{LABEL, {5, 2}, {5, 2}},      {LABEL, {4, 8}, {4, 8}},
	};
	struct hc_classes c;
	hc_classes_init(&c);
	for (size_t i = 0; i < COUNT(steps); i++) {
		enter(&c, HC_STR("a"), steps[i].use, steps[i].where);
		assert_int_equal(c.list[0].first.file, steps[i].first.file);
		assert_int_equal(c.list[0].first.line, steps[i].first.line);
	}
	hc_classes_free(&c);
}

/* ---- binary ---- */

struct binary_case {
	struct use uses[USES];
	const char *positive_label;
	enum hc_class_reading reading;
	const char *names[2], *roles; /* of each spelling: '+', '-' or '?' */
};

static const struct binary_case binary_cases[] = {
	/* as 0 and 1 */
	{{{"0", 1, 0}, {"1", 1, 0}}, "", HC_READ_ZERO_ONE, {"0", "1"}, "-+"},
	{{{"1", 9, 0}, {"1.0", 1, 0}, {" 1", 1, 0}, {"true", 1, 0}, {"TRUE", 1, 0}, {" True\t", 1, 0}, {"+1e0", 1, 0}},
	 "",
	 HC_READ_ZERO_ONE,
	 {"0", "1"},
	 "+++++++"},
	{{{"0", 9, 0}, {"0.0", 1, 0}, {"-0", 1, 0}, {"false", 1, 0}, {"False", 1, 0}, {".0 ", 1, 0}, {"0e9", 1, 0}},
	 "",
	 HC_READ_ZERO_ONE,
	 {"0", "1"},
	 "-------"},
	{{{"0", 1, 0}, {"1", 1, 0}, {"2", 9, 0}, {"yes", 9, 0}, {"", 9, 0}, {"nan", 1, 0}, {"0.5", 1, 0}},
	 "",
	 HC_READ_ZERO_ONE,
	 {"0", "1"},
	 "-+?????"},
	{{{"0", 3, 0}, {"1", 0, 2}, {"maybe", 0, 1}}, "", HC_READ_ZERO_ONE, {"0", "1"}, "-+?"},
	{{{"0", 0, 2}, {"1", 0, 1}}, "", HC_READ_ZERO_ONE, {"0", "1"}, "-+"},
	/* nothing seen */
	{{{NULL, 0, 0}}, "", HC_READ_ZERO_ONE, {"0", "1"}, ""},
	{{{NULL, 0, 0}}, "1", HC_READ_ZERO_ONE, {"0", "1"}, ""},
	{{{NULL, 0, 0}}, "yes", HC_READ_TEXT, {"not yes", "yes"}, ""},
	/* a positive label that reads as 1 changes nothing while all labels read as 0 or 1 */
	{{{"0", 1, 0}, {"1", 1, 0}}, "1", HC_READ_ZERO_ONE, {"0", "1"}, "-+"},
	{{{"0.0", 1, 0}, {"1.0", 1, 0}, {"true", 0, 1}}, "true", HC_READ_ZERO_ONE, {"0", "1"}, "-++"},
	{{{"0", 1, 0}, {"false", 1, 0}}, "1.0", HC_READ_ZERO_ONE, {"0", "1"}, "--"},
	/* one that reads as 0 turns the two about */
	{{{"0", 1, 0}, {"1", 5, 0}}, "0", HC_READ_NUMBERS, {"1", "0"}, "+-"},
	{{{"0.0", 1, 0}, {"1.0", 5, 0}}, " 0 ", HC_READ_NUMBERS, {"1", "0"}, "+-"},
	{{{"0", 1, 0}, {"false", 1, 0}, {"1", 5, 0}, {"true", 5, 0}}, "0", HC_READ_TEXT, {"1", "0"}, "++--"},
	{{{"false", 1, 0}, {"true", 1, 0}}, "false", HC_READ_TEXT, {"true", "false"}, "+-"},
	{{{"1", 3, 0}}, "0", HC_READ_NUMBERS, {"1", "0"}, "-"},
	/* text */
	{{{"no", 5, 5}, {"yes", 2, 1}}, "yes", HC_READ_TEXT, {"no", "yes"}, "-+"},
	{{{"no", 5, 5}, {"yes", 2, 1}}, "no", HC_READ_TEXT, {"yes", "no"}, "+-"},
	{{{" no", 1, 0}, {"no ", 1, 0}, {"\tyes", 1, 0}}, " yes", HC_READ_TEXT, {"no", "yes"}, "--+"},
	{{{"yes", 1, 0}, {"Yes", 1, 0}}, "yes", HC_READ_TEXT, {"Yes", "yes"}, "+-"}, /* case counts */
	{{{"ja", 1, 0}, {"é,\"x\"", 2, 0}}, "ja", HC_READ_TEXT, {"é,\"x\"", "ja"}, "+-"},
	/* one class only */
	{{{"yes", 5, 0}}, "yes", HC_READ_TEXT, {"not yes", "yes"}, "+"},
	{{{"no", 5, 0}}, "yes", HC_READ_TEXT, {"no", "yes"}, "-"},
	{{{"no", 5, 0}, {" no", 5, 0}}, "yes", HC_READ_TEXT, {"no", "yes"}, "--"},
	{{{"0", 5, 0}, {"false", 1, 0}}, "yes", HC_READ_TEXT, {"0", "yes"}, "--"},
	/* of three, the one with more labels is negative, then with more predictions, then by bytes */
	{{{"a", 1, 0}, {"b", 1, 9}, {"c", 2, 0}}, "a", HC_READ_TEXT, {"c", "a"}, "+?-"},
	{{{"a", 1, 0}, {"b", 2, 2}, {"c", 2, 1}}, "a", HC_READ_TEXT, {"b", "a"}, "+-?"},
	{{{"a", 1, 0}, {"c", 2, 1}, {"b", 2, 1}}, "a", HC_READ_TEXT, {"b", "a"}, "+?-"},
	/* numbers that are equal count together */
	{{{"2", 1, 0}, {"3", 2, 0}, {"4", 1, 0}, {"4.0", 1, 0}, {"4e0", 1, 0}},
	 "2.0",
	 HC_READ_NUMBERS,
	 {"4", "2"},
	 "+?---"},
	{{{"-1", 4, 0}, {"1", 4, 0}}, "1", HC_READ_NUMBERS, {"-1", "1"}, "-+"},
	{{{"1", 4, 0}, {"2", 4, 0}, {"true", 1, 0}}, "1", HC_READ_NUMBERS, {"2", "1"}, "+-?"},
	{{{"0", 4, 0}, {"1", 4, 0}, {"2", 9, 0}}, "1", HC_READ_NUMBERS, {"2", "1"}, "?+-"},
	/* integers that are one double are not one class */
	{{{"9007199254740993", 1, 0}, {"9007199254740992.5", 1, 0}},
	 "9007199254740993",
	 HC_READ_TEXT,
	 {"9007199254740992.5", "9007199254740993"},
	 "+-"},
};

static void check_binary(const struct binary_case *b)
{
	struct hc_classes c;
	struct hc_err err;
	struct hc_class_map map;
	struct hc_arena arena HC_ARENA_SCOPED = HC_ARENA(ARENA);
	hc_classes_init(&c);
	intern(&c, b->uses);
	assert_int_equal(hc_classes_read_binary(&c, hc_str(b->positive_label), &arena, &map, NULL, &err), HC_OK);
	hc_classes_free(&c); /* the map needs the table no longer */
	hc_classes_init(&c);
	intern(&c, b->uses);
	assert_int_equal(map.reading, b->reading);
	assert_int_equal(map.classes, 2);
	assert_int_equal(map.n, strlen(b->roles));
	check_str(map.names[0], b->names[0]);
	check_str(map.names[1], b->names[1]);
	for (size_t i = 0; b->roles[i]; i++) {
		static const char signs[] = {[HC_ROLE_NONE] = '?', [HC_ROLE_NEGATIVE] = '-', [HC_ROLE_POSITIVE] = '+'};
		assert_int_equal(signs[map.roles[number_of(&c, b->uses[i].spelling)]], b->roles[i]);
	}
	hc_classes_free(&c);
}

static void test_binary(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(binary_cases); i++)
		check_binary(&binary_cases[i]);
}

/* What the reading says does not depend on the order in which spellings were met. */
static void test_binary_in_any_order(void **state)
{
	(void)state;
	uint64_t random = 1;
	for (size_t i = 0; i < COUNT(binary_cases); i++) {
		struct binary_case b = binary_cases[i];
		char roles[USES + 1] = "";
		strcpy(roles, b.roles);
		for (size_t n = strlen(roles); n > 1; n--) {
			size_t pick = check_random(&random) % n;
			struct use use = b.uses[pick];
			b.uses[pick] = b.uses[n - 1];
			b.uses[n - 1] = use;
			char role = roles[pick];
			roles[pick] = roles[n - 1];
			roles[n - 1] = role;
		}
		b.roles = roles;
		check_binary(&b);
	}
}

static void test_binary_refused(void **state)
{
	(void)state;
	static const struct {
		struct use uses[USES];
		const char *positive_label;
		uint64_t line; /* of the first such label */
		const char *says[3], *hint;
	} table[] = {
		{{{"no", 2, 0}, {"yes", 1, 0}}, "", 1, {"\"no\" (2), \"yes\" (1)"}, "--positive-label"},
		{{{"2", 2, 0}, {"1.5", 3, 0}}, "", 1, {"\"1.5\" (3), \"2\" (2)"}, "--positive-label"},
		{{{"0", 0, 5}, {"no", 2, 0}, {"yes", 1, 0}}, "", 1, {"\"no\" (2)", "\"0\" (0)"}, "--positive-label"},
		{{{"a\nb", 1, 0}, {"", 1, 0}}, "", 1, {"a\\x0ab", "\"\" (1)"}, "--positive-label"},
		{{{"no", 2, 0}, {"yes", 1, 0}},
		 "Yes",
		 1,
		 {"\"Yes\" is none", "\"no\" (2), \"yes\" (1)"},
		 "--positive-label"},
		{{{"0", 2, 0}, {"1", 1, 0}}, "2", 1, {"\"2\" is none"}, "--positive-label"},
		{{{"no", 2, 0}, {"maybe", 0, 1}}, "yes", 1, {"\"yes\" is none"}, "--positive-label"},
	};
	for (size_t i = 0; i < COUNT(table); i++) {
		struct hc_classes c;
		struct hc_err err;
		struct hc_class_map map, before;
		struct hc_class_place where = {77, 77};
		struct hc_arena arena HC_ARENA_SCOPED = HC_ARENA(ARENA);
		memset(&map, 0x5a, sizeof map);
		before = map;
		hc_classes_init(&c);
		intern(&c, table[i].uses);
		struct hc_str positive = hc_str(table[i].positive_label);
		assert_int_equal(hc_classes_read_binary(&c, positive, &arena, &map, &where, &err), HC_USAGE);
		assert_memory_equal(&map, &before, sizeof map);
		for (size_t j = 0; j < COUNT(table[i].says) && table[i].says[j]; j++)
			if (!strstr(err.msg, table[i].says[j]))
				fail_msg("\"%s\" does not say %s", err.msg, table[i].says[j]);
		assert_true(strstr(err.hint, table[i].hint) != NULL);
		assert_int_equal(where.file, LABEL);
		assert_int_equal(where.line, table[i].line);
		assert_int_equal(hc_classes_read_binary(&c, positive, &arena, &map, NULL, &err), HC_USAGE);
		hc_classes_free(&c);
	}
}

/* A message lists some classes and counts the others. */
static void test_long_lists_are_cut(void **state)
{
	(void)state;
	struct hc_classes c;
	struct hc_err err;
	struct hc_class_map map;
	struct hc_arena arena HC_ARENA_SCOPED = HC_ARENA(ARENA);
	hc_classes_init(&c);
	static char name[HC_CLASS_NAME_MAX];
	for (unsigned i = 0; i < HC_CLASSES_MAX; i++) {
		memset(name, 1, sizeof name);
		name[0] = (char)('a' + i % 26);
		name[1] = (char)('a' + i / 26);
		enter(&c, (struct hc_str){name, sizeof name}, LABEL, (struct hc_class_place){0});
	}
	assert_int_equal(hc_classes_read_binary(&c, HC_STR(""), &arena, &map, NULL, &err), HC_USAGE);
	assert_true(strstr(err.msg, "and 992 more") != NULL);
	hc_classes_free(&c);
}

/* ---- multiclass ---- */

static void test_multiclass(void **state)
{
	(void)state;
	static const struct {
		struct use uses[USES];
		enum hc_class_reading reading;
		const char *names[USES];
		const char *places; /* of each spelling, a digit */
	} table[] = {
		{{{NULL, 0, 0}}, HC_READ_NUMBERS, {NULL}, ""},
		{{{"2.0", 1, 0}, {"1", 1, 0}, {"10", 1, 0}, {" 2", 1, 0}, {"1e1", 0, 1}},
		 HC_READ_NUMBERS,
		 {"1", "2", "10"},
		 "10212"},
		{{{"-1", 1, 0}, {"0.5", 1, 0}, {"-0.0", 1, 0}, {"0", 1, 0}},
		 HC_READ_NUMBERS,
		 {"-1", "0", "0.5"},
		 "0211"},
		{{{"b", 1, 0}, {"a", 1, 0}, {"c", 0, 1}}, HC_READ_TEXT, {"a", "b", "c"}, "102"},
		{{{"10", 1, 0}, {"9", 1, 0}, {"x", 1, 0}}, HC_READ_TEXT, {"10", "9", "x"}, "012"},
		{{{"2", 1, 0}, {"2.0", 1, 0}, {"x", 1, 0}}, HC_READ_TEXT, {"2", "2.0", "x"}, "012"},
		{{{"a", 1, 0}, {"A", 1, 0}, {" a", 1, 0}, {"", 1, 0}}, HC_READ_TEXT, {"", " a", "A", "a"}, "3210"},
		{{{"é", 1, 0}, {"z", 1, 0}, {"a,b", 1, 0}, {"\"", 1, 0}},
		 HC_READ_TEXT,
		 {"\"", "a,b", "z", "é"},
		 "3210"},
		{{{"nan", 1, 0}, {"1", 1, 0}}, HC_READ_TEXT, {"1", "nan"}, "10"},
		/* integers that are one double are not one class */
		{{{"9007199254740991", 1, 0}, {"-9007199254740991", 1, 0}},
		 HC_READ_NUMBERS,
		 {"-9007199254740991", "9007199254740991"},
		 "10"},
		{{{"9007199254740993", 1, 0}, {"9007199254740992", 1, 0}},
		 HC_READ_TEXT,
		 {"9007199254740992", "9007199254740993"},
		 "10"},
	};
	for (size_t i = 0; i < COUNT(table); i++) {
		struct hc_classes c;
		struct hc_err err;
		struct hc_class_map map;
		struct hc_arena arena HC_ARENA_SCOPED = HC_ARENA(ARENA);
		hc_classes_init(&c);
		intern(&c, table[i].uses);
		assert_int_equal(hc_classes_read_multiclass(&c, &arena, &map, &err), HC_OK);
		assert_int_equal(map.reading, table[i].reading);
		assert_int_equal(map.n, strlen(table[i].places));
		for (size_t j = 0; j < USES && table[i].uses[j].spelling; j++)
			assert_int_equal(map.place[number_of(&c, table[i].uses[j].spelling)], table[i].places[j] - '0');
		hc_classes_free(&c); /* the map needs the table no longer */
		size_t names = 0;
		for (; names < USES && table[i].names[names]; names++)
			check_str(map.names[names], table[i].names[names]);
		assert_int_equal(map.classes, names);
	}
}

static void test_no_memory(void **state)
{
	(void)state;
	struct hc_classes c;
	struct hc_err err;
	struct hc_class_map map;
	hc_classes_init(&c);
	intern(&c, (struct use[USES]){{"0", 1, 0}, {"1", 1, 0}});
	for (size_t budget = 0; budget < 20; budget++) {
		struct hc_arena arena HC_ARENA_SCOPED = HC_ARENA(budget), other HC_ARENA_SCOPED = HC_ARENA(budget);
		assert_int_equal(hc_classes_read_binary(&c, HC_STR("0"), &arena, &map, NULL, &err), HC_NOMEM);
		assert_int_equal(hc_classes_read_multiclass(&c, &other, &map, &err), HC_NOMEM);
	}
	hc_classes_free(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_enter),
		cmocka_unit_test(test_counts),
		cmocka_unit_test(test_names_of_any_kind),
		cmocka_unit_test(test_places),
		cmocka_unit_test(test_binary),
		cmocka_unit_test(test_binary_in_any_order),
		cmocka_unit_test(test_binary_refused),
		cmocka_unit_test(test_long_lists_are_cut),
		cmocka_unit_test(test_multiclass),
		cmocka_unit_test(test_no_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
