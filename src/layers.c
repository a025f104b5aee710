/* SPDX-License-Identifier: MIT */
/* From the settings to each layer's options; see layers.h. */
#include "layers.h"

#include <stdlib.h>
#include <string.h>

#include "text.h"

static const char *layers_environment(const char *name)
{
	const char *text = secure_getenv(name);

	return text && *text ? text : NULL;
}

/*
 * As urllib reads it, which botocore asks: either case, but not HTTP_PROXY in
 * a CGI program, where a visitor's "Proxy:" header would be in it.
 */
static const char *layers_environment_proxy(const char *lower,
					    const char *upper)
{
	const char *proxy = layers_environment(lower);

	if (proxy || layers_environment("REQUEST_METHOD"))
		return proxy;
	return layers_environment(upper);
}

static void layers_set_proxies(const struct value *proxies,
			       struct http_options *options)
{
	static const char *const names[][3] = {
		{ "http", "http_proxy", "HTTP_PROXY" },
		{ "https", "https_proxy", "HTTPS_PROXY" },
		{ "http", "all_proxy", "ALL_PROXY" },
		{ "https", "all_proxy", "ALL_PROXY" },
	};
	struct http_proxy *rules = options->proxies;

	_Static_assert(CONFIG_PROXIES_MAX <= HTTP_PROXIES_MAX, "room for all");
	for (size_t i = 0; proxies && i < proxies->count; i++)
		if (*proxies->items[i].text)
			rules[options->proxy_count++] =
				(struct http_proxy){ proxies->names[i],
						     proxies->items[i].text };
	if (proxies)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		const char *proxy =
			layers_environment_proxy(names[i][1], names[i][2]);

		if (proxy)
			rules[options->proxy_count++] =
				(struct http_proxy){ names[i][0], proxy };
	}
	options->no_proxy = layers_environment_proxy("no_proxy", "NO_PROXY");
}

void layers_http_options(const struct config *config,
			 struct http_options *options)
{
	const char *bundle = layers_environment("AWS_CA_BUNDLE");

	memset(options, 0, sizeof(*options));
	options->connection_limit = (unsigned)config->connections;
	options->connect_timeout_ms = (int)config->connect_timeout_ms;
	options->stall_timeout_ms = (int)config->stall_timeout_ms;
	options->max_bytes_per_s = config->max_bytes_per_s;
	options->user_agent = config->user_agent ? config->user_agent :
						   "s3storefs/" PACKAGE_VERSION;
	options->skip_host_name = !config->verify_hostname;
	options->skip_verify = text_is(config->verify, "false");
	/*
	 * Only an unset verify looks into the environment, as in boto; the
	 * last name is s3fs's.
	 */
	if (!bundle)
		bundle = layers_environment("REQUESTS_CA_BUNDLE");
	if (!bundle)
		bundle = layers_environment("CURL_CA_BUNDLE");
	if (!config->verify)
		options->ca_file = bundle;
	else if (config->verify[0] == '/')
		options->ca_file = config->verify;
	layers_set_proxies(config->proxies, options);
}

/* Keys are a set: those of a file count if the environment has none. */
static void layers_set_keys(const struct config *config,
			    struct s3_options *options)
{
	static const char *const names[] = {
		"AWS_S3_ACCESS_KEY_ID",
		"AWS_S3_SECRET_ACCESS_KEY",
		"AWS_ACCESS_KEY_ID",
		"AWS_SECRET_ACCESS_KEY",
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (layers_environment(names[i]))
			return;
	options->access_key = config->s3_access_key ? config->s3_access_key :
						      config->access_key;
	options->secret_key = config->s3_secret_key ? config->s3_secret_key :
						      config->secret_key;
	options->session_token = config->session_token ? config->session_token :
							 config->security_token;
}

static void layers_set_urls(const struct config *config,
			    struct s3_url_options *url)
{
	bool is_signer_off = config_is_set(config, "cloudfront_signer") &&
			     !config->cloudfront_signer;

	url->custom_domain = config->custom_domain;
	url->protocol = config->url_protocol;
	url->is_bare = !config->querystring_auth;
	url->expire_s = (int64_t)config->querystring_expire_s;
	if (is_signer_off)
		return;
	url->cloudfront_key_id = config->cloudfront_key_id;
	url->cloudfront_key = config->cloudfront_key;
}

static enum s3_credential_source
layers_credential_source(const struct config *config)
{
	if (text_is(config->credential_source, "environment"))
		return S3_CREDENTIALS_ENVIRONMENT;
	if (text_is(config->credential_source, "profile"))
		return S3_CREDENTIALS_PROFILE;
	if (text_is(config->credential_source, "container"))
		return S3_CREDENTIALS_CONTAINER;
	if (text_is(config->credential_source, "instance"))
		return S3_CREDENTIALS_INSTANCE;
	return S3_CREDENTIALS_AUTO;
}

void layers_s3_options(const struct config *config, struct s3_options *options)
{
	memset(options, 0, sizeof(*options));
	options->bucket = config->bucket;
	options->endpoint_url = config->endpoint_url;
	options->region = config->region;
	options->no_ssl = !config->use_ssl;
	if (text_is(config->addressing_style, "virtual"))
		options->addressing = S3_ADDRESSING_VIRTUAL;
	else if (text_is(config->addressing_style, "path"))
		options->addressing = S3_ADDRESSING_PATH;
	if (text_is(config->signature_version, "s3"))
		options->signature = S3_SIGNATURE_V2;
	if (text_is(config->payload_signing, "signed"))
		options->payload = S3_PAYLOAD_SIGNED;
	else if (text_is(config->payload_signing, "unsigned"))
		options->payload = S3_PAYLOAD_UNSIGNED;
	options->profile = config->profile;
	options->passwd_file = config->passwd_file;
	options->credential_source = layers_credential_source(config);
	options->instance_role = config->instance_role;
	options->anonymous = config->anonymous;
	options->allow_readable_keys = config->allow_readable_keys;
	options->no_checksum = !config->upload_checksum;
	if (config->attempts != CONFIG_UNSET)
		options->attempts = (int)config->attempts;
	options->timeout_ms = (int)config->timeout_ms;
	layers_set_urls(config, &options->url);
	if (!config->anonymous)
		layers_set_keys(config, options);
}

/* Exact and with case, as Django's storage compares. */
static bool layers_is_one_of(const void *list, const char *type)
{
	const struct value *types = list;

	for (size_t i = 0; types && i < types->count; i++) {
		if (text_is(types->items[i].text, type))
			return true;
	}
	return false;
}

void layers_store_options(const struct config *config,
			  struct store_options *options)
{
	memset(options, 0, sizeof(*options));
	options->location = config->location;
	options->no_overwrite = !config->file_overwrite;
	options->max_memory_bytes = config->max_memory_bytes;
	if (config->memory_budget_bytes != CONFIG_UNSET)
		options->memory_budget_bytes = config->memory_budget_bytes;
	options->temp_dir = config->temp_dir;
	options->single_put_bytes = config->single_put_bytes;
	options->part_bytes = config->part_bytes;
	options->read_ahead_bytes = config->read_ahead_bytes;
	options->attr_timeout_ms = (int)config->attr_timeout_ms;
	options->negative_timeout_ms = (int)config->negative_timeout_ms;
	options->sync_unlink = config->sync_unlink;
	options->transfers = (unsigned)config->transfers;
	if (text_is(config->mime_types, "true"))
		options->mime_types = "/etc/mime.types";
	else if (!text_is(config->mime_types, "false"))
		options->mime_types = config->mime_types;
	options->guess_encoding = config->guess_encoding;
	options->compat_1_7 = text_is(config->compat, "1.7");
	options->gzip = config->gzip;
	options->is_gzip_type = layers_is_one_of;
	options->gzip_types = config->gzip_content_types;
	if (config->max_length != CONFIG_UNSET)
		options->max_length = (unsigned)config->max_length;
}

void layers_fs_options(const struct config *config, const char *mountpoint,
		       struct fs_options *options)
{
	mode_t mask = (mode_t)config->umask;

	memset(options, 0, sizeof(*options));
	options->mountpoint = mountpoint;
	options->fsname = config->source;
	options->read_only = config->is_read_only;
	options->allow_other = config->allow_other;
	options->allow_root = config->allow_root;
	options->allow_suid = config->allow_suid;
	options->allow_dev = config->allow_dev;
	options->no_exec = config->no_exec;
	options->no_atime = config->no_atime;
	options->no_forget = config->no_forget;
	options->ignores_hangup = !config->is_foreground;
	options->bucket_bytes = config->bucket_bytes;
	options->uid =
		config->uid == CONFIG_UNSET ? getuid() : (uid_t)config->uid;
	options->gid =
		config->gid == CONFIG_UNSET ? getgid() : (gid_t)config->gid;
	options->file_mode = config->file_mode == CONFIG_UNSET ?
				     0666 & ~mask :
				     (mode_t)config->file_mode;
	options->dir_mode = config->dir_mode == CONFIG_UNSET ?
				    0777 & ~mask :
				    (mode_t)config->dir_mode;
}
