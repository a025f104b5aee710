/* SPDX-License-Identifier: MIT */
/*
 * What tests ask beside S3, under /_control/, unsigned:
 *
 *   GET  stats     counters           POST reset     counters and log to zero
 *   GET  log       newest last        GET  faults    with how often each fired
 *   POST faults    replaces the plan  POST latency   sets delays and rates
 *   GET  latency   the delays and rates
 */
#ifndef SERVER_CONTROL_H
#define SERVER_CONTROL_H

#include <stdbool.h>

struct request;

bool control_is_for(const struct request *req);

/* Fills the answer. */
void control_run(struct request *req);

#endif
