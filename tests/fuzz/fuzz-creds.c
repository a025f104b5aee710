/* SPDX-License-Identifier: MIT */
/* A shared file of the AWS tools, read as either of the two. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "creds/creds_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_as(const uint8_t *data, size_t size, const char *name,
		    bool in_config)
{
	char *text = malloc(size + 1);
	struct errinfo err = ERRINFO_INIT;
	struct creds_profile profile;

	if (!text)
		return;
	memcpy(text, data, size);
	text[size] = '\0';
	if (creds_file_parse(text, size, name, in_config, &profile, &err) < 0 &&
	    !err.text[0])
		abort(); /* an error has its sentence */
	if (profile.access_key && !profile.is_found)
		abort(); /* a key comes out of a section of that name */
	if (profile.access_key && !*profile.access_key)
		abort(); /* an empty one is none */
	creds_profile_release(&profile);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	read_as(data, size, "default", false);
	read_as(data, size, "p", true);
	return 0;
}
