/* SPDX-License-Identifier: MIT */
/* Where to keep what must outlive a process; see state_dir.h. */
#include "state_dir.h"

#include <stdio.h>
#include <string.h>

/* A whole path of the environment, or NULL. */
static const char *state_dir_environment(const char *name)
{
	const char *path = secure_getenv(name);

	return path && *path == '/' ? path : NULL;
}

/* Sets path, or leaves it NULL if there is no such place. */
static int state_dir_find_kept(const struct config *config, char **path)
{
	const char *state = state_dir_environment("XDG_STATE_HOME");
	const char *home = state_dir_environment("HOME");
	int rc = 0;

	if (config->state_dir)
		rc = asprintf(path, "%s/uploads", config->state_dir);
	else if (geteuid() == 0)
		rc = asprintf(path, "/var/lib/s3storefs/uploads");
	else if (state)
		rc = asprintf(path, "%s/s3storefs/uploads", state);
	else if (home)
		rc = asprintf(path, "%s/.local/state/s3storefs/uploads", home);
	return rc < 0 ? -ENOMEM : 0;
}

/* One component: in a folder where everybody may make others. */
static int state_dir_find_temporary(const struct config *config, char **path)
{
	const char *folder = config->temp_dir;

	if (!folder)
		folder = state_dir_environment("TMPDIR");
	if (asprintf(path, "%s/s3storefs-uploads-%u", folder ? folder : "/tmp",
		     (unsigned)geteuid()) < 0)
		return -ENOMEM;
	return 0;
}

int state_dir_find(const struct config *config, struct state_dir *out)
{
	char *kept = NULL, *temporary = NULL;
	int rc = state_dir_find_kept(config, &kept);

	if (rc == 0)
		rc = state_dir_find_temporary(config, &temporary);
	if (rc < 0) {
		free(kept);
		return rc;
	}
	out->records[0] = kept ? kept : temporary;
	out->records[1] = kept ? temporary : NULL;
	return 0;
}

void state_dir_release(struct state_dir *state)
{
	for (size_t i = 0; i < ARRAY_SIZE(state->records); i++)
		free(state->records[i]);
	*state = (struct state_dir){ 0 };
}
