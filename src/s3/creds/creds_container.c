/* SPDX-License-Identifier: MIT */
/*
 * The agent of a container (ECS, EKS Pod Identity, Greengrass, ...) as a
 * source; see creds_source.h. Which variables and hosts count is botocore's
 * rule and the AWS SDKs' reference guide's, "Container credential provider".
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "creds/creds_answer.h"
#include "creds/creds_http.h"
#include "creds/creds_source.h"
#include "names/endpoint_url.h"

#define ECS_HOST    "169.254.170.2"
#define TIMEOUT_MS  2000 /* botocore's, as the attempts */
#define ATTEMPTS    3
#define TOKEN_MAX   (16 * 1024) /* bytes */
#define URL_MAX_LEN 4096

struct container {
	struct creds_source base;
	struct creds_context *context;
};

static const char *container_variable(const char *name)
{
	const char *value = getenv(name);

	return value && *value ? value : NULL;
}

static const char *container_relative_uri(void)
{
	return container_variable("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
}

static const char *container_full_uri(void)
{
	return container_variable("AWS_CONTAINER_CREDENTIALS_FULL_URI");
}

bool creds_container_is_set(void)
{
	return container_relative_uri() || container_full_uri();
}

/* This machine, or what ECS and EKS have at their link-local addresses. */
static bool container_is_near(const struct url_parts *url)
{
	static const char *const hosts[] = { "localhost", "[::1]", ECS_HOST,
					     "169.254.170.23",
					     "[fd00:ec2::23]" };
	char name[URL_HOST_MAX];
	struct in_addr v4;

	snprintf(name, sizeof(name), "%.*s", (int)url->name_len, url->host);
	for (size_t i = 0; i < ARRAY_SIZE(hosts); i++) {
		if (strcmp(name, hosts[i]) == 0)
			return true;
	}
	return inet_pton(AF_INET, name, &v4) == 1 &&
	       ntohl(v4.s_addr) >> 24 == IN_LOOPBACKNET;
}

int creds_container_url(const char *relative, const char *full, struct buf *out,
			struct errinfo *err)
{
	struct url_parts url;
	int rc;

	if (relative && *relative != '/')
		return errinfo_set(err, -EINVAL,
				   "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI "
				   "does not begin with a slash");
	if (relative)
		buf_add_fmt(out, "http://" ECS_HOST "%s", relative);
	else
		buf_add_str(out, full);
	if (out->error == -ENOMEM)
		return out->error;
	if (out->error)
		return errinfo_set(err, -EINVAL,
				   "the URL of the container's agent is too "
				   "long");
	rc = url_parse(buf_str(out), &url, err);
	if (rc < 0)
		return rc;
	if (url.is_tls || container_is_near(&url))
		return 0;
	return errinfo_set(err, -EINVAL,
			   "AWS_CONTAINER_CREDENTIALS_FULL_URI: %.60s may not "
			   "be sent a token without TLS: write https://",
			   url.host);
}

/* The file may change while we run: it is read each time. */
static int container_authorize(struct http_request *req, struct errinfo *err)
{
	const char *path =
		container_variable("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
	const char *token =
		container_variable("AWS_CONTAINER_AUTHORIZATION_TOKEN");
	struct buf CLEANUP(creds_token_wipe) text = BUF_INIT(TOKEN_MAX);
	int rc = 0;

	if (path)
		rc = creds_token_read(path, &text);
	if (rc < 0)
		return errinfo_set(err, rc == -ENOMEM ? rc : -ENOKEY,
				   "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: "
				   "cannot read %.80s: %s",
				   path, strerrordesc_np(-rc));
	if (path)
		token = buf_str(&text);
	if (!token)
		return 0;
	if (strpbrk(token, "\r\n") || (path && strlen(token) != text.len))
		rc = -EINVAL;
	else
		rc = pairs_set(&req->headers, "authorization", token);
	if (rc == -EINVAL)
		return errinfo_set(err, rc,
				   "AWS_CONTAINER_AUTHORIZATION_TOKEN%s: there "
				   "is a newline or a control character in it",
				   path ? "_FILE" : "");
	return rc;
}

static int container_read_answer(const struct creds_call *call,
				 struct s3_creds **out, struct errinfo *err)
{
	const struct buf *body = &call->req.response_body;
	char reason[CREDS_REASON_SIZE];

	if (call->req.status == 200)
		return creds_answer_read(CREDS_JSON_METADATA, buf_str(body),
					 body->len, "container credentials",
					 out, err);
	creds_answer_reason(CREDS_JSON_METADATA, buf_str(body), body->len,
			    reason);
	return errinfo_set(err, -EACCES,
			   "container credentials: %.80s answers with status "
			   "%d %.80s",
			   call->req.url, call->req.status, reason);
}

static void container_free_engine(struct http **http)
{
	if (*http)
		http_free(*http);
}

static int container_fetch(struct creds_source *source, struct s3_creds **out,
			   struct errinfo *err)
{
	struct container *s = container_of(source, struct container, base);
	struct buf AUTO_BUF url = BUF_INIT(URL_MAX_LEN);
	CLEANUP(container_free_engine) struct http *http = NULL;
	CLEANUP(creds_call_release) struct creds_call call = CREDS_CALL_INIT;
	struct errinfo why = ERRINFO_INIT;
	int rc;

	if (!creds_container_is_set())
		return errinfo_set(err, -ENOKEY,
				   "container credentials: neither "
				   "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI nor "
				   "_FULL_URI is in the environment");
	rc = creds_container_url(container_relative_uri(), container_full_uri(),
				 &url, err);
	if (rc == 0)
		rc = container_authorize(&call.req, err);
	if (rc == 0)
		rc = creds_http_direct(TIMEOUT_MS, &http, err);
	if (rc < 0)
		return rc;
	call.req.method = "GET";
	call.req.url = buf_str(&url);
	call.req.deadline_ms = TIMEOUT_MS;
	if (pairs_set(&call.req.headers, "accept", "application/json") < 0)
		return -ENOMEM;
	rc = creds_call_insist(&call, s->context, http, ATTEMPTS, &why);
	if (rc < 0)
		return errinfo_set(err, rc == -ENOMEM ? rc : -ENOKEY,
				   "container credentials: %.60s: %.100s",
				   buf_str(&url), why.text);
	return container_read_answer(&call, out, err);
}

static const char *container_name(struct creds_source *source)
{
	return "container credentials";
}

static void container_free(struct creds_source *source)
{
	free(container_of(source, struct container, base));
}

int creds_container_new(struct creds_context *context,
			struct creds_source **out)
{
	struct container *s = calloc(1, sizeof(*s));

	if (!s)
		return -ENOMEM;
	s->base = (struct creds_source){
		.fetch = container_fetch,
		.name = container_name,
		.free = container_free,
	};
	s->context = context;
	*out = &s->base;
	return 0;
}
