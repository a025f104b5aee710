/* SPDX-License-Identifier: MIT */
/* Object parameters: one set of them; see params.h. */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "params.h"
#include "params/params_table.h"
#include "params/params_value.h"
#include "params/rules.h"
#include "text.h"

#define VALUE_MAX 16384 /* ours; servers take some KiB of headers */

struct s3_params *s3_params_new(void)
{
	return calloc(1, sizeof(struct s3_params));
}

void s3_params_free(struct s3_params *p)
{
	if (!p)
		return;
	for (size_t i = 0; i < p->headers.count; i++)
		explicit_bzero(p->headers.items[i].value,
			       strlen(p->headers.items[i].value));
	pairs_release(&p->headers);
	free(p);
}

const char *s3_params_header(const struct s3_params *p, const char *header)
{
	const char *value = pairs_get(&p->headers, header);

	return value && *value ? value : NULL;
}

/* Header spelling, or the name that is meant. */
static int params_unknown(const char *name, struct errinfo *err)
{
	const struct param_def *def = params_find_header(name);
	struct text_nearest nearest = { .to = name };

	if (def && def->form == FORM_MAP)
		return errinfo_set(err, -EINVAL,
				   "%.60s is a header; write 'Metadata': "
				   "{'%.60s': ...}",
				   name, name + strlen(def->header));
	if (def)
		return errinfo_set(err, -EINVAL, "%.60s is a header; write %s",
				   name, def->name);
	for (size_t i = 0; i < params_count; i++)
		text_nearest_try(&nearest, params_table[i].name);
	return errinfo_set(err, -EINVAL, "unknown parameter %.60s%s", name,
			   text_nearest_hint(&nearest));
}

int s3_params_kind(const char *name, enum s3_param_kind *out,
		   struct errinfo *err)
{
	static const enum s3_param_kind kinds[] = {
		[FORM_TEXT] = S3_PARAM_TEXT,
		[FORM_HTTP_DATE] = S3_PARAM_DATE,
		[FORM_ISO_DATE] = S3_PARAM_DATE,
		[FORM_FLAG] = S3_PARAM_FLAG,
		[FORM_JSON] = S3_PARAM_JSON,
		[FORM_MAP] = S3_PARAM_MAP,
		[FORM_KEY] = S3_PARAM_TEXT,
		[FORM_CRC32C] = S3_PARAM_TEXT,
		[FORM_ONE_FILE] = S3_PARAM_TEXT,
	};
	const struct param_def *def = params_find(name);

	if (!def)
		return params_unknown(name, err);
	*out = kinds[def->form];
	return 0;
}

/* --- One parameter's value ---------------------------------------------- */

static int params_make_date(enum param_form form, const char *text,
			    struct buf *out)
{
	char http[TEXT_HTTP_DATE_SIZE], iso[TEXT_ISO_DATE_SIZE];
	int64_t unix_s, unix_ns;

	if (params_parse_date(text, &unix_s) < 0)
		return -EINVAL;
	if (form == FORM_HTTP_DATE) {
		text_http_date(http, unix_s);
		buf_add_str(out, http);
		return out->error;
	}
	if (__builtin_mul_overflow(unix_s, 1000000000, &unix_ns))
		return -EINVAL;
	text_iso_date(iso, unix_ns);
	buf_add_str(out, iso);
	return out->error;
}

/* Returns 0, or -EINVAL and *why, which does not show the value. */
static int params_make_value(const struct param_def *def, const char *text,
			     struct buf *out, const char **why)
{
	switch (def->form) {
	case FORM_TEXT:
		*why = "a text of one line is due";
		return params_clean(text, out);
	case FORM_HTTP_DATE:
	case FORM_ISO_DATE:
		*why = "no date, such as 2030-12-31T23:59:59Z";
		return params_make_date(def->form, text, out);
	case FORM_FLAG:
		*why = "neither true nor false";
		buf_add_str(out,
			    strcasecmp(text, "true") == 0 ? "true" : "false");
		return strcasecmp(text, buf_str(out)) == 0 ? out->error :
							     -EINVAL;
	case FORM_JSON:
		*why = "neither a map nor its JSON in base64";
		return params_json(text, out);
	case FORM_CRC32C:
		*why = "only CRC32C is computed here, and it is without "
		       "being asked";
		buf_add_str(out, text);
		return strcmp(text, "CRC32C") == 0 ? out->error : -EINVAL;
	case FORM_MAP:
		*why = "a map of texts is due";
		return -EINVAL;
	case FORM_ONE_FILE:
		*why = "this is for the bytes of one file and cannot be right "
		       "for all of a mount; a CRC32C goes along in any case";
		return -EINVAL;
	case FORM_KEY:
		break;
	}
	*why = "a key has 32 bytes, or 44 characters in base64";
	return -EINVAL;
}

/* The algorithm and the MD5 that were not given are known by the key. */
static int params_set_key(struct s3_params *p, const char *text)
{
	AUTO_BUF struct buf key = BUF_INIT(64);
	AUTO_BUF struct buf md5 = BUF_INIT(64);
	const char *name = params_find("SSECustomerKey")->header;
	int rc = params_customer_key(text, &key, &md5);

	if (rc == 0)
		rc = pairs_set(&p->headers, name, key.data);
	if (rc == 0)
		memcpy(p->key_md5, md5.data, md5.len + 1);
	if (key.data)
		explicit_bzero(key.data, key.cap);
	return rc;
}

static int params_refuse(const struct param_def *def, int rc, const char *why,
			 struct errinfo *err)
{
	if (rc == -EINVAL)
		return errinfo_set(err, rc, "%s: %s", def->name, why);
	return errinfo_set(err, rc, "%s: %s", def->name,
			   rc == -EMSGSIZE ? "too long" : strerrordesc_np(-rc));
}

int s3_params_set(struct s3_params *p, const char *name, const char *value,
		  struct errinfo *err)
{
	const struct param_def *def = params_find(name);
	AUTO_BUF struct buf text = BUF_INIT(VALUE_MAX);
	const char *why = "a key has 32 bytes, or 44 characters in base64";
	int rc;

	if (!def)
		return params_unknown(name, err);
	if (def->form == FORM_KEY) {
		rc = params_set_key(p, value);
	} else {
		rc = params_make_value(def, value, &text, &why);
		if (rc == 0)
			rc = pairs_set(&p->headers, def->header, text.data);
	}
	return rc < 0 ? params_refuse(def, rc, why, err) : 0;
}

static bool params_is_ascii(const char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s >= 0x80)
			return false;
	return true;
}

int s3_params_set_metadata(struct s3_params *p, const char *key,
			   const char *value, struct errinfo *err)
{
	AUTO_BUF struct buf name = BUF_INIT(VALUE_MAX);
	AUTO_BUF struct buf text = BUF_INIT(VALUE_MAX);
	int rc;

	if (!params_is_ascii(key) || !params_is_ascii(value))
		return errinfo_set(err, -EINVAL,
				   "Metadata: %.60s: only ASCII, in name and "
				   "value",
				   key);
	buf_add_fmt(&name, "x-amz-meta-%s", key);
	rc = name.error ? name.error : params_clean(value, &text);
	if (rc == 0)
		rc = *key ? pairs_set(&p->headers, name.data, text.data) :
			    -EINVAL;
	if (rc == -EINVAL)
		return errinfo_set(err, rc,
				   "Metadata: %.60s: a header's name and a "
				   "text of one line are due",
				   key);
	return rc < 0 ? errinfo_set(err, rc, "Metadata: %s",
				    strerrordesc_np(-rc)) :
			0;
}

int s3_params_set_header(struct s3_params *p, const char *header,
			 const char *value, struct errinfo *err)
{
	const struct param_def *def = params_find_header(header);

	if (!def)
		return errinfo_set(err, -EINVAL,
				   "%.60s is no header of an object", header);
	if (def->form == FORM_MAP)
		return s3_params_set_metadata(p, header + strlen(def->header),
					      value, err);
	return s3_params_set(p, def->name, value, err);
}

/* An empty value stands for "not sent". */
int s3_params_unset(struct s3_params *p, const char *name, struct errinfo *err)
{
	const struct param_def *def = params_find(name);
	int rc;

	if (!def)
		return params_unknown(name, err);
	rc = pairs_set(&p->headers, def->header, "");
	return rc < 0 ? errinfo_set(err, rc, "%s: %s", name,
				    strerrordesc_np(-rc)) :
			0;
}

/* --- All of them -------------------------------------------------------- */

static int params_check_families(const struct s3_params *p, struct errinfo *err)
{
	for (size_t i = 0; i < params_count; i++) {
		const struct param_def *a = &params_table[i];

		if (!a->drops || !s3_params_header(p, a->header))
			continue;
		for (size_t j = 0; j < i; j++) {
			const struct param_def *b = &params_table[j];

			/* One that leads others (SSE and its key's id). */
			if ((a->drops & b->family) && (b->drops & a->family) &&
			    s3_params_header(p, b->header))
				return errinfo_set(err, -EINVAL,
						   "%s and %s exclude each "
						   "other",
						   b->name, a->name);
		}
	}
	return 0;
}

/* -EINVAL also for an MD5 or an algorithm without a key. */
static int params_finish_key(struct s3_params *p, struct errinfo *err)
{
	const char *algorithm = params_find("SSECustomerAlgorithm")->header;
	const char *md5 = params_find("SSECustomerKeyMD5")->header;
	const char *given = s3_params_header(p, md5);
	int rc = 0;

	if (!p->key_md5[0]) {
		if (given || s3_params_header(p, algorithm))
			return errinfo_set(err, -EINVAL,
					   "SSECustomerKey is missing");
		return 0;
	}
	if (given && strcmp(given, p->key_md5) != 0)
		return errinfo_set(err, -EINVAL,
				   "SSECustomerKeyMD5 is not the MD5 of "
				   "SSECustomerKey");
	rc = pairs_set(&p->headers, md5, p->key_md5);
	if (rc == 0 && !s3_params_header(p, algorithm))
		rc = pairs_set(&p->headers, algorithm, "AES256");
	return rc < 0 ? errinfo_set(err, rc, "out of memory") : 0;
}

int s3_params_finish(struct s3_params *p, struct errinfo *err)
{
	int rc = params_check_families(p, err);

	return rc < 0 ? rc : params_finish_key(p, err);
}
