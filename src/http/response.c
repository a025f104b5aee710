/* SPDX-License-Identifier: MIT */
/*
 * What comes back: header lines and pieces of the body, within bounds, and
 * in the end one errno for curl's many codes. On the loop thread only.
 */
#include "response.h"

#include <string.h>

#include "transfer.h"

enum {
	HEADERS_LIMIT = 256 * 1024, /* of all responses to one request */
	BODY_LIMIT = 64 * 1024      /* http.h's default */
};

void http_response_restart(struct http_transfer *t)
{
	t->req->status = 0;
	t->has_final_headers = false;
	pairs_release(&t->req->response_headers);
	buf_clear(&t->req->response_body);
}

/* A 1xx, and the 417 after which curl asks again, come before the answer. */
static void response_next(struct http_transfer *t)
{
	long status = 0;

	http_response_restart(t);
	curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
	if (status >= 200)
		t->req->status = (int)status;
}

static bool response_is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* A line that is no "name: value" is left out, as if it had not come. */
static int response_add_line(struct pairs *headers, const char *line,
			     size_t len)
{
	AUTO_FREE char *name = strndup(line, len);
	char *value, *end;
	int rc;

	if (!name)
		return -ENOMEM;
	value = strchr(name, ':');
	if (!value || strlen(name) != len)
		return 0;
	*value++ = '\0';
	while (response_is_blank(*value))
		value++;
	end = value + strlen(value);
	while (end > value && response_is_blank(end[-1]))
		*--end = '\0';
	rc = pairs_add(headers, name, value);
	return rc == -EINVAL ? 0 : rc;
}

/* curl calls this for each whole line, those of trailers included. */
static size_t response_on_header(char *data, size_t size, size_t count,
				 void *arg)
{
	struct http_transfer *t = arg;
	size_t len = size * count;

	t->header_bytes += len;
	if (t->header_bytes > HEADERS_LIMIT) {
		t->failure = -EMSGSIZE;
		return 0;
	}
	if (len >= 5 && memcmp(data, "HTTP/", 5) == 0 && !t->has_fed_sink)
		response_next(t);
	else if (t->has_final_headers)
		return len;
	else if (len > 0 && data[0] != '\r' && data[0] != '\n')
		t->failure =
			response_add_line(&t->req->response_headers, data, len);
	else
		t->has_final_headers = t->req->status != 0;
	/* curl hands nothing back whose body it has paused. */
	if (t->has_final_headers)
		http_transfer_resume(t);
	return t->failure ? 0 : len;
}

static size_t response_on_body(char *data, size_t size, size_t count, void *arg)
{
	struct http_transfer *t = arg;
	struct http_request *req = t->req;
	size_t len = size * count;

	if (req->sink && req->status / 100 == 2) {
		t->has_fed_sink = true;
		t->failure = req->sink(req, data, len);
	} else {
		buf_add(&req->response_body, data, len);
		t->failure = req->response_body.error;
	}
	return t->failure < 0 ? 0 : len;
}

void http_response_begin(struct http_transfer *t)
{
	struct http_request *req = t->req;

	req->response_body = (struct buf)BUF_INIT(
		req->body_limit ? req->body_limit : (size_t)BODY_LIMIT);
	curl_easy_setopt(t->easy, CURLOPT_HEADERFUNCTION, response_on_header);
	curl_easy_setopt(t->easy, CURLOPT_HEADERDATA, t);
	curl_easy_setopt(t->easy, CURLOPT_WRITEFUNCTION, response_on_body);
	curl_easy_setopt(t->easy, CURLOPT_WRITEDATA, t);
}

static bool response_is_lost(CURLcode code)
{
	return code == CURLE_GOT_NOTHING || code == CURLE_SEND_ERROR ||
	       code == CURLE_RECV_ERROR;
}

bool http_response_is_stale(const struct http_transfer *t, CURLcode code)
{
	long connections = 0;

	curl_easy_getinfo(t->easy, CURLINFO_NUM_CONNECTS, &connections);
	return response_is_lost(code) && connections == 0 &&
	       t->header_bytes == 0 && t->failure == 0;
}

/*
 * curl gives a refused CONNECT the code of a lost connection. Returns 0 if
 * it was none.
 */
static int response_proxy_refusal(const struct http_transfer *t)
{
	long status = 0;

	curl_easy_getinfo(t->easy, CURLINFO_HTTP_CONNECTCODE, &status);
	/* Some say 401 to a wrong password, as if they were the server. */
	if (status == HTTP_PROXY_REFUSES || status == 401)
		return -EACCES;
	return status >= 300 ? -EHOSTUNREACH : 0;
}

static bool response_is_reset(const struct http_transfer *t)
{
	long os_errno = 0;

	curl_easy_getinfo(t->easy, CURLINFO_OS_ERRNO, &os_errno);
	return os_errno == ECONNRESET || os_errno == EPIPE;
}

static bool response_was_sent(const struct http_transfer *t)
{
	long request_bytes = 0;

	curl_easy_getinfo(t->easy, CURLINFO_REQUEST_SIZE, &request_bytes);
	return request_bytes > 0;
}

int http_response_result(const struct http_transfer *t, CURLcode code)
{
	if (t->failure < 0)
		return t->failure;
	if (response_is_lost(code) || code == CURLE_PARTIAL_FILE) {
		int refused = response_proxy_refusal(t);

		return refused ? refused : -ECONNRESET;
	}
	switch (code) {
	case CURLE_OK: /* also when the headers were cut off */
		return t->has_final_headers ? 0 : -ECONNRESET;
	case CURLE_OPERATION_TIMEDOUT:
		return -ETIMEDOUT;
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_RESOLVE_PROXY:
	case CURLE_COULDNT_CONNECT:
	case CURLE_PROXY:
		return -EHOSTUNREACH;
	case CURLE_SEND_FAIL_REWIND:
		return -ECONNRESET;
	case CURLE_SSL_CONNECT_ERROR:
		return response_is_reset(t) ? -ECONNRESET : -EPROTO;
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CACERT_BADFILE:
		return -EKEYREJECTED;
	case CURLE_OUT_OF_MEMORY:
		/* curl has no other code for a header line over 100 KiB */
		return response_was_sent(t) && !t->has_final_headers ?
			       -EMSGSIZE :
			       -ENOMEM;
	case CURLE_URL_MALFORMAT:
	case CURLE_LOGIN_DENIED:         /* a user's name in the URL */
	case CURLE_UNSUPPORTED_PROTOCOL: /* in the URL, or in the answer */
		return response_was_sent(t) ? -EPROTO : -EINVAL;
	default:
		return -EPROTO;
	}
}

const char *http_response_reason(const struct http_transfer *t, CURLcode code)
{
	if (t->failure == -EMSGSIZE)
		return "the answer is too long";
	if (t->failure < 0)
		return strerrordesc_np(-t->failure);
	if (code == CURLE_OK)
		return "the answer was cut off";
	return t->error[0] ? t->error : curl_easy_strerror(code);
}
