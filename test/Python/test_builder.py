# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What the builder writes, the reader (which shares no code with it but the table of field numbers) reads back."""

import unittest

import context  # noqa: F401
import numpy as np
from tessera import schema
from tessera.tflite_builder import Builder
from tessera.tflite_reader import read_bytes
from tessera.tflite_writer import serialize


def everything():
    """One model with every operator of the builder and options that are not the schema's defaults."""
    rng, b = np.random.RandomState(1), Builder("everything", "a description")
    x = b.input((1, 9, 8, 3), 0.05, -7, name="picture")
    x = b.pad(x, [(0, 0), (1, 2), (0, 1), (0, 0)])
    x = b.conv_2d(x, rng.randint(-128, 128, (4, 3, 2, 3)), rng.randint(-99, 99, 4), [0.1, -0.2, 0.3, 0.4], (0.2, 5),
                  (2, 1), "VALID", (2, 3), "RELU6")
    y = b.depthwise_conv_2d(x, rng.randint(-128, 128, (1, 3, 5, 8)), None, [0.5], (0.3, -128), (3, 2), "SAME", 1,
                            "RELU_N1_TO_1")
    y = b.max_pool_2d(y, 2, 1, "SAME", "RELU")
    y = b.average_pool_2d(y, (1, 2), (1, 1))
    y = b.add(y, y, (0.7, 1), "RELU")
    y = b.reshape(b.mean(y, (0.25, 0), keep_dims=True), (1, -1))
    y = b.fully_connected(y, rng.randint(-128, 128, (5, 8)), None, 0.01, (0.1, 3), "RELU", keep_num_dims=True)
    y = b.softmax(y, 0.5)
    y = b.quantize(y, (0.01, 7))
    b.output(b.dequantize(y))
    return b


class RoundTrip(unittest.TestCase):
    def check(self, model, result):
        self.assertEqual(result.inputs, model.inputs)
        self.assertEqual(result.outputs, model.outputs)
        self.assertEqual((result.description, result.name), (model.description, model.name))
        self.assertEqual(len(result.operators), len(model.operators))
        for a, b in zip(result.operators, model.operators):
            self.assertEqual((a.kind, a.inputs, a.outputs, a.options, a.custom_code, a.version),
                             (b.kind, b.inputs, b.outputs, b.options, b.custom_code, b.version))
        for a, b in zip(result.tensors, model.tensors):
            self.assertEqual((a.name, a.type, a.shape, a.shape_signature, a.is_variable),
                             (b.name, b.type, b.shape, b.shape_signature, b.is_variable))
            np.testing.assert_array_equal(a.data, b.data)
            self.assertEqual(a.quantization is None, b.quantization is None)
            if a.quantization:
                np.testing.assert_array_equal(a.quantization.scales, b.quantization.scales)
                np.testing.assert_array_equal(a.quantization.zero_points, b.quantization.zero_points)
                self.assertEqual(a.quantization.dimension, b.quantization.dimension)

    def test_every_operator(self):
        model = everything().model
        self.check(model, read_bytes(serialize(model)))

    def test_signature_variable_and_custom(self):
        b = Builder()
        x = b.input((1, 4), 0.1, 0)
        b.model.tensors[x].shape_signature = (-1, 4)
        y = b.tensor("state", "INT16", (1, 4), 0.2, 0)
        b.model.tensors[y].is_variable = True
        b.output(b.operator("CUSTOM", [x, -1], [y], "MyOp", version=3))
        self.check(b.model, read_bytes(b.to_bytes()))

    def test_same_model_same_bytes(self):
        self.assertEqual(everything().to_bytes(), everything().to_bytes())

    def test_identifier_and_alignment(self):
        # Every constant lies at a multiple of 16 from the start of the file.
        b = Builder()
        marks = [bytes(range(i, i + 16)) for i in (65, 97, 161)]
        for i, mark in enumerate(marks):
            b.constant(f"c{i}", np.frombuffer(mark + b"x" * i, dtype=np.int8), "INT8", 0.1)
        b.output(b.max_pool_2d(b.input((1, 2, 2, 1), 0.1, 0), 2))
        data = b.to_bytes()
        self.assertEqual(data[4:8], schema.FILE_IDENTIFIER)
        for mark in marks:
            self.assertEqual(data.count(mark), 1)
            self.assertEqual(data.index(mark) % 16, 0)

    def test_results_have_the_right_shape(self):
        b = everything()
        shapes = [b.model.tensors[op.outputs[0]].shape for op in b.model.operators]
        # PAD 9+3, 8+1. CONV: dilated kernel 5x4, VALID: (12-5)/2+1 = 4, 9-4+1 = 6. DEPTHWISE: ceil(4/3), ceil(6/2).
        self.assertEqual(shapes[:5], [(1, 12, 9, 3), (1, 4, 6, 4), (1, 2, 3, 8), (1, 2, 3, 8), (1, 2, 2, 8)])
        self.assertEqual(shapes[5:], [(1, 2, 2, 8), (1, 1, 1, 8), (1, 8), (1, 5), (1, 5), (1, 5), (1, 5)])

    def test_negative_option(self):
        b = Builder()
        with self.assertRaisesRegex(ValueError, "ADD has no option beta"):
            b.operator("ADD", [0, 0], [0], beta=1)

    def test_negative_not_a_model(self):
        with self.assertRaisesRegex(ValueError, "TFL3"):
            read_bytes(b"no model at all")


if __name__ == "__main__":
    unittest.main()
