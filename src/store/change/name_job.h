/* SPDX-License-Identifier: MIT */
/* A call on one name below a directory, on the pool. */
#ifndef STORE_NAME_JOB_H
#define STORE_NAME_JOB_H

#include "file/job.h"
#include "name.h"
#include "store.h"

struct name_job {
	struct store_job job;
	struct node *parent; /* counted */
	char name[NAME_SIZE];
	struct store_attr attr;
	int (*change)(struct name_job *n, struct errinfo *err);
};

/* Answers op if it returns NULL. job_start frees what it returns. */
struct name_job *name_job_new(struct store *store, struct node *parent,
			      const char *name, struct store_op *op);

/* Runs run with a change of that name under way (name_change.h). */
void name_job_start(struct store *store, struct node *parent, const char *name,
		    const struct store_attr *attr, struct store_op *op,
		    int (*run)(struct name_job *n, struct errinfo *err));

#endif
