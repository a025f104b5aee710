/* SPDX-License-Identifier: MIT */
/*
 * All settings of one mount, from wherever they come.
 *
 *   struct config config;
 *   rc = config_load(&config, argc, argv, &why);
 *   ... config.bucket, config.endpoint_url ...
 *   config_release(&config);
 *
 * The strongest source wins: command line > environment > file section >
 * file > default. Texts are UTF-8; NULL stands for None. One thread.
 */
#ifndef CONFIG_H
#define CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "buf.h"
#include "macros.h"
#include "value.h"

/* What a number has that is not set and has no default of its own. */
#define CONFIG_UNSET UINT64_MAX

#define CONFIG_PROXIES_MAX 32 /* of AWS_S3_PROXIES; ours */

struct command_line;
struct setting;
struct config_rule;

struct config {
	/* What to do. */
	bool wants_help, wants_version;
	const char *help_form; /* borrowed from argv; see help.h */
	bool is_foreground;
	char *mountpoint;  /* owned; absolute */
	char *bucket_word; /* owned; as typed: a bucket or a section's name */
	char *source;      /* owned; of the mount, as mount(8) shows it */

	/* By the table in settings.c; texts and values are borrowed from it. */
	const char *s3_access_key, *s3_secret_key;
	const char *access_key, *secret_key, *session_token, *security_token;
	const char *profile, *passwd_file;
	const char *credential_source, *instance_role;
	const char *bucket;
	const char *location; /* no slash at either end */
	bool file_overwrite;
	const char *region;
	const char *endpoint_url;
	bool use_ssl;
	bool verify_hostname;
	const char *verify; /* NULL, "true", "false" or a path */
	const char *addressing_style;
	const char *signature_version;
	const struct value *proxies; /* NULL or a map of texts */
	uint64_t max_memory_bytes;
	const char *temp_dir;
	const char *state_dir;

	bool anonymous;
	bool allow_readable_keys;
	const char *payload_signing;
	uint64_t memory_budget_bytes, part_bytes, single_put_bytes;
	uint64_t read_ahead_bytes;
	uint64_t connections, attempts;
	uint64_t timeout_ms, connect_timeout_ms, stall_timeout_ms;
	uint64_t max_bytes_per_s;
	const char *user_agent;
	bool upload_checksum;
	uint64_t transfers;    /* of one file at a time; 0: no limit */
	uint64_t bucket_bytes; /* as statfs tells */
	uint64_t attr_timeout_ms, negative_timeout_ms;
	bool sync_unlink;
	bool no_forget;

	uint64_t uid, gid, umask, file_mode, dir_mode;
	bool is_read_only;
	bool allow_other, allow_root;
	bool allow_dev, allow_suid, no_exec, no_atime;
	bool is_remount; /* of a mount that stands */
	const char *fsname;

	const char *log_level, *log_to;

	/* What objects are stored with. */
	const char *default_acl;
	const struct value *object_parameters; /* a map */
	bool encryption, reduced_redundancy;
	bool gzip;
	const struct value *gzip_content_types; /* a list of texts */
	const char *mime_types;                 /* as verify: a table's file */
	bool guess_encoding;
	uint64_t max_length;

	/* URLs. */
	bool querystring_auth;
	uint64_t querystring_expire_s;
	const char *custom_domain, *url_protocol;
	const char *cloudfront_key_id, *cloudfront_key, *cloudfront_signer;

	/* The bucket at the start. */
	bool auto_create_bucket;
	const char *bucket_acl;
	bool preload_metadata;
	bool without_list;

	/* Other words for settings above. */
	uint64_t buffer_bytes;
	bool use_threads, secure_urls;
	const struct value *transfer_config, *client_config; /* maps */
	const char *compat;
	const struct value *boto_headers;
	const char *boto_host, *boto_calling_format, *boto_origin;
	const char *boto_proxy_host;
	uint64_t boto_port, boto_proxy_port;
	bool boto_use_sigv4;

	struct setting *settings;  /* the loader's, one a row of the table */
	struct config_rule *rules; /* sections for single paths, in order */
	size_t rule_count;
	struct value parameters; /* by s3fs's options; a map or None */
	char *path;       /* owned; of the settings file, NULL without one */
	char *unread;     /* owned; the machine's own, if it may not be read */
	char *exposed;    /* owned; the first secret in a file that is open */
	struct buf notes; /* what the log should be told, a line each */
};

/*
 * Reads command line, environment and file, and checks what can be checked
 * without a network. Returns 0; -EINVAL or the errno of reading the file,
 * and why is then one line that says what to do. In every case
 * config_release is due.
 */
MUST_USE int config_load(struct config *config, int argc, char *const argv[],
			 struct buf *why);

/*
 * The same for a tool, whose line is taken apart already; bucket is its word
 * BUCKET[:PREFIX], NULL for the setting.
 */
MUST_USE int config_load_tool(struct config *config,
			      const struct command_line *line,
			      const char *bucket, struct buf *why);

/*
 * Appends to the words of a failure that a settings file had to be left out,
 * if that is so.
 */
void config_tell_unread(const struct config *config, struct buf *why);

/* Whether a source gave this setting, be it with its default's value. */
bool config_is_set(const struct config *config, const char *name);

void config_release(struct config *config);

#endif
