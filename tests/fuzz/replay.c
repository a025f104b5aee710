/* SPDX-License-Identifier: MIT */
/*
 * Gives every file of a folder to a fuzz target: once as it is, then with each
 * allocation failing in turn, which may change what comes of it, but nothing
 * else: no crash, no leak. One thread.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "alloc.h"
#include "macros.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int replay_failing(const uint8_t *data, size_t size)
{
	alloc_begin(3);
	do {
		alloc_count();
		alloc_fail_next();
		LLVMFuzzerTestOneInput(data, size);
		alloc_stop();
		if (alloc_counted() > 0) {
			alloc_report_refused();
			alloc_report_counted();
			return 1;
		}
	} while (alloc_has_failed());
	return 0;
}

static int replay(const char *folder, const char *name)
{
	static uint8_t data[1024 * 1024];
	char path[4096];
	size_t size;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	f = fopen(path, "re");
	if (!f) {
		perror(path);
		return 1;
	}
	size = fread(data, 1, sizeof(data), f);
	fclose(f);
	LLVMFuzzerTestOneInput(data, size);
	if (replay_failing(data, size)) {
		fprintf(stderr, "%s\n", path);
		return 1;
	}
	return 0;
}

int main(int argc, char **argv)
{
	DIR *folder = argc == 2 ? opendir(argv[1]) : NULL;
	struct dirent *entry;
	unsigned count = 0;
	int failed = 0;

	if (!folder) {
		fprintf(stderr, "usage: replay FOLDER\n");
		return 2;
	}
	while ((entry = readdir(folder))) {
		if (entry->d_name[0] == '.')
			continue;
		failed |= replay(argv[1], entry->d_name);
		count++;
	}
	closedir(folder);
	printf("%u inputs\n", count);
	return failed || count == 0;
}
