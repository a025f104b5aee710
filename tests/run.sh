#!/bin/sh
# SPDX-License-Identifier: MIT
# Builds the program and runs its tests, on a Debian 12 that needs nothing
# but this tree, /dev/fuse and, for packages that are missing, root or sudo.
#
#   tests/run.sh                      everything
#   tests/run.sh quick                unit tests and a few through a mount
#   tests/run.sh mount [PYTEST ARGS]  only those through a mount
#
# The last line is "N passed, N failed, N skipped"; the exit status is 0 only
# if nothing failed. Builds go to $BUILDS, or build-tests/ in the tree.
set -u

packages='gcc libc6-dev clang-14 libclang-rt-14-dev llvm-14 clang-format-14 clang-tidy-14 meson ninja-build pkg-config
	libfuse3-dev libcurl4-openssl-dev libssl-dev libxml2-dev libjansson-dev zlib1g-dev
	libmicrohttpd-dev libcmocka-dev valgrind fuse3
	python3 python3-pytest python3-pytest-xdist python3-boto3 python3-django
	python3-django-storages-boto3 python3-django-environ python3-decouple python3-cryptography
	attr git rsync sqlite3 vim-tiny radosgw ceph-mon ceph-osd curl openssl procps tinyproxy mandoc
	swift-proxy swift-account swift-container swift-object
	media-types'
quick_packages='gcc libc6-dev meson ninja-build pkg-config
	libfuse3-dev libcurl4-openssl-dev libssl-dev libxml2-dev libjansson-dev zlib1g-dev
	libmicrohttpd-dev libcmocka-dev fuse3 python3 python3-pytest python3-boto3'

cd "$(dirname "$0")/.." || exit 2
BUILDS=${BUILDS:-$PWD/build-tests}
began=$(date +%s)
export PATH="$PATH:/usr/lib/llvm-14/bin"
export PYTHONDONTWRITEBYTECODE=1

say() {
	echo "[$(($(date +%s) - began)) s] $*"
}

install_packages() {
	missing=
	for package in "$@"; do
		[ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] ||
			missing="$missing $package"
	done
	[ -n "$missing" ] || return 0
	root=
	if [ "$(id -u)" -ne 0 ]; then
		root=sudo
		command -v sudo >/dev/null || {
			echo "$0: these packages are missing; install them as root:$missing" >&2
			exit 3
		}
	fi
	say "installing$missing"
	# shellcheck disable=SC2086
	if ! { $root apt-get update -q &&
		$root env DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends $missing; } \
		>"$results/packages.log" 2>&1; then
		tail -n 20 "$results/packages.log"
		echo "$0: the packages could not be installed" >&2
		exit 3
	fi
}

# One line "passed NAME" or "failed NAME" for what is neither Meson's nor pytest's.
note() {
	echo "$1 $2" >>"$results/steps"
}

# step NAME COMMAND...: shows the output of a failure, which counts as one
# failed test; only checks are tests that pass.
step() {
	step=$1
	shift
	say "$step"
	if "$@" >"$results/$step.log" 2>&1; then
		note passed "$step"
	else
		note failed "$step"
		echo "--- $step failed:"
		tail -n 40 "$results/$step.log"
		return 1
	fi
}

# build NAME COMPILER MESON-OPTIONS...: builds to $BUILDS/NAME.
build() {
	name=$1 compiler=$2
	shift 2
	if [ ! -e "$BUILDS/$name/build.ninja" ]; then
		step "setup-$name" env CC="$compiler" meson setup "$BUILDS/$name" "$@" || return 1
	fi
	step "build-$name" ninja -C "$BUILDS/$name"
}

# suites BUILD NAME MESON-TEST-ARGS...: Meson's own tests.
suites() {
	name=$1 log=$2
	shift 2
	say "$log: meson test $*"
	rm -f "$BUILDS/$name/meson-logs/$log"*.json
	meson test -C "$BUILDS/$name" --no-rebuild --logbase "$log" --print-errorlogs "$@" >"$results/$log.log" 2>&1 ||
		{
			echo "--- $log failed:"
			tail -n 60 "$results/$log.log"
		}
	# Meson puts a wrapper's name behind the log's.
	cat "$BUILDS/$name/meson-logs/$log"*.json >"$results/$log.meson" 2>/dev/null || note failed "$log"
}

# through_mounts BUILD NAME PYTEST-ARGS...
through_mounts() {
	name=$1 log=$2
	shift 2
	say "$log: tests through a mount"
	if [ ! -c /dev/fuse ]; then
		echo "--- there is no /dev/fuse: nothing can be mounted"
		note failed "$log"
		return
	fi
	S3STOREFS_BUILD=$BUILDS/$name /usr/bin/python3 -m pytest -p no:cacheprovider -q --tb=short \
		--junitxml="$results/$log.junit" --basetemp="$results/$log.tmp" "$@" &
	echo $! >"$results/$log.pid"
	wait $!
	status=$?
	rm "$results/$log.pid"
	# 0 all passed, 1 some failed: the rest is no run at all.
	[ $status -le 1 ] || note failed "$log"
	rm -rf "$results/$log.tmp"
}

# Most tests wait most of the time: three at once take little more than one, and
# leave time to build and check other things beside them.
all_mounts() {
	through_mounts asan mount -n 3 --dist loadgroup tests/mount
}

# Nothing of a run outlives it; pytest unmounts what it has mounted.
clean_up() {
	for file in "$results"/*.pid; do
		[ ! -e "$file" ] || kill "$(cat "$file")" 2>/dev/null
	done
	wait
	rm -rf "$results"
}

checks() {
	step check-layers sh tests/check/layers.sh
	step check-style sh tests/check/style.sh
	step check-limits python3 tests/check/limits.py
}

asan='-Db_sanitize=address,undefined -Db_lundef=false'

results=$(mktemp -d) || exit 2
trap clean_up EXIT
trap 'exit 130' INT TERM

what=${1:-all}
[ $# -eq 0 ] || shift
# shellcheck disable=SC2086
case $what in
all)
	install_packages $packages
	checks
	mounts=
	build asan clang-14 $asan -Dwerror=true && {
		all_mounts >"$results/mount.out" 2>&1 &
		mounts=$!
		suites asan asan --timeout-multiplier 5
		step check-tidy sh tests/check/tidy.sh "$BUILDS/asan"
	}
	build gcc gcc -Dwerror=true && suites gcc valgrind --suite unit --timeout-multiplier 15 \
		--wrapper 'valgrind -q --error-exitcode=99 --leak-check=full --errors-for-leak-kinds=definite'
	build tsan clang-14 -Db_sanitize=thread -Db_lundef=false -Dwerror=true &&
		suites tsan tsan --suite unit --suite s3 --timeout-multiplier 10
	if [ -n "$mounts" ]; then
		say "waiting for the tests through a mount"
		wait "$mounts"
		cat "$results/mount.out"
	fi
	;;
quick)
	install_packages $quick_packages
	build gcc gcc -Dwerror=true && {
		suites gcc unit --suite unit --suite fuzz
		through_mounts gcc mount tests/mount/test_files.py tests/mount/test_folders.py
	}
	;;
mount)
	install_packages $packages
	build asan clang-14 $asan -Dwerror=true && {
		if [ $# -gt 0 ]; then
			through_mounts asan mount "$@"
		else
			all_mounts
		fi
	}
	;;
*)
	sed -n '3,11s/^# \{0,1\}//p' "$0"
	exit 2
	;;
esac

say "done"
python3 tests/lib/summary.py "$results"
