# SPDX-License-Identifier: MIT
"""Programs that know nothing of S3."""

import hashlib
import os
import pathlib
import sqlite3

import pytest
from files import MIB, opened, some_bytes
from proc import run, shell


def snapshot(top):
    """name -> content of all files below a folder."""
    top = pathlib.Path(top)
    return {str(p.relative_to(top)): p.read_bytes() for p in top.rglob("*") if p.is_file()}


@pytest.fixture
def tree(tmp_path):
    """A source tree of some hundred files of all sizes from nothing to a few MiB."""
    top = tmp_path / "tree"
    for number in range(300):
        path = top / f"dir{number % 17}" / f"sub {number % 5}" / f"file-{number}.c"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(some_bytes((number * 977) % 20_000, number))
    (top / "large.bin").write_bytes(some_bytes(10 * MIB))
    (top / "empty folder").mkdir()
    return top


def test_cp_r_of_a_tree_and_diff_r_find_no_difference(mount, bucket, tree):
    run("cp", "-r", tree, mount.path / "copy", time_limit=120)
    run("diff", "-r", tree, mount.path / "copy")
    mount.sync()
    stored = {key: data for key, data in bucket.contents("copy/").items() if not key.endswith("/")}
    assert stored == {f"copy/{name}": data for name, data in snapshot(tree).items()}


def test_a_tree_of_system_headers_survives_a_remount(bucket, new_mount):
    source = pathlib.Path("/usr/include/linux")
    first = new_mount(bucket)
    run("cp", "-rL", source, first.path / "linux", time_limit=120)
    first.unmount()
    second = new_mount(bucket)
    run("diff", "-r", source, second.path / "linux", time_limit=60)


def test_cp_a_and_mv_work_and_rm_rf_clears(mount, bucket, tree):
    run("cp", "-a", tree, mount.path / "a", time_limit=120)
    run("mv", mount.path / "a", mount.path / "b")
    run("diff", "-r", tree, mount.path / "b")
    run("rm", "-rf", mount.path / "b")
    mount.sync()
    assert bucket.keys() == []


def test_mv_into_the_mount_and_out_again_keeps_the_content(mount, bucket, tmp_path):
    data = some_bytes(9 * MIB)
    (tmp_path / "f").write_bytes(data)
    run("mv", tmp_path / "f", mount.path / "f")
    assert bucket.read("f") == data
    run("mv", mount.path / "f", tmp_path / "back")
    assert (tmp_path / "back").read_bytes() == data
    mount.sync()
    assert bucket.keys() == []


def test_a_second_rsync_transfers_nothing(mount, tree):
    command = ["rsync", "-a", "--no-perms", "--stats", f"{tree}/", mount.path / "copy"]
    run(*command, time_limit=120)
    run("diff", "-r", tree, mount.path / "copy")
    assert "files transferred: 0" in run(*command).stdout


def test_rsync_after_a_remount_by_size_transfers_nothing_and_a_change_is_seen(bucket, new_mount, tree):
    command = ["rsync", "-r", "--size-only", "--delete", "--stats", f"{tree}/"]
    first = new_mount(bucket)
    run(*command, first.path / "copy", time_limit=120)
    first.unmount()
    second = new_mount(bucket)
    assert "files transferred: 0" in run(*command, second.path / "copy").stdout
    (tree / "dir3" / "sub 3" / "file-3.c").write_bytes(b"another length")
    (tree / "large.bin").unlink()
    assert "files transferred: 1" in run(*command, second.path / "copy").stdout
    run("diff", "-r", tree, second.path / "copy")


def test_tar_packs_and_unpacks_in_the_mount(folder, tree, tmp_path):
    run("tar", "-cf", folder / "all.tar", "-C", tree, ".", time_limit=120)
    (folder / "out").mkdir()
    run("tar", "-xf", folder / "all.tar", "-C", folder / "out", time_limit=120)
    run("diff", "-r", tree, folder / "out")


@pytest.mark.time_limit(180)
def test_git_clones_into_the_mount_commits_and_finds_it_sound(folder, tmp_path, bucket, new_mount):
    env = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "GIT_AUTHOR_NAME": "a",
        "GIT_AUTHOR_EMAIL": "a@localhost",
        "GIT_COMMITTER_NAME": "a",
        "GIT_COMMITTER_EMAIL": "a@localhost",
        "GIT_CONFIG_NOSYSTEM": "1",
    }
    source = tmp_path / "source"
    source.mkdir()
    shell(
        """
        git init -q -b main .
        for n in 1 2 3 4 5; do
            mkdir -p dir$n; seq $((n * 1000)) >dir$n/numbers; echo $n >file$n
            git add . && git commit -q -m "commit $n"
        done
        """,
        cwd=source,
        env=env,
    )
    run("git", "clone", "-q", source, folder / "clone", env=env, time_limit=120)
    shell(
        """
        git fsck --full --strict
        test "$(git status --porcelain)" = ""
        git checkout -q -b work && echo more >>file1 && git commit -q -am more
        git checkout -q main && git merge -q work && git gc -q
        git fsck --full --strict
        test "$(git log --oneline | wc -l)" = 6
        """,
        cwd=folder / "clone",
        env=env,
        time_limit=120,
    )
    other = new_mount(bucket)
    shell("git fsck --full --strict && git diff --quiet", cwd=other.path / "clone", env=env)


def test_sqlite_creates_inserts_and_vacuums(mount, bucket, tmp_path):
    base = sqlite3.connect(mount.path / "base.db", timeout=20)
    base.execute("create table numbers (n integer primary key, text text)")
    base.commit()
    for batch in range(4):
        base.executemany("insert into numbers (text) values (?)", ((f"{batch}-{n}" * 20,) for n in range(500)))
        base.commit()
    base.execute("delete from numbers where n % 3 = 0")
    base.commit()
    base.execute("vacuum")
    base.close()
    (tmp_path / "copy.db").write_bytes(bucket.read("base.db"))
    copy = sqlite3.connect(tmp_path / "copy.db")
    assert copy.execute("pragma integrity_check").fetchone() == ("ok",)
    assert copy.execute("select count(*), sum(n) from numbers").fetchone() == (
        sum(1 for n in range(1, 2001) if n % 3),
        sum(n for n in range(1, 2001) if n % 3),
    )
    mount.sync()
    assert bucket.keys() == ["base.db"]


def test_the_sqlite_program_writes_and_reads_with_a_log_of_its_own(folder):
    script = "create table t (a); insert into t values (1), (2); select sum(a) from t; vacuum;"
    assert run("sqlite3", folder / "cli.db", script).stdout.strip() == "3"
    assert run("sqlite3", folder / "cli.db", "select count(*) from t; pragma integrity_check;").stdout.split() == ["2", "ok"]


def test_dd_writes_into_the_middle_appends_and_seeks(folder, bucket):
    data = bytearray(some_bytes(MIB))
    bucket.put("f", bytes(data))
    shell("printf MIDDLE | dd of=f bs=1 seek=5000 conv=notrunc status=none", cwd=folder)
    data[5000:5006] = b"MIDDLE"
    assert bucket.read("f") == data
    shell("printf TAIL | dd of=f oflag=append conv=notrunc status=none", cwd=folder)
    data += b"TAIL"
    assert bucket.read("f") == data
    shell("printf FAR | dd of=g bs=1000 seek=7 status=none", cwd=folder)
    assert bucket.read("g") == bytes(7000) + b"FAR"
    assert shell("dd if=g bs=1000 skip=7 status=none", cwd=folder).stdout == "FAR"
    shell("dd if=/dev/zero of=h bs=1M count=12 conv=fsync status=none; truncate -s 100 h; truncate -s +20 h", cwd=folder)
    assert bucket.read("h") == bytes(120)


def test_the_shell_empties_makes_and_appends(folder, bucket):
    shell(": >f; echo one >>f; echo two >>f; : >g; >|f cat g; printf x >f", cwd=folder)
    assert bucket.contents() == {"f": b"x", "g": b""}


def test_sed_in_place_and_install_and_touch_work(mount, bucket):
    commands = "printf 'one\\ntwo\\n' >f; sed -i s/two/three/ f; install -m 644 f g; touch new; touch -d 2020-01-01 f"
    shell(commands, cwd=mount.path)
    mount.sync()
    assert bucket.contents() == {"f": b"one\nthree\n", "g": b"one\nthree\n", "new": b""}


def test_md5sum_over_many_files_agrees_with_the_etags(folder, bucket):
    for number in range(50):
        bucket.put(f"{number}", some_bytes(number * 100, number))
    shell("find . -type f | sort | xargs md5sum >/dev/null", cwd=folder)
    for item in bucket.listing():
        data = (folder / item["Key"]).read_bytes()
        assert hashlib.md5(data).hexdigest() == item["ETag"].strip('"')


def test_a_build_in_the_mount_runs(folder):
    shell(
        """
        printf 'int f(void);\\nint f(void) { return 42; }\\n' >f.c
        printf 'int f(void);\\nint main(void) { return f() - 42; }\\n' >main.c
        gcc -c f.c && gcc -c main.c && ar rc libf.a f.o && gcc -o prog main.o libf.a
        ./prog
        """,
        cwd=folder,
        time_limit=50,
    )


def test_du_df_and_find_answer(folder, bucket):
    bucket.put("d/f", some_bytes(100_000))
    assert int(run("du", "-sb", folder / "d").stdout.split()[0]) >= 100_000
    assert "mnt" in run("df", folder).stdout
    assert run("find", folder, "-name", "f").stdout.strip() == str(folder / "d" / "f")


def test_a_file_is_copied_within_the_mount_by_every_way_of_copying(folder, bucket):
    data = some_bytes(9 * MIB + 1)
    bucket.put("a", data)
    run("cp", folder / "a", folder / "b")
    with opened(folder / "a") as source, opened(folder / "c", os.O_WRONLY | os.O_CREAT) as target:
        while os.copy_file_range(source, target, MIB):
            pass
    with opened(folder / "a") as source, opened(folder / "d", os.O_WRONLY | os.O_CREAT) as target:
        while os.sendfile(target, source, None, MIB):
            pass
    for name in "bcd":
        assert bucket.read(name) == data, name
