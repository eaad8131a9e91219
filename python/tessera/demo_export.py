# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Turns the trained demo network into a .tflite file, and measures an int8 file's accuracy with the exact reference."""

import numpy as np

from . import demo_data, reference
from .demo_network import LAYERS
from .tflite_builder import Builder
from .tflite_reader import read


def _affine(bounds):
    """(scale, zero point) of int8 for a range [low, high] that holds 0."""
    low, high = bounds
    scale = np.float32((high - low) / 255)
    return scale, int(np.clip(round(-low / float(scale)), 0, 255)) - 128


def _quantised_weights(w, axes):
    """(int8 weights, scales): symmetric, the greatest magnitude along `axes` becomes 127."""
    scales = np.maximum(np.abs(w).max(axis=axes, keepdims=True), 1e-8).astype(np.float32) / np.float32(127)
    return np.clip(np.round(w / scales), -127, 127).astype(np.int8), np.atleast_1d(scales.squeeze())


def _quantised_bias(bias, input_scale, weight_scales):
    limit = 2**31 - 1
    return np.clip(np.round(bias / (np.float64(input_scale) * weight_scales)), -limit, limit).astype(np.int32)


def build(folded, ranges):
    """`folded`: {layer: {"w": [KH, KW, C, O] float, "b": [O]}} with normalisation folded in; `ranges`: {tensor: (low,
    high)}, with the names of train_demo.py. Weights per channel, the classifier's per tensor. Returns a Builder."""
    b = Builder("digits96", "handwritten digits in 96x96 clutter, trained by the Tessera project")
    x = b.input((1, demo_data.SIZE, demo_data.SIZE, 1), *_affine(ranges["input"]), name="image")
    results = {}
    for layer in LAYERS:
        w = np.asarray(folded[layer.name]["w"], dtype=np.float64)
        quantised, scales = _quantised_weights(w, (0, 1, 2))
        bias = _quantised_bias(folded[layer.name]["b"], b.quantization(x)[0], scales)
        out = _affine(ranges[layer.name])
        if layer.kind == "depthwise":
            x = b.depthwise_conv_2d(x, quantised.transpose(2, 0, 1, 3), bias, scales, out, layer.stride,
                                    activation=layer.activation)
        else:
            x = b.conv_2d(x, quantised.transpose(3, 0, 1, 2), bias, scales, out, layer.stride,
                          activation=layer.activation)
        if layer.skip:
            x = b.add(x, results[layer.skip], _affine(ranges[layer.name + "+"]))
        results[layer.name] = x
    x = b.mean(x, _affine(ranges["mean"]))
    quantised, scales = _quantised_weights(np.asarray(folded["classes"]["w"], dtype=np.float64), None)
    bias = _quantised_bias(folded["classes"]["b"], b.quantization(x)[0], scales)
    x = b.fully_connected(x, quantised.T, bias, scales, _affine(ranges["classes"]))
    b.output(b.softmax(x))
    return b


def write(path, folded, ranges):
    build(folded, ranges).write(path)


def predict(path, images, batch=4):
    """Output bytes [n, 10] int8 of the file for images [n, SIZE, SIZE] uint8, by the exact reference in batches."""
    model = read(path)
    outputs = []
    for start in range(0, len(images), batch):
        chunk = demo_data.to_model_input(images[start:start + batch])
        for tensor in model.tensors:
            if tensor.data is None:
                tensor.shape = (len(chunk), *tensor.shape[1:])
        outputs.append(reference.run(model, [chunk])[model.outputs[0]])
    return np.concatenate(outputs)


def accuracy(path, count, seed):
    """The share of `count` scenes of the bundled test digits that the file gets right."""
    images, labels = demo_data.scenes(*demo_data.load_test_digits(), count, seed)
    return float((predict(path, images).argmax(axis=-1) == labels).mean())
