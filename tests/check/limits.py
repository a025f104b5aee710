#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Fails if a C file or function is longer than one idea or one screen; clang-tidy has nesting and the rest."""

import pathlib
import sys

FILE_MAX = 500
FUNCTION_MAX = 70


def functions(lines):
    """(line, length) of each body: its braces stand in the first column."""
    start = None
    for number, line in enumerate(lines, 1):
        if line == "{":
            start = number
        elif line == "}" and start is not None:
            yield start, number - start - 1
            start = None


def main():
    top = pathlib.Path(__file__).resolve().parents[2]
    found = 0
    for path in sorted([*top.glob("src/**/*.[ch]"), *top.glob("include/**/*.h")]):
        lines = path.read_text().splitlines()
        name = path.relative_to(top)
        if len(lines) > FILE_MAX:
            print(f"{name}: {len(lines)} lines; {FILE_MAX} is the measure")
            found += 1
        for at, length in functions(lines):
            if length > FUNCTION_MAX:
                print(f"{name}:{at}: a function of {length} lines; {FUNCTION_MAX} is the measure")
                found += 1
    return 1 if found else 0


sys.exit(main())
