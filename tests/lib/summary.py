# SPDX-License-Identifier: MIT
"""The closing line: what Meson's logs, pytest's reports and the runner's own steps add up to."""

import json
import pathlib
import sys
import xml.etree.ElementTree

MESON = {"OK": "passed", "EXPECTEDFAIL": "passed", "SKIP": "skipped"}


def outcomes(folder):
    """Yield (outcome, name) of every test."""
    for path in sorted(folder.glob("*.meson")):
        for line in path.read_text().splitlines():
            test = json.loads(line)
            yield MESON.get(test["result"], "failed"), f"{path.stem}: {test['name']}"
    for path in sorted(folder.glob("*.junit")):
        for case in xml.etree.ElementTree.parse(path).iter("testcase"):
            # A test and its teardown may both fail: it is still one test.
            kinds = {child.tag for child in case}
            outcome = "failed" if kinds & {"failure", "error"} else "skipped" if "skipped" in kinds else "passed"
            yield outcome, f"{case.get('classname')}.{case.get('name')}"
    steps = folder / "steps"
    for line in steps.read_text().splitlines() if steps.exists() else []:
        outcome, name = line.split(" ", 1)
        yield outcome, name


def main():
    # By name, as pytest reports a failed teardown as a case of its own.
    worst = {}
    rank = ["passed", "skipped", "failed"]
    for outcome, name in outcomes(pathlib.Path(sys.argv[1])):
        worst[name] = max(worst.get(name, "passed"), outcome, key=rank.index)
    count = {outcome: sum(1 for o in worst.values() if o == outcome) for outcome in rank}
    for name, outcome in worst.items():
        if outcome != "passed":
            print(f"{outcome}: {name}")
    print(f"{count['passed']} passed, {count['failed']} failed, {count['skipped']} skipped")
    sys.exit(1 if count["failed"] or not count["passed"] else 0)


main()
