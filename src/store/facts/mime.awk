# mime.types as rows of C, sorted for the search among them.
/^#/ { next }
{
	for (i = 2; i <= NF; i++) {
		if ($i in seen || $i != tolower($i)) {
			print $i ": twice, or not in lower case" > "/dev/stderr"
			exit 1
		}
		seen[$i]
		printf "{ \"%s\", \"%s\" },\n", $i, $1 | "LC_ALL=C sort"
	}
}
