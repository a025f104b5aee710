/* SPDX-License-Identifier: MIT */
/*
 * Answers of those who hand out credentials; see creds_answer.h.
 *
 * Sources: Amazon's guides of ECS ("Task IAM role"), EC2 ("Retrieve security
 * credentials from instance metadata"), the CLI ("Sourcing credentials with an
 * external process"), and the STS API reference.
 */
#include "creds/creds_answer.h"

#include <ctype.h>
#include <jansson.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "creds/creds.h"
#include "text.h"
#include "wire/xml.h"

#define TEXT_MAX_BYTES (20 * 1024) /* of one value; tokens grow with policies */
#define VERSION        1           /* of a credential_process's answer */

/* Texts are borrowed; NULL: not there. */
struct answer {
	const char *access_key, *secret_key, *token, *expiration;
	const char *code, *message;
};

/* Puts code and message together, as one printable line. */
static void answer_say_reason(const struct answer *a,
			      char out[CREDS_REASON_SIZE])
{
	const char *code = a->code ? a->code : "";
	const char *message = a->message ? a->message : "";

	snprintf(out, CREDS_REASON_SIZE, "%s%s%s", code,
		 *code && *message ? ": " : "", message);
	for (char *at = out; *at; at++) {
		if (!isprint((unsigned char)*at))
			*at = '?';
	}
}

/* "+01:00" to seconds. Returns 0 or -EINVAL. */
static int answer_parse_offset(const char *text, int *out)
{
	static const char form[] = "+00:00";
	int digits[6] = { 0 };

	for (size_t i = 1; form[i]; i++) {
		if (form[i] == '0' ? !isdigit((unsigned char)text[i]) :
				     text[i] != form[i])
			return -EINVAL;
		digits[i] = text[i] - '0';
	}
	*out = (digits[1] * 10 + digits[2]) * 3600 +
	       (digits[4] * 10 + digits[5]) * 60;
	if (*text == '-')
		*out = -*out;
	return 0;
}

int creds_answer_date(const char *text, int64_t *unix_s)
{
	char plain[40];
	size_t len = strlen(text), cut = len > 6 ? len - 6 : 0;
	int64_t unix_ns;
	int offset_s = 0;

	if (len >= sizeof(plain))
		return -EINVAL;
	memcpy(plain, text, len + 1);
	if (cut && (text[cut] == '+' || text[cut] == '-')) {
		if (answer_parse_offset(text + cut, &offset_s) < 0)
			return -EINVAL;
		plain[cut] = 'Z';
		plain[cut + 1] = '\0';
	}
	if (text_parse_iso_date(plain, &unix_ns) < 0)
		return -EINVAL;
	*unix_s = unix_ns / 1000000000 - offset_s;
	return 0;
}

/* Makes credentials of an answer that was read. */
static int answer_make_creds(const struct answer *a, const char *from,
			     struct s3_creds **out, struct errinfo *err)
{
	char reason[CREDS_REASON_SIZE];
	int64_t expiry_s = 0;
	int rc;

	answer_say_reason(a, reason);
	if (!a->access_key || !*a->access_key || !a->secret_key ||
	    !*a->secret_key)
		return *reason ?
			       errinfo_set(err, -EACCES, "%s says: %s", from,
					   reason) :
			       errinfo_set(err, -EBADMSG,
					   "%s: an answer without keys", from);
	if (a->expiration && *a->expiration &&
	    creds_answer_date(a->expiration, &expiry_s) < 0)
		return errinfo_set(err, -EBADMSG,
				   "%s: Expiration is no date like "
				   "2030-01-31T12:00:00Z",
				   from);
	rc = creds_check(a->access_key, a->secret_key, a->token, from, err);
	if (rc < 0)
		return rc;
	rc = creds_new(a->access_key, a->secret_key, a->token, out);
	if (rc < 0)
		return errinfo_set(err, rc, "no memory for credentials");
	creds_set_expiry(*out, expiry_s);
	return 0;
}

/* --- JSON --------------------------------------------------------------- */

/* The keys stood in jansson's memory too. */
static void answer_wipe_json(json_t **root)
{
	const char *name;
	json_t *value;

	json_object_foreach(*root, name, value)
	{
		if (json_is_string(value))
			explicit_bzero(
				(char *)(uintptr_t)json_string_value(value),
				json_string_length(value));
	}
	json_decref(*root);
}

static const char *answer_member(const json_t *root, const char *name)
{
	return json_string_value(json_object_get(root, name));
}

static void answer_take_json(enum creds_format format, const json_t *root,
			     struct answer *a)
{
	a->access_key = answer_member(root, "AccessKeyId");
	a->secret_key = answer_member(root, "SecretAccessKey");
	a->token = answer_member(
		root, format == CREDS_JSON_PROCESS ? "SessionToken" : "Token");
	a->expiration = answer_member(root, "Expiration");
	a->code = answer_member(root, "Code");
	a->message = answer_member(root, "Message");
	/* Agents of containers write them small. */
	if (!a->code)
		a->code = answer_member(root, "code");
	if (!a->message)
		a->message = answer_member(root, "message");
	if (a->code && strcmp(a->code, "Success") == 0)
		a->code = NULL;
}

static int answer_read_json(enum creds_format format, const char *text,
			    size_t len, const char *from, struct s3_creds **out,
			    struct errinfo *err)
{
	json_error_t why;
	CLEANUP(answer_wipe_json) json_t *root = json_loadb(text, len, 0, &why);
	struct answer a = { 0 };

	if (!root && json_error_code(&why) == json_error_out_of_memory)
		return errinfo_set(err, -ENOMEM, "%s: no memory", from);
	if (!json_is_object(root))
		return errinfo_set(err, -EBADMSG, "%s: no JSON object", from);
	if (format == CREDS_JSON_PROCESS &&
	    json_integer_value(json_object_get(root, "Version")) != VERSION)
		return errinfo_set(err, -EBADMSG, "%s: \"Version\" is not %d",
				   from, VERSION);
	answer_take_json(format, root, &a);
	return answer_make_creds(&a, from, out, err);
}

/* --- XML ---------------------------------------------------------------- */

struct xml_answer {
	char parent[16]; /* the element that the next texts stand in */
	char *texts[6];  /* owned, in the order of names */
};

static const struct {
	const char *parent, *name;
} names[] = {
	{ "Credentials", "AccessKeyId" },
	{ "Credentials", "SecretAccessKey" },
	{ "Credentials", "SessionToken" },
	{ "Credentials", "Expiration" },
	{ "Error", "Code" },
	{ "Error", "Message" },
};

static void answer_wipe_xml(struct xml_answer *x)
{
	for (size_t i = 0; i < ARRAY_SIZE(x->texts); i++) {
		if (x->texts[i])
			explicit_bzero(x->texts[i], strlen(x->texts[i]));
		free(x->texts[i]);
	}
}

static int answer_xml_open(void *arg, unsigned depth, const char *name)
{
	struct xml_answer *x = arg;

	if (strcmp(name, "Credentials") == 0 || strcmp(name, "Error") == 0)
		snprintf(x->parent, sizeof(x->parent), "%s", name);
	return 0;
}

static int answer_xml_close(void *arg, unsigned depth, const char *name,
			    const char *text, size_t len)
{
	struct xml_answer *x = arg;

	if (strcmp(name, x->parent) == 0)
		x->parent[0] = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (strcmp(names[i].parent, x->parent) != 0 ||
		    strcmp(names[i].name, name) != 0)
			continue;
		if (x->texts[i] || strlen(text) != len)
			return -EBADMSG;
		x->texts[i] = strdup(text);
		return x->texts[i] ? 0 : -ENOMEM;
	}
	return 0;
}

static int answer_parse_xml(const char *text, size_t len, struct xml_answer *x,
			    struct answer *a)
{
	const struct xml_reader reader = {
		.open = answer_xml_open,
		.close = answer_xml_close,
		.text_max = TEXT_MAX_BYTES,
	};
	int rc = xml_parse(text, len, &reader, x);

	if (rc == 0)
		*a = (struct answer){ x->texts[0], x->texts[1], x->texts[2],
				      x->texts[3], x->texts[4], x->texts[5] };
	return rc;
}

static int answer_read_xml(const char *text, size_t len, const char *from,
			   struct s3_creds **out, struct errinfo *err)
{
	CLEANUP(answer_wipe_xml) struct xml_answer x = { 0 };
	struct answer a = { 0 };
	int rc = answer_parse_xml(text, len, &x, &a);

	if (rc < 0)
		return errinfo_set(err, rc, "%s: no XML of STS", from);
	return answer_make_creds(&a, from, out, err);
}

int creds_answer_read(enum creds_format format, const char *text, size_t len,
		      const char *from, struct s3_creds **out,
		      struct errinfo *err)
{
	if (format == CREDS_XML_STS)
		return answer_read_xml(text, len, from, out, err);
	return answer_read_json(format, text, len, from, out, err);
}

void creds_answer_reason(enum creds_format format, const char *text, size_t len,
			 char out[CREDS_REASON_SIZE])
{
	CLEANUP(answer_wipe_xml) struct xml_answer x = { 0 };
	CLEANUP(answer_wipe_json) json_t *root = NULL;
	struct answer a = { 0 };

	if (format == CREDS_XML_STS)
		(void)!answer_parse_xml(text, len, &x, &a);
	else
		root = json_loadb(text, len, 0, NULL);
	if (json_is_object(root))
		answer_take_json(format, root, &a);
	answer_say_reason(&a, out);
}
