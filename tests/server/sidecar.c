/* SPDX-License-Identifier: MIT */
/* Sidecar files; see sidecar.h. Values are percent-encoded: any bytes fit. */
#include "sidecar.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "text.h"

static json_t *encoded(const char *text)
{
	AUTO_BUF struct buf out = BUF_INIT(1 << 20);

	text_percent_encode(&out, text, strlen(text), true);
	return json_string(buf_str(&out));
}

static json_t *fields_json(const struct fields *f)
{
	json_t *all = json_array();
	const char *name, *value;
	size_t at = 0;

	while (fields_next(f, &at, &name, &value)) {
		json_array_append_new(all, encoded(name));
		json_array_append_new(all, encoded(value));
	}
	return all;
}

static json_t *parts_json(const struct part_sizes *parts)
{
	json_t *all = json_array();

	for (unsigned i = 0; parts && i < parts->count; i++)
		json_array_append_new(
			all, json_integer((json_int_t)parts->sizes[i]));
	return all;
}

int sidecar_write(const char *path, const char *key,
		  const struct object *object)
{
	AUTO_BUF struct buf temporary = BUF_INIT(1 << 16);
	json_t *json = json_pack(
		"{so ss sI sI si so so so so}", "key", encoded(key), "etag",
		object->etag, "size", (json_int_t)object->body.size, "time_ns",
		(json_int_t)object->mtime_ns, "acl", (int)object->acl,
		"headers", fields_json(&object->headers), "sums",
		fields_json(&object->sums), "tags", fields_json(&object->tags),
		"parts", parts_json(object->parts));
	int rc = json ? 0 : -ENOMEM;

	buf_add_fmt(&temporary, "%s.new", path);
	if (rc == 0 && json_dump_file(json, buf_str(&temporary), 0) < 0)
		rc = errno ? -errno : -EIO;
	json_decref(json);
	if (rc == 0 && rename(buf_str(&temporary), path) < 0)
		rc = -errno;
	return rc;
}

static char *decoded(const json_t *json)
{
	const char *text = json_string_value(json);
	char *out = text ? strdup(text) : NULL;
	size_t len = out ? strlen(out) : 0;

	if (out && text_percent_decode(out, &len, false) == 0)
		return out;
	free(out);
	return NULL;
}

static void read_fields(const json_t *all, struct fields *out)
{
	for (size_t i = 0; i + 1 < json_array_size(all); i += 2) {
		AUTO_FREE char *name = decoded(json_array_get(all, i));
		AUTO_FREE char *value = decoded(json_array_get(all, i + 1));

		if (!name || !value || fields_add(out, name, value) < 0)
			return;
	}
}

static struct part_sizes *read_parts(const json_t *all)
{
	size_t count = json_array_size(all);
	struct part_sizes *parts;

	if (count == 0)
		return NULL;
	parts = calloc(1, sizeof(*parts) + count * sizeof(parts->sizes[0]));
	if (!parts)
		return NULL;
	parts->count = (unsigned)count;
	for (size_t i = 0; i < count; i++)
		parts->sizes[i] =
			(uint64_t)json_integer_value(json_array_get(all, i));
	return parts;
}

struct object *sidecar_read(const char *path, char **key, uint64_t *size)
{
	json_t *json = json_load_file(path, 0, NULL);
	struct object *object = json ? object_new() : NULL;
	const char *etag;

	*key = NULL;
	if (!object) {
		json_decref(json);
		return NULL;
	}
	*key = decoded(json_object_get(json, "key"));
	*size = (uint64_t)json_integer_value(json_object_get(json, "size"));
	etag = json_string_value(json_object_get(json, "etag"));
	snprintf(object->etag, ETAG_SIZE, "%s", etag ? etag : "");
	object->mtime_ns = json_integer_value(json_object_get(json, "time_ns"));
	object->acl = (uint8_t)json_integer_value(json_object_get(json, "acl"));
	read_fields(json_object_get(json, "headers"), &object->headers);
	read_fields(json_object_get(json, "sums"), &object->sums);
	read_fields(json_object_get(json, "tags"), &object->tags);
	object->parts = read_parts(json_object_get(json, "parts"));
	json_decref(json);
	if (*key)
		return object;
	object_unref(object);
	return NULL;
}
