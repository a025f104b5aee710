#!/bin/sh
# SPDX-License-Identifier: MIT
# A Ceph RADOS Gateway of its own for the tests: monitor, one store in memory
# and the gateway, on loopback, without systemd.
#
#   tests/rgw/rgw.sh start DIR PORT   prints DIR/env, shell variables
#   tests/rgw/rgw.sh stop DIR         ends its processes and removes DIR
#
# PORT is the first of eight: +0 monitor, +1 to +5 store, +6 S3 over HTTP,
# +7 S3 over HTTPS with a certificate that only DIR/cert.pem vouches for.
# Debian: radosgw ceph-mon ceph-osd curl openssl procps.
set -eu

usage() {
	echo "usage: $0 start DIR PORT | stop DIR" >&2
	exit 2
}

# Ours and alive: a zombie has an empty command line.
runs() {
	[ -s "$dir/$1.pid" ] && read -r pid <"$dir/$1.pid" &&
		tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null | grep -qF -- "-c $dir/ceph.conf"
}

gone() {
	! runs "$1"
}

launch() {
	name=$1
	shift
	setsid "$@" -f -c "$dir/ceph.conf" </dev/null >>"$dir/$name.out" 2>&1 &
	echo $! >"$dir/$name.pid"
}

# Waits up to $1 tenths of a second for the rest to succeed.
wait_for() {
	tenths=$1
	shift
	while ! "$@" >/dev/null 2>&1; do
		tenths=$((tenths - 1))
		[ $tenths -gt 0 ] || return 1
		sleep 0.1
	done
}

stop() {
	for name in gateway store monitor; do
		if runs $name; then
			# Nothing is kept, so nothing is asked to be tidy.
			kill -KILL "$pid"
			wait_for 50 gone $name
		fi
	done
	rm -rf "$dir"
}

write_config() {
	fsid=$(cat /proc/sys/kernel/random/uuid)
	cat >"$dir/ceph.conf" <<-END
		[global]
		fsid = $fsid
		mon_host = [v2:127.0.0.1:$port/0]
		mon_initial_members = a
		# One machine, loopback, thrown away afterwards: no keys, one copy.
		auth_cluster_required = none
		auth_service_required = none
		auth_client_required = none
		keyring = $dir/keyring
		# Without keys there is no encryption, which a client prefers.
		ms_mon_client_mode = crc
		ms_bind_msgr1 = false
		ms_bind_port_min = $((port + 1))
		ms_bind_port_max = $((port + 5))
		public_addr = 127.0.0.1
		cluster_addr = 127.0.0.1
		run_dir = $dir
		admin_socket = $dir/\$name.sock
		log_file = $dir/\$name.log
		log_to_stderr = false
		mon_cluster_log_file = $dir/cluster.log
		crash_dir = $dir/crash
		osd_pool_default_size = 1
		osd_pool_default_min_size = 1
		osd_pool_default_pg_num = 8
		osd_pool_default_pgp_num = 8
		osd_pool_default_pg_autoscale_mode = off
		osd_crush_chooseleaf_type = 0
		mon_allow_pool_size_one = true
		mon_max_pg_per_osd = 1000
		mon_data_avail_warn = 2
		mon_data_avail_crit = 1
		[mon]
		mon_data = $dir/monitor
		[osd]
		osd_data = $dir/store
		osd_objectstore = memstore
		memstore_device_bytes = 8589934592
		osd_max_scrubs = 0
		[client]
		rgw_data = $dir
		rgw_frontends = beast endpoint=127.0.0.1:$((port + 6)) ssl_endpoint=127.0.0.1:$((port + 7)) ssl_certificate=$dir/cert.pem ssl_private_key=$dir/key.pem tcp_nodelay=1
		# BUCKET.s3.localhost names a bucket; so does plain "localhost".
		rgw_dns_name = s3.localhost
		rgw_enable_ops_log = false
		rgw_enable_usage_log = false
		rgw_dynamic_resharding = false
		rgw_override_bucket_index_max_shards = 1
		rgw_thread_pool_size = 64
		# Encryption also over HTTP; two keys in place of a key server.
		rgw_crypt_require_ssl = false
		rgw_crypt_s3_kms_backend = testing
		rgw_crypt_s3_kms_encryption_keys = testkey-1=YmluCmJvb3N0CmJvb3N0LWJ1aWxkCmNlcGguY29uZgo= testkey-2=aWIKTWFrZWZpbGUKbWFuCm91dApzcmMKVGVzdGluZwo=
		# Deleted bytes leave the memory soon.
		rgw_gc_obj_min_wait = 10
		rgw_gc_processor_period = 10
		rgw_gc_processor_max_time = 10
		# The gateway asks again soon while the store is not up yet.
		objecter_tick_interval = 0.3
	END
}

write_env() {
	cat >"$dir/env" <<-END
		RGW_HTTP=http://127.0.0.1:$((port + 6))
		RGW_HTTPS=https://127.0.0.1:$((port + 7))
		RGW_HTTP_VIRTUAL=http://s3.localhost:$((port + 6))
		RGW_HTTPS_VIRTUAL=https://s3.localhost:$((port + 7))
		RGW_CA=$dir/cert.pem
		RGW_REGION=us-east-1
		RGW_ACCESS_KEY=RGWACCESSKEY00000001
		RGW_SECRET_KEY=rgwsecretkeyrgwsecretkeyrgwsecretkey0001
		RGW_OTHER_ACCESS_KEY=RGWACCESSKEY00000002
		RGW_OTHER_SECRET_KEY=rgwsecretkeyrgwsecretkeyrgwsecretkey0002
	END
	. "$dir/env"
}

admin() {
	timeout 120 radosgw-admin -c "$dir/ceph.conf" -n client.rgw.tests "$@"
}

bring_up() {
	for tool in ceph-mon ceph-osd radosgw radosgw-admin monmaptool openssl curl; do
		command -v $tool >/dev/null || {
			echo "$0: $tool is missing" >&2
			exit 3
		}
	done
	mkdir -p "$dir/monitor" "$dir/store"
	write_config
	write_env
	openssl req -x509 -newkey rsa:2048 -nodes -days 30 -subj /CN=s3.localhost \
		-addext 'subjectAltName=DNS:localhost,DNS:s3.localhost,DNS:*.s3.localhost,IP:127.0.0.1' \
		-keyout "$dir/key.pem" -out "$dir/cert.pem" 2>/dev/null

	monmaptool --create --fsid "$fsid" --addv a "[v2:127.0.0.1:$port/0]" "$dir/monmap" >/dev/null
	ceph-mon -c "$dir/ceph.conf" -i a --mkfs --monmap "$dir/monmap"
	launch monitor ceph-mon -i a
	id=$(cat /proc/sys/kernel/random/uuid)
	timeout 60 ceph -c "$dir/ceph.conf" osd new "$id" 0 >/dev/null
	ceph-osd -c "$dir/ceph.conf" -i 0 --mkfs --osd-uuid "$id" >>"$dir/store.out" 2>&1
	launch store ceph-osd -i 0

	# The first call waits for the store and makes the pools.
	admin user create --uid tests --display-name Tests \
		--access-key "$RGW_ACCESS_KEY" --secret-key "$RGW_SECRET_KEY" >"$dir/users.out"
	admin user create --uid other --display-name Other \
		--access-key "$RGW_OTHER_ACCESS_KEY" --secret-key "$RGW_OTHER_SECRET_KEY" >>"$dir/users.out"
	# The region's name, as a LocationConstraint gives it; and a second storage
	# class, in the pool of the first.
	admin zonegroup get 2>/dev/null |
		sed "s/\"api_name\": \"[^\"]*\"/\"api_name\": \"$RGW_REGION\"/
			s/\"STANDARD\"/\"STANDARD\", \"STANDARD_IA\"/" >"$dir/zonegroup.json"
	admin zonegroup set --infile "$dir/zonegroup.json" >/dev/null 2>&1

	admin zone placement add --rgw-zone default --placement-id default-placement \
		--storage-class STANDARD_IA --data-pool default.rgw.buckets.data >/dev/null 2>&1

	launch gateway radosgw -n client.rgw.tests
	wait_for 300 curl -s -o /dev/null --max-time 2 "$RGW_HTTP/"
}

[ $# -ge 2 ] || usage
mkdir -p "$2"
dir=$(cd "$2" && pwd)
case $1 in
start)
	[ $# -eq 3 ] || usage
	# A shell of its own, as "if" would switch -e off inside a function.
	if ! sh "$0" bring-up "$dir" "$3" >"$dir/start.out" 2>&1; then
		echo "$0: the gateway did not come up:" >&2
		for out in "$dir"/*.out; do
			echo "== $out"
			tail -n 5 "$out"
		done >&2
		stop
		exit 1
	fi
	cat "$dir/env"
	;;
bring-up)
	port=$3
	bring_up
	;;
stop) stop ;;
*) usage ;;
esac
