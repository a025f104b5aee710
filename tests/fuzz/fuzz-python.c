/* SPDX-License-Identifier: MIT */
/*
 * A Python settings file, all of its values, and what the migration makes of
 * it: every line that it writes must be one that the settings file has.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "config_file.h"
#include "migrate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int take(void *arg, const struct config_line *line, struct errinfo *err)
{
	const struct setting_def *def;
	struct value value;
	int rc;

	if (!line->name)
		return 0;
	def = settings_find(line->name);
	if (!def)
		abort(); /* no setting of that name */
	/* A bucket that is not known is '', for the loader to refuse. */
	rc = settings_parse(def, line->value, true, &value, err);
	if (rc < 0 && rc != -ENOMEM)
		abort();
	if (rc == 0)
		value_release(&value);
	return rc;
}

static void write_values(const struct py_module *module)
{
	const struct py_binding *b = py_module_bindings(module);

	for (; b; b = b->next) {
		struct buf out = BUF_INIT(PY_TEXT_MAX);
		const struct py_value *unknown = NULL;

		if (py_write(b->value, &out, &unknown) == -EINVAL && !unknown)
			abort(); /* what is not known has its reason */
		buf_release(&out);
	}
}

static void migrate(struct py_module *module)
{
	struct migration m = { .module = module, .files = "settings.py" };
	struct buf text = BUF_INIT(4ul * 1024 * 1024);
	struct errinfo err = ERRINFO_INIT;
	unsigned number = 0;
	int rc;

	rc = migration_run(&m, NULL, &err);
	if (rc == 0)
		rc = migration_write(&m, true, &text);
	if (rc == 0) {
		rc = config_file_parse(text.data, take, NULL, &number, &err);
		if (rc < 0 && rc != -ENOMEM)
			abort(); /* no settings file */
	}
	buf_clear(&text);
	(void)!migration_explain(&m, &text);
	buf_release(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct py_module *module = py_module_new();
	char *text = malloc(size + 1);
	struct errinfo err = ERRINFO_INIT;

	if (module && text) {
		memcpy(text, data, size);
		text[size] = '\0';
		if (py_module_read(module, "s.py", text, size, &err) == 0) {
			write_values(module);
			migrate(module);
		}
	}
	free(text);
	py_module_free(module);
	return 0;
}
