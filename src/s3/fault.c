#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "codec/xml.h"
#include "s3/session.h"

/* What was said of an answer that does not come. */
static void forget_headers(struct hc_http_reply *reply)
{
	for (size_t i = 0; i < reply->n_headers; i++)
		free(reply->headers[i]);
	reply->n_headers = 0;
}

static void write_fault(struct hc_http_reply *reply, const struct hc_fault *fault, struct hc_str extra,
			struct hc_str resource, const char *request_id)
{
	if (reply->fd >= 0)
		close(reply->fd);
	reply->fd = -1;
	reply->status = fault->status;
	forget_headers(reply);
	hc_buf_reset(&reply->body);
	hc_buf_cstr(&reply->body, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error>");
	hc_xml_element(&reply->body, "Code", hc_str(fault->code));
	hc_xml_element(&reply->body, "Message", hc_str(fault->text));
	hc_buf_str(&reply->body, extra);
	hc_xml_element(&reply->body, "Resource", resource);
	hc_xml_element(&reply->body, "RequestId", hc_str(request_id));
	hc_buf_cstr(&reply->body, "</Error>");
	hc_http_reply_header(reply, "Content-Type", "application/xml");
	hc_http_reply_header(reply, "x-amz-request-id", "%s", request_id);
}

void hc_s3_fault(struct hc_http_reply *reply, unsigned status, const char *code, const char *text,
		 struct hc_str resource, const char *request_id)
{
	struct hc_fault fault = {.status = status, .code = code};
	snprintf(fault.text, sizeof fault.text, "%s", text);
	write_fault(reply, &fault, HC_STR(""), resource, request_id);
}

enum hc_code hc_s3_refuse_set(struct hc_s3 *s, struct hc_err *err, unsigned status, const char *code, const char *fmt,
			      ...)
{
	if (s->fault.status == 0) {
		s->fault.status = status;
		s->fault.code = code;
		va_list args;
		va_start(args, fmt);
		vsnprintf(s->fault.text, sizeof s->fault.text, fmt, args);
		va_end(args);
	}
	return hc_fail(err, HC_USAGE, "%s: %s", s->fault.code, s->fault.text);
}

enum hc_code hc_s3_refuse_full(struct hc_s3 *s, struct hc_err *err)
{
	return hc_s3_refuse(
		s, err, 507, "InsufficientStorage",
		"The disk of the server is full: nothing of this request was stored. Make room there and try "
		"again.");
}

/* An error of the machine as a fault. */
static void of_machine(struct hc_s3 *s)
{
	struct hc_err err = s->err;
	if (err.code == HC_LIMIT)
		(void)hc_s3_refuse_full(s, &s->err);
	else if (err.code == HC_NOMEM)
		(void)hc_s3_refuse(s, &s->err, 503, "SlowDown", "The server has no memory left for this request.");
	else
		(void)hc_s3_refuse(s, &s->err, 500, "InternalError",
				   "We encountered an internal error. Please try again. (%.1000s)", err.msg);
}

void hc_s3_answer(struct hc_s3 *s, enum hc_code code, struct hc_http_reply *reply)
{
	if (code == HC_OK) {
		hc_http_reply_header(reply, "x-amz-request-id", "%s", s->request_id);
		return;
	}
	if (s->fault.status == 0)
		of_machine(s);
	HC_BUF_SCOPED struct hc_buf resource = HC_BUF(8 << 10);
	hc_buf_char(&resource, '/');
	hc_buf_str(&resource, s->bucket);
	if (s->key.n > 0) {
		hc_buf_char(&resource, '/');
		hc_buf_str(&resource, s->key);
	}
	write_fault(reply, &s->fault, s->fault_extra, hc_buf_view(&resource), s->request_id);
	if (s->is_head) { /* an answer to HEAD has no body, and no length of one that was not sent */
		hc_buf_reset(&reply->body);
		reply->head = true;
		reply->head_length = 0;
	}
}
