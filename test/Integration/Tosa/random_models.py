# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Writes random quantised TOSA models, one kind of layer or a short chain each.

    random_models.py --seed=N --count=N --out=DIR

The same seed gives the same files. All are legal TOSA: shifts in [2, 62], results
of every rescale fit 32 bits, windows end at the border.
"""

import argparse
import os
import random


class Model:
    """Builds the text of one function, value by value."""

    def __init__(self, generator):
        self.random = generator
        self.lines = []
        self.arguments = []
        self.number = 0

    def name(self):
        self.number += 1
        return f"%v{self.number - 1}"

    @staticmethod
    def type(shape, element="i8"):
        return "tensor<" + "x".join(map(str, list(shape) + [element])) + ">"

    def argument(self, shape):
        name = f"%arg{len(self.arguments)}"
        self.arguments.append(f"{name}: {self.type(shape)}")
        return name

    def const(self, values, shape, element):
        name = f"%c{self.number}"
        self.number += 1
        if element == "i8" and len(values) > 1:
            text = '"0x' + bytes(value & 0xFF for value in values).hex().upper() + '"'
        else:
            text = str(list(values)) if len(values) > 1 else str(values[0])
        if element != "i8" and len(shape) > 1 and len(values) > 1:
            raise ValueError("only bytes have more than one dimension here")
        type_ = self.type(shape, element)
        self.lines.append(f'{name} = "tosa.const"() {{values = dense<{text}> : {type_}}} : () -> {type_}')
        return name

    def shape(self, values):
        name = f"%s{self.number}"
        self.number += 1
        self.lines.append(f"{name} = tosa.const_shape {{values = dense<{list(values)}> : "
                          f"tensor<{len(values)}xindex>}} : () -> !tosa.shape<{len(values)}>")
        return name

    def zero_point(self):
        return self.random.choice([0, -128, 127, self.random.randint(-128, 127)])

    def scalar(self, value, element="i8"):
        return self.const([value], [1], element)

    def op(self, text, operands, types, result):
        name = self.name()
        self.lines.append(f"{name} = {text[0]} {', '.join(operands)} {{{text[1]}}} : "
                          f"({', '.join(types)}) -> {result}")
        return name

    def rescale(self, value, shape, source, target, scales, input_zp=0, output_zp=0, mode=None):
        """`scales`: (multiplier, shift), one or one per channel."""
        mode = mode or self.random.choice(["SINGLE_ROUND", "DOUBLE_ROUND"])
        count = len(scales)
        operands = [value, self.const([m for m, _ in scales], [count], "i32"),
                    self.const([s for _, s in scales], [count], "i8"),
                    self.scalar(input_zp, source), self.scalar(output_zp, target)]
        flags = (f"input_unsigned = false, output_unsigned = false, "
                 f"per_channel = {'true' if count > 1 else 'false'}, rounding_mode = {mode}, "
                 "scale32 = true")
        types = [self.type(shape, source), self.type([count], "i32"), self.type([count], "i8"),
                 self.type([1], source), self.type([1], target)]
        return self.op(("tosa.rescale", flags), operands, types, self.type(shape, target))

    def scale_near(self, factor):
        """A multiplier and shift of about `factor`; round ones, with ties, too."""
        shift = 31
        while factor < 0.5 and shift < 61:
            factor, shift = factor * 2, shift + 1
        while factor >= 1 and shift > 3:
            factor, shift = factor / 2, shift - 1
        multiplier = int(factor * 2 ** 31) + self.random.randint(-5000, 5000)
        if self.random.random() < 0.3:
            multiplier = self.random.choice([1, 3]) << 29
        return min(max(multiplier, 1), 2 ** 31 - 1), shift

    def requantise(self, value, shape, spread):
        """Sums of about +-`spread` to i8, per tensor or per channel."""
        count = self.random.choice([1, shape[-1]])
        scales = [self.scale_near(90 / spread * self.random.uniform(0.5, 1.5))
                  for _ in range(count)]
        return self.rescale(value, shape, "i32", "i8", scales, 0, self.zero_point())

    def finish(self, value, shape):
        body = "".join(f"  {line}\n" for line in self.lines)
        return (f"func.func @main({', '.join(self.arguments)}) -> {self.type(shape)} {{\n"
                f"{body}  return {value} : {self.type(shape)}\n}}\n")


def axis(generator, size, kernels=(1, 2, 3)):
    """Kernel, stride, dilation and pads of one axis, and the sizes read and made."""
    while True:
        kernel, stride = generator.choice(kernels), generator.choice([1, 1, 2])
        dilation = generator.choice([1, 1, 2])
        reach = (kernel - 1) * dilation + 1
        before, after = generator.randint(0, kernel - 1), generator.randint(0, kernel - 1)
        room = size + before + after - reach
        if room < 0:
            continue
        unread = room % stride
        # What stays unread is sliced off, which padding behind it does not allow.
        if unread and (after or size - unread < 1):
            continue
        return kernel, stride, dilation, before, after, size - unread, room // stride + 1


def slice_unread(model, value, shape, read):
    if list(shape) == list(read):
        return value
    operands = [value, model.shape([0] * len(shape)), model.shape(read)]
    kind = f"!tosa.shape<{len(shape)}>"
    return model.op(("tosa.slice", ""), operands, [model.type(shape), kind, kind], model.type(read))


def convolution(model, value, shape, depthwise):
    _, height, width, depth = shape
    y, x = axis(model.random, height), axis(model.random, width)
    out = depth * model.random.choice([1, 1, 2]) if depthwise else model.random.randint(1, 9)
    read = [1, y[5], x[5], depth]
    value = slice_unread(model, value, shape, read)
    if depthwise:
        weight_shape = [y[0], x[0], depth, out // depth]
    else:
        weight_shape = [out, y[0], x[0], depth]
    taps = y[0] * x[0] * (1 if depthwise else depth)
    count = taps * out
    weights = [model.random.choice([-128, 127, model.random.randint(-128, 127)])
               for _ in range(count)]
    bias = [model.random.randint(-5000, 5000) for _ in range(out)]
    operands = [value, model.const(weights, weight_shape, "i8"), model.const(bias, [out], "i32"),
                model.scalar(model.zero_point()), model.scalar(0)]
    flags = (f"acc_type = i32, dilation = array<i64: {y[2]}, {x[2]}>, "
             f"pad = array<i64: {y[3]}, {y[4]}, {x[3]}, {x[4]}>, "
             f"stride = array<i64: {y[1]}, {x[1]}>")
    types = [model.type(read), model.type(weight_shape), model.type([out], "i32"),
             model.type([1]), model.type([1])]
    result = [1, y[6], x[6], out]
    kind = "tosa.depthwise_conv2d" if depthwise else "tosa.conv2d"
    sums = model.op((kind, flags), operands, types, model.type(result, "i32"))
    return model.requantise(sums, result, 10000 * taps ** 0.5), result


def max_pool(model, value, shape):
    y, x = axis(model.random, shape[1]), axis(model.random, shape[2])
    while y[2] != 1 or x[2] != 1:
        y, x = axis(model.random, shape[1]), axis(model.random, shape[2])
    read = [1, y[5], x[5], shape[3]]
    value = slice_unread(model, value, shape, read)
    flags = (f"kernel = array<i64: {y[0]}, {x[0]}>, pad = array<i64: {y[3]}, {y[4]}, {x[3]}, {x[4]}>, "
             f"stride = array<i64: {y[1]}, {x[1]}>")
    result = [1, y[6], x[6], shape[3]]
    return model.op(("tosa.max_pool2d", flags), [value], [model.type(read)],
                    model.type(result)), result


def average_pool(model, value, shape):
    """Padding only with zero points of 0: otherwise no layer rounds as TOSA does."""
    y, x = axis(model.random, shape[1]), axis(model.random, shape[2])
    while y[2] != 1 or x[2] != 1:
        y, x = axis(model.random, shape[1]), axis(model.random, shape[2])
    if model.random.random() < 0.3:
        y = (shape[1], 1, 1, 0, 0, shape[1], 1)
        x = (shape[2], 1, 1, 0, 0, shape[2], 1)
    read = [1, y[5], x[5], shape[3]]
    value = slice_unread(model, value, shape, read)
    zero_point = 0 if any(y[3:5]) or any(x[3:5]) else model.zero_point()
    operands = [value, model.scalar(zero_point), model.scalar(zero_point)]
    flags = (f"acc_type = i32, kernel = array<i64: {y[0]}, {x[0]}>, "
             f"pad = array<i64: {y[3]}, {y[4]}, {x[3]}, {x[4]}>, "
             f"stride = array<i64: {y[1]}, {x[1]}>")
    result = [1, y[6], x[6], shape[3]]
    return model.op(("tosa.avg_pool2d", flags), operands,
                    [model.type(read), model.type([1]), model.type([1])],
                    model.type(result)), result


def clamp(model, value, shape):
    low, high = sorted(model.random.randint(-128, 127) for _ in range(2))
    return model.op(("tosa.clamp", f"min_val = {low} : i8, max_val = {high} : i8"), [value],
                    [model.type(shape)], model.type(shape)), shape


def requantise(model, value, shape):
    scale = model.scale_near(2 ** model.random.uniform(-4, 3))
    return model.rescale(value, shape, "i8", "i8", [scale], model.zero_point(),
                         model.zero_point()), shape


def pad(model, value, shape):
    amounts = [model.random.randint(0, 2) for _ in range(4)]
    padding = model.shape([0, 0, *amounts, 0, 0])
    result = [1, shape[1] + amounts[0] + amounts[1], shape[2] + amounts[2] + amounts[3], shape[3]]
    return model.op(("tosa.pad", ""), [value, padding, model.scalar(model.zero_point())],
                    [model.type(shape), "!tosa.shape<8>", model.type([1])],
                    model.type(result)), result


def add(model, value, shape):
    """In one step or two per operand; both with one rounding."""
    other = value if model.random.random() < 0.2 else model.argument(shape)
    mode = model.random.choice(["SINGLE_ROUND", "DOUBLE_ROUND"])
    two_steps = model.random.random() < 0.5
    sides = []
    for operand in (value, other):
        factor = model.random.uniform(0.3, 0.99)
        zero_point = model.zero_point()
        if two_steps:
            wide = model.rescale(operand, shape, "i8", "i32", [(1 << 30, 10)], zero_point, mode=mode)
            sides.append(model.rescale(wide, shape, "i32", "i32", [model.scale_near(factor)], mode=mode))
        else:
            scale = model.scale_near(factor * 2 ** 20)
            sides.append(model.rescale(operand, shape, "i8", "i32", [scale], zero_point, mode=mode))
    wide = model.type(shape, "i32")
    total = model.op(("tosa.add", ""), sides, [wide, wide], wide)
    scale = model.scale_near(model.random.uniform(0.3, 0.99) / 2 ** 20)
    return model.rescale(total, shape, "i32", "i8", [scale], 0, model.zero_point(), mode=mode), shape


def matmul(model, value, shape):
    """Of the flattened map, with the bias as an addition; ends as [1, 1, N]."""
    count, out = shape[1] * shape[2] * shape[3], model.random.randint(1, 9)
    row = [1, 1, count]
    flat = model.op(("tosa.reshape", ""), [value, model.shape(row)],
                    [model.type(shape), "!tosa.shape<3>"], model.type(row))
    weights = [model.random.randint(-128, 127) for _ in range(count * out)]
    operands = [flat, model.const(weights, [1, count, out], "i8"),
                model.scalar(model.zero_point()), model.scalar(0)]
    result = [1, 1, out]
    sums = model.op(("tosa.matmul", ""), operands,
                    [model.type(row), model.type([1, count, out]), model.type([1]), model.type([1])],
                    model.type(result, "i32"))
    wide = model.type(result, "i32")
    if model.random.random() < 0.5:
        bias = model.const([model.random.randint(-9999, 9999)], result if out == 1 else [1, 1, 1], "i32")
        sums = model.op(("tosa.add", ""), [sums, bias],
                        [wide, model.type([1, 1, 1], "i32")], wide)
    value = model.requantise(sums, result, 6000 * count ** 0.5)
    pixel = [1, 1, 1, out]
    return model.op(("tosa.reshape", ""), [value, model.shape(pixel)],
                    [model.type(result), "!tosa.shape<4>"], model.type(pixel)), pixel


LAYERS = {
    "conv2d": lambda *args: convolution(*args, depthwise=False),
    "depthwise_conv2d": lambda *args: convolution(*args, depthwise=True),
    "max_pool2d": max_pool,
    "avg_pool2d": average_pool,
    "clamp": clamp,
    "rescale": requantise,
    "pad": pad,
    "add": add,
    "matmul": matmul,
}


def make(generator, kinds):
    model = Model(generator)
    shape = [1, generator.randint(3, 8), generator.randint(3, 8), generator.randint(1, 5)]
    value = model.argument(shape)
    for kind in kinds:
        value, shape = LAYERS[kind](model, value, shape)
    return model.finish(value, shape)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--count", type=int, required=True)
    parser.add_argument("--out", required=True)
    options = parser.parse_args()
    os.makedirs(options.out, exist_ok=True)
    generator = random.Random(options.seed)
    names = list(LAYERS)
    for number in range(options.count):
        # Every kind alone first, then chains.
        if number < 2 * len(names):
            kinds = [names[number % len(names)]]
        else:
            kinds = [generator.choice(names) for _ in range(generator.randint(2, 4))]
        path = os.path.join(options.out, f"{number:03}_{'_'.join(kinds)}.mlir")
        with open(path, "w", encoding="utf-8") as file:
            file.write(f"// Seed {options.seed}, number {number}: {', '.join(kinds)}.\n")
            file.write(make(generator, kinds))


if __name__ == "__main__":
    main()
