#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Checks the innermost loops of kernels in an object file's disassembly.

    check_loops.py OBJECT MNEMONIC FUNCTIONS

FUNCTIONS is a regular expression. Every function whose name it matches, and there must be one, has a loop with MNEMONIC;
the innermost loops with MNEMONIC have no call, no division and no access to the stack. A loop is what lies between a
branch backwards and its target; an innermost one has no other in it.
"""

import re
import subprocess
import sys


def functions(path):
    """Name and [(address, mnemonic, operands)] of each function."""
    text = subprocess.run(["llvm-objdump", "-d", "--no-show-raw-insn", "--no-print-imm-hex", path], capture_output=True,
                          text=True, check=True).stdout
    name, body = None, []
    for line in text.splitlines():
        start = re.match(r"[0-9a-f]+ <(.+)>:$", line)
        if start:
            if name:
                yield name, body
            name, body = start.group(1), []
        instruction = re.match(r"\s*([0-9a-f]+):\s+(\S+)\s*(.*)$", line)
        if instruction and name:
            body.append((int(instruction.group(1), 16), instruction.group(2), instruction.group(3)))
    if name:
        yield name, body


def innermost_loops(body):
    spans = []
    for address, mnemonic, operands in body:
        target = re.search(r"0x([0-9a-f]+) <", operands)
        is_branch = mnemonic.startswith(("b", "cb", "le")) and mnemonic not in ("bl", "blx")
        if is_branch and target and int(target.group(1), 16) <= address:
            spans.append((int(target.group(1), 16), address))
    inner = [s for s in spans if not any(t != s and s[0] <= t[0] and t[1] <= s[1] for t in spans)]
    return [[i for i in body if low <= i[0] <= high] for low, high in inner]


def problems(name, body, mnemonic):
    loops = [loop for loop in innermost_loops(body) if any(i[1].startswith(mnemonic) for i in loop)]
    if not loops:
        yield f"{name}: no innermost loop with {mnemonic}"
    for loop in loops:
        for address, op, operands in loop:
            if op in ("bl", "blx") or "div" in op or re.search(r"\bsp\b", operands) or op in ("push", "pop"):
                yield f"{name}: {address:x}: {op} {operands}"


def main():
    path, mnemonic, pattern = sys.argv[1:]
    found = [(name, body) for name, body in functions(path) if re.match(pattern, name)]
    lines = [line for name, body in found for line in problems(name, body, mnemonic)]
    if not found:
        lines = [f"no function matches {pattern}"]
    print("\n".join(lines) if lines else f"{len(found)} kernels: ok")
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main())
