/* SPDX-License-Identifier: MIT */
/* A key file in s3fs's format. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "creds/creds_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	struct errinfo err = ERRINFO_INIT;
	struct creds_profile profile;
	int rc;

	if (!text)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	rc = creds_passwd_parse(text, size, "b", &profile, &err);
	if (rc < 0 && rc != -ENOMEM && !err.text[0])
		abort(); /* an error has its sentence */
	if (rc < 0 && (profile.access_key || profile.secret_key))
		abort(); /* half a file gives no keys */
	if (profile.access_key && !*profile.access_key)
		abort(); /* an empty one is none */
	if (profile.secret_key && strpbrk(profile.secret_key, " \t\n"))
		abort(); /* a secret ends with its line */
	creds_profile_release(&profile);
	free(text);
	return 0;
}
