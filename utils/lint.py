#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Text rules for the tracked files; utils/lint.sh runs this after clang-format.

Every rule is one function from a file to complaints `(line, message)`; line 0
speaks of the whole file. With --fix, whitespace and executable bits are repaired
first.
"""

import os
import re
import subprocess
import sys
from dataclasses import dataclass

SPDX = "SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception"
MAX_LINES = 600

BRACE_SOURCES = (".h", ".hpp", ".c", ".cc", ".cpp", ".td", ".S", ".s", ".ld", ".fbs", ".inc", ".def")
HASH_SOURCES = (".py", ".sh", ".cmake")
HASH_NAMES = ("CMakeLists.txt", "run", ".clang-tidy")
# Kept exactly as their makers wrote them.
FOREIGN = ("third_party/", "LICENSE")
# Written by tools, checked by utils/update-docs.sh.
GENERATED = ("docs/generated/",)

MACHINE_PATH = re.compile(r"(?<![\w.~)}\]>])/(?:work|root|home)(?![\w-])")
UNFINISHED = re.compile(r"\b(?:TOD[O]|FIXM[E]|XX[X])\b")


@dataclass
class File:
    path: str
    mode: str
    data: bytes

    @property
    def isBinary(self):
        return b"\0" in self.data[:8192]

    @property
    def lines(self):
        return self.data.decode("utf-8", "replace").split("\n")

    @property
    def isHashSource(self):
        name = os.path.basename(self.path)
        return name.endswith(HASH_SOURCES) or name in HASH_NAMES or name.startswith("lit.")

    @property
    def isSource(self):
        return self.isHashSource or self.path.endswith(BRACE_SOURCES)


def licence(file):
    """The SPDX line stands in the header block, or directly below `#!`."""
    if file.isHashSource:
        if not any(SPDX in line for line in file.lines[:2]):
            yield 1, f"the first or second line must be '# {SPDX}'"
    elif file.isSource and not any(SPDX in line for line in file.lines[:12]):
        yield 1, f"the header must contain '{SPDX}'"


def headerNamesFile(file):
    """`//===- Name` in the first line is the name the file has now."""
    match = re.match(r"//===-+ *([\w.\-]+)", file.lines[0])
    if match and match.group(1) != os.path.basename(file.path):
        yield 1, f"the header names '{match.group(1)}'"


def whitespace(file):
    if not file.data:
        return
    if b"\r" in file.data:
        yield 0, "carriage returns"
    if not file.data.endswith(b"\n"):
        yield len(file.lines), "no newline at the end of the file"
    elif file.data.endswith(b"\n\n"):
        yield len(file.lines) - 1, "blank line at the end of the file"
    for number, line in enumerate(file.lines, 1):
        if line != line.rstrip():
            yield number, "trailing whitespace"
        if "\t" in line:
            yield number, "tab"


def machinePaths(file):
    for number, line in enumerate(file.lines, 1):
        match = MACHINE_PATH.search(line)
        if match:
            yield number, f"path of one machine: '{match.group(0)}'"


def unfinished(file):
    for number, line in enumerate(file.lines, 1):
        match = UNFINISHED.search(line)
        if match:
            yield number, f"'{match.group(0)}' marks unfinished work"


def length(file):
    count = len(file.lines) - 1
    if file.isSource and count > MAX_LINES:
        yield 0, f"{count} lines; a source file has at most {MAX_LINES}: split it"


def executableBit(file):
    isScript = file.data.startswith(b"#!")
    if isScript and file.mode != "100755":
        yield 0, "starts with '#!' but is not executable: git update-index --chmod=+x"
    elif not isScript and file.mode == "100755":
        yield 0, "is executable but does not start with '#!'"


def links(file):
    """A relative link of a page leads to a tracked or present file."""
    if not file.path.endswith(".md"):
        return
    for number, line in enumerate(file.lines, 1):
        for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", line):
            if "://" in target or target.startswith("mailto:"):
                continue
            path = os.path.join(os.path.dirname(file.path), target)
            if not os.path.exists(path):
                yield number, f"link to '{target}', which does not exist"


RULES = (licence, headerNamesFile, whitespace, machinePaths, unfinished, length, executableBit, links)
TEXT_ONLY_RULES = (whitespace, machinePaths)


def trackedFiles():
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--stage"], check=True, capture_output=True).stdout
    for entry in listing.decode().split("\0"):
        if not entry:
            continue
        attributes, path = entry.split("\t", 1)
        mode = attributes.split()[0]
        # Links have no text of their own; a deleted file is not there yet.
        if mode != "120000" and os.path.isfile(path):
            with open(path, "rb") as stream:
                yield File(path, mode, stream.read())


def fixWhitespace(file):
    text = file.data.replace(b"\r\n", b"\n")
    lines = [line.rstrip(b" \t") for line in text.split(b"\n")]
    fixed = b"\n".join(lines).rstrip(b"\n") + b"\n" if file.data else b""
    if fixed != file.data:
        with open(file.path, "wb") as stream:
            stream.write(fixed)
        file.data = fixed


def fixExecutableBit(file):
    if file.data.startswith(b"#!") and file.mode != "100755":
        os.chmod(file.path, 0o755)
        subprocess.run(["git", "update-index", "--chmod=+x", file.path], check=True)
        file.mode = "100755"


def main():
    os.chdir(os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
    fix = "--fix" in sys.argv[1:]
    complaints = checked = 0
    for file in trackedFiles():
        if file.path.startswith(FOREIGN) or file.isBinary:
            continue
        if fix:
            fixWhitespace(file)
            fixExecutableBit(file)
        checked += 1
        rules = TEXT_ONLY_RULES if file.path.startswith(GENERATED) else RULES
        for rule in rules:
            for line, message in rule(file):
                print(f"{file.path}:{line}: {message} [{rule.__name__}]")
                complaints += 1
    print(f"lint: {checked} files, {complaints} complaints")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
