# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Builds .tflite models operator by operator, for tests and for exporting trained networks.

    b = Builder("example")
    x = b.input((1, 8, 8, 3), scale=0.05, zero_point=-1)
    y = b.conv_2d(x, weights, bias, weight_scales=[0.01, 0.02], out=(0.1, -128), strides=2, activation="RELU")
    b.output(b.mean(y, out=(0.05, -128)))
    b.write("example.tflite")

Every operator method takes tensor indices, appends the operator and its output tensor (whose shape it works out) and
returns the output's index. `out` is the output's (scale, zero point); None keeps the input's. Pairs (height, width) may
be given as one number. Weights are int8 in TFLite's layouts: CONV_2D [O, KH, KW, C], DEPTHWISE_CONV_2D [1, KH, KW, C * M],
FULLY_CONNECTED [O, D]; `weight_scales` has one entry (per tensor) or one per output channel. Biases are int32 in units of
input scale * weight scale. For files that are wrong on purpose, edit `b.model` before writing.
"""

import numpy as np

from . import schema
from .model import Model, Operator, Quantization, Tensor
from .reference_kernels import padding_before
from .tflite_writer import serialize


def _pair(value):
    return (value, value) if np.isscalar(value) else tuple(value)


class Builder:
    def __init__(self, name="main", description="made by tessera"):
        self.model = Model(description=description, name=name)

    # Tensors.

    def tensor(self, name, kind, shape, scales=None, zero_points=0, dimension=0, data=None, shape_signature=None):
        """Adds any tensor. `scales`: None (not quantised), a number or a sequence."""
        quantization = None
        if scales is not None:
            scales = np.atleast_1d(np.asarray(scales, dtype=np.float32))
            zero_points = np.broadcast_to(np.asarray(zero_points, dtype=np.int64), scales.shape)
            quantization = Quantization(scales, zero_points, dimension)
        self.model.tensors.append(Tensor(name, kind, tuple(int(d) for d in shape), quantization, data, shape_signature))
        return len(self.model.tensors) - 1

    def input(self, shape, scale=None, zero_point=0, kind="INT8", name="input"):
        """A model input. A float input has no scale."""
        index = self.tensor(name, kind, shape, scale, zero_point)
        self.model.inputs.append(index)
        return index

    def output(self, index):
        self.model.outputs.append(index)
        return index

    def constant(self, name, array, kind, scales=None, zero_points=0, dimension=0):
        array = np.asarray(array, dtype=schema.TENSOR_TYPES[kind][1])
        return self.tensor(name, kind, array.shape, scales, zero_points, dimension, array)

    def shape(self, index):
        return self.model.tensors[index].shape

    def quantization(self, index):
        """(scale, zero point) of a tensor."""
        tensor = self.model.tensors[index]
        return tensor.scale, tensor.zero_point

    def operator(self, kind, inputs, outputs, custom_code="", version=1, **options):
        """Appends any operator; options not given have the schema's defaults."""
        layout = schema.OPTIONS.get(kind)
        values = {f.name: f.default for f in layout.fields} if layout else {}
        unknown = set(options) - set(values)
        if unknown:
            raise ValueError(f"{kind} has no option {', '.join(sorted(unknown))}")
        values.update(options)
        self.model.operators.append(Operator(kind, tuple(inputs), tuple(outputs), values, custom_code, version))
        return outputs[0]

    def _result(self, kind, shape, source, out, tensor_type="INT8"):
        scale, zero_point = self.quantization(source) if out is None else out
        name = f"{kind.lower()}_{len(self.model.operators)}"
        return self.tensor(name, tensor_type, shape, scale, zero_point)

    # Operators.

    def _parameters(self, kind, x, weights, bias, weight_scales, dimension, weight_zero_point=0):
        prefix = f"{kind.lower()}_{len(self.model.operators)}"
        operands = [x, self.constant(prefix + "/weights", weights, "INT8", weight_scales, weight_zero_point, dimension)]
        if bias is not None:
            scales = np.atleast_1d(np.asarray(weight_scales, dtype=np.float32))
            operands.append(self.constant(prefix + "/bias", bias, "INT32", self.quantization(x)[0] * scales))
        return operands

    def _windowed_shape(self, x, kernel, strides, padding, dilations, channels):
        n, height, width, _ = self.shape(x)
        _, out_h = padding_before(padding, height, kernel[0], strides[0], dilations[0])
        _, out_w = padding_before(padding, width, kernel[1], strides[1], dilations[1])
        return n, out_h, out_w, channels

    def conv_2d(self, x, weights, bias, weight_scales, out, strides=1, padding="SAME", dilations=1, activation="NONE"):
        weights = np.asarray(weights)
        strides, dilations = _pair(strides), _pair(dilations)
        operands = self._parameters("CONV_2D", x, weights, bias, weight_scales, 0)
        shape = self._windowed_shape(x, weights.shape[1:3], strides, padding, dilations, weights.shape[0])
        return self.operator("CONV_2D", operands, [self._result("CONV_2D", shape, x, out)], padding=padding,
                             stride_h=strides[0], stride_w=strides[1], dilation_h=dilations[0],
                             dilation_w=dilations[1], activation=activation)

    def depthwise_conv_2d(self, x, weights, bias, weight_scales, out, strides=1, padding="SAME", dilations=1,
                          activation="NONE"):
        weights = np.asarray(weights)
        strides, dilations = _pair(strides), _pair(dilations)
        operands = self._parameters("DEPTHWISE_CONV_2D", x, weights, bias, weight_scales, 3)
        shape = self._windowed_shape(x, weights.shape[1:3], strides, padding, dilations, weights.shape[3])
        return self.operator("DEPTHWISE_CONV_2D", operands, [self._result("DEPTHWISE_CONV_2D", shape, x, out)],
                             padding=padding, stride_h=strides[0], stride_w=strides[1], dilation_h=dilations[0],
                             dilation_w=dilations[1], depth_multiplier=weights.shape[3] // self.shape(x)[3],
                             activation=activation)

    def fully_connected(self, x, weights, bias, weight_scales, out, activation="NONE", keep_num_dims=False,
                        weight_zero_point=0):
        weights = np.asarray(weights)
        operands = self._parameters("FULLY_CONNECTED", x, weights, bias, weight_scales, 0, weight_zero_point)
        if bias is None:
            operands.append(schema.OPTIONAL_TENSOR)
        shape = self.shape(x)[:-1] if keep_num_dims else (int(np.prod(self.shape(x))) // weights.shape[1],)
        return self.operator("FULLY_CONNECTED", operands,
                             [self._result("FULLY_CONNECTED", (*shape, weights.shape[0]), x, out)],
                             activation=activation, keep_num_dims=keep_num_dims)

    def add(self, a, b, out, activation="NONE"):
        shape = np.broadcast_shapes(self.shape(a), self.shape(b))
        return self.operator("ADD", [a, b], [self._result("ADD", shape, a, out)], activation=activation)

    def binary(self, kind, a, b, out, activation="NONE"):
        """ADD, SUB or MUL, with broadcasting; an operand may be a constant. `out` must be given if `a` is one."""
        shape = np.broadcast_shapes(self.shape(a), self.shape(b))
        return self.operator(kind, [a, b], [self._result(kind, shape, a, out)], activation=activation)

    def concatenation(self, operands, axis=-1):
        shape = list(self.shape(operands[0]))
        shape[axis] = sum(self.shape(x)[axis] for x in operands)
        return self.operator("CONCATENATION", operands, [self._result("CONCATENATION", shape, operands[0], None)], axis=axis)

    def resize_nearest_neighbor(self, x, size, **options):
        """`size`: (height, width); options align_corners and half_pixel_centers."""
        kind = "RESIZE_NEAREST_NEIGHBOR"
        table = self.constant(f"resize_{len(self.model.operators)}/size", size, "INT32")
        n, _, _, channels = self.shape(x)
        return self.operator(kind, [x, table], [self._result(kind, (n, *size, channels), x, None)], **options)

    def squeeze(self, x, shape):
        return self.operator("SQUEEZE", [x], [self._result("SQUEEZE", shape, x, None)])

    def pad(self, x, paddings, out=None, value=None):
        """`paddings`: one (before, after) per dimension. With a (quantised) value the operator is PADV2."""
        table = self.constant(f"pad_{len(self.model.operators)}/paddings", paddings, "INT32")
        shape = [d + before + after for d, (before, after) in zip(self.shape(x), paddings)]
        if value is None:
            return self.operator("PAD", [x, table], [self._result("PAD", shape, x, out)])
        number = self.constant(f"pad_{len(self.model.operators)}/value", value, "INT8", *self.quantization(x))
        return self.operator("PADV2", [x, table, number], [self._result("PADV2", shape, x, out)])

    def _pool(self, kind, x, kernel, strides, padding, activation):
        kernel = _pair(kernel)
        strides = kernel if strides is None else _pair(strides)
        shape = self._windowed_shape(x, kernel, strides, padding, (1, 1), self.shape(x)[3])
        return self.operator(kind, [x], [self._result(kind, shape, x, None)], padding=padding, stride_h=strides[0],
                             stride_w=strides[1], filter_h=kernel[0], filter_w=kernel[1], activation=activation)

    def average_pool_2d(self, x, kernel, strides=None, padding="VALID", activation="NONE"):
        """Strides default to the kernel's size."""
        return self._pool("AVERAGE_POOL_2D", x, kernel, strides, padding, activation)

    def max_pool_2d(self, x, kernel, strides=None, padding="VALID", activation="NONE"):
        """Strides default to the kernel's size."""
        return self._pool("MAX_POOL_2D", x, kernel, strides, padding, activation)

    def mean(self, x, out=None, axes=(1, 2), keep_dims=False):
        table = self.constant(f"mean_{len(self.model.operators)}/axes", axes, "INT32")
        rank = len(self.shape(x))
        reduced = {a % rank for a in axes}
        shape = [1 if i in reduced else d for i, d in enumerate(self.shape(x)) if keep_dims or i not in reduced]
        return self.operator("MEAN", [x, table], [self._result("MEAN", shape, x, out)], keep_dims=keep_dims)

    def reshape(self, x, shape, out=None):
        """`shape` may hold one -1."""
        shape = np.empty(self.shape(x), dtype=np.int8).reshape(shape).shape
        table = self.constant(f"reshape_{len(self.model.operators)}/shape", shape, "INT32")
        kind = self.model.tensors[x].type
        return self.operator("RESHAPE", [x, table], [self._result("RESHAPE", shape, x, out, kind)], new_shape=shape)

    def softmax(self, x, beta=1.0):
        return self.operator("SOFTMAX", [x], [self._result("SOFTMAX", self.shape(x), x, (1 / 256, -128))], beta=beta)

    def activation(self, kind, x, out=None, **options):
        """LOGISTIC, TANH, HARD_SWISH, LEAKY_RELU (alpha), ELU, RELU, RELU6, RELU_N1_TO_1 or RELU_0_TO_1. LOGISTIC and
        TANH have a result quantisation of their own."""
        out = {"LOGISTIC": (1 / 256, -128), "TANH": (1 / 128, 0)}.get(kind, out)
        return self.operator(kind, [x], [self._result(kind, self.shape(x), x, out)], **options)

    def quantize(self, x, out, kind="INT8"):
        return self.operator("QUANTIZE", [x], [self._result("QUANTIZE", self.shape(x), x, out, kind)])

    def dequantize(self, x):
        result = self.tensor(f"dequantize_{len(self.model.operators)}", "FLOAT32", self.shape(x))
        return self.operator("DEQUANTIZE", [x], [result])

    # Files.

    def to_bytes(self):
        return serialize(self.model)

    def write(self, path):
        with open(path, "wb") as file:
            file.write(self.to_bytes())
