/* SPDX-License-Identifier: MIT */
/* The format of s3fs's key files; see creds_file.h. Pure. */
#include <stdlib.h>
#include <string.h>

#include "creds/creds_file.h"

#define BLANKS " \t\r\f\v"

/* One kind of line: of which a file may hold one for each bucket. */
struct keys {
	char *access_key, *secret_key; /* into the text; NULL: none yet */
};

struct parser {
	const char *bucket;
	struct keys own;     /* BUCKET:KEY:SECRET of our bucket */
	struct keys general; /* KEY:SECRET */
	struct keys named;   /* AWSAccessKeyId=, AWSSecretKey= */
};

static int passwd_bad_line(struct errinfo *err, unsigned number,
			   const char *what)
{
	return errinfo_set(err, -EINVAL, "line %u %s", number, what);
}

/* Takes value for *slot; a second one is a mistake. */
static int passwd_take_one(char **slot, char *value, unsigned number,
			   struct errinfo *err)
{
	if (!*value)
		return passwd_bad_line(err, number,
				       "has an empty key or secret");
	if (*slot)
		return passwd_bad_line(err, number,
				       "says again what was said before");
	*slot = value;
	return 0;
}

static int passwd_take_pair(struct keys *keys, char *access_key,
			    char *secret_key, unsigned number,
			    struct errinfo *err)
{
	int rc = passwd_take_one(&keys->access_key, access_key, number, err);

	return rc ? rc :
		    passwd_take_one(&keys->secret_key, secret_key, number, err);
}

/* KEY:SECRET, or BUCKET:KEY:SECRET, whose secret may hold more colons. */
static int passwd_take_fields(struct parser *p, char *line, unsigned number,
			      struct errinfo *err)
{
	char *second = strchr(line, ':'), *third;
	struct keys others = { 0 };
	bool is_own;

	if (!second)
		return passwd_bad_line(err, number,
				       "is neither KEY:SECRET nor "
				       "BUCKET:KEY:SECRET");
	*second++ = '\0';
	third = strchr(second, ':');
	if (!third)
		return passwd_take_pair(&p->general, line, second, number, err);
	*third++ = '\0';
	if (!*line)
		return passwd_bad_line(err, number, "has an empty bucket");
	is_own = strcmp(line, p->bucket) == 0;
	return passwd_take_pair(is_own ? &p->own : &others, second, third,
				number, err);
}

static int passwd_take_line(struct parser *p, char *line, unsigned number,
			    struct errinfo *err)
{
	size_t len = strlen(line);

	while (len > 0 && strchr(BLANKS, line[len - 1]))
		line[--len] = '\0';
	if (len == 0 || *line == '#')
		return 0;
	if (strpbrk(line, BLANKS))
		return passwd_bad_line(err, number, "has a blank in it");
	if (*line == '[')
		return passwd_bad_line(err, number,
				       "begins a section: these are for "
				       "~/.aws/credentials");
	if (strncmp(line, "AWSAccessKeyId=", 15) == 0)
		return passwd_take_one(&p->named.access_key, line + 15, number,
				       err);
	if (strncmp(line, "AWSSecretKey=", 13) == 0)
		return passwd_take_one(&p->named.secret_key, line + 13, number,
				       err);
	return passwd_take_fields(p, line, number, err);
}

static int passwd_copy_keys(const struct keys *keys, struct creds_profile *out)
{
	out->is_found = keys->access_key || keys->secret_key;
	if (keys->access_key)
		out->access_key = strdup(keys->access_key);
	if (keys->secret_key)
		out->secret_key = strdup(keys->secret_key);
	if ((keys->access_key && !out->access_key) ||
	    (keys->secret_key && !out->secret_key))
		return -ENOMEM;
	return 0;
}

int creds_passwd_parse(char *text, size_t len, const char *bucket,
		       struct creds_profile *out, struct errinfo *err)
{
	struct parser p = { .bucket = bucket };
	const struct keys *best = &p.named;
	char *line = text;

	*out = (struct creds_profile){ 0 };
	if (memchr(text, '\0', len))
		return errinfo_set(err, -EINVAL, "there is a NUL byte in it");
	for (unsigned number = 1; line; number++) {
		char *next = strchr(line, '\n');
		int rc;

		if (next)
			*next++ = '\0';
		rc = passwd_take_line(&p, line, number, err);
		if (rc < 0)
			return rc;
		line = next;
	}
	if (p.general.access_key)
		best = &p.general;
	if (p.own.access_key)
		best = &p.own;
	if (passwd_copy_keys(best, out) == 0)
		return 0;
	creds_profile_release(out);
	return errinfo_set(err, -ENOMEM, "no memory for the keys");
}
