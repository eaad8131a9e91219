#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Compares a board's dense kernels with the portable ones, bit for bit: dsp_layers.py for other kinds of layers.

    dense_layers.py TESSERA [--cpu CPU] [--seed N] [--modules N] [--layers N] [--kind KIND]

Convolutions (1x1 and KxK, strided, dilated, 1 to 3 input channels, odd numbers of channels) and fully connected layers
(also on one pixel, on a row, and with sums that need more than 16 bits of weights) and depthwise layers on one channel.
"""

import sys

import dsp_layers
from dsp_layers import INT32_MAX, INT32_MIN, Layer, dense, extent, requant, tensor


def pick_weights(rng, count):
    """Most pairs of channels fit one halfword; -128 beside a negative weight does not."""
    return rng.choice([
        lambda: [rng.randint(-127, 127) for _ in range(count)],
        lambda: [rng.randint(-127, 127) for _ in range(count)],
        lambda: [-128 if rng.random() < 0.02 else rng.randint(-127, 127) for _ in range(count)],
        lambda: [rng.choice([-128, 127]) for _ in range(count)],
        lambda: [-128] * count,
        lambda: [rng.randint(-9, 9) for _ in range(count)],
    ])()


def pick_bias(rng, outputs, taps, wild):
    bias = [rng.randint(-400 * taps, 400 * taps) for _ in range(outputs)]
    if wild:
        bias = [rng.choice([b, b, INT32_MAX, INT32_MIN, INT32_MAX - 1000, rng.randrange(-2**31, 2**31),
                            rng.choice([-1, 1]) << 29]) for b in bias]
    return bias


def usual_exponent(taps):
    """Sums of this many products come out near the size of a byte."""
    return -(taps.bit_length() // 2) - 5


def operands(rng, n, weights_type, taps, outputs):
    wild = rng.random() < 0.25
    return wild, f"""
    %w{n} = arith.constant {dense(pick_weights(rng, taps * outputs), weights_type, "i8")}
    %b{n} = arith.constant {dense(pick_bias(rng, outputs, taps, wild), outputs, "i32")}"""


def conv2d(rng, n, one_channel=False):
    kernel_y, kernel_x = rng.choice([(1, 1), (1, 1), (3, 3), (3, 3), (rng.randint(1, 6), rng.randint(1, 6))])
    stride_y, stride_x = rng.choice([(1, 1), (1, 1), (2, 2), (rng.randint(1, 3), rng.randint(1, 3))])
    dilation_y, dilation_x = rng.choice([(1, 1), (1, 1), (1, 1), (rng.randint(1, 3), rng.randint(1, 3))])
    height, top, bottom, rows = extent(rng, kernel_y, stride_y, dilation_y, 8)
    width, left, right, columns = extent(rng, kernel_x, stride_x, dilation_x, 24)
    channels = rng.choice([1, 2, 3, 4, 8, rng.randint(1, 16), 4 * rng.randint(1, 16)])
    if kernel_y * kernel_x == 1 and rng.random() < 0.1:
        channels = rng.choice([513, 700, 1028])
    if one_channel:
        channels = 1
    outputs = rng.choice([rng.randint(1, 9), 2 * rng.randint(1, 9), rng.randint(1, 40)])
    taps = kernel_y * kernel_x * channels
    operand, result = (height, width, channels), (rows, columns, outputs)
    dims = f"{outputs}x{kernel_y}x{kernel_x}x{channels}"
    name = "conv2d"
    if one_channel:
        name, dims = "depthwise_conv2d", f"{kernel_y}x{kernel_x}x{outputs}"
    wild, constants = operands(rng, n, dims, taps, outputs)
    text = f"""{constants}
    %r{n} = patch.{name} %a{n}_0, %w{n}, %b{n} {{
      stride = array<i32: {stride_y}, {stride_x}>, dilation = array<i32: {dilation_y}, {dilation_x}>,
      pad = array<i32: {top}, {bottom}, {left}, {right}>, input_zp = {rng.choice([-128, rng.randint(-128, 127)])} : i32,
      {requant(rng, outputs, usual_exponent(taps), wild)}}}
      : ({tensor(operand)}, tensor<{dims}xi8>, tensor<{outputs}xi32>) -> {tensor(result)}"""
    return Layer(name, [operand], result, text)


def depthwise(rng, n):
    return conv2d(rng, n, one_channel=True)


def fully_connected(rng, n):
    operand = rng.choice([(1, 1, rng.randint(1, 70)), (1, rng.randint(1, 9), rng.randint(1, 20)),
                          (1, 1, rng.choice([512, 514, 600, 1024, 1500])), (rng.randint(1, 4), 3, rng.randint(1, 9))])
    taps, outputs = operand[0] * operand[1] * operand[2], rng.choice([rng.randint(1, 10), rng.randint(1, 70)])
    wild, constants = operands(rng, n, f"{outputs}x{taps}", taps, outputs)
    text = f"""{constants}
    %r{n} = patch.fully_connected %a{n}_0, %w{n}, %b{n} {{input_zp = {rng.randint(-128, 127)} : i32,
      {requant(rng, outputs, usual_exponent(taps), wild)}}}
      : ({tensor(operand)}, tensor<{outputs}x{taps}xi8>, tensor<{outputs}xi32>) -> {tensor((1, 1, outputs))}"""
    return Layer("fully_connected", [operand], (1, 1, outputs), text)


dsp_layers.KINDS = {"conv2d": conv2d, "fully_connected": fully_connected, "depthwise": depthwise}

if __name__ == "__main__":
    sys.exit(dsp_layers.main())
