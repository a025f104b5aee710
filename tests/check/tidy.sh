#!/bin/sh
# SPDX-License-Identifier: MIT
# Holds .clang-tidy against the program's sources: tidy.sh BUILD, which is a
# build folder that clang has made.
set -eu
cd "$(dirname "$0")/../.."
find src -name '*.c' -print0 | xargs -0 -P "$(nproc)" -n 8 clang-tidy-14 --quiet -p "$1"
