/* SPDX-License-Identifier: MIT */
/* SHA-256, SHA-1, MD5, HMAC and base64 over OpenSSL; see digest.h. */
#include "wire/digest.h"

#include <limits.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>

struct digest {
	EVP_MD_CTX *ctx;
};

static const EVP_MD *digest_method(enum digest_kind kind)
{
	switch (kind) {
	case DIGEST_MD5:
		return EVP_md5();
	case DIGEST_SHA1:
		return EVP_sha1();
	case DIGEST_SHA256:
		return EVP_sha256();
	}
	return NULL;
}

size_t digest_size(enum digest_kind kind)
{
	return (size_t)EVP_MD_get_size(digest_method(kind));
}

int digest_of(enum digest_kind kind, const void *data, size_t len,
	      unsigned char *out)
{
	if (EVP_Digest(data, len, out, NULL, digest_method(kind), NULL) != 1)
		return -EIO;
	return 0;
}

int digest_hmac(enum digest_kind kind, const void *key, size_t key_len,
		const void *data, size_t len, unsigned char *out)
{
	if (key_len > INT_MAX)
		return -EINVAL;
	if (!HMAC(digest_method(kind), key, (int)key_len, data, len, out, NULL))
		return -EIO;
	return 0;
}

struct digest *digest_start(enum digest_kind kind)
{
	struct digest *d = calloc(1, sizeof(*d));

	if (!d)
		return NULL;
	d->ctx = EVP_MD_CTX_new();
	if (!d->ctx ||
	    EVP_DigestInit_ex(d->ctx, digest_method(kind), NULL) != 1) {
		digest_drop(d);
		return NULL;
	}
	return d;
}

int digest_add(struct digest *d, const void *data, size_t len)
{
	return EVP_DigestUpdate(d->ctx, data, len) == 1 ? 0 : -EIO;
}

int digest_finish(struct digest *d, unsigned char *out)
{
	int rc = EVP_DigestFinal_ex(d->ctx, out, NULL) == 1 ? 0 : -EIO;

	digest_drop(d);
	return rc;
}

void digest_drop(struct digest *d)
{
	if (!d)
		return;
	EVP_MD_CTX_free(d->ctx);
	free(d);
}

void digest_base64(struct buf *out, const void *data, size_t len)
{
	size_t room = (len + 2) / 3 * 4;

	if (len > INT_MAX / 2 || buf_reserve(out, room) < 0)
		return;
	EVP_EncodeBlock((unsigned char *)out->data + out->len, data, (int)len);
	out->len += room;
}

int digest_unbase64(unsigned char *out, const char *text, size_t len)
{
	int padding = 0, n;

	if (len == 0 || len % 4 != 0 || len > INT_MAX)
		return len == 0 ? 0 : -EINVAL;
	while (padding < 2 && text[len - 1 - (size_t)padding] == '=')
		padding++;
	n = EVP_DecodeBlock(out, (const unsigned char *)text, (int)len);
	return n < 0 ? -EINVAL : n - padding;
}
