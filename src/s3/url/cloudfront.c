/* SPDX-License-Identifier: MIT */
/* CloudFront's signed URLs; see cloudfront.h. */
#include "url/cloudfront.h"

#include <fcntl.h>
#include <inttypes.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

#include "wire/digest.h"

#define FILE_LIMIT 65536 /* bytes; a PEM of 16,384 bits has 13,000 */
#define KEY_BYTES  2048  /* a signature of such a key */

struct cloudfront {
	char *key_id;
	EVP_PKEY *key;
};

/* No passphrase: OpenSSL would ask the terminal for one. */
static int cloudfront_no_passphrase(char *to, int room, int is_writing,
				    void *arg)
{
	return -1;
}

static int cloudfront_parse_key(struct cloudfront *cf, const char *pem,
				size_t len, struct errinfo *err)
{
	BIO *bio = BIO_new_mem_buf(pem, (int)len);

	if (!bio)
		return -ENOMEM;
	cf->key = PEM_read_bio_PrivateKey(bio, NULL, cloudfront_no_passphrase,
					  NULL);
	BIO_free(bio);
	ERR_clear_error();
	if (!cf->key || !EVP_PKEY_is_a(cf->key, "RSA"))
		return errinfo_set(err, -EINVAL,
				   "AWS_CLOUDFRONT_KEY is no private RSA key "
				   "in PEM without a passphrase");
	if (EVP_PKEY_get_size(cf->key) > KEY_BYTES)
		return errinfo_set(err, -EINVAL,
				   "AWS_CLOUDFRONT_KEY is longer than %d bits",
				   KEY_BYTES * 8);
	return 0;
}

static int cloudfront_check_file(const char *path, int fd, bool allow_readable,
				 struct errinfo *err)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return errinfo_set(err, -errno, "AWS_CLOUDFRONT_KEY %s: %s",
				   path, strerrordesc_np(errno));
	if (!S_ISREG(st.st_mode) || st.st_size > FILE_LIMIT)
		return errinfo_set(err, -EINVAL,
				   "AWS_CLOUDFRONT_KEY %s is no file of a key",
				   path);
	if (!allow_readable && (st.st_mode & (S_IRWXG | S_IRWXO)))
		return errinfo_set(err, -EACCES,
				   "AWS_CLOUDFRONT_KEY: chmod 600, or, where "
				   "that cannot be, set allow_readable_keys: "
				   "others can read %s",
				   path);
	return 0;
}

static int cloudfront_load_key(struct cloudfront *cf, const char *path,
			       bool allow_readable, struct errinfo *err)
{
	/* Not waiting: a pipe in its place would block for ever. */
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	char pem[FILE_LIMIT];
	ssize_t len = 0;
	int rc;

	if (fd < 0)
		return errinfo_set(err, -errno, "AWS_CLOUDFRONT_KEY %s: %s",
				   path, strerrordesc_np(errno));
	rc = cloudfront_check_file(path, fd, allow_readable, err);
	if (rc < 0)
		return rc;
	len = read(fd, pem, sizeof(pem));
	if (len < 0)
		return errinfo_set(err, -errno, "AWS_CLOUDFRONT_KEY %s: %s",
				   path, strerrordesc_np(errno));
	rc = cloudfront_parse_key(cf, pem, (size_t)len, err);
	explicit_bzero(pem, (size_t)len);
	return rc;
}

int cloudfront_new(const char *key_id, const char *key, bool allow_readable,
		   struct cloudfront **out, struct errinfo *err)
{
	struct cloudfront *cf = calloc(1, sizeof(*cf));
	int rc = -ENOMEM;

	if (!cf)
		return rc;
	cf->key_id = strdup(key_id);
	if (cf->key_id)
		rc = *key == '/' ?
			     cloudfront_load_key(cf, key, allow_readable, err) :
			     cloudfront_parse_key(cf, key, strlen(key), err);
	if (rc < 0)
		cloudfront_free(cf);
	else
		*out = cf;
	return rc;
}

void cloudfront_free(struct cloudfront *cf)
{
	if (!cf)
		return;
	EVP_PKEY_free(cf->key);
	free(cf->key_id);
	free(cf);
}

/* What CloudFront wants in a query instead of base64's own. */
static char cloudfront_query_safe(char c)
{
	switch (c) {
	case '+':
		return '-';
	case '=':
		return '_';
	case '/':
		return '~';
	default:
		return c;
	}
}

static int cloudfront_add_signature(const struct cloudfront *cf,
				    const struct buf *policy, struct buf *out)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	unsigned char signature[KEY_BYTES];
	size_t len = sizeof(signature), from = out->len;
	bool is_signed;

	if (!ctx)
		return -ENOMEM;
	is_signed =
		EVP_DigestSignInit(ctx, NULL, EVP_sha1(), NULL, cf->key) == 1 &&
		EVP_DigestSign(ctx, signature, &len,
			       (const unsigned char *)policy->data,
			       policy->len) == 1;
	EVP_MD_CTX_free(ctx);
	ERR_clear_error();
	if (!is_signed)
		return -EIO;
	digest_base64(out, signature, len);
	for (size_t i = from; i < out->len; i++)
		out->data[i] = cloudfront_query_safe(out->data[i]);
	return out->error;
}

int cloudfront_sign(const struct cloudfront *cf, int64_t expires_s,
		    struct buf *url)
{
	AUTO_BUF struct buf policy = BUF_INIT(url->max + 200);
	bool has_query = strchr(buf_str(url), '?') != NULL;
	int rc;

	buf_add_fmt(&policy,
		    "{\"Statement\":[{\"Resource\":\"%s\",\"Condition\":"
		    "{\"DateLessThan\":{\"AWS:EpochTime\":%" PRId64 "}}}]}",
		    buf_str(url), expires_s);
	if (policy.error)
		return policy.error;
	buf_add_fmt(url,
		    "%cExpires=%" PRId64 "&Signature=", has_query ? '&' : '?',
		    expires_s);
	rc = cloudfront_add_signature(cf, &policy, url);
	if (rc < 0)
		return rc;
	buf_add_fmt(url, "&Key-Pair-Id=%s", cf->key_id);
	return url->error;
}
