/* SPDX-License-Identifier: MIT */
/* The options of s3fs in our words; see s3fs_options.h. */
#include "s3fs_options.h"

#include <stdio.h>
#include <string.h>

#include "config_edit.h"

#define VALUE_MAX 1100

static int own_endpoint(struct s3fs_taker *taker, const char *value,
			struct errinfo *err)
{
	/* There it was a region, and is a URL's short name here. */
	return taker->set(taker,
			  strstr(value, "://") ? "AWS_S3_ENDPOINT_URL" :
						 "AWS_S3_REGION_NAME",
			  value, err);
}

static int own_host(struct s3fs_taker *taker, const char *value,
		    struct errinfo *err)
{
	/* A host alone is what the boto setting of that short name takes. */
	return taker->set(taker,
			  strstr(value, "://") ? "AWS_S3_ENDPOINT_URL" :
						 "AWS_S3_HOST",
			  value, err);
}

static int own_bucket(struct s3fs_taker *taker, const char *value,
		      struct errinfo *err)
{
	size_t len = strcspn(value, ":");
	const char *path = value[len] ? value + len + 1 : NULL;
	char bucket[VALUE_MAX];
	int rc;

	snprintf(bucket, sizeof(bucket), "%.*s", (int)len, value);
	rc = taker->set(taker, "AWS_STORAGE_BUCKET_NAME", bucket, err);
	if (!rc && path)
		rc = taker->set(taker, "AWS_LOCATION", path + strspn(path, "/"),
				err);
	return rc;
}

static int own_proxy(struct s3fs_taker *taker, const char *value,
		     struct errinfo *err)
{
	char map[2 * VALUE_MAX + 40];

	if (strpbrk(value, "'\\"))
		return errinfo_set(err, -EINVAL, "proxy: write HOST:PORT");
	snprintf(map, sizeof(map), "{'http': '%s', 'https': '%s'}", value,
		 value);
	return taker->set(taker, "AWS_S3_PROXIES", map, err);
}

static int own_level(struct s3fs_taker *taker, const char *value,
		     struct errinfo *err)
{
	static const struct {
		const char *start, *level;
	} levels[] = {
		{ "silent", "error" }, { "crit", "error" }, { "err", "error" },
		{ "wa", "warn" },      { "inf", "info" },   { "dbg", "debug" },
		{ "debug", "debug" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(levels); i++)
		if (strncmp(value, levels[i].start, strlen(levels[i].start)) ==
		    0)
			return taker->set(taker, "log_level", levels[i].level,
					  err);
	return errinfo_set(err, -EINVAL,
			   "dbglevel = %.40s: not one of crit err warn info "
			   "dbg",
			   value);
}

static int own_threshold(struct s3fs_taker *taker, const char *value,
			 struct errinfo *err)
{
	char text[VALUE_MAX + 1];

	/* More than one PUT can store: there it meant that, too. */
	snprintf(text, sizeof(text), "%sM", value);
	return taker->set(taker, "single_put_max", text, err);
}

/* 1, kmsid[:ID], k[:ID], custom[:FILE], c[:FILE]; alone it is 1. */
static int own_sse(struct s3fs_taker *taker, const char *value,
		   struct errinfo *err)
{
	const char *colon = strchr(value, ':');
	size_t len = strcspn(value, ":");
	const char *id = colon ? colon + 1 : secure_getenv("AWSSSEKMSID");
	int rc;

	if (strcmp(value, "0") == 0)
		return 0;
	if (!*value || strcmp(value, "1") == 0)
		return taker->set(taker, "AWS_S3_ENCRYPTION", "true", err);
	if (strncmp(value, "k", len) != 0 && strncmp(value, "kmsid", len) != 0)
		return errinfo_set(
			err, -EINVAL,
			"use_sse=%.*s is not supported: a customer's key goes "
			"into AWS_S3_OBJECT_PARAMETERS of a settings file that "
			"only you can read, as SSECustomerKey",
			(int)len, value);
	rc = config_add_parameter(taker->config, "ServerSideEncryption",
				  "aws:kms");
	if (!rc && id && *id)
		rc = config_add_parameter(taker->config, "SSEKMSKeyId", id);
	return rc;
}

static int own_class(struct s3fs_taker *taker, const char *value,
		     struct errinfo *err)
{
	char name[40];
	size_t n = 0;

	/* It took lower case. */
	for (; value[n] && n + 1 < sizeof(name); n++)
		name[n] = value[n] >= 'a' && value[n] <= 'z' ?
				  (char)(value[n] - 'a' + 'A') :
				  value[n];
	name[n] = '\0';
	if (value[n])
		return errinfo_set(err, -EINVAL,
				   "storage_class: %.40s... is none", value);
	return config_add_parameter(taker->config, "StorageClass", name);
}

/* Bare or "auto": the first role of the list. */
static int own_role(struct s3fs_taker *taker, const char *value,
		    struct errinfo *err)
{
	int rc = taker->set(taker, "credential_source", "instance", err);

	if (rc || !*value || strcmp(value, "auto") == 0)
		return rc;
	return taker->set(taker, "instance_role", value, err);
}

static int own_requester(struct s3fs_taker *taker, const char *value,
			 struct errinfo *err)
{
	return config_add_parameter(taker->config, "RequestPayer", "requester");
}

static const char no_disk_cache[] =
	"this version keeps data in memory and has no cache on disk";
static const char no_library[] =
	"no library is loaded: write credential_process into a profile";
static const char as_kernel[] = "the kernel is told by this program what to do";

/* clang-format off */
const struct s3fs_option s3fs_options[] = {
/* Credentials. */
{ "public_bucket", S3FS_SWITCH, "anonymous", NULL, NULL },
{ "use_session_token", S3FS_SILENT, "a token is used if there is one", NULL, NULL },
{ "iam_role", S3FS_OWN, "credential_source = instance, and instance_role if it names one", NULL, own_role },
{ "imdsv1only", S3FS_SILENT, "version 1 is asked where there is no version 2", NULL, NULL },
{ "ecs", S3FS_FIXED, "credential_source", "container", NULL },
{ "ibm_iam_auth", S3FS_REFUSED, "use the store's HMAC keys", NULL, NULL },
{ "ibm_iam_endpoint", S3FS_REFUSED, "use the store's HMAC keys", NULL, NULL },
{ "credlib", S3FS_REFUSED, no_library, NULL, NULL },
{ "credlib_opts", S3FS_REFUSED, no_library, NULL, NULL },
{ "accessKeyId", S3FS_REFUSED, "it would show in ps: write a passwd_file", NULL, NULL },
{ "secretAccessKey", S3FS_REFUSED, "it would show in ps: write a passwd_file", NULL, NULL },

/* Signing. */
{ "sigv2", S3FS_FIXED, "AWS_S3_SIGNATURE_VERSION", "s3", NULL },
{ "sigv4", S3FS_FIXED, "AWS_S3_SIGNATURE_VERSION", "s3v4", NULL },
{ "enable_unsigned_payload", S3FS_FIXED, "payload_signing", "unsigned", NULL },
{ "enable_content_md5", S3FS_SILENT, "a CRC32C is sent", NULL, NULL },

/* The bucket and the way to it. */
{ "endpoint", S3FS_OWN, "AWS_S3_REGION_NAME, or AWS_S3_ENDPOINT_URL if it has ://", NULL, own_endpoint },
{ "host", S3FS_OWN, "AWS_S3_ENDPOINT_URL, or AWS_S3_HOST without ://", NULL, own_host },
{ "servicepath", S3FS_REFUSED, "write it behind the host: url=https://HOST/PATH", NULL, NULL },
{ "bucket", S3FS_OWN, "AWS_STORAGE_BUCKET_NAME, and AWS_LOCATION behind :/", NULL, own_bucket },
{ "use_path_request_style", S3FS_FIXED, "AWS_S3_ADDRESSING_STYLE", "path", NULL },
{ "requester_pays", S3FS_OWN, "the parameter RequestPayer", NULL, own_requester },
{ "nocopyapi", S3FS_NO_EFFECT, "CopyObject is needed for rename", NULL, NULL },
{ "norenameapi", S3FS_NO_EFFECT, "CopyObject is needed for rename", NULL, NULL },
{ "nomixupload", S3FS_SILENT, "a server without UploadPartCopy is found out", NULL, NULL },
{ "noua", S3FS_NO_EFFECT, "see user_agent", NULL, NULL },

/* The network. */
{ "no_check_certificate", S3FS_FIXED, "AWS_S3_VERIFY", "false", NULL },
{ "ssl_verify_hostname", S3FS_SWITCH, "verify_hostname", NULL, NULL },
{ "cipher_suites", S3FS_NO_EFFECT, "they are libcurl's", NULL, NULL },
{ "ssl_client_cert", S3FS_REFUSED, "client certificates are not supported", NULL, NULL },
{ "nosscache", S3FS_SILENT, "TLS sessions are kept", NULL, NULL },
{ "nodnscache", S3FS_SILENT, "addresses are kept for 5 s", NULL, NULL },
{ "ipresolve", S3FS_NO_EFFECT, "addresses of both families are tried", NULL, NULL },
{ "proxy", S3FS_OWN, "AWS_S3_PROXIES", NULL, own_proxy },
{ "proxy_cred_file", S3FS_REFUSED, "write AWS_S3_PROXIES into a settings file that only you can read", NULL, NULL },
{ "readwrite_timeout", S3FS_SAME, "stall_timeout", NULL, NULL },
{ "retries", S3FS_SAME, "attempts", NULL, NULL },
{ "max_thread_count", S3FS_SAME, "connections", NULL, NULL },
{ "multireq_max", S3FS_SAME, "connections", NULL, NULL },
{ "parallel_count", S3FS_SAME, "connections", NULL, NULL },
{ "parallel_upload", S3FS_SAME, "connections", NULL, NULL },

/* Uploads. */
{ "multipart_size", S3FS_MEGABYTES, "part_size", NULL, NULL },
{ "multipart_threshold", S3FS_OWN, "single_put_max, in MiB", NULL, own_threshold },
{ "nomultipart", S3FS_FIXED, "single_put_max", "5G", NULL },
{ "streamupload", S3FS_SILENT, "parts are sent while a file is written", NULL, NULL },
{ "max_dirty_data", S3FS_SILENT, "memory_budget bounds it", NULL, NULL },
{ "multipart_copy_size", S3FS_SILENT, "it is chosen by size", NULL, NULL },
{ "singlepart_copy_limit", S3FS_SILENT, "it is chosen by size", NULL, NULL },
{ "putheader_mp_threshold", S3FS_SILENT, "it is chosen by size", NULL, NULL },
{ "tmpdir", S3FS_SAME, "FILE_UPLOAD_TEMP_DIR", NULL, NULL },
{ "ahbe_conf", S3FS_REFUSED, "write AWS_S3_OBJECT_PARAMETERS, or sections such as [*.css], into a settings file", NULL, NULL },
{ "fd_page_size", S3FS_SILENT, "it had no effect there", NULL, NULL },

/* Caches. */
{ "use_cache", S3FS_NO_EFFECT, no_disk_cache, NULL, NULL },
{ "check_cache_dir_exist", S3FS_SILENT, no_disk_cache, NULL, NULL },
{ "del_cache", S3FS_SILENT, no_disk_cache, NULL, NULL },
{ "ensure_diskfree", S3FS_NO_EFFECT, no_disk_cache, NULL, NULL },
{ "free_space_ratio", S3FS_NO_EFFECT, no_disk_cache, NULL, NULL },
{ "max_stat_cache_size", S3FS_SILENT, "entries are small; what is old goes", NULL, NULL },
{ "stat_cache_expire", S3FS_SAME, "attr_timeout", NULL, NULL },
{ "stat_cache_interval_expire", S3FS_SAME, "attr_timeout", NULL, NULL },
{ "entry_timeout", S3FS_SAME, "attr_timeout", NULL, NULL },
{ "enable_noobj_cache", S3FS_SILENT, "see negative_timeout", NULL, NULL },
{ "enable_negative_cache", S3FS_SILENT, "see negative_timeout", NULL, NULL },
{ "disable_noobj_cache", S3FS_FIXED, "negative_timeout", "0", NULL },
{ "disable_negative_cache", S3FS_FIXED, "negative_timeout", "0", NULL },
{ "set_check_cache_sigusr1", S3FS_SILENT, no_disk_cache, NULL, NULL },

/* Files. */
{ "use_xattr", S3FS_SILENT, "attributes of objects are always there", NULL, NULL },
{ "compat_dir", S3FS_SILENT, "directories come from listings", NULL, NULL },
{ "notsup_compat_dir", S3FS_SILENT, "it had no effect there", NULL, NULL },
{ "complement_stat", S3FS_SILENT, "it had no effect there", NULL, NULL },
{ "update_parent_dir_stat", S3FS_NO_EFFECT, "times of directories are not stored", NULL, NULL },
{ "hard_remove", S3FS_SILENT, "no hidden files are left", NULL, NULL },
{ "use_wtf8", S3FS_NO_EFFECT, "names that are not UTF-8 are refused", NULL, NULL },
{ "mp_umask", S3FS_NO_EFFECT, "the root is as other folders: see dir_mode", NULL, NULL },
{ "nonempty", S3FS_SILENT, "a folder need not be empty", NULL, NULL },

/* What objects are stored with. */
{ "use_sse", S3FS_OWN, "AWS_S3_ENCRYPTION, or the parameters of aws:kms", NULL, own_sse },
{ "load_sse_c", S3FS_REFUSED, "write SSECustomerKey into AWS_S3_OBJECT_PARAMETERS of a settings file", NULL, NULL },
{ "storage_class", S3FS_OWN, "the parameter StorageClass", NULL, own_class },
{ "use_rrs", S3FS_SWITCH, "AWS_REDUCED_REDUNDANCY", NULL, NULL },

/* Listings. */
{ "listobjectsv2", S3FS_SILENT, "it is tried first", NULL, NULL },
{ "list_object_max_keys", S3FS_SILENT, "pages have 1000 keys", NULL, NULL },
{ "noxmlns", S3FS_SILENT, "any name space will do", NULL, NULL },

/* The log. */
{ "dbglevel", S3FS_OWN, "log_level", NULL, own_level },
{ "f2", S3FS_FIXED, "log_level", "debug", NULL },
{ "curldbg", S3FS_FIXED, "log_level", "debug", NULL },
{ "logfile", S3FS_SAME, "log_to", NULL, NULL },
{ "insecure_logging", S3FS_NO_EFFECT, "keys are never logged", NULL, NULL },
{ "no_time_stamp_msg", S3FS_NO_EFFECT, "lines have their time", NULL, NULL },
{ "instance_name", S3FS_SAME, "fsname", NULL, NULL },

/* Of libfuse, as they stand in many lines. */
{ "kernel_cache", S3FS_SILENT, as_kernel, NULL, NULL },
{ "auto_cache", S3FS_SILENT, as_kernel, NULL, NULL },
{ "big_writes", S3FS_SILENT, as_kernel, NULL, NULL },
{ "default_permissions", S3FS_SILENT, as_kernel, NULL, NULL },
{ "max_background", S3FS_SILENT, as_kernel, NULL, NULL },
{ "max_write", S3FS_SILENT, as_kernel, NULL, NULL },
{ "max_read", S3FS_SILENT, as_kernel, NULL, NULL },
{ "max_readahead", S3FS_SILENT, as_kernel, NULL, NULL },
{ "use_ino", S3FS_SILENT, as_kernel, NULL, NULL },
{ "intr", S3FS_SILENT, as_kernel, NULL, NULL },
{ "user_id", S3FS_SILENT, as_kernel, NULL, NULL },
{ "group_id", S3FS_SILENT, as_kernel, NULL, NULL },
};
/* clang-format on */

const size_t s3fs_option_count = ARRAY_SIZE(s3fs_options);

const struct s3fs_option *s3fs_option_find(const char *name)
{
	for (size_t i = 0; i < s3fs_option_count; i++)
		if (strcmp(s3fs_options[i].name, name) == 0)
			return &s3fs_options[i];
	return NULL;
}

/* What must have a value, and what cannot make use of a long one. */
static int check_value(const struct s3fs_option *option, const char *value,
		       struct errinfo *err)
{
	bool is_bare = option->kind == S3FS_OWN &&
		       (option->own == own_sse || option->own == own_role ||
			option->own == own_requester);

	if (!value && !is_bare &&
	    (option->kind == S3FS_SAME || option->kind == S3FS_MEGABYTES ||
	     option->kind == S3FS_OWN))
		return errinfo_set(err, -EINVAL, "write %s=VALUE",
				   option->name);
	if (value && strlen(value) >= VALUE_MAX)
		return errinfo_set(err, -EINVAL, "%s: the value is too long",
				   option->name);
	return 0;
}

static int take(const struct s3fs_option *option, struct s3fs_taker *taker,
		const char *value, struct errinfo *err)
{
	bool is_off = value && strcmp(value, "0") == 0;
	char text[VALUE_MAX + 1];

	switch (option->kind) {
	case S3FS_SAME:
		return taker->set(taker, option->to, value, err);
	case S3FS_MEGABYTES:
		snprintf(text, sizeof(text), "%sM", value);
		return taker->set(taker, option->to, text, err);
	case S3FS_SWITCH:
		return taker->set(taker, option->to, is_off ? "false" : "true",
				  err);
	case S3FS_FIXED:
		return is_off ?
			       0 :
			       taker->set(taker, option->to, option->text, err);
	case S3FS_OWN:
		return option->own(taker, value ? value : "", err);
	case S3FS_SILENT:
		return 0;
	case S3FS_NO_EFFECT:
		config_note(taker->config, "%s has no effect: %s", option->name,
			    option->to);
		return 0;
	case S3FS_REFUSED:
		return errinfo_set(err, -EINVAL, "%s: %s", option->name,
				   option->to);
	}
	return -EINVAL;
}

int s3fs_option_take(const struct s3fs_option *option, struct s3fs_taker *taker,
		     const char *value, struct errinfo *err)
{
	struct errinfo why = ERRINFO_INIT;
	int rc = check_value(option, value, err);

	if (rc)
		return rc;
	rc = take(option, taker, value, &why);
	if (!rc)
		return 0;
	/* The setting's sentence does not name the option that was written. */
	if (strncmp(why.text, option->name, strlen(option->name)) == 0)
		return errinfo_set(err, rc, "%s", why.text);
	return errinfo_set(err, rc, "-o %s: %s", option->name, why.text);
}
