#!/bin/sh
# SPDX-License-Identifier: MIT
# Functions that are too easy to misuse, open ends, missing licence lines and,
# where clang-format is there, the layout.
set -u

bad=0
complain() {
	echo "$1"
	bad=1
}

banned='strcpy|strcat|strncpy|strncat|sprintf|vsprintf|strtok|gmtime|localtime|ctime|asctime|atoi|atol|atof|alloca|rand|system|popen|usleep|gets'
grep -rnwE "($banned) ?\(" src include --include='*.[ch]' && complain 'a banned function'
grep -rnwE 'TODO|FIXME|XXX' src include tests docs README.md meson.build 2>/dev/null |
	grep -v '^tests/check/' && complain 'an open end'
grep -rnE '^[[:space:]]*typedef (struct|enum)' src include --include='*.[ch]' &&
	complain 'a typedef of a struct or an enum'
grep -rn 'fuse_req_ctx' src/fs | grep -v '^src/fs/call\.c:' &&
	complain 'a request may have been answered: its caller stands in the call'
for file in $(find src include tests -name '*.[ch]'); do
	case $(head -n 1 "$file") in
	'/* SPDX-License-Identifier: MIT */') ;;
	*) complain "$file: the first line is not the licence's" ;;
	esac
done
if command -v clang-format >/dev/null; then
	for file in $(find src include tests -name '*.[ch]'); do
		clang-format --dry-run -Werror "$file" 2>/dev/null || complain "$file: clang-format would change it"
	done
fi
exit $bad
