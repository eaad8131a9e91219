#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Stands in for the `tessera` tool in test_demo.py, which tests the demo's own judgement, not the compiler's. It answers
with the exact reference; the environment variable FAULT makes it misbehave in one way."""

import json
import os
import re
import sys

import context  # noqa: F401
from tessera import reference
from tessera.tflite_reader import read

FAULT = os.environ.get("FAULT", "")
ARENA = {"layer": 184320, "patch": 13000, "stream": 22000, "auto": 22000}


def main():
    command, path = sys.argv[1:3]
    options = dict(re.match(r"--([a-z-]+)=(.*)", a).groups() for a in sys.argv[3:] if "=" in a)
    schedule = options.get("schedule", "auto")
    arena = 60000 if FAULT == "too-large" and schedule == "auto" else ARENA[schedule]
    if command == "plan":
        if FAULT == "low-peak":
            arena = min(arena, 90000)
        print(json.dumps({"arena_bytes": arena, "recompute_factor": 1.0}))
    elif command == "compile":
        if schedule == "layer" and FAULT != "no-refusal":
            limit = "" if FAULT == "vague" else " but the limit is 32768"
            sys.exit(f"error: the plan needs {arena} bytes{limit}")
        directory = sys.argv[sys.argv.index("-o") + 1]
        os.makedirs(directory, exist_ok=True)
        for suffix in (".o", ".h", ".json"):
            with open(os.path.join(directory, "digits96" + suffix), "w", encoding="utf-8") as file:
                file.write(json.dumps({"arena_bytes": arena}))
    elif command == "run":
        if FAULT == "crash":
            sys.exit("error: the emulator did not start")
        model = read(path)
        sources = [a.split("=", 1)[1] for a in sys.argv if a.startswith("--input-file=")]
        targets = [a.split("=", 1)[1] for a in sys.argv if a.startswith("--output-file=")]
        for number, (source, target) in enumerate(zip(sources, targets, strict=True)):
            with open(source, "rb") as file:
                output = bytearray(reference.run_bytes(model, file.read()))
            if FAULT == "emulator-differs" and options["cpu"] != "host" and number == 3:
                output[5] ^= 1
            if FAULT == "reference-differs" and number == 5:
                output[0] ^= 1
            with open(target, "wb") as file:
                file.write(output)


if __name__ == "__main__":
    main()
