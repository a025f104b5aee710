/* SPDX-License-Identifier: MIT */
/* The names of other programs in our words; see foreign.h. */
#include "foreign.h"

#include <stdio.h>
#include <string.h>

#include "config_edit.h"

#define VALUE_MAX 1100
#define LEAST_PART \
	(5ull * 1024 * 1024) /* s3transfer raises smaller ones, too */
#define USER_AGENT "s3storefs/" PACKAGE_VERSION

static int own_endpoint(struct foreign_sink *sink, const char *value,
			struct errinfo *err)
{
	/* There it was a region, and is a URL's short name here. */
	return sink->set(sink,
			 strstr(value, "://") ? "AWS_S3_ENDPOINT_URL" :
						"AWS_S3_REGION_NAME",
			 value, err);
}

static int own_host(struct foreign_sink *sink, const char *value,
		    struct errinfo *err)
{
	/* A host alone is what the boto setting of that short name takes. */
	return sink->set(sink,
			 strstr(value, "://") ? "AWS_S3_ENDPOINT_URL" :
						"AWS_S3_HOST",
			 value, err);
}

static int own_bucket(struct foreign_sink *sink, const char *value,
		      struct errinfo *err)
{
	size_t len = strcspn(value, ":");
	const char *path = value[len] ? value + len + 1 : NULL;
	char bucket[VALUE_MAX];
	int rc;

	snprintf(bucket, sizeof(bucket), "%.*s", (int)len, value);
	rc = sink->set(sink, "AWS_STORAGE_BUCKET_NAME", bucket, err);
	if (!rc && path)
		rc = sink->set(sink, "AWS_LOCATION", path + strspn(path, "/"),
			       err);
	return rc;
}

static int own_proxy(struct foreign_sink *sink, const char *value,
		     struct errinfo *err)
{
	char map[2 * VALUE_MAX + 40];

	if (strpbrk(value, "'\\"))
		return errinfo_set(err, -EINVAL, "proxy: write HOST:PORT");
	snprintf(map, sizeof(map), "{'http': '%s', 'https': '%s'}", value,
		 value);
	return sink->set(sink, "AWS_S3_PROXIES", map, err);
}

/* 1, kmsid[:ID], k[:ID], custom[:FILE], c[:FILE]; alone it is 1. */
static int own_sse(struct foreign_sink *sink, const char *value,
		   struct errinfo *err)
{
	const char *colon = strchr(value, ':');
	size_t len = strcspn(value, ":");
	const char *id = colon ? colon + 1 : secure_getenv("AWSSSEKMSID");
	int rc;

	if (strcmp(value, "0") == 0)
		return 0;
	if (!*value || strcmp(value, "1") == 0)
		return sink->set(sink, "AWS_S3_ENCRYPTION", "true", err);
	if (strncmp(value, "k", len) != 0 && strncmp(value, "kmsid", len) != 0)
		return errinfo_set(
			err, -EINVAL,
			"use_sse=%.*s is not supported: a customer's key goes "
			"into AWS_S3_OBJECT_PARAMETERS of a settings file that "
			"only you can read, as SSECustomerKey",
			(int)len, value);
	rc = config_add_parameter(sink->config, "ServerSideEncryption",
				  "aws:kms");
	if (!rc && id && *id)
		rc = config_add_parameter(sink->config, "SSEKMSKeyId", id);
	return rc;
}

static int own_class(struct foreign_sink *sink, const char *value,
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
	return config_add_parameter(sink->config, "StorageClass", name);
}

/* Bare or "auto": the first role of the list. */
static int own_role(struct foreign_sink *sink, const char *value,
		    struct errinfo *err)
{
	int rc = sink->set(sink, "credential_source", "instance", err);

	if (rc || !*value || strcmp(value, "auto") == 0)
		return rc;
	return sink->set(sink, "instance_role", value, err);
}

static int own_requester(struct foreign_sink *sink, const char *value,
			 struct errinfo *err)
{
	return config_add_parameter(sink->config, "RequestPayer", "requester");
}

static int put_number(struct foreign_sink *sink, const char *value,
		      uint64_t least, int more, struct errinfo *err)
{
	uint64_t number;
	char text[24];

	if (text_parse_u64(value, INT64_MAX, &number) || number < least)
		return foreign_bad(
			sink, least ? "not a number above 0" : "not a number",
			err);
	number += (uint64_t)(int64_t)more;
	snprintf(text, sizeof(text), "%llu",
		 (unsigned long long)(number > least ? number : least));
	return sink->set(sink, sink->row->to, text, err);
}

/* There, a file of exactly so many bytes goes in parts already. */
static int own_most(struct foreign_sink *sink, const char *value,
		    struct errinfo *err)
{
	return put_number(sink, value, 1, -1, err);
}

static int own_chunk(struct foreign_sink *sink, const char *value,
		     struct errinfo *err)
{
	uint64_t bytes;

	if (text_parse_u64(value, INT64_MAX, &bytes) || !bytes ||
	    bytes >= LEAST_PART)
		return put_number(sink, value, 1, 0, err);
	config_note(sink->config, "%s: %s is less than S3 takes: it is 5 MiB",
		    sink->from, sink->name);
	return sink->set(sink, sink->row->to, "5M", err);
}

/* Here the first try counts, too. */
static int own_attempts(struct foreign_sink *sink, const char *value,
			struct errinfo *err)
{
	return put_number(sink, value, 0, 1, err);
}

static int own_threads(struct foreign_sink *sink, const char *value,
		       struct errinfo *err)
{
	if (sink->value->kind != VALUE_BOOL)
		return foreign_bad(sink, "neither True nor False", err);
	return sink->value->boolean ?
		       0 :
		       config_put(sink->config, sink->row->to, "1", err);
}

static int own_signature(struct foreign_sink *sink, const char *value,
			 struct errinfo *err)
{
	return strcmp(value, "unsigned") == 0 ?
		       sink->set(sink, "anonymous", "true", err) :
		       sink->set(sink, sink->row->to, value, err);
}

static int own_agent(struct foreign_sink *sink, const char *value,
		     struct errinfo *err)
{
	const char *before = config_value(sink->config, sink->row->to)->text;
	char text[2 * VALUE_MAX];

	snprintf(text, sizeof(text), "%s %s", before ? before : USER_AGENT,
		 value);
	return config_put(sink->config, sink->row->to, text, err);
}

static int own_proxies(struct foreign_sink *sink, const char *value,
		       struct errinfo *err)
{
	if (config_strength(sink->config, sink->row->to) <=
	    config_strength(sink->config, sink->from))
		config_move(sink->config, sink->row->to, sink->value);
	return 0;
}

static int own_s3(struct foreign_sink *sink, const char *value,
		  struct errinfo *err)
{
	return foreign_take_map(sink, sink->value, FOREIGN_CLIENT_S3, err);
}

static int own_retries(struct foreign_sink *sink, const char *value,
		       struct errinfo *err)
{
	return foreign_take_map(sink, sink->value, FOREIGN_RETRIES, err);
}

static const char no_disk_cache[] =
	"this version keeps data in memory and has no cache on disk";
static const char no_library[] =
	"no library is loaded: write credential_process into a profile";
static const char not_made[] =
	"not supported: write such a host into AWS_S3_ENDPOINT_URL";
static const char as_kernel[] = "the kernel is told by this program what to do";

/* clang-format off */
const struct foreign foreign_table[] = {
/* Credentials. */
{ "public_bucket", FOREIGN_S3FS, FOREIGN_SETS, "anonymous", FOREIGN_SWITCH, NULL },
{ "use_session_token", FOREIGN_S3FS, FOREIGN_SILENT, "a token is used if there is one", NULL, NULL },
{ "iam_role", FOREIGN_S3FS, FOREIGN_SETS, "credential_source = instance, and instance_role if it names one", FOREIGN_BARE, own_role },
{ "imdsv1only", FOREIGN_S3FS, FOREIGN_SILENT, "version 1 is asked where there is no version 2", NULL, NULL },
{ "ecs", FOREIGN_S3FS, FOREIGN_SETS, "credential_source", FOREIGN_FIXED "container", NULL },
{ "ibm_iam_auth ibm_iam_endpoint", FOREIGN_S3FS, FOREIGN_REFUSED, "use the store's HMAC keys", NULL, NULL },
{ "credlib credlib_opts", FOREIGN_S3FS, FOREIGN_REFUSED, no_library, NULL, NULL },
{ "accessKeyId secretAccessKey", FOREIGN_S3FS, FOREIGN_REFUSED, "it would show in ps: write a passwd_file", NULL, NULL },

/* Signing. */
{ "sigv2", FOREIGN_S3FS, FOREIGN_SETS, "AWS_S3_SIGNATURE_VERSION", FOREIGN_FIXED "s3", NULL },
{ "sigv4", FOREIGN_S3FS, FOREIGN_SETS, "AWS_S3_SIGNATURE_VERSION", FOREIGN_FIXED "s3v4", NULL },
{ "enable_unsigned_payload", FOREIGN_S3FS, FOREIGN_SETS, "payload_signing", FOREIGN_FIXED "unsigned", NULL },
{ "enable_content_md5", FOREIGN_S3FS, FOREIGN_SILENT, "a CRC32C is sent", NULL, NULL },

/* The bucket and the way to it. */
{ "endpoint", FOREIGN_S3FS, FOREIGN_SETS, "AWS_S3_REGION_NAME, or AWS_S3_ENDPOINT_URL if it has ://", NULL, own_endpoint },
{ "host", FOREIGN_S3FS, FOREIGN_SETS, "AWS_S3_ENDPOINT_URL, or AWS_S3_HOST without ://", NULL, own_host },
{ "servicepath", FOREIGN_S3FS, FOREIGN_REFUSED, "write it behind the host: url=https://HOST/PATH", NULL, NULL },
{ "bucket", FOREIGN_S3FS, FOREIGN_SETS, "AWS_STORAGE_BUCKET_NAME, and AWS_LOCATION behind :/", NULL, own_bucket },
{ "use_path_request_style", FOREIGN_S3FS, FOREIGN_SETS, "AWS_S3_ADDRESSING_STYLE", FOREIGN_FIXED "path", NULL },
{ "requester_pays", FOREIGN_S3FS, FOREIGN_SETS, "the parameter RequestPayer", FOREIGN_BARE, own_requester },
{ "nocopyapi norenameapi", FOREIGN_S3FS, FOREIGN_NO_EFFECT, "CopyObject is needed for rename", NULL, NULL },
{ "nomixupload", FOREIGN_S3FS, FOREIGN_SILENT, "a server without UploadPartCopy is found out", NULL, NULL },
{ "noua", FOREIGN_S3FS, FOREIGN_NO_EFFECT, "see user_agent", NULL, NULL },

/* The network. */
{ "no_check_certificate", FOREIGN_S3FS, FOREIGN_SETS, "AWS_S3_VERIFY", FOREIGN_FIXED "false", NULL },
{ "ssl_verify_hostname", FOREIGN_S3FS, FOREIGN_SETS, "verify_hostname", FOREIGN_SWITCH, NULL },
{ "cipher_suites", FOREIGN_S3FS, FOREIGN_NO_EFFECT, "they are libcurl's", NULL, NULL },
{ "ssl_client_cert", FOREIGN_S3FS, FOREIGN_REFUSED, "client certificates are not supported", NULL, NULL },
{ "nosscache", FOREIGN_S3FS, FOREIGN_SILENT, "TLS sessions are kept", NULL, NULL },
{ "nodnscache", FOREIGN_S3FS, FOREIGN_SILENT, "addresses are kept for 5 s", NULL, NULL },
{ "ipresolve", FOREIGN_S3FS, FOREIGN_NO_EFFECT, "addresses of both families are tried", NULL, NULL },
{ "proxy", FOREIGN_S3FS, FOREIGN_SETS, "AWS_S3_PROXIES", NULL, own_proxy },
{ "proxy_cred_file", FOREIGN_S3FS, FOREIGN_REFUSED, "write AWS_S3_PROXIES into a settings file that only you can read", NULL, NULL },
{ "readwrite_timeout", FOREIGN_S3FS, FOREIGN_SETS, "stall_timeout", NULL, NULL },
{ "retries", FOREIGN_S3FS, FOREIGN_SETS, "attempts", NULL, NULL },
{ "max_thread_count multireq_max parallel_count parallel_upload",
  FOREIGN_S3FS, FOREIGN_SETS, "connections", NULL, NULL },

/* Uploads. */
{ "multipart_size", FOREIGN_S3FS, FOREIGN_SETS, "part_size", FOREIGN_MIB, NULL },
{ "multipart_threshold", FOREIGN_S3FS, FOREIGN_SETS, "single_put_max", FOREIGN_MIB, NULL },
{ "nomultipart", FOREIGN_S3FS, FOREIGN_SETS, "single_put_max", FOREIGN_FIXED "5G", NULL },
{ "streamupload", FOREIGN_S3FS, FOREIGN_SILENT, "parts are sent while a file is written", NULL, NULL },
{ "max_dirty_data", FOREIGN_S3FS, FOREIGN_SILENT, "memory_budget bounds it", NULL, NULL },
{ "multipart_copy_size singlepart_copy_limit putheader_mp_threshold",
  FOREIGN_S3FS, FOREIGN_SILENT, "it is chosen by size", NULL, NULL },
{ "tmpdir", FOREIGN_S3FS, FOREIGN_SETS, "FILE_UPLOAD_TEMP_DIR", NULL, NULL },
{ "ahbe_conf", FOREIGN_S3FS, FOREIGN_REFUSED, "write AWS_S3_OBJECT_PARAMETERS, or sections such as [*.css], into a settings file", NULL, NULL },
{ "fd_page_size notsup_compat_dir complement_stat",
  FOREIGN_S3FS, FOREIGN_SILENT, "it had no effect there", NULL, NULL },

/* Caches. */
{ "use_cache ensure_diskfree free_space_ratio", FOREIGN_S3FS, FOREIGN_NO_EFFECT, no_disk_cache, NULL, NULL },
{ "check_cache_dir_exist del_cache set_check_cache_sigusr1", FOREIGN_S3FS, FOREIGN_SILENT, no_disk_cache, NULL, NULL },
{ "max_stat_cache_size", FOREIGN_S3FS, FOREIGN_SILENT, "entries are small; what is old goes", NULL, NULL },
{ "stat_cache_expire stat_cache_interval_expire entry_timeout",
  FOREIGN_S3FS, FOREIGN_SETS, "attr_timeout", NULL, NULL },
{ "enable_noobj_cache enable_negative_cache", FOREIGN_S3FS, FOREIGN_SILENT, "see negative_timeout", NULL, NULL },
{ "disable_noobj_cache disable_negative_cache", FOREIGN_S3FS, FOREIGN_SETS, "negative_timeout", FOREIGN_FIXED "0", NULL },

/* Files. */
{ "use_xattr", FOREIGN_S3FS, FOREIGN_SILENT, "attributes of objects are always there", NULL, NULL },
{ "compat_dir", FOREIGN_S3FS, FOREIGN_SILENT, "directories come from listings", NULL, NULL },
{ "update_parent_dir_stat", FOREIGN_S3FS, FOREIGN_NO_EFFECT, "times of directories are not stored", NULL, NULL },
{ "hard_remove", FOREIGN_S3FS, FOREIGN_SILENT, "no hidden files are left", NULL, NULL },
{ "use_wtf8", FOREIGN_S3FS, FOREIGN_NO_EFFECT, "names that are not UTF-8 are refused", NULL, NULL },
{ "mp_umask", FOREIGN_S3FS, FOREIGN_NO_EFFECT, "the root is as other folders: see dir_mode", NULL, NULL },
{ "nonempty", FOREIGN_S3FS, FOREIGN_SILENT, "a folder need not be empty", NULL, NULL },

/* What objects are stored with. */
{ "use_sse", FOREIGN_S3FS, FOREIGN_SETS, "AWS_S3_ENCRYPTION, or the parameters of aws:kms", FOREIGN_BARE, own_sse },
{ "load_sse_c", FOREIGN_S3FS, FOREIGN_REFUSED, "write SSECustomerKey into AWS_S3_OBJECT_PARAMETERS of a settings file", NULL, NULL },
{ "storage_class", FOREIGN_S3FS, FOREIGN_SETS, "the parameter StorageClass", NULL, own_class },
{ "use_rrs", FOREIGN_S3FS, FOREIGN_SETS, "AWS_REDUCED_REDUNDANCY", FOREIGN_SWITCH, NULL },

/* Listings. */
{ "listobjectsv2", FOREIGN_S3FS, FOREIGN_SILENT, "it is tried first", NULL, NULL },
{ "list_object_max_keys", FOREIGN_S3FS, FOREIGN_SILENT, "pages have 1000 keys", NULL, NULL },
{ "noxmlns", FOREIGN_S3FS, FOREIGN_SILENT, "any name space will do", NULL, NULL },

/* The log. */
{ "dbglevel", FOREIGN_S3FS, FOREIGN_SETS, "log_level", "silent*=error crit*=error err*=error wa*=warn inf*=info dbg*=debug debug*=debug", NULL },
{ "f2 curldbg", FOREIGN_S3FS, FOREIGN_SETS, "log_level", FOREIGN_FIXED "debug", NULL },
{ "logfile", FOREIGN_S3FS, FOREIGN_SETS, "log_to", NULL, NULL },
{ "insecure_logging", FOREIGN_S3FS, FOREIGN_NO_EFFECT, "keys are never logged", NULL, NULL },
{ "no_time_stamp_msg", FOREIGN_S3FS, FOREIGN_NO_EFFECT, "lines have their time", NULL, NULL },
{ "instance_name", FOREIGN_S3FS, FOREIGN_SETS, "fsname", NULL, NULL },

/* Of libfuse, as they stand in many lines. */
{ "kernel_cache auto_cache big_writes default_permissions max_background max_write max_read max_readahead use_ino intr user_id group_id",
  FOREIGN_S3FS, FOREIGN_SILENT, as_kernel, NULL, NULL },

/* boto3's TransferConfig. use_threads comes last: it wins over max_concurrency. */
{ "multipart_threshold", FOREIGN_TRANSFER, FOREIGN_SETS, "single_put_max", NULL, own_most },
{ "multipart_chunksize", FOREIGN_TRANSFER, FOREIGN_SETS, "part_size", NULL, own_chunk },
{ "max_concurrency max_request_concurrency", FOREIGN_TRANSFER, FOREIGN_SETS, "transfers", NULL, NULL },
{ "num_download_attempts", FOREIGN_TRANSFER, FOREIGN_SETS, "attempts", NULL, NULL },
{ "max_bandwidth", FOREIGN_TRANSFER, FOREIGN_SETS, "max_bandwidth", NULL, NULL },
{ "io_chunksize", FOREIGN_TRANSFER, FOREIGN_NO_EFFECT, "bytes go on as they arrive", NULL, NULL },
{ "max_io_queue max_io_queue_size", FOREIGN_TRANSFER, FOREIGN_NO_EFFECT, "memory_budget bounds what waits", NULL, NULL },
{ "preferred_transfer_client", FOREIGN_TRANSFER, FOREIGN_NO_EFFECT, "there is just one", NULL, NULL },
{ "use_threads", FOREIGN_TRANSFER, FOREIGN_SETS, "transfers", NULL, own_threads },

/* botocore's Config, its s3 and its retries. */
{ "region_name", FOREIGN_CLIENT, FOREIGN_SETS, "AWS_S3_REGION_NAME", NULL, NULL },
{ "signature_version", FOREIGN_CLIENT, FOREIGN_SETS, "AWS_S3_SIGNATURE_VERSION", NULL, own_signature },
{ "user_agent", FOREIGN_CLIENT, FOREIGN_SETS, "user_agent", NULL, NULL },
{ "user_agent_extra user_agent_appid", FOREIGN_CLIENT, FOREIGN_SETS, "user_agent", NULL, own_agent },
{ "connect_timeout", FOREIGN_CLIENT, FOREIGN_SETS, "connect_timeout", NULL, NULL },
{ "read_timeout", FOREIGN_CLIENT, FOREIGN_SETS, "stall_timeout", NULL, NULL },
{ "max_pool_connections", FOREIGN_CLIENT, FOREIGN_SETS, "connections", NULL, NULL },
{ "proxies", FOREIGN_CLIENT, FOREIGN_SETS, "AWS_S3_PROXIES", FOREIGN_MAP, own_proxies },
{ "s3", FOREIGN_CLIENT, FOREIGN_SETS, NULL, FOREIGN_MAP, own_s3 },
{ "retries", FOREIGN_CLIENT, FOREIGN_SETS, NULL, FOREIGN_MAP, own_retries },
{ "request_checksum_calculation", FOREIGN_CLIENT, FOREIGN_SETS, "upload_checksum", "when_supported=true when_required=false", NULL },
{ "response_checksum_validation", FOREIGN_CLIENT, FOREIGN_NO_EFFECT, "what the server tells is checked", NULL, NULL },
{ "use_dualstack_endpoint use_fips_endpoint", FOREIGN_CLIENT, FOREIGN_REFUSED, not_made, NULL, NULL },
{ "client_cert", FOREIGN_CLIENT, FOREIGN_REFUSED, "not supported", NULL, NULL },
{ "proxies_config", FOREIGN_CLIENT, FOREIGN_REFUSED, "not supported: AWS_S3_VERIFY is for proxies, too", NULL, NULL },
{ "parameter_validation", FOREIGN_CLIENT, FOREIGN_NO_EFFECT, "settings are always checked", NULL, NULL },
{ "tcp_keepalive", FOREIGN_CLIENT, FOREIGN_NO_EFFECT, "it is always on", NULL, NULL },
{ "inject_host_prefix endpoint_discovery_enabled request_min_compression_size_bytes disable_request_compression client_context_params account_id_endpoint_mode",
  FOREIGN_CLIENT, FOREIGN_NO_EFFECT, "S3 has none", NULL, NULL },
{ "ignore_configured_endpoint_urls", FOREIGN_CLIENT, FOREIGN_NO_EFFECT, "the environment has it: AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", NULL, NULL },
{ "defaults_mode", FOREIGN_CLIENT, FOREIGN_NO_EFFECT, "the defaults are our own", NULL, NULL },
{ "sigv4a_signing_region_set", FOREIGN_CLIENT, FOREIGN_NO_EFFECT, "a bucket has one region", NULL, NULL },
{ "auth_scheme_preference", FOREIGN_CLIENT, FOREIGN_NO_EFFECT, "see signature_version", NULL, NULL },
{ "addressing_style", FOREIGN_CLIENT_S3, FOREIGN_SETS, "AWS_S3_ADDRESSING_STYLE", NULL, NULL },
{ "payload_signing_enabled", FOREIGN_CLIENT_S3, FOREIGN_SETS, "payload_signing", "true=signed false=unsigned", NULL },
{ "use_accelerate_endpoint use_dualstack_endpoint", FOREIGN_CLIENT_S3, FOREIGN_REFUSED, not_made, NULL, NULL },
{ "use_arn_region", FOREIGN_CLIENT_S3, FOREIGN_NO_EFFECT, "a bucket has a name here, no ARN", NULL, NULL },
{ "us_east_1_regional_endpoint", FOREIGN_CLIENT_S3, FOREIGN_NO_EFFECT, "requests go to where the bucket answers", NULL, NULL },
{ "mode", FOREIGN_RETRIES, FOREIGN_NO_EFFECT, "pauses grow, with jitter, in any case", NULL, NULL },
{ "max_attempts", FOREIGN_RETRIES, FOREIGN_SETS, "attempts", NULL, own_attempts },
{ "total_max_attempts", FOREIGN_RETRIES, FOREIGN_SETS, "attempts", NULL, NULL },
};
/* clang-format on */

const size_t foreign_count = ARRAY_SIZE(foreign_table);
