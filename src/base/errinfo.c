/* SPDX-License-Identifier: MIT */
/* What went wrong, for people; see errinfo.h. */
#include "errinfo.h"

#include <stdarg.h>
#include <stdio.h>

int errinfo_set(struct errinfo *err, int code, const char *fmt, ...)
{
	va_list args;

	if (!err)
		return code;
	err->code = code;
	err->cause[0] = '\0';
	va_start(args, fmt);
	vsnprintf(err->text, sizeof(err->text), fmt, args);
	va_end(args);
	return code;
}
