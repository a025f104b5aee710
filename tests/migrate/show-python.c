/* SPDX-License-Identifier: MIT */
/*
 * Prints what is known of each name of a Python settings file, one a line:
 * NAME = literal; NAME alone for what only Python can tell. For compare.py.
 */
#include <stdio.h>
#include <string.h>

#include "config_file.h"
#include "py_read.h"

static void show(const struct py_binding *b)
{
	AUTO_BUF struct buf out = BUF_INIT(4 * PY_TEXT_MAX);
	const struct py_value *unknown = NULL;

	if (b->value->env || py_write(b->value, &out, &unknown))
		puts(b->name);
	else
		printf("%s = %s\n", b->name, out.data);
}

int main(int argc, char **argv)
{
	AUTO_BUF struct buf text = BUF_INIT(CONFIG_FILE_MAX);
	struct py_module *module = py_module_new();
	struct errinfo err = ERRINFO_INIT;
	bool is_private = false;

	if (argc != 2 || !module) {
		fprintf(stderr, "usage: show-python SETTINGS.py\n");
		return 2;
	}
	if (config_file_read(argv[1], &text, &is_private, &err) ||
	    py_module_read(module, argv[1], buf_str(&text), text.len, &err)) {
		fprintf(stderr, "%s\n", err.text);
		return 1;
	}
	for (const struct py_binding *b = py_module_bindings(module); b;
	     b = b->next)
		show(b);
	py_module_free(module);
	return 0;
}
