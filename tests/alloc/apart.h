/* SPDX-License-Identifier: MIT */
/*
 * A raw server (raw-server.h) in a process of its own, so that neither its
 * allocations fail nor are they counted.
 */
#ifndef APART_H
#define APART_H

#include "raw-server.h"

/* Its port; 0: it does not run. It ends with us. Before any thread starts. */
int apart_serve(raw_answer_fn answer);

#endif
