/* SPDX-License-Identifier: MIT */
/*
 * What servers that speak S3 differ in. Each trait is learned once, by what
 * a server answers to what we need anyway, and kept in the client; whoever
 * needs the ability asks here and has a way round where it is missing:
 *
 *   if (s3_trait(client, S3_TRAIT_PART_COPY) == S3_NO)
 *           ...
 *   if (result == -ENOTSUP)
 *           s3_trait_learn(client, S3_TRAIT_PART_COPY, S3_NO, NULL);
 *
 * One table (traits.c) has each trait's name and the words for the log and
 * for s3storefs check. Any thread.
 */
#ifndef S3_TRAITS_H
#define S3_TRAITS_H

#include "errinfo.h"

struct s3_client;

enum s3_trait {
	S3_TRAIT_LIST_V2,              /* ListObjectsV2 */
	S3_TRAIT_LIST_ORDER,           /* lists in byte order */
	S3_TRAIT_CHECKSUMS,            /* x-amz-checksum-crc32c of an upload */
	S3_TRAIT_PART_CHECKSUMS,       /* the same of each part, told again */
	S3_TRAIT_MD5_ETAGS,            /* an ETag of 32 digits is the MD5 */
	S3_TRAIT_CONDITIONAL_PUT,      /* If-None-Match of PutObject, */
	S3_TRAIT_CONDITIONAL_COMPLETE, /* CompleteMultipartUpload */
	S3_TRAIT_CONDITIONAL_COPY,     /* and CopyObject */
	S3_TRAIT_SOURCE_CONDITION,     /* If-Match of the source of any copy */
	S3_TRAIT_MARKER_COPY,          /* CopyObject of a folder's marker */
	S3_TRAIT_PART_COPY,            /* UploadPartCopy */
	S3_TRAIT_MISSING_HEAD,         /* that HEAD tells what is missing */
	S3_TRAIT_TAGS,                 /* that we may read and set them */
	S3_TRAIT_COUNT
};

enum s3_answer {
	S3_UNKNOWN,
	S3_YES,
	S3_NO
};

enum s3_answer s3_trait(const struct s3_client *c, enum s3_trait trait);

/*
 * Notes S3_YES or S3_NO. A no is final, and the first one is logged, with
 * the words of why, which may be NULL; a yes may still become a no.
 */
void s3_trait_learn(struct s3_client *c, enum s3_trait trait,
		    enum s3_answer answer, const struct errinfo *why);

/* "part_copy", for people and programs. */
const char *s3_trait_name(enum s3_trait trait);

/* What is done where the answer is no: a sentence without its full stop. */
const char *s3_trait_words(enum s3_trait trait);

#endif
