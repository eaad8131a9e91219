#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Runs public models and compares their outputs with recorded ones, byte by byte.

    utils/golden.sh --subset          what utils/check.sh runs (the table below)
    utils/golden.sh --all             every model, CPU and schedule
    utils/golden.sh --all --write     the same, and docs/generated/golden.md
    utils/golden.sh --model=NAME --cpu=CPU --schedule=SCHEDULE   a part of --all

The models and recordings are not part of the repository: DIR/models/NAME.tflite
and DIR/golden/NAME/{random,smooth}.{in,out}, with DIR given by --shared and
`../shared` otherwise. Without them nothing runs and that is said.

A job is one model on one CPU with one schedule: `tessera run` compiles it,
executes the object on both inputs (one boot) and writes the report. It passes
if both outputs are the recorded bytes, the report has every field, and the
stack is at most 1,024 bytes. After the jobs, arena(stream) and arena(patch)
must be below arena(layer) for each model and CPU that ran both.
"""

import argparse
import concurrent.futures
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass

ROOT = os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))

CPUS = ("host", "cortex-m4", "cortex-m7", "cortex-m33", "cortex-m55")
SCHEDULES = ("layer", "patch", "stream")
VECTORS = ("random", "smooth")

# Model -> the schedules it has. Fully connected layers alone have no rows to
# stream and no patches to cut.
MODELS = {
    "mlperf_resnet8_cifar10": SCHEDULES,
    "mlperf_kws_dscnn": SCHEDULES,
    "mlperf_vww_mbv1_025_96": SCHEDULES,
    "mlperf_ad_toycar_fc": ("layer",),
    "tflm_person_detect_96": SCHEDULES,
    "mcunet_vww1_5fps_80": SCHEDULES,
    "mcunet_in3_320kb_176": SCHEDULES,
    "mbv2_w035_r144_imagenet": SCHEDULES,
}

# What --subset runs: CPU -> models, each in all its schedules.
SUBSET = {
    "host": tuple(MODELS),
    "cortex-m4": tuple(MODELS),
    "cortex-m55": tuple(MODELS),
    "cortex-m7": ("mlperf_resnet8_cifar10", "mcunet_vww1_5fps_80"),
    "cortex-m33": ("mlperf_kws_dscnn", "tflm_person_detect_96"),
}

MAX_STACK_BYTES = 1024
TIMEOUT_SECONDS = 900

REPORT_FIELDS = (
    "arena_bytes", "stack_bytes", "flash_bytes", "weights_bytes", "tables_bytes",
    "code_bytes", "macs", "executed_macs", "recompute_factor", "input_bytes_read",
    "layer_by_layer_bytes")


@dataclass(frozen=True)
class Job:
    model: str
    cpu: str
    schedule: str

    def __str__(self):
        return f"{self.model} {self.cpu} {self.schedule}"


@dataclass
class Outcome:
    job: Job
    error: str  # empty: outputs and report are right
    excess: str  # empty: within MAX_STACK_BYTES
    report: dict
    seconds: float


class JobError(Exception):
    """What went wrong in a job, in one line."""


def tessera(arguments):
    """Runs the driver; raises JobError with the first line of what it printed."""
    command = [os.path.join(ROOT, "build/bin/tessera"), *arguments]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_SECONDS)
    except subprocess.TimeoutExpired:
        raise JobError(f"'{arguments[0]}' took more than {TIMEOUT_SECONDS} s") from None
    if done.returncode != 0:
        lines = (done.stderr or done.stdout).strip().splitlines() or ["no message"]
        raise JobError(f"'{arguments[0]}' failed ({done.returncode}): {lines[0]}")


def firstDifference(actual, expected):
    if len(actual) != len(expected):
        return f"{len(actual)} bytes, recorded are {len(expected)}"
    for index, (a, b) in enumerate(zip(actual, expected)):
        if a != b:
            count = sum(x != y for x, y in zip(actual, expected))
            return f"byte {index} is {a}, recorded is {b}; {count} of {len(actual)} bytes differ"
    return ""


def readBytes(path):
    with open(path, "rb") as stream:
        return stream.read()


def checkReport(report):
    """Raises if a field is missing; returns what is above its limit, or ''."""
    missing = [name for name in REPORT_FIELDS if name not in report]
    if missing:
        raise JobError(f"the report lacks {', '.join(missing)}")
    if report["stack_bytes"] > MAX_STACK_BYTES:
        return f"stack_bytes is {report['stack_bytes']}, the limit is {MAX_STACK_BYTES}"
    return ""


def runJob(job, shared):
    start = time.monotonic()
    report = {}
    error = excess = ""
    model = os.path.join(shared, "models", job.model + ".tflite")
    recorded = os.path.join(shared, "golden", job.model)
    try:
        with tempfile.TemporaryDirectory(prefix="tessera-golden-") as directory:
            reportPath = os.path.join(directory, "report.json")
            files = []
            for vector in VECTORS:
                files.append("--input-file=" + os.path.join(recorded, vector + ".in"))
                files.append("--output-file=" + os.path.join(directory, vector))
            tessera(["run", model, f"--cpu={job.cpu}", f"--schedule={job.schedule}",
                     f"--report={reportPath}", *files])
            with open(reportPath, encoding="utf-8") as stream:
                report = json.load(stream)
            for vector in VECTORS:
                difference = firstDifference(
                    readBytes(os.path.join(directory, vector)),
                    readBytes(os.path.join(recorded, vector + ".out")))
                if difference:
                    raise JobError(f"{vector}: {difference}")
            excess = checkReport(report)
    except JobError as caught:
        error = str(caught)
    except (OSError, ValueError) as caught:
        error = f"{type(caught).__name__}: {caught}"
    return Outcome(job, error, excess, report, time.monotonic() - start)


def selectJobs(options):
    if options.subset:
        chosen = {cpu: models for cpu, models in SUBSET.items()}
    else:
        chosen = {cpu: tuple(MODELS) for cpu in CPUS}
    return [
        Job(model, cpu, schedule)
        for cpu, models in chosen.items() if options.cpu in (None, cpu)
        for model in models if options.model in (None, model)
        for schedule in MODELS[model] if options.schedule in (None, schedule)]


def compareArenas(outcomes):
    """Complaints, one line each, and the number of comparisons."""
    arenas = {o.job: o.report.get("arena_bytes") for o in outcomes if not o.error}
    complaints = []
    count = 0
    for job, arena in arenas.items():
        layer = arenas.get(Job(job.model, job.cpu, "layer"))
        if job.schedule == "layer" or layer is None:
            continue
        count += 1
        if not arena < layer:
            complaints.append(f"{job}: arena_bytes is {arena}, not below layer's {layer}")
    return complaints, count


def stackCell(stackBytes):
    return f"{stackBytes:,}" if stackBytes <= MAX_STACK_BYTES else f"**{stackBytes:,}**"


def writeTable(outcomes, path):
    reports = {o.job: o.report for o in outcomes}
    lines = [
        "# Public models against recorded outputs",
        "",
        "Written by `utils/golden.sh --all --write`, which runs every model below on",
        "every CPU with every schedule it has and compares two recorded outputs of",
        "TensorFlow Lite Micro's reference kernels byte by byte. The page is written",
        "only if all of them agree. The host runs the object in the compiler's own",
        "process, the other CPUs in QEMU.",
        "",
        f"{len(outcomes)} runs of two inputs each. Under a CPU: `arena_bytes` /",
        f"`stack_bytes`, the latter in bold if above {MAX_STACK_BYTES:,}. F is",
        "`recompute_factor` on the host.",
        "",
        "| model | schedule | F | " + " | ".join(CPUS) + " |",
        "| --- | --- | ---: |" + " ---: |" * len(CPUS),
    ]
    for model, schedules in MODELS.items():
        for schedule in schedules:
            cells = [reports[Job(model, cpu, schedule)] for cpu in CPUS]
            factor = cells[0]["recompute_factor"]
            sizes = [f"{c['arena_bytes']:,} / {stackCell(c['stack_bytes'])}" for c in cells]
            lines.append(f"| {model} | {schedule} | {factor:.3f} | " + " | ".join(sizes) + " |")
    with open(path, "w", encoding="utf-8") as stream:
        stream.write("\n".join(lines) + "\n")
    print(f"wrote {os.path.relpath(path, ROOT)}")


def parseArguments():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    extent = parser.add_mutually_exclusive_group()
    extent.add_argument("--all", action="store_true", help="the whole matrix (the default)")
    extent.add_argument("--subset", action="store_true", help="what utils/check.sh runs")
    parser.add_argument("--write", action="store_true", help="write docs/generated/golden.md")
    parser.add_argument("--model", choices=MODELS)
    parser.add_argument("--cpu", choices=CPUS)
    parser.add_argument("--schedule", choices=SCHEDULES)
    parser.add_argument("--shared", default=os.path.join(ROOT, "../shared"))
    parser.add_argument("--jobs", type=int, default=2, help="jobs at the same time (2)")
    options = parser.parse_args()
    if options.write and (options.subset or options.model or options.cpu or options.schedule):
        parser.error("--write needs the whole matrix: give --all and no selection")
    return options


def main():
    options = parseArguments()
    for part in ("models", "golden"):
        if not os.path.isdir(os.path.join(options.shared, part)):
            print(f"skipped: golden: there is no directory '{part}' in {options.shared}: "
                  "the recorded outputs are not compared")
            print("0 passed, 0 failed, 1 skipped")
            return 0

    jobs = selectJobs(options)
    if not jobs:
        print("golden: error: the selection holds no job", file=sys.stderr)
        return 1
    outcomes = []
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        for outcome in pool.map(lambda job: runJob(job, options.shared), jobs):
            outcomes.append(outcome)
            report = outcome.report
            figures = " ".join(
                f"{key}={report[key]}" for key in ("arena_bytes", "stack_bytes") if key in report)
            trouble = outcome.error or outcome.excess
            print(f"{'FAIL' if trouble else 'pass'} {outcome.job} {figures} "
                  f"{outcome.seconds:.1f} s {trouble}".rstrip(), flush=True)

    complaints, comparisons = compareArenas(outcomes)
    for complaint in complaints:
        print("FAIL " + complaint)
    failed = sum(bool(o.error or o.excess) for o in outcomes) + len(complaints)
    passed = len(outcomes) + comparisons - failed
    if options.write and not any(o.error for o in outcomes):
        writeTable(outcomes, os.path.join(ROOT, "docs/generated/golden.md"))
    print(f"{passed} passed, {failed} failed, 0 skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
