#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Writes the small models that the importer's tests read: models.py NAME FILE.

Scales are powers of two where a test works out the multipliers: scale 2^k is multiplier 2^30 with exponent k + 1.
"""

import sys

import numpy as np

from tessera.tflite_builder import Builder


def weights(*shape):
    """-8, -7, ... 7, -8, ..."""
    return (np.arange(np.prod(shape)) % 16 - 8).astype(np.int8).reshape(shape)


def one_operator(shape, scale, zero_point, build):
    b = Builder()
    b.output(build(b, b.input(shape, scale, zero_point)))
    return b


def conv():
    """Scales 0.5 * (0.25, 0.5, 0.75) / 1."""
    return one_operator((1, 5, 5, 2), 0.5, -1, lambda b, x: b.conv_2d(
        x, weights(3, 3, 3, 2), [7, 8, 9], [0.25, 0.5, 0.75], (1.0, 3), strides=2, activation="RELU6"))


def conv_unread_border():
    return one_operator((1, 6, 7, 1), 0.5, 0, lambda b, x: b.conv_2d(
        x, weights(1, 3, 3, 1), None, [0.5], (1.0, 0), strides=2, padding="VALID"))


def conv_negative_scale():
    return one_operator((1, 6, 6, 1), 0.5, 4, lambda b, x: b.conv_2d(
        x, weights(2, 3, 3, 1), [1, 2], [0.5, -0.25], (1.0, -4), strides=2, padding="VALID", activation="RELU"))


def conv_scale_above_one():
    return one_operator((1, 1, 1, 1), 1.0, 0, lambda b, x: b.conv_2d(
        x, weights(1, 1, 1, 1), [5], [2.0], (0.5, 0)))


def conv_tiny_scale():
    return one_operator((1, 1, 1, 1), 1.0, 0, lambda b, x: b.conv_2d(
        x, weights(2, 1, 1, 1), [5, 6], [2.0 ** -33, 0.5], (1.0, 0)))


def conv_grouped():
    return one_operator((1, 2, 2, 4), 0.5, 0, lambda b, x: b.conv_2d(
        x, weights(6, 1, 1, 2), [0] * 6, [0.5], (1.0, 0)))


def conv_between_taps():
    """One row, taps 4 rows apart: the window of the only row is above and below it."""
    return one_operator((1, 1, 1, 1), 0.5, 7, lambda b, x: b.conv_2d(
        x, weights(1, 2, 1, 1), [5], [-0.5], (1.0, 0), dilations=(4, 1)))


def depthwise():
    """Depth multiplier 2, dilation 2."""
    return one_operator((1, 6, 6, 3), 0.5, -128, lambda b, x: b.depthwise_conv_2d(
        x, weights(1, 3, 3, 6), [1, 2, 3, 4, 5, 6], [0.5] * 6, (1.0, -128), dilations=2))


def depthwise_negative_scale():
    return one_operator((1, 4, 4, 2), 0.5, 0, lambda b, x: b.depthwise_conv_2d(
        x, weights(1, 3, 3, 2), [1, 2], [0.5, -0.5], (1.0, 0)))


def fully_connected():
    """float32(0.1) * float32(0.3) is not the product in double precision."""
    return one_operator((1, 2, 2, 2), 0.1, 1, lambda b, x: b.fully_connected(
        x, weights(3, 8), [1, 2, 3], [0.3], (1.0, 2)))


def fully_connected_per_channel():
    """The same scales, per channel: here the product is in double precision."""
    return one_operator((1, 8), 0.1, 1, lambda b, x: b.fully_connected(
        x, weights(2, 8), None, [0.3, 0.5], (1.0, 2), activation="RELU_N1_TO_1"))


def fully_connected_negative_scale():
    return one_operator((1, 8), 0.5, 1, lambda b, x: b.fully_connected(
        x, weights(2, 8), [3, 4], [0.5, -0.5], (1.0, 2)))


def fully_connected_rows():
    return one_operator((1, 3, 4), 0.5, 1, lambda b, x: b.fully_connected(
        x, weights(2, 4), [3, 4], [0.5], (1.0, 2), keep_num_dims=True))


def add():
    """Twice the greater scale is 1: operands by 1/4 and 1/2, the sum by 1 / (2^20 * 2)."""
    b = Builder()
    a, c = b.input((1, 2, 2, 3), 0.25, -5), b.input((1, 2, 2, 3), 0.5, 4)
    b.output(b.add(a, c, (2.0, -6), activation="RELU"))
    return b


def mul_number():
    """(q - 1) * (6 - 2) * 0.5 * 0.25 / 1 = (q - 1) / 2 + 3."""
    b = Builder()
    x = b.input((1, 2, 3), 0.5, 1)
    b.output(b.binary("MUL", x, b.constant("c", 6, "INT8", 0.25, 2), (1.0, 3)))
    return b


def sub_from_channels():
    """Twice the greater scale is 1: operands by 1/4 and 1/2, the difference by 1 / (2^20 * 2)."""
    b = Builder()
    x = b.input((1, 2, 2, 3), 0.5, 4)
    b.output(b.binary("SUB", b.constant("c", [1, 2, 3], "INT8", 0.25, -5), x, (2.0, -6), "RELU"))
    return b


def mul_by_channels():
    b = Builder()
    x, y = b.input((1, 2, 2, 3), 0.5, 4), b.input((1, 1, 1, 3), 0.25, 5)
    b.output(b.binary("MUL", x, y, (1.0, 6)))
    return b


def mul_by_picture():
    b = Builder()
    b.output(b.binary("MUL", b.input((1, 2, 2, 3), 0.5, 4), b.constant("c", np.ones((2, 2, 1)), "INT8", 0.25), (1.0, 6)))
    return b


def concatenation():
    b = Builder()
    x, y = b.input((1, 2, 2, 3), 0.5, 4), b.input((1, 2, 2, 5), 0.25, 5)
    b.output(b.concatenation([x, y]))
    return b


def concatenation_rank3():
    b = Builder()
    x, y = b.input((1, 6, 3), 0.5, 4), b.input((1, 2, 3), 0.5, 4)
    b.output(b.concatenation([x, y], 1))
    return b


def concatenation_activation():
    b = concatenation()
    b.model.operators[0].options["activation"] = "RELU"
    return b


def resize_twice():
    return one_operator((1, 2, 3, 4), 0.5, 1, lambda b, x: b.resize_nearest_neighbor(x, (4, 6)))


def resize_align_corners():
    """5 rows from 3: round(o / 2) = (o + 1) / 2; 3 columns from 3 are as they were: round(o) = (2 o + 1) / 2."""
    return one_operator((1, 3, 3, 4), 0.5, 1, lambda b, x: b.resize_nearest_neighbor(x, (5, 3), align_corners=True))


def reshape_by_shape(begin=0, end=2):
    """The shape is [size 0 of the operand, 12]."""
    b = Builder()
    x = b.input((1, 2, 2, 3), 0.5, 4)
    sizes = b.operator("SHAPE", [x], [b.tensor("sizes", "INT32", (4,))])
    ends = [b.constant(name, [value], "INT32") for name, value in (("begin", begin), ("end", end), ("step", 1))]
    batch = b.operator("STRIDED_SLICE", [sizes, *ends], [b.tensor("batch", "INT32", ())], shrink_axis_mask=1)
    shape = b.operator("PACK", [batch, b.constant("rest", 12, "INT32")], [b.tensor("shape", "INT32", (2,))])
    b.output(b.softmax(b.operator("RESHAPE", [x, shape], [b.tensor("y", "INT8", (1, 12), 0.5, 4)])))
    return b


def slice_behind_the_end():
    return reshape_by_shape(4, 5)


def pad():
    return one_operator((1, 3, 3, 2), 0.5, 1, lambda b, x: b.pad(x, [(0, 0), (1, 2), (3, 4), (0, 0)], (0.25, -7)))


def padv2():
    return one_operator((1, 3, 3, 2), 0.5, 1, lambda b, x: b.pad(x, [(0, 0), (1, 2), (3, 4), (0, 0)], value=-128))


def padv2_at_run_time():
    b = padv2()
    b.model.tensors[b.model.operators[0].inputs[2]].data = None
    b.model.inputs.append(b.model.operators[0].inputs[2])
    return b


def average_pool():
    return one_operator((1, 5, 5, 2), 0.25, -10, lambda b, x: b.average_pool_2d(
        x, 3, 2, padding="SAME", activation="RELU6"))


def max_pool():
    return one_operator((1, 5, 4, 2), 0.25, -10, lambda b, x: b.max_pool_2d(x, 2, activation="RELU"))


def mean():
    """0.5 / 0.25 = 2 over 7 * 7 pixels, see MultiplierTest."""
    return one_operator((1, 7, 7, 4), 0.5, -3, lambda b, x: b.mean(x, (0.25, 5)))


def mean_rank3():
    return one_operator((1, 4, 6), 0.5, 0, lambda b, x: b.mean(x, (0.5, 0), axes=(-2,), keep_dims=True))


def leaky_relu():
    """Scales 1/2 and 1/4: above zero point 1 doubled, below 1/2 * 2, to zero point 2."""
    return one_operator((1, 2, 3), 0.5, 1, lambda b, x: b.activation("LEAKY_RELU", x, (0.25, 2), alpha=0.5))


def relu_n1_to_1():
    """Bounds of one are 4 steps of 1/4 from zero point 2."""
    return one_operator((1, 2, 2, 3), 0.5, 1, lambda b, x: b.activation("RELU_N1_TO_1", x, (0.25, 2)))


def relu6_that_requantises():
    return one_operator((1, 2, 2, 3), 0.5, 1, lambda b, x: b.activation("RELU6", x, (0.25, 2)))


def logistic_zero_point():
    b = one_operator((1, 2, 2, 3), 0.5, 1, lambda b, x: b.activation("LOGISTIC", x))
    b.model.tensors[b.model.outputs[0]].quantization.zero_points = np.zeros(1, np.int64)
    return b


def reshape_softmax():
    return one_operator((1, 2, 2, 3), 0.0625, 9, lambda b, x: b.softmax(b.reshape(x, (1, 12), (0.5, 0))))


def softmax_rows():
    return one_operator((1, 4, 3), 0.0625, 9, lambda b, x: b.softmax(x, beta=0.5))


def float_ends():
    b = Builder()
    x = b.input((1, 2, 2, 1), kind="FLOAT32")
    y = b.quantize(b.quantize(x, (0.5, -1)), (1.0, 2))
    b.output(b.dequantize(b.quantize(y, (0.25, 3))))
    return b


# Models that are refused.


def unsupported():
    b = Builder()
    x = b.input((1, 4, 4, 2), 0.5, 0)
    y = b.conv_2d(x, weights(2, 1, 1, 2), [0, 0], [0.5], (0.5, 0), activation="TANH")
    z = b.operator("SVDF", [y], [b.tensor("z", "INT8", (1, 4, 4, 2), 1 / 256, -128)])
    w = b.operator("CUSTOM", [z], [b.tensor("w", "INT8", (1, 4, 4, 2), 0.5, 0)], custom_code="Detect")
    v = b.add(w, x, (0.5, 0))
    u = b.add(v, b.constant("c", weights(1, 4, 4, 2), "INT8", 0.5), (0.5, 0))
    t = b.add(u, b.max_pool_2d(u, 4), (0.5, 0))
    b.output(b.quantize(t, (0.5, 0), "UINT8"))
    return b


def float32():
    b = Builder()
    x = b.input((1, 4, 4, 2), kind="FLOAT32")
    b.output(b.operator("ADD", [x, x], [b.tensor("y", "FLOAT32", (1, 4, 4, 2))], activation="NONE"))
    return b


def hybrid():
    b = Builder()
    x = b.input((1, 4), kind="FLOAT32")
    w = b.constant("w", weights(2, 4), "INT8", 0.5)
    b.output(b.operator("FULLY_CONNECTED", [x, w, -1], [b.tensor("y", "FLOAT32", (1, 2))]))
    return b


def int16():
    b = Builder()
    x = b.input((1, 4, 4, 2), 0.5, 0, "INT16")
    b.output(b.operator("RESHAPE", [x], [b.tensor("y", "INT16", (1, 32), 0.5)]))
    return b


def dynamic_shape():
    b = average_pool()
    b.model.tensors[0].shape_signature = (1, -1, 5, 2)
    return b


def wrong_shape():
    b = average_pool()
    b.model.tensors[b.model.outputs[0]].shape = (1, 3, 2, 2)
    return b


def asymmetric_weights():
    b = conv()
    b.model.tensors[1].quantization.zero_points = np.array([0, 1, 0], dtype=np.int64)
    return b


def pooling_that_requantises():
    b = average_pool()
    b.model.tensors[b.model.outputs[0]].quantization.scales[0] = 0.5
    return b


def softmax_scale():
    b = softmax_rows()
    b.model.tensors[b.model.outputs[0]].quantization.zero_points = np.zeros(1, dtype=np.int64)
    return b


def computed_shape():
    b = Builder()
    x, shape = b.input((1, 4), 0.5), b.input((2,), kind="INT32", name="shape")
    b.output(b.operator("RESHAPE", [x, shape], [b.tensor("y", "INT8", (2, 2), 0.5)]))
    b.model.tensors[b.model.outputs[0]].shape = (1, 4)
    return b


def unquantised():
    b = conv()
    b.model.tensors[0].quantization = None
    return b


def int16_border():
    b = reshape_softmax()
    b.input((1, 3), 0.5, 0, "INT16", name="unused")
    return b


def huge_window():
    return one_operator((1, 4, 4, 1), 0.5, 0, lambda b, x: b.conv_2d(
        x, weights(1, 3, 3, 1), None, [0.5], (1.0, 0), dilations=(1, 40000)))


def absent_weights():
    b = conv()
    b.model.operators[0].inputs = (0, -1, 2)
    return b


def channel_pad():
    return one_operator((1, 3, 3, 2), 0.5, 1, lambda b, x: b.pad(x, [(0, 0), (0, 0), (0, 0), (0, 2)]))


def mean_of_channels():
    return one_operator((1, 3, 3, 2), 0.5, 1, lambda b, x: b.mean(x, axes=(3,)))


if __name__ == "__main__":
    globals()[sys.argv[1]]().write(sys.argv[2])
