# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Single operators of the zoo, at the corners of their arithmetic and of their geometry. Each case is one name and one
function that returns a Model; the table CORNERS is filled by the decorator. See zoo.py for the command line.
"""

import numpy as np

from .random_net import RandomNet
from .tflite_builder import Builder

CORNERS = {}


def _case(function):
    CORNERS[function.__name__] = function
    return function


def _cases(function_name, rows):
    """Registers function_name_SUFFIX for each (suffix, keyword arguments)."""
    def register(function):
        for suffix, arguments in rows.items():
            CORNERS[f"{function_name}_{suffix}"] = lambda name=f"{function_name}_{suffix}", a=arguments: function(name, **a)
        return function
    return register


# Geometry, with realistic quantisation.

@_cases("conv", {
    "1x1": dict(kernel=1), "1x1_stride2": dict(kernel=1, strides=2), "3x3": dict(), "3x3_valid": dict(padding="VALID"),
    "3x3_stride2": dict(strides=2), "3x3_stride2_valid": dict(strides=2, padding="VALID"),
    "3x3_stride3": dict(strides=3), "3x3_stride2x1": dict(strides=(2, 1)), "5x5": dict(kernel=5),
    "7x7_stride2": dict(kernel=7, strides=2), "1x3": dict(kernel=(1, 3)), "3x1": dict(kernel=(3, 1)),
    "10x4_stride2": dict(kernel=(10, 4), strides=2), "2x2": dict(kernel=2),
    "kernel_larger_than_map": dict(kernel=(13, 15)), "dilation2": dict(dilations=2),
    "dilation2_valid": dict(dilations=2, padding="VALID"), "dilation3x1": dict(dilations=(3, 1)),
    "per_tensor": dict(per_channel=False), "no_bias": dict(with_bias=False), "relu": dict(activation="RELU"),
    "relu6": dict(activation="RELU6"), "relu_n1_to_1": dict(activation="RELU_N1_TO_1")})
def _conv(name, kernel=3, activation="NONE", **arguments):
    net = RandomNet(name, 100 + len(name))
    return net.output(net.conv(net.input((1, 11, 13, 5)), 6, kernel, activation=activation, **arguments))


@_cases("depthwise", {
    "3x3": dict(), "3x3_valid": dict(padding="VALID"), "3x3_stride2": dict(strides=2),
    "3x3_stride3": dict(strides=3), "5x5": dict(kernel=5), "5x5_stride2": dict(kernel=5, strides=2),
    "7x7": dict(kernel=7), "7x7_stride2_valid": dict(kernel=7, strides=2, padding="VALID"),
    "1x5": dict(kernel=(1, 5)), "dilation2": dict(dilations=2), "multiplier2": dict(multiplier=2),
    "multiplier3_stride2": dict(multiplier=3, strides=2), "per_tensor": dict(per_channel=False),
    "no_bias": dict(with_bias=False), "relu6": dict(activation="RELU6")})
def _depthwise(name, kernel=3, activation="NONE", **arguments):
    net = RandomNet(name, 200 + len(name))
    return net.output(net.depthwise(net.input((1, 11, 13, 5)), kernel, activation=activation, **arguments))


@_case
def depthwise_multiplier8_of_1():
    """One input channel, eight kernels: the first layer of some keyword spotters."""
    net = RandomNet("depthwise_multiplier8_of_1", 230)
    return net.output(net.depthwise(net.input((1, 20, 12, 1)), (10, 8), 2, multiplier=8, activation="RELU"))


@_case
def conv_grouped():
    """Two groups: weights [6, 3, 3, 2] on four channels."""
    rng, b = np.random.RandomState(240), Builder("conv_grouped")
    x = b.input((1, 7, 6, 4), 0.05, 3)
    b.output(b.conv_2d(x, rng.randint(-127, 128, (6, 3, 3, 2)), rng.randint(-900, 900, 6), [0.01] * 6, (0.2, -9)))
    return b.model


@_cases("fully_connected", {
    "plain": dict(), "relu": dict(activation="RELU"), "per_channel": dict(per_channel=True),
    "no_bias": dict(with_bias=False)})
def _fully_connected(name, **arguments):
    net = RandomNet(name, 300 + len(name))
    return net.output(net.fully_connected(net.input((1, 37)), 11, **arguments))


@_case
def fully_connected_of_map():
    """The operand is a map [1, 3, 4, 5] and is read flattened."""
    net = RandomNet("fully_connected_of_map", 310)
    return net.output(net.fully_connected(net.input((1, 3, 4, 5)), 17))


# Arithmetic of the weighted operators.

def _extreme(name, weights, bias, weight_scales, out, x=(0.5, -128), shape=(1, 5, 6, 4), activation="NONE",
             depthwise=False):
    b = Builder(name)
    source = b.input(shape, *x)
    append = b.depthwise_conv_2d if depthwise else b.conv_2d
    b.output(append(source, weights, bias, weight_scales, out, activation=activation))
    return b.model


@_case
def conv_wrapping_sum():
    """Biases at INT32_MAX and INT32_MIN: the 32-bit sums wrap around, and 2^31 stands for 64 in the output, so that the
    sign tells. A wider or a saturating sum gives the other sign."""
    rng = np.random.RandomState(401)
    limits = np.array([2**31 - 1, -2**31, 2**31 - 20000, -2**31 + 20000, 2**31 - 300000, 0])
    return _extreme("conv_wrapping_sum", rng.randint(-127, 128, (6, 3, 3, 4)), limits, [2.0**-25] * 6, (0.5, 0))


@_case
def depthwise_wrapping_sum():
    rng = np.random.RandomState(402)
    limits = np.array([2**31 - 1, -2**31, 2**31 - 2000, -2**31 + 2000])
    return _extreme("depthwise_wrapping_sum", rng.randint(-127, 128, (1, 3, 3, 4)), limits, [2.0**-25] * 4, (0.5, 0),
                    depthwise=True)


@_case
def fully_connected_wrapping_sum():
    """Rows of one sign: the first wraps upwards, the second downwards, the third stays, the fourth is mixed."""
    rng, b = np.random.RandomState(403), Builder("fully_connected_wrapping_sum")
    weights = rng.randint(1, 128, (4, 64)) * np.array([[1], [-1], [-1], [1]])
    weights[3, ::2] *= -1
    limits = [2**31 - 1, -2**31, 2**31 - 1, -2**31 + 70000]
    x = b.input((1, 64), 0.5, -128)
    b.output(b.fully_connected(x, weights, limits, 2.0**-25, (0.5, 0)))
    return b.model


@_case
def conv_negative_multipliers():
    """Negative weight scales give negative multipliers. Scale 1/2 exactly: every odd sum is a tie of the first rounding,
    where a negative product goes towards zero; -2^-3 makes ties of the second rounding."""
    weights = np.eye(4, dtype=np.int8).reshape(4, 1, 1, 4)
    return _extreme("conv_negative_multipliers", weights, [1, -1, 0, 3], [-0.5, 0.5, -0.125, -1.0], (1.0, 0), (1.0, 0),
                    (1, 8, 8, 4))


@_case
def depthwise_negative_multipliers():
    rng = np.random.RandomState(405)
    return _extreme("depthwise_negative_multipliers", rng.randint(-127, 128, (1, 3, 3, 4)), [77, -5000, 1, 0],
                    [-0.004, 0.003, -0.0017, -0.001], (0.5, 11), depthwise=True)


@_case
def conv_large_scales():
    """Effective scales of 1, 1.5, 2, 100 and 2^20: the positive shift is applied before the multiplication."""
    weights = np.array([1, -1, 2, 1, -1], dtype=np.int8).reshape(5, 1, 1, 1)
    return _extreme("conv_large_scales", weights, [0, 1, 0, -3, 0], [1.0, 1.5, 2.0, 100.0, 2.0**20], (1.0, 0), (1.0, 5),
                    (1, 16, 16, 1))


@_case
def conv_tiny_scales():
    """Effective scales of 2^-20, 2^-31, just under 2^-32 (flushed to multiplier 0), and 1.4e-23, with huge biases."""
    weights = np.full((5, 1, 1, 2), 100, dtype=np.int8)
    return _extreme("conv_tiny_scales", weights, [40 << 20, 2**31 - 9, 2**31 - 1, 2**31 - 1, -2**31],
                    [2.0**-20, 2.0**-31, 2.0**-32 * 0.999, 1.4e-23, 2.0**-30], (1.0, -7), (1.0, 0), (1, 6, 6, 2))


@_case
def conv_rounding_boundary():
    """Effective scales within 2^-33 below 1 and 1/4: the multiplier rounds up to 2^31, becomes 2^30 and one more shift.
    Then every sum is at a tie of the second rounding, or halfway between ties, by the bias."""
    x, w, out = 0.0520261749625206, 0.004529315512627363, 0.00023564296134281904  # x * w / out = 1 - 9.5e-11
    weights = np.ones((4, 1, 1, 1), dtype=np.int8)
    return _extreme("conv_rounding_boundary", weights, [0, 2, -2, 1], [w, w / 4, w / 4, w * 0.75], (out, 0), (x, 0),
                    (1, 16, 16, 1))


@_case
def conv_weights_minus_128():
    """All weights -128 and inputs down to -128 with zero point 127: products up to 128 * 255."""
    return _extreme("conv_weights_minus_128", np.full((3, 3, 3, 4), -128), [0, 5, -5], [5e-5, 3e-5, 1e-6],
                    (0.5, 3), (1.0, 127))


@_case
def depthwise_weights_minus_128():
    return _extreme("depthwise_weights_minus_128", np.full((1, 3, 3, 4), -128), [0, 5, -5, 9],
                    [2e-4, 1e-4, 3e-6, 4e-4], (0.5, 3), (1.0, 127), depthwise=True)


@_cases("conv_zero_points", {
    "low": dict(x=(0.02, -128), out=(0.05, 127)), "high": dict(x=(0.02, 127), out=(0.05, -128)),
    "relu_high": dict(x=(0.02, 127), out=(0.05, 127), activation="RELU"),
    "relu6_unreachable": dict(x=(0.02, 0), out=(0.01, -128), activation="RELU6")})
def _conv_zero_points(name, **arguments):
    rng = np.random.RandomState(410)
    return _extreme(name, rng.randint(-127, 128, (5, 3, 3, 4)), rng.randint(-3000, 3000, 5), [0.01] * 5, **arguments)


# The other operators.

@_cases("add", {
    "same": dict(a=(0.1, 0), b=(0.1, 0), out=(0.2, 0)), "different": dict(a=(0.1, -128), b=(0.0003, 127), out=(0.09, -5)),
    "very_different": dict(a=(1000.0, 3), b=(1e-6, -3), out=(900.0, 9)),
    "relu6": dict(a=(0.05, -10), b=(0.03, 20), out=(6 / 255, -128), activation="RELU6"),
    "relu": dict(a=(0.05, -10), b=(0.03, 20), out=(0.04, 0), activation="RELU"),
    "saturating": dict(a=(0.5, 0), b=(0.5, 0), out=(0.01, 0))})
def _add(name, a, b, out, activation="NONE"):
    builder = Builder(name)
    x, y = builder.input((1, 16, 16, 3), *a, name="a"), builder.input((1, 16, 16, 3), *b, name="b")
    builder.output(builder.add(x, y, out, activation))
    return builder.model


@_case
def add_broadcast_constant():
    """A map plus one constant per channel."""
    b = Builder("add_broadcast_constant")
    x = b.input((1, 6, 5, 4), 0.05, 3)
    constant = b.constant("offsets", np.array([-128, 0, 3, 127]).reshape(1, 1, 1, 4), "INT8", 0.02, -1)
    b.output(b.add(x, constant, (0.06, -4)))
    return b.model


# Second operands by name: a constant's values (in the last dimensions) or an activation's shape.
_CHANNELS, _NUMBER = [-128, 0, 3, 127], [77]


@_cases("arithmetic", {
    "mul": dict(kind="MUL", a=(0.05, 3), b=(0.04, -9), other=(1, 6, 5, 4), out=(0.06, 11)),
    "mul_relu": dict(kind="MUL", a=(0.05, 3), b=(0.04, -9), other=(1, 6, 5, 4), out=(0.06, -100), activation="RELU"),
    "mul_relu6": dict(kind="MUL", a=(0.05, 3), b=(0.04, -9), other=(1, 6, 5, 4), out=(6 / 255, -128), activation="RELU6"),
    "mul_number": dict(kind="MUL", a=(1.0, -128), b=(2e-5, -128), constant=_NUMBER, out=(0.004, -128)),
    "mul_channels": dict(kind="MUL", a=(0.05, -128), b=(0.004, -128), constant=_CHANNELS, out=(0.03, -101)),
    "mul_channels_negative_scale": dict(kind="MUL", a=(0.05, -128), b=(-0.004, -128), constant=_CHANNELS, out=(0.03, 101)),
    "mul_channels_first": dict(kind="MUL", a=(0.05, -128), b=(0.004, 5), constant=_CHANNELS, out=(0.03, 0), swap=True),
    "mul_large_scale": dict(kind="MUL", a=(1.0, 0), b=(3.0, 0), other=(1, 6, 5, 4), out=(0.5, 0)),
    "mul_by_channels": dict(kind="MUL", a=(0.05, 3), b=(1 / 256, -128), other=(1, 1, 1, 4), out=(0.05, 3)),
    "mul_by_pixels": dict(kind="MUL", a=(0.05, 3), b=(1 / 256, -128), other=(1, 6, 5, 1), out=(0.05, 3)),
    "mul_by_row": dict(kind="MUL", a=(0.05, 3), b=(1 / 256, -128), other=(1, 1, 5, 4), out=(0.05, 3)),
    "mul_by_column": dict(kind="MUL", a=(0.05, 3), b=(1 / 256, -128), other=(1, 6, 1, 4), out=(0.05, 3)),
    "mul_by_number": dict(kind="MUL", a=(0.05, 3), b=(1 / 256, -128), other=(1, 1, 1, 1), out=(0.05, 3)),
    "mul_channels_by_map": dict(kind="MUL", a=(0.05, 3), b=(1 / 256, -128), other=(1, 1, 1, 4), out=(0.05, 3), swap=True),
    "mul_row_by_column": dict(kind="MUL", a=(0.05, 3), b=(1 / 32, 8), shape=(1, 6, 1, 4), other=(1, 1, 5, 4), out=(0.1, 3)),
    "sub": dict(kind="SUB", a=(0.05, -10), b=(0.03, 20), other=(1, 6, 5, 4), out=(0.06, 7)),
    "sub_very_different": dict(kind="SUB", a=(1e-6, 3), b=(1000.0, -3), other=(1, 6, 5, 4), out=(900.0, 9)),
    "sub_relu6": dict(kind="SUB", a=(0.05, -10), b=(0.03, 20), other=(1, 6, 5, 4), out=(6 / 255, -128), activation="RELU6"),
    "sub_number": dict(kind="SUB", a=(0.00784, -128), b=(0.00787, 0), constant=[127], out=(0.00784, -1)),
    "sub_from_number": dict(kind="SUB", a=(0.05, 9), b=(0.07, 0), constant=_NUMBER, out=(0.06, 60), swap=True),
    "sub_channels": dict(kind="SUB", a=(0.05, 9), b=(0.02, 127), constant=_CHANNELS, out=(0.06, -60)),
    "sub_from_channels": dict(kind="SUB", a=(0.05, 9), b=(0.02, 0), constant=_CHANNELS, out=(0.06, 4), swap=True),
    "sub_by_channels": dict(kind="SUB", a=(0.05, 9), b=(0.02, 0), other=(1, 1, 1, 4), out=(0.06, 4)),
    "add_number": dict(kind="ADD", a=(0.05, 9), b=(0.02, 0), constant=_NUMBER, out=(0.05, -20)),
    "add_channels_first": dict(kind="ADD", a=(0.05, 9), b=(0.02, 0), constant=_CHANNELS, out=(0.05, -20), swap=True),
    "add_by_pixels": dict(kind="ADD", a=(0.05, 9), b=(0.02, 0), other=(1, 6, 5, 1), out=(0.05, -20)),
    "add_by_row_and_column": dict(kind="ADD", a=(0.05, 9), b=(0.02, 0), shape=(1, 6, 1, 1), other=(1, 1, 5, 4), out=(0.06, 0)),
    "mul_rank2": dict(kind="MUL", a=(0.05, 3), b=(0.04, -9), shape=(1, 40), other=(1, 40), out=(0.06, 11)),
    "mul_rank3_channels": dict(kind="MUL", a=(0.05, -128), b=(0.004, 0), shape=(1, 9, 4), constant=_CHANNELS, out=(0.06, 11))})
def _arithmetic(name, kind, a, b, out, shape=(1, 6, 5, 4), other=None, constant=None, activation="NONE", swap=False):
    builder = Builder(name)
    x = builder.input(shape, *a, name="a")
    if constant is None:
        y = builder.input(other, *b, name="b")
    else:
        y = builder.constant("b", constant if len(constant) > 1 else constant[0], "INT8", *b)
    operands = (y, x) if swap else (x, y)
    builder.output(builder.binary(kind, *operands, out, activation))
    return builder.model


@_case
def squeeze_map():
    b = Builder("squeeze_map")
    b.output(b.softmax(b.squeeze(b.input((1, 1, 9, 4), 0.05, 3), (1, 9, 4))))
    return b.model


@_cases("concatenation", {
    "channels": dict(shapes=[(1, 6, 5, 3), (1, 6, 5, 4), (1, 6, 5, 1)]),
    "channels_words": dict(shapes=[(1, 6, 5, 8), (1, 6, 5, 4)], axis=3),
    "width": dict(shapes=[(1, 6, 5, 3), (1, 6, 1, 3), (1, 6, 4, 3)], axis=2),
    "height": dict(shapes=[(1, 2, 5, 3), (1, 6, 5, 3), (1, 1, 5, 3)], axis=1),
    "one": dict(shapes=[(1, 6, 5, 3)]), "rank3": dict(shapes=[(1, 9, 2), (1, 4, 2), (1, 1, 2)], axis=1),
    "rank2": dict(shapes=[(1, 30), (1, 7)]),
    "seven": dict(shapes=[(1, 4, 5, 2)] * 7)})
def _concatenation(name, shapes, axis=-1):
    b = Builder(name)
    b.output(b.concatenation([b.input(shape, 0.05, 3, name=f"part{i}") for i, shape in enumerate(shapes)], axis))
    return b.model


@_case
def concatenation_of_one_tensor():
    b = Builder("concatenation_of_one_tensor")
    x = b.input((1, 8, 8, 3), 0.05, 3)
    b.output(b.concatenation([x, x]))
    return b.model


@_cases("resize_nearest", {
    "twice": dict(size=(10, 12)), "thrice_and_twice": dict(size=(15, 12)), "same": dict(size=(5, 6)),
    "half": dict(size=(2, 3)), "uneven": dict(size=(7, 11)), "to_one": dict(size=(1, 1)),
    "half_pixel_centers": dict(size=(10, 9), half_pixel_centers=True),
    "half_pixel_centers_down": dict(size=(3, 4), half_pixel_centers=True),
    "align_corners": dict(size=(9, 11), align_corners=True), "align_corners_down": dict(size=(3, 2), align_corners=True)})
def _resize_nearest(name, size, **options):
    b = Builder(name)
    b.output(b.resize_nearest_neighbor(b.input((1, 5, 6, 3), 0.05, 3), size, **options))
    return b.model


@_case
def reshape_by_shape_arithmetic():
    """The new shape is computed: [shape(x)[0], then shape(x)[1:3] backwards, 3 * 4] of a map of three channels."""
    b = Builder("reshape_by_shape_arithmetic")
    x = b.max_pool_2d(b.input((1, 5, 8, 3), 0.1, 3), 1)
    sizes = b.operator("SHAPE", [x], [b.tensor("sizes", "INT32", (4,))])

    def ends(name, *values):
        return [b.constant(f"{name}/{part}", [value], "INT32") for part, value in zip(("begin", "end", "step"), values)]

    first = b.operator("STRIDED_SLICE", [sizes, *ends("first", 0, 1, 1)], [b.tensor("first", "INT32", ())],
                       shrink_axis_mask=1)
    rest = b.operator("STRIDED_SLICE", [sizes, *ends("rest", -2, 0, -1)], [b.tensor("rest", "INT32", (2,))])
    last = b.operator("STRIDED_SLICE", [rest, *ends("last", 1, 7, 1)], [b.tensor("last", "INT32", ())], shrink_axis_mask=1)
    numbers = [first, last, b.constant("twice", 24, "INT32")]
    shape = b.operator("PACK", numbers, [b.tensor("shape", "INT32", (3,))])
    y = b.tensor("reshaped", "INT8", (1, 5, 24), 0.1, 3)
    b.output(b.softmax(b.operator("RESHAPE", [x, shape], [y])))
    return b.model


@_case
def add_to_itself():
    b = Builder("add_to_itself")
    x = b.input((1, 8, 8, 4), 0.05, 3)
    b.output(b.add(x, x, (0.1, -2)))
    return b.model


@_cases("average_pool", {
    "2x2": dict(kernel=2), "3x3_same": dict(kernel=3, strides=1, padding="SAME"),
    "3x3_stride2_same": dict(kernel=3, strides=2, padding="SAME"), "5x3": dict(kernel=(5, 3), strides=(2, 1)),
    "7x7_same": dict(kernel=7, strides=3, padding="SAME"), "global": dict(kernel=(11, 10)),
    "relu6": dict(kernel=2, activation="RELU6")})
def _average_pool(name, **arguments):
    b = Builder(name)
    b.output(b.average_pool_2d(b.input((1, 11, 10, 3), 0.05, -20), **arguments))
    return b.model


@_cases("max_pool", {
    "2x2": dict(kernel=2), "3x3_same": dict(kernel=3, strides=1, padding="SAME"),
    "3x3_stride2_same": dict(kernel=3, strides=2, padding="SAME"), "2x1": dict(kernel=(2, 1)),
    "relu": dict(kernel=2, activation="RELU")})
def _max_pool(name, **arguments):
    b = Builder(name)
    b.output(b.max_pool_2d(b.input((1, 11, 10, 3), 0.05, 10), **arguments))
    return b.model


@_cases("mean", {
    "same_quantisation": dict(out=None), "requantised": dict(out=(0.02, 17)), "finer": dict(out=(0.004, -128)),
    "keep_dims": dict(out=(0.03, 0), keep_dims=True), "same_scale_other_zero_point": dict(out=(0.05, 0)),
    "height": dict(out=None, axes=(1,)), "negative_axes": dict(out=(0.03, 3), axes=(-2, -3)),
    "channels": dict(out=(0.03, 3), axes=(3,))})
def _mean(name, **arguments):
    b = Builder(name)
    b.output(b.mean(b.input((1, 7, 5, 6), 0.05, -12), **arguments))
    return b.model


@_cases("pad", {
    "around": dict(paddings=[(0, 0), (1, 1), (1, 1), (0, 0)]), "uneven": dict(paddings=[(0, 0), (0, 3), (2, 1), (0, 0)]),
    "channels": dict(paddings=[(0, 0), (0, 0), (0, 0), (1, 2)]), "nothing": dict(paddings=[(0, 0)] * 4)})
def _pad(name, paddings):
    b = Builder(name)
    b.output(b.pad(b.input((1, 5, 4, 3), 0.1, -77), paddings))
    return b.model


@_cases("padv2", {"around": dict(value=-128), "before_max_pool": dict(value=-128, pool=3), "zero_point": dict(value=-77)})
def _padv2(name, value, pool=None):
    b = Builder(name)
    x = b.pad(b.input((1, 5, 4, 3), 0.1, -77), [(0, 0), (1, 2), (2, 1), (0, 0)], value=value)
    b.output(x if pool is None else b.max_pool_2d(x, pool, 1))
    return b.model


@_case
def pad_before_average_pool():
    """Padding that must not fold away: the pool counts padded pixels, which its own SAME padding would not."""
    b = Builder("pad_before_average_pool")
    x = b.pad(b.input((1, 6, 6, 4), 0.1, 50), [(0, 0), (1, 1), (1, 1), (0, 0)])
    b.output(b.average_pool_2d(x, 2))
    return b.model


@_case
def pad_other_value_before_conv():
    """The PAD's zero point differs from the zero point its consumer assumes, so the padding is not zero to it."""
    rng, b = np.random.RandomState(501), Builder("pad_other_value_before_conv")
    x = b.pad(b.input((1, 6, 6, 3), 0.1, 50), [(0, 0), (1, 1), (1, 1), (0, 0)], out=(0.1, 50))
    y = b.reshape(x, (1, 8, 8, 3), out=(0.1, -20))
    b.output(b.conv_2d(y, rng.randint(-127, 128, (4, 3, 3, 3)), rng.randint(-500, 500, 4), [0.01] * 4, (0.3, 0),
                       padding="VALID"))
    return b.model


@_case
def reshape_changes_quantisation():
    """The bytes are copied although scale and zero point differ."""
    b = Builder("reshape_changes_quantisation")
    b.output(b.reshape(b.input((1, 4, 4, 3), 0.1, 50), (1, 48), out=(0.3, -7)))
    return b.model


@_cases("softmax", {
    "row": dict(scale=0.05, shape=(1, 10)), "one": dict(scale=0.1, shape=(1, 1)),
    "beta1": dict(scale=0.02), "beta_half": dict(scale=0.05, beta=0.5), "beta10": dict(scale=0.002, beta=10.0),
    "beta0_01": dict(scale=0.5, beta=0.01), "coarse": dict(scale=4.0), "fine": dict(scale=0.002),
    "saturated_multiplier": dict(scale=40.0, beta=2.0), "wide": dict(scale=0.03, shape=(1, 1000))})
def _softmax(name, scale, beta=1.0, shape=(1, 4, 6, 10)):
    b = Builder(name)
    b.output(b.softmax(b.input(shape, scale, 11), beta))
    return b.model


@_cases("activation", {
    "logistic": dict(kind="LOGISTIC", x=(0.05, 11)), "logistic_fine": dict(kind="LOGISTIC", x=(0.002, -128)),
    "logistic_coarse": dict(kind="LOGISTIC", x=(0.7, 127)), "logistic_power_of_two": dict(kind="LOGISTIC", x=(0.125, 0)),
    "logistic_all_saturated": dict(kind="LOGISTIC", x=(40.0, 3)),
    "tanh": dict(kind="TANH", x=(0.03, -7)), "tanh_fine": dict(kind="TANH", x=(0.0011, 127)),
    "tanh_coarse": dict(kind="TANH", x=(0.9, 0)), "tanh_power_of_two": dict(kind="TANH", x=(0.0625, -128)),
    "hard_swish": dict(kind="HARD_SWISH", x=(0.05, 3), out=(0.03, -100)),
    "hard_swish_fine": dict(kind="HARD_SWISH", x=(0.003, -20), out=(0.002, 5)),
    "hard_swish_coarse": dict(kind="HARD_SWISH", x=(0.6, 127), out=(0.3, 40)),
    "hard_swish_saturating": dict(kind="HARD_SWISH", x=(0.05, -128), out=(0.01, 90)),
    "leaky_relu": dict(kind="LEAKY_RELU", x=(0.05, 20), out=(0.04, -60), alpha=0.1),
    "leaky_relu_negative_alpha": dict(kind="LEAKY_RELU", x=(0.05, 20), out=(0.05, -100), alpha=-0.3),
    "leaky_relu_zero_alpha": dict(kind="LEAKY_RELU", x=(0.05, 0), alpha=0.0),
    "leaky_relu_finer": dict(kind="LEAKY_RELU", x=(0.5, 20), out=(0.1, 0), alpha=3.0),
    "elu": dict(kind="ELU", x=(0.05, 10), out=(0.04, -90)), "elu_fine": dict(kind="ELU", x=(0.01, 127), out=(0.005, 127)),
    "relu": dict(kind="RELU", x=(0.05, 10), out=(0.04, -128)), "relu_same": dict(kind="RELU", x=(0.05, 10)),
    "relu_high_zero_point": dict(kind="RELU", x=(0.05, -100), out=(0.3, 60)),
    "relu6": dict(kind="RELU6", x=(0.05, 10)), "relu_n1_to_1": dict(kind="RELU_N1_TO_1", x=(0.02, 10), out=(1 / 127, 0)),
    "relu_0_to_1": dict(kind="RELU_0_TO_1", x=(0.02, 10), out=(1 / 255, -128))})
def _activation(name, kind, x, out=None, **options):
    b = Builder(name)
    b.output(b.activation(kind, b.input((1, 16, 16, 3), *x), out, **options))
    return b.model


@_cases("quantize", {
    "coarser": dict(x=(0.05, 3), out=(0.11, -4)), "finer": dict(x=(0.05, 3), out=(0.02, -4)),
    "zero_point_only": dict(x=(0.05, 100), out=(0.05, -100)), "much_finer": dict(x=(1.0, 0), out=(1e-5, 0)),
    "from_uint8": dict(x=(0.05, 128), out=(0.05, 0), source="UINT8"),
    "to_uint8": dict(x=(0.05, 0), out=(0.05, 128), kind="UINT8"),
    "from_float": dict(x=(None, 0), out=(0.03, -9), source="FLOAT32")})
def _quantize(name, x, out, source="INT8", kind="INT8"):
    b = Builder(name)
    b.output(b.quantize(b.input((1, 16, 16, 1), *x, kind=source), out, kind))
    return b.model


@_case
def dequantize_plain():
    b = Builder("dequantize_plain")
    b.output(b.dequantize(b.input((1, 16, 16, 1), 0.037, -5)))
    return b.model
