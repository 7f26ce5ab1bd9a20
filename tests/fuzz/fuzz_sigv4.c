/*
 * Signatures: a request as text is read and verified, whatever it says. A claim that was read is of the form that its header
 * promises; a wrong secret never fits; chunks go on from it.
 */
#include "sign/sigv4.h"
#include "target.h"

enum { HEADERS = HC_SIGV4_HEADERS_MAX + 10 };

/* "METHOD TARGET VERSION\n", then "name: value\n" for each header. */
static void parse(struct hc_str text, struct hc_sigv4_request *request, struct hc_sigv4_header headers[HEADERS])
{
	struct hc_str line = take_until(&text, '\n');
	request->method = take_until(&line, ' ');
	line = take_until(&line, ' ');
	request->path = take_until(&line, '?');
	if (request->path.n == 0)
		request->path = HC_STR("/");
	request->query = line;
	request->headers = headers;
	while (text.n && request->n_headers < HEADERS) {
		line = take_until(&text, '\n');
		struct hc_str name = take_until(&line, ':');
		headers[request->n_headers++] = (struct hc_sigv4_header){name, line};
	}
}

static void check_claim(const struct hc_sigv4_claim *claim)
{
	must(claim->signature.n == 64 && claim->date.n == 8 && claim->amz_date.n == 16);
	must(memcmp(claim->date.p, claim->amz_date.p, 8) == 0);
	must(claim->access_key.n > 0 && claim->access_key.n <= HC_SIGV4_KEY_MAX);
	must(claim->region.n > 0 && claim->region.n <= HC_SIGV4_SCOPE_PART_MAX);
	must(claim->service.n > 0 && claim->service.n <= HC_SIGV4_SCOPE_PART_MAX);
	must(claim->signed_headers.n >= 4);
	if (claim->form == HC_SIGV4_PRESIGNED)
		must(claim->expires_s >= 1 && claim->expires_s <= HC_SIGV4_PRESIGNED_MAX_S);
	else
		must(claim->form == HC_SIGV4_BY_HEADER && claim->expires_s == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct hc_sigv4_header headers[HEADERS];
	struct hc_sigv4_request request = {0};
	struct hc_sigv4_claim claim = {.expires_s = 77};
	HC_ARENA_SCOPED struct hc_arena arena = HC_ARENA(16 << 20);
	const char *why = NULL;
	parse(input_text(data, size), &request, headers);
	if (hc_sigv4_read(&request, &arena, &claim, &why) != HC_SIGV4_FINE) {
		must(why && why[0] && claim.expires_s == 77);
		return 0;
	}
	if (claim.form == HC_SIGV4_NONE)
		return 0;
	check_claim(&claim);
	static const struct hc_str secret = {"not the secret", 14}, payload = {"UNSIGNED-PAYLOAD", 16};
	must(hc_sigv4_verify(&request, &claim, secret, payload, &arena) == HC_SIGV4_WRONG_SIGNATURE);
	struct hc_sigv4_chunks chunks;
	hc_sigv4_chunks_open(&chunks, &claim, secret);
	must(!hc_sigv4_chunk_verify(&chunks, claim.signature, claim.signature));
	must(!hc_sigv4_trailer_verify(&chunks, claim.signature, claim.signature));
	return 0;
}
