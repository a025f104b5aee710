#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Compare what the program reads in Python settings with what Python makes of them.

usage: compare.py SHOW-PYTHON FOLDER

Each file of the folder is run by Python and read by the program. A value that the program claims to know must be
Python's; of what it does not know, a comment "# unknown: NAME NAME" in the file has the whole list.
"""

import ast
import os
import pathlib
import random
import re
import subprocess
import sys
import tempfile
import warnings


def plain(value):
    """As a settings file can hold it: no bytes, no sets, no subclasses."""
    if isinstance(value, bytes):
        return value.decode()
    if isinstance(value, (set, frozenset)):
        return sorted(map(plain, value))
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(map(plain, value))
    return value


def run(path):
    names = {}
    exec(compile(path.read_bytes(), path, "exec"), names)  # the corpus is ours
    return {name: value for name, value in names.items() if not name.startswith("__")}


def read(program, path):
    environment = {**os.environ, "ASAN_OPTIONS": "detect_leaks=1:exitcode=99"}
    done = subprocess.run([program, path], capture_output=True, text=True, env=environment, check=False)
    if done.returncode:
        return None, done.stderr
    known, unknown = {}, set()
    for line in done.stdout.splitlines():
        name, equals, literal = line.partition(" = ")
        if equals:
            known[name] = ast.literal_eval(literal)
        else:
            unknown.add(name)
    return known, unknown


def same(ours, due):
    if isinstance(due, (set, frozenset)):
        return sorted(ours) == plain(due)
    due = plain(due)
    return type(ours) is type(due) and repr(ours) == repr(due)


def compare(program, path):
    known, unknown = read(program, path)
    if known is None:
        return [f"{path}: {unknown}"]
    due = run(path)
    bad = [f"{path}: {n} is {due.get(n)!r}, not {v!r}" for n, v in known.items() if n not in due or not same(v, due[n])]
    listed = re.findall(r"^# unknown:(.*)$", path.read_text(), re.M)
    expected = {name for line in listed for name in line.split()}
    if expected != unknown:
        bad.append(f"{path}: not known are {sorted(unknown)}, expected {sorted(expected)}")
    return bad


STRINGS = ["''", "'a'", '"b c"', "r'\\d'", "'\\t\\x41'", "b'raw'", "'''x\ny'''", "u'\\u20ac'", "'%s'", "'{}'"]
NUMBERS = ["0", "1", "7", "0x1F", "1_000", "60", "2.5", "1e3", "True", "False"]


def expression(rng, names, depth=0):
    """A random expression that Python may refuse, too."""
    if depth > 3 or rng.random() < 0.3:
        return rng.choice(rng.choice([STRINGS, NUMBERS, ["None"], names or ["None"]]))
    inner = lambda: expression(rng, names, depth + 1)
    shape = rng.randrange(14)
    if shape == 0:
        return f"[{inner()}, {inner()}]"
    if shape == 1:
        return f"({inner()}, {inner()},)"
    if shape == 2:
        return f"{{'k': {inner()}, {rng.choice(STRINGS[:5])}: {inner()}}}"
    if shape == 3:
        return f"({inner()} if {inner()} else {inner()})"
    if shape == 4:
        return f"(not {inner()})"
    if shape == 5:
        return f"-{inner()}"
    if shape == 6:
        return f"({inner()} % {inner()})"
    if shape == 7:
        return f"'{{}}:{{}}'.format({inner()}, {inner()})"
    if shape == 8 and names:
        return f'f"<{{{rng.choice(names)}}}>"'
    if shape == 9:
        return f"{rng.choice(['int', 'str', 'bool', 'list', 'tuple'])}({inner()})"
    if shape == 10:
        return f"({inner()} {rng.choice(['==', '!=', '<', '>=', 'in', 'not in', 'is', 'and', 'or'])} {inner()})"
    return f"({inner()} {rng.choice(['+', '-', '*', '//', '/', '%', '**', '|', '&', '<<', '>>'])} {inner()})"


def random_file(rng):
    """Assignments of which Python takes each one."""
    lines, names, scope = [], [], {}
    while len(lines) < 60:
        name, text = f"n{len(lines)}", expression(rng, names)
        try:
            value = eval(text, dict(scope))
            # What neither a settings file nor this test's ways can carry.
            if len(repr(value)) > 2000 or isinstance(value, complex) or "inf" in repr(value) or "nan" in repr(value):
                continue
        except Exception:  # whatever Python has against it
            continue
        lines.append(f"{name} = {text}")
        names.append(name)
        scope[name] = value
    return "\n".join(lines) + "\n"


def compare_random(program, seed):
    """What is known of random files must be right; what is not may be more than in the corpus."""
    rng = random.Random(seed)
    bad, total = [], 0
    for number in range(40):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "settings.py"
            path.write_text(random_file(rng))
            known, unknown = read(program, path)
            if known is None:
                bad.append(f"seed {seed}, file {number}: {unknown}")
                continue
            due = run(path)
            total += len(known)
            wrong = [name for name, value in known.items() if not same(value, due[name])]
            lines = dict(line.partition(" = ")[::2] for line in path.read_text().split("\nn"))
            bad += [f"seed {seed}: {n}: {known[n]!r} is not {due[n]!r}\n{lines.get(n[1:])}" for n in wrong]
    if total < 1000:
        bad.append(f"only {total} values were known")
    return bad, total


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    warnings.simplefilter("ignore")  # such as: "is" with a literal
    program, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    files = sorted(folder.glob("*.py"))
    bad = [] if files else ["no files"]
    for path in files:
        bad += compare(program, path)
    more, total = compare_random(program, int(os.environ.get("SEED", random.randrange(10**6))))
    print("\n".join(bad + more) or f"{len(files)} files and {total} random values agree")
    sys.exit(bool(bad + more))


main()
