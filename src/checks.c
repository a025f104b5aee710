/* SPDX-License-Identifier: MIT */
/* What is looked at before the daemon goes to the background; checks.h. */
#include "checks.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "log.h"
#include "mounted.h"
#include "s3.h"

/* RFC 9110; S3 has neither, and some proxies say the first for the second. */
#define HTTP_UNAUTHORIZED 401
#define HTTP_PROXY_AUTH   407

static int check_mountpoint_error(const char *path, int code, struct buf *why)
{
	if (code == -ENOENT)
		buf_add_fmt(why, "mount point %s does not exist: mkdir -p %s",
			    path, path);
	else if (code == -ENOTCONN)
		buf_add_fmt(why,
			    "mount point %s holds a mount whose daemon is "
			    "gone: fusermount3 -u %s",
			    path, path);
	else
		buf_add_fmt(why, "mount point %s: %s", path,
			    strerrordesc_np(-code));
	return code;
}

int check_mountpoint(const char *path, char **out, struct buf *why)
{
	AUTO_FREE char *real = realpath(path, NULL);
	CLEANUP(mounted_release) struct mounted mounted = { 0 };
	struct stat st;
	int rc;

	if (!real || stat(real, &st) < 0)
		return check_mountpoint_error(path, -errno, why);
	if (!S_ISDIR(st.st_mode))
		return check_mountpoint_error(path, -ENOTDIR, why);
	rc = mounted_find(real, &mounted);
	if (rc == -ENOMEM)
		return check_mountpoint_error(path, rc, why);
	if (rc == 0 && mounted.is_fuse) {
		buf_add_fmt(why,
			    "mount point %s is in use, %s is mounted there: "
			    "fusermount3 -u %s, or take another folder",
			    real, mounted.source, real);
		return -EBUSY;
	}
	*out = STEAL(real);
	return 0;
}

int check_fuse_device(struct buf *why)
{
	AUTO_CLOSE int fd = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	int code = fd < 0 ? -errno : 0;

	if (code == -ENOENT || code == -ENODEV || code == -ENXIO)
		buf_add_str(why,
			    "the kernel has no FUSE here: modprobe fuse; a "
			    "container needs --device /dev/fuse --cap-add "
			    "SYS_ADMIN");
	else if (code)
		buf_add_fmt(why,
			    "/dev/fuse: %s: a container needs --device "
			    "/dev/fuse --cap-add SYS_ADMIN, a user the right "
			    "to open it",
			    strerrordesc_np(-code));
	return code;
}

/* By the error codes of the S3 API reference. */
static const struct {
	const char *s3_code;
	const char *sentence;
} refusals[] = {
	{ "NoSuchBucket",
	  "the bucket does not exist there: check its name and endpoint_url; "
	  "buckets can be created automatically by setting "
	  "AWS_AUTO_CREATE_BUCKET to True (-o auto_create_bucket)" },
	{ "BucketAlreadyExists",
	  "it cannot be created: somebody else has a bucket of that name" },
	{ "TooManyBuckets",
	  "it cannot be created: the account has as many as it may" },
	{ "InvalidBucketName", "that is no bucket's name: check it" },
	{ "InvalidAccessKeyId",
	  "the server does not know the access key: check AWS_ACCESS_KEY_ID "
	  "and endpoint_url" },
	{ "SignatureDoesNotMatch",
	  "the secret key is wrong: check AWS_SECRET_ACCESS_KEY" },
	{ "AllAccessDisabled", "the bucket's owner has closed it" },
	{ "AccountProblem", "the account is closed: ask its provider" },
	{ "ExpiredToken", "the session token has expired: get new keys" },
	{ "InvalidToken",
	  "the session token is wrong: check AWS_SESSION_TOKEN" },
	{ "RequestTimeTooSkewed",
	  "this machine's clock differs from the server's: set it right" },
	{ "RequestExpired",
	  "this machine's clock differs from the server's: set it right" },
};

static const char *check_find_refusal(const struct errinfo *err)
{
	for (size_t i = 0; i < ARRAY_SIZE(refusals); i++)
		if (strcmp(err->s3_code, refusals[i].s3_code) == 0)
			return refusals[i].sentence;
	return NULL;
}

static bool check_is_wrong_region(const struct errinfo *err)
{
	static const char *const codes[] = {
		"AuthorizationHeaderMalformed",
		"PermanentRedirect",
		"TemporaryRedirect",
		"IllegalLocationConstraintException",
	};

	for (size_t i = 0; i < ARRAY_SIZE(codes); i++)
		if (strcmp(err->s3_code, codes[i]) == 0)
			return true;
	return err->http_status == 301 || err->http_status == 307;
}

/* The server tells the right region even to whom it refuses. */
static void check_explain_region(struct s3_client *client, struct buf *why)
{
	struct s3_head_bucket head = { 0 };
	int rc;

	s3_head_bucket_start(client, &head);
	rc = s3_wait(client, &head.op);
	if (head.region[0])
		buf_add_fmt(why,
			    "the bucket is not in region %s: set -o "
			    "region_name=%s",
			    s3_client_region(client), head.region);
	else
		buf_add_fmt(why,
			    "the bucket is not in region %s: set "
			    "AWS_S3_REGION_NAME to its region%s",
			    s3_client_region(client),
			    rc ? "; the server does not tell which" : "");
	s3_head_bucket_release(&head);
}

/* No HTTP answer came, although somebody listens there. */
static const char *check_connection_advice(const char *url)
{
	if (strncmp(url, "https:", 6) == 0)
		return "if its certificate is not trusted, set AWS_S3_VERIFY "
		       "(-o verify=/its/ca.pem); if it has no TLS, write "
		       "http:// in endpoint_url";
	return "if the server wants TLS, write https:// in endpoint_url";
}

/* NULL: the cause says it. */
static const char *check_advice(int code, const struct errinfo *err,
				const char *url)
{
	switch (code) {
	case -ENOMEM:
		return NULL;
	case -EHOSTUNREACH:
		return "check endpoint_url, the network and that the server "
		       "runs";
	case -ETIMEDOUT:
		return "the server does not answer in time: check endpoint_url "
		       "and the network";
	case -EACCES:
		if (err->http_status == HTTP_PROXY_AUTH ||
		    err->http_status == HTTP_UNAUTHORIZED)
			return "the proxy refuses: check user name and "
			       "password in AWS_S3_PROXIES, or in http_proxy "
			       "and https_proxy";
		return "the server refuses: check keys and endpoint_url";
	case -EBADMSG:
	case -ENOENT:
	case -ENODEV:
		return "no S3 answer: check endpoint_url";
	default:
		if (err->http_status == 0)
			return check_connection_advice(url);
		if (err->http_status >= 500 || err->http_status == 429)
			return "the server has trouble: try again later";
		return NULL;
	}
}

void check_explain(struct s3_client *client, int code,
		   const struct errinfo *err, const char *right,
		   struct buf *why)
{
	const char *refusal = check_find_refusal(err);
	const char *url = s3_client_url(client);
	const char *cause = err->cause[0] ? err->cause : err->text;
	const char *what_to_do = check_advice(code, err, url);

	buf_add_fmt(why, "cannot use %s: ", url);
	if (refusal)
		buf_add_fmt(why, "%s", refusal);
	else if (strcmp(err->s3_code, "AccessDenied") == 0)
		buf_add_fmt(why, "the key may not: it needs %s", right);
	else if (check_is_wrong_region(err))
		check_explain_region(client, why);
	else if (what_to_do)
		buf_add_fmt(why, "%s: %s", cause, what_to_do);
	else
		buf_add_str(why, cause);
	if (err->http_status == 403)
		buf_add_fmt(why, " (keys from: %s)",
			    s3_client_credentials_source(client));
}

static int check_list_one(struct s3_client *client, const struct config *config,
			  struct errinfo *err)
{
	AUTO_BUF struct buf prefix = BUF_INIT(S3_KEY_MAX);
	struct s3_list list = { .max_keys = 1 };
	int rc;

	if (*config->location)
		buf_add_fmt(&prefix, "%s/", config->location);
	if (prefix.error)
		return prefix.error;
	list.prefix = buf_str(&prefix);
	s3_list_start(client, &list);
	rc = s3_wait(client, &list.op);
	*err = list.op.err;
	s3_list_release(&list);
	return rc;
}

/* Another program that made it at the same time has done as well. */
static int check_create_bucket(struct s3_client *client,
			       const struct config *config, struct buf *why)
{
	struct s3_create_bucket bucket = { .acl = config->bucket_acl };
	int rc;

	s3_create_bucket_start(client, &bucket);
	rc = s3_wait(client, &bucket.op);
	if (rc)
		check_explain(client, rc, &bucket.op.err, "s3:CreateBucket",
			      why);
	else
		log_warn("main", "made bucket %s, ACL %s", config->bucket,
			 config->bucket_acl ? config->bucket_acl :
					      "the server's own");
	s3_create_bucket_release(&bucket);
	return rc;
}

/*
 * The listing needs the same right as HeadBucket, which django-storages
 * asks, and its refusal has a reason in it.
 */
int check_bucket(struct s3_client *client, const struct config *config,
		 struct buf *why)
{
	struct errinfo err = ERRINFO_INIT;
	int rc = check_list_one(client, config, &err);

	if (rc == -ENODEV && config->auto_create_bucket) {
		rc = check_create_bucket(client, config, why);
		if (rc)
			return rc;
		rc = check_list_one(client, config, &err);
	}
	if (rc == -EACCES && config->without_list &&
	    strcmp(err.s3_code, "AccessDenied") == 0) {
		log_warn("main",
			 "bucket %s may not be listed: only names that "
			 "are known can be read",
			 config->bucket);
		return 0;
	}
	if (!rc)
		return 0;
	check_explain(client, rc, &err, "s3:ListBucket", why);
	if (strcmp(err.s3_code, "AccessDenied") == 0)
		buf_add_str(why, "; -o without_list mounts all the same, for "
				 "reading known names");
	config_tell_unread(config, why);
	return rc;
}
