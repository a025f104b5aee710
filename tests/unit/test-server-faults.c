/* SPDX-License-Identifier: MIT */
/* Which requests a fault plan picks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "faults.h"

static struct fault_plan plan = { .lock = LOCK_INIT(LOCK_UNRANKED) };

static int set(const char *text)
{
	json_t *json = json_loads(text, 0, NULL);
	const char *why;
	int rc;

	if (!plan.rules.next)
		list_init(&plan.rules);
	rc = faults_set(&plan, json, &why);
	json_decref(json);
	return rc;
}

/* The status the plan gives, or 0. */
static unsigned pick(const char *op, const char *key, const char *target)
{
	struct fault fault = { 0 };
	unsigned status;

	faults_pick(&plan, op, key, target, &fault);
	status = fault.status;
	fault_release(&fault);
	return status;
}

static void a_rule_skips_then_fires_as_often_as_told(void **state)
{
	assert_int_equal(set("[{\"op\":\"GetObject\",\"skip\":1,\"count\":2,"
			     "\"status\":503}]"),
			 0);
	assert_int_equal(pick("GetObject", "k", "/b/k"), 0);
	assert_int_equal(pick("HeadObject", "k", "/b/k"), 0);
	assert_int_equal(pick("GetObject", "k", "/b/k"), 503);
	assert_int_equal(pick("GetObject", "k", "/b/k"), 503);
	assert_int_equal(pick("GetObject", "k", "/b/k"), 0);
	faults_release(&plan);
}

static void the_first_rule_that_matches_is_the_one(void **state)
{
	assert_int_equal(set("[{\"op\":\"*\",\"key\":\"a/*\",\"status\":500,"
			     "\"count\":0},"
			     "{\"op\":\"*\",\"query\":\"partNumber=2\","
			     "\"status\":409,\"count\":0}]"),
			 0);
	assert_int_equal(pick("UploadPart", "a/b", "/b/a/b?partNumber=2"), 500);
	assert_int_equal(pick("UploadPart", "b", "/b/b?partNumber=2"), 409);
	assert_int_equal(pick("UploadPart", "b", "/b/b?partNumber=3"), 0);
	assert_int_equal(pick("UploadPart", "b", "/b/partNumber=2"), 0);
	faults_release(&plan);
}

static void a_rule_that_is_misspelt_is_refused_and_the_plan_stays(void **state)
{
	assert_int_equal(set("[{\"op\":\"*\",\"status\":503}]"), 0);
	assert_int_equal(set("[{\"op\":\"*\",\"stauts\":500}]"), -EINVAL);
	assert_int_equal(set("[{\"status\":\"500\"}]"), -EINVAL);
	assert_int_equal(set("[{\"status\":99}]"), -EINVAL);
	assert_int_equal(set("[{\"xml\":\"nice\"}]"), -EINVAL);
	assert_int_equal(set("[7]"), -EINVAL);
	assert_int_equal(pick("GetObject", "k", "/b/k"), 503);
	faults_release(&plan);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_rule_skips_then_fires_as_often_as_told),
		cmocka_unit_test(the_first_rule_that_matches_is_the_one),
		cmocka_unit_test(
			a_rule_that_is_misspelt_is_refused_and_the_plan_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
