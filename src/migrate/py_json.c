/* SPDX-License-Identifier: MIT */
/* Python's values as JSON; see py_json.h. */
#include "py_json.h"

#include <stdio.h>
#include <string.h>

#define WRITE_DEPTH_MAX 16

const char *py_type(const json_t *v)
{
	return json_string_value(json_object_get(v, "__python__"));
}

json_t *py_arguments(const json_t *v)
{
	json_t *arguments = json_object_get(v, "arguments");

	return py_type(v) && json_is_object(arguments) ? arguments : NULL;
}

bool py_truth(const json_t *v)
{
	switch (json_typeof(v)) {
	case JSON_NULL:
	case JSON_FALSE:
		return false;
	case JSON_TRUE:
		return true;
	case JSON_INTEGER:
		return json_integer_value(v) != 0;
	case JSON_REAL:
		return json_real_value(v) < 0 || json_real_value(v) > 0;
	case JSON_STRING:
		return json_string_length(v) != 0;
	case JSON_ARRAY:
		return json_array_size(v) != 0;
	case JSON_OBJECT:
		return json_object_size(v) != 0;
	}
	return false;
}

static void py_write_real(double real, struct buf *out)
{
	char digits[40];

	snprintf(digits, sizeof(digits), "%.15g", real);
	buf_add_str(out, digits);
	if (!strpbrk(digits, ".e"))
		buf_add_str(out, ".0");
}

int py_str(const json_t *v, struct buf *out)
{
	if (py_text(v))
		buf_add_str(out, py_text(v));
	else if (json_is_null(v))
		buf_add_str(out, "None");
	else if (json_is_boolean(v))
		buf_add_str(out, json_is_true(v) ? "True" : "False");
	else if (json_is_integer(v))
		buf_add_fmt(out, "%lld", (long long)json_integer_value(v));
	else if (json_is_real(v))
		py_write_real(json_real_value(v), out);
	else
		return -EINVAL;
	return out->error;
}

static void py_write_text(const char *text, struct buf *out)
{
	buf_add_char(out, '\'');
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (c == '\n')
			buf_add_str(out, "\\n");
		else if (c == '\'' || c == '\\')
			buf_add_fmt(out, "\\%c", c);
		else if (c < 0x20 || c == 0x7f)
			buf_add_fmt(out, "\\x%02x", c);
		else
			buf_add_char(out, (char)c);
	}
	buf_add_char(out, '\'');
}

static int py_write_value(json_t *v, struct buf *out, const json_t **opaque,
			  unsigned depth);

static int py_write_list(json_t *v, struct buf *out, const json_t **opaque,
			 unsigned depth)
{
	json_t *item;
	size_t i;
	int rc = 0;

	buf_add_char(out, '[');
	json_array_foreach(v, i, item)
	{
		if (i)
			buf_add_str(out, ", ");
		if (!rc)
			rc = py_write_value(item, out, opaque, depth);
	}
	buf_add_char(out, ']');
	return rc;
}

static int py_write_map(json_t *v, struct buf *out, const json_t **opaque,
			unsigned depth)
{
	const char *name, *between = "";
	json_t *item;
	int rc = 0;

	buf_add_char(out, '{');
	json_object_foreach(v, name, item)
	{
		buf_add_str(out, between);
		between = ", ";
		py_write_text(name, out);
		buf_add_str(out, ": ");
		if (!rc)
			rc = py_write_value(item, out, opaque, depth);
	}
	buf_add_char(out, '}');
	return rc;
}

static int py_write_value(json_t *v, struct buf *out, const json_t **opaque,
			  unsigned depth)
{
	int rc = 0;

	if (py_type(v) || depth > WRITE_DEPTH_MAX) {
		*opaque = v;
		return -EINVAL;
	}
	if (py_text(v))
		py_write_text(py_text(v), out);
	else if (json_is_array(v))
		rc = py_write_list(v, out, opaque, depth + 1);
	else if (json_is_object(v))
		rc = py_write_map(v, out, opaque, depth + 1);
	else
		rc = py_str(v, out);
	return rc ? rc : out->error;
}

int py_write(json_t *v, struct buf *out, const json_t **opaque)
{
	return py_write_value(v, out, opaque, 0);
}
