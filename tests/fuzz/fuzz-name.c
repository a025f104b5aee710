/* SPDX-License-Identifier: MIT */
/* A location, a newline, and a name or path below it. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "name.h"
#include "text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect(bool holds)
{
	if (!holds)
		abort();
}

/* A key is below its location and is its own key without one. */
static void check_key(const char *location, const char *name)
{
	AUTO_BUF struct buf key = BUF_INIT(8192);
	AUTO_BUF struct buf again = BUF_INIT(8192);
	size_t len = strlen(location);
	int rc;

	while (len > 0 && location[len - 1] == '/')
		len--;
	if (name_to_key(&key, location, name, NULL) < 0)
		return;
	expect(name_key_check(key.len) == 0);
	expect(text_is_utf8(buf_str(&key), key.len));
	if (*location == '/')
		return;
	expect(*buf_str(&key) != '/');
	expect(len == 0 || (key.len > len && key.data[len] == '/' &&
			    memcmp(key.data, location, len) == 0));
	if (len > 0)
		return;
	rc = name_to_key(&again, "", buf_str(&key), NULL);
	expect(rc == 0 || rc == -ENOMEM);
	expect(rc < 0 || strcmp(buf_str(&key), buf_str(&again)) == 0);
}

/* Where a location is accepted, plain names are below it. */
static void check_location(const char *location)
{
	AUTO_BUF struct buf key = BUF_INIT(8192);
	size_t len = strlen(location);
	int rc;

	if (name_location_check(location, NULL) < 0)
		return;
	while (len > 0 && location[len - 1] == '/')
		len--;
	rc = name_to_key(&key, location, "x", NULL);
	expect(rc == 0 || rc == -ENOMEM);
	expect(rc < 0 || key.len == len + 1 + (len > 0));
}

static void check_unique(const char *name)
{
	char out[NAME_SIZE];

	if (name_check(name, strlen(name)) < 0)
		return;
	for (size_t room = 0; room < 1024; room += 61) {
		if (name_unique(out, name, room, SIZE_MAX) < 0)
			continue;
		expect(strlen(out) <= room);
		expect(name_check(out, strlen(out)) == 0);
		expect(strcmp(out, name) != 0);
	}
}

static void check_max_length(const char *path)
{
	AUTO_BUF struct buf out = BUF_INIT(64 * 1024);
	size_t len = strlen(path);

	if (!text_is_utf8(path, len))
		return;
	for (size_t max = 1; max <= len; max = max * 3 / 2 + 1) {
		size_t points = 0;

		buf_clear(&out);
		if (name_shorten_path(&out, path, max) < 0)
			continue;
		for (size_t i = 0; i < out.len; i++)
			points += (out.data[i] & 0xc0) != 0x80;
		expect(points <= max && text_is_utf8(out.data, out.len));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *location = malloc(size + 1);
	char *name;

	if (!location)
		return 0;
	memcpy(location, data, size);
	location[size] = '\0';
	name = location;
	strsep(&name, "\n");
	if (name) {
		check_key(location, name);
		check_unique(name);
		check_max_length(name);
	}
	check_location(location);
	free(location);
	return 0;
}
