# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Compares compiled TOSA models with upstream's own lowering, byte for byte.

    oracle.py --work-dir=DIR --mlir-lib-dir=DIR [--seed=N] [--samples=N] [--run=ARG]...
              [--compiled=MODEL.mlir] MODEL.mlir...

A model is one function @main from i8 tensors to one i8 tensor. What its bytes mean
is said by upstream alone: mlir-opt lowers it (tosa-to-linalg, tosa-to-arith) and
mlir-runner runs it with ORC. `tessera run --cpu=host` gets the same random inputs;
each --run adds an argument to it. The first byte that differs ends the comparison.
--compiled compiles another model than upstream runs: the two must then differ.
"""

import argparse
import os
import random
import re
import subprocess
import sys

MLIR_LIBS = ["libmlir_runner_utils.so", "libmlir_c_runner_utils.so"]

# TOSA to loops in upstream's passes. (Level 8k holds the eight numbers of a rank-4
# padding against the maximal rank of a tensor, six.)
LOWERING = [
    "--tosa-attach-target=profiles=pro_int extensions=doubleround,inexactround level=none",
    "--tosa-to-linalg-pipeline",
    "--tosa-to-arith=include-apply-rescale",
    "--tosa-to-tensor",
    "--canonicalize",
    "--one-shot-bufferize=bufferize-function-boundaries",
    "--convert-linalg-to-loops",
    "--expand-strided-metadata",
    "--lower-affine",
    "--convert-scf-to-cf",
    "--convert-math-to-llvm",
    "--convert-arith-to-llvm",
    "--convert-cf-to-llvm",
    "--finalize-memref-to-llvm",
    "--convert-func-to-llvm",
    "--reconcile-unrealized-casts",
]


# Seconds; the models take less than one.
TIMEOUT = 120


def run(command, **options):
    """Runs a tool; ends this script with the tool's own message if it fails."""
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              timeout=TIMEOUT, **options)
    except subprocess.TimeoutExpired:
        sys.exit(f"{' '.join(command)}: not done after {TIMEOUT} s")
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)} failed with status {done.returncode}:\n"
                 f"{done.stderr.decode().strip()}")
    return done.stdout


class Model:
    """A model's text and the shapes of its inputs and its output."""

    def __init__(self, path):
        self.path = path
        with open(path, encoding="utf-8") as file:
            lines = [line for line in file if not line.lstrip().startswith("//")]
        self.text = "".join(lines)
        match = re.search(r"func\.func @main\((.*?)\)\s*->\s*tensor<([0-9x]+)xi8>", self.text, re.S)
        if not match:
            sys.exit(f"{path}: no function @main from i8 tensors to one i8 tensor")
        self.inputs = [self.shape(text)
                       for text in re.findall(r"tensor<([0-9x]+)xi8>", match.group(1))]
        self.output = self.shape(match.group(2))

    @staticmethod
    def shape(text):
        return [int(size) for size in text.split("x")]

    @staticmethod
    def count(shape):
        product = 1
        for size in shape:
            product *= size
        return product

    def make_inputs(self, generator, sample):
        """Bytes per input: anything, or (every second sample) mostly the ends."""
        choices = list(range(256)) if sample % 2 == 0 else [0x80, 0x7F, 0x00, 0xFF, 0x01]
        return [bytes(generator.choice(choices) for _ in range(self.count(shape)))
                for shape in self.inputs]


def tensor(shape, element):
    return "tensor<" + "x".join(map(str, shape + [element])) + ">"


def entry_text(models, inputs):
    """A module with all models, and an @entry that prints their outputs in turn."""
    parts = ["func.func private @printMemrefI32(memref<*xi32>) "
             "attributes {llvm.emit_c_interface}\n"]
    calls = []
    for index, model in enumerate(models):
        parts.append(model.text.replace("@main", f"@model{index}"))
        in_types = [tensor(shape, "i8") for shape in model.inputs]
        out8, out32 = tensor(model.output, "i8"), tensor(model.output, "i32")
        for sample, data in enumerate(inputs[index]):
            constants = "".join(
                f'  %in{number} = arith.constant dense<"0x{value.hex().upper()}"> : {type_}\n'
                for number, (value, type_) in enumerate(zip(data, in_types)))
            operands = ", ".join(f"%in{number}" for number in range(len(in_types)))
            name = f"@run{index}_{sample}"
            parts.append(
                f"func.func {name}() {{\n{constants}"
                f"  %out = call @model{index}({operands}) : ({', '.join(in_types)}) -> {out8}\n"
                f"  %wide = tosa.cast %out : ({out8}) -> {out32}\n"
                f"  %buffer = bufferization.to_buffer %wide : {out32} to {out32.replace('tensor', 'memref')}\n"
                f"  %any = memref.cast %buffer : {out32.replace('tensor', 'memref')} to memref<*xi32>\n"
                "  call @printMemrefI32(%any) : (memref<*xi32>) -> ()\n  return\n}\n")
            calls.append(f"  call {name}() : () -> ()\n")
    parts.append("func.func @entry() {\n" + "".join(calls) + "  return\n}\n")
    return "\n".join(parts)


def run_upstream(models, inputs, lib_dir, work_dir):
    """Output bytes by model and sample, from upstream's lowering."""
    source = os.path.join(work_dir, "upstream.mlir")
    with open(source, "w", encoding="utf-8") as file:
        file.write(entry_text(models, inputs))
    lowered = run(["mlir-opt", source, *LOWERING])
    # mlir-runner does not know TOSA, of which only the target is left.
    lowered = re.sub(rb"attributes \{tosa\.target_env = .*>\}", b"", lowered, count=1)
    libs = ",".join(os.path.join(lib_dir, name) for name in MLIR_LIBS)
    printed = run(["mlir-runner", "-e", "entry", "--entry-point-result=void",
                   f"--shared-libs={libs}"], input=lowered).decode()
    tensors = [bytes(int(number) & 0xFF for number in re.findall(r"-?\d+", body))
               for body in re.findall(r"data =\s*\n(.*?)(?=\nUnranked|\Z)", printed, re.S)]
    outputs = []
    for model, samples in zip(models, inputs):
        outputs.append([tensors.pop(0) for _ in samples])
        for output in outputs[-1]:
            if len(output) != model.count(model.output):
                sys.exit(f"{model.path}: mlir-runner printed {len(output)} values, "
                         f"not {model.count(model.output)}")
    return outputs


def run_tessera(path, samples, arguments, work_dir):
    """Output bytes by sample, from the object that is compiled from a file."""
    command = ["tessera", "run", path, "--cpu=host", *arguments]
    results = []
    for number, data in enumerate(samples):
        source = os.path.join(work_dir, f"in{number}.bin")
        with open(source, "wb") as file:
            file.write(b"".join(data))
        results.append(os.path.join(work_dir, f"out{number}.bin"))
        command += [f"--input-file={source}", f"--output-file={results[-1]}"]
    run(command)
    outputs = []
    for path in results:
        with open(path, "rb") as file:
            outputs.append(file.read())
    return outputs


def compare(model, sample, expected, actual):
    if len(expected) != len(actual):
        sys.exit(f"{model.path}: {len(actual)} bytes of output, not {len(expected)}")
    for index, (want, got) in enumerate(zip(expected, actual)):
        if want != got:
            differing = sum(a != b for a, b in zip(expected, actual))
            signed = [value - 256 if value > 127 else value for value in (got, want)]
            sys.exit(f"{model.path}: sample {sample}, byte {index}: {signed[0]}, but upstream's "
                     f"lowering gives {signed[1]} ({differing} of {len(expected)} bytes differ)")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("models", nargs="+")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--samples", type=int, default=4)
    parser.add_argument("--work-dir", required=True)
    parser.add_argument("--mlir-lib-dir", required=True)
    parser.add_argument("--run", action="append", default=[])
    parser.add_argument("--compiled")
    options = parser.parse_args()
    os.makedirs(options.work_dir, exist_ok=True)
    generator = random.Random(options.seed)
    models = [Model(path) for path in options.models]
    inputs = [[model.make_inputs(generator, sample) for sample in range(options.samples)]
              for model in models]
    expected = run_upstream(models, inputs, options.mlir_lib_dir, options.work_dir)
    total = 0
    for model, samples, wanted in zip(models, inputs, expected):
        got = run_tessera(options.compiled or model.path, samples, options.run,
                          options.work_dir)
        for sample, (want, have) in enumerate(zip(wanted, got)):
            compare(model, sample, want, have)
            total += len(want)
    print(f"{len(models)} models, {options.samples} samples each, seed {options.seed}: "
          f"{total} bytes equal")


if __name__ == "__main__":
    main()
