#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Runs an int8 .tflite model with the exact arithmetic of TensorFlow Lite Micro's reference kernels.

    reference.py MODEL.tflite IN.bin OUT.bin [--tensors DIR]

IN.bin holds the model's inputs one after another in the order of the model's list, OUT.bin gets its outputs the same
way: little endian, no header, NHWC. --tensors also writes every tensor I that an operator computes to DIR/I.bin.
What the operators compute is written down in reference_kernels.py. Needs numpy (Debian: python3-numpy).
"""

import argparse
import os
import sys

import numpy as np

if __package__ in (None, ""):  # run as a script
    sys.path[0] = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    __package__ = "tessera"

from .reference_kernels import KERNELS
from .tflite_reader import read


def run(model, inputs):
    """All tensors of one inference: {index: array}, constants included. `inputs`: arrays in the order of model.inputs.
    Raises ValueError on an operator or a tensor type that the reference does not run here."""
    values = {i: t.data for i, t in enumerate(model.tensors) if t.data is not None}
    for index, array in zip(model.inputs, inputs, strict=True):
        tensor = model.tensors[index]
        values[index] = np.asarray(array, dtype=tensor.dtype).reshape(tensor.shape)
    for number, op in enumerate(model.operators):
        kernel = KERNELS.get(op.kind)
        output = model.tensors[op.outputs[0]]
        if kernel is None:
            raise ValueError(f"operator {number} ({op.kind}) has no reference here")
        if output.type not in ("INT8", "UINT8") and op.kind not in ("DEQUANTIZE", "RESHAPE", "SHAPE", "PACK", "STRIDED_SLICE"):
            raise ValueError(f"operator {number} ({op.kind}) makes {output.type}, only INT8 is run here")
        result = kernel(model, op, [None if i < 0 else values[i] for i in op.inputs])
        if result.shape != tuple(output.shape):
            raise ValueError(f"operator {number} ({op.kind}) makes shape {result.shape}, the file says {output.shape}")
        values[op.outputs[0]] = result
    return values


def split_inputs(model, data):
    """The bytes of an input file as a list of arrays, one per model input. Raises ValueError when the size is wrong."""
    arrays, position = [], 0
    for index in model.inputs:
        tensor = model.tensors[index]
        size = tensor.num_elements * tensor.dtype.itemsize
        arrays.append(np.frombuffer(data[position:position + size], tensor.dtype.newbyteorder("<")))
        position += size
    if position != len(data):
        raise ValueError(f"the inputs have {position} bytes, the file has {len(data)}")
    return arrays


def run_bytes(model, data):
    """The bytes of the model's outputs for the bytes of its inputs."""
    values = run(model, split_inputs(model, data))
    return b"".join(np.ascontiguousarray(values[i]).tobytes() for i in model.outputs)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("model")
    parser.add_argument("input")
    parser.add_argument("output")
    parser.add_argument("--tensors", metavar="DIR", help="also write every computed tensor")
    args = parser.parse_args()
    try:
        model = read(args.model)
        with open(args.input, "rb") as file:
            values = run(model, split_inputs(model, file.read()))
    except (OSError, ValueError) as error:
        sys.exit(f"error: {error}")
    with open(args.output, "wb") as file:
        for i in model.outputs:
            file.write(np.ascontiguousarray(values[i]).tobytes())
    if args.tensors:
        os.makedirs(args.tensors, exist_ok=True)
        for op in model.operators:
            np.ascontiguousarray(values[op.outputs[0]]).tofile(os.path.join(args.tensors, f"{op.outputs[0]}.bin"))


if __name__ == "__main__":
    main()
