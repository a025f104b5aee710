/* SPDX-License-Identifier: MIT */
/*
 * Roles that STS gives keys for, as sources; see creds_source.h. Source: the
 * STS API reference; where to ask is botocore's rule: the region's STS, unless
 * AWS_STS_REGIONAL_ENDPOINTS or an endpoint's URL says otherwise.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "clock.h"
#include "creds/creds.h"
#include "creds/creds_answer.h"
#include "creds/creds_http.h"
#include "creds/creds_source.h"
#include "creds/sign.h"
#include "names/endpoint.h"
#include "names/endpoint_url.h"
#include "text.h"
#include "wire/digest.h"
#include "wire/query.h"

#define API_VERSION    "2011-06-15"
#define TOKEN_MAX      (20 * 1024) /* bytes, of a web identity */
#define FORM_MAX       (64 * 1024)
#define TIMEOUT_MS     10000
#define ATTEMPTS       3
#define NAME_MAX_BYTES 300

struct sts {
	struct creds_source base;
	struct creds_context *context;
	struct creds_source *keys; /* owned; NULL: by web identity */
	char *arn, *session_name, *external_id, *duration_s, *token_file;
	char name[NAME_MAX_BYTES];
};

static struct sts *sts_of(struct creds_source *source)
{
	return container_of(source, struct sts, base);
}

static const char *sts_variable(const char *name)
{
	const char *value = getenv(name);

	return value && *value ? value : NULL;
}

static bool sts_variable_says(const char *name, const char *what)
{
	const char *value = sts_variable(name);

	return value && strcasecmp(value, what) == 0;
}

/* What the settings of other services say goes for this one too. */
static const char *sts_configured_url(void)
{
	const char *url = sts_variable("AWS_ENDPOINT_URL_STS");

	if (sts_variable_says("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true"))
		return NULL;
	return url ? url : sts_variable("AWS_ENDPOINT_URL");
}

static void sts_release_endpoint(struct endpoint *e)
{
	free(e->host);
	free(e->base);
}

/* Sets what signing and the URL need. */
static int sts_set_endpoint(const struct sts *s, struct endpoint *e,
			    struct errinfo *err)
{
	const char *url = sts_configured_url();
	struct url_parts parts = { .is_tls = true, .path = "" };
	char host[URL_HOST_MAX];
	int rc = 0;

	snprintf(e->region, sizeof(e->region), "%s", s->context->region);
	if (url) {
		rc = url_parse(url, &parts, err);
		snprintf(host, sizeof(host), "%s", parts.host);
	} else if (sts_variable_says("AWS_STS_REGIONAL_ENDPOINTS", "legacy")) {
		snprintf(host, sizeof(host), "sts.amazonaws.com");
		snprintf(e->region, sizeof(e->region), "us-east-1");
	} else {
		snprintf(host, sizeof(host), "sts.%s.%s", e->region,
			 endpoint_suffix(e->region));
	}
	if (rc < 0)
		return rc;
	e->is_tls = parts.is_tls;
	e->host = strdup(host);
	e->base = strndup(parts.path, parts.path_len);
	return e->host && e->base ? 0 : -ENOMEM;
}

static int sts_read_token(const struct sts *s, struct buf *token,
			  struct errinfo *err)
{
	int rc = creds_token_read(s->token_file, token);

	if (rc < 0)
		return errinfo_set(err, rc == -ENOMEM ? rc : -ENOKEY,
				   "%.60s: cannot read web_identity_token_file "
				   "%.80s: %s",
				   s->name, s->token_file,
				   strerrordesc_np(-rc));
	while (token->len > 0 && strchr("\r\n", token->data[token->len - 1]))
		token->data[--token->len] = '\0';
	if (token->len == 0 || strlen(token->data) != token->len)
		return errinfo_set(err, -EINVAL,
				   "web_identity_token_file %.80s: there is no "
				   "token in it",
				   s->token_file);
	return 0;
}

/* The body of the request. */
static int sts_write_form(const struct sts *s, const char *token,
			  struct buf *out)
{
	struct query q = QUERY_INIT;
	char session[64];

	snprintf(session, sizeof(session), "s3storefs-%lld",
		 (long long)time(NULL));
	query_add(&q, "Action",
		  s->keys ? "AssumeRole" : "AssumeRoleWithWebIdentity");
	query_add(&q, "Version", API_VERSION);
	query_add(&q, "RoleArn", s->arn);
	query_add(&q, "RoleSessionName",
		  s->session_name ? s->session_name : session);
	if (s->external_id)
		query_add(&q, "ExternalId", s->external_id);
	if (s->duration_s)
		query_add(&q, "DurationSeconds", s->duration_s);
	if (!s->keys)
		query_add(&q, "WebIdentityToken", token);
	query_write(&q, out);
	if (q.error || out->error)
		return q.error ? q.error : out->error;
	memmove(out->data, out->data + 1, out->len); /* its "?" */
	out->len--;
	return 0;
}

/* A role by web identity is asked for unsigned: the token is the proof. */
static int sts_sign(const struct sts *s, const struct endpoint *e,
		    const struct buf *form, struct pairs *headers,
		    struct errinfo *err)
{
	struct s3_creds *keys = NULL;
	unsigned char hash[32];
	char payload[65];
	const struct sign_request what = {
		.method = "POST",
		.endpoint = e,
		.service = "sts",
		.payload = payload,
		.unix_s = clock_wall_ns() / 1000000000,
	};
	int rc;

	if (pairs_set(headers, "content-type",
		      "application/x-www-form-urlencoded") < 0)
		return -ENOMEM;
	if (!s->keys)
		return 0;
	rc = digest_of(DIGEST_SHA256, form->data, form->len, hash);
	text_hex(payload, hash, sizeof(hash));
	if (rc == 0)
		rc = s->keys->fetch(s->keys, &keys, err);
	if (rc == 0)
		rc = sign_headers(&what, S3_SIGNATURE_V4, keys, headers, err);
	creds_put(keys);
	return rc;
}

static int sts_read_answer(const struct sts *s, const struct creds_call *call,
			   struct s3_creds **out, struct errinfo *err)
{
	const struct buf *body = &call->req.response_body;
	char reason[CREDS_REASON_SIZE];

	if (call->req.status == 200)
		return creds_answer_read(CREDS_XML_STS, buf_str(body),
					 body->len, s->name, out, err);
	creds_answer_reason(CREDS_XML_STS, buf_str(body), body->len, reason);
	return errinfo_set(err, -EACCES, "%.90s: STS answers with status %d %s",
			   s->name, call->req.status, reason);
}

static int sts_send(const struct sts *s, const struct endpoint *e,
		    struct buf *form, struct s3_creds **out,
		    struct errinfo *err)
{
	CLEANUP(creds_call_release) struct creds_call call = CREDS_CALL_INIT;
	struct buf AUTO_BUF url = BUF_INIT(4096);
	struct errinfo why = ERRINFO_INIT;
	int rc = sts_sign(s, e, form, &call.req.headers, err);

	endpoint_url(e, NULL, NULL, &url);
	if (rc == 0)
		rc = url.error;
	if (rc < 0)
		return rc;
	call.req.method = "POST";
	call.req.url = buf_str(&url);
	call.req.deadline_ms = TIMEOUT_MS;
	call.req.body = http_body_of(form);
	rc = creds_call_insist(&call, s->context, s->context->http, ATTEMPTS,
			       &why);
	if (rc < 0)
		return errinfo_set(err, rc == -ENOMEM ? rc : -ENOKEY,
				   "%.90s: %.100s", s->name, why.text);
	return sts_read_answer(s, &call, out, err);
}

static int sts_fetch(struct creds_source *source, struct s3_creds **out,
		     struct errinfo *err)
{
	struct buf CLEANUP(creds_token_wipe) token = BUF_INIT(TOKEN_MAX);
	struct buf CLEANUP(creds_token_wipe) form = BUF_INIT(FORM_MAX);
	CLEANUP(sts_release_endpoint) struct endpoint e = { 0 };
	struct sts *s = sts_of(source);
	int rc = sts_set_endpoint(s, &e, err);

	if (rc == 0 && !s->keys)
		rc = sts_read_token(s, &token, err);
	if (rc == 0) {
		rc = sts_write_form(s, buf_str(&token), &form);
		if (rc < 0)
			errinfo_set(err, rc, "%.90s: no request can be made",
				    s->name);
	}
	return rc < 0 ? rc : sts_send(s, &e, &form, out, err);
}

static const char *sts_name(struct creds_source *source)
{
	return sts_of(source)->name;
}

static void sts_free(struct creds_source *source)
{
	struct sts *s = sts_of(source);

	if (s->keys)
		s->keys->free(s->keys);
	free(s->arn);
	free(s->session_name);
	free(s->external_id);
	free(s->duration_s);
	free(s->token_file);
	free(s);
}

/* False: no memory. */
static bool sts_copy_text(char **to, const char *from)
{
	if (!from)
		return true;
	*to = strdup(from);
	return *to != NULL;
}

static struct sts *new (struct creds_context *context,
			const struct creds_role *role)
{
	struct sts *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->base = (struct creds_source){
		.fetch = sts_fetch,
		.name = sts_name,
		.free = sts_free,
	};
	s->context = context;
	if (sts_copy_text(&s->arn, role->arn) &&
	    sts_copy_text(&s->session_name, role->session_name) &&
	    sts_copy_text(&s->external_id, role->external_id) &&
	    sts_copy_text(&s->duration_s, role->duration_s) &&
	    sts_copy_text(&s->token_file, role->token_file))
		return s;
	sts_free(&s->base);
	return NULL;
}

int creds_web_identity_new(struct creds_context *context,
			   const struct creds_role *role,
			   struct creds_source **out)
{
	struct sts *s = new (context, role);

	if (!s)
		return -ENOMEM;
	snprintf(s->name, sizeof(s->name), "web identity, role %s of %s",
		 role->arn, role->from);
	*out = &s->base;
	return 0;
}

int creds_assume_role_new(struct creds_context *context,
			  const struct creds_role *role,
			  struct creds_source *base, struct creds_source **out)
{
	struct sts *s = new (context, role);

	if (!s)
		return -ENOMEM;
	s->keys = base;
	snprintf(s->name, sizeof(s->name), "role %s of %s", role->arn,
		 role->from);
	*out = &s->base;
	return 0;
}
