# SPDX-License-Identifier: MIT
"""The tools: s3storefs url, put, get, ls, check on a bucket of a test."""

import json
import os
import subprocess

import proc


class Tool:
    """
    tool = Tool(bucket)
    tool("ls", "folder", options=["-l"])      s3storefs ls -o ... -l BUCKET folder

    Settings are keywords, of one call or of all. Every end is looked at: no tool may crash.
    """

    def __init__(self, bucket, location="", **settings):
        self.bucket = bucket
        self.word = bucket.name + (f":{location}" if location else "")
        self.settings = settings
        self.environment = {}

    def command(self, name, *words, **settings):
        """The words as they are, behind the settings."""
        command = [proc.PROGRAM, name]
        for option, value in {**self.bucket.options(), **self.settings, **settings}.items():
            if value is not None:
                command += ["-o", option if value is True else f"{option}={value}"]
        return [os.fspath(c) for c in [*command, *words]]

    def run(self, name, *words, data=b"", cwd=None, **settings):
        """The CompletedProcess; stdout and stderr are text, output the bytes of stdout."""
        env = proc.clean_environment(**{**self.bucket.environment(), **self.environment})
        done = subprocess.run(
            self.command(name, *words, **settings), input=data, capture_output=True, timeout=60, env=env, cwd=cwd
        )
        done.output = done.stdout
        done.stdout = done.stdout.decode(errors="backslashreplace")
        done.stderr = done.stderr.decode(errors="backslashreplace")
        assert done.returncode in (0, 1, 2), f"{name} ended with {done.returncode}: {done.stderr[-3000:]}"
        assert not proc.sanitizer_lines(done.stderr), done.stderr[-3000:]
        return done

    def __call__(self, name, *names, options=(), status=0, **more):
        """The bucket stands before the names, of put behind the file."""
        at = 1 if name == "put" else 0
        done = self.run(name, *options, *names[:at], self.word, *names[at:], **more)
        assert done.returncode == status, f"{name} {names}: status {done.returncode}: {done.stdout}{done.stderr}"
        return done

    def json(self, name, *names, options=(), **more):
        """What --json printed."""
        return json.loads(self(name, *names, options=["--json", *options], **more).stdout)

    def url(self, *names, **more):
        """The one URL."""
        text = self("url", *names, **more).stdout
        assert text.count("\n") == 1, text
        return text.strip()
