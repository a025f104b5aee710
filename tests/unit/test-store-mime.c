/* SPDX-License-Identifier: MIT */
/* Guessed types: Python 3.11's table in full, its rules, and some of ours. */
#include "facts/mime.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "macros.h"

#define UNKNOWN "application/octet-stream"

/* mimetypes of Python 3.11 without the system's files. */
static const struct {
	const char *type;
	const char *extensions;
} python[] = {
	{ "application/javascript", "js mjs" },
	{ "application/json", "json" },
	{ "application/manifest+json", "webmanifest" },
	{ "application/msword", "doc dot wiz" },
	{ "application/n-quads", "nq" },
	{ "application/n-triples", "nt" },
	{ "application/octet-stream", "bin a dll exe o obj so" },
	{ "application/oda", "oda" },
	{ "application/pdf", "pdf" },
	{ "application/pkcs7-mime", "p7c" },
	{ "application/postscript", "ps ai eps" },
	{ "application/trig", "trig" },
	{ "application/vnd.apple.mpegurl", "m3u m3u8" },
	{ "application/vnd.ms-excel", "xls xlb" },
	{ "application/vnd.ms-powerpoint", "ppt pot ppa pps pwz" },
	{ "application/wasm", "wasm" },
	{ "application/x-bcpio", "bcpio" },
	{ "application/x-cpio", "cpio" },
	{ "application/x-csh", "csh" },
	{ "application/x-dvi", "dvi" },
	{ "application/x-gtar", "gtar" },
	{ "application/x-hdf", "hdf" },
	{ "application/x-hdf5", "h5" },
	{ "application/x-latex", "latex" },
	{ "application/x-mif", "mif" },
	{ "application/x-netcdf", "cdf nc" },
	{ "application/x-pkcs12", "p12 pfx" },
	{ "application/x-pn-realaudio", "ram" },
	{ "application/x-python-code", "pyc pyo" },
	{ "application/x-sh", "sh" },
	{ "application/x-shar", "shar" },
	{ "application/x-shockwave-flash", "swf" },
	{ "application/x-sv4cpio", "sv4cpio" },
	{ "application/x-sv4crc", "sv4crc" },
	{ "application/x-tar", "tar" },
	{ "application/x-tcl", "tcl" },
	{ "application/x-tex", "tex" },
	{ "application/x-texinfo", "texi texinfo" },
	{ "application/x-troff", "roff t tr" },
	{ "application/x-troff-man", "man" },
	{ "application/x-troff-me", "me" },
	{ "application/x-troff-ms", "ms" },
	{ "application/x-ustar", "ustar" },
	{ "application/x-wais-source", "src" },
	{ "application/xml", "xsl rdf wsdl xpdl" },
	{ "application/zip", "zip" },
	{ "audio/3gpp", "3gp 3gpp" },
	{ "audio/3gpp2", "3g2 3gpp2" },
	{ "audio/aac", "aac adts loas ass" },
	{ "audio/basic", "au snd" },
	{ "audio/mpeg", "mp3 mp2" },
	{ "audio/opus", "opus" },
	{ "audio/x-aiff", "aif aifc aiff" },
	{ "audio/x-pn-realaudio", "ra" },
	{ "audio/x-wav", "wav" },
	{ "image/avif", "avif" },
	{ "image/bmp", "bmp" },
	{ "image/gif", "gif" },
	{ "image/heic", "heic" },
	{ "image/heif", "heif" },
	{ "image/ief", "ief" },
	{ "image/jpeg", "jpg jpe jpeg" },
	{ "image/png", "png" },
	{ "image/svg+xml", "svg" },
	{ "image/tiff", "tiff tif" },
	{ "image/vnd.microsoft.icon", "ico" },
	{ "image/x-cmu-raster", "ras" },
	{ "image/x-portable-anymap", "pnm" },
	{ "image/x-portable-bitmap", "pbm" },
	{ "image/x-portable-graymap", "pgm" },
	{ "image/x-portable-pixmap", "ppm" },
	{ "image/x-rgb", "rgb" },
	{ "image/x-xbitmap", "xbm" },
	{ "image/x-xpixmap", "xpm" },
	{ "image/x-xwindowdump", "xwd" },
	{ "message/rfc822", "eml mht mhtml nws" },
	{ "text/css", "css" },
	{ "text/csv", "csv" },
	{ "text/html", "html htm" },
	{ "text/n3", "n3" },
	{ "text/plain", "txt bat c h ksh pl srt" },
	{ "text/richtext", "rtx" },
	{ "text/tab-separated-values", "tsv" },
	{ "text/vtt", "vtt" },
	{ "text/x-python", "py" },
	{ "text/x-setext", "etx" },
	{ "text/x-sgml", "sgm sgml" },
	{ "text/x-vcard", "vcf" },
	{ "text/xml", "xml" },
	{ "video/mp4", "mp4" },
	{ "video/mpeg", "mpeg m1v mpa mpe mpg" },
	{ "video/quicktime", "mov qt" },
	{ "video/webm", "webm" },
	{ "video/x-msvideo", "avi" },
	{ "video/x-sgi-movie", "movie" },
};

static void every_type_of_python_is_ours(void **state)
{
	unsigned count = 0;

	for (size_t i = 0; i < ARRAY_SIZE(python); i++) {
		const char *at = python[i].extensions;

		while (*at) {
			int len = (int)strcspn(at, " ");
			const char *encoding;
			char name[64];

			snprintf(name, sizeof(name), "x.%.*s", len, at);
			assert_string_equal(mime_guess(NULL, name, &encoding),
					    python[i].type);
			assert_null(encoding);
			at += len;
			at += strspn(at, " ");
			count++;
		}
	}
	assert_int_equal(count, 149);
}

static void names_are_taken_apart_as_python_does(void **state)
{
	static const struct {
		const char *name;
		const char *type;
		const char *encoding;
	} cases[] = {
		{ "a.tar.gz", "application/x-tar", "gzip" },
		{ "a.tgz", "application/x-tar", "gzip" },
		{ "a.TGZ", "application/x-tar", "gzip" },
		{ "a.taz", "application/x-tar", "gzip" },
		{ "a.tz", "application/x-tar", "gzip" },
		{ "a.tbz2", "application/x-tar", "bzip2" },
		{ "a.txz", "application/x-tar", "xz" },
		{ "a.svgz", "image/svg+xml", "gzip" },
		{ "x.gz", UNKNOWN, "gzip" },
		{ "x.GZ", UNKNOWN, NULL },
		{ "x.bz2", UNKNOWN, "bzip2" },
		{ "x.txt.Z", "text/plain", "compress" },
		{ "x.txt.z", UNKNOWN, NULL },
		{ "x.js.br", "application/javascript", "br" },
		{ "x.css.gz", "text/css", "gzip" },
		{ "x.css.gz.gz", UNKNOWN, "gzip" },
		{ "X.JPG", "image/jpeg", NULL },
		{ "X.JPG.xz", "image/jpeg", "xz" },
		{ ".hidden", UNKNOWN, NULL },
		{ ".txt", UNKNOWN, NULL },
		{ ".tgz", UNKNOWN, NULL },
		{ ".a.txt", "text/plain", NULL },
		{ ".tar.gz", UNKNOWN, "gzip" },
		{ "a.b/c", UNKNOWN, NULL },
		{ "a.txt/b.css", "text/css", NULL },
		{ "noext", UNKNOWN, NULL },
		{ "a.", UNKNOWN, NULL },
		{ "", UNKNOWN, NULL },
		{ "/", UNKNOWN, NULL },
		{ "x.an-extension-that-is-longer-than-any-in-the-table",
		  UNKNOWN, NULL },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *encoding;

		assert_string_equal(mime_guess(NULL, cases[i].name, &encoding),
				    cases[i].type);
		assert_string_equal(encoding ? encoding : "",
				    cases[i].encoding ? cases[i].encoding : "");
	}
}

static void what_the_web_serves_has_a_type(void **state)
{
	static const struct {
		const char *name;
		const char *type;
	} cases[] = {
		{ "f.woff2", "font/woff2" },
		{ "f.ttf", "font/ttf" },
		{ "p.webp", "image/webp" },
		{ "d.docx", "application/vnd.openxmlformats-officedocument."
			    "wordprocessingml.document" },
		{ "d.odt", "application/vnd.oasis.opendocument.text" },
		{ "r.md", "text/markdown" },
		{ "c.yaml", "application/yaml" },
		{ "a.7z", "application/x-7z-compressed" },
		{ "a.rar", "application/vnd.rar" },
		{ "m.flac", "audio/flac" },
		{ "m.ogg", "audio/ogg" },
		{ "m.mkv", "video/x-matroska" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *encoding;

		assert_string_equal(mime_guess(NULL, cases[i].name, &encoding),
				    cases[i].type);
	}
}

static void check(const struct mime *mime, const char *name, const char *type)
{
	const char *encoding;

	assert_string_equal(mime_guess(mime, name, &encoding), type);
}

/* Python's MimeTypes.readfp, and its exact case before the lower one. */
static void a_file_of_types_wins_over_our_own(void **state)
{
	char path[] = "/tmp/mime.types.XXXXXX";
	struct errinfo err = ERRINFO_INIT;
	struct mime *mime = NULL;
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	dprintf(fd, "# text/no css\n"
		    "text/javascript js\tmjs # wrong\n"
		    "\n"
		    "x/one  odd odder\n"
		    "x/two odd\n"
		    "x/upper C\n"
		    "x/tar tar\n"
		    "x/alone");
	close(fd);
	assert_int_equal(mime_new(path, &mime, &err), 0);
	unlink(path);
	check(mime, "a.js", "text/javascript");
	check(mime, "a.JS", "text/javascript");
	check(mime, "a.wrong", UNKNOWN);
	check(mime, "a.css", "text/css");
	check(mime, "a.CSS", "text/css");
	check(mime, "a.odd", "x/two");
	check(mime, "a.odder", "x/one");
	check(mime, "a.C", "x/upper");
	check(mime, "a.c", "text/plain");
	check(mime, "a.tgz", "x/tar");
	mime_free(mime);
}

static void a_file_of_types_that_is_missing_is_named(void **state)
{
	struct errinfo err = ERRINFO_INIT;
	struct mime *mime = NULL;

	assert_int_equal(mime_new("/none/such.types", &mime, &err), -ENOENT);
	assert_non_null(strstr(err.text, "/none/such.types"));
	assert_int_equal(mime_new("/", &mime, &err), -EISDIR);
	assert_null(mime);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_type_of_python_is_ours),
		cmocka_unit_test(names_are_taken_apart_as_python_does),
		cmocka_unit_test(what_the_web_serves_has_a_type),
		cmocka_unit_test(a_file_of_types_wins_over_our_own),
		cmocka_unit_test(a_file_of_types_that_is_missing_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
