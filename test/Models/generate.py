#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Makes every model of the zoo that the tests use, with inputs and the reference's outputs:

    generate.py DIR [PATTERN...]

DIR gets NAME.tflite, NAME.in0.bin, NAME.in1.bin, NAME.out0.bin, NAME.out1.bin, for negative_NAME only the .tflite. Files
that are there already with the same bytes are left alone, so that a build tool sees no change. Takes two seconds.
"""

import os
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "python"))

from tessera import zoo  # noqa: E402

SEED, INPUTS = 1, 2


def main():
    if len(sys.argv) < 2:
        sys.exit("usage: generate.py DIR [PATTERN...]")
    directory = sys.argv[1]
    os.makedirs(directory, exist_ok=True)
    try:
        chosen = zoo.names(sys.argv[2:])
    except ValueError as error:
        sys.exit(f"error: {error}")
    with tempfile.TemporaryDirectory(dir=directory) as scratch:
        for name in chosen:
            for path in zoo.write(scratch, name, SEED, INPUTS, golden=True):
                target = os.path.join(directory, os.path.basename(path))
                with open(path, "rb") as file:
                    data = file.read()
                if os.path.exists(target):
                    with open(target, "rb") as file:
                        if file.read() == data:
                            continue
                os.replace(path, target)
    print(f"{len(chosen)} models in {directory}, inputs from seed {SEED}")


if __name__ == "__main__":
    main()
