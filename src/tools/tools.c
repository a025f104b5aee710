/* SPDX-License-Identifier: MIT */
/* The table of tools and what they share; see tools.h. */
#include "tools.h"

#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "checks.h"
#include "daemon.h"
#include "layers.h"
#include "log.h"
#include "tool.h"

static const struct tool *const tools[] = {
	&tool_check,  &tool_get,    &tool_ls,      &tool_migrate, &tool_put,
	&tool_status, &tool_umount, &tool_uploads, &tool_url,     NULL,
};

const struct tool *const *tools_all(void)
{
	return tools;
}

const struct tool *tools_find(const char *name)
{
	for (const struct tool *const *tool = tools; *tool; tool++)
		if (strcmp((*tool)->name, name) == 0)
			return *tool;
	return NULL;
}

const char *tool_option(const struct tool_call *call, const char *name)
{
	for (size_t i = call->line.given_count; i-- > 0;) {
		const struct command_given *given = &call->line.given[i];

		if (strcmp(given->own->name, name) == 0)
			return given->value ? given->value : "";
	}
	return NULL;
}

static volatile sig_atomic_t is_interrupted;

static void tools_note_signal(int number)
{
	is_interrupted = 1;
}

void tool_catch_signals(void)
{
	static const int numbers[] = { SIGINT, SIGTERM, SIGHUP };
	/* No SA_RESTART: a read that waits must return. */
	const struct sigaction action = {
		.sa_handler = tools_note_signal,
		.sa_flags = (int)SA_RESETHAND,
	};

	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
		sigaction(numbers[i], &action, NULL);
}

bool tool_is_interrupted(void)
{
	return is_interrupted;
}

/* What servers say may be in it: no control character reaches a terminal. */
static void tools_print_safely(const char *text)
{
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		fputc(c < 0x20 || c == 0x7f ? '?' : c, stderr);
	}
	fputc('\n', stderr);
}

int tool_usage(const struct tool_call *call)
{
	const char *help = call->tool->help;
	const char *end = strstr(help, "\n\n");

	fprintf(stderr, "%.*s\nsee s3storefs %s --help\n",
		(int)(end ? end - help : 0), help, call->tool->name);
	return TOOL_USAGE;
}

int tool_fail(const struct tool_call *call, int status, const char *fmt, ...)
{
	AUTO_FREE char *text = NULL;
	va_list args;

	va_start(args, fmt);
	if (vasprintf(&text, fmt, args) < 0)
		text = NULL;
	va_end(args);
	fprintf(stderr, "s3storefs %s: ", call->tool->name);
	tools_print_safely(text ? text : "out of memory");
	return status;
}

int tool_refuse(const struct tool_call *call, int code, const char *text)
{
	return tool_fail(call, TOOL_USAGE, "%s",
			 text[0] ? text : strerrordesc_np(-code));
}

int tool_fail_request(const struct tool_call *call,
		      const struct tool_bucket *bucket, const char *what,
		      int code, const struct errinfo *err, const char *right)
{
	AUTO_BUF struct buf why = BUF_INIT(1000);

	if (err->cause[0])
		check_explain(bucket->network.s3, code, err, right, &why);
	else
		buf_add_str(&why,
			    err->text[0] ? err->text : strerrordesc_np(-code));
	return tool_fail(call, TOOL_NO, "%s%s%s", what ? what : "",
			 what ? ": " : "", buf_str(&why));
}

bool tool_is_read(void)
{
	struct pollfd out = { .fd = STDOUT_FILENO };

	return poll(&out, 1, 0) <= 0 || !(out.revents & POLLERR);
}

/* Whoever reads no more, such as head, has what he wanted. */
static int tools_end_output(const struct tool_call *call, int status)
{
	bool is_written = fflush(stdout) == 0 && !ferror(stdout);
	int code = errno;

	if (is_written || status != TOOL_OK)
		return status;
	if (!tool_is_read())
		return TOOL_NO;
	return tool_fail(call, TOOL_NO, "cannot write: %s",
			 strerrordesc_np(code));
}

int tool_main(const struct tool *tool, int argc, char *argv[])
{
	struct tool_call call = { .tool = tool };
	struct errinfo err = ERRINFO_INIT;
	int status, rc;

	daemon_harden();
	rc = command_line_parse(&call.line, tool->options, argc, argv, &err);
	if (rc) {
		status = tool_refuse(&call, rc, err.text);
	} else if (call.line.wants_help) {
		fputs(tool->help, stdout);
		status = TOOL_OK;
	} else {
		status = tool->run(&call);
	}
	command_line_release(&call.line);
	return tools_end_output(&call, status);
}

int tool_configure(const struct tool_call *call, const char *word,
		   struct tool_bucket *out)
{
	AUTO_BUF struct buf why = BUF_INIT(1000);
	enum log_level level = LOG_LEVEL_WARN;
	int rc;

	memset(out, 0, sizeof(*out));
	rc = config_load_tool(&out->config, &call->line, word, &why);
	if (rc)
		return tool_refuse(call, rc, buf_str(&why));
	(void)log_level_parse(out->config.log_level, &level);
	log_setup(level, false);
	return TOOL_OK;
}

int tool_connect(const struct tool_call *call, struct tool_bucket *bucket)
{
	AUTO_BUF struct buf why = BUF_INIT(1000);
	int rc = network_start(&bucket->config, &bucket->network, &why);

	return rc ? tool_refuse(call, rc, buf_str(&why)) : TOOL_OK;
}

int tool_open(const struct tool_call *call, const char *word,
	      struct tool_bucket *out)
{
	int status = tool_configure(call, word, out);

	return status ? status : tool_connect(call, out);
}

int tool_open_store(const struct tool_call *call, struct tool_bucket *bucket)
{
	struct errinfo err = ERRINFO_INIT;
	struct store_options options;
	int rc;

	layers_store_options(&bucket->config, &options);
	rc = store_new(bucket->network.s3, &options, &bucket->store, &err);
	if (rc)
		return tool_refuse(call, rc, err.text);
	return TOOL_OK;
}

int tool_close(struct tool_bucket *bucket)
{
	int rc = bucket->store ? store_free(bucket->store) : 0;

	network_stop(&bucket->network);
	config_release(&bucket->config);
	return rc;
}
