/* SPDX-License-Identifier: MIT */
/*
 * What other programs call our settings, a row each: the options of s3fs, so
 * that its line of fstab mounts here with only the program's name changed,
 * and the arguments of boto3's TransferConfig and botocore's Config. What
 * asks for nothing that we lack is taken in silence. One thread.
 */
#ifndef FOREIGN_H
#define FOREIGN_H

#include "config.h"
#include "errinfo.h"
#include "text.h"

enum foreign_of {
	FOREIGN_S3FS,
	FOREIGN_TRANSFER,  /* TransferConfig */
	FOREIGN_CLIENT,    /* Config */
	FOREIGN_CLIENT_S3, /* its s3 */
	FOREIGN_RETRIES    /* its retries */
};

enum foreign_kind {
	FOREIGN_SETS,      /* a setting, by the row's words or function */
	FOREIGN_SILENT,    /* so it is here in any case */
	FOREIGN_NO_EFFECT, /* the log is told why */
	FOREIGN_REFUSED    /* the user is told why */
};

struct foreign;

/* One name on its way, and who takes what it comes to. */
struct foreign_sink {
	int (*set)(struct foreign_sink *sink, const char *name,
		   const char *value, struct errinfo *err);
	struct config *config;
	const char *from;    /* the setting that is the map; "" of s3fs */
	const char *name;    /* as it was written */
	struct value *value; /* of a map */
	const struct foreign *row;
};

/*
 * The words of a row: NULL, the value goes to the setting as it is; or
 * FROM=TO separated by blanks, the first that fits counts. In FROM a star at
 * the end is any end, in TO & is the value; nothing is set without TO.
 */
#define FOREIGN_SWITCH "0=false *=true"
#define FOREIGN_MIB    "*=&M"
#define FOREIGN_FIXED  "0= *=" /* followed by the value; 0 switches it off */
#define FOREIGN_MAP    "{}"    /* own takes a map */
#define FOREIGN_BARE   ""      /* own does without a value, too */

struct foreign {
	const char *names; /* separated by blanks */
	enum foreign_of of;
	enum foreign_kind kind;
	const char *to; /* the setting; the reason; what own does */
	const char *words;
	int (*own)(struct foreign_sink *sink, const char *value,
		   struct errinfo *err);
};

extern const struct foreign foreign_table[];
extern const size_t foreign_count;

#define FOREIGN_NAME_MAX 48 /* bytes, NUL included */

/* Copies the next of a row's names and goes behind it; false: no more. */
bool foreign_next_name(const char **names, char out[FOREIGN_NAME_MAX]);

/* The row, or NULL: there is no such name. */
const struct foreign *foreign_find(enum foreign_of of, const char *name);

void foreign_try_names(enum foreign_of of, struct text_nearest *nearest);

/* -EINVAL: the value cannot be, what is due follows the name. */
int foreign_bad(const struct foreign_sink *sink, const char *due,
		struct errinfo *err);

/*
 * The name in sink is one of row's. value may be NULL: s3fs has none. Returns
 * 0; -EINVAL: refused, or a value that cannot be; what sink->set returns.
 */
MUST_USE int foreign_take(struct foreign_sink *sink, const struct foreign *row,
			  const char *value, struct errinfo *err);

/*
 * All names of a map, in the order of the table, so that those that belong
 * together can be. Returns as foreign_take.
 */
MUST_USE int foreign_take_map(struct foreign_sink *sink, struct value *map,
			      enum foreign_of of, struct errinfo *err);

#endif
