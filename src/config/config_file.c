/* SPDX-License-Identifier: MIT */
/* The shape of a settings file; see config_file.h. */
#include "config_file.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io.h"

#define BLANKS " \t\r"

struct scanner {
	char *at;
	unsigned line;
	const char *section;
	struct errinfo *err;
};

static int scanner_fail(const struct scanner *s, const char *what)
{
	return errinfo_set(s->err, -EINVAL, "%s", what);
}

/* To the end of the line, where only a comment may still be. */
static int end_line(struct scanner *s)
{
	s->at += strspn(s->at, BLANKS);
	if (*s->at == '#')
		s->at += strcspn(s->at, "\n");
	if (*s->at && *s->at != '\n')
		return scanner_fail(s, "something behind the end of the value");
	return 0;
}

static int scan_section(struct scanner *s)
{
	size_t len = strcspn(s->at, "\n#");
	char *close = memrchr(s->at, ']', len);

	if (!close || close == s->at + 1)
		return scanner_fail(s,
				    "a section is a name in brackets, such as "
				    "[my-bucket]");
	*close = '\0';
	s->section = s->at + 1;
	s->at = close + 1;
	return end_line(s);
}

/* Over a quoted text; at its closing quote's right afterwards. */
static int skip_quoted(struct scanner *s)
{
	char quote = *s->at++;

	for (; *s->at != quote; s->at++) {
		if (*s->at == '\\' && s->at[1])
			s->at++;
		if (!*s->at || *s->at == '\n')
			return scanner_fail(s, "the closing quote is missing");
	}
	s->at++;
	return 0;
}

/* Over a value that begins with a bracket, to behind the one that closes. */
static int skip_brackets(struct scanner *s)
{
	unsigned depth = 0;

	do {
		s->at += strcspn(s->at, "()[]{}'\"#\n");
		if (!*s->at)
			return scanner_fail(s,
					    "the closing bracket is missing");
		if (*s->at == '\'' || *s->at == '"') {
			int rc = skip_quoted(s);

			if (rc)
				return rc;
			continue;
		}
		if (*s->at == '#') {
			s->at += strcspn(s->at, "\n");
			continue;
		}
		if (strchr("([{", *s->at))
			depth++;
		else if (*s->at == '\n')
			s->line++;
		else
			depth--;
		s->at++;
	} while (depth);
	return 0;
}

/* A bare value ends at the line's end or at a blank and a #. */
static void skip_bare(struct scanner *s, char **end)
{
	const char *start = s->at;

	while (*s->at && *s->at != '\n' &&
	       !(*s->at == '#' && s->at > start && strchr(BLANKS, s->at[-1])))
		s->at++;
	*end = s->at;
	while (*end > start && strchr(BLANKS, (*end)[-1]))
		(*end)--;
}

static int scan_value(struct scanner *s, char **end)
{
	int rc = 0;

	if (*s->at == '\'' || *s->at == '"')
		rc = skip_quoted(s);
	else if (*s->at && strchr("([{", *s->at))
		rc = skip_brackets(s);
	else
		skip_bare(s, end);
	if (!*end)
		*end = s->at;
	return rc;
}

static void next_line(struct scanner *s)
{
	if (*s->at == '\n') {
		s->at++;
		s->line++;
	}
}

static int scan_setting(struct scanner *s, struct config_line *line)
{
	char *name = s->at, *name_end, *value, *value_end = NULL;
	int rc;

	s->at += strspn(s->at, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_"
			       "abcdefghijklmnopqrstuvwxyz-.0123456789");
	name_end = s->at;
	s->at += strspn(s->at, BLANKS);
	if (name_end == name || *s->at != '=')
		return scanner_fail(s, "write NAME = value");
	s->at++;
	s->at += strspn(s->at, BLANKS);
	value = s->at;
	rc = *value == '#' ? 0 : scan_value(s, &value_end);
	if (!rc)
		rc = end_line(s);
	if (rc)
		return rc;
	/* The newline is passed before a NUL may take its place. */
	next_line(s);
	*name_end = '\0';
	*(value_end ? value_end : value) = '\0';
	line->name = name;
	line->value = value;
	return 0;
}

int config_file_parse(char *text, config_line_fn take, void *arg,
		      unsigned *number, struct errinfo *err)
{
	struct scanner s = { .line = 1, .section = "", .err = err };

	s.at = text;
	for (;;) {
		struct config_line line = { 0 };
		int rc = 0;

		s.at += strspn(s.at, BLANKS);
		*number = s.line;
		if (!*s.at)
			return 0;
		if (*s.at == '\n' || *s.at == '#') {
			s.at += strcspn(s.at, "\n");
			next_line(&s);
			continue;
		}
		if (*s.at == '[')
			rc = scan_section(&s);
		else
			rc = scan_setting(&s, &line);
		line.section = s.section;
		line.number = *number;
		if (!rc)
			rc = take(arg, &line, err);
		if (rc)
			return rc;
	}
}

int config_file_read(const char *path, struct buf *out, bool *is_private,
		     struct errinfo *err)
{
	/* O_NONBLOCK: a FIFO of that name must not stop the start. */
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;
	int rc;

	if (fd < 0 || fstat(fd, &st) < 0) {
		rc = -errno;
		return errinfo_set(err, rc, "%s: %s", path,
				   strerrordesc_np(-rc));
	}
	if (!S_ISREG(st.st_mode))
		return errinfo_set(err, -EINVAL, "%s is no plain file", path);
	*is_private = (st.st_mode & 077) == 0 &&
		      (st.st_uid == geteuid() || st.st_uid == 0);
	rc = io_read_all(fd, out);
	if (rc == -EMSGSIZE)
		rc = -EFBIG;
	if (rc)
		return errinfo_set(err, rc, "%s: %s", path,
				   strerrordesc_np(-rc));
	if (strlen(buf_str(out)) < out->len)
		return errinfo_set(err, -EINVAL, "%s is no text", path);
	return 0;
}

static int path_keep(char **to, const char *path)
{
	*to = strdup(path);
	return *to ? 0 : -ENOMEM;
}

int config_file_find(const char *given, char **path, char **unread)
{
	static const char system_path[] = "/etc/s3storefs.conf";
	AUTO_BUF struct buf own = BUF_INIT(4096);
	const char *folder = secure_getenv("XDG_CONFIG_HOME");
	const char *home = secure_getenv("HOME");

	if (!given)
		given = secure_getenv("S3STOREFS_CONF");
	if (given && *given)
		return path_keep(path, given);
	if (folder && *folder == '/')
		buf_add_fmt(&own, "%s/s3storefs/s3storefs.conf", folder);
	else if (home && *home == '/')
		buf_add_fmt(&own, "%s/.config/s3storefs/s3storefs.conf", home);
	if (own.len && access(own.data, F_OK) == 0)
		return path_keep(path, own.data);
	if (access(system_path, R_OK) == 0)
		return path_keep(path, system_path);
	return errno == EACCES ? path_keep(unread, system_path) : 0;
}
