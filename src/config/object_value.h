/* SPDX-License-Identifier: MIT */
/* One object parameter from a settings' value. One thread. */
#ifndef OBJECT_VALUE_H
#define OBJECT_VALUE_H

#include <stdbool.h>

#include "errinfo.h"
#include "params.h"
#include "value.h"

/*
 * Sets name to value by what that parameter takes. may_unset: None is no
 * mistake but says "not sent". Returns as s3_params_set.
 */
MUST_USE int object_value_set(struct s3_params *params, const char *name,
			      const struct value *value, bool may_unset,
			      struct errinfo *err);

#endif
