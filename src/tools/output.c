/* SPDX-License-Identifier: MIT */
/* What tools print; see output.h. */
#include "output.h"

#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"

#define SHOW_AFTER_MS 1000 /* what is over by then needs no line */
#define SHOW_EACH_MS  200

void print_json_text(FILE *out, const char *text)
{
	fputc('"', out);
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (c == '"' || c == '\\')
			fprintf(out, "\\%c", c);
		else if (c < 0x20 || c == 0x7f)
			fprintf(out, "\\u%04x", c);
		else
			fputc(c, out);
	}
	fputc('"', out);
}

static void output_member_name(FILE *out, bool is_first, const char *name)
{
	fputs(is_first ? "" : ", ", out);
	print_json_text(out, name);
	fputs(": ", out);
}

void print_member(FILE *out, bool is_first, const char *name, const char *text)
{
	output_member_name(out, is_first, name);
	if (text)
		print_json_text(out, text);
	else
		fputs("null", out);
}

void print_flag(FILE *out, bool is_first, const char *name, bool flag)
{
	output_member_name(out, is_first, name);
	fputs(flag ? "true" : "false", out);
}

void print_integer(FILE *out, bool is_first, const char *name, int64_t number)
{
	output_member_name(out, is_first, name);
	fprintf(out, "%" PRId64, number);
}

void print_number(FILE *out, bool is_first, const char *name, uint64_t number)
{
	output_member_name(out, is_first, name);
	fprintf(out, "%" PRIu64, number);
}

/* As ls -h: rounded up, one digit behind the point below ten. */
void print_size(FILE *out, uint64_t size, bool is_human)
{
	static const char units[] = "KMGTPE";
	double shown = (double)size;
	int unit = -1;
	char text[24];

	while (is_human && shown >= 1024) {
		shown /= 1024;
		unit++;
	}
	if (unit < 0)
		snprintf(text, sizeof(text), "%" PRIu64, size);
	else
		snprintf(text, sizeof(text), "%.*f%c", shown < 10 ? 1 : 0,
			 shown, units[unit]);
	fprintf(out, "%14s", text);
}

void print_name(FILE *out, const char *name)
{
	bool is_terminal = isatty(fileno(out));

	for (; *name; name++) {
		unsigned char c = (unsigned char)*name;

		fputc(is_terminal && (c < 0x20 || c == 0x7f) ? '?' : c, out);
	}
}

void progress_begin(struct progress *p, const char *name, uint64_t total)
{
	*p = (struct progress){
		.name = name,
		.total = total,
		.started_ms = clock_now_ms(),
		.is_shown = isatty(STDERR_FILENO),
	};
	p->shown_ms = p->started_ms + SHOW_AFTER_MS - SHOW_EACH_MS;
}

void progress_step(struct progress *p, uint64_t done)
{
	int64_t now_ms = clock_now_ms();
	double s = (double)(now_ms - p->started_ms) / 1000;
	double mib = (double)done / (1024 * 1024);

	if (!p->is_shown || now_ms < p->shown_ms + SHOW_EACH_MS)
		return;
	p->shown_ms = now_ms;
	fputs("\r\033[K", stderr);
	print_name(stderr, p->name);
	fprintf(stderr, "  %.1f MiB", mib);
	if (p->total)
		fprintf(stderr, " of %.1f (%u%%)",
			(double)p->total / (1024 * 1024),
			(unsigned)(100.0 * (double)done / (double)p->total));
	fprintf(stderr, "  %.1f MiB/s", mib / (s > 0 ? s : 1));
}

void progress_end(struct progress *p)
{
	bool was_printed = p->shown_ms >= p->started_ms + SHOW_AFTER_MS;

	if (p->is_shown && was_printed)
		fputs("\r\033[K", stderr);
}
