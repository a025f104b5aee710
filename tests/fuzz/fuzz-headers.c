/* SPDX-License-Identifier: MIT */
/*
 * The headers of an answer, a line each: what they say of an object holds
 * together whatever a server sends.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"
#include "wire/attrs.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* "Name: value" lines; a line that cannot be a header is left out. */
static void read_lines(char *text, struct pairs *headers)
{
	char *rest = text;

	for (char *line; (line = strsep(&rest, "\n"));) {
		char *value = strchr(line, ':');

		if (!value)
			continue;
		*value++ = '\0';
		value += strspn(value, " ");
		if (pairs_add(headers, line, value) == -ENOMEM)
			return;
	}
}

static void check_range(const char *text)
{
	struct attrs_range range;

	if (attrs_content_range(text, &range) == 0 &&
	    (range.first > range.last || range.last >= range.total))
		abort();
}

static void check_dates(const char *text)
{
	char again[TEXT_HTTP_DATE_SIZE];
	int64_t unix_s;

	if (text_parse_http_date(text, &unix_s) < 0 || unix_s < 0)
		return;
	text_http_date(again, unix_s);
	/* The name of the day is not read. */
	if (strcmp(text + 3, again + 3) != 0)
		abort();
}

static void check_object(const struct pairs *headers)
{
	struct s3_object object = { 0 };

	if (attrs_read(headers, &object) == 0) {
		if (!object.etag[0] || strpbrk(object.etag, "\r\n"))
			abort();
		for (size_t i = 0; i < object.headers.count; i++) {
			if (strpbrk(object.headers.items[i].value, "\r\n"))
				abort();
		}
	}
	pairs_release(&object.headers);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pairs headers = PAIRS_INIT;
	char *text = malloc(size + 1);
	uint32_t crc;
	uint64_t length;

	if (!text)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	check_range(text);
	check_dates(text);
	read_lines(text, &headers);
	check_object(&headers);
	if (attrs_length(&headers, &length) == 0 && length > S3_OBJECT_MAX)
		abort();
	attrs_crc32c(&headers, &crc);
	pairs_release(&headers);
	free(text);
	return 0;
}
