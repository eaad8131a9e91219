#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Runs models of the zoo with every schedule and input mode and compares all output bytes.

    run_schedules.py DIR --cpu CPU[,CPU] --schedule S[,S] --input MODE[,MODE] [--rotate] [--seeds N[,N]] PATTERN...

Files go to DIR. What each run must give, for two input files in one boot:
  - the outputs of python/tessera/reference.py, and of the layer-by-layer run on the host;
  - no more stack than `stack_bytes` (boards), no row of a `rows` input twice, as many bytes of a `windows` input as the
    report says, F = 1 for `layer` and `stream`.
The harness inside `tessera run` fills the arena with garbage made from --garbage-seed and fails if a guard byte around
the arena or the input was written; --seeds runs everything once with each seed. The layer-by-layer run has seed 1: any
other seed proves by itself that the garbage does not matter.
--rotate takes one of the input modes for each model and schedule, the next one each time, instead of all.

EXPECTED_REFUSALS says which models are refused and why: one that compiles although it is listed fails here as well.
"""

import argparse
import json
import os
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "python"))

from tessera import zoo  # noqa: E402
from tessera.reference import run_bytes  # noqa: E402

# Model -> part of the message. These run in no schedule.
EXPECTED_REFUSALS = {
    "mean_channels": "0 MEAN (a mean over channels)",
    "pad_channels": "0 PAD (pads of the batch or of the channels)",
    "pad_nothing": "no layer",
    "reshape_changes_quantisation": "no layer",
}

# (model, schedule) that the network has no plan for, although it has more than one layer: one map row is no window, and a
# patch's stage has one result that is read outside.
CANNOT_FORM = {
    ("autoencoder_small", "stream"), ("autoencoder_small", "patch"),
    ("autoencoder_640", "stream"), ("autoencoder_640", "patch"),
    ("two_outputs_small", "patch"),
}

INPUT_FILES = 2


class Failures:
    """Counts, and prints what failed with the command that shows it again."""

    def __init__(self):
        self.count = 0

    def add(self, command, message):
        self.count += 1
        print(f"FAIL: {message}\n  {' '.join(command)}", flush=True)


class Zoo:
    """Files of the models in a directory, with what their outputs must be."""

    def __init__(self, directory):
        self.directory = directory

    def path(self, name, suffix):
        return os.path.join(self.directory, name + suffix)

    def write(self, name):
        zoo.write(self.directory, name, seed=1, inputs=INPUT_FILES)

    def expected(self, name):
        outputs = []
        for number in range(INPUT_FILES):
            with open(self.path(name, f".in{number}.bin"), "rb") as file:
                outputs.append(run_bytes(zoo.MODELS[name](), file.read()))
        return outputs


def run(files, name, cpu, schedule, mode, seed):
    """One call of `tessera run`: (command, the outputs or None, the report or the message)."""
    outputs = [files.path(name, f".{cpu}{number}.out") for number in range(INPUT_FILES)]
    report = files.path(name, f".{cpu}.json")
    command = ["tessera", "run", files.path(name, ".tflite"), f"--cpu={cpu}", f"--schedule={schedule}", f"--input={mode}",
               f"--garbage-seed={seed}", f"--report={report}"]
    for number, output in enumerate(outputs):
        command += [f"--input-file={files.path(name, f'.in{number}.bin')}", f"--output-file={output}"]
        if os.path.exists(output):
            os.remove(output)
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode != 0:
        return command, None, result.stderr.strip()
    contents = []
    for output in outputs:
        with open(output, "rb") as file:
            contents.append(file.read())
    with open(report, encoding="utf-8") as file:
        return command, contents, json.load(file)


def check_report(report, cpu, schedule, mode, input_bytes):
    """What is wrong with the numbers of a run, or an empty string."""
    if cpu != "host" and not 0 < report["stack_used_bytes"] <= report["stack_bytes"]:
        return f"{report['stack_used_bytes']} bytes of stack used, {report['stack_bytes']} promised"
    if schedule in ("layer", "stream") and report["executed_macs"] != report["macs"]:
        return f"{report['executed_macs']} MACs executed of {report['macs']}"
    asked = {"rows": input_bytes, "windows": report["input_bytes_read"]}.get(mode, 0)
    if report["input_bytes_delivered"] != [asked] * INPUT_FILES:
        return f"callbacks delivered {report['input_bytes_delivered']} bytes, not {asked} each"
    return ""


def check_model(files, name, args, first_mode, failures):
    """Runs a model on every CPU with every schedule. Returns the number of runs that gave outputs."""
    files.write(name)
    command, baseline, message = run(files, name, "host", "layer", "resident", seed="1")
    if name in EXPECTED_REFUSALS:
        if baseline is not None or EXPECTED_REFUSALS[name] not in message:
            failures.add(command, f"{name}: expected a refusal with '{EXPECTED_REFUSALS[name]}', got "
                                  f"{'outputs: remove it from the table' if baseline else message}")
        return 0
    if baseline is None:
        failures.add(command, f"{name}: {message}")
        return 0
    if baseline != files.expected(name):
        failures.add(command, f"{name}: the layer-by-layer run differs from the reference")
        return 0
    input_bytes = os.path.getsize(files.path(name, ".in0.bin"))
    ran = 1
    turn = first_mode
    for cpu in args.cpu:
        for schedule in args.schedule:
            modes = args.input
            if args.rotate:
                modes = [args.input[turn % len(args.input)]]
                turn += 1
            for mode in modes:
                for seed in args.seeds:
                    command, outputs, report = run(files, name, cpu, schedule, mode, seed)
                    what = f"{name} on {cpu}, {schedule}, {mode}, garbage seed {seed}"
                    if (name, schedule) in CANNOT_FORM:
                        if outputs is not None or f"schedule {schedule} needs" not in report:
                            failures.add(command, f"{what}: expected to be refused")
                    elif outputs is None:
                        failures.add(command, f"{what}: {report}")
                    elif outputs != baseline:
                        failures.add(command, f"{what}: the outputs differ")
                    elif problem := check_report(report, cpu, schedule, mode, input_bytes):
                        failures.add(command, f"{what}: {problem}")
                    else:
                        ran += 1
    return ran


def main():
    def split(text):
        return text.split(",")

    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("directory")
    parser.add_argument("patterns", nargs="+", metavar="PATTERN")
    parser.add_argument("--cpu", type=split, required=True)
    parser.add_argument("--schedule", type=split, required=True)
    parser.add_argument("--input", type=split, required=True)
    parser.add_argument("--rotate", action="store_true")
    parser.add_argument("--seeds", type=split, default=["1"])
    args = parser.parse_args()
    os.makedirs(args.directory, exist_ok=True)
    files = Zoo(args.directory)
    failures = Failures()
    start = time.monotonic()
    models = [name for name in zoo.names(args.patterns) if name in zoo.MODELS]
    ran = sum(check_model(files, name, args, index, failures) for index, name in enumerate(models))
    print(f"{len(models)} models, {ran} runs, {failures.count} failures in {time.monotonic() - start:.0f} s")
    return 1 if failures.count or not ran else 0


if __name__ == "__main__":
    sys.exit(main())
