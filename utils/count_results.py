#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Sums test results of JUnit-style XML files (GoogleTest, lit, pytest).

    utils/count_results.py [--may-skip=REGEX] FILE...

Prints a line per skipped test with its reason, then the line that
utils/check.sh reads: 'N passed, N failed, N skipped'. A skipped test whose
reason does not match REGEX counts as failed: the machine lacks something that
utils/setup.sh should have installed. So does a missing or unreadable file.
The exit status is 1 if anything failed.
"""

import argparse
import re
import sys
import xml.etree.ElementTree as ElementTree


def countFile(path, maySkip):
    """(passed, failed, skipped) of one file."""
    passed = failed = skipped = 0
    for case in ElementTree.parse(path).iter("testcase"):
        name = f"{case.get('classname', '')}.{case.get('name', '')}"
        skip = case.find("skipped")
        if case.find("failure") is not None or case.find("error") is not None:
            failed += 1
            continue
        if skip is None and case.get("status") != "notrun":
            passed += 1
            continue
        reason = "disabled" if skip is None else skip.get("message") or skip.text or ""
        reason = " ".join(reason.split())
        if maySkip and re.search(maySkip, reason):
            skipped += 1
            print(f"skipped: {name}: {reason}")
        else:
            failed += 1
            print(f"skipped, and so failed: {name}: {reason or 'no reason given'}")
    return passed, failed, skipped


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--may-skip", metavar="REGEX")
    parser.add_argument("files", nargs="+", metavar="FILE")
    options = parser.parse_args()
    passed = failed = skipped = 0
    for path in options.files:
        try:
            counts = countFile(path, options.may_skip)
        except (OSError, ElementTree.ParseError) as error:
            print(f"{path}: {error}", file=sys.stderr)
            counts = (0, 1, 0)
        passed, failed, skipped = (
            a + b for a, b in zip((passed, failed, skipped), counts))
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
