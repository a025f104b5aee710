#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Compare the settings' table with --help, s3storefs.conf and the documents.

usage: docs.py PROGRAM
"""

import ast
import os
import pathlib
import re
import subprocess
import sys
import tempfile

TOP = pathlib.Path(__file__).resolve().parents[2]
ROW = re.compile(r'^\{ "(\w+)", (?:NULL|((?:"[^"]*"\s*)+)),\s*SETTING_(\w+),(.*?)\},$', re.M | re.S)
DEFAULT = re.compile(r'\.default_text =\s*((?:"(?:[^"\\]|\\.)*"\s*)+)')

bad = []


def short_name(name):
    return re.sub(r"^AWS_(S3_)?", "", name).lower()


def read_table():
    """name -> default, and the set of all names that mean something."""
    text = (TOP / "src/settings.c").read_text()
    defaults, names = {}, set()
    for name, aliases, kind, rest in ROW.findall(text):
        names |= {name, short_name(name)}
        names |= set("".join(re.findall(r'"([^"]*)"', aliases)).split())
        if kind != "WORD":
            literal = DEFAULT.search(rest)
            defaults[name] = ast.literal_eval("(" + literal[1] + ")")
    rows = len(re.findall(r'^\{ "', text, re.M))
    if rows != len(ROW.findall(text)) or rows < 70:
        bad.append(f"this check reads {len(ROW.findall(text))} of {rows} rows of src/settings.c")
    return defaults, names


def read_help(program):
    text = subprocess.run([program, "--help"], capture_output=True, text=True, check=True).stdout
    return {m[1]: (m[2], m[3]) for m in re.finditer(r"^  (\w+)  (\w+)  (\S.*)$", text, re.M)}


def read_sample():
    text = (TOP / "s3storefs.conf").read_text()
    for line in text.splitlines():
        if line and not line.startswith("#"):
            bad.append(f"s3storefs.conf: not commented out: {line}")
    return dict(re.findall(r"^#(\w+) = (.*)$", text, re.M))


def compare(what, found, table):
    bad.extend(f"{what} lacks {name}" for name in table.keys() - found.keys())
    bad.extend(f"{what} has {name}, the table has not" for name in found.keys() - table.keys())
    for name in table.keys() & found.keys():
        if found[name] != table[name]:
            bad.append(f"{what}: {name} has default {found[name]}, the table {table[name]}")


def check_documents(names):
    """Every setting that a document names must exist: AWS_ words and -o NAME."""
    environment = {"AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_CA_BUNDLE"}
    for path in [TOP / "README.md", *sorted((TOP / "docs").glob("*"))]:
        text = path.read_text()
        used = set(re.findall(r"\bAWS_[A-Z0-9_]*[A-Z0-9]\b(?!\w|\*)", text)) - environment
        for options in re.findall(r"(?<![\w-])-o +([a-z_]+(?:[=,][^\s`]*)?)", text):
            used |= {word.split("=")[0] for word in options.split(",") if word}
        bad.extend(f"{path.relative_to(TOP)} names {name}, no setting" for name in used - names)


def check_sample_loads(program):
    """With every line active only the mount point is wrong."""
    text = re.sub(r"^#(?=\w+ = )", "", (TOP / "s3storefs.conf").read_text(), flags=re.M)
    with tempfile.TemporaryDirectory() as folder:
        conf = pathlib.Path(folder) / "s3storefs.conf"
        conf.write_text(text)
        conf.chmod(0o600)
        environment = {k: v for k, v in os.environ.items() if not re.match("AWS_|S3|GZIP_|FILE_UPLOAD|USE_TZ", k)}
        result = subprocess.run([program, "-f", "-c", conf, "bucket", f"{folder}/none"],
                                capture_output=True, text=True, env=environment, check=False)
    if result.returncode != 1 or "does not exist" not in result.stderr:
        bad.append(f"s3storefs.conf with every line active: status {result.returncode}: {result.stderr.strip()}")


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    program = sys.argv[1]
    defaults, names = read_table()
    helped = read_help(program)
    compare("--help", {name: default for name, (_, default) in helped.items()}, defaults)
    bad.extend(f"--help: {name} has short name {short}" for name, (short, _) in helped.items() if short != short_name(name))
    compare("s3storefs.conf", read_sample(), defaults)
    check_documents(names)
    check_sample_loads(program)
    print("\n".join(bad) or f"{len(defaults)} settings agree")
    sys.exit(bool(bad))


main()
