#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The demo: a digit classifier that does not fit layer by layer, compiled, run on an emulated Cortex-M7, and judged.

utils/demo.sh builds the compiler and calls this. It
  1. asks for a layer-by-layer program within --ram-limit and shows the refusal,
  2. compiles with the default schedule within the same limit,
  3. runs eight scenes on a Cortex-M7 in QEMU, in one boot, and the same ones on the host,
  4. runs many scenes of the test digits on the host for the accuracy,
  5. prints predictions, accuracy and what each schedule needs.
It exits with 1 when anything is off: no refusal, a plan above the limit, bytes that differ between QEMU, the host and
the exact reference, or an accuracy below the recorded one. Needs numpy (Debian: python3-numpy).
"""

import argparse
import json
import os
import re
import shlex
import subprocess
import sys

import numpy as np

from tessera import demo_data, reference
from tessera.tflite_reader import read

HERE = os.path.dirname(os.path.abspath(__file__))
CPU = "cortex-m7"
SCHEDULES = ("layer", "patch", "stream", "auto")


class DemoError(Exception):
    """What went wrong, as one line."""


def parse_size(text):
    """Bytes of "32KiB", "1MiB" or "32768"."""
    match = re.fullmatch(r"(\d+)(|B|KiB|MiB)", text)
    if not match:
        raise DemoError(f"'{text}' is not a size; write it like 32KiB or 32768")
    return int(match[1]) << {"": 0, "B": 0, "KiB": 10, "MiB": 20}[match[2]]


def kib(count):
    return f"{count / 1024:.1f} KiB"


class Demo:
    def __init__(self, args):
        self.args = args
        self.limit = parse_size(args.ram_limit)
        self.work = args.work
        for folder in ("layer", "auto"):
            os.makedirs(os.path.join(self.work, folder), exist_ok=True)
        with open(os.path.splitext(args.model)[0] + ".json", encoding="utf-8") as file:
            self.record = json.load(file)

    def tessera(self, *arguments, echo=True):
        """Runs the tool and returns the finished process, output captured."""
        command = [self.args.tessera, *arguments]
        if echo:
            print("$ " + shlex.join(os.path.relpath(a) if os.path.exists(a) else a for a in command))
        try:
            return subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
        except FileNotFoundError as error:
            raise DemoError(f"{self.args.tessera} is not there; build it first (utils/demo.sh does)") from error
        except subprocess.TimeoutExpired as error:
            raise DemoError(f"{shlex.join(command[:3])} took longer than ten minutes") from error

    def expect_success(self, process, what):
        if process.returncode:
            lines = (process.stderr or process.stdout).strip().splitlines() or ["no message"]
            raise DemoError(f"{what} failed with exit code {process.returncode}: {lines[0]}")
        return process.stdout

    def show_refusal(self):
        process = self.tessera("compile", self.args.model, "-o", os.path.join(self.work, "layer"), f"--cpu={CPU}",
                               "--schedule=layer", f"--ram-limit={self.args.ram_limit}")
        message = (process.stderr + process.stdout).strip()
        if process.returncode != 1 or not re.search(rf"\b{self.limit}\b|\b{re.escape(self.args.ram_limit)}\b", message):
            raise DemoError(f"layer by layer within {self.args.ram_limit} should have been refused with the limit named; "
                            f"exit code {process.returncode}: {message.splitlines()[0] if message else 'no message'}")
        print("\n".join("  " + line for line in message.splitlines()[:4]) + "\n")

    def compile(self):
        directory = os.path.join(self.work, "auto")
        process = self.tessera("compile", self.args.model, "-o", directory, f"--cpu={CPU}",
                               f"--ram-limit={self.args.ram_limit}")
        self.expect_success(process, "compiling within the limit")
        stem = os.path.join(directory, os.path.splitext(os.path.basename(self.args.model))[0])
        for suffix in (".o", ".h", ".json"):
            if not os.path.exists(stem + suffix):
                raise DemoError(f"the compiler did not write {stem + suffix}")
        with open(stem + ".json", encoding="utf-8") as file:
            arena = json.load(file)["arena_bytes"]
        if arena > self.limit:
            raise DemoError(f"the program needs {arena} bytes, above the limit of {self.limit}")
        print(f"  fits: {kib(arena)} of RAM\n")

    def run(self, cpu, images, echo=False):
        """Output bytes [n, classes] int8 of one `tessera run` over all images."""
        arguments = []
        for number, image in enumerate(images):
            source = os.path.join(self.work, f"scene{number}.bin")
            demo_data.to_model_input(image).tofile(source)
            arguments += [f"--input-file={source}",
                          f"--output-file={os.path.join(self.work, f'{cpu}{number}.bin')}"]
        if echo:
            print(f"$ {os.path.relpath(self.args.tessera)} run {os.path.relpath(self.args.model)} --cpu={cpu} "
                  f"... {len(images)} scenes, one boot")
        process = self.tessera("run", self.args.model, f"--cpu={cpu}", f"--ram-limit={self.args.ram_limit}", *arguments,
                               echo=False)
        self.expect_success(process, f"running {len(images)} scenes on {cpu}")
        return np.stack([np.fromfile(os.path.join(self.work, f"{cpu}{n}.bin"), np.int8) for n in range(len(images))])

    def compare(self, name, outputs, expected):
        wrong = np.flatnonzero((outputs != expected).any(axis=1))
        if len(wrong):
            raise DemoError(f"{name}: the bytes of scene {wrong[0]} differ (and of {len(wrong) - 1} more)")

    def classify(self):
        glyphs = demo_data.load_test_digits()
        images, labels = demo_data.scenes(*glyphs, self.args.images, self.record["seed"])
        model = read(self.args.model)
        shown = min(8, self.args.images)
        emulated = self.run(CPU, images[:shown], echo=True)
        outputs = self.run("host", images)
        self.compare(f"{CPU} against host", emulated, outputs[:shown])
        exact = np.stack([reference.run(model, [demo_data.to_model_input(image)])[model.outputs[0]][0]
                          for image in images])
        self.compare("host against the exact reference", outputs, exact)
        print("  true digit   " + "  ".join(f"{label:4}" for label in labels[:shown]))
        print("  prediction   " + "  ".join(f"{digit:4}" for digit in emulated.argmax(axis=1)))
        print("  certainty    " + "  ".join(f"{(int(row.max()) + 128) * 100 // 256:3}%" for row in emulated) + "\n")
        accuracy = float((outputs.argmax(axis=1) == labels).mean())
        print(f"accuracy {accuracy:.1%} on {len(images)} scenes (host, byte for byte the reference; {shown} of them in QEMU, "
              f"the same bytes); recorded {self.record['accuracy']:.1%} on {self.record['scenes']}")
        # Two standard deviations of a sample of this size; the recorded set itself must come out as recorded.
        margin = 2 * (self.record["accuracy"] * (1 - self.record["accuracy"]) / len(images)) ** 0.5
        if len(images) == self.record["scenes"]:
            margin = 1e-9
        if accuracy < self.record["accuracy"] - margin:
            raise DemoError(f"the accuracy is {accuracy:.1%}, below the recorded {self.record['accuracy']:.1%}")

    def memory_table(self):
        print(f"\n{'schedule':10}{'RAM (arena)':>14}{'of the limit':>14}{'recompute':>12}")
        for schedule in SCHEDULES:
            arguments = [f"--schedule={schedule}", f"--cpu={CPU}", "--format=json"]
            if schedule == "auto":
                arguments.append(f"--ram-limit={self.args.ram_limit}")
            output = self.expect_success(self.tessera("plan", self.args.model, *arguments, echo=False),
                                         f"planning with --schedule={schedule}")
            plan = json.loads(output)
            arena = plan["arena_bytes"]
            print(f"{schedule:10}{kib(arena):>14}{arena / self.limit:>13.0%} {plan['recompute_factor']:>11.2f}")
            if schedule == "layer" and arena < 3 * self.limit:
                raise DemoError(f"layer by layer needs {arena} bytes, less than three times the limit")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    root = os.path.dirname(HERE)
    parser.add_argument("--tessera", default=os.path.join(root, "build", "bin", "tessera"))
    parser.add_argument("--model", default=os.path.join(HERE, "models", "digits96.tflite"))
    parser.add_argument("--ram-limit", default="32KiB")
    parser.add_argument("--images", type=int, default=200, help="scenes for the accuracy (default 200)")
    parser.add_argument("--work", default=os.path.join(root, "build", "demo"), metavar="DIR")
    args = parser.parse_args()
    try:
        demo = Demo(args)
        demo.show_refusal()
        demo.compile()
        demo.classify()
        demo.memory_table()
    except (DemoError, OSError, KeyError, ValueError) as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main()
