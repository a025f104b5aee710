#!/bin/sh
# SPDX-License-Identifier: MIT
# What the build's include paths cannot see: a relative path out of a layer,
# and a header of ours that would hide one of the system's.
set -eu

if grep -rnE '#include "\.\.?/' src include tests --include='*.[ch]'; then
	echo 'an include by relative path'
	exit 1
fi

bad=0
for header in include/*/*.h src/*/*.h src/*.h; do
	name=${header##*/}
	if [ -e "/usr/include/$name" ]; then
		echo "$header hides <$name>"
		bad=1
	fi
done

# A header of a layer is included by that layer and the one above it only.
above() {
	case $1 in
	http) echo 'http s3 main' ;;
	s3) echo 's3 store main' ;;
	store) echo 'store fs main' ;;
	fs) echo 'fs main' ;;
	esac
}
for layer in http s3 store fs; do
	for file in $(grep -rlE "#include \"$layer\.h\"" src); do
		case $file in
		src/tools/* | src/migrate/*) user=main ;;
		src/*/*) user=${file#src/} user=${user%%/*} ;;
		*) user=main ;;
		esac
		case " $(above $layer) " in
		*" $user "*) ;;
		*)
			echo "$file reaches past its neighbour to $layer.h"
			bad=1
			;;
		esac
	done
done
exit $bad
