/* SPDX-License-Identifier: MIT */
/* What those who hand out keys answer: as JSON of both kinds, and as XML. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "creds/creds_answer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_as(enum creds_format format, const char *text, size_t size)
{
	char reason[CREDS_REASON_SIZE];
	struct errinfo err = ERRINFO_INIT;
	struct s3_creds *creds = NULL;

	if (creds_answer_read(format, text, size, "x", &creds, &err) < 0) {
		if (creds || !err.text[0])
			abort(); /* an error has its sentence, and no keys */
	} else {
		if (!*creds_access_key(creds))
			abort(); /* an empty one is none */
		creds_put(creds);
	}
	creds_answer_reason(format, text, size, reason);
	for (const char *at = reason; *at; at++) {
		if (*at < ' ' || *at > '~')
			abort(); /* it goes into the log */
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	if (!text)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	read_as(CREDS_JSON_METADATA, text, size);
	read_as(CREDS_JSON_PROCESS, text, size);
	read_as(CREDS_XML_STS, text, size);
	free(text);
	return 0;
}
