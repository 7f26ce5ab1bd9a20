/*
 * Payloads. The first byte says CSV or JSON (even, odd), the rest of the first line names up to four
 * attributes, separated by tabs (an empty one: not given); the rest of the input is the payload. It is
 * read as text and as the data of a record, plain and in BASE64: always the same cells.
 */
#include "base/utf8.h"
#include "codec/base64.h"
#include "dataset/payload.h"
#include "target.h"

enum { MEMORY_MAX = 1 << 22 };

static struct hc_err err;

struct attributes {
	struct hc_arena arena;
	struct hc_attribute list[HC_PAYLOAD_CELLS_MAX];
	const struct hc_attribute *pointers[HC_PAYLOAD_CELLS_MAX];
	size_t n;
};

static bool compile(struct hc_str names, struct attributes *a)
{
	a->arena = HC_ARENA(MEMORY_MAX);
	for (a->n = 0; a->n < HC_PAYLOAD_CELLS_MAX && (a->n == 0 || names.n); a->n++) {
		static char name[HC_ATTRIBUTE_LEN_MAX + 2];
		struct hc_str one = take_until(&names, '\t');
		if (one.n >= sizeof name)
			return false;
		memcpy(name, one.p, one.n);
		name[one.n] = '\0';
		enum hc_code code =
			hc_attribute_compile(one.n ? name : NULL, "--attribute", &a->arena, &a->list[a->n], &err);
		if (code != HC_OK) {
			must(code == HC_USAGE);
			must_explain(code, &err);
			return false;
		}
		a->pointers[a->n] = &a->list[a->n];
	}
	return true;
}

static bool inside(struct hc_str piece, const char *p, size_t n)
{
	return p && piece.p >= p && piece.p + piece.n <= p + n;
}

/* Rows of cells as one text: each cell with its length before it. */
static enum hc_code read_cells(struct hc_payload *p, struct hc_str text, const struct attributes *a, struct hc_buf *out)
{
	size_t rows = 0;
	hc_buf_reset(out);
	for (;;) {
		bool got = false;
		HC_TRY(hc_payload_next(p, &got, &err));
		if (!got)
			break;
		must(++rows <= text.n + 1);
		for (size_t i = 0; i < a->n; i++) {
			struct hc_str cell = {NULL, SIZE_MAX};
			HC_TRY(hc_payload_cell(p, i, &cell, &err));
			must(hc_str_trim(cell).n > 0 && hc_utf8_valid_prefix(cell.p, cell.n) == cell.n);
			must(inside(cell, text.p, text.n) || inside(cell, p->row.scratch.p, p->row.scratch.cap) ||
			     inside(cell, p->values[i].text.p, p->values[i].text.n));
			hc_buf_u64(out, cell.n);
			hc_buf_char(out, ':');
			hc_buf_str(out, cell);
		}
		hc_buf_char(out, '\n');
	}
	must(!out->failed);
	return HC_OK;
}

/* The same payload as a record carries it. */
static enum hc_code read_record(struct hc_payload *p, struct hc_str text, enum hc_payload_format format, bool base64,
				const struct attributes *a, struct hc_buf *out)
{
	static struct hc_buf data = HC_BUF(MEMORY_MAX), encoded = HC_BUF(MEMORY_MAX);
	hc_buf_reset(&data);
	hc_buf_reset(&encoded);
	if (base64)
		hc_base64_encode(text, &encoded);
	hc_json_quote(&data, base64 ? hc_buf_view(&encoded) : text);
	must(!data.failed && !encoded.failed);
	bool json = format == HC_PAYLOAD_JSON;
	struct hc_str type = json ? HC_STR("\"application/x-jsonlines\"") : HC_STR("\"text/csv; charset=utf-8\"");
	struct hc_part_data part = {
		.data = {.type = HC_JSON_STRING,
			 .raw = hc_buf_view(&data),
			 .escaped = memchr(data.p, '\\', data.n) != NULL},
		.encoding = base64 ? HC_ENCODING_BASE64
			    : json ? HC_ENCODING_JSON
				   : HC_ENCODING_CSV,
		.content_type = {.type = HC_JSON_STRING, .raw = type},
	};
	HC_TRY(hc_payload_open(p, &part, "the output", a->pointers, a->n, &err));
	return read_cells(p, p->rest, a, out);
}

static void check(struct hc_str text, enum hc_payload_format format, const struct attributes *a)
{
	static struct hc_payload one, two;
	static struct hc_buf cells = HC_BUF(MEMORY_MAX), other = HC_BUF(MEMORY_MAX);
	if (!one.text.max) {
		hc_payload_init(&one);
		hc_payload_init(&two);
	}
	hc_payload_open_text(&one, text, format, a->pointers, a->n);
	enum hc_code code = read_cells(&one, text, a, &cells);
	if (code != HC_OK) {
		must(code == HC_INPUT);
		must_explain(code, &err);
	}
	if (hc_utf8_valid_prefix(text.p, text.n) < text.n)
		return;
	for (int base64 = 0; base64 <= 1; base64++) {
		must(read_record(&two, text, format, base64, a, &other) == code);
		must(code != HC_OK || hc_str_eq(hc_buf_view(&cells), hc_buf_view(&other)));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	struct hc_str text = input_text(data + 1, size - 1), names = take_until(&text, '\n');
	struct attributes a;
	if (compile(names, &a))
		check(text, data[0] % 2 ? HC_PAYLOAD_JSON : HC_PAYLOAD_CSV, &a);
	hc_arena_free(&a.arena);
	return 0;
}
