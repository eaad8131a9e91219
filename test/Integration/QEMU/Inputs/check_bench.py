#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Checks a report of `tessera bench --format=json`: check_bench.py REPORT.json CPU SCHEDULE"""

import json
import sys

FIELDS = {"model", "cpu", "schedule", "instructions", "macs", "executed_macs", "arena_bytes", "stack_bytes", "code_bytes", "layers"}
LAYER_FIELDS = {"name", "op", "kernel", "instructions", "macs"}


def main():
    path, cpu, schedule = sys.argv[1:]
    with open(path, encoding="utf-8") as file:
        report = json.load(file)
    assert FIELDS <= set(report), f"missing: {FIELDS - set(report)}"
    assert (report["cpu"], report["schedule"], report["model"]) == (cpu, schedule, "ds_cnn_small")
    layers = report["layers"]
    for layer in layers:
        assert LAYER_FIELDS == set(layer), set(layer)
        # Each layer is called at least once.
        assert layer["instructions"] > 0, layer
    assert sum(layer["instructions"] for layer in layers) == report["instructions"]
    assert sum(layer["macs"] for layer in layers) == report["executed_macs"]
    assert report["executed_macs"] >= report["macs"]
    assert schedule != "patch" or report["executed_macs"] > report["macs"]
    # No instruction makes more than 16 products.
    assert report["instructions"] > report["macs"] / 16
    convolutions = sum(layer["instructions"] for layer in layers if "CONV_2D" in layer["name"])
    assert convolutions > report["instructions"] / 2, "most of a network of convolutions is convolution"
    assert min(report["arena_bytes"], report["stack_bytes"], report["code_bytes"]) > 0
    # The windows that patches ask for count as callbacks, not as instructions of the model.
    assert (report["callback_instructions"] > 0) == (report["input"] in ("rows", "windows"))


if __name__ == "__main__":
    main()
