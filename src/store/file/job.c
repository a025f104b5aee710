/* SPDX-License-Identifier: MIT */
/*
 * Straight-line work of several requests, on the pool; see internal.h, and
 * for that of an open file file.h.
 */
#include "file/job.h"

#include "file/file.h"

static void job_run(struct pool_job *base)
{
	struct store_job *job = container_of(base, struct store_job, pool);
	struct store_op *op = job->op;
	int result = job->run(job, &op->err);

	if (job->release)
		job->release(job);
	free(job);
	op->done(op, result);
}

void job_start(struct store_job *job)
{
	job->pool.run = job_run;
	pool_submit(job->store->pool, &job->pool);
}

/* ----------------------------------------------------- tasks of a file */

static void file_task_run(struct pool_job *base)
{
	struct file_task *task = container_of(base, struct file_task, job);
	struct file *file = task->file;
	unsigned seen, asked;

	do {
		struct errinfo ignored = ERRINFO_INIT;

		{
			LOCK(&file->store->tree.lock);
			seen = task->asked;
		}
		task->run(file, &ignored);
		{
			LOCK(&file->store->tree.lock);
			asked = task->asked;
			if (asked == seen)
				task->asked = 0;
		}
	} while (asked != seen);
	file_put(file);
}

void file_task(struct file *file, struct file_task *task,
	       int (*run)(struct file *file, struct errinfo *err))
{
	{
		LOCK(&file->store->tree.lock);
		if (task->asked++ > 0)
			return;
		file->refs++;
	}
	task->file = file;
	task->run = run;
	task->job.run = file_task_run;
	pool_submit(file->store->pool, &task->job);
}
