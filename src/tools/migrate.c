/* SPDX-License-Identifier: MIT */
/*
 * s3storefs migrate: from Django's settings, which the project's own Python
 * tells, to s3storefs.conf; see src/migrate.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "io.h"
#include "migrate.h"
#include "migrate_ask.h"
#include "migrate_write.h"
#include "object_settings.h"
#include "tool.h"

static const char help[] =
	"usage: s3storefs migrate [OPTION...] SETTINGS [MODULE...]\n"
	"       s3storefs migrate --program\n"
	"\n"
	"Prints a settings file with a section for each S3 storage of a Django\n"
	"project. SETTINGS is its settings module (mysite.settings), that\n"
	"module's file, manage.py or the project's folder. The project's own\n"
	"Python loads them, as Django does. That runs the project's code, so do\n"
	"it where and as whom the project runs, with its interpreter, and with\n"
	"its variables in the environment. Storage classes that no setting names\n"
	"are found in their MODULEs.\n"
	"Lines say where they come from and, where they were changed, why; names\n"
	"of the old boto backend become today's, but for AWS_HEADERS, which a\n"
	"mount takes as it is. What no settings file can hold, such as a\n"
	"function, is named, in the result and on stderr, and is left to you.\n"
	"Where s3storefs is not installed, the program that it has Python run\n"
	"does the same; its answer is taken as SETTINGS.json, or - for stdin:\n"
	"  s3storefs migrate --program | ssh HOST 'cd site && venv/bin/python - \\\n"
	"      mysite.settings' | s3storefs migrate --output=s3storefs.conf -\n"
	"\n"
	"  --python PYTHON    the project's interpreter, such as venv/bin/python;\n"
	"                     else python3\n"
	"  --program          print the program that Python runs, and do no more\n"
	"  -o FILE, --output=FILE  write a new file, of mode 600, with the secrets\n"
	"                     that the settings hold; stdout gets none\n"
	"  --with-secrets     print them to stdout, too\n"
	"  --alias NAME       just this storage: default, staticfiles, ... or a\n"
	"                     storage class\n"
	"  --check            then check each bucket with the result, as\n"
	"                     \"s3storefs check\" does; its report goes to stderr\n"
	"  --read-only        let --check write nothing to the bucket\n"
	"\n"
	"Exit status: 0, 1 something could not be taken over or the check failed,\n"
	"2 wrong usage, settings that do not load, or a file that cannot be read\n"
	"or written.\n";

static const struct command_own options[] = {
	{ .name = "python", .has_value = true },
	{ .name = "program" },
	{ .name = "output", .letter = 'o', .has_value = true },
	{ .name = "with-secrets" },
	{ .name = "alias", .has_value = true },
	{ .name = "check" },
	{ .name = "read-only" },
	{ 0 },
};

#define RESULT_MAX (4ul * 1024 * 1024) /* bytes; ours */

static void migrate_wipe(struct buf *b)
{
	if (b->data)
		explicit_bzero(b->data, b->cap);
	buf_release(b);
}

#define AUTO_WIPE CLEANUP(migrate_wipe)

static const char *migrate_base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash && slash[1] ? slash + 1 : path;
}

static bool migrate_is_json(const char *word)
{
	size_t len = strlen(word);

	return strcmp(word, "-") == 0 ||
	       (len > 5 && strcmp(word + len - 5, ".json") == 0);
}

/* The project's error: the end of its traceback, then what to do. */
static int migrate_tell_error(const struct tool_call *call,
			      const json_t *answer)
{
	json_t *line;
	size_t i;

	json_array_foreach(json_object_get(answer, "traceback"), i, line)
		fprintf(stderr, "%s\n", json_string_value(line));
	return tool_fail(call, TOOL_USAGE, "%s",
			 json_string_value(json_object_get(answer, "error")));
}

static int migrate_ask_python(const struct tool_call *call, json_t **answer)
{
	const struct command_line *line = &call->line;
	const char *python = tool_option(call, "python");
	struct errinfo err = ERRINFO_INIT;
	int rc;

	if (migrate_is_json(line->words[0]))
		rc = migrate_read(line->words[0], answer, &err);
	else
		rc = migrate_ask(python ? python : "python3", line->words,
				 line->word_count, MIGRATE_LIMIT_MS, answer,
				 &err);
	if (rc)
		return tool_fail(call, TOOL_USAGE, "%s", err.text);
	if (json_is_string(json_object_get(*answer, "error")))
		return migrate_tell_error(call, *answer);
	return TOOL_OK;
}

/* A new file that nobody else can read. */
static int migrate_write_file(const struct tool_call *call, const char *path,
			      const struct buf *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	int rc = fd < 0 ? -errno : io_write(fd, buf_str(text), text->len);

	if (rc == -EEXIST)
		return tool_fail(call, TOOL_USAGE,
				 "%s is there already: take it away, or "
				 "choose another name",
				 path);
	if (fd >= 0 && close(fd) < 0 && !rc)
		rc = -errno;
	if (rc)
		return tool_fail(call, TOOL_USAGE, "%s: %s", path,
				 strerrordesc_np(-rc));
	return TOOL_OK;
}

/* The whole result in memory, as a private file that settings come from. */
static int migrate_open_result(const struct buf *text)
{
	AUTO_CLOSE int fd = memfd_create("s3storefs.conf", MFD_CLOEXEC);
	int out;

	if (fd < 0 || fchmod(fd, 0600) < 0 ||
	    io_write(fd, buf_str(text), text->len))
		return -1;
	out = fd;
	fd = -1;
	return out;
}

/* Its bucket is one that the result does not know. */
static bool migrate_is_incomplete(const struct migration *m,
				  const char *section)
{
	for (const struct migration_entry *e = m->entries; e; e = e->next)
		if (e->name && strcmp(e->section, section) == 0 &&
		    strcmp(e->name, "AWS_STORAGE_BUCKET_NAME") == 0)
			return e->literal[0] != '\'' || e->literal[1] == '\'';
	return true;
}

/* Whether a mount would take the section as it is. */
static int migrate_verify_section(const struct tool_call *call,
				  const char *path, const char *section)
{
	struct command_line line = { .config_path = path };
	AUTO_BUF struct buf why = BUF_INIT(2000);
	CLEANUP(config_release) struct config config;
	const char *text;

	if (config_load_tool(&config, &line, section, &why) == 0 &&
	    object_settings_check(&config, &why) == 0)
		return TOOL_OK;
	text = buf_str(&why);
	if (strncmp(text, path, strlen(path)) == 0)
		text += strlen(path);
	return tool_fail(call, TOOL_NO, "[%s] cannot be mounted as it is: %s",
			 section, text);
}

/* stdout belongs to the result, so the report goes to stderr. */
static int migrate_check_section(const struct tool_call *call, char *path,
				 const char *section)
{
	char name[] = "check", file[] = "-c", read_only[] = "--read-only";
	AUTO_FREE char *word = strdup(section);
	char *argv[] = { name, file, path, word, read_only, NULL };
	int argc = tool_option(call, "read-only") ? 5 : 4;
	int saved, status;

	if (!word)
		return tool_fail(call, TOOL_NO, "out of memory");
	fflush(stdout);
	saved = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
	if (saved < 0 || dup2(STDERR_FILENO, STDOUT_FILENO) < 0)
		return tool_fail(call, TOOL_NO, "stdout: %s",
				 strerrordesc_np(errno));
	fprintf(stderr, "[%s]\n", section);
	status = tool_main(&tool_check, argc, argv);
	fflush(stdout);
	if (dup2(saved, STDOUT_FILENO) < 0)
		status = TOOL_NO;
	close(saved);
	return status ? TOOL_NO : TOOL_OK;
}

static int migrate_check_result(const struct tool_call *call,
				const struct migration *m,
				const struct buf *text)
{
	AUTO_CLOSE int fd = migrate_open_result(text);
	bool wants_check = tool_option(call, "check");
	int status = TOOL_OK;
	char path[64];

	if (fd < 0)
		return tool_fail(call, TOOL_NO, "cannot keep the result: %s",
				 strerrordesc_np(errno));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	for (size_t i = 0; i < m->section_count; i++) {
		const char *section = m->sections[i];
		int bad = TOOL_OK;

		if (!migrate_is_incomplete(m, section))
			bad = migrate_verify_section(call, path, section);
		else if (wants_check)
			bad = tool_fail(call, TOOL_NO,
					"[%s]: its bucket is not known",
					section);
		if (!bad && wants_check)
			bad = migrate_check_section(call, path, section);
		status = bad ? bad : status;
	}
	return status;
}

/* To FILE with the secrets, else to stdout. */
static int migrate_put_result(const struct tool_call *call,
			      const struct migration *m, const struct buf *full)
{
	const char *path = tool_option(call, "output");
	AUTO_WIPE struct buf text = BUF_INIT(RESULT_MAX);

	if (path)
		return migrate_write_file(call, path, full);
	if (tool_option(call, "with-secrets")) {
		fputs(buf_str(full), stdout);
		return TOOL_OK;
	}
	if (migration_write(m, false, &text))
		return tool_fail(call, TOOL_USAGE, "the result is too long");
	fputs(buf_str(&text), stdout);
	return TOOL_OK;
}

static int migrate_give_result(const struct tool_call *call,
			       const struct migration *m)
{
	AUTO_WIPE struct buf full = BUF_INIT(RESULT_MAX);
	AUTO_BUF struct buf words = BUF_INIT(RESULT_MAX);
	int status;

	if (migration_write(m, true, &full) || migration_explain(m, &words))
		return tool_fail(call, TOOL_USAGE, "the result is too long");
	status = migrate_put_result(call, m, &full);
	fflush(stdout);
	fputs(buf_str(&words), stderr);
	if (status == TOOL_OK)
		status = migrate_check_result(call, m, &full);
	if (status == TOOL_OK && !m->is_found)
		status = tool_fail(call, TOOL_NO,
				   "there are no settings of an S3 storage in "
				   "%s",
				   m->source);
	if (status == TOOL_OK && m->problems)
		status = tool_fail(call, TOOL_NO,
				   "%zu things could not be taken over; they "
				   "are named above",
				   m->problems);
	return status;
}

static int migrate_answer(const struct tool_call *call, json_t *answer)
{
	const char *module =
		json_string_value(json_object_get(answer, "module"));
	CLEANUP(migration_release)
	struct migration m = {
		.answer = answer,
		.source = module ? module :
				   migrate_base_name(call->line.words[0]),
	};
	struct errinfo err = ERRINFO_INIT;

	if (migration_run(&m, tool_option(call, "alias"), &err))
		return tool_fail(call, TOOL_USAGE, "%s", err.text);
	return migrate_give_result(call, &m);
}

static int tool_migrate_run(const struct tool_call *call)
{
	json_t *answer = NULL;
	int status;

	if (tool_option(call, "program")) {
		fputs(migrate_program, stdout);
		return TOOL_OK;
	}
	if (call->line.word_count == 0 || call->line.config_path ||
	    call->line.option_count)
		return tool_usage(call);
	status = migrate_ask_python(call, &answer);
	if (!status)
		status = migrate_answer(call, answer);
	json_decref(answer);
	return status;
}

const struct tool tool_migrate = { "migrate", help, options, tool_migrate_run };
