/* SPDX-License-Identifier: MIT */
/* Whether the settings go together, before the network is asked. */
#include <string.h>
#include <strings.h>

#include "config_edit.h"
#include "text.h"

/* django-storages' rule for a leading slash, and its sentence. */
static int check_location(char *location, struct errinfo *err)
{
	size_t len = strlen(location);

	if (location[0] == '/')
		return errinfo_set(err, -EINVAL,
				   "AWS_LOCATION cannot begin with a leading "
				   "slash. Found '%.50s'. Use '%.50s' instead.",
				   location, location + strspn(location, "/"));
	while (len && location[len - 1] == '/')
		location[--len] = '\0';
	if (len > 900)
		return errinfo_set(
			err, -EINVAL,
			"AWS_LOCATION is too long: 900 bytes at most");
	for (const char *part = location; *part;) {
		size_t n = strcspn(part, "/");

		if (n == 0 || (n == 1 && part[0] == '.') ||
		    (n == 2 && part[0] == '.' && part[1] == '.'))
			return errinfo_set(
				err, -EINVAL,
				"AWS_LOCATION = %.60s: no //, /./ or "
				"/../ in it",
				location);
		part += n;
		part += *part == '/';
	}
	return 0;
}

/* By scheme, as botocore does, or by scheme and host, as is documented. */
static bool is_proxied(const char *target)
{
	size_t len = strncmp(target, "https", 5) == 0 ? 5 : 4;

	return strncmp(target, "http", 4) == 0 &&
	       (!target[len] || strncmp(target + len, "://", 3) == 0);
}

static int check_proxies(const struct value *proxies, struct errinfo *err)
{
	if (proxies && proxies->count > CONFIG_PROXIES_MAX)
		return errinfo_set(err, -EINVAL,
				   "AWS_S3_PROXIES: %d proxies at most",
				   CONFIG_PROXIES_MAX);
	for (size_t i = 0; proxies && i < proxies->count; i++) {
		const char *target = proxies->names[i];

		if (proxies->items[i].kind != VALUE_TEXT)
			return errinfo_set(err, -EINVAL,
					   "AWS_S3_PROXIES: the value of %.40s "
					   "is not a text",
					   target);
		if (!is_proxied(target))
			return errinfo_set(
				err, -EINVAL,
				"AWS_S3_PROXIES: %.60s is neither "
				"'http' nor 'https' nor one of these "
				"with a host: 'https://host:port'",
				target);
	}
	return 0;
}

static int check_log_to(const char *to, struct errinfo *err)
{
	if (to[0] == '/' || text_is(to, "auto") || text_is(to, "stderr") ||
	    text_is(to, "syslog"))
		return 0;
	return errinfo_set(err, -EINVAL,
			   "log_to = %.60s: write auto, stderr, syslog or a "
			   "file's whole path",
			   to);
}

/* Amazon's certificate is for names without another dot. */
static int check_style(const struct config *config, struct errinfo *err)
{
	bool has_tls = config->endpoint_url ? strncasecmp(config->endpoint_url,
							  "https", 5) == 0 :
					      config->use_ssl;

	if (!text_is(config->addressing_style, "virtual") || !has_tls ||
	    !strchr(config->bucket, '.') || text_is(config->verify, "false") ||
	    !config->verify_hostname)
		return 0;
	return errinfo_set(err, -EINVAL,
			   "AWS_S3_ADDRESSING_STYLE = virtual: no certificate "
			   "is for a host that begins with the dotted bucket "
			   "%.60s: write path",
			   config->bucket);
}

/* It becomes a line of each request. */
static int check_user_agent(const char *text, struct errinfo *err)
{
	return !text || !strchr(text, '\n') ?
		       0 :
		       errinfo_set(err, -EINVAL,
				   "user_agent: more than one line");
}

/* What concerns more than one setting. */
int config_check(struct config *config, struct errinfo *err)
{
	struct value *location = config_value(config, "location");
	bool has_keys = config->s3_access_key || config->s3_secret_key ||
			config->access_key || config->secret_key;
	int rc;

	if (!config->bucket || !*config->bucket)
		return errinfo_set(
			err, -EINVAL,
			"no bucket: write s3storefs BUCKET "
			"MOUNTPOINT, or set AWS_STORAGE_BUCKET_NAME");
	if (strchr(config->bucket, '/'))
		return errinfo_set(err, -EINVAL,
				   "%.60s is no bucket's name; a prefix stands "
				   "behind a colon: BUCKET:PREFIX",
				   config->bucket);
	rc = check_location(location->text, err);
	if (!rc)
		rc = check_proxies(config->proxies, err);
	if (!rc)
		rc = check_style(config, err);
	if (!rc)
		rc = check_log_to(config->log_to, err);
	if (!rc)
		rc = check_user_agent(config->user_agent, err);
	if (rc)
		return rc;
	if (config->profile && has_keys)
		return errinfo_set(err, -EINVAL,
				   "AWS_S3_SESSION_PROFILE should not be given "
				   "with AWS_S3_ACCESS_KEY_ID and "
				   "AWS_S3_SECRET_ACCESS_KEY: take one out");
	if (config->allow_other && config->allow_root)
		return errinfo_set(err, -EINVAL,
				   "allow_other lets root in too: take "
				   "allow_root out");
	return 0;
}
