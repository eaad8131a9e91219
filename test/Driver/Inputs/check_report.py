#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Checks a report of `tessera` against docs/Spec.md.

    check_report.py REPORT.json OBJECT.o HEADER.h     of `tessera compile`: fields, sums, the object's sections
    check_report.py REPORT.json --like OTHER.json     of `tessera plan`: the other one without the object's fields
"""

import json
import re
import subprocess
import sys

FIELDS = {"model", "cpu", "schedule", "input", "arena_bytes", "max_live_bytes", "layer_by_layer_bytes", "peak_layer", "macs",
          "executed_macs", "recompute_factor", "input_bytes_read", "inputs", "outputs", "stages", "layers"}
OBJECT_FIELDS = {"stack_bytes", "flash_bytes", "weights_bytes", "tables_bytes", "code_bytes"}
STAGE_FIELDS = {"layers", "bands", "strips", "halo", "rings", "ring_bytes"}
LAYER_FIELDS = {"name", "op", "kernel", "macs", "executed_macs"}


def load(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def expect(condition, message):
    if not condition:
        sys.exit(f"error: {message}")


def check_plan(report):
    """Fields and sums that every report has."""
    expect(FIELDS <= set(report), f"missing: {FIELDS - set(report)}")
    expect(0 < report["max_live_bytes"] <= report["arena_bytes"], "max_live_bytes must be in (0, arena_bytes]")
    expect(report["arena_bytes"] <= report["layer_by_layer_bytes"], "auto needs more than layer by layer")
    expect(report["macs"] == sum(layer["macs"] for layer in report["layers"]), "macs is not the layers' sum")
    expect(report["executed_macs"] == sum(layer["executed_macs"] for layer in report["layers"]),
           "executed_macs is not the layers' sum")
    factor = report["executed_macs"] / report["macs"]
    expect(abs(report["recompute_factor"] - factor) < 1e-9 and 1 <= factor <= 1.05, f"recompute_factor must be {factor}")
    names = [layer["name"] for layer in report["layers"]]
    expect([name for stage in report["stages"] for name in stage["layers"]] == names, "stages do not hold the layers in order")
    expect(report["peak_layer"] in names, "peak_layer is no layer")
    for stage in report["stages"]:
        expect(set(stage) == STAGE_FIELDS, f"fields of a stage: {set(stage)}")
        expect(len(stage["rings"]) == len(stage["layers"]), "a ring per layer")
    for layer in report["layers"]:
        expect(set(layer) == LAYER_FIELDS, f"fields of a layer: {set(layer)}")
        expect(0 <= layer["macs"] <= layer["executed_macs"], f"macs of {layer['name']}")
    for port in report["inputs"] + report["outputs"]:
        expect({"name", "type", "bytes", "shape", "arena_offset"} <= set(port), f"fields of a port: {set(port)}")
        if port["arena_offset"] is not None:
            expect(0 <= port["arena_offset"] <= report["arena_bytes"] - port["bytes"], f"{port['name']} leaves the arena")


def check_object(report, object_file, header):
    """The object's sections and the header's macros say the same as the report."""
    expect(OBJECT_FIELDS <= set(report), f"missing: {OBJECT_FIELDS - set(report)}")
    expect(0 < report["stack_bytes"] <= 1024, f"stack_bytes is {report['stack_bytes']}")
    expect(report["flash_bytes"] == report["weights_bytes"] + report["tables_bytes"] + report["code_bytes"],
           "flash_bytes is not the sum of its parts")
    listing = subprocess.run(["llvm-size", "-A", object_file], capture_output=True, text=True, check=True).stdout
    sizes = {line.split()[0]: int(line.split()[1]) for line in listing.splitlines() if re.match(r"\.\S+ +\d+ ", line)}
    for field, section in (("weights_bytes", ".rodata.{}.weights"), ("tables_bytes", ".rodata.{}.tables"),
                           ("code_bytes", ".text.{}")):
        name = section.format(report["model"])
        # On the host code has constants of its own (vectors) in other sections.
        exact = report["cpu"] != "host" or field != "code_bytes"
        expect(report[field] == sizes[name] or not exact and report[field] > sizes[name],
               f"{field} is {report[field]}, section {name} has {sizes[name]} bytes")
    with open(header, encoding="utf-8") as file:
        macros = dict(re.findall(r"#define (\w+) (\S+)", file.read()))
    prefix = report["model"].upper()
    expect(int(macros[prefix + "_ARENA_BYTES"]) == report["arena_bytes"], "ARENA_BYTES")
    for kind, ports in (("INPUT", report["inputs"]), ("OUTPUT", report["outputs"])):
        expect(int(macros[f"{prefix}_NUM_{kind}S"]) == len(ports), f"NUM_{kind}S")
        for number, port in enumerate(ports):
            expect(int(macros[f"{prefix}_{kind}{number}_BYTES"]) == port["bytes"], f"bytes of {kind} {number}")
            expect(int(macros[f"{prefix}_{kind}{number}_OFFSET"]) == port["arena_offset"], f"offset of {kind} {number}")


def main():
    report = load(sys.argv[1])
    check_plan(report)
    if sys.argv[2] == "--like":
        other = load(sys.argv[3])
        expect(not OBJECT_FIELDS & set(report), f"a plan has no object: {OBJECT_FIELDS & set(report)}")
        for field in set(other) - OBJECT_FIELDS:
            expect(report[field] == other[field], f"{field} differs: {report[field]} and {other[field]}")
    else:
        check_object(report, sys.argv[2], sys.argv[3])


if __name__ == "__main__":
    main()
