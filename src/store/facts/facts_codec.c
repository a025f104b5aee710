/* SPDX-License-Identifier: MIT */
/* Headers to facts and back; see facts_codec.h. */
#include "facts/facts_codec.h"

#include <stdio.h>
#include <string.h>

#include "facts/facts.h"
#include "text.h"

#define META_SIZE FACTS_META "size"
#define META_GZIP FACTS_META "gzip"
#define VERSION   "1"
#define RAW       "raw"

/* "1 MEMBER_BYTES INDEX_BYTES STORED_BYTES" */
static bool read_ours(const char *size, const char *text,
		      struct gzip_layout *out)
{
	uint64_t *const fields[] = { &out->member_bytes, &out->index_bytes,
				     &out->stored_size };
	uint64_t stored_size = out->stored_size;
	char copy[80];
	char *rest = copy;

	if (strlen(text) >= sizeof(copy) ||
	    text_parse_u64(size, INT64_MAX, &out->plain_size) < 0)
		return false;
	snprintf(copy, sizeof(copy), "%s", text);
	if (strcmp(strsep(&rest, " "), VERSION) != 0)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		const char *field = strsep(&rest, " ");

		if (!field || text_parse_u64(field, INT64_MAX, fields[i]) < 0)
			return false;
	}
	return !rest && out->stored_size == stored_size &&
	       gzip_layout_is_sound(out);
}

bool facts_read(const struct pairs *headers, uint64_t stored_size,
		struct object_facts *out)
{
	struct gzip_layout *layout = &out->layout;
	const char *ours = pairs_get(headers, META_GZIP);
	const char *size = pairs_get(headers, META_SIZE);

	*layout = gzip_layout_none(stored_size);
	if (!gzip_is_encoding(pairs_get(headers, "content-encoding")) ||
	    stored_size == 0 || (ours && strcmp(ours, RAW) == 0))
		return true;
	if (ours && size && read_ours(size, ours, layout)) {
		layout->kind = GZIP_MEMBERS;
		return true;
	}
	*layout = (struct gzip_layout){
		.kind = GZIP_FOREIGN,
		.stored_size = stored_size,
	};
	return false;
}

/* The encoding is by us unless it was there before. */
bool facts_tell_of_bytes(const struct pairs *stored, const char *name)
{
	const char *ours = pairs_get(stored, META_GZIP);

	if (strncmp(name, FACTS_META, strlen(FACTS_META)) == 0)
		return true;
	return ours && strcmp(ours, RAW) != 0 &&
	       strcmp(name, "content-encoding") == 0;
}

int facts_write(const struct object_facts *facts, struct pairs *headers)
{
	const struct gzip_layout *layout = &facts->layout;
	char text[80], size[24];
	int result;

	snprintf(size, sizeof(size), "%llu",
		 (unsigned long long)layout->plain_size);
	snprintf(text, sizeof(text), VERSION " %llu %llu %llu",
		 (unsigned long long)layout->member_bytes,
		 (unsigned long long)layout->index_bytes,
		 (unsigned long long)layout->stored_size);
	result = pairs_set(headers, "content-encoding", "gzip");
	if (result == 0)
		result = pairs_set(headers, META_SIZE, size);
	if (result == 0)
		result = pairs_set(headers, META_GZIP, text);
	return result;
}

int facts_write_raw(struct pairs *headers)
{
	return pairs_set(headers, META_GZIP, RAW);
}
