/* SPDX-License-Identifier: MIT */
/*
 * One set of keys; see creds.h. All of it lies in one mapping of its own:
 * mlock and MADV_DONTDUMP work on whole pages.
 */
#include "creds/creds.h"

#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "buf.h"
#include "lock.h"
#include "wire/digest.h"

struct s3_creds {
	size_t size; /* of the mapping */
	atomic_uint holders;
	const char *access_key, *secret_key, *token; /* into texts */
	int64_t expiry_s;                            /* since 1970; 0: never */
	struct lock lock;
	struct {
		char name[128]; /* day, region, service of key; "" at first */
		unsigned char key[CREDS_KEY_SIZE];
	} locked;
	char texts[];
};

/* Printable ASCII, no blanks: else it was cut or pasted wrongly. */
static bool creds_is_plain(const char *s)
{
	while (*s > ' ' && *s < 0x7f)
		s++;
	return *s == '\0';
}

int creds_check(const char *access_key, const char *secret_key,
		const char *token, const char *from, struct errinfo *err)
{
	const char *what = NULL;

	if (!creds_is_plain(access_key))
		what = "access key";
	else if (!creds_is_plain(secret_key))
		what = "secret key";
	else if (token && !creds_is_plain(token))
		what = "session token";
	if (!what)
		return 0;
	return errinfo_set(err, -EINVAL,
			   "%s: the %s has a blank, a newline or another "
			   "character that none has",
			   from, what);
}

static const char *creds_store(char **at, const char *text)
{
	size_t size = strlen(text) + 1;
	char *copy = memcpy(*at, text, size);

	*at += size;
	return copy;
}

int creds_new(const char *access_key, const char *secret_key, const char *token,
	      struct s3_creds **out)
{
	struct s3_creds *c;
	size_t size;
	char *at;

	if (!token)
		token = "";
	size = sizeof(*c) + strlen(access_key) + strlen(secret_key) +
	       strlen(token) + 3;
	c = mmap(NULL, size, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (c == MAP_FAILED)
		return -ENOMEM;
	/* Both may fail under a limit or on an old kernel; then we do without. */
	(void)mlock(c, size);
	(void)madvise(c, size, MADV_DONTDUMP);
	at = c->texts;
	c->size = size;
	c->holders = 1;
	c->access_key = creds_store(&at, access_key);
	c->secret_key = creds_store(&at, secret_key);
	c->token = *token ? creds_store(&at, token) : NULL;
	c->lock = (struct lock)LOCK_INIT(LOCK_CREDS);
	*out = c;
	return 0;
}

void creds_set_expiry(struct s3_creds *creds, int64_t unix_s)
{
	creds->expiry_s = unix_s;
}

int64_t creds_expiry(const struct s3_creds *creds)
{
	return creds->expiry_s;
}

struct s3_creds *creds_hold(struct s3_creds *creds)
{
	atomic_fetch_add(&creds->holders, 1);
	return creds;
}

void creds_put(struct s3_creds *creds)
{
	size_t size;

	if (!creds || atomic_fetch_sub(&creds->holders, 1) > 1)
		return;
	size = creds->size;
	explicit_bzero(creds, size);
	munmap(creds, size);
}

bool creds_equal(const struct s3_creds *a, const struct s3_creds *b)
{
	const char *x = a->token ? a->token : "";
	const char *y = b->token ? b->token : "";

	return strcmp(a->access_key, b->access_key) == 0 &&
	       strcmp(a->secret_key, b->secret_key) == 0 && strcmp(x, y) == 0;
}

const char *creds_access_key(const struct s3_creds *creds)
{
	return creds->access_key;
}

const char *creds_token(const struct s3_creds *creds)
{
	return creds->token;
}

/* The chain of four HMACs of Signature Version 4. */
static int creds_derive(const struct s3_creds *creds, const char *day,
			const char *region, const char *service,
			unsigned char *key)
{
	struct buf AUTO_BUF first = BUF_INIT(64 * 1024);
	const char *const steps[] = { region, service, "aws4_request" };
	int rc;

	if (buf_reserve(&first, strlen(creds->secret_key) + 4) < 0)
		return first.error;
	buf_add_fmt(&first, "AWS4%s", creds->secret_key);
	rc = digest_hmac(DIGEST_SHA256, first.data, first.len, day, strlen(day),
			 key);
	explicit_bzero(first.data, first.cap);
	for (size_t i = 0; i < ARRAY_SIZE(steps) && rc == 0; i++) {
		rc = digest_hmac(DIGEST_SHA256, key, CREDS_KEY_SIZE, steps[i],
				 strlen(steps[i]), key);
	}
	return rc;
}

int creds_day_key(const struct s3_creds *creds, const char *day,
		  const char *region, const char *service, unsigned char *out)
{
	/* The cache alone changes behind the const. */
	struct s3_creds *c = (struct s3_creds *)(uintptr_t)creds;
	char name[sizeof(c->locked.name)];
	int len =
		snprintf(name, sizeof(name), "%s %s %s", day, region, service);
	int rc;

	LOCK(&c->lock);
	if (strcmp(c->locked.name, name) == 0) {
		memcpy(out, c->locked.key, CREDS_KEY_SIZE);
		return 0;
	}
	rc = creds_derive(creds, day, region, service, out);
	if (rc < 0 || (size_t)len >= sizeof(name))
		return rc;
	memcpy(c->locked.key, out, CREDS_KEY_SIZE);
	memcpy(c->locked.name, name, sizeof(name));
	return 0;
}

int creds_hmac_sha1(const struct s3_creds *creds, const void *data, size_t len,
		    unsigned char *out)
{
	return digest_hmac(DIGEST_SHA1, creds->secret_key,
			   strlen(creds->secret_key), data, len, out);
}
