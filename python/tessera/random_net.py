# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Grows networks with random weights whose quantisation is realistic, for tests.

A calibration input runs along while the network is built: each weighted operator is computed with the reference
kernels' 32-bit sums, the real values that they stand for give the output's range, and the range gives its scale and zero
point. So neither saturated nor constant tensors pile up, however deep the network is. Everything follows from the seed.
"""

import numpy as np

from . import reference_kernels as kernels
from .tflite_builder import Builder

_SUMS = {"CONV_2D": kernels.conv_2d_sums, "DEPTHWISE_CONV_2D": kernels.depthwise_conv_2d_sums,
         "FULLY_CONNECTED": kernels.fully_connected_sums}


def affine(low, high):
    """(scale, zero point) of an int8 tensor that covers [low, high] and 0 exactly."""
    low, high = min(float(low), 0.0), max(float(high), 0.0)
    scale = np.float32(max(high - low, 1e-6) / 255)
    return scale, int(np.clip(round(-128 - low / float(scale)), -128, 127))


class RandomNet:
    """The builder's operators without their numbers. Methods take and return tensor indices."""

    def __init__(self, name, seed):
        self.builder = Builder(name)
        self.rng = np.random.RandomState(seed)
        self.values = {}

    @property
    def model(self):
        return self.builder.model

    def input(self, shape, scale=1 / 64, zero_point=-3, kind="INT8"):
        if kind == "FLOAT32":
            index = self.builder.input(shape, kind=kind)
            self.values[index] = self.rng.uniform(-1, 1, shape).astype(np.float32)
        else:
            index = self.builder.input(shape, scale, zero_point, kind)
            low = 0 if kind == "UINT8" else -128
            self.values[index] = self.rng.randint(low, low + 256, shape).astype(self.model.tensors[index].dtype)
        return index

    def _evaluate(self, index):
        """Runs the operator that was appended last on the calibration values."""
        op = self.model.operators[-1]
        inputs = [None if i < 0 else self.values.get(i, self.model.tensors[i].data) for i in op.inputs]
        self.values[index] = kernels.KERNELS[op.kind](self.model, op, inputs)
        return index

    def _weights(self, shape, dimension, per_channel):
        """int8 weights of a normal distribution with their scales: He initialisation, channels of different strength."""
        channels = shape[dimension]
        fan_in = np.prod(shape) / channels
        strength = np.exp(self.rng.normal(0, 0.4, channels))
        real = self.rng.normal(0, np.sqrt(2 / fan_in), shape) * np.moveaxis(
            strength.reshape((channels,) + (1,) * (len(shape) - 1)), 0, dimension)
        axes = tuple(i for i in range(len(shape)) if i != dimension) if per_channel else None
        scales = np.float32(np.abs(real).max(axis=axes, keepdims=True) / 127)
        return np.clip(np.round(real / scales), -127, 127).astype(np.int8), np.atleast_1d(scales.squeeze())

    def _weighted(self, append, x, shape, dimension, activation, per_channel, with_bias, span=None):
        """Appends with a provisional output scale, looks at the sums, and sets scale and zero point. With `span` the
        weights' scales shrink or grow so that the results spread over that much."""
        weights, scales = self._weights(shape, dimension, per_channel)
        unit = np.float64(self.builder.quantization(x)[0]) * scales
        bias = None
        if with_bias:
            bias = np.round(self.rng.normal(0, 0.2, shape[dimension]) / unit).astype(np.int32)
        index = append(x, weights, bias, scales, (1.0, 0), activation)
        op = self.model.operators[-1]
        inputs = [None if i < 0 else self.values.get(i, self.model.tensors[i].data) for i in op.inputs]
        real = _SUMS[op.kind](self.model, op, inputs) * unit
        low, high = np.percentile(real, [0.2, 99.8])
        if span is not None:
            factor = np.float32(span / (high - low))
            for operand in op.inputs[1:]:
                if operand >= 0:
                    quantization = self.model.tensors[operand].quantization
                    quantization.scales = quantization.scales * factor
            low, high = low * factor, high * factor
        if activation == "RELU6":
            low, high = 0, min(max(high, 1.0), 6)
        elif activation == "RELU":
            low, high = 0, max(high, 0.5)
        elif activation == "RELU_N1_TO_1":
            low, high = -1, 1
        quantization = self.model.tensors[index].quantization
        scale, zero_point = affine(low, high)
        quantization.scales = np.array([scale], np.float32)
        quantization.zero_points = np.array([zero_point], np.int64)
        return self._evaluate(index)

    def conv(self, x, channels, kernel=3, strides=1, padding="SAME", activation="RELU6", dilations=1, per_channel=True,
             with_bias=True):
        kernel = (kernel, kernel) if np.isscalar(kernel) else kernel
        return self._weighted(
            lambda x, w, b, s, out, act: self.builder.conv_2d(x, w, b, s, out, strides, padding, dilations, act),
            x, (channels, *kernel, self.builder.shape(x)[3]), 0, activation, per_channel, with_bias)

    def depthwise(self, x, kernel=3, strides=1, padding="SAME", activation="RELU6", dilations=1, multiplier=1,
                  per_channel=True, with_bias=True):
        kernel = (kernel, kernel) if np.isscalar(kernel) else kernel
        return self._weighted(
            lambda x, w, b, s, out, act: self.builder.depthwise_conv_2d(x, w, b, s, out, strides, padding, dilations,
                                                                        act),
            x, (1, *kernel, self.builder.shape(x)[3] * multiplier), 3, activation, per_channel, with_bias)

    def fully_connected(self, x, channels, activation="NONE", per_channel=False, with_bias=True, span=None):
        depth = int(np.prod(self.builder.shape(x)[1:]))
        return self._weighted(self.builder.fully_connected, x, (channels, depth), 0, activation, per_channel, with_bias,
                              span)

    def add(self, a, b, activation="NONE"):
        real = sum(np.float64(self.builder.quantization(i)[0]) * (self.values[i] - np.float64(
            self.builder.quantization(i)[1])) for i in (a, b))
        low, high = np.percentile(real, [0.2, 99.8])
        if activation != "NONE":
            low, high = 0, min(high, 6) if activation == "RELU6" else high
        return self._evaluate(self.builder.add(a, b, affine(low, high), activation))

    def binary(self, kind, a, b, activation="NONE"):
        """ADD, SUB or MUL; `b` may be an array of the last dimensions, a constant."""
        if not isinstance(b, (int, np.integer)):
            scale, zero_point = affine(np.min(b), np.max(b))
            values = np.clip(np.round(np.asarray(b) / scale) + zero_point, -128, 127)
            b = self.builder.constant(f"constant_{len(self.model.operators)}", values, "INT8", scale, zero_point)
        real = [np.float64(self.builder.quantization(i)[0]) * (
            self.values.get(i, self.model.tensors[i].data) - np.float64(self.builder.quantization(i)[1])) for i in (a, b)]
        result = {"ADD": np.add, "SUB": np.subtract, "MUL": np.multiply}[kind](*real)
        return self._evaluate(self.builder.binary(kind, a, b, affine(*np.percentile(result, [0.2, 99.8])), activation))

    def concatenation(self, operands, axis=-1):
        """Operands take the quantisation of the first one, by QUANTIZE where they have another."""
        target = self.builder.quantization(operands[0])
        same = [x if self.builder.quantization(x) == target else self.quantize(x, *target) for x in operands]
        return self._evaluate(self.builder.concatenation(same, axis))

    def resize_nearest_neighbor(self, x, size, **options):
        return self._evaluate(self.builder.resize_nearest_neighbor(x, size, **options))

    def activation(self, kind, x, out=None, **options):
        return self._evaluate(self.builder.activation(kind, x, out, **options))

    def pad(self, x, top, bottom, left, right):
        return self._evaluate(self.builder.pad(x, [(0, 0), (top, bottom), (left, right), (0, 0)]))

    def pad_for(self, x, kernel, strides, noop=False):
        """The explicit PAD that MCUNet files have before a VALID convolution: SAME padding of an odd kernel on both
        sides (so one row too many when the stride is 2); `noop`: the empty one that they have before 1x1."""
        amount = 0 if noop else kernel // 2
        return self.pad(x, amount, amount, amount, amount)

    def average_pool(self, x, kernel, strides=None, padding="VALID", activation="NONE"):
        return self._evaluate(self.builder.average_pool_2d(x, kernel, strides, padding, activation))

    def max_pool(self, x, kernel, strides=None, padding="VALID", activation="NONE"):
        return self._evaluate(self.builder.max_pool_2d(x, kernel, strides, padding, activation))

    def mean(self, x, requantise=True, keep_dims=False, axes=(1, 2)):
        scale, zero_point = self.builder.quantization(x)
        real = np.float64(scale) * (self.values[x].astype(np.float64).mean(axis=axes) - zero_point)
        out = affine(real.min(), real.max()) if requantise else None
        return self._evaluate(self.builder.mean(x, out, axes, keep_dims))

    def reshape(self, x, shape):
        return self._evaluate(self.builder.reshape(x, shape))

    def softmax(self, x, beta=1.0):
        return self._evaluate(self.builder.softmax(x, beta))

    def quantize(self, x, scale, zero_point, kind="INT8"):
        return self._evaluate(self.builder.quantize(x, (scale, zero_point), kind))

    def dequantize(self, x):
        return self._evaluate(self.builder.dequantize(x))

    def output(self, x):
        self.builder.output(x)
        return self.model
