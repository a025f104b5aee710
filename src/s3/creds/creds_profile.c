/* SPDX-License-Identifier: MIT */
/*
 * Which source a profile of the shared files asks for; see creds_source.h. The
 * order and what goes together are botocore's.
 */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "creds/creds_file.h"
#include "creds/creds_source.h"
#include "text.h"

#define STEPS_MAX 8 /* of roles that need another's keys; ours */

/* The profiles that were come through, on the stack. */
struct step {
	const char *profile;
	const struct step *before;
	unsigned count;
};

/* The credentials file wins, value by value. */
#define VALUE(both, field)                             \
	((both)->in[CREDS_CREDENTIALS].field ?         \
		 (both)->in[CREDS_CREDENTIALS].field : \
		 (both)->in[CREDS_CONFIG].field)

static int profile_resolve(struct creds_context *context, const struct step *at,
			   bool with_environment, struct creds_source **out,
			   struct errinfo *err);

static const char *profile_variable(const char *name)
{
	const char *value = getenv(name);

	return value && *value ? value : NULL;
}

static bool profile_has_keys(const struct creds_both *both)
{
	return creds_profile_has_keys(&both->in[CREDS_CREDENTIALS]) ||
	       creds_profile_has_keys(&both->in[CREDS_CONFIG]);
}

static int profile_no_memory(int result, struct errinfo *err)
{
	return result == -ENOMEM ?
		       errinfo_set(err, result, "no memory for credentials") :
		       result;
}

static int profile_bad(const struct step *at, const char *what,
		       struct errinfo *err)
{
	return errinfo_set(err, -EINVAL, "profile %.60s: %s", at->profile,
			   what);
}

/* --- Roles -------------------------------------------------------------- */

static void profile_set_role(const struct creds_both *both, const char *from,
			     struct creds_role *role)
{
	uint64_t seconds;

	*role = (struct creds_role){
		.arn = VALUE(both, role_arn),
		.session_name = VALUE(both, role_session_name),
		.external_id = VALUE(both, external_id),
		.duration_s = VALUE(both, duration_seconds),
		.from = from,
	};
	if (role->duration_s &&
	    text_parse_u64(role->duration_s, UINT32_MAX, &seconds) < 0)
		role->duration_s = NULL;
}

/* credential_source's names are botocore's. */
static int profile_named_source(struct creds_context *context,
				const struct step *at, const char *name,
				struct creds_source **out, struct errinfo *err)
{
	if (strcmp(name, "Environment") == 0)
		return profile_no_memory(creds_environment_new(out), err);
	if (strcmp(name, "EcsContainer") == 0)
		return profile_no_memory(creds_container_new(context, out),
					 err);
	if (strcmp(name, "Ec2InstanceMetadata") == 0)
		return profile_no_memory(creds_instance_new(context, out), err);
	return profile_bad(at,
			   "credential_source is none of Environment, "
			   "Ec2InstanceMetadata, EcsContainer",
			   err);
}

static bool profile_was_there(const struct step *at, const char *profile)
{
	for (; at; at = at->before) {
		if (strcmp(at->profile, profile) == 0)
			return true;
	}
	return false;
}

/* A profile may name itself, if it has the keys as well as the role. */
static int profile_other(struct creds_context *context, const struct step *at,
			 const struct creds_both *both, const char *name,
			 struct creds_source **out, struct errinfo *err)
{
	const struct step next = { name, at, at->count + 1 };
	int rc;

	if (strcmp(name, at->profile) == 0 && profile_has_keys(both))
		return profile_no_memory(creds_shared_new(context, name, out),
					 err);
	if (profile_was_there(at, name) || at->count == STEPS_MAX)
		return profile_bad(
			at, "source_profile goes round in a circle, or on",
			err);
	rc = profile_resolve(context, &next, false, out, err);
	if (rc == -ENOKEY && (!err || !err->text[0]))
		return errinfo_set(err, rc,
				   "profile %.60s: its source_profile %.60s "
				   "has no keys",
				   at->profile, name);
	return rc;
}

static int profile_assume_role(struct creds_context *context,
			       const struct step *at,
			       const struct creds_both *both, const char *from,
			       struct creds_source **out, struct errinfo *err)
{
	const char *profile = VALUE(both, source_profile);
	const char *name = VALUE(both, credential_source);
	struct creds_source *base = NULL;
	struct creds_role role;
	int rc;

	if (VALUE(both, mfa_serial))
		return profile_bad(
			at,
			"mfa_serial: nobody can be asked for a code: write "
			"a credential_process",
			err);
	if (!profile == !name)
		return profile_bad(
			at,
			"role_arn goes with either source_profile or "
			"credential_source",
			err);
	rc = profile ? profile_other(context, at, both, profile, &base, err) :
		       profile_named_source(context, at, name, &base, err);
	if (rc < 0)
		return rc;
	profile_set_role(both, from, &role);
	rc = creds_assume_role_new(context, &role, base, out);
	if (rc < 0)
		base->free(base);
	return profile_no_memory(rc, err);
}

static int profile_identify(struct creds_context *context,
			    const struct step *at,
			    const struct creds_both *both,
			    bool with_environment, const char *from,
			    struct creds_source **out, struct errinfo *err)
{
	const char *file = NULL, *arn = NULL, *session = NULL;
	struct creds_role role;

	profile_set_role(both, from, &role);
	role.external_id = role.duration_s = NULL; /* it takes neither */
	role.token_file = VALUE(both, web_identity_token_file);
	if (with_environment) {
		file = profile_variable("AWS_WEB_IDENTITY_TOKEN_FILE");
		arn = profile_variable("AWS_ROLE_ARN");
		session = profile_variable("AWS_ROLE_SESSION_NAME");
	}
	if (file) {
		role.token_file = file;
		role.from = "the environment";
	}
	if (arn)
		role.arn = arn;
	if (session)
		role.session_name = session;
	if (!role.arn)
		return errinfo_set(err, -EINVAL,
				   "web identity: a token's file and no role: "
				   "set AWS_ROLE_ARN, or role_arn in the "
				   "profile");
	return profile_no_memory(creds_web_identity_new(context, &role, out),
				 err);
}

/* --- The order ---------------------------------------------------------- */

/* Who can write it, can run commands as us. */
static int profile_check_command(const struct creds_both *both,
				 struct errinfo *err)
{
	for (int i = 0; i < CREDS_FILES; i++) {
		if (both->in[i].credential_process &&
		    (both->in[i].mode & S_IWOTH))
			return errinfo_set(err, -EACCES,
					   "all users can write %.80s, and it "
					   "has a credential_process: chmod "
					   "o-w %.80s",
					   both->paths[i], both->paths[i]);
	}
	return 0;
}

static int profile_process(struct creds_context *context,
			   const struct creds_both *both, const char *from,
			   struct creds_source **out, struct errinfo *err)
{
	int rc = profile_check_command(both, err);

	if (rc == 0)
		rc = creds_process_new(context, VALUE(both, credential_process),
				       from, out);
	return profile_no_memory(rc, err);
}

static int profile_nothing(const struct step *at, const struct creds_both *both,
			   struct errinfo *err)
{
	const char *browser = VALUE(both, browser_source);

	if (browser)
		return errinfo_set(err, -ENOKEY,
				   "profile %.40s has %s: use a profile with "
				   "credential_process = aws configure "
				   "export-credentials --format process "
				   "--profile %.40s",
				   at->profile, browser, at->profile);
	if (strcmp(at->profile, "default") != 0 &&
	    !both->in[CREDS_CREDENTIALS].is_found &&
	    !both->in[CREDS_CONFIG].is_found)
		return errinfo_set(err, -ENOKEY, "no profile %.60s in %s or %s",
				   at->profile, both->paths[CREDS_CREDENTIALS],
				   both->paths[CREDS_CONFIG]);
	return -ENOKEY;
}

static int profile_resolve(struct creds_context *context, const struct step *at,
			   bool with_environment, struct creds_source **out,
			   struct errinfo *err)
{
	CLEANUP(creds_both_release) struct creds_both both;
	bool is_first = !at->before;
	char from[120];
	int rc = creds_both_load(at->profile, &both, err);

	if (rc < 0)
		return rc;
	snprintf(from, sizeof(from), "profile %s", at->profile);
	/* One that others take keys from gives its own, if it has some. */
	if (VALUE(&both, role_arn) && !VALUE(&both, web_identity_token_file) &&
	    (is_first || !profile_has_keys(&both)))
		return profile_assume_role(context, at, &both, from, out, err);
	if (VALUE(&both, web_identity_token_file) ||
	    (with_environment &&
	     profile_variable("AWS_WEB_IDENTITY_TOKEN_FILE")))
		return profile_identify(context, at, &both, with_environment,
					from, out, err);
	if (VALUE(&both, credential_process) &&
	    !creds_profile_has_keys(&both.in[CREDS_CREDENTIALS]))
		return profile_process(context, &both, from, out, err);
	if (profile_has_keys(&both))
		return profile_no_memory(
			creds_shared_new(context, at->profile, out), err);
	return profile_nothing(at, &both, err);
}

int creds_profile_source(struct creds_context *context, const char *profile,
			 bool with_environment, struct creds_source **out,
			 struct errinfo *err)
{
	const struct step first = { profile, NULL, 1 };

	return profile_resolve(context, &first, with_environment, out, err);
}
