/* SPDX-License-Identifier: MIT */
/* src/base without memory. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "buf.h"
#include "lock.h"
#include "log.h"
#include "pairs.h"
#include "pool.h"
#include "scenarios.h"
#include "strmap.h"
#include "text.h"

#define KEYS 100

static int run_buf(void)
{
	AUTO_BUF struct buf b = BUF_INIT(1024);
	char *text;
	bool is_right;

	buf_add_str(&b, "a");
	buf_add_char(&b, 'b');
	buf_add_fmt(&b, "%0200d", 0);
	buf_add(&b, "c", 1);
	if (b.error)
		return b.error;
	text = buf_detach(&b);
	is_right = strlen(text) == 203 && strncmp(text, "ab0", 3) == 0;
	free(text);
	return expect(is_right && buf_str(&b)[0] == '\0');
}

/* What was there before a failed add is there still. */
static int run_buf_reserve(void)
{
	AUTO_BUF struct buf b = BUF_INIT(1u << 20);
	int result;

	buf_add_str(&b, "ab");
	if (b.error)
		return b.error;
	result = buf_reserve(&b, 1u << 16);
	if (strcmp(buf_str(&b), "ab") != 0)
		return WRONG;
	return result;
}

static int run_text(void)
{
	AUTO_BUF struct buf b = BUF_INIT(1024);

	text_percent_encode(&b, "a b/c", 5, true);
	return b.error ? b.error : expect(strcmp(buf_str(&b), "a%20b/c") == 0);
}

static int run_pairs(void)
{
	struct pairs p = PAIRS_INIT, all = PAIRS_INIT;
	int result = pairs_set(&p, "a", "1");

	if (result == 0)
		result = pairs_set(&p, "A", "2");
	if (result == 0)
		result = pairs_add(&p, "b", "3");
	if (result == 0)
		result = pairs_merge(&all, &p);
	if (result == 0)
		result = expect(all.count == 2 &&
				strcmp(pairs_get(&all, "a"), "2") == 0);
	pairs_release(&p);
	pairs_release(&all);
	return result;
}

/* A name whose new value found no memory has its old one. */
static int run_pairs_change(void)
{
	struct pairs p = PAIRS_INIT;
	int result = pairs_set(&p, "a", "1");

	if (result == 0) {
		result = pairs_set(&p, "a", "2");
		if (!pairs_get(&p, "a") ||
		    strcmp(pairs_get(&p, "a"), result == 0 ? "2" : "1") != 0)
			result = WRONG;
	}
	pairs_release(&p);
	return result;
}

static int run_strmap(void)
{
	struct strmap m = STRMAP_INIT;
	char key[8] = "k..";
	int result = 0;
	size_t set = 0;

	for (; result == 0 && set < KEYS; set++) {
		key[1] = (char)('0' + set / 10);
		key[2] = (char)('0' + set % 10);
		result = strmap_set(&m, key, key, NULL);
	}
	if (m.count != set - (result < 0) ||
	    (set > 1 && !strmap_get(&m, "k00")))
		result = WRONG;
	strmap_release(&m);
	return result;
}

static struct lock lock = LOCK_INIT(LOCK_UNRANKED);
static unsigned jobs_run;

static void count_job(struct pool_job *job)
{
	LOCK(&lock);
	jobs_run++;
}

static int run_pool(void)
{
	struct pool_job jobs[4] = { 0 };
	struct pool *pool = pool_new(2);

	if (!pool)
		return -ENOMEM;
	jobs_run = 0;
	for (size_t i = 0; i < ARRAY_SIZE(jobs); i++) {
		jobs[i].run = count_job;
		pool_submit(pool, &jobs[i]);
	}
	pool_free(pool);
	return expect(jobs_run == ARRAY_SIZE(jobs));
}

/* A line is lost at worst. */
static int run_log(void)
{
	log_error("alloc", "%0500d", 0);
	return 0;
}

static const struct scenario scenarios[] = {
	SCENARIO("buf", run_buf),
	SCENARIO("buf_reserve", run_buf_reserve),
	SCENARIO("text", run_text),
	SCENARIO("pairs", run_pairs),
	SCENARIO("pairs changed", run_pairs_change),
	SCENARIO("strmap", run_strmap),
	SCENARIO("pool", run_pool),
	SCENARIO("log", run_log),
};

int main(void)
{
	if (log_setup_file(LOG_LEVEL_ERROR, "/dev/null") < 0)
		return 1;
	return scenarios_run(scenarios, ARRAY_SIZE(scenarios));
}
