# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The part of the .tflite schema (version 3, identifier "TFL3") that the builder and the reader share.

Numbers only: field ids of the tables, enumeration values, and per operator the layout of its options table. A field id
i lives in slot 4 + 2 * i of a table's vtable; a field that equals its default is left out of the file.
"""

from dataclasses import dataclass, field

import numpy as np

SCHEMA_VERSION = 3
FILE_IDENTIFIER = b"TFL3"
OPTIONAL_TENSOR = -1

# TensorType: name -> (number, numpy type).
TENSOR_TYPES = {
    "FLOAT32": (0, np.float32),
    "FLOAT16": (1, np.float16),
    "INT32": (2, np.int32),
    "UINT8": (3, np.uint8),
    "INT64": (4, np.int64),
    "BOOL": (6, np.bool_),
    "INT16": (7, np.int16),
    "INT8": (9, np.int8),
}
TENSOR_TYPE_NAMES = {number: name for name, (number, _) in TENSOR_TYPES.items()}

# BuiltinOperator: the operators this project reads, and a few that it must refuse.
BUILTIN_OPERATORS = {
    "ADD": 0,
    "AVERAGE_POOL_2D": 1,
    "CONCATENATION": 2,
    "CONV_2D": 3,
    "DEPTHWISE_CONV_2D": 4,
    "DEQUANTIZE": 6,
    "FULLY_CONNECTED": 9,
    "LOGISTIC": 14,
    "LSTM": 16,
    "MAX_POOL_2D": 17,
    "MUL": 18,
    "RELU": 19,
    "RELU_N1_TO_1": 20,
    "RELU6": 21,
    "RESHAPE": 22,
    "SOFTMAX": 25,
    "SVDF": 27,
    "TANH": 28,
    "CUSTOM": 32,
    "PAD": 34,
    "TRANSPOSE": 39,
    "MEAN": 40,
    "SUB": 41,
    "SQUEEZE": 43,
    "STRIDED_SLICE": 45,
    "UNIDIRECTIONAL_SEQUENCE_LSTM": 44,
    "PADV2": 60,
    "EXPAND_DIMS": 70,
    "SHAPE": 77,
    "PACK": 83,
    "RESIZE_NEAREST_NEIGHBOR": 97,
    "LEAKY_RELU": 98,
    "ELU": 111,
    "QUANTIZE": 114,
    "HARD_SWISH": 117,
    "RELU_0_TO_1": 152,
}
BUILTIN_OPERATOR_NAMES = {number: name for name, number in BUILTIN_OPERATORS.items()}

# ActivationFunctionType and Padding.
ACTIVATIONS = ("NONE", "RELU", "RELU_N1_TO_1", "RELU6", "TANH", "SIGN_BIT")
PADDINGS = ("SAME", "VALID")


@dataclass(frozen=True)
class OptionField:
    """One field of an options table. `kind` is int8, int32, float32, bool, activation, padding or ints (a vector)."""

    name: str
    id: int
    kind: str
    default: object


@dataclass(frozen=True)
class OptionsTable:
    """`union` is the number of the table in the BuiltinOptions union."""

    union: int
    fields: tuple = field(default_factory=tuple)


_PADDING = OptionField("padding", 0, "padding", "SAME")
_STRIDES = (OptionField("stride_w", 1, "int32", 0), OptionField("stride_h", 2, "int32", 0))

OPTIONS = {
    "CONV_2D": OptionsTable(1, (
        _PADDING, *_STRIDES,
        OptionField("activation", 3, "activation", "NONE"),
        OptionField("dilation_w", 4, "int32", 1),
        OptionField("dilation_h", 5, "int32", 1))),
    "DEPTHWISE_CONV_2D": OptionsTable(2, (
        _PADDING, *_STRIDES,
        OptionField("depth_multiplier", 3, "int32", 0),
        OptionField("activation", 4, "activation", "NONE"),
        OptionField("dilation_w", 5, "int32", 1),
        OptionField("dilation_h", 6, "int32", 1))),
    "AVERAGE_POOL_2D": OptionsTable(5, (
        _PADDING, *_STRIDES,
        OptionField("filter_w", 3, "int32", 0),
        OptionField("filter_h", 4, "int32", 0),
        OptionField("activation", 5, "activation", "NONE"))),
    "FULLY_CONNECTED": OptionsTable(8, (
        OptionField("activation", 0, "activation", "NONE"),
        OptionField("weights_format", 1, "int8", 0),
        OptionField("keep_num_dims", 2, "bool", False))),
    "SOFTMAX": OptionsTable(9, (OptionField("beta", 0, "float32", 0.0),)),
    "ADD": OptionsTable(11, (
        OptionField("activation", 0, "activation", "NONE"),
        OptionField("pot_scale_int16", 1, "bool", True))),
    "CONCATENATION": OptionsTable(10, (
        OptionField("axis", 0, "int32", 0),
        OptionField("activation", 1, "activation", "NONE"))),
    "MUL": OptionsTable(21, (OptionField("activation", 0, "activation", "NONE"),)),
    "SUB": OptionsTable(28, (OptionField("activation", 0, "activation", "NONE"),)),
    "RESHAPE": OptionsTable(17, (OptionField("new_shape", 0, "ints", ()),)),
    "PAD": OptionsTable(22),
    "TRANSPOSE": OptionsTable(26),
    "MEAN": OptionsTable(27, (OptionField("keep_dims", 0, "bool", False),)),
    "DEQUANTIZE": OptionsTable(38),
    "SHAPE": OptionsTable(55),
    "PACK": OptionsTable(59, (OptionField("values_count", 0, "int32", 0), OptionField("axis", 1, "int32", 0))),
    "PADV2": OptionsTable(43),
    "STRIDED_SLICE": OptionsTable(32, (
        OptionField("begin_mask", 0, "int32", 0),
        OptionField("end_mask", 1, "int32", 0),
        OptionField("shrink_axis_mask", 4, "int32", 0))),
    "RESIZE_NEAREST_NEIGHBOR": OptionsTable(74, (
        OptionField("align_corners", 0, "bool", False),
        OptionField("half_pixel_centers", 1, "bool", False))),
    "LEAKY_RELU": OptionsTable(75, (OptionField("alpha", 0, "float32", 0.0),)),
    "QUANTIZE": OptionsTable(89),
}
OPTIONS["MAX_POOL_2D"] = OPTIONS["AVERAGE_POOL_2D"]
