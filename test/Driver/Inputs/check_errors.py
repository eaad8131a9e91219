#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Runs `tessera` with everything that it must refuse.

    check_errors.py DIR      DIR holds the zoo's resnet8_small, conv_3x3 and negative_* models

Each case: exit code 1 (not a signal), nothing on standard output, exactly one line on standard error, which begins with
`tessera: ` and has the stated words, and not one file more or less in DIR than before.
"""

import os
import random
import subprocess
import sys

MODEL = "resnet8_small.tflite"
M4 = "--cpu=cortex-m4"
IN = "--input-file=resnet8_small.in0.bin"
OUT = "--output-file=out.bin"

# Arguments, and words of the message in order.
CASES = [
    # Command lines.
    ([], ["no command given", "compile|plan|run|bench"]),
    (["frobnicate"], ["subcommand 'frobnicate'"]),
    (["compile"], ["positional"]),
    (["compile", MODEL], ["--cpu is missing", "cortex-m55"]),
    (["compile", MODEL, MODEL, M4], ["positional"]),
    (["compile", MODEL, M4, "--bogus"], ["--bogus"]),
    (["compile", MODEL, "--cpu=cortex-m0"], ["cortex-m0", "cortex-m4, cortex-m7"]),
    (["compile", MODEL, M4, "--float-abi=weird"], ["weird", "soft, softfp, hard"]),
    (["compile", MODEL, "--cpu=host", "--float-abi=hard"], ["host", "float ABI"]),
    (["compile", MODEL, M4, "--schedule=fast"], ["--schedule", "'fast'", "auto, layer, patch, stream"]),
    (["compile", MODEL, M4, "--input=usb"], ["--input", "'usb'", "resident, external, rows, windows"]),
    (["plan", MODEL, "--format=xml"], ["--format", "'xml'", "text, json"]),
    (["compile", MODEL, M4, "--compile-to=asm"], ["--compile-to", "'asm'", "import, patch, plan, loops, llvm"]),
    (["compile", MODEL, M4, "--ram-limit=lots"], ["--ram-limit", "'lots'", "64KiB"]),
    (["compile", MODEL, M4, "--ram-limit=0"], ["--ram-limit", "'0'"]),
    (["compile", MODEL, M4, "--ram-limit=-4K"], ["--ram-limit", "'-4K'"]),
    (["compile", MODEL, M4, "--ram-limit=99999999999999999999"], ["--ram-limit"]),
    (["compile", MODEL, M4, "--max-recompute=0.9"], ["--max-recompute", "'0.9'", "at least 1"]),
    (["compile", MODEL, M4, "--max-recompute=nan"], ["--max-recompute", "'nan'"]),
    (["compile", MODEL, M4, "--name=3rd"], ["--name", "'3rd'", "C identifier"]),
    (["compile", MODEL, M4, "--name=two-words"], ["--name", "'two-words'", "C identifier"]),
    (["run", MODEL, M4], ["--input-file is missing"]),
    (["run", MODEL, M4, IN], ["1 --input-file but 0 --output-file"]),
    (["bench", MODEL, "--cpu=host"], ["Cortex-M"]),
    # Files and folders.
    (["compile", "missing.tflite", M4], ["'missing.tflite'", "No such file"]),
    (["compile", ".", M4], ["'.'", "folder"]),
    (["compile", MODEL, M4, "-o", "nowhere"], ["'nowhere'", "create it first"]),
    (["compile", MODEL, M4, "--report=nowhere/r.json"], ["nowhere/r.json", "create it first"]),
    (["plan", MODEL, "--report=nowhere/r.json"], ["nowhere/r.json", "create it first"]),
    (["compile", MODEL, M4, "--report=folder"], ["cannot write 'folder'"]),
    (["plan", MODEL, "--report=same", "--html=./same"], ["cannot write './same'", "two results have this name"]),
    (["run", MODEL, "--cpu=host", "--input-file=missing.bin", OUT], ["'missing.bin'", "No such file"]),
    (["run", MODEL, "--cpu=host", f"--input-file={MODEL}", OUT], [MODEL, "bytes but the model's inputs take 768"]),
    (["run", MODEL, "--cpu=host", IN, "--output-file=nowhere/out.bin"], ["nowhere/out.bin", "create it first"]),
    (["run", MODEL, "--cpu=host", IN, "--output-file=folder"], ["cannot write 'folder'"]),
    # Models.
    (["compile", "rubbish.mlir", M4], ["rubbish.mlir:1:1", "unknown"]),
    (["compile", "picture.png", M4], ["'picture.png'", "neither a .tflite file nor MLIR"]),
    (["compile", "empty.mlir", M4], ["'empty.mlir'", "neither a .tflite file nor MLIR"]),
    (["compile", "bytecode.mlirbc", M4], ["bytecode.mlirbc"]),
    (["compile", "dynamic.mlir", M4], ["dynamic.mlir:1", "static"]),
    (["compile", "two.mlir", M4], ["two.mlir:2", "more than one function with a body"]),
    (["compile", "none.mlir", M4], ["no public function"]),
    (["compile", "negative_float_model.tflite", M4], ["FLOAT32", "INT8"]),
    (["compile", "negative_dynamic_shape.tflite", M4], ["static shapes"]),
    (["compile", "negative_unsupported_operators.tflite", M4], ["3 of 4", "0 LSTM (", "1 SVDF (", "2 CUSTOM:MyDetector ("]),
    (["compile", "negative_truncated.tflite", M4], ["truncated"]),
    (["compile", "negative_not_tflite.tflite", M4], ["TFL3"]),
    (["plan", "negative_float_model.tflite"], ["FLOAT32"]),
    (["run", "negative_float_model.tflite", "--cpu=host", IN, OUT], ["FLOAT32"]),
    (["bench", "negative_float_model.tflite", M4], ["FLOAT32"]),
    # Plans that cannot be: how much is needed, where, and what would help.
    (["compile", MODEL, M4, "--ram-limit=100"], ["needs", "bytes but the limit is 100", "the peak is at", "The input takes 768"]),
    (["compile", MODEL, M4, "--ram-limit=100", "--input=rows"], ["needs", "the peak is at", "A higher bound"]),
    (["compile", MODEL, M4, "--ram-limit=1K", "--schedule=layer"], ["limit is 1024", "the peak is at", "Schedule auto"]),
    (["plan", MODEL, "--ram-limit=100", "--input=rows", "--schedule=stream"], ["needs", "the peak is at", "Schedule auto"]),
    (["compile", "conv_3x3.tflite", M4, "--schedule=stream"], ["schedule stream needs", "Schedule layer runs any graph"]),
    (["compile", "conv_3x3.tflite", M4, "--schedule=patch"], ["schedule patch needs", "layer runs any graph"]),
]

FILES = {
    "rubbish.mlir": b"hello, world\n",
    "picture.png": b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1",
    "empty.mlir": b"",
    "bytecode.mlirbc": b"ML\xefR and then something else",
    "dynamic.mlir": b"func.func @f(%a: tensor<1x?x4x4xi8>) -> tensor<1x?x4x4xi8> { return %a : tensor<1x?x4x4xi8> }\n",
    "two.mlir": b"func.func @f() { return }\nfunc.func @g() { return }\n",
    "none.mlir": b"func.func private @f() { return }\n",
}


def damaged(directory):
    """Arguments of compiling damaged copies of a good model: cut short, and with bits flipped. A flipped bit may leave a good
    model (a weight), so that only truncation must be refused."""
    with open(os.path.join(directory, MODEL), "rb") as file:
        good = file.read()
    rng = random.Random(7)
    for number in range(12):
        name = f"truncated{number}.tflite"
        write(directory, name, good[:len(good) * number // 12])
        yield name, True
    for number in range(25):
        data = bytearray(good)
        for _ in range(4):
            data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
        name = f"flipped{number}.tflite"
        write(directory, name, bytes(data))
        yield name, False


def write(directory, name, data):
    with open(os.path.join(directory, name), "wb") as file:
        file.write(data)


def tessera(directory, args):
    result = subprocess.run(["tessera", *args], cwd=directory, capture_output=True, text=True, check=False, timeout=120)
    return result.returncode, result.stdout, result.stderr


def complaint(directory, args, words):
    """What is wrong with how the case is refused, or an empty string."""
    before = sorted(os.listdir(directory))
    code, output, error = tessera(directory, args)
    if code != 1:
        return f"exit code {code}\n{error}"
    if output:
        return f"standard output: {output}"
    if error.count("\n") != 1 or not error.endswith("\n") or not error.startswith("tessera: "):
        return f"not one line that begins with 'tessera: ':\n{error}"
    position = 0
    for word in words:
        position = error.find(word, position)
        if position < 0:
            return f"no '{word}' (in order) in: {error}"
    after = sorted(os.listdir(directory))
    return "" if after == before else f"files before {before}, after {after}"


def main():
    directory = sys.argv[1]
    os.makedirs(os.path.join(directory, "folder"))
    write(os.path.join(directory, "folder"), "full", b"")
    for name, data in FILES.items():
        write(directory, name, data)
    cases = list(CASES)
    seen = {case[0][1] for case in CASES if len(case[0]) > 1}
    cases += [(["compile", name, M4], ["error: "]) for name in sorted(os.listdir(directory))
              if name.startswith("negative_") and name not in seen]
    failures = 0
    flips = 0
    for name, must_fail in list(damaged(directory)):
        if must_fail:
            cases.append((["compile", name, M4], ["error: "]))
            continue
        code, _, error = tessera(directory, ["plan", name])
        flips += 1
        if code not in (0, 1) or (code == 1 and not error.startswith("tessera: ")):
            failures += 1
            print(f"FAIL: tessera plan {name}: exit code {code}\n{error}")
    for args, words in cases:
        if problem := complaint(directory, args, words):
            failures += 1
            print(f"FAIL: tessera {' '.join(args)}: {problem}")
    print(f"{len(cases)} refusals, {flips} flipped files, {failures} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
