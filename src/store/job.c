/* SPDX-License-Identifier: MIT */
/* Straight-line work of several requests, on the pool; see internal.h. */
#include "internal.h"

static void run(struct pool_job *base)
{
	struct store_job *job = container_of(base, struct store_job, pool);
	struct store_op *op = job->op;
	struct errinfo err = ERRINFO_INIT;
	int result = job->run(job, op ? &op->err : &err);

	if (job->release)
		job->release(job);
	free(job);
	if (op)
		op->done(op, result);
}

void job_start(struct store_job *job)
{
	job->pool.run = run;
	pool_submit(job->store->pool, &job->pool);
}
