#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Compare the settings' table with --help, s3storefs.conf, the manual pages and the other documents.

usage: docs.py [--write] PROGRAM

s3storefs.conf and what stands between "begin" and "end" in the manual pages come from the program; --write writes
them anew.
"""

import ast
import os
import pathlib
import re
import shutil
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
    text = (TOP / "src/config/settings.c").read_text()
    defaults, names = {}, set()
    for name, aliases, kind, rest in ROW.findall(text):
        names |= {name, short_name(name)}
        names |= set("".join(re.findall(r'"([^"]*)"', aliases)).split())
        if kind != "WORD":
            literal = DEFAULT.search(rest)
            defaults[name] = ast.literal_eval("(" + literal[1] + ")")
    rows = len(re.findall(r'^\{ "', text, re.M))
    if rows != len(ROW.findall(text)) or rows < 70:
        bad.append(f"this check reads {len(ROW.findall(text))} of {rows} rows of src/config/settings.c")
    return defaults, names


def read_help(program):
    text = subprocess.run([program, "--help=all"], capture_output=True, text=True, check=True).stdout
    return {m[1]: (m[2], m[3]) for m in re.finditer(r"^  (\w+)  (\w+)  (\S.*)$", text, re.M)}


def output(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def roff(text):
    """Text as it is, in roff."""
    text = text.replace("\\", "\\e").replace("-", "\\-").replace("'", "\\(aq")
    return re.sub(r"^(?=[.])", r"\\&", text, flags=re.M)


def tools_manual(program):
    names = output(program, "--help").rsplit("Tools:", 1)[1].split()
    parts = [f".SS {name}\n.nf\n{roff(output(program, name, '--help'))}.fi\n" for name in names]
    if len(parts) < 5:
        bad.append("--help names no tools")
    return "".join(parts)


def generated(program):
    """path -> its whole text as it should be."""
    texts = {TOP / "s3storefs.conf": output(program, "--help=conf")}
    blocks = [
        ("s3storefs.conf.5", "settings", output(program, "--help=man")),
        ("s3storefs.conf.5", "s3fs", output(program, "--help=s3fs")),
        ("s3storefs.1", "tools", tools_manual(program)),
    ]
    for name, word, block in blocks:
        path = TOP / "docs" / name
        text = texts.get(path) or path.read_text()
        begin, end = f'.\\" {word} begin\n', f'.\\" {word} end\n'
        if text.count(begin) != 1 or text.count(end) != 1:
            bad.append(f"docs/{name} has no place for {word}")
            continue
        texts[path] = text[: text.index(begin)] + begin + block + text[text.index(end) :]
    return texts


def check_generated(program):
    for path, text in generated(program).items():
        if path.read_text() != text:
            bad.append(f"{path.relative_to(TOP)} is not what the program says: run docs.py --write")


def check_manuals():
    """mandoc finds nothing to complain of."""
    if not shutil.which("mandoc"):
        return
    for page in sorted((TOP / "docs").glob("*.[15]")):
        lint = subprocess.run(["mandoc", "-T", "lint", "-W", "warning", page], capture_output=True, text=True, check=False)
        bad.extend(line for line in lint.stdout.splitlines() if line)


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
    environment = {"AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_CA_BUNDLE", "AWS_SHARED_CREDENTIALS_FILE"}
    environment |= {"AWS_CONFIG_FILE", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"}
    environment |= {"AWS_ENDPOINT_URL_STS", "AWS_STS_REGIONAL_ENDPOINTS", "AWS_METADATA_SERVICE_TIMEOUT"}
    environment |= {"AWS_METADATA_SERVICE_NUM_ATTEMPTS", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_ROLE_ARN", "AWS_ROLE_SESSION_NAME"}
    environment |= {f"AWS_CONTAINER_CREDENTIALS_{name}_URI" for name in ("RELATIVE", "FULL")}
    environment |= {"AWS_CONTAINER_AUTHORIZATION_TOKEN", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"}
    environment |= {f"AWS_EC2_METADATA_{name}" for name in ("DISABLED", "V1_DISABLED", "SERVICE_ENDPOINT", "SERVICE_ENDPOINT_MODE")}
    for path in [TOP / "README.md", *sorted((TOP / "docs").glob("*"))]:
        text = re.sub(r"\\\\(?=-)", "", path.read_text())
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
    *write, program = sys.argv[1:] or [""]
    if not program or write not in ([], ["--write"]):
        sys.exit(__doc__)
    if write:
        for path, text in generated(program).items():
            path.write_text(text)
    defaults, names = read_table()
    helped = read_help(program)
    compare("--help=all", {name: default for name, (_, default) in helped.items()}, defaults)
    bad.extend(f"--help: {name} has short name {short}" for name, (short, _) in helped.items() if short != short_name(name))
    compare("s3storefs.conf", read_sample(), defaults)
    check_generated(program)
    check_manuals()
    check_documents(names)
    check_sample_loads(program)
    print("\n".join(bad) or f"{len(defaults)} settings agree")
    sys.exit(bool(bad))


main()
