#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Compares the kernels of a board's instruction set with the portable ones, bit for bit.

    dsp_layers.py TESSERA [--cpu CPU] [--seed N] [--modules N] [--layers N] [--kind KIND]

Writes modules of random layers of the patch dialect (depthwise convolution, addition, requantisation, pooling), each
with its own input and result, runs each module on the host and on the board in QEMU, and compares the results. Shapes,
strides, pads, dilations, zero points and clamps are random; weights, biases, multipliers and exponents are often
extreme: sums wrap, multipliers are negative, 0 or INT32_MIN. Needs only Python's standard library.
"""

import argparse
import os
import random
import subprocess
import sys
import tempfile

INT32_MIN, INT32_MAX = -(2**31), 2**31 - 1


class Layer:
    """One layer: `operands` and `result` are HxWxC, `text` is MLIR that defines %rN from %aN_0, %aN_1."""

    def __init__(self, kind, operands, result, text):
        self.kind, self.operands, self.result, self.text = kind, operands, result, text


def tensor(shape, element="i8"):
    return f"tensor<1x{'x'.join(map(str, shape))}x{element}>"


def dense(values, dims, element):
    if len(set(values)) == 1:
        return f"dense<{values[0]}> : tensor<{dims}x{element}>"
    width = 1 if element == "i8" else 4
    raw = b"".join(int(v).to_bytes(width, "little", signed=True) for v in values)
    return f'dense<"0x{raw.hex().upper()}"> : tensor<{dims}x{element}>'


def pick_multiplier(rng, wild):
    if wild and rng.random() < 0.3:
        return rng.choice([0, 1, -1, INT32_MIN, INT32_MAX, -INT32_MAX, 1 << 30, -(1 << 30), rng.randrange(-2**31, 2**31)])
    return rng.choice([1 << 30, INT32_MAX, rng.randrange(1 << 30, 1 << 31), rng.randrange(1 << 30, 1 << 31)])


def pick_clamp(rng):
    low, high = sorted((rng.randint(-128, 127), rng.randint(-128, 127)))
    return rng.choice([(-128, 127), (-128, 127), (-128, 127), (low, high), (-128, high)])


def requant(rng, channels, usual, wild):
    """#patch.requant; exponents are about `usual`."""
    count = rng.choice([1, channels])
    multipliers = [pick_multiplier(rng, wild) for _ in range(count)]
    exponents = [max(-31, min(30, usual + rng.randint(-2, 2))) for _ in range(count)]
    if wild:
        exponents = [rng.choice([e, e, e, 0, 1, -1, rng.randint(-31, 30)]) for e in exponents]
    rounding = rng.choice(["tflite"] * 12 + ["double", "single"])
    if rounding != "tflite":
        # Shifts of TOSA's roundings are at least 2.
        exponents = [min(e, 29) for e in exponents]
    zero_point = rng.choice([-128, -128, rng.randint(-128, 127)])
    low, high = pick_clamp(rng)
    return (f"requant = #patch.requant<multiplier = {multipliers}, exponent = {exponents}, zero_point = {zero_point}, "
            f"min = {low}, max = {high}, rounding = {rounding}>")


def extent(rng, kernel, stride, dilation, longest):
    """Size, pads and result size of one axis on which every window reads a tap."""
    while True:
        size = rng.choice([rng.randint(1, 12), rng.randint(1, longest)])
        reach = (kernel - 1) * dilation + 1
        before, after = rng.randint(0, reach - 1), rng.randint(0, reach - 1)
        if rng.random() < 0.5:
            before = after = (reach - 1) // 2
        result = (size + before + after - reach) // stride + 1
        if size + before + after < reach:
            continue
        starts = [o * stride - before for o in range(result)]
        if all(any(0 <= s + dilation * k < size for k in range(kernel)) for s in starts):
            return size, before, after, result


def depthwise(rng, n):
    kernel_y, kernel_x = rng.choice([(3, 3), (3, 3), (5, 5), (7, 7), (rng.randint(1, 8), rng.randint(1, 8))])
    stride_y, stride_x = rng.choice([(1, 1), (2, 2), (rng.randint(1, 3), rng.randint(1, 3))])
    dilation_y, dilation_x = rng.choice([(1, 1), (1, 1), (1, 1), (rng.randint(1, 2), rng.randint(1, 2))])
    height, top, bottom, rows = extent(rng, kernel_y, stride_y, dilation_y, 12)
    width, left, right, columns = extent(rng, kernel_x, stride_x, dilation_x, 70)
    channels = rng.choice([rng.randint(1, 12), rng.randint(1, 70) if width < 16 else rng.randint(1, 20)])
    outputs = channels * rng.choice([1, 1, 1, 1, 2, 3])
    count = kernel_y * kernel_x * outputs
    weights = rng.choice([
        lambda: [rng.randint(-128, 127) for _ in range(count)],
        lambda: [rng.choice([-128, 127]) for _ in range(count)],
        lambda: [-128] * count,
        lambda: [rng.randint(-9, 9) for _ in range(count)],
    ])()
    wild = rng.random() < 0.3
    bias = [rng.randint(-20000, 20000) for _ in range(outputs)]
    if wild:
        bias = [rng.choice([b, b, INT32_MAX, INT32_MIN, rng.randrange(-2**31, 2**31), rng.choice([-1, 1]) << 29])
                for b in bias]
    usual = -round(kernel_y * kernel_x ** 0.5 / 4) - rng.randint(3, 8)
    operand, result = (height, width, channels), (rows, columns, outputs)
    text = f"""
    %w{n} = arith.constant {dense(weights, f"{kernel_y}x{kernel_x}x{outputs}", "i8")}
    %b{n} = arith.constant {dense(bias, outputs, "i32")}
    %r{n} = patch.depthwise_conv2d %a{n}_0, %w{n}, %b{n} {{
      stride = array<i32: {stride_y}, {stride_x}>, dilation = array<i32: {dilation_y}, {dilation_x}>,
      pad = array<i32: {top}, {bottom}, {left}, {right}>, input_zp = {rng.choice([-128, rng.randint(-128, 127)])} : i32,
      {requant(rng, outputs, usual, wild)}}}
      : ({tensor(operand)}, tensor<{kernel_y}x{kernel_x}x{outputs}xi8>, tensor<{outputs}xi32>) -> {tensor(result)}"""
    return Layer("depthwise", [operand], result, text)


def map_shape(rng):
    return rng.randint(1, 9), rng.randint(1, 20), rng.choice([rng.randint(1, 12), rng.randint(1, 70)])


def add(rng, n):
    shape = map_shape(rng)
    wild = rng.random() < 0.3
    left_shift = rng.randint(0, 30) if wild else 20
    exponents = [rng.randint(-31, 30) if wild else -rng.randint(0, 4) for _ in range(2)]
    multipliers = [pick_multiplier(rng, wild) for _ in range(2)]
    if rng.random() < 0.7:  # as TensorFlow Lite has it: the larger scale is halved
        larger = rng.randint(0, 1)
        multipliers[larger], exponents[larger] = 1 << 30, 0
    zero_points = [rng.randint(-128, 127) for _ in range(2)]
    text = f"""
    %r{n} = patch.add %a{n}_0, %a{n}_1 {{left_shift = {left_shift} : i32,
      lhs_zp = {zero_points[0]} : i32, lhs_multiplier = {multipliers[0]} : i32, lhs_exponent = {exponents[0]} : i32,
      rhs_zp = {zero_points[1]} : i32, rhs_multiplier = {multipliers[1]} : i32, rhs_exponent = {exponents[1]} : i32,
      {requant(rng, 1, -rng.randint(17, 21), wild)}}}
      : ({tensor(shape)}, {tensor(shape)}) -> {tensor(shape)}"""
    return Layer("add", [shape, shape], shape, text)


def requantize(rng, n):
    shape = map_shape(rng)
    text = f"""
    %r{n} = patch.requantize %a{n}_0 {{input_zp = {rng.randint(-128, 127)} : i32,
      {requant(rng, 1, rng.randint(-2, 2), rng.random() < 0.3)}}} : ({tensor(shape)}) -> {tensor(shape)}"""
    return Layer("requantize", [shape], shape, text)


def pool(rng, n):
    name = rng.choice(["avg_pool2d", "avg_pool2d", "max_pool2d"])
    channels = rng.choice([rng.randint(1, 12), rng.randint(1, 70)])
    low, high = pick_clamp(rng)
    if rng.random() < 0.4:  # the whole map
        kernel_y, kernel_x = height, width = rng.randint(1, 9), rng.randint(1, 30)
        stride_y = stride_x = top = bottom = left = right = 0
        stride_y = stride_x = rows = columns = 1
    else:
        kernel_y, kernel_x = rng.choice([(2, 2), (3, 3), (rng.randint(1, 5), rng.randint(1, 5))])
        stride_y, stride_x = rng.choice([(kernel_y, kernel_x), (rng.randint(1, 3), rng.randint(1, 3))])
        height, top, bottom, rows = extent(rng, kernel_y, stride_y, 1, 12)
        width, left, right, columns = extent(rng, kernel_x, stride_x, 1, 20)
    operand, result = (height, width, channels), (rows, columns, channels)
    text = f"""
    %r{n} = patch.{name} %a{n}_0 {{kernel = array<i32: {kernel_y}, {kernel_x}>,
      stride = array<i32: {stride_y}, {stride_x}>, pad = array<i32: {top}, {bottom}, {left}, {right}>,
      min = {low} : i32, max = {high} : i32}} : ({tensor(operand)}) -> {tensor(result)}"""
    return Layer(name, [operand], result, text)


def mean(rng, n):
    shape = map_shape(rng)
    text = f"""
    %r{n} = patch.mean %a{n}_0 {{input_zp = {rng.randint(-128, 127)} : i32,
      {requant(rng, 1, -rng.randint(3, 9), rng.random() < 0.3)}}}
      : ({tensor(shape)}) -> {tensor((1, 1, shape[2]))}"""
    return Layer("mean", [shape], (1, 1, shape[2]), text)


KINDS = {"depthwise": depthwise, "add": add, "requantize": requantize, "pool": pool, "mean": mean}


def make_module(layers):
    arguments = ", ".join(f"%a{n}_{i}: {tensor(shape)}" for n, layer in enumerate(layers)
                          for i, shape in enumerate(layer.operands))
    types = ", ".join(tensor(layer.result) for layer in layers)
    body = "".join(layer.text for layer in layers)
    results = ", ".join(f"%r{n}" for n in range(len(layers)))
    return f"module {{\n  func.func @net({arguments}) -> ({types}) {{{body}\n    return {results} : {types}\n  }}\n}}\n"


def size(shape):
    return shape[0] * shape[1] * shape[2]


def shorten(text):
    """The lines of MLIR, without most of long constants."""
    return "\n".join(line if len(line) < 240 else line[:150] + " ... " + line[-80:] for line in text.splitlines())


def run_module(options, seed, folder):
    """Runs one module on both. Returns what differs, one line per layer."""
    rng = random.Random(seed)
    kinds = [options.kind] if options.kind else ["depthwise", "depthwise", *KINDS]
    layers = [KINDS[rng.choice(kinds)](rng, n) for n in range(options.layers)]
    path = os.path.join(folder, f"net{seed}.mlir")
    with open(path, "w", encoding="utf-8") as file:
        file.write(make_module(layers))
    with open(os.path.join(folder, "in.bin"), "wb") as file:
        for layer in layers:
            for shape in layer.operands:
                extreme = rng.random() < 0.2
                file.write(bytes(rng.choice([0x7F, 0x80]) if extreme else rng.randrange(256)
                                 for _ in range(size(shape))))
    outputs = []
    for cpu in ("host", options.cpu):
        outputs.append(os.path.join(folder, f"{cpu}.bin"))
        command = [options.tessera, "run", path, f"--cpu={cpu}", f"--schedule={rng.choice(['auto', 'layer'])}",
                   f"--input-file={folder}/in.bin", f"--output-file={outputs[-1]}"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            return [f"seed {seed}: {' '.join(command)}: {done.stdout}{done.stderr}"]
    expected, actual = (open(name, "rb").read() for name in outputs)
    problems = [] if len(expected) == len(actual) else [f"seed {seed}: {len(actual)} bytes, not {len(expected)}"]
    offset = 0
    for n, layer in enumerate(layers):
        end = offset + size(layer.result)
        wrong = [i for i in range(offset, end) if expected[i:i + 1] != actual[i:i + 1]]
        if wrong:
            first = wrong[0]
            problems.append(f"seed {seed}, layer {n} ({layer.kind}): {len(wrong)} of {end - offset} bytes differ, the "
                            f"first at {first - offset}: {actual[first]} instead of {expected[first]}:\n{shorten(layer.text)}")
        offset = end
    return problems


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("tessera")
    parser.add_argument("--cpu", default="cortex-m4")
    parser.add_argument("--seed", type=int, default=1, help="of the first module")
    parser.add_argument("--modules", type=int, default=4)
    parser.add_argument("--layers", type=int, default=12, help="per module")
    parser.add_argument("--kind", choices=sorted(KINDS))
    options = parser.parse_args()
    problems = []
    for seed in range(options.seed, options.seed + options.modules):
        with tempfile.TemporaryDirectory() as folder:
            problems += run_module(options, seed, folder)
    for problem in problems:
        print(problem)
    print(f"{options.cpu}: seeds {options.seed} to {options.seed + options.modules - 1}, {options.layers} layers each: "
          f"{len(problems)} differ")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
