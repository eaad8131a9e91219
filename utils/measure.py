#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Measures RAM and instructions of public models; holds them to recorded figures.

    utils/measure.py ram                 every model: arena bytes per input mode
    utils/measure.py instructions        the kernels' models: instructions in QEMU
    ... --write                          records: docs/generated/NAME.{md,json}
    ... --check                          fails if a figure is above the recorded one
    ... MODEL...                         only these models

`ram`: `arena_bytes` and F of `tessera plan --cpu=cortex-m4` with the input
resident and by rows (F = 1.00) and by windows (F <= 1.05), beside the bars of the
planner and what is published; stack of the resident plan. A plan is deterministic:
--check allows nothing above the record.

`instructions`: executed instructions of one inference (QEMU, exact; neither cycles
nor time), schedule `layer`, input resident, on the M4 and the M55; and of `auto`
relative to `layer`. --check allows 2 %.

The models are not part of the repository: DIR/models with DIR given by --shared and
`../shared` otherwise. Without them nothing runs and that is said.
"""

import argparse
import concurrent.futures
import json
import os
import subprocess
import sys
import tempfile
import time

ROOT = os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
GENERATED = os.path.join(ROOT, "docs", "generated")

# Bars on arena bytes: resident F = 1.00, rows F = 1.00, windows F <= 1.05; and what
# was published before, or measured of TensorFlow Lite Micro.
RAM_BARS = {
    "mcunet_vww1_5fps_80": (25400, 18700, 13400, "TFLM 224,580; TinyTS 36,960 / 34,448"),
    "mcunet_in0_10fps_48": (20200, 15500, 10200, "TFLM 163,876; TinyTS 22,752 / 21,792"),
    "mcunet_in1_5fps_96": (35700, 21200, 17700, "TFLM 223,028; TinyTS 42,240 / 29,904"),
    "mcunet_in2_256kb_160": (93900, 66700, 61600, "TFLM 478,756; TinyTS 150,240 / 135,520"),
    "mcunet_in3_320kb_176": (112700, 70200, 70200, "TFLM 503,396; TinyTS 168,256 / 141,104"),
    "mbv2_w035_r144_imagenet": (76800, 32400, 20400, "TFLM 585,684; TinyTS 80,640 / 52,672"),
    "coral_tf2_mbv2_100_224": (231800, 146800, 68000, "TFLM 1,660,116; MCUNetV2 172 kB"),
    "mlperf_vww_mbv1_025_96": (31800, 13800, 11900, "TFLM 100,708; TinyTS 29,568 / 13,824"),
    "tflm_person_detect_96": (17200, 16200, 11600, "TFLM 82,308"),
    "sscma_fomo_mbv2_035_96": (35700, 19000, 11000, "TFLM 241,492"),
    "mlperf_resnet8_cifar10": (14200, 13500, None, "TFLM 54,996; TinyTS 14,272 / 13,568"),
    "mlperf_kws_dscnn": (7000, 6600, None, "TFLM 22,820; TinyTS 9,920"),
}
RAM_MODES = (("resident", "1.0"), ("rows", "1.0"), ("windows", "1.05"))

# Bars on instructions in millions: M4, M55; and TFLM + CMSIS-NN on the same files.
INSTRUCTION_BARS = {
    "mlperf_resnet8_cifar10": (12.5, 2.16, 29.86, 4.91),
    "mlperf_kws_dscnn": (3.2, 0.80, 7.70, 1.81),
    "mlperf_vww_mbv1_025_96": (6.0, 1.5, 24.10, 6.56),
    "tflm_person_detect_96": (8.7, 2.2, 22.93, 6.51),
    "mcunet_vww1_5fps_80": (15.2, 4.0, 48.94, 11.55),
    "mcunet_in2_256kb_160": (88.0, 21.0, 327.5, 69.0),
    "mbv2_w035_r144_imagenet": (31.0, 9.2, 100.9, 27.1),
    "coral_tf2_mbv2_100_224": (320.0, 70.0, 797.0, 176.0),
    "mlperf_ad_toycar_fc": (0.27, 0.055, 0.583, 0.150),
}
CPUS = ("cortex-m4", "cortex-m55")
SLACK = {"ram": 1.0, "instructions": 1.02}


def tessera(args):
    """Runs tessera; its JSON, or the last line of its error."""
    result = subprocess.run([os.path.join(ROOT, "build", "bin", "tessera"), *args],
                            capture_output=True, text=True)
    if result.returncode:
        return (result.stderr.strip().splitlines() or ["no message"])[-1]
    return json.loads(result.stdout)


def measure_ram(model):
    """One row: per input mode arena bytes, F and seconds of planning."""
    row = {}
    for mode, bound in RAM_MODES:
        start = time.monotonic()
        report = tessera(["plan", model, "--cpu=cortex-m4", "--format=json",
                          f"--input={mode}", f"--max-recompute={bound}"])
        if isinstance(report, str):
            row[mode] = None
            row["refused"] = report
            continue
        row[mode] = {"arena_bytes": report["arena_bytes"],
                     "recompute_factor": round(report["recompute_factor"], 4),
                     "layer_by_layer_bytes": report["layer_by_layer_bytes"]}
        row.setdefault("seconds", round(time.monotonic() - start, 1))
    if "refused" not in row:
        row["stack_bytes"] = stack_bytes(model)
    return row


def stack_bytes(model):
    """Stack of the object that `compile` writes with its defaults for the M4."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([os.path.join(ROOT, "build", "bin", "tessera"), "compile", model,
                        "--cpu=cortex-m4", "-o", folder, "--name=model"],
                       check=True, stdout=subprocess.DEVNULL)
        with open(os.path.join(folder, "model.json"), encoding="utf-8") as file:
            return json.load(file)["stack_bytes"]


def measure_instructions(model):
    """One row: instructions of layer and auto, per CPU."""
    row = {}
    for cpu in CPUS:
        for schedule in ("layer", "auto"):
            report = tessera(["bench", model, f"--cpu={cpu}", "--format=json",
                              f"--schedule={schedule}"])
            if isinstance(report, str):
                row["refused"] = report
                return row
            row[f"{cpu} {schedule}"] = {key: report[key] for key in (
                "instructions", "macs", "executed_macs", "arena_bytes", "stack_bytes",
                "code_bytes")}
    return row


def figures(what, row):
    """The numbers of a row that --check holds, by name."""
    if "refused" in row:
        return {}
    if what == "ram":
        return {mode: row[mode]["arena_bytes"] for mode, _ in RAM_MODES}
    return {key: value["instructions"] for key, value in row.items()}


def mark(value, bar):
    return f"{value:,}" if bar is None else f"{value:,} (bar {bar:,}{'' if value <= bar else ', MISSED'})"


def ram_page(rows):
    lines = ["# RAM of public models", "",
             "Written by `utils/measure.py ram --write`: `arena_bytes` of", "`tessera plan --cpu=cortex-m4`,"
             " everything counted (rings, tensors, kernel scratch,", "outputs, and the input where it is resident).",
             "", "| model | layer by layer | resident, F = 1.00 | rows, F = 1.00 | windows, F <= 1.05 "
             "(F) | stack | planned in | published before |",
             "| --- | --- | --- | --- | --- | --- | --- | --- |"]
    ratios = []
    for name in sorted(rows):
        row = rows[name]
        if "refused" in row:
            continue
        bars = RAM_BARS.get(name, (None, None, None, ""))
        layer = row["resident"]["layer_by_layer_bytes"]
        ratios.append(row["resident"]["arena_bytes"] / layer)
        cells = [name, f"{layer:,}"]
        for (mode, _), bar in zip(RAM_MODES, bars):
            cells.append(mark(row[mode]["arena_bytes"], bar))
        cells[-1] += f" ({row['windows']['recompute_factor']:.2f})"
        cells += [f"{row['stack_bytes']:,}", f"{row['seconds']} s", bars[3]]
        lines.append("| " + " | ".join(cells) + " |")
    mean = 1.0
    for ratio in ratios:
        mean *= ratio ** (1 / len(ratios))
    lines += ["", f"{len(ratios)} models; resident arena over layer by layer: geometric mean {mean:.3f}, "
              f"largest {max(ratios):.3f}.", ""]
    return "\n".join(lines)


def instructions_page(rows):
    lines = ["# Instructions of public models", "",
             "Written by `utils/measure.py instructions --write`: instructions executed by one",
             "inference, counted exactly in QEMU. They are not cycles. `layer` = schedule `layer`,",
             "input resident; `auto` = least RAM at F <= 1.05.", "",
             "| model | CPU | TFLM + CMSIS-NN | layer | per MAC | auto / layer | arena auto | stack | code |",
             "| --- | --- | --- | --- | --- | --- | --- | --- | --- |"]
    for name in sorted(rows):
        row = rows[name]
        if "refused" in row:
            continue
        bars = INSTRUCTION_BARS.get(name)
        for number, cpu in enumerate(CPUS):
            layer, auto = row[f"{cpu} layer"], row[f"{cpu} auto"]
            millions = layer["instructions"] / 1e6
            cell = f"{millions:.3f} M"
            peer = "–"
            if bars:
                bar = bars[number]
                cell += f" (bar {bar} M{'' if millions <= bar else ', MISSED'})"
                peer = f"{bars[2 + number]} M"
            lines.append(f"| {name} | {cpu} | {peer} | {cell} | "
                         f"{layer['instructions'] / max(1, layer['executed_macs']):.2f} | "
                         f"{auto['instructions'] / layer['instructions']:.3f} | {auto['arena_bytes']:,} | "
                         f"{max(layer['stack_bytes'], auto['stack_bytes']):,} | {layer['code_bytes']:,} |")
    return "\n".join(lines + [""])


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("what", choices=("ram", "instructions"))
    parser.add_argument("models", nargs="*")
    parser.add_argument("--shared", default=os.path.join(ROOT, "..", "shared"))
    parser.add_argument("--write", action="store_true", help="record the figures")
    parser.add_argument("--check", action="store_true", help="fail above the recorded figures")
    args = parser.parse_args()
    folder = os.path.join(args.shared, "models")
    if not os.path.isdir(folder):
        print(f"skipped: no folder {folder}, so shared-models cannot be measured")
        print("0 passed, 0 failed, 1 skipped")
        return 0
    record_file = os.path.join(GENERATED, args.what + ".json")
    recorded = {}
    if args.check:
        with open(record_file, encoding="utf-8") as file:
            recorded = json.load(file)
    names = args.models or (sorted(recorded) if args.check else None)
    if names is None:
        names = (sorted(f[:-7] for f in os.listdir(folder) if f.endswith(".tflite"))
                 if args.what == "ram" else sorted(INSTRUCTION_BARS))
    measure = measure_ram if args.what == "ram" else measure_instructions
    paths = [os.path.join(folder, name + ".tflite") for name in names]
    with concurrent.futures.ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        rows = dict(zip(names, pool.map(measure, paths)))

    failed = 0
    for name in names:
        row = rows[name]
        if "refused" in row:
            print(f"{name}: {row['refused']}")
            failed += args.check
            continue
        print(name, ", ".join(f"{key} {value:,}" for key, value in figures(args.what, row).items()),
              f"({row['seconds']} s)" if "seconds" in row else "")
        old = figures(args.what, recorded.get(name, {"refused": ""}))
        above = [f"{key}: {value:,} is above the recorded {old[key]:,}"
                 for key, value in figures(args.what, row).items()
                 if key in old and value > old[key] * SLACK[args.what]]
        for line in above:
            print(f"  {line}")
        failed += bool(above)
    if args.write:
        page = ram_page(rows) if args.what == "ram" else instructions_page(rows)
        with open(record_file[:-5] + ".md", "w", encoding="utf-8") as file:
            file.write(page)
        kept = {name: {key: value for key, value in row.items() if key != "seconds"}
                for name, row in rows.items() if "refused" not in row}
        with open(record_file, "w", encoding="utf-8") as file:
            json.dump(kept, file, indent=1, sort_keys=True)
            file.write("\n")
    print(f"{len(names) - failed} passed, {failed} failed, 0 skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
