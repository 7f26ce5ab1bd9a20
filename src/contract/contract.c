#include "contract/contract.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "base/number.h"
#include "codec/json.h"
#include "contract/tables.h"

size_t hc_contract_count(void)
{
	return hc_contract_n_operations;
}

const struct hc_operation *hc_contract_at(size_t index)
{
	assert(index < hc_contract_n_operations);
	return &hc_contract_operations[index];
}

struct wanted {
	struct hc_str service, name;
};

static int compare_operation(const void *key, const void *element)
{
	const struct wanted *wanted = key;
	const struct hc_operation *op = element;
	const int order = hc_str_cmp(wanted->service, hc_str(op->service));
	return order != 0 ? order : hc_str_cmp(wanted->name, hc_str(op->name));
}

const struct hc_operation *hc_contract_find(struct hc_str service, struct hc_str name)
{
	const struct wanted wanted = {service, name};
	return bsearch(&wanted, hc_contract_operations, hc_contract_n_operations, sizeof *hc_contract_operations,
		       compare_operation);
}

const struct hc_operation *hc_contract_find_target(struct hc_str target)
{
	for (size_t i = 0; i < hc_contract_n_operations; i++) {
		const struct hc_operation *op = &hc_contract_operations[i];
		const size_t n = op->target != NULL ? strlen(op->target) : 0;
		if (n == 0 || target.n <= n || memcmp(target.p, op->target, n) != 0 || target.p[n] != '.')
			continue;
		if (hc_str_eq((struct hc_str){target.p + n + 1, target.n - n - 1}, hc_str(op->name)))
			return op;
	}
	return NULL;
}

/* Seconds since 1970 with what is needed of three digits behind the point. */
static void write_seconds(double seconds, struct hc_buf *out)
{
	char text[64];
	/* 1e15 is beyond all years that can be written. */
	size_t end = (size_t)snprintf(text, sizeof text, "%.3f", fmax(fmin(seconds, 1e15), -1e15));
	while (text[end - 1] == '0')
		end--;
	hc_buf_put(out, text, text[end - 1] == '.' ? end - 1 : end);
}

static void write_real(double value, struct hc_buf *out)
{
	char text[HC_NUMBER_PRINT_SIZE];
	hc_buf_put(out, text, hc_number_print_short(value, text));
}

/* What the shape says of the member; NULL when it says nothing: values are then written as they are. */
static const struct hc_shape *member_shape(const struct hc_shape *shape, const char *name)
{
	if (shape != NULL && shape->type == HC_SHAPE_MAP)
		return shape->members[1].shape;
	for (size_t i = 0; shape != NULL && shape->type == HC_SHAPE_STRUCTURE && i < shape->n_members; i++)
		if (strcmp(shape->members[i].name, name) == 0)
			return shape->members[i].shape;
	return NULL;
}

static void write_value(const struct hc_shape *shape, const json_t *value, struct hc_buf *out);

static void write_object(const struct hc_shape *shape, const json_t *object, struct hc_buf *out)
{
	const char *key;
	size_t n_key;
	json_t *member;
	char before = '{';
	json_object_keylen_foreach((json_t *)(uintptr_t)object, key, n_key, member)
	{
		if (json_is_null(member))
			continue;
		hc_buf_char(out, before);
		hc_json_quote(out, (struct hc_str){key, n_key});
		hc_buf_char(out, ':');
		write_value(member_shape(shape, key), member, out);
		before = ',';
	}
	if (before == '{')
		hc_buf_char(out, '{');
	hc_buf_char(out, '}');
}

static void write_array(const struct hc_shape *shape, const json_t *array, struct hc_buf *out)
{
	const struct hc_shape *element = NULL;
	if (shape != NULL && shape->type == HC_SHAPE_LIST)
		element = shape->members[0].shape;
	hc_buf_char(out, '[');
	for (size_t i = 0; i < json_array_size(array); i++) {
		if (i > 0)
			hc_buf_char(out, ',');
		write_value(element, json_array_get(array, i), out);
	}
	hc_buf_char(out, ']');
}

static void write_value(const struct hc_shape *shape, const json_t *value, struct hc_buf *out)
{
	switch (json_typeof(value)) {
	case JSON_OBJECT:
		write_object(shape, value, out);
		break;
	case JSON_ARRAY:
		write_array(shape, value, out);
		break;
	case JSON_STRING:
		hc_json_quote(out, (struct hc_str){json_string_value(value), json_string_length(value)});
		break;
	case JSON_INTEGER:
		hc_buf_printf(out, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
		break;
	case JSON_REAL:
		if (shape != NULL && shape->type == HC_SHAPE_TIMESTAMP)
			write_seconds(json_real_value(value), out);
		else
			write_real(json_real_value(value), out);
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

void hc_contract_write_json(const struct hc_operation *op, const json_t *result, struct hc_buf *out)
{
	if (result != NULL)
		write_value(op->output, result, out);
}
