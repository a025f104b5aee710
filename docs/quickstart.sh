#!/bin/sh
# SPDX-License-Identifier: MIT
# Tries s3storefs out on this machine, from nothing to a mounted bucket:
#
#   sh docs/quickstart.sh           mounts a bucket of a test server of its own
#   sh docs/quickstart.sh BUCKET    mounts your bucket (or $S3STOREFS_BUCKET);
#                                   keys and server by the usual AWS_* variables
#   sh docs/quickstart.sh stop      ends a running one, as Ctrl-C does
#
# All that it makes is below ~/s3storefs-demo (or $S3STOREFS_DEMO), and build/
# in the sources. It stays in the foreground.
set -eu

top=$(cd "$(dirname "$0")/.." && pwd)
build=$top/build
base=${S3STOREFS_DEMO:-${HOME:-/tmp}/s3storefs-demo}
mountpoint=$base/mount
stored=$base/bucket
run=$base/run
fs_pid='' server_pid=''

say() {
	printf 'quickstart: %s\n' "$*"
}

die() {
	printf 'quickstart: %s\n' "$*" >&2
	exit 1
}

# Whether process $1 is alive and has $2 in its command line.
is_running() {
	[ -n "$1" ] && [ -r "/proc/$1/cmdline" ] &&
		tr '\0' ' ' <"/proc/$1/cmdline" 2>/dev/null | grep -q -e "$2"
}

is_mounted() {
	awk -v point="$mountpoint" '$2 == point { found = 1 } END { exit !found }' /proc/self/mounts
}

read_pid() {
	cat "$run/$1.pid" 2>/dev/null || :
}

unmount() {
	is_mounted || return 0
	fusermount3 -u "$mountpoint" 2>/dev/null ||
		fusermount3 -u -z "$mountpoint" ||
		umount -l "$mountpoint" || :
}

# The daemon first: what is still to be stored needs the server.
clean_up() {
	trap '' INT TERM HUP
	unmount
	if [ -n "$fs_pid" ]; then
		say 'unmounting'
		wait "$fs_pid" || :
	fi
	if [ -n "$server_pid" ]; then
		kill "$server_pid" 2>/dev/null || :
		wait "$server_pid" 2>/dev/null || :
	fi
	rm -rf "$run"
}

stop() {
	pid=$(read_pid script)
	if is_running "$pid" quickstart; then
		kill "$pid"
		left=300
		while is_running "$pid" quickstart; do
			[ $left -gt 0 ] || die "process $pid does not end"
			left=$((left - 1))
			sleep 1
		done
	else
		# The script was killed: end what it left.
		unmount
		pid=$(read_pid server)
		is_running "$pid" s3storefs-testserver && kill "$pid"
		rm -rf "$run"
	fi
	say 'stopped'
}

as_root() {
	if [ "$(id -u)" -eq 0 ]; then
		env DEBIAN_FRONTEND=noninteractive "$@"
	else
		sudo env DEBIAN_FRONTEND=noninteractive "$@"
	fi
}

# What no package mends, before minutes go into a build.
check_rights() {
	container='a container needs --device /dev/fuse --cap-add SYS_ADMIN'
	[ -c /dev/fuse ] || modprobe fuse 2>/dev/null || :
	[ -c /dev/fuse ] ||
		die "there is no /dev/fuse, so nothing can be mounted: modprobe fuse; $container"
	(: <>/dev/fuse) 2>/dev/null ||
		die "$(id -un) may not open /dev/fuse, so nothing can be mounted: be root, or chmod 666 /dev/fuse; $container"
	[ "$(id -u)" -ne 0 ] ||
		[ $((0x$(sed -n 's/^CapEff:[[:space:]]*//p' /proc/self/status) >> 21 & 1)) -eq 1 ] ||
		die "root may not mount here: $container"
}

install_needs() {
	needs='gcc libc6-dev meson ninja-build pkgconf fuse3 libfuse3-dev
		libcurl4-openssl-dev libssl-dev libxml2-dev libmicrohttpd-dev
		libjansson-dev zlib1g-dev libcmocka-dev ca-certificates'
	command -v dpkg-query >/dev/null ||
		{ say "no Debian: needed are $(echo $needs)"; return 0; }
	missing=
	for package in $needs; do
		dpkg-query -W -f '${Status}\n' "$package" 2>/dev/null |
			grep -q '^install ok installed' ||
			missing="$missing $package"
	done
	[ -n "$missing" ] || return 0
	[ "$(id -u)" -eq 0 ] || command -v sudo >/dev/null ||
		die "packages are missing, and there is no sudo to install them by: as root, apt-get install$missing"
	say "installing$missing"
	as_root apt-get -q -o Acquire::Languages=none update </dev/null >>"$run/install.log" 2>&1 &&
		as_root apt-get -qy install --no-install-recommends $missing \
			</dev/null >>"$run/install.log" 2>&1 || {
		tail -n 5 "$run/install.log" >&2
		die 'the packages cannot be installed'
	}
}

build_programs() {
	say "building in $build"
	{ [ -e "$build/build.ninja" ] ||
		meson setup "$build" "$top" --buildtype=release; } \
		</dev/null >"$run/build.log" 2>&1 &&
		ninja -C "$build" src/s3storefs \
			tests/server/s3storefs-testserver \
			</dev/null >>"$run/build.log" 2>&1 || {
		tail -n 30 "$run/build.log" >&2
		die 'the build failed'
	}
}

random_hex() {
	od -An -N16 -tx1 /dev/urandom | tr -d ' \n'
}

# Prints the server's URL once it listens.
start_server() {
	access_key=demo$(random_hex)
	secret_key=$(random_hex)
	# Plain files below the server's folder are objects of their buckets.
	mkdir -p "$stored/demo"
	[ -e "$stored/demo/README.md" ] || cp "$top/README.md" "$stored/demo/"
	"$build/tests/server/s3storefs-testserver" --root "$stored" --port 0 \
		--bucket demo --access-key "$access_key" \
		--secret-key "$secret_key" \
		</dev/null >"$run/server.log" 2>&1 &
	server_pid=$!
	echo "$server_pid" >"$run/server.pid"
	left=100
	until url=$(sed -n 's/^listening on \(http:.*\)$/\1/p' "$run/server.log") &&
		[ -n "$url" ]; do
		kill -0 "$server_pid" 2>/dev/null && [ $left -gt 0 ] || {
			cat "$run/server.log" >&2
			die 'the test server does not start'
		}
		left=$((left - 1))
		sleep 0.1
	done
	# A settings file of its own: yours have no say in the demonstration.
	for name in $(env | sed -n 's/^\(AWS_[A-Z0-9_]*\)=.*/\1/p'); do
		unset "$name"
	done
	(
		umask 077
		cat >"$run/s3storefs.conf" <<-END
			AWS_ACCESS_KEY_ID = $access_key
			AWS_SECRET_ACCESS_KEY = $secret_key
			AWS_S3_ENDPOINT_URL = $url
			AWS_S3_ADDRESSING_STYLE = path
		END
	)
	S3STOREFS_CONF=$run/s3storefs.conf
	export S3STOREFS_CONF
}

mount_bucket() {
	say "mounting $1"
	"$build/src/s3storefs" "$1" "$mountpoint" -f \
		</dev/null >"$run/mount.log" 2>&1 &
	fs_pid=$!
	until is_mounted; do
		kill -0 "$fs_pid" 2>/dev/null || {
			wait "$fs_pid" || :
			fs_pid=
			cat "$run/mount.log" >&2
			die "$1 cannot be mounted"
		}
		sleep 0.1
	done
}

tell() {
	cat <<-END

		$1 is mounted on $mountpoint. Try, in another terminal:

		  echo hello >$mountpoint/hello.txt
		  cp -r $top/docs $mountpoint/
		  ls -lR $mountpoint
		  cat $mountpoint/hello.txt

	END
	[ -z "$server_pid" ] ||
		printf 'The test server (%s) keeps its objects in %s.\n' "$url" "$stored"
	printf 'End it with Ctrl-C, or with: sh docs/quickstart.sh stop\n'
}

bucket=${1:-${S3STOREFS_BUCKET:-}}
case $bucket in
stop)
	stop
	exit
	;;
-*)
	sed -n '3,11s/^# \{0,1\}//p' "$0"
	exit 2
	;;
esac

if is_running "$(read_pid script)" quickstart; then
	die 'it is running already: sh docs/quickstart.sh stop'
fi
check_rights
say "the mount point will be $mountpoint"
unmount
rm -rf "$run"
mkdir -p "$run" "$mountpoint"
chmod 700 "$base"
echo $$ >"$run/script.pid"
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
install_needs
build_programs
if [ -z "$bucket" ]; then
	bucket=demo
	start_server
fi
mount_bucket "$bucket"
tell "$bucket"
# Ends by Ctrl-C, by stop, or when somebody unmounts it.
wait "$fs_pid" || {
	cat "$run/mount.log" >&2
	fs_pid=
	die 'the mount has ended'
}
fs_pid=
