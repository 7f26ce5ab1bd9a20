#include "contract/check.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/number.h"
#include "base/utf8.h"
#include "contract/pattern.h"

/* One check of one tree. */
struct check {
	const struct hc_check_codes *codes;
	struct hc_problem *problem;
	struct hc_buf path;  /* "tags.1.member.key", of the place that is looked at */
	struct hc_buf found; /* the findings so far, "; " between them */
	unsigned n_found;
	bool no_memory;
};

enum { PATH_MAX_BYTES = 1024 };

static const struct hc_check_codes json_codes = {"SerializationException", "ValidationException"};

/* --- problems ---------------------------------------------------------------------------------- */

/* A text that was cut may end within a character. */
static void end_well(char *text)
{
	text[hc_utf8_valid_prefix(text, strlen(text))] = '\0';
}

void hc_problem_set(struct hc_problem *problem, const char *code, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	vsnprintf(problem->text, sizeof problem->text, fmt, args);
	va_end(args);
	end_well(problem->text);
	problem->code = code;
}

bool hc_problem_nomem(struct hc_problem *problem)
{
	hc_problem_set(problem, "InternalFailure", "The server has no memory left for this request.");
	return false;
}

/* --- places ------------------------------------------------------------------------------------ */

/* Goes into a member; the length to come back to. Names of members begin in lower case, as AWS writes them. */
static size_t enter_member(struct check *c, const char *name)
{
	const size_t back = c->path.n;
	if (back > 0)
		hc_buf_char(&c->path, '.');
	if (*name >= 'A' && *name <= 'Z')
		hc_buf_char(&c->path, (char)(*name++ - 'A' + 'a'));
	hc_buf_cstr(&c->path, name);
	return back;
}

/* Names from outside are shown as values are. */
static size_t enter_key(struct check *c, const char *key, size_t n)
{
	const size_t back = c->path.n;
	char shown[HC_STR_SHOW_SIZE];
	if (back > 0)
		hc_buf_char(&c->path, '.');
	hc_buf_cstr(&c->path, hc_str_show((struct hc_str){key, n}, shown));
	return back;
}

static size_t enter_element(struct check *c, size_t index)
{
	const size_t back = c->path.n;
	hc_buf_printf(&c->path, ".%zu.member", index + 1);
	return back;
}

static void leave(struct check *c, size_t back)
{
	c->path.n = back;
	c->path.failed = HC_OK;
}

static const char *place(struct check *c)
{
	return hc_buf_cstring(&c->path);
}

/* --- types ------------------------------------------------------------------------------------- */

static const char *const type_names[] = {
	[HC_SHAPE_STRUCTURE] = "a structure", [HC_SHAPE_LIST] = "a list",        [HC_SHAPE_MAP] = "a map",
	[HC_SHAPE_STRING] = "a String",       [HC_SHAPE_INTEGER] = "an Integer", [HC_SHAPE_LONG] = "a Long",
	[HC_SHAPE_FLOAT] = "a Float",         [HC_SHAPE_DOUBLE] = "a Double",    [HC_SHAPE_BOOLEAN] = "a Boolean",
	[HC_SHAPE_TIMESTAMP] = "a Timestamp", [HC_SHAPE_BLOB] = "a Blob",
};

static bool wrong_type(struct check *c, const struct hc_shape *shape, const json_t *value)
{
	static const char *const tokens[] = {
		[JSON_OBJECT] = "Start of structure or map",
		[JSON_ARRAY] = "Start of list",
		[JSON_STRING] = "STRING_VALUE",
		[JSON_INTEGER] = "NUMBER_VALUE",
		[JSON_REAL] = "NUMBER_VALUE",
		[JSON_TRUE] = "TRUE_VALUE",
		[JSON_FALSE] = "FALSE_VALUE",
		[JSON_NULL] = "NULL_VALUE",
	};
	const char *token = tokens[json_typeof(value)];
	const char *wanted = type_names[shape->type];
	if (json_is_object(value) || json_is_array(value) || shape->type <= HC_SHAPE_MAP)
		hc_problem_set(c->problem, c->codes->serialization, "%s found where %s was expected, at '%s'", token,
			       wanted, place(c));
	else
		hc_problem_set(c->problem, c->codes->serialization, "%s cannot be converted to %s, at '%s'", token,
			       strchr(wanted, ' ') + 1, place(c));
	return false;
}

static bool is_integer_of(const json_t *value, double min, double max)
{
	if (json_is_integer(value))
		return (double)json_integer_value(value) >= min && (double)json_integer_value(value) <= max;
	/* Beyond 2^53 a real does not say which integer was meant. */
	const double real = json_is_real(value) ? json_real_value(value) : NAN;
	return real == trunc(real) && fabs(real) <= 0x1p53 && real >= min && real <= max;
}

static bool is_timestamp(const json_t *value)
{
	/* The years 1 to 9999. */
	return json_is_number(value) && json_number_value(value) >= -62135596800.0 &&
	       json_number_value(value) < 253402300800.0;
}

static bool is_of_type(enum hc_shape_type type, const json_t *value)
{
	switch (type) {
	case HC_SHAPE_STRUCTURE:
	case HC_SHAPE_MAP:
		return json_is_object(value);
	case HC_SHAPE_LIST:
		return json_is_array(value);
	case HC_SHAPE_STRING:
	case HC_SHAPE_BLOB:
		return json_is_string(value);
	case HC_SHAPE_INTEGER:
		return is_integer_of(value, INT32_MIN, INT32_MAX);
	case HC_SHAPE_LONG:
		return is_integer_of(value, -0x1p63, 0x1p63);
	case HC_SHAPE_FLOAT:
	case HC_SHAPE_DOUBLE:
		return json_is_number(value);
	case HC_SHAPE_BOOLEAN:
		return json_is_boolean(value);
	case HC_SHAPE_TIMESTAMP:
		return is_timestamp(value);
	}
	return false;
}

static bool check_type(struct check *c, const struct hc_shape *shape, json_t *value);

static bool check_type_members(struct check *c, const struct hc_shape *shape, json_t *object)
{
	for (size_t i = 0; i < shape->n_members; i++) {
		const struct hc_member *member = &shape->members[i];
		json_t *value = json_object_get(object, member->name);
		if (value == NULL || json_is_null(value)) {
			json_object_del(object, member->name);
			continue;
		}
		const size_t back = enter_member(c, member->name);
		if (!check_type(c, member->shape, value))
			return false;
		leave(c, back);
		const bool counts = member->shape->type == HC_SHAPE_INTEGER || member->shape->type == HC_SHAPE_LONG;
		if (counts && json_is_real(value) &&
		    json_object_set_new(object, member->name, json_integer((json_int_t)json_real_value(value))) != 0)
			return hc_problem_nomem(c->problem);
	}
	return true;
}

/* Elements and values that are null stay; check_container finds them. */
static bool check_type_list(struct check *c, const struct hc_shape *shape, json_t *list)
{
	for (size_t i = 0; i < json_array_size(list); i++) {
		json_t *element = json_array_get(list, i);
		const size_t back = enter_element(c, i);
		if (!json_is_null(element) && !check_type(c, shape->members[0].shape, element))
			return false;
		leave(c, back);
	}
	return true;
}

static bool check_type_map(struct check *c, const struct hc_shape *shape, json_t *map)
{
	const char *key;
	size_t n_key;
	json_t *value;
	json_object_keylen_foreach(map, key, n_key, value)
	{
		const size_t back = enter_key(c, key, n_key);
		if (!json_is_null(value) && !check_type(c, shape->members[1].shape, value))
			return false;
		leave(c, back);
	}
	return true;
}

/* Types all the way down, before anything else is looked at. Nulls of structures go, integers become integers. */
static bool check_type(struct check *c, const struct hc_shape *shape, json_t *value)
{
	if (!is_of_type(shape->type, value))
		return wrong_type(c, shape, value);
	if (shape->type == HC_SHAPE_STRUCTURE)
		return check_type_members(c, shape, value);
	if (shape->type == HC_SHAPE_LIST)
		return check_type_list(c, shape, value);
	if (shape->type == HC_SHAPE_MAP)
		return check_type_map(c, shape, value);
	return true;
}

/* --- values, as messages show them --------------------------------------------------------------- */

/* A value in as many bytes as a message has for it: [a, b], {k=v}, text and numbers as they are. */
static void print_value(const json_t *value, struct hc_buf *out)
{
	char number[HC_NUMBER_PRINT_SIZE];
	const char *key;
	json_t *inner;
	const char *before = "";
	switch (json_typeof(value)) {
	case JSON_OBJECT:
		hc_buf_char(out, '{');
		json_object_foreach((json_t *)(uintptr_t)value, key, inner)
		{
			if (out->failed || out->n > HC_STR_SHOWN_MAX)
				break;
			hc_buf_printf(out, "%s%s=", before, key);
			print_value(inner, out);
			before = ", ";
		}
		hc_buf_char(out, '}');
		break;
	case JSON_ARRAY:
		hc_buf_char(out, '[');
		for (size_t i = 0; i < json_array_size(value) && !out->failed && out->n <= HC_STR_SHOWN_MAX; i++) {
			hc_buf_cstr(out, i > 0 ? ", " : "");
			print_value(json_array_get(value, i), out);
		}
		hc_buf_char(out, ']');
		break;
	case JSON_STRING:
		/* As much as is shown, and one byte more, so that the cut is seen. */
		hc_buf_put(out, json_string_value(value),
			   json_string_length(value) <= 4 * HC_STR_SHOWN_MAX ? json_string_length(value)
									     : 4 * HC_STR_SHOWN_MAX);
		break;
	case JSON_INTEGER:
		hc_buf_printf(out, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
		break;
	case JSON_REAL:
		hc_buf_put(out, number, hc_number_print_short(json_real_value(value), number));
		break;
	case JSON_TRUE:
	case JSON_FALSE:
		hc_buf_cstr(out, json_is_true(value) ? "true" : "false");
		break;
	case JSON_NULL:
		hc_buf_cstr(out, "null");
		break;
	}
}

/* " 'VALUE'", " null" */
static void find_value(struct check *c, const char *open, const json_t *value, const char *close)
{
	if (value == NULL || json_is_null(value)) {
		hc_buf_cstr(&c->found, " null");
		return;
	}
	struct hc_buf text HC_BUF_SCOPED = HC_BUF(HC_PROBLEM_TEXT_MAX);
	char shown[HC_STR_SHOW_SIZE];
	print_value(value, &text);
	hc_buf_printf(&c->found, " '%s%s%s'", open, hc_str_show(hc_buf_view(&text), shown), close);
}

/* --- constraints ------------------------------------------------------------------------------- */

/* Begins a finding about the current place; what must be is the caller's to add. */
static void find(struct check *c, const char *open, const json_t *value, const char *close)
{
	if (c->n_found++ > 0)
		hc_buf_cstr(&c->found, "; ");
	hc_buf_cstr(&c->found, "Value");
	find_value(c, open, value, close);
	hc_buf_printf(&c->found, " at '%s' failed to satisfy constraint: ", place(c));
}

static bool is_full(const struct check *c)
{
	return c->n_found >= HC_CONTRACT_FINDINGS_MAX || c->no_memory;
}

enum { BREAKS_MAX = 1, BREAKS_MIN = 2, BREAKS_PATTERN = 4, BREAKS_ENUM = 8 };

static size_t characters(struct hc_str text)
{
	size_t n = 0;
	for (size_t i = 0; i < text.n; i++)
		n += ((unsigned char)text.p[i] & 0xc0) != 0x80;
	return n;
}

static bool is_number_shape(const struct hc_shape *shape)
{
	return shape->type >= HC_SHAPE_INTEGER && shape->type <= HC_SHAPE_DOUBLE;
}

static double measure(const struct hc_shape *shape, const json_t *value)
{
	if (json_is_string(value))
		return (double)characters((struct hc_str){json_string_value(value), json_string_length(value)});
	if (json_is_array(value))
		return (double)json_array_size(value);
	if (json_is_object(value))
		return (double)json_object_size(value);
	return is_number_shape(shape) ? json_number_value(value) : 0;
}

static bool is_one_of(const char *const *values, struct hc_str text)
{
	for (; *values != NULL; values++)
		if (hc_str_eq(hc_str(*values), text))
			return true;
	return false;
}

/* Which constraints of the shape itself the value breaks. */
static unsigned broken(const struct hc_shape *shape, const json_t *value)
{
	unsigned found = 0;
	if (shape->has_max || shape->has_min) {
		const double size = measure(shape, value);
		found |= shape->has_max && size > shape->max ? BREAKS_MAX : 0U;
		found |= shape->has_min && size < shape->min ? BREAKS_MIN : 0U;
	}
	if (!json_is_string(value))
		return found;
	const struct hc_str text = {json_string_value(value), json_string_length(value)};
	if (shape->pattern_index != 0 && !hc_pattern_matches(shape->pattern_index, text))
		found |= BREAKS_PATTERN;
	if (shape->values != NULL && !is_one_of(shape->values, text))
		found |= BREAKS_ENUM;
	return found;
}

static void say_bound(struct check *c, const struct hc_shape *shape, const char *order, double bound)
{
	char number[HC_NUMBER_PRINT_SIZE];
	number[hc_number_print_short(bound, number)] = '\0';
	hc_buf_printf(&c->found, "Member must have %s %s than or equal to %s",
		      is_number_shape(shape) ? "value" : "length", order, number);
}

/* One constraint in AWS's words. */
static void say(struct check *c, const struct hc_shape *shape, unsigned constraint)
{
	if (constraint == BREAKS_MAX)
		say_bound(c, shape, "less", shape->max);
	else if (constraint == BREAKS_MIN)
		say_bound(c, shape, "greater", shape->min);
	else if (constraint == BREAKS_PATTERN)
		/* The whole value must match; where the pattern does not say so itself, we do. */
		hc_buf_printf(&c->found, "Member must satisfy regular expression pattern: %s%s%s",
			      strchr("^\\(", shape->pattern[0]) != NULL ? "" : "^", shape->pattern,
			      strchr("^\\(", shape->pattern[0]) != NULL || hc_str_ends(hc_str(shape->pattern), "$")
				      ? ""
				      : "$");
	else {
		hc_buf_cstr(&c->found, "Member must satisfy enum value set: [");
		for (size_t i = 0; shape->values[i] != NULL; i++)
			hc_buf_printf(&c->found, "%s%s", i > 0 ? ", " : "", shape->values[i]);
		hc_buf_char(&c->found, ']');
	}
}

/* The constraints that a shape has, all of them: what a bad element's list is told. */
static unsigned constraints_of(const struct hc_shape *shape)
{
	return (shape->has_max ? BREAKS_MAX : 0U) | (shape->has_min ? BREAKS_MIN : 0U) |
	       (shape->pattern != NULL ? BREAKS_PATTERN : 0U) | (shape->values != NULL ? BREAKS_ENUM : 0U);
}

static void say_all(struct check *c, const char *what, const struct hc_shape *shape)
{
	const unsigned all = constraints_of(shape);
	const char *before = "";
	hc_buf_printf(&c->found, "%s must satisfy constraint: [", what);
	for (unsigned one = BREAKS_MAX; one <= BREAKS_ENUM; one <<= 1)
		if (all & one) {
			hc_buf_cstr(&c->found, before);
			say(c, shape, one);
			before = ", ";
		}
	hc_buf_char(&c->found, ']');
}

static void check_own(struct check *c, const struct hc_shape *shape, const json_t *value)
{
	const unsigned found = broken(shape, value);
	for (unsigned one = BREAKS_MAX; one <= BREAKS_ENUM && found; one <<= 1)
		if (found & one) {
			find(c, "", value, "");
			say(c, shape, one);
		}
}

/* --- the walk ---------------------------------------------------------------------------------- */

static void check_value(struct check *c, const struct hc_shape *shape, json_t *value);

static bool is_plain(const struct hc_shape *shape)
{
	return shape->type > HC_SHAPE_MAP;
}

static void find_null(struct check *c)
{
	find(c, "", NULL, "");
	hc_buf_cstr(&c->found, "Member must not be null");
}

static void put_default(struct check *c, const struct hc_member *member, json_t *object)
{
	json_t *value = json_loads(member->default_json, JSON_DECODE_ANY, NULL);
	if (json_object_set_new(object, member->name, value) != 0)
		c->no_memory = true;
}

static void check_member(struct check *c, const struct hc_member *member, json_t *object)
{
	json_t *value = json_object_get(object, member->name);
	if (value == NULL && member->default_json != NULL) {
		put_default(c, member, object);
		return;
	}
	if (value == NULL && !member->required)
		return;
	const size_t back = enter_member(c, member->name);
	if (value == NULL) {
		find_null(c);
	} else if (member->unsupported != NULL) {
		find(c, "", value, "");
		hc_buf_printf(&c->found, "Member is not supported by this server: %s", member->unsupported);
	} else {
		check_value(c, member->shape, value);
	}
	leave(c, back);
}

static bool has_member(const struct hc_shape *shape, const char *key)
{
	for (size_t i = 0; i < shape->n_members; i++)
		if (strcmp(shape->members[i].name, key) == 0)
			return true;
	return false;
}

/* What no model has would be dropped in silence: that is worth an error. */
static void check_strangers(struct check *c, const struct hc_shape *shape, json_t *object)
{
	const char *key;
	size_t n_key;
	json_t *value;
	json_object_keylen_foreach(object, key, n_key, value)
	{
		if (is_full(c))
			return;
		if (has_member(shape, key))
			continue;
		const size_t back = enter_key(c, key, n_key);
		find(c, "", value, "");
		hc_buf_cstr(&c->found, "Member is not known to this server, which would have to ignore it");
		leave(c, back);
	}
}

static void check_union(struct check *c, const struct hc_shape *shape, const json_t *object)
{
	if (json_object_size(object) == 1)
		return;
	find(c, "", object, "");
	hc_buf_cstr(&c->found, "Member must have exactly one of [");
	for (size_t i = 0; i < shape->n_members; i++)
		hc_buf_printf(&c->found, "%s%s", i > 0 ? ", " : "", shape->members[i].name);
	hc_buf_char(&c->found, ']');
}

static void check_structure(struct check *c, const struct hc_shape *shape, json_t *object)
{
	for (size_t i = 0; i < shape->n_members && !is_full(c); i++)
		check_member(c, &shape->members[i], object);
	if (shape->is_union && !is_full(c))
		check_union(c, shape, object);
	check_strangers(c, shape, object);
}

/* Plain elements: one finding for the list, which shows the first bad one. */
static void check_list(struct check *c, const struct hc_shape *shape, json_t *list)
{
	const struct hc_shape *of = shape->members[0].shape;
	for (size_t i = 0; i < json_array_size(list) && !is_full(c); i++) {
		json_t *element = json_array_get(list, i);
		if (is_plain(of) && !json_is_null(element)) {
			if (!broken(of, element))
				continue;
			find(c, "[", element, "]");
			say_all(c, "Member", of);
			return;
		}
		const size_t back = enter_element(c, i);
		if (json_is_null(element))
			find_null(c);
		else
			check_value(c, of, element);
		leave(c, back);
	}
}

static bool check_key(struct check *c, const struct hc_shape *shape, const char *key, size_t n_key)
{
	json_t *text = json_stringn(key, n_key);
	if (text == NULL) {
		c->no_memory = true;
		return false;
	}
	const bool good = !broken(shape, text);
	if (!good) {
		find(c, "{", text, "}");
		say_all(c, "Map keys", shape);
	}
	json_decref(text);
	return good;
}

static void check_map(struct check *c, const struct hc_shape *shape, json_t *map)
{
	const struct hc_shape *key_shape = shape->members[0].shape, *of = shape->members[1].shape;
	bool keys_good = true, values_good = true;
	const char *key;
	size_t n_key;
	json_t *value;
	json_object_keylen_foreach(map, key, n_key, value)
	{
		if (is_full(c))
			return;
		if (keys_good)
			keys_good = check_key(c, key_shape, key, n_key);
		const bool plain = is_plain(of) && !json_is_null(value);
		if (plain && (!values_good || !broken(of, value)))
			continue;
		const size_t back = enter_key(c, key, n_key);
		if (json_is_null(value)) {
			find_null(c);
		} else if (plain) {
			values_good = false;
			find(c, "", value, "");
			say_all(c, "Map value", of);
		} else {
			check_value(c, of, value);
		}
		leave(c, back);
	}
}

static void check_value(struct check *c, const struct hc_shape *shape, json_t *value)
{
	check_own(c, shape, value);
	if (is_full(c))
		return;
	if (shape->type == HC_SHAPE_STRUCTURE)
		check_structure(c, shape, value);
	else if (shape->type == HC_SHAPE_LIST)
		check_list(c, shape, value);
	else if (shape->type == HC_SHAPE_MAP)
		check_map(c, shape, value);
}

static bool conclude(struct check *c)
{
	if (c->no_memory || c->found.failed == HC_NOMEM)
		return hc_problem_nomem(c->problem);
	if (c->n_found == 0)
		return true;
	hc_problem_set(c->problem, c->codes->validation, "%u validation error%s detected: %s", c->n_found,
		       c->n_found == 1 ? "" : "s", hc_buf_cstring(&c->found));
	return false;
}

bool hc_check_tree(const struct hc_shape *shape, json_t *tree, const struct hc_check_codes *codes,
		   struct hc_problem *problem)
{
	static const struct hc_shape nothing = {.type = HC_SHAPE_STRUCTURE, .name = "Unit"};
	/* The greatest text of one finding is far below this; a text that is full ends the walk (is_full). */
	struct check c = {codes, problem, HC_BUF(PATH_MAX_BYTES), HC_BUF(1 << 20), 0, false};
	if (shape == NULL)
		shape = &nothing;
	bool good = check_type(&c, shape, tree);
	if (good) {
		leave(&c, 0);
		check_value(&c, shape, tree);
		good = conclude(&c);
	}
	hc_buf_free(&c.path);
	hc_buf_free(&c.found);
	return good;
}

/* --- bodies ------------------------------------------------------------------------------------ */

/* Bounds what the parser would build, by the text's brackets and commas outside of strings. */
static const char *outline(struct hc_str body)
{
	size_t depth = 0, containers = 0, values = 0;
	bool in_string = false;
	for (size_t i = 0; i < body.n; i++) {
		const char at = body.p[i];
		if (at == '\0')
			return "a NUL byte";
		if (in_string) {
			i += at == '\\';
			in_string = at != '"';
		} else if (at == '"') {
			in_string = true;
		} else if (at == '{' || at == '[') {
			if (++depth > HC_CONTRACT_DEPTH_MAX)
				return "too many containers within each other";
			if (++containers > HC_CONTRACT_CONTAINERS_MAX)
				return "too many objects and arrays";
		} else if (at == '}' || at == ']') {
			depth -= depth > 0;
		} else if (at == ',' && ++values > HC_CONTRACT_VALUES_MAX) {
			return "too many values";
		}
	}
	return NULL;
}

static json_t *parse(struct hc_str body, struct hc_problem *problem)
{
	const char *code = json_codes.serialization;
	if (body.n > HC_CONTRACT_BODY_MAX) {
		hc_problem_set(problem, code, "The body has %zu bytes; the most is %d.", body.n, HC_CONTRACT_BODY_MAX);
		return NULL;
	}
	const char *beyond = outline(body);
	if (beyond != NULL) {
		hc_problem_set(problem, code, "The body has %s.", beyond);
		return NULL;
	}
	json_error_t error;
	json_t *tree = json_loadb(body.p, body.n, JSON_REJECT_DUPLICATES, &error);
	if (tree == NULL && json_error_code(&error) == json_error_out_of_memory) {
		hc_problem_nomem(problem);
	} else if (tree == NULL) {
		char shown[HC_STR_SHOW_SIZE];
		hc_problem_set(problem, code, "The body is not valid JSON at line %d, column %d: %s", error.line,
			       error.column, hc_str_show(hc_str(error.text), shown));
	} else if (!json_is_object(tree)) {
		hc_problem_set(problem, code, "The body is a JSON array; it must be an object.");
		json_decref(tree);
		return NULL;
	}
	return tree;
}

bool hc_contract_read_json(const struct hc_operation *op, struct hc_str body, json_t **out, struct hc_problem *problem)
{
	json_t *tree = NULL;
	if (hc_str_trim(body).n == 0) {
		tree = json_object();
		if (tree == NULL)
			return hc_problem_nomem(problem);
	} else {
		tree = parse(body, problem);
		if (tree == NULL)
			return false;
	}
	if (!hc_check_tree(op->input, tree, &json_codes, problem)) {
		json_decref(tree);
		return false;
	}
	*out = tree;
	return true;
}

bool hc_contract_check_output(const struct hc_operation *op, const json_t *result, struct hc_problem *problem)
{
	if (result == NULL && op->output == NULL)
		return true;
	/* A copy: the check puts things in order. */
	json_t *tree = result != NULL ? json_deep_copy(result) : json_object();
	if (tree == NULL)
		return hc_problem_nomem(problem);
	const bool good = hc_check_tree(op->output, tree, &json_codes, problem);
	json_decref(tree);
	return good;
}
