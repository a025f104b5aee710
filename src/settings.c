/* SPDX-License-Identifier: MIT */
/*
 * The table of all settings; see settings.h. Names, types and defaults of
 * the AWS_ ones are those of django-storages' S3 backend.
 */
#include "settings.h"

#include "config.h"

#define KIB 1024ull
#define MIB (1024 * KIB)
#define GIB (1024 * MIB)

#define TO(field) .offset = offsetof(struct config, field)
#define NO_EFFECT .offset = SETTING_NOWHERE

#define CANNED_ACLS                                                  \
	"private public-read public-read-write authenticated-read "  \
	"aws-exec-read bucket-owner-read bucket-owner-full-control " \
	"log-delivery-write"

/* clang-format off */
const struct setting_def settings_table[] = {
/* Credentials. */
{ "AWS_S3_ACCESS_KEY_ID", "access_key", SETTING_SECRET, TO(s3_access_key),
  .group = "Credentials",
  .default_text = "None", .help = "access key; wins over AWS_ACCESS_KEY_ID" },
{ "AWS_S3_SECRET_ACCESS_KEY", "secret_key", SETTING_SECRET, TO(s3_secret_key),
  .default_text = "None", .help = "its secret; wins over AWS_SECRET_ACCESS_KEY" },
{ "AWS_ACCESS_KEY_ID", NULL, SETTING_SECRET, TO(access_key),
  .default_text = "None", .help = "access key" },
{ "AWS_SECRET_ACCESS_KEY", NULL, SETTING_SECRET, TO(secret_key),
  .default_text = "None", .help = "its secret" },
{ "AWS_SESSION_TOKEN", NULL, SETTING_SECRET, TO(session_token),
  .default_text = "None", .help = "session token of temporary keys" },
{ "AWS_SECURITY_TOKEN", NULL, SETTING_SECRET, TO(security_token),
  .default_text = "None", .help = "older name of AWS_SESSION_TOKEN" },
{ "AWS_S3_SESSION_PROFILE", "profile", SETTING_TEXT, TO(profile),
  .default_text = "None", .help = "profile in ~/.aws; not together with keys" },
{ "passwd_file", NULL, SETTING_PATH, TO(passwd_file),
  .default_text = "None", .help = "file with keys in s3fs's format, instead of any other source" },
{ "anonymous", NULL, SETTING_BOOL, TO(anonymous),
  .default_text = "False", .help = "sign nothing: for public buckets" },

/* The bucket and the way to it. */
{ "AWS_STORAGE_BUCKET_NAME", "bucket_name bucket", SETTING_TEXT, TO(bucket),
  .group = "The bucket and the way to it",
  .default_text = "None", .help = "bucket, when BUCKET is a section's name or absent" },
{ "AWS_LOCATION", NULL, SETTING_TEXT, TO(location),
  .default_text = "''", .help = "key prefix that is the root of the mount" },
{ "AWS_S3_REGION_NAME", "region", SETTING_TEXT, TO(region),
  .default_text = "None", .help = "region of the bucket" },
{ "AWS_S3_ENDPOINT_URL", "endpoint url", SETTING_URL, TO(endpoint_url),
  .default_text = "None", .help = "server, with http:// or https://; None: Amazon" },
{ "AWS_S3_USE_SSL", NULL, SETTING_BOOL, TO(use_ssl),
  .default_text = "True", .help = "https when there is no endpoint_url" },
{ "AWS_S3_VERIFY", NULL, SETTING_BOOL_OR_PATH, TO(verify),
  .default_text = "None", .help = "check certificates: True, False or a CA file" },
{ "verify_hostname", NULL, SETTING_BOOL, TO(verify_hostname),
  .default_text = "True", .help = "a certificate must name the server's host" },
{ "AWS_S3_ADDRESSING_STYLE", NULL, SETTING_CHOICE, TO(addressing_style),
  .default_text = "None", .choices = "auto virtual path",
  .help = "where the bucket's name goes in a URL; None is auto" },
{ "AWS_S3_SIGNATURE_VERSION", NULL, SETTING_CHOICE, TO(signature_version),
  .default_text = "None", .choices = "s3 s3v4 v4", .help = "None is s3v4" },
{ "payload_signing", NULL, SETTING_CHOICE, TO(payload_signing),
  .default_text = "auto", .choices = "auto signed unsigned",
  .help = "hash what is sent into the signature; auto: without TLS" },
{ "AWS_S3_PROXIES", NULL, SETTING_MAP, TO(proxies),
  .default_text = "None", .help = "{'http': 'host:port', 'https://host': ...}; {}: none; None: the environment's" },
{ "user_agent", NULL, SETTING_TEXT, TO(user_agent),
  .default_text = "None", .help = "User-Agent of requests; None: s3storefs and its version" },

/* The bucket at the start. */
{ "AWS_AUTO_CREATE_BUCKET", NULL, SETTING_BOOL, TO(auto_create_bucket),
  .group = "The bucket at the start",
  .default_text = "False", .help = "make a missing bucket" },
{ "AWS_BUCKET_ACL", NULL, SETTING_CHOICE, TO(bucket_acl),
  .default_text = "None", .choices = CANNED_ACLS, .help = "ACL of a bucket made here; unset: that of AWS_DEFAULT_ACL" },
{ "without_list", NULL, SETTING_BOOL, TO(without_list),
  .default_text = "False",
  .help = "mount although the bucket may not be listed: known names can be read" },
{ "AWS_PRELOAD_METADATA", NULL, SETTING_BOOL, TO(preload_metadata),
  .default_text = "False", .help = "list the whole location ahead, once, in the background" },

/* Requests. */
{ "connections", NULL, SETTING_NUMBER, TO(connections),
  .group = "Requests",
  .default_text = "64", .min = 1, .max = 4096, .help = "requests at the same time" },
{ "transfers", NULL, SETTING_NUMBER, TO(transfers),
  .default_text = "0", .max = 4096,
  .help = "requests for the data of one file at the same time; 0: as many as help" },
{ "attempts", NULL, SETTING_NUMBER, TO(attempts),
  .default_text = "5", .min = 1, .max = 100, .help = "tries of a request, the first included" },
{ "timeout", NULL, SETTING_DURATION, TO(timeout_ms),
  .default_text = "30", .min = 1000, .max = 86400000,
  .help = "seconds of an operation with its retries, besides its bytes' time" },
{ "connect_timeout", NULL, SETTING_DURATION, TO(connect_timeout_ms),
  .default_text = "10", .min = 100, .max = 600000, .help = "seconds to reach the server" },
{ "stall_timeout", NULL, SETTING_DURATION, TO(stall_timeout_ms),
  .default_text = "20", .min = 1000, .max = 3600000,
  .help = "seconds under 1 KiB/s after which a request is given up" },
{ "max_bandwidth", NULL, SETTING_SIZE, TO(max_bytes_per_s),
  .default_text = "0", .help = "bytes a second, each way, of all requests together; 0: no limit" },

/* Files. */
{ "AWS_S3_FILE_OVERWRITE", NULL, SETTING_BOOL, TO(file_overwrite),
  .group = "Files",
  .default_text = "True", .help = "False: never replace a stored object's data" },
{ "max_length", NULL, SETTING_NUMBER, TO(max_length),
  .default_text = "None", .min = 9, .max = 1024,
  .help = "characters of a name with its folders, below the location" },
{ "AWS_S3_MAX_MEMORY_SIZE", NULL, SETTING_SIZE, TO(max_memory_bytes),
  .default_text = "0", .help = "unsaved bytes of a file kept in memory; 0: no limit" },
{ "FILE_UPLOAD_TEMP_DIR", "temp_dir", SETTING_PATH, TO(temp_dir),
  .default_text = "None", .help = "folder for unsaved bytes; None: $TMPDIR or /tmp" },
{ "memory_budget", NULL, SETTING_SIZE, TO(memory_budget_bytes),
  .default_text = "None", .min = 32 * MIB,
  .help = "memory of all files; None: 512M or a quarter of it, the lesser" },
{ "part_size", NULL, SETTING_SIZE, TO(part_bytes),
  .default_text = "8M", .min = 5 * MIB, .max = 5 * GIB, .help = "of multipart uploads" },
{ "single_put_max", NULL, SETTING_SIZE, TO(single_put_bytes),
  .default_text = "8M", .min = 1, .max = 5 * GIB, .help = "larger files are sent in parts" },
{ "upload_checksum", NULL, SETTING_BOOL, TO(upload_checksum),
  .default_text = "True", .help = "send a CRC32C with what is stored" },
{ "read_ahead_max", NULL, SETTING_SIZE, TO(read_ahead_bytes),
  .default_text = "256M", .min = 128 * KIB, .max = 64 * GIB,
  .help = "the most that is fetched ahead of a reader" },
{ "attr_timeout", NULL, SETTING_DURATION, TO(attr_timeout_ms),
  .default_text = "10", .max = 2073600000, .help = "seconds that names and sizes are believed" },
{ "negative_timeout", NULL, SETTING_DURATION, TO(negative_timeout_ms),
  .default_text = "5", .max = 2073600000, .help = "seconds that absence is believed" },
{ "sync_unlink", NULL, SETTING_BOOL, TO(sync_unlink),
  .default_text = "False", .help = "delete before unlink answers, one by one" },

/* What objects are stored with. */
{ "AWS_DEFAULT_ACL", "acl", SETTING_CHOICE, TO(default_acl),
  .group = "What objects are stored with",
  .default_text = "None", .choices = CANNED_ACLS, .help = "ACL of new objects" },
{ "AWS_S3_OBJECT_PARAMETERS", NULL, SETTING_MAP, TO(object_parameters),
  .default_text = "{}", .help = "headers of new objects, such as CacheControl" },
{ "AWS_S3_ENCRYPTION", NULL, SETTING_BOOL, TO(encryption),
  .default_text = "False", .help = "server-side encryption with AES256" },
{ "AWS_REDUCED_REDUNDANCY", NULL, SETTING_BOOL, TO(reduced_redundancy),
  .default_text = "False", .help = "storage class REDUCED_REDUNDANCY" },
{ "AWS_IS_GZIPPED", "gzip", SETTING_BOOL, TO(gzip),
  .default_text = "False", .help = "store files of gzip_content_types compressed" },
{ "GZIP_CONTENT_TYPES", NULL, SETTING_LIST, TO(gzip_content_types),
  .default_text = "['text/css', 'text/javascript', 'application/javascript', "
		  "'application/x-javascript', 'image/svg+xml']",
  .help = "what gzip compresses" },
{ "mime_types", "mime", SETTING_BOOL_OR_PATH, TO(mime_types),
  .default_text = "None",
  .help = "more content types: True: /etc/mime.types, or such a file" },
{ "guess_encoding", NULL, SETTING_BOOL, TO(guess_encoding),
  .default_text = "False", .help = "Content-Encoding by name: .gz, .bz2, .br, ..." },

/* URLs. */
{ "AWS_QUERYSTRING_AUTH", NULL, SETTING_BOOL, TO(querystring_auth),
  .group = "URLs",
  .default_text = "True", .help = "sign URLs" },
{ "AWS_QUERYSTRING_EXPIRE", NULL, SETTING_NUMBER, TO(querystring_expire_s),
  .default_text = "3600", .min = 1, .max = INT32_MAX, .help = "seconds that a signed URL works" },
{ "AWS_S3_CUSTOM_DOMAIN", NULL, SETTING_TEXT, TO(custom_domain),
  .default_text = "None", .help = "host of URLs" },
{ "AWS_S3_URL_PROTOCOL", NULL, SETTING_CHOICE, TO(url_protocol),
  .default_text = "'https:'", .choices = "http: https:", .help = "of URLs with a custom domain" },
{ "AWS_S3_SECURE_URLS", NULL, SETTING_BOOL, TO(secure_urls),
  .default_text = "True", .help = "if it is given and True: https: whatever url_protocol says" },
{ "AWS_CLOUDFRONT_KEY_ID", NULL, SETTING_TEXT, TO(cloudfront_key_id),
  .default_text = "None", .help = "key that signs CloudFront URLs" },
{ "AWS_CLOUDFRONT_KEY", NULL, SETTING_SECRET, TO(cloudfront_key),
  .default_text = "None", .help = "its PEM text, or the path of a file with it" },
{ "cloudfront_signer", NULL, SETTING_CHOICE, TO(cloudfront_signer),
  .default_text = "None", .choices = "None",
  .help = "given as None: no CloudFront signatures, whatever the key" },

/* The mount. */
{ "ro", NULL, SETTING_BOOL, TO(is_read_only),
  .group = "The mount",
  .default_text = "False", .help = "mount read-only" },
{ "uid", NULL, SETTING_NUMBER, TO(uid),
  .default_text = "None", .max = UINT32_MAX - 1, .help = "owner of all files; None: you" },
{ "gid", NULL, SETTING_NUMBER, TO(gid),
  .default_text = "None", .max = UINT32_MAX - 1, .help = "group of all files; None: yours" },
{ "umask", NULL, SETTING_MODE, TO(umask),
  .default_text = "022", .max = 0777, .help = "permission bits that files lack" },
{ "file_mode", NULL, SETTING_MODE, TO(file_mode),
  .default_text = "None", .max = 0777, .help = "permissions of files; None: 0666 less umask" },
{ "dir_mode", NULL, SETTING_MODE, TO(dir_mode),
  .default_text = "None", .max = 0777, .help = "of directories; None: 0777 less umask" },
{ "allow_other", NULL, SETTING_BOOL, TO(allow_other),
  .default_text = "False", .help = "let other users in, by permissions" },
{ "allow_root", NULL, SETTING_BOOL, TO(allow_root),
  .default_text = "False", .help = "let root in" },
{ "fsname", NULL, SETTING_TEXT, TO(fsname),
  .default_text = "None", .help = "source that mount(8) shows; None: s3storefs#BUCKET" },
{ "bucket_size", NULL, SETTING_SIZE, TO(bucket_bytes),
  .default_text = "256T", .min = MIB, .help = "size of the file system that df shows" },
{ "log_level", NULL, SETTING_CHOICE, TO(log_level),
  .default_text = "warn", .choices = "error warn info debug", .help = "how much is logged" },
{ "log_to", NULL, SETTING_TEXT, TO(log_to),
  .default_text = "auto",
  .help = "stderr, syslog or a file's path; auto: stderr with -f, else syslog" },

/* Other words for settings above. */
{ "AWS_S3_CLIENT_CONFIG", "config", SETTING_MAP, TO(client_config),
  .group = "Other words for settings above",
  .default_text = "None", .help = "botocore's Config as a map; replaces style, signature and proxies" },
{ "AWS_S3_TRANSFER_CONFIG", NULL, SETTING_MAP, TO(transfer_config),
  .default_text = "None", .help = "boto3's TransferConfig as a map of its arguments" },
{ "AWS_S3_USE_THREADS", NULL, SETTING_BOOL, TO(use_threads),
  .default_text = "True", .help = "False: transfers of a file go one after the other" },
{ "AWS_S3_FILE_BUFFER_SIZE", "buffer_size", SETTING_SIZE, TO(buffer_bytes),
  .default_text = "None", .min = 5 * MIB, .instead = "part_size", .help = "part size" },
{ "S3STOREFS_COMPAT", "compat", SETTING_CHOICE, TO(compat),
  .default_text = "None", .choices = "1.7", .help = "the defaults of django-storages 1.7: public-read, http:" },
{ "AWS_S3_FILE_NAME_CHARSET", NULL, SETTING_TEXT, NO_EFFECT,
  .default_text = "utf-8", .help = "charset of names: nothing else is taken" },
{ "USE_TZ", NULL, SETTING_BOOL, NO_EFFECT,
  .default_text = "True", .help = "taken, without effect: file times have no zone" },

/* Names of the older boto backend. */
{ "AWS_HEADERS", NULL, SETTING_MAP, TO(boto_headers),
  .group = "Names of the older boto backend",
  .default_text = "None", .instead = "AWS_S3_OBJECT_PARAMETERS", .help = "headers of new objects" },
{ "AWS_S3_HOST", NULL, SETTING_TEXT, TO(boto_host),
  .default_text = "None", .instead = "AWS_S3_ENDPOINT_URL", .help = "server" },
{ "AWS_S3_PORT", NULL, SETTING_NUMBER, TO(boto_port),
  .default_text = "None", .max = 65535, .instead = "AWS_S3_ENDPOINT_URL", .help = "its port" },
{ "AWS_S3_CALLING_FORMAT", NULL, SETTING_TEXT, TO(boto_calling_format),
  .default_text = "None", .instead = "AWS_S3_ADDRESSING_STYLE", .help = "addressing style" },
{ "AWS_ORIGIN", NULL, SETTING_TEXT, TO(boto_origin),
  .default_text = "None", .instead = "AWS_S3_REGION_NAME", .help = "region" },
{ "AWS_S3_PROXY_HOST", NULL, SETTING_TEXT, TO(boto_proxy_host),
  .default_text = "None", .instead = "AWS_S3_PROXIES", .help = "proxy" },
{ "AWS_S3_PROXY_PORT", NULL, SETTING_NUMBER, TO(boto_proxy_port),
  .default_text = "None", .max = 65535, .instead = "AWS_S3_PROXIES", .help = "its port" },
{ "S3_USE_SIGV4", NULL, SETTING_BOOL, TO(boto_use_sigv4),
  .default_text = "False", .instead = "AWS_S3_SIGNATURE_VERSION", .help = "signature version 4" },

/* fstab's words. */
{ "noatime", NULL, SETTING_WORD, TO(no_atime) },
{ "noexec", NULL, SETTING_WORD, TO(no_exec) },
{ "dev", NULL, SETTING_WORD, TO(allow_dev) },
{ "suid", NULL, SETTING_WORD, TO(allow_suid) },
{ "defaults", "nodev nosuid exec rw auto noauto user nouser users group owner "
  "_netdev nofail async sync dirsync atime relatime nodiratime", SETTING_WORD, NO_EFFECT },
};
/* clang-format on */

const size_t settings_count = ARRAY_SIZE(settings_table);
