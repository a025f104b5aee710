# SPDX-License-Identifier: MIT
"""What a machine has around the program: mount(8), /etc, packages. Each test changes a machine that is its own."""

import os

import proc
import pytest

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs a mount namespace")

# Changes below folder $1 are seen by this process and its children alone; what is mounted in here ends with them.
OVERLAY = """
overlay() {
    mkdir -p "$ROOM/$1"; mount -t tmpfs none "$ROOM/$1"; mkdir "$ROOM/$1/upper" "$ROOM/$1/work"
    mount -t overlay none -o "lowerdir=$1,upperdir=$ROOM/$1/upper,workdir=$ROOM/$1/work" "$1"
}
"""


@pytest.fixture
def machine(bucket, tmp_path, settings):
    """machine("SHELL"): runs it with $PROGRAM, $CONF, $MNT and $BUCKET; the CompletedProcess."""
    conf = settings(
        f"AWS_ACCESS_KEY_ID = {bucket.access_key}\nAWS_SECRET_ACCESS_KEY = {bucket.secret_key}\n"
        f"endpoint_url = {bucket.endpoint_url}\naddressing_style = path\n"
    )
    (tmp_path / "mnt").mkdir()
    names = {"PROGRAM": proc.PROGRAM, "CONF": conf, "MNT": tmp_path / "mnt", "ROOM": tmp_path, "BUCKET": bucket.name}

    def run(script, ok=True, **more):
        env = proc.clean_environment(**{k: os.fspath(v) for k, v in {**names, **more}.items()})
        done = proc.run("unshare", "-m", "sh", "-euc", OVERLAY + script, ok=ok, env=env)
        assert not proc.sanitizer_lines(done.stderr), done.stderr
        return done

    return run


FSTAB = """
overlay /usr/sbin
ln -sf "$PROGRAM" /usr/sbin/mount.s3storefs
ln -sf "$PROGRAM" /usr/sbin/s3storefs
export S3STOREFS_CONF="$CONF"
echo "$BUCKET:media $MNT s3storefs _netdev,allow_other 0 0" >"$ROOM/fstab"
mount -a -T "$ROOM/fstab"
"""


def test_mount_a_twice_is_no_error_and_the_source_is_that_of_fstab(machine, bucket):
    done = machine(
        FSTAB + 'mount -a -T "$ROOM/fstab"; grep -c " $MNT " /proc/self/mounts; findmnt -no SOURCE,FSTYPE "$MNT"\n'
        'df --output=source "$MNT" | tail -n 1; echo x >"$MNT/f"; umount "$BUCKET:media"; findmnt "$MNT" || echo gone'
    )
    source = f"{bucket.name}:media"
    assert done.stdout.split() == ["1", source, "fuse.s3storefs", source, "gone"]
    assert bucket.read("media/f") == b"x\n"


def test_remount_changes_what_the_kernel_can_change(machine, bucket):
    done = machine(
        FSTAB + 'options() { findmnt -no VFS-OPTIONS "$MNT"; }\n'
        'mount -o remount,ro "$MNT"; options; (echo x >"$MNT/f") 2>/dev/null || echo read-only\n'
        'mount -T "$ROOM/fstab" -o remount,rw,noexec "$MNT"; options; echo x >"$MNT/f"\n'
        'mount -o remount,exec,attr_timeout=60 "$MNT"; options; umount "$MNT"'
    )
    first, refused, second, third = done.stdout.split()
    assert refused == "read-only"
    assert first == "ro,nosuid,nodev,relatime"
    assert second == "rw,nosuid,nodev,noexec,relatime" and third == "rw,nosuid,nodev,relatime"
    assert done.stderr.count("unmounted and mounted again") == 1
    assert bucket.read("media/f") == b"x\n"


def test_remount_of_what_is_not_mounted_is_told(machine):
    done = machine('"$PROGRAM" "$BUCKET" "$MNT" -o remount,ro', ok=False)
    assert done.returncode == 1 and "no bucket is mounted there" in done.stderr


AS_NOBODY = "env HOME=/ setpriv --reuid=65534 --regid=65534 --clear-groups"
FOR_ROOT_ALONE = 'overlay /etc; install -m 600 "$CONF" /etc/s3storefs.conf; chmod o+x "$ROOM" "$ROOM/.." || :\n'


def test_a_settings_file_for_root_alone_stops_nobody_who_has_keys(machine, bucket):
    bucket.put("a.txt", b"x")
    own = {"AWS_ACCESS_KEY_ID": bucket.access_key, "AWS_SECRET_ACCESS_KEY": bucket.secret_key}
    options = f"-o endpoint_url={bucket.endpoint_url},addressing_style=path"
    command = f'mkdir /run/tool; mount --bind "$(dirname "$PROGRAM")" /run/tool; cd /; {AS_NOBODY} /run/tool/s3storefs ls "$BUCKET"'
    script = f"mount -t tmpfs none /run; {FOR_ROOT_ALONE}{command}"
    done = machine(f"{script} {options}", **own)
    assert done.stdout == "a.txt\n" and done.stderr == ""
    done = machine(f"{script} {options}", ok=False)
    assert done.returncode == 2
    assert "no credentials" in done.stderr and "/etc/s3storefs.conf was left out" in done.stderr
    assert machine(FOR_ROOT_ALONE + '"$PROGRAM" ls "$BUCKET"').stdout == "a.txt\n"
    done = machine(f"{script} -c /etc/s3storefs.conf", ok=False)
    assert done.returncode == 2 and "/etc/s3storefs.conf: Permission denied" in done.stderr


def test_a_background_mount_without_a_syslog_says_so(machine):
    start = '"$PROGRAM" -c "$CONF" "$BUCKET" "$MNT"'
    assert "log_to=" in machine(f'overlay /dev; rm -f /dev/log; {start}; umount "$MNT"').stderr
    done = machine(f'overlay /dev; rm -f /dev/log; {start} -o "log_to=$ROOM/log"; umount "$MNT"')
    assert done.stderr == ""


def test_without_fusermount3_the_package_is_named(machine):
    drop = "setpriv --bounding-set=-sys_admin --inh-caps=-sys_admin"
    done = machine(f'overlay /usr/bin; rm -f /usr/bin/fusermount3; {drop} "$PROGRAM" -c "$CONF" "$BUCKET" "$MNT"', ok=False)
    assert done.returncode == 1 and "install the package fuse3" in done.stderr


def test_the_test_server_is_not_installed():
    text = proc.run("meson", "introspect", "--installed", proc.BUILD).stdout
    assert "bin/s3storefs\"" in text and "testserver" not in text


def test_umount_clears_what_a_killed_daemon_left(machine):
    done = machine(
        '"$PROGRAM" -c "$CONF" "$BUCKET" "$MNT" -o log_to="$ROOM/log"; kill -9 "$(pgrep -f "$PROGRAM -c $CONF")"\n'
        'until ! ls "$MNT" 2>/dev/null; do sleep 0.01; done; "$PROGRAM" umount "$MNT"; findmnt "$MNT" || echo gone'
    )
    assert done.stdout == "gone\n"


QUICKSTART = f"""
mount -t tmpfs none /run; chmod 755 /run; mkdir /run/bin /run/top /run/demo; chown 65534:65534 /run/demo
for tool in sh env id dirname cat tr grep sed awk rm mkdir chmod sleep tail; do ln -s "$(command -v $tool)" /run/bin/; done
printf '#!/bin/sh\\nexit 1\\n' >/run/bin/dpkg-query; chmod 755 /run/bin/dpkg-query
mount --bind "$TOP" /run/top; cd /
{AS_NOBODY} env PATH=/run/bin S3STOREFS_DEMO=/run/demo sh /run/top/docs/quickstart.sh
"""


def test_quickstart_says_what_lacks_before_it_builds(machine):
    done = machine("overlay /dev; chmod 600 /dev/fuse\n" + QUICKSTART, ok=False, TOP=proc.TOP)
    assert done.returncode == 1 and "may not open /dev/fuse" in done.stderr and "building" not in done.stdout


def test_quickstart_without_sudo_names_the_packages(machine):
    done = machine("overlay /dev; chmod 666 /dev/fuse\n" + QUICKSTART, ok=False, TOP=proc.TOP)
    assert done.returncode == 1 and "there is no sudo" in done.stderr
    assert "libfuse3-dev" in done.stderr and "building" not in done.stdout
