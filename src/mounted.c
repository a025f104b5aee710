/* SPDX-License-Identifier: MIT */
/* The table of mounts; see mounted.h. */
#include "mounted.h"

#include <stdio.h>
#include <string.h>

/* The table writes blanks and the like as \040. */
static void mounted_unescape_octal(char *s)
{
	char *to = s;

	for (; *s; s++) {
		if (s[0] == '\\' && strspn(s + 1, "01234567") >= 3) {
			*to++ = (char)((s[1] - '0') << 6 | (s[2] - '0') << 3 |
				       (s[3] - '0'));
			s += 3;
		} else {
			*to++ = *s;
		}
	}
	*to = '\0';
}

/*
 * ID parent major:minor root mount-point ... - type source ...
 * Returns 1 if the line is path's, 0 if not, -ENOMEM.
 */
static int mounted_parse_line(char *line, const char *path, struct mounted *out)
{
	enum {
		POINT = 4,
		OPTIONS = 5,
		FIELDS
	};
	char *fields[FIELDS] = { NULL };
	char *rest = line, *type = strstr(line, " - "), *source;

	for (int i = 0; i < FIELDS && rest; i++)
		fields[i] = strsep(&rest, " ");
	if (!fields[POINT] || !type)
		return 0;
	mounted_unescape_octal(fields[POINT]);
	if (strcmp(fields[POINT], path) != 0)
		return 0;
	rest = type + strlen(" - ");
	type = strsep(&rest, " ");
	source = strsep(&rest, " ");
	if (!source)
		return 0;
	mounted_unescape_octal(source);
	mounted_release(out);
	out->source = strdup(source);
	out->is_fuse = strncmp(type, "fuse", strlen("fuse")) == 0;
	out->is_ours = strcmp(type, "fuse.s3storefs") == 0;
	return out->source ? 1 : -ENOMEM;
}

int mounted_find(const char *path, struct mounted *out)
{
	FILE *f = fopen("/proc/self/mountinfo", "re");
	AUTO_FREE char *line = NULL;
	size_t cap = 0;
	int rc = -ENOENT;

	*out = (struct mounted){ 0 };
	if (!f)
		return -errno;
	/* The last line is the topmost mount. */
	while (rc != -ENOMEM && getline(&line, &cap, f) > 0) {
		int found = mounted_parse_line(line, path, out);

		if (found)
			rc = found < 0 ? found : 0;
	}
	if (!feof(f))
		rc = -ENOMEM;
	fclose(f);
	return rc;
}

void mounted_release(struct mounted *mounted)
{
	free(mounted->source);
	*mounted = (struct mounted){ 0 };
}
