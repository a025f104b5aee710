/* SPDX-License-Identifier: MIT */
/* What servers differ in; see traits.h. */
#include <stdatomic.h>

#include "client/client.h"
#include "log.h"
#include "traits.h"

/* Quiet ones cost nobody anything but a request. */
static const struct {
	const char *name;
	const char *words;
	bool is_quiet;
} traits[S3_TRAIT_COUNT] = {
	[S3_TRAIT_LIST_V2] = {
		.name = "list_objects_v2",
		.words = "the server has no ListObjectsV2 that works; version 1 is used",
		.is_quiet = true,
	},
	[S3_TRAIT_LIST_ORDER] = {
		.name = "list_order",
		.words = "the server's lists are not in byte order; a folder of more "
		"than a page, which is 1000 names, cannot be listed",
	},
	[S3_TRAIT_CHECKSUMS] = {
		.name = "checksums",
		.words = "the server takes no x-amz-checksum-crc32c; uploads go without",
	},
	[S3_TRAIT_PART_CHECKSUMS] = {
		.name = "part_checksums",
		.words = "the server takes no checksums in CompleteMultipartUpload; "
		"they go with the parts only",
		.is_quiet = true,
	},
	[S3_TRAIT_MD5_ETAGS] = {
		"md5_etags",
		"the server's ETags are no MD5s; what is read without a "
		"CRC32C is not verified",
		true,
	},
	[S3_TRAIT_CONDITIONAL_PUT] = {
		.name = "conditional_writes",
		.words = "the server has no conditional writes: two clients that create "
		"one name at the same moment can replace each other's file",
	},
	[S3_TRAIT_CONDITIONAL_COMPLETE] = {
		.name = "conditional_complete",
		.words = "the server completes multipart uploads whatever their "
		"condition; an empty object claims the name first",
		.is_quiet = true,
	},
	[S3_TRAIT_CONDITIONAL_COPY] = {
		.name = "conditional_copy",
		.words = "the server has no condition for the target of a copy; a "
		"rename that must not replace looks whether the name is free",
		.is_quiet = true,
	},
	[S3_TRAIT_SOURCE_CONDITION] = {
		.name = "source_condition",
		.words = "the server refuses the right ETag of a copy's source; it is "
		"asked whether it is unchanged, then copied without condition",
		.is_quiet = true,
	},
	[S3_TRAIT_MARKER_COPY] = {
		.name = "marker_copy",
		.words = "the server does not copy folders' markers; where a folder is "
		"renamed, an empty one is put",
		.is_quiet = true,
	},
	[S3_TRAIT_PART_COPY] = {
		.name = "part_copy",
		.words = "the server has no UploadPartCopy; a large file that is edited "
		"is sent anew as a whole",
		.is_quiet = true,
	},
	[S3_TRAIT_MISSING_HEAD] = {
		.name = "missing_names",
		.words = "a HEAD of a missing name is refused, for the keys have no "
		"s3:ListBucket on the whole bucket; a list is asked for too",
		.is_quiet = true,
	},
	[S3_TRAIT_TAGS] = {
		.name = "tags",
		.words = "tags cannot be read or set, so files that are edited lose theirs",
	},
};

enum s3_answer s3_trait(const struct s3_client *c, enum s3_trait trait)
{
	return (enum s3_answer)atomic_load(&c->traits[trait]);
}

static void trait_tell(enum s3_trait trait, const struct errinfo *why)
{
	bool has_why = why && why->text[0];

	log_write(traits[trait].is_quiet ? LOG_LEVEL_INFO : LOG_LEVEL_WARN,
		  "s3", "%s%s%s", traits[trait].words, has_why ? ": " : "",
		  has_why ? why->text : "");
}

void s3_trait_learn(struct s3_client *c, enum s3_trait trait,
		    enum s3_answer answer, const struct errinfo *why)
{
	int unknown = S3_UNKNOWN;

	if (answer == S3_YES)
		atomic_compare_exchange_strong(&c->traits[trait], &unknown,
					       S3_YES);
	else if (atomic_exchange(&c->traits[trait], S3_NO) != S3_NO)
		trait_tell(trait, why);
}

const char *s3_trait_name(enum s3_trait trait)
{
	return traits[trait].name;
}

const char *s3_trait_words(enum s3_trait trait)
{
	return traits[trait].words;
}
