/* SPDX-License-Identifier: MIT */
/* Straight-line work of several requests, on the pool. */
#ifndef STORE_JOB_H
#define STORE_JOB_H

#include "pool.h"

struct errinfo;
struct file;
struct file_task;
struct store;
struct store_op;

/*
 * Runs run(job) on the pool and answers op with what it returns. job is
 * allocated with struct store_job first, and freed after. Who has no memory for
 * it answers -ENOMEM before anything is begun: nothing is lost with it.
 */
struct store_job {
	struct pool_job pool;
	struct store *store;
	struct store_op *op;
	int (*run)(struct store_job *job, struct errinfo *err);
	void (*release)(struct store_job *job); /* of what it holds; or NULL */
};

void job_start(struct store_job *job);

/*
 * Runs run on the pool, with nobody to tell the result; a reference to file
 * is held meanwhile. Never fails. Asked for while it runs, it runs again
 * after. Any thread; file.lock may be held. task is one of file's, always
 * for the same run.
 */
void file_task(struct file *file, struct file_task *task,
	       int (*run)(struct file *file, struct errinfo *err));

#endif
