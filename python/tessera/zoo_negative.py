# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Files of the zoo that must be refused, each wrong in one way, made by damaging a small sound network. Each function
returns the bytes of the file. NEGATIVES maps the name to the function; zoo.py writes them like the others."""

import numpy as np

from .model import Quantization
from .random_net import RandomNet
from .tflite_builder import Builder
from .tflite_writer import serialize

NEGATIVES = {}


def _case(function):
    NEGATIVES["negative_" + function.__name__] = function
    return function


def _sound():
    """CONV_2D, AVERAGE_POOL_2D, RESHAPE, FULLY_CONNECTED, SOFTMAX: tensors 0..11, the input is 0."""
    net = RandomNet("sound", 900)
    x = net.average_pool(net.conv(net.input((1, 8, 8, 3)), 4, 3, 2), 2)
    x = net.fully_connected(net.reshape(x, (1, -1)), 5, span=5)
    return net.output(net.softmax(x))


def _damaged(damage):
    """Registers a case that applies `damage` to the sound model in place."""
    def make():
        model = _sound()
        damage(model)
        return serialize(model)
    make.__doc__ = damage.__doc__
    NEGATIVES["negative_" + damage.__name__] = make
    return damage


def _operator(model, kind):
    return next(op for op in model.operators if op.kind == kind)


@_case
def float_model():
    """A float32 network: nothing is quantised."""
    b = Builder("float_model")
    x = b.input((1, 8, 8, 3), kind="FLOAT32")
    w = b.constant("weights", np.ones((4, 3, 3, 3)), "FLOAT32")
    bias = b.constant("bias", np.zeros(4), "FLOAT32")
    y = b.tensor("conv", "FLOAT32", (1, 8, 8, 4))
    b.output(b.operator("CONV_2D", [x, w, bias], [y], stride_h=1, stride_w=1))
    return b.to_bytes()


@_case
def unsupported_operators():
    """LSTM, SVDF and a custom operator between supported ones: all three belong in one message."""
    b = Builder("unsupported_operators")
    x = b.input((1, 8, 8, 3), 0.1, 0)
    for kind, custom_code in (("LSTM", ""), ("SVDF", ""), ("CUSTOM", "MyDetector")):
        y = b.tensor(kind.lower(), "INT8", (1, 8, 8, 3), 0.1, 0)
        x = b.operator(kind, [x], [y], custom_code)
    b.output(b.max_pool_2d(x, 2))
    return b.to_bytes()


@_case
def hybrid_model():
    """Float activations with int8 weights (dynamic-range quantisation)."""
    b = Builder("hybrid_model")
    x = b.input((1, 16), kind="FLOAT32")
    w = b.constant("weights", np.ones((4, 16)), "INT8", 0.1)
    y = b.tensor("fully_connected", "FLOAT32", (1, 4))
    b.output(b.operator("FULLY_CONNECTED", [x, w, -1], [y]))
    return b.to_bytes()


@_damaged
def dynamic_shape(model):
    """The input's height is -1."""
    model.tensors[0].shape = (1, -1, 8, 3)


@_damaged
def dynamic_signature(model):
    """The signature says that height and width vary, although the shape has numbers."""
    model.tensors[0].shape_signature = (1, -1, -1, 3)


@_damaged
def zero_dimension(model):
    """The input has no rows."""
    model.tensors[0].shape = (1, 0, 8, 3)


@_damaged
def huge_shape(model):
    """The product of the dimensions overflows 32 and 64 bits."""
    model.tensors[0].shape = (2**31 - 1, 2**31 - 1, 2**31 - 1, 2**31 - 1)


@_damaged
def batch_of_two(model):
    """Batch 2: everything is consistent, but batches are not supported."""
    for tensor in model.tensors:
        if tensor.data is None and len(tensor.shape) == 4:
            tensor.shape = (2, *tensor.shape[1:])


@_damaged
def operand_out_of_range(model):
    """An operator reads tensor 9999."""
    op = model.operators[1]
    op.inputs = (9999,)


@_damaged
def negative_operand(model):
    """An operator reads tensor -7."""
    model.operators[1].inputs = (-7,)


@_damaged
def result_out_of_range(model):
    """An operator writes tensor 9999."""
    model.operators[1].outputs = (9999,)


@_damaged
def missing_operand(model):
    """A convolution without weights."""
    op = model.operators[0]
    op.inputs = op.inputs[:1]


@_damaged
def absent_operand(model):
    """The convolution's weights are the absent tensor -1."""
    op = model.operators[0]
    op.inputs = (op.inputs[0], -1, op.inputs[2])


@_damaged
def operator_code_out_of_range(model):
    """An operator refers to operator code 77."""
    model.operators[1].code_index = 77


@_damaged
def buffer_out_of_range(model):
    """The weights refer to buffer 500."""
    model.tensors[model.operators[0].inputs[1]].buffer_index = 500


@_damaged
def short_buffer(model):
    """The weights' buffer is one byte short."""
    tensor = model.tensors[model.operators[0].inputs[1]]
    tensor.raw = tensor.data.tobytes()[:-1]


@_damaged
def weights_without_data(model):
    """The weights are not constant."""
    tensor = model.tensors[model.operators[0].inputs[1]]
    tensor.data = None


@_damaged
def output_out_of_range(model):
    """The model's output is tensor 12345."""
    model.outputs[0] = 12345


@_damaged
def no_outputs(model):
    """The model has no output."""
    model.outputs.clear()


@_damaged
def input_also_constant(model):
    """The model's input is the weights."""
    model.inputs[0] = model.operators[0].inputs[1]


@_damaged
def used_before_made(model):
    """The operators are in the wrong order."""
    model.operators.reverse()


@_damaged
def tensor_made_twice(model):
    """Two operators write the same tensor."""
    model.operators[1].outputs = model.operators[0].outputs


@_damaged
def no_quantisation(model):
    """The convolution's result has neither scale nor zero point."""
    model.tensors[model.operators[0].outputs[0]].quantization = None


@_damaged
def zero_scale(model):
    """The input's scale is 0."""
    model.tensors[0].quantization.scales = np.zeros(1, np.float32)


@_damaged
def nan_scale(model):
    """The input's scale is not a number."""
    model.tensors[0].quantization.scales = np.full(1, np.nan, np.float32)


@_damaged
def infinite_scale(model):
    """One weight scale is infinite."""
    model.tensors[model.operators[0].inputs[1]].quantization.scales[1] = np.inf


@_damaged
def zero_point_out_of_range(model):
    """The input's zero point is 200, beyond int8."""
    model.tensors[0].quantization.zero_points = np.array([200], np.int64)


@_damaged
def asymmetric_weights(model):
    """The convolution's weights have zero point 3."""
    quantization = model.tensors[model.operators[0].inputs[1]].quantization
    quantization.zero_points = np.full(len(quantization.scales), 3, np.int64)


@_damaged
def scales_of_wrong_length(model):
    """Three scales for four output channels."""
    quantization = model.tensors[model.operators[0].inputs[1]].quantization
    quantization.scales, quantization.zero_points = quantization.scales[:3], np.zeros(3, np.int64)


@_damaged
def scales_along_wrong_axis(model):
    """The weights' scales lie along the kernel's width."""
    model.tensors[model.operators[0].inputs[1]].quantization.dimension = 2


@_damaged
def per_channel_activation(model):
    """The input has one scale per channel."""
    model.tensors[0].quantization = Quantization(np.full(3, 0.1, np.float32), np.zeros(3, np.int64), 3)


@_damaged
def zero_stride(model):
    """The convolution's stride is 0."""
    model.operators[0].options["stride_h"] = 0


@_damaged
def zero_filter(model):
    """The pool's window has no height."""
    _operator(model, "AVERAGE_POOL_2D").options["filter_h"] = 0


@_damaged
def wrong_result_shape(model):
    """The convolution's result is declared one row too high."""
    tensor = model.tensors[model.operators[0].outputs[0]]
    tensor.shape = (1, tensor.shape[1] + 1, *tensor.shape[2:])


@_damaged
def channels_disagree(model):
    """The input has seven channels, the weights three."""
    model.tensors[0].shape = (1, 8, 8, 7)


@_damaged
def reshape_changes_size(model):
    """RESHAPE from 16 to 15 elements."""
    model.tensors[_operator(model, "RESHAPE").outputs[0]].shape = (1, 15)


@_damaged
def softmax_output_scale(model):
    """SOFTMAX must make scale 1/256 and zero point -128."""
    model.tensors[model.outputs[0]].quantization.scales = np.array([0.01], np.float32)


@_damaged
def pool_requantises(model):
    """Pooling keeps the quantisation; this one claims to change it."""
    tensor = model.tensors[_operator(model, "AVERAGE_POOL_2D").outputs[0]]
    tensor.quantization = Quantization(tensor.quantization.scales * 2, tensor.quantization.zero_points)


@_damaged
def unknown_activation(model):
    """The convolution has a fused TANH."""
    model.operators[0].options["activation"] = "TANH"


@_case
def truncated():
    """The first two thirds of a sound file."""
    data = serialize(_sound())
    return data[:len(data) * 2 // 3]


@_case
def not_tflite():
    """Text."""
    return b"This is not a model.\n" * 8


@_case
def empty():
    """No bytes at all."""
    return b""
