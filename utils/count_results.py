#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Sums test results of JUnit-style XML files (GoogleTest, lit, pytest).

Prints a line per skipped test with its reason, then the line that
utils/check.sh reads: 'N passed, N failed, N skipped'. A missing or unreadable
file counts as one failure.
"""

import sys
import xml.etree.ElementTree as ElementTree


def countFile(path):
    """(passed, failed, skipped) of one file."""
    passed = failed = skipped = 0
    for case in ElementTree.parse(path).iter("testcase"):
        name = f"{case.get('classname', '')}.{case.get('name', '')}"
        reason = case.find("skipped")
        if case.find("failure") is not None or case.find("error") is not None:
            failed += 1
        elif reason is not None:
            skipped += 1
            print(f"skipped: {name}: {reason.get('message') or 'no reason given'}")
        elif case.get("status") == "notrun":
            skipped += 1
            print(f"skipped: {name}: disabled")
        else:
            passed += 1
    return passed, failed, skipped


def main():
    passed = failed = skipped = 0
    for path in sys.argv[1:]:
        try:
            counts = countFile(path)
        except (OSError, ElementTree.ParseError) as error:
            print(f"{path}: {error}", file=sys.stderr)
            counts = (0, 1, 0)
        passed, failed, skipped = (
            a + b for a, b in zip((passed, failed, skipped), counts))
    print(f"{passed} passed, {failed} failed, {skipped} skipped")


if __name__ == "__main__":
    main()
