#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "base/instant.h"
#include "base/number.h"
#include "codec/percent.h"
#include "codec/xml.h"
#include "contract/check.h"

static const struct hc_check_codes query_codes = {"MalformedInput", "ValidationError"};

/* One form as it is read. */
struct form {
	const struct hc_operation *op;
	struct hc_problem *problem;
	struct hc_buf name, value; /* decoded */
	size_t n_nodes, n_pairs;
};

/* --- from pairs to a tree of names: objects of objects, texts at the ends -------------------------- */

/* Refuses the form because of one of its names. */
#define refuse(form, name, ...) refuse_name((form)->problem, (name), __VA_ARGS__)

static bool refuse_name(struct hc_problem *problem, struct hc_str name, const char *what)
{
	char shown[HC_STR_SHOW_SIZE];
	hc_problem_set(problem, query_codes.serialization, "The parameter %s %s.", hc_str_show(name, shown), what);
	return false;
}

/* The object below `node` of that name; made when it is not there. */
static json_t *descend(struct form *form, json_t *node, struct hc_str part)
{
	json_t *inner = json_object_getn(node, part.p, part.n);
	if (inner != NULL) {
		if (json_is_object(inner))
			return inner;
		refuse(form, hc_buf_view(&form->name), "stands below another that has a value");
		return NULL;
	}
	if (++form->n_nodes > HC_CONTRACT_CONTAINERS_MAX) {
		refuse(form, hc_buf_view(&form->name), "is beyond the number of structures and lists of one request");
		return NULL;
	}
	inner = json_object();
	if (json_object_setn_new(node, part.p, part.n, inner) == 0)
		return inner;
	/* Not text, or no memory. */
	refuse(form, hc_buf_view(&form->name), "has a name that cannot be kept");
	return NULL;
}

static bool put_leaf(struct form *form, json_t *node, struct hc_str part)
{
	const struct hc_str name = hc_buf_view(&form->name), value = hc_buf_view(&form->value);
	if (json_object_getn(node, part.p, part.n) != NULL)
		return refuse(form, name, "is given twice");
	if (value.n > 0 && memchr(value.p, '\0', value.n) != NULL)
		return refuse(form, name, "has a NUL byte in its value");
	json_t *text = json_stringn(value.n > 0 ? value.p : "", value.n);
	if (text == NULL)
		return refuse(form, name, "has a value that is not UTF-8");
	if (json_object_setn_new(node, part.p, part.n, text) != 0)
		return refuse(form, name, "has a name that cannot be kept");
	return true;
}

static bool put_pair(struct form *form, json_t *tree)
{
	struct hc_str rest = hc_buf_view(&form->name);
	json_t *node = tree;
	if (rest.n == 0 || memchr(rest.p, '\0', rest.n) != NULL)
		return refuse(form, rest, "has no name, or a NUL byte in it");
	for (unsigned parts = 1; parts <= HC_CONTRACT_PARTS_MAX; parts++) {
		const char *dot = memchr(rest.p, '.', rest.n);
		if (dot == NULL)
			return put_leaf(form, node, rest);
		const struct hc_str part = {rest.p, (size_t)(dot - rest.p)};
		node = descend(form, node, part);
		if (node == NULL)
			return false;
		rest.p += part.n + 1;
		rest.n -= part.n + 1;
	}
	return refuse(form, hc_buf_view(&form->name), "has too many parts");
}

/* What is no member of the input: the operation, who signs. */
static bool is_of_protocol(struct form *form, bool *good)
{
	const struct hc_str name = hc_buf_view(&form->name);
	if (hc_str_eq(name, HC_STR("Action")) || hc_str_starts(name, "X-Amz-"))
		return true;
	if (!hc_str_eq(name, HC_STR("Version")))
		return false;
	if (form->op->version == NULL || !hc_str_eq(hc_buf_view(&form->value), hc_str(form->op->version))) {
		char shown[HC_STR_SHOW_SIZE];
		hc_problem_set(form->problem, "InvalidAction", "Could not find operation %s for version %s",
			       form->op->name, hc_str_show(hc_buf_view(&form->value), shown));
		*good = false;
	}
	return true;
}

static bool read_pair(struct form *form, struct hc_str name, struct hc_str value, json_t *tree)
{
	hc_buf_reset(&form->name);
	hc_buf_reset(&form->value);
	if (++form->n_pairs > HC_CONTRACT_VALUES_MAX)
		return refuse(form, name, "is beyond the number of parameters of one request");
	if (!hc_percent_decode(name, true, &form->name) || !hc_percent_decode(value, true, &form->value))
		return refuse(form, name, "is not encoded as a form is (%XX)");
	if (form->name.failed || form->value.failed)
		return hc_problem_nomem(form->problem);
	bool good = true;
	if (is_of_protocol(form, &good))
		return good;
	return put_pair(form, tree);
}

/* --- from names to the shape's tree ------------------------------------------------------------- */

/* The caller's. NULL: the problem is set. `name` is the last part of the parameter's name, for messages. */
static json_t *convert(struct form *form, const struct hc_shape *shape, struct hc_str name, json_t *node);

struct numbered {
	uint64_t number;
	json_t *node;
};

static int compare_numbered(const void *a, const void *b)
{
	const uint64_t x = ((const struct numbered *)a)->number, y = ((const struct numbered *)b)->number;
	return (x > y) - (x < y);
}

/* "1" to HC_CONTRACT_INDEX_MAX, without leading zeros, so that no two names are one number. */
static bool parse_index(struct hc_str text, uint64_t *out)
{
	return text.n > 0 && text.n <= 7 && text.p[0] != '0' && hc_u64_parse(text, out) &&
	       *out <= HC_CONTRACT_INDEX_MAX;
}

/*
 * What stands below "NAME.member." or "NAME.entry.", in the order of the numbers. A text instead is the empty list, which has no other way
 * to be said. False: the problem is set. *out is the caller's to free.
 */
static bool collect(struct form *form, const char *between, struct hc_str name, const json_t *node, size_t *n,
		    struct numbered **out)
{
	*n = 0;
	*out = NULL;
	if (json_is_string(node))
		return json_string_length(node) == 0 ? true
						     : refuse(form, name, "is no list: it has a value of its own");
	json_t *numbers = json_object_get(node, between);
	if (!json_is_object(numbers) || json_object_size(node) != 1)
		return refuse(form, name, "is a list or map, whose elements are named .member.N or .entry.N");
	struct numbered *found = malloc(json_object_size(numbers) * sizeof *found);
	if (found == NULL)
		return hc_problem_nomem(form->problem);
	const char *key;
	size_t n_key, count = 0;
	json_t *inner;
	json_object_keylen_foreach(numbers, key, n_key, inner)
	{
		if (!parse_index((struct hc_str){key, n_key}, &found[count].number)) {
			free(found);
			return refuse(form, name, "has an element whose number is none, or too great");
		}
		found[count++].node = inner;
	}
	qsort(found, count, sizeof *found, compare_numbered);
	*n = count;
	*out = found;
	return true;
}

static json_t *convert_list(struct form *form, const struct hc_shape *shape, struct hc_str name, json_t *node)
{
	size_t n;
	struct numbered *elements;
	if (!collect(form, "member", name, node, &n, &elements))
		return NULL;
	json_t *list = json_array();
	for (size_t i = 0; i < n && list != NULL; i++) {
		json_t *element = convert(form, shape->members[0].shape, name, elements[i].node);
		if (element == NULL || json_array_append_new(list, element) != 0) {
			json_decref(list);
			list = NULL;
		}
	}
	free(elements);
	return list;
}

static bool convert_entry(struct form *form, const struct hc_shape *shape, struct hc_str name, const json_t *entry,
			  json_t *map)
{
	json_t *key = json_object_get(entry, "key"), *value = json_object_get(entry, "value");
	if (!json_is_string(key) || value == NULL || json_object_size(entry) != 2)
		return refuse(form, name, "has an entry that is not a key and a value");
	if (json_object_get(map, json_string_value(key)) != NULL)
		return refuse(form, name, "has two entries of one key");
	json_t *converted = convert(form, shape->members[1].shape, name, value);
	return converted != NULL && json_object_set_new(map, json_string_value(key), converted) == 0;
}

static json_t *convert_map(struct form *form, const struct hc_shape *shape, struct hc_str name, json_t *node)
{
	size_t n;
	struct numbered *entries;
	if (!collect(form, "entry", name, node, &n, &entries))
		return NULL;
	json_t *map = json_object();
	for (size_t i = 0; i < n && map != NULL; i++)
		if (!convert_entry(form, shape, name, entries[i].node, map)) {
			json_decref(map);
			map = NULL;
		}
	free(entries);
	return map;
}

/* Members that the shape has not stay as they are: the check names them. */
static json_t *convert_structure(struct form *form, const struct hc_shape *shape, struct hc_str name, json_t *node)
{
	if (!json_is_object(node)) {
		refuse(form, name, "is a structure and cannot have a value of its own");
		return NULL;
	}
	for (size_t i = 0; i < shape->n_members; i++) {
		const struct hc_member *member = &shape->members[i];
		json_t *inner = json_object_get(node, member->name);
		if (inner == NULL)
			continue;
		json_t *converted = convert(form, member->shape, hc_str(member->name), inner);
		if (converted == NULL || json_object_set_new(node, member->name, converted) != 0)
			return NULL;
	}
	return json_incref(node);
}

static json_t *integer_of(struct hc_str text)
{
	uint64_t digits;
	const bool minus = text.n > 1 && text.p[0] == '-';
	const struct hc_str rest = {text.p + minus, text.n - minus};
	if (!hc_u64_parse(rest, &digits) || digits > INT64_MAX)
		return NULL;
	return json_integer(minus ? -(json_int_t)digits : (json_int_t)digits);
}

static json_t *timestamp_of(struct hc_str text)
{
	int64_t us;
	if (!hc_instant_parse(text, &us))
		return NULL;
	return us % HC_SECOND_US == 0 ? json_integer(us / HC_SECOND_US) : json_real((double)us / 1e6);
}

static json_t *boolean_of(struct hc_str text)
{
	if (hc_str_eq_nocase(text, HC_STR("true")))
		return json_true();
	return hc_str_eq_nocase(text, HC_STR("false")) ? json_false() : NULL;
}

static json_t *number_of(struct hc_str text)
{
	double number;
	return hc_number_parse(text, &number) && isfinite(number) ? json_real(number) : NULL;
}

static json_t *scalar_of(enum hc_shape_type type, json_t *node, struct hc_str text)
{
	switch (type) {
	case HC_SHAPE_INTEGER:
	case HC_SHAPE_LONG:
		return integer_of(text);
	case HC_SHAPE_FLOAT:
	case HC_SHAPE_DOUBLE:
		return number_of(text);
	case HC_SHAPE_BOOLEAN:
		return boolean_of(text);
	case HC_SHAPE_TIMESTAMP:
		return timestamp_of(text);
	default:
		return json_incref(node);
	}
}

static json_t *convert_scalar(struct form *form, const struct hc_shape *shape, struct hc_str name, json_t *node)
{
	if (!json_is_string(node)) {
		refuse(form, name, "is a single value and has none below it");
		return NULL;
	}
	json_t *value =
		scalar_of(shape->type, node, (struct hc_str){json_string_value(node), json_string_length(node)});
	if (value == NULL)
		refuse(form, name,
		       shape->type == HC_SHAPE_TIMESTAMP ? "is no time in ISO 8601"
		       : shape->type == HC_SHAPE_BOOLEAN ? "is neither true nor false"
							 : "is no number of its kind");
	return value;
}

static json_t *convert(struct form *form, const struct hc_shape *shape, struct hc_str name, json_t *node)
{
	switch (shape->type) {
	case HC_SHAPE_STRUCTURE:
		return convert_structure(form, shape, name, node);
	case HC_SHAPE_LIST:
		return convert_list(form, shape, name, node);
	case HC_SHAPE_MAP:
		return convert_map(form, shape, name, node);
	default:
		return convert_scalar(form, shape, name, node);
	}
}

static bool read_form(struct form *form, struct hc_str text, json_t *tree)
{
	struct hc_str name, value;
	bool has_value;
	if (text.n > HC_CONTRACT_BODY_MAX) {
		hc_problem_set(form->problem, query_codes.serialization, "The form has %zu bytes; the most is %d.",
			       text.n, HC_CONTRACT_BODY_MAX);
		return false;
	}
	while (hc_query_next(&text, &name, &value, &has_value))
		if (!read_pair(form, name, value, tree))
			return false;
	const struct hc_shape *shape = form->op->input;
	json_t *converted = shape == NULL ? json_incref(tree) : convert(form, shape, hc_str(shape->name), tree);
	json_decref(converted);
	return converted != NULL && hc_check_tree(shape, tree, &query_codes, form->problem);
}

bool hc_contract_read_query(const struct hc_operation *op, struct hc_str text, json_t **out, struct hc_problem *problem)
{
	struct form form = {op, problem, HC_BUF(HC_CONTRACT_BODY_MAX), HC_BUF(HC_CONTRACT_BODY_MAX), 0, 0};
	json_t *tree = json_object();
	/* Whoever finds nothing to say ran out of memory. */
	hc_problem_nomem(problem);
	const bool good = tree != NULL && read_form(&form, text, tree);
	hc_buf_free(&form.name);
	hc_buf_free(&form.value);
	if (good)
		*out = tree;
	else
		json_decref(tree);
	return good;
}

/* --- answers ----------------------------------------------------------------------------------- */

static void open_tag(struct hc_buf *out, const char *name)
{
	hc_buf_printf(out, "<%s>", name);
}

static void close_tag(struct hc_buf *out, const char *name)
{
	hc_buf_printf(out, "</%s>", name);
}

static void write_value(const struct hc_shape *shape, const json_t *value, struct hc_buf *out);

static void write_named(const struct hc_shape *shape, const char *name, const json_t *value, struct hc_buf *out)
{
	open_tag(out, name);
	write_value(shape, value, out);
	close_tag(out, name);
}

static void write_map(const struct hc_shape *shape, const json_t *map, struct hc_buf *out)
{
	const char *key;
	size_t n_key;
	json_t *value;
	json_object_keylen_foreach((json_t *)(uintptr_t)map, key, n_key, value)
	{
		open_tag(out, "entry");
		hc_xml_element(out, "key", (struct hc_str){key, n_key});
		write_named(shape->members[1].shape, "value", value, out);
		close_tag(out, "entry");
	}
}

static void write_timestamp(double seconds, struct hc_buf *out)
{
	/* 0001-01-01T00:00:00Z and the last millisecond of 9999. */
	const double ms = fmin(fmax(round(seconds * 1000), -62135596800000.0), 253402300799999.0);
	const int64_t us = (int64_t)ms * 1000;
	char text[HC_INSTANT_SIZE];
	if (us % HC_SECOND_US == 0)
		hc_instant_print(us, text);
	else
		hc_instant_print_ms(us, text);
	hc_buf_cstr(out, text);
}

static void write_scalar(enum hc_shape_type type, const json_t *value, struct hc_buf *out)
{
	char number[HC_NUMBER_PRINT_SIZE];
	if (json_is_number(value) && type == HC_SHAPE_TIMESTAMP)
		write_timestamp(json_number_value(value), out);
	else if (json_is_integer(value))
		hc_buf_printf(out, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
	else if (json_is_real(value))
		hc_buf_put(out, number, hc_number_print_short(json_real_value(value), number));
	else if (json_is_boolean(value))
		hc_buf_cstr(out, json_is_true(value) ? "true" : "false");
	else if (json_is_string(value))
		hc_xml_text(out, (struct hc_str){json_string_value(value), json_string_length(value)});
}

static void write_value(const struct hc_shape *shape, const json_t *value, struct hc_buf *out)
{
	if (shape->type == HC_SHAPE_STRUCTURE) {
		for (size_t i = 0; i < shape->n_members; i++) {
			const struct hc_member *member = &shape->members[i];
			const json_t *inner = json_object_get(value, member->name);
			if (inner != NULL && !json_is_null(inner))
				write_named(member->shape, member->name, inner, out);
		}
	} else if (shape->type == HC_SHAPE_LIST) {
		for (size_t i = 0; i < json_array_size(value); i++)
			write_named(shape->members[0].shape, "member", json_array_get(value, i), out);
	} else if (shape->type == HC_SHAPE_MAP) {
		write_map(shape, value, out);
	} else {
		write_scalar(shape->type, value, out);
	}
}

void hc_contract_write_query(const struct hc_operation *op, const json_t *result, const char *request_id,
			     struct hc_buf *out)
{
	hc_buf_printf(out, "<%sResponse", op->name);
	if (op->xml_namespace != NULL)
		hc_buf_printf(out, " xmlns=\"%s\"", op->xml_namespace);
	hc_buf_char(out, '>');
	if (op->output != NULL && op->result_wrapper != NULL) {
		open_tag(out, op->result_wrapper);
		if (result != NULL)
			write_value(op->output, result, out);
		close_tag(out, op->result_wrapper);
	}
	open_tag(out, "ResponseMetadata");
	hc_xml_element(out, "RequestId", hc_str(request_id));
	close_tag(out, "ResponseMetadata");
	hc_buf_printf(out, "</%sResponse>", op->name);
}

void hc_contract_write_query_error(const struct hc_operation *op, const char *code, struct hc_str message,
				   bool is_sender, const char *request_id, struct hc_buf *out)
{
	hc_buf_cstr(out, "<ErrorResponse");
	if (op != NULL && op->xml_namespace != NULL)
		hc_buf_printf(out, " xmlns=\"%s\"", op->xml_namespace);
	hc_buf_cstr(out, "><Error>");
	hc_xml_element(out, "Type", is_sender ? HC_STR("Sender") : HC_STR("Receiver"));
	hc_xml_element(out, "Code", hc_str(code));
	hc_xml_element(out, "Message", message);
	hc_buf_cstr(out, "</Error>");
	hc_xml_element(out, "RequestId", hc_str(request_id));
	hc_buf_cstr(out, "</ErrorResponse>");
}
