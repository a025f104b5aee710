/* SPDX-License-Identifier: MIT */
/*
 * The role of an EC2 instance as a source; see creds_source.h. Variables,
 * times and the way back to version 1 are botocore's; the service is
 * described in Amazon's EC2 guide, "Use the Instance Metadata Service".
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "creds/creds_answer.h"
#include "creds/creds_http.h"
#include "creds/creds_source.h"
#include "names/endpoint_url.h"
#include "text.h"

#define V4_URL       "http://169.254.169.254"
#define V6_URL       "http://[fd00:ec2::254]"
#define TOKEN_PATH   "/latest/api/token"
#define ROLES_PATH   "/latest/meta-data/iam/security-credentials/"
#define TOKEN_TTL_S  "21600" /* the longest there is */
#define TIMEOUT_S    1
#define ATTEMPTS     1
#define ROLE_MAX     128 /* bytes; IAM's are 64 */
#define URL_MAX_LEN  1024
#define SERVICE_NAME "instance metadata"

struct instance {
	struct creds_source base;
	struct creds_context *context;
	char name[sizeof(SERVICE_NAME ", role ") + ROLE_MAX];
};

/* One fetch: three requests over one connection. */
struct visit {
	const struct creds_context *context;
	struct http *http;
	const char *base; /* URL without slash at its end */
	size_t base_len;
	int timeout_ms, attempts;
	struct buf token;
	struct buf answer;
};

static const char *instance_variable(const char *name)
{
	const char *value = getenv(name);

	return value && *value ? value : NULL;
}

static bool instance_is_true(const char *name)
{
	const char *value = instance_variable(name);

	return value && strcasecmp(value, "true") == 0;
}

static int instance_number(const char *name, int standard, int max)
{
	const char *value = instance_variable(name);
	uint64_t n;

	if (!value || text_parse_u64(value, (uint64_t)max, &n) < 0 || n == 0)
		return standard;
	return (int)n;
}

bool creds_is_role_name(const char *name)
{
	size_t len = strlen(name);

	if (len == 0 || len > ROLE_MAX)
		return false;
	while (*name &&
	       (isalnum((unsigned char)*name) || strchr("+=,.@_-", *name)))
		name++;
	return *name == '\0';
}

static void visit_set_base(struct visit *v)
{
	const char *mode =
		instance_variable("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE");

	v->base = instance_variable("AWS_EC2_METADATA_SERVICE_ENDPOINT");
	if (!v->base)
		v->base =
			mode && strcasecmp(mode, "ipv6") == 0 ? V6_URL : V4_URL;
	v->base_len = strlen(v->base);
	while (v->base_len > 0 && v->base[v->base_len - 1] == '/')
		v->base_len--;
}

/* Frees the try before; the answer stays in call. */
static int visit_ask(struct visit *v, struct creds_call *call,
		     const char *method, const char *path, const char *name,
		     struct errinfo *err)
{
	struct buf AUTO_BUF url = BUF_INIT(URL_MAX_LEN);
	struct errinfo why = ERRINFO_INIT;
	int rc = 0;

	buf_add(&url, v->base, v->base_len);
	buf_add_fmt(&url, "%s%s", path, name);
	if (v->token.len > 0)
		rc = pairs_set(&call->req.headers, "x-aws-ec2-metadata-token",
			       buf_str(&v->token));
	if (url.error == -ENOMEM || rc == -ENOMEM)
		return -ENOMEM;
	if (url.error || rc < 0)
		return errinfo_set(err, -EINVAL,
				   SERVICE_NAME ": cannot be asked");
	call->req.method = method;
	call->req.url = buf_str(&url);
	call->req.deadline_ms = v->timeout_ms;
	rc = creds_call_insist(call, v->context, v->http, v->attempts, &why);
	call->req.url = NULL;
	if (rc == -ETIMEDOUT)
		return errinfo_set(err, rc,
				   SERVICE_NAME " of %.*s does not answer",
				   (int)v->base_len, v->base);
	if (rc < 0)
		return errinfo_set(err, rc, SERVICE_NAME " of %.*s: %.80s",
				   (int)v->base_len, v->base, why.text);
	return 0;
}

/* Leaves no token where version 1 is what there is. */
static int visit_get_token(struct visit *v, struct errinfo *err)
{
	CLEANUP(creds_call_release) struct creds_call call = CREDS_CALL_INIT;
	int status, rc;

	if (pairs_set(&call.req.headers, "x-aws-ec2-metadata-token-ttl-seconds",
		      TOKEN_TTL_S) < 0)
		return -ENOMEM;
	rc = visit_ask(v, &call, "PUT", TOKEN_PATH, "", err);
	status = call.req.status;
	if (rc == 0 && status == 200) {
		buf_add(&v->token, buf_str(&call.req.response_body),
			call.req.response_body.len);
		return v->token.error;
	}
	/* Its answers may not come through to a container, but version 1's. */
	if (rc < 0 && (rc != -ETIMEDOUT || call.req.sends == 0))
		return rc;
	if (rc == 0 && status != 403 && status != 404 && status != 405)
		return errinfo_set(err, -EBADMSG,
				   SERVICE_NAME ": no token, status %d",
				   status);
	if (instance_is_true("AWS_EC2_METADATA_V1_DISABLED"))
		return errinfo_set(err, -EACCES,
				   SERVICE_NAME ": there is no version 2 and "
						"AWS_EC2_METADATA_V1_DISABLED "
						"is set");
	return 0;
}

/* Into v->answer. */
static int visit_get(struct visit *v, const char *name, struct errinfo *err)
{
	CLEANUP(creds_call_release) struct creds_call call = CREDS_CALL_INIT;
	int rc = visit_ask(v, &call, "GET", ROLES_PATH, name, err);

	if (rc < 0)
		return rc;
	if (call.req.status == 404)
		return errinfo_set(err, -ENOKEY,
				   SERVICE_NAME
				   ": this machine has no role%s%s",
				   *name ? " " : "", name);
	if (call.req.status != 200)
		return errinfo_set(err, -EACCES,
				   SERVICE_NAME ": status %d for %s%s",
				   call.req.status,
				   *name ? "role " : "the list of roles", name);
	buf_clear(&v->answer);
	buf_add(&v->answer, buf_str(&call.req.response_body),
		call.req.response_body.len);
	return v->answer.error;
}

/* The first line of the list, or what the settings say. */
static int visit_find_role(struct visit *v, char role[ROLE_MAX + 1],
			   struct errinfo *err)
{
	int rc;

	if (v->context->role) {
		snprintf(role, ROLE_MAX + 1, "%s", v->context->role);
		return 0;
	}
	rc = visit_get(v, "", err);
	if (rc < 0)
		return rc;
	snprintf(role, ROLE_MAX + 1, "%.*s",
		 (int)strcspn(buf_str(&v->answer), "\r\n"),
		 buf_str(&v->answer));
	if (creds_is_role_name(role))
		return 0;
	return errinfo_set(err, -EBADMSG,
			   SERVICE_NAME ": no list of roles came");
}

static void visit_end(struct visit *v)
{
	if (v->http)
		http_free(v->http);
	creds_token_wipe(&v->token);
	creds_token_wipe(&v->answer);
}

static int visit_begin(struct visit *v, struct errinfo *err)
{
	struct url_parts url;
	char text[URL_HOST_MAX];
	int rc;

	if (instance_is_true("AWS_EC2_METADATA_DISABLED"))
		return errinfo_set(err, -ENOKEY,
				   SERVICE_NAME " is switched off by "
						"AWS_EC2_METADATA_DISABLED");
	visit_set_base(v);
	snprintf(text, sizeof(text), "%.*s", (int)v->base_len, v->base);
	rc = url_parse(text, &url, err);
	if (rc == 0 && url.has_query)
		rc = errinfo_set(err, -EINVAL,
				 "AWS_EC2_METADATA_SERVICE_ENDPOINT: nothing "
				 "may follow ? or #");
	if (rc < 0)
		return rc;
	v->timeout_ms = 1000 * instance_number("AWS_METADATA_SERVICE_TIMEOUT",
					       TIMEOUT_S, 60);
	v->attempts = instance_number("AWS_METADATA_SERVICE_NUM_ATTEMPTS",
				      ATTEMPTS, 10);
	return creds_http_direct(v->timeout_ms, &v->http, err);
}

static int instance_fetch(struct creds_source *source, struct s3_creds **out,
			  struct errinfo *err)
{
	struct instance *s = container_of(source, struct instance, base);
	CLEANUP(visit_end)
	struct visit v = {
		.context = s->context,
		.token = BUF_INIT(4096),
		.answer = BUF_INIT(CREDS_ANSWER_MAX),
	};
	char role[ROLE_MAX + 1] = "";
	int rc = visit_begin(&v, err);

	if (rc == 0)
		rc = visit_get_token(&v, err);
	if (rc == 0)
		rc = visit_find_role(&v, role, err);
	if (rc == 0)
		rc = visit_get(&v, role, err);
	if (rc == 0)
		rc = creds_answer_read(CREDS_JSON_METADATA, buf_str(&v.answer),
				       v.answer.len, SERVICE_NAME, out, err);
	if (rc == 0 && !s->name[0])
		snprintf(s->name, sizeof(s->name), SERVICE_NAME ", role %s",
			 role);
	return rc == -EHOSTUNREACH || rc == -ETIMEDOUT ? -ENOKEY : rc;
}

static const char *instance_name(struct creds_source *source)
{
	return container_of(source, struct instance, base)->name;
}

static void instance_free(struct creds_source *source)
{
	free(container_of(source, struct instance, base));
}

int creds_instance_new(struct creds_context *context, struct creds_source **out)
{
	struct instance *s = calloc(1, sizeof(*s));

	if (!s)
		return -ENOMEM;
	s->base = (struct creds_source){
		.fetch = instance_fetch,
		.name = instance_name,
		.free = instance_free,
	};
	s->context = context;
	*out = &s->base;
	return 0;
}
