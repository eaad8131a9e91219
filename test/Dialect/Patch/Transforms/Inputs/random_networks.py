#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Random networks before and after `patch-rewrite-receptive-field`, run on random inputs.

    random_networks.py --seeds FIRST:END [--directory DIR]

Each seed makes a network of patch layers with much to rewrite: weights of zero by
channel and by kernel line, biases that clamp a channel for good, strided 1x1
convolutions, windows that stop short of the end. `tessera run` runs it as it is, with
the attribute that tells the pass it was rewritten before, and as the pass leaves it
(the numbers of channels multiples of 1, 2 or 4). Outputs must agree byte by byte. Fails
as well if a rewrite was never seen, for then nothing was tested. Failures name the seed.
"""

import argparse
import collections
import os
import random
import re
import subprocess
import sys
import tempfile

REWRITES = ("RemovedChannels", "RemovedEnds", "HoistedStride", "TrimmedKernel",
            "HoistedPointwise")


def ints(values):
    return "[" + ", ".join(str(v) for v in values) + "]"


def dense(values, shape):
    """`dense<...>` of a flat list."""
    if len(set(values)) == 1:
        return f"dense<{values[0]}>"
    if len(shape) == 1:
        return f"dense<{ints(values)}>"

    def nest(start, dims):
        if not dims:
            return str(values[start])
        step = 1
        for d in dims[1:]:
            step *= d
        return "[" + ", ".join(nest(start + i * step, dims[1:]) for i in range(dims[0])) + "]"

    return f"dense<{nest(0, shape)}>"


def tensor(shape, element="i8"):
    return f"tensor<{'x'.join(map(str, shape))}x{element}>"


class Network:
    def __init__(self, seed):
        self.random = random.Random(seed)
        self.lines = []
        self.maps = []  # (name, (height, width, channels))
        self.count = 0

    def chance(self, probability):
        return self.random.random() < probability

    def emit(self, text):
        self.lines.append("  " + text)

    def new(self):
        self.count += 1
        return f"%{self.count}"

    def constant(self, values, shape, element):
        name = f"%c{len(self.lines)}"
        self.emit(f"{name} = arith.constant {dense(values, shape)} : {tensor(shape, element)}")
        return name

    def layer(self, text, operands, shape):
        """Adds a layer whose operands are (name, type) pairs; its result becomes a map."""
        name = self.new()
        names = ", ".join(n for n, _ in operands)
        types = ", ".join(t for _, t in operands)
        self.emit(text.replace("$", names, 1) + f" : ({types}) -> {tensor((1, *shape))}")
        self.lines[-1] = f"  {name} = " + self.lines[-1].strip()
        self.maps.append((name, shape))

    def requant(self, channels, exponent):
        count = channels if self.chance(0.5) else 1
        multipliers, exponents = [], []
        for _ in range(count):
            multiplier = self.random.randrange(2**30, 2**31)
            if self.chance(0.1):
                multiplier = -multiplier
            if self.chance(0.05):
                multiplier = 0
            multipliers.append(multiplier)
            exponents.append(exponent + self.random.randrange(-1, 2))
        zero_point = self.random.choice([-128, -128, -128, -7, 20])
        low = self.random.choice([-128, max(-128, zero_point)])
        high = self.random.choice([127, 127, 60])
        rounding = self.random.choice(["tflite"] * 6 + ["single", "double"])
        return (f"#patch.requant<multiplier = {ints(multipliers)}, exponent = {ints(exponents)}, "
                f"zero_point = {zero_point}, min = {low}, max = {high}, rounding = {rounding}>")

    def window(self, size, largest=3):
        """kernel, stride, pads before and after, output; None if nothing fits."""
        kernel = self.random.choice([1, 1, largest, self.random.randrange(1, largest + 1)])
        stride = self.random.choice([1, 1, 2, 3])
        before = self.random.randrange(0, kernel)
        after = self.random.randrange(0, kernel)
        room = size + before + after - kernel
        if room < 0:
            return None
        output = room // stride + 1
        if (output - 1) * stride - before >= size:
            return None
        return kernel, stride, before, after, output

    def windows(self, shape):
        while True:
            y, x = self.window(shape[0]), self.window(shape[1])
            if y and x:
                return y, x

    def weights(self, outer, height, width, inner):
        """[outer, height, width, inner] with whole rows, columns and channels of zeros."""
        rows = [not self.chance(0.25) for _ in range(height)]
        columns = [not self.chance(0.25) for _ in range(width)]
        outers = [not self.chance(0.2) for _ in range(outer)]
        inners = [not self.chance(0.2) for _ in range(inner)]
        return [self.random.randrange(-127, 128)
                if outers[o] and rows[y] and columns[x] and inners[i] and not self.chance(0.2)
                else 0
                for o in range(outer) for y in range(height)
                for x in range(width) for i in range(inner)]

    def bias(self, channels):
        kinds = [0, 0, 0, 500, -500, -10**6, 10**6, -2**31, 2**31 - 1]
        return [self.random.choice(kinds) for _ in range(channels)]

    def zero_point(self):
        return self.random.choice([-128, -128, -128, -7, 20])

    def convolution(self, source, shape):
        y, x = self.windows(shape)
        depthwise = self.chance(0.4)
        channels = (shape[2] * self.random.choice([1, 1, 2]) if depthwise
                    else self.random.randrange(1, 7))
        if channels > 12:
            return
        if depthwise:
            dims = (y[0], x[0], channels)
            weights = self.weights(1, *dims)
        else:
            dims = (channels, y[0], x[0], shape[2])
            weights = self.weights(*dims)
        w = self.constant(weights, dims, "i8")
        b = self.constant(self.bias(channels), (channels,), "i32")
        name = "patch.depthwise_conv2d" if depthwise else "patch.conv2d"
        self.layer(
            f"{name} $ {{stride = array<i32: {y[1]}, {x[1]}>, dilation = array<i32: 1, 1>, "
            f"pad = array<i32: {y[2]}, {y[3]}, {x[2]}, {x[3]}>, input_zp = {self.zero_point()} : i32, "
            f"requant = {self.requant(channels, -8)}}}",
            [(source, tensor((1, *shape))), (w, tensor(dims)), (b, tensor((channels,), "i32"))],
            (y[4], x[4], channels))

    def pool(self, source, shape):
        y, x = self.windows(shape)
        name = self.random.choice(["patch.avg_pool2d", "patch.max_pool2d"])
        self.layer(
            f"{name} $ {{kernel = array<i32: {y[0]}, {x[0]}>, stride = array<i32: {y[1]}, {x[1]}>, "
            f"pad = array<i32: {y[2]}, {y[3]}, {x[2]}, {x[3]}>, "
            f"min = {self.random.choice([-128, -90])} : i32, max = 127 : i32}}",
            [(source, tensor((1, *shape)))], (y[4], x[4], shape[2]))

    def requantize(self, source, shape):
        self.layer(f"patch.requantize $ {{input_zp = {self.zero_point()} : i32, "
                   f"requant = {self.requant(1, 0)}}}", [(source, tensor((1, *shape)))], shape)

    def pad(self, source, shape):
        pads = [self.random.randrange(0, 2) for _ in range(4)]
        self.layer(f"patch.pad $ {{pad = array<i32: {', '.join(map(str, pads))}>, "
                   f"value = {self.zero_point()} : i32}}", [(source, tensor((1, *shape)))],
                   (shape[0] + pads[0] + pads[1], shape[1] + pads[2] + pads[3], shape[2]))

    def add(self, source, shape):
        others = [name for name, other in self.maps if other == shape]
        other = self.random.choice(others)
        t = tensor((1, *shape))
        self.layer(
            f"patch.add $ {{left_shift = 20 : i32, lhs_zp = {self.zero_point()} : i32, "
            f"lhs_multiplier = {self.random.randrange(2**30, 2**31)} : i32, lhs_exponent = 0 : i32, "
            f"rhs_zp = {self.zero_point()} : i32, "
            f"rhs_multiplier = {self.random.randrange(2**30, 2**31)} : i32, rhs_exponent = -1 : i32, "
            f"requant = {self.requant(1, -19)}}}", [(source, t), (other, t)], shape)

    def lookup(self, source, shape):
        table = [self.random.randrange(-128, 128) for _ in range(256)]
        if self.chance(0.3):
            table = sorted(table[:1] * 200 + table[200:])
        self.layer(f"patch.lookup $ {{table = array<i8: {', '.join(map(str, table))}>}}",
                   [(source, tensor((1, *shape)))], shape)

    def resize(self, source, shape):
        if shape[0] * shape[1] > 100:
            return
        self.layer("patch.resize_nearest $ {stride = array<i32: 1, 1>, "
                   "offset = array<i32: 0, 0>, divisor = array<i32: 2, 2>}",
                   [(source, tensor((1, *shape)))], (2 * shape[0], 2 * shape[1], shape[2]))
        if self.chance(0.7):
            # A 1x1 convolution, which can be computed before the resize.
            source, shape = self.maps[-1]
            channels = self.random.randrange(1, 5)
            dims = (channels, 1, 1, shape[2])
            w = self.constant(self.weights(*dims), dims, "i8")
            b = self.constant(self.bias(channels), (channels,), "i32")
            self.layer(
                "patch.conv2d $ {stride = array<i32: 1, 1>, dilation = array<i32: 1, 1>, "
                f"pad = array<i32: 0, 0, 0, 0>, input_zp = {self.zero_point()} : i32, "
                f"requant = {self.requant(channels, -8)}}}",
                [(source, tensor((1, *shape))), (w, tensor(dims)), (b, tensor((channels,), "i32"))],
                (*shape[:2], channels))

    def concat(self, source, shape):
        axis = self.random.choice([1, 3, 3])
        others = [(name, other) for name, other in self.maps
                  if all(other[a] == shape[a] for a in range(3) if a != axis - 1)]
        other, other_shape = self.random.choice(others)
        result = list(shape)
        result[axis - 1] += other_shape[axis - 1]
        if result[0] > 24 or result[2] > 12:
            return
        self.layer(f"patch.concat $ {{axis = {axis} : i32}}",
                   [(source, tensor((1, *shape))), (other, tensor((1, *other_shape)))],
                   tuple(result))

    def head(self, source, shape):
        """A mean, perhaps, and a fully connected layer."""
        if self.chance(0.4):
            self.layer(f"patch.mean $ {{input_zp = {self.zero_point()} : i32, "
                       f"requant = {self.requant(1, -4)}}}", [(source, tensor((1, *shape)))],
                       (1, 1, shape[2]))
            source, shape = self.maps[-1]
        size = shape[0] * shape[1] * shape[2]
        if self.chance(0.5):
            name = self.new()
            flat = (1, 1, size)
            self.emit(f"{name} = patch.reshape {source} : {tensor((1, *shape))} -> {tensor((1, *flat))}")
            source, shape = name, flat
        outputs = self.random.randrange(1, 6)
        w = self.constant(self.weights(outputs, 1, 1, size), (outputs, size), "i8")
        b = self.constant(self.bias(outputs), (outputs,), "i32")
        self.layer(f"patch.fully_connected $ {{input_zp = {self.zero_point()} : i32, "
                   f"requant = {self.requant(outputs, -9)}}}",
                   [(source, tensor((1, *shape))), (w, tensor((outputs, size))),
                    (b, tensor((outputs,), "i32"))], (1, 1, outputs))

    def build(self):
        """The text of the module's function, with %ATTRIBUTES% to be replaced, and the input's bytes."""
        shape = (self.random.randrange(4, 12), self.random.randrange(4, 12),
                 self.random.randrange(1, 4))
        element = "i8"
        if self.chance(0.15):
            # An unsigned input, which begins with its requantisation.
            element = "ui8"
            self.emit(f"%i = patch.requantize %x {{input_zp = {self.random.randrange(256)} : i32, "
                      f"requant = {self.requant(1, 0)}}} : "
                      f"({tensor((1, *shape), element)}) -> {tensor((1, *shape))}")
            self.maps.append(("%i", shape))
        else:
            self.maps.append(("%x", shape))
        layers = [self.convolution] * 8 + [
            self.pool, self.requantize, self.pad, self.add, self.lookup, self.resize, self.concat]
        for _ in range(self.random.randrange(3, 10)):
            # Mostly a chain, sometimes a branch.
            source = self.maps[-1] if self.chance(0.85) else self.random.choice(self.maps)
            self.random.choice(layers)(*source)
        if self.chance(0.6):
            self.head(*self.maps[-1])
        # The last map and what else nobody reads are results.
        results = [m for m in self.maps[1:] if not any(
            re.search(re.escape(m[0]) + r"\b(?! =)", line) for line in self.lines)][-3:]
        names = ", ".join(n for n, _ in results)
        types = ", ".join(tensor((1, *s)) for _, s in results)
        text = (f"func.func @net(%x: {tensor((1, *shape), element)}) -> ({types}) %ATTRIBUTES%{{\n"
                + "\n".join(self.lines) + f"\n  return {names} : {types}\n}}\n")
        return text, shape[0] * shape[1] * shape[2]


def run(command):
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}\n{done.stderr}")
    return done.stderr


def check(seed, directory, seen):
    """Runs the network of a seed with and without the rewrites; returns whether outputs agree."""
    network = Network(seed)
    text, size = network.build()
    if network.count == 0:
        return True
    outputs = []
    inputs = []
    for number in range(2):
        path = os.path.join(directory, f"in{number}")
        with open(path, "wb") as file:
            file.write(bytes(network.random.randrange(256) for _ in range(size)))
        inputs.append(path)
    before = os.path.join(directory, "before.mlir")
    after = os.path.join(directory, "after.mlir")
    with open(after, "w", encoding="utf-8") as file:
        file.write(text.replace("%ATTRIBUTES%", ""))
    multiple = network.random.choice([1, 1, 2, 4])
    remarks = run(["tessera-opt", after,
                   f"--patch-rewrite-receptive-field=channel-multiple={multiple}",
                   "--remarks-filter=patch-rewrite-receptive-field", "-o", after])
    with open(before, "w", encoding="utf-8") as file:
        file.write(text.replace("%ATTRIBUTES%", "attributes {patch.removed_macs = 0 : i64} "))
    for name, path in (("before", before), ("after", after)):
        command = ["tessera", "run", path, "--cpu=host", "--schedule=layer", "--name=net"]
        result = b""
        outs = [os.path.join(directory, f"{name}{i}.out") for i in range(2)]
        for source, out in zip(inputs, outs):
            command += [f"--input-file={source}", f"--output-file={out}"]
        run(command)
        for out in outs:
            with open(out, "rb") as file:
                result += file.read()
        outputs.append(result)
    for rewrite in REWRITES:
        seen[rewrite] += rewrite in remarks
    return outputs[0] == outputs[1]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--seeds", default="0:40", help="FIRST:END")
    parser.add_argument("--directory", help="keep the last network's files here")
    options = parser.parse_args()
    first, end = (int(n) for n in options.seeds.split(":"))
    seen = collections.Counter()
    failed = []
    with tempfile.TemporaryDirectory() as scratch:
        directory = options.directory or scratch
        os.makedirs(directory, exist_ok=True)
        for seed in range(first, end):
            try:
                if not check(seed, directory, seen):
                    failed.append(seed)
                    print(f"seed {seed}: outputs differ")
            except RuntimeError as error:
                failed.append(seed)
                print(f"seed {seed}: {error}")
    missing = [rewrite for rewrite in REWRITES if seen[rewrite] == 0]
    print(f"{end - first} networks, {len(failed)} failed; "
          + ", ".join(f"{seen[r]} with {r}" for r in REWRITES))
    if missing:
        print(f"never seen: {', '.join(missing)}")
    return 1 if failed or missing else 0


if __name__ == "__main__":
    sys.exit(main())
