#!/bin/sh
# SPDX-License-Identifier: MIT
# What the build's include paths cannot see: a relative path out of a layer, a
# header of ours that would hide one of the system's, a header of a layer that is
# no neighbour, and the order of the folders inside a layer.
set -eu

if grep -rnE '#include "\.\.?/' src include tests --include='*.[ch]'; then
	echo 'an include by relative path'
	exit 1
fi

bad=0
for header in $(find include src -name "*.h"); do
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
		src/config/* | src/tools/* | src/migrate/*) user=main ;;
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

# Inside a layer each folder knows those before it. What stands beside the
# folders is the layer's own: its headers are for all, its sources know all.
order() {
	layer=$1
	shift
	known=
	for folder in "$@"; do
		known="$known $folder"
		for file in "src/$layer/$folder"/*.[ch]; do
			for header in $(sed -n 's/^#include "\([a-z0-9]*\)\/.*/\1/p' "$file" | sort -u); do
				case " $known " in
				*" $header "*) ;;
				*)
					echo "$file includes from $header/, which comes after $folder/"
					bad=1
					;;
				esac
			done
		done
	done
	for folder in "src/$layer"/*/; do
		folder=${folder%/}
		case " $known " in
		*" ${folder##*/} "*) ;;
		*)
			echo "$folder has no place in the order of its layer"
			bad=1
			;;
		esac
	done
}
order s3 wire params names creds notes client ops url
order store data codec facts names list object file read write open change xattr
exit $bad
