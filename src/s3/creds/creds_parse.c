/* SPDX-License-Identifier: MIT */
/* The grammar of the shared files; see creds_file.h. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "creds/creds_file.h"

/* Somebody logs in with a browser, and other tools keep what comes of it. */
static const char *const browser_names[] = {
	"sso_session",
	"sso_start_url",
	"login_session",
};

/* The texts of a profile. */
static const struct {
	const char *name;
	size_t offset;
} fields[] = {
	{ "aws_access_key_id", offsetof(struct creds_profile, access_key) },
	{ "aws_secret_access_key", offsetof(struct creds_profile, secret_key) },
	{ "aws_session_token", offsetof(struct creds_profile, token) },
	{ "aws_security_token", offsetof(struct creds_profile, token) },
	{ "region", offsetof(struct creds_profile, region) },
	{ "role_arn", offsetof(struct creds_profile, role_arn) },
	{ "source_profile", offsetof(struct creds_profile, source_profile) },
	{ "credential_source",
	  offsetof(struct creds_profile, credential_source) },
	{ "role_session_name",
	  offsetof(struct creds_profile, role_session_name) },
	{ "external_id", offsetof(struct creds_profile, external_id) },
	{ "duration_seconds",
	  offsetof(struct creds_profile, duration_seconds) },
	{ "mfa_serial", offsetof(struct creds_profile, mfa_serial) },
	{ "web_identity_token_file",
	  offsetof(struct creds_profile, web_identity_token_file) },
	{ "credential_process",
	  offsetof(struct creds_profile, credential_process) },
};

static char **profile_field(struct creds_profile *p, size_t i)
{
	return (char **)((char *)p + fields[i].offset);
}

struct parser {
	const char *name;
	bool in_config;
	bool is_wanted;   /* inside the profile's section */
	bool has_section; /* any came yet */
	size_t indent;    /* of the last name in this section */
	bool has_name;    /* one came in this section */
	struct creds_profile *out;
};

static bool profile_is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\f' || c == '\v';
}

/* Cuts blanks off both ends. */
static char *profile_trim(char *s)
{
	size_t len;

	while (profile_is_blank(*s))
		s++;
	len = strlen(s);
	while (len > 0 && profile_is_blank(s[len - 1]))
		len--;
	s[len] = '\0';
	return s;
}

/* "profile x", or "profile 'x y'", to "x y"; NULL if it is no profile. */
static char *profile_section_name(char *section)
{
	char *s = section;
	size_t len;

	if (strcmp(s, "default") == 0)
		return s;
	if (strncmp(s, "profile", 7) != 0 || !profile_is_blank(s[7]))
		return NULL;
	s = profile_trim(s + 7);
	len = strlen(s);
	if (len >= 2 && (*s == '"' || *s == '\'') && s[len - 1] == *s) {
		s[len - 1] = '\0';
		s++;
	}
	return s;
}

static int profile_enter_section(struct parser *p, char *line)
{
	char *end = strchr(line, ']');
	char *name;

	if (!end)
		return -EINVAL;
	*end = '\0';
	name = profile_trim(line + 1);
	if (p->in_config)
		name = profile_section_name(name);
	p->is_wanted = name && strcmp(name, p->name) == 0;
	p->has_section = true;
	p->has_name = false;
	if (p->is_wanted)
		p->out->is_found = true;
	return 0;
}

static void profile_wipe(char **text)
{
	if (*text)
		explicit_bzero(*text, strlen(*text));
	free(*text);
	*text = NULL;
}

static int profile_keep(char **slot, const char *value)
{
	profile_wipe(slot);
	if (!*value)
		return 0;
	*slot = strdup(value);
	return *slot ? 0 : -ENOMEM;
}

static int profile_take_value(struct creds_profile *out, const char *name,
			      const char *value)
{
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		if (strcasecmp(name, fields[i].name) == 0)
			return profile_keep(profile_field(out, i), value);
	}
	for (size_t i = 0; i < ARRAY_SIZE(browser_names); i++) {
		if (strcasecmp(name, browser_names[i]) == 0)
			out->browser_source = browser_names[i];
	}
	return 0;
}

/* One line, without its newline. */
static int profile_take_line(struct parser *p, char *line)
{
	size_t indent = strspn(line, " \t");
	char *text = profile_trim(line);
	char *sign;

	if (*text == '\0' || *text == '#' || *text == ';')
		return 0;
	/* The rest of the value above; none of ours has more than a line. */
	if (p->has_name && indent > p->indent)
		return 0;
	if (*text == '[')
		return profile_enter_section(p, text);
	sign = strpbrk(text, "=:");
	if (!sign || sign == text || !p->has_section)
		return -EINVAL;
	*sign = '\0';
	p->has_name = true;
	p->indent = indent;
	if (!p->is_wanted)
		return 0;
	return profile_take_value(p->out, profile_trim(text),
				  profile_trim(sign + 1));
}

int creds_file_parse(char *text, size_t len, const char *name, bool in_config,
		     struct creds_profile *out, struct errinfo *err)
{
	struct parser p = { .name = name, .in_config = in_config, .out = out };
	char *line = text;
	int rc = 0;

	*out = (struct creds_profile){ 0 };
	if (memchr(text, '\0', len))
		return errinfo_set(err, -EINVAL, "there is a NUL byte in it");
	if (strncmp(line, "\xef\xbb\xbf", 3) == 0)
		line += 3; /* a byte order mark, as editors leave it */
	for (unsigned number = 1; line && rc == 0; number++) {
		char *next = strchr(line, '\n');

		if (next)
			*next++ = '\0';
		rc = profile_take_line(&p, line);
		if (rc == -EINVAL)
			return errinfo_set(err, rc,
					   "line %u is no [SECTION], no NAME = "
					   "VALUE and no comment",
					   number);
		line = next;
	}
	if (rc < 0)
		return errinfo_set(err, rc, "no memory for the profile");
	return 0;
}

void creds_profile_release(struct creds_profile *p)
{
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
		profile_wipe(profile_field(p, i));
	*p = (struct creds_profile){ 0 };
}
