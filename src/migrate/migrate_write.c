/* SPDX-License-Identifier: MIT */
/* The result as a settings file, and in words; see migrate_write.h. */
#include "migrate_write.h"

#include <string.h>

#define LINE_WIDTH 76

/* A byte of a comment: none that ends or hides it. */
static char safe(char c)
{
	return (unsigned char)c < 0x20 || c == 0x7f ? '?' : c;
}

static void add_safely(struct buf *out, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		buf_add_char(out, safe(text[i]));
}

/* text as comment lines, broken at blanks. */
static void add_comment(struct buf *out, const char *text)
{
	while (*text) {
		size_t len = strlen(text), cut;

		if (len > LINE_WIDTH) {
			for (cut = LINE_WIDTH; cut && text[cut] != ' ';)
				cut--;
			len = cut ? cut : strcspn(text, " ");
		}
		buf_add_str(out, "# ");
		add_safely(out, text, len);
		buf_add_char(out, '\n');
		text += len;
		text += *text == ' ';
	}
}

static void add_origin(struct buf *out, const struct migration_entry *e,
		       const char *before, const char *behind)
{
	if (!e->from)
		return;
	buf_add_str(out, before);
	add_safely(out, e->from, strlen(e->from));
	buf_add_str(out, behind);
}

static void write_remark(struct buf *out, const struct migration_entry *e)
{
	AUTO_BUF struct buf text = BUF_INIT(4096);

	add_origin(&text, e, "", ": ");
	buf_add_str(&text, e->why);
	add_comment(out, buf_str(&text));
	buf_add_char(out, '\n');
}

static void write_setting(struct buf *out, const struct migration_entry *e,
			  bool with_secrets)
{
	bool is_hidden = e->is_secret && !with_secrets;

	if (*e->why)
		add_comment(out, e->why);
	if (is_hidden)
		add_comment(out, "Secret: it goes here with -o FILE or "
				 "--with-secrets, in a file of mode 600; or "
				 "into the environment or ~/.aws/credentials");
	else if (e->is_secret)
		add_comment(out, "Secret: this file must be of mode 600");
	if (is_hidden || e->state == MIGRATION_OFF)
		buf_add_char(out, '#');
	buf_add_fmt(out, "%s = %s", e->name, is_hidden ? "''" : e->literal);
	add_origin(out, e, "  # from ", "");
	buf_add_str(out, "\n\n");
}

static void write_section(const struct migration *m, const char *section,
			  bool with_secrets, struct buf *out)
{
	const struct migration_entry *e;

	for (e = m->entries; e; e = e->next) {
		if (strcmp(e->section, section) != 0)
			continue;
		if (e->name)
			write_setting(out, e, with_secrets);
		else
			write_remark(out, e);
	}
}

int migration_write(const struct migration *m, bool with_secrets,
		    struct buf *out)
{
	AUTO_BUF struct buf head = BUF_INIT(8192);

	buf_add_fmt(&head,
		    "Settings of s3storefs, made by \"s3storefs "
		    "migrate\" from %s.",
		    m->source);
	add_comment(out, buf_str(&head));
	for (size_t i = 0; i < m->section_count; i++)
		buf_add_fmt(out, "#   s3storefs -c THIS-FILE %s MOUNTPOINT\n",
			    m->sections[i]);
	buf_add_char(out, '\n');
	write_section(m, "", with_secrets, out);
	for (size_t i = 0; i < m->section_count; i++) {
		buf_add_fmt(out, "\n[%s]\n\n", m->sections[i]);
		write_section(m, m->sections[i], with_secrets, out);
	}
	return out->error;
}

int migration_explain(const struct migration *m, struct buf *out)
{
	const struct migration_entry *e;

	for (e = m->entries; e; e = e->next) {
		if (!e->is_warning)
			continue;
		add_origin(out, e, "", ": ");
		if (*e->section)
			buf_add_fmt(out, "[%s] ", e->section);
		if (e->name)
			buf_add_fmt(out, "%s: ", e->name);
		add_safely(out, e->why, strlen(e->why));
		buf_add_char(out, '\n');
	}
	return out->error;
}
