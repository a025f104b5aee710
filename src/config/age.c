/* SPDX-License-Identifier: MIT */
/* An age as s3fs writes it; see age.h. */
#include "age.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

/* Digits; *text is then behind them. */
static int parse_number(const char **text, int64_t *number)
{
	const char *p = *text;

	*number = 0;
	for (; *p >= '0' && *p <= '9'; p++) {
		*number = *number * 10 + (*p - '0');
		if (*number > AGE_MAX_S)
			return -ERANGE;
	}
	if (p == *text)
		return -EINVAL;
	*text = p;
	return 0;
}

int age_parse(const char *text, int64_t *seconds)
{
	static const char letters[] = "YMDhms";
	static const int64_t units_s[] = {
		INT64_C(365) * AGE_DAY_S,
		INT64_C(30) * AGE_DAY_S,
		AGE_DAY_S,
		AGE_HOUR_S,
		60,
		1,
	};
	const char *next = letters; /* what may still come */
	int64_t sum_s = 0, number;

	*seconds = 0;
	if (strcmp(text, "0") == 0 || strcmp(text, "all") == 0)
		return 0;
	if (!*text)
		return -EINVAL;
	while (*text) {
		int rc = parse_number(&text, &number);
		const char *unit = *text ? strchr(next, *text) : NULL;

		if (rc)
			return rc;
		if (!unit)
			return -EINVAL;
		/* Both are at most AGE_MAX_S: the product fits. */
		sum_s += number * units_s[unit - letters];
		if (sum_s > AGE_MAX_S)
			return -ERANGE;
		next = unit + 1;
		text++;
	}
	*seconds = sum_s;
	return 0;
}
