# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The zoo: every model builds to the same bytes, round-trips, runs, and hits the corner that it is named after."""

import os
import subprocess
import sys
import tempfile
import unittest

import context
import numpy as np
from tessera import fixedpoint as fp
from tessera import reference, reference_kernels, zoo
from tessera.tflite_reader import read_bytes

# Results that are constant by design.
CONSTANT = {"conv_zero_points_relu_high", "softmax_one"}


def sums(name, seed=1):
    """The unwrapped 64-bit sums of a single weighted operator, for the zoo's first input."""
    model = zoo.MODELS[name]()
    op, tensors = model.operators[0], model.tensors
    x = reference.split_inputs(model, zoo.random_input(model, seed, name, walk=True))[0]
    x = x.reshape(tensors[op.inputs[0]].shape)
    function = {"CONV_2D": reference_kernels.conv_2d_sums, "DEPTHWISE_CONV_2D": reference_kernels.depthwise_conv_2d_sums,
                "FULLY_CONNECTED": reference_kernels.fully_connected_sums}[op.kind]
    return function(model, op, [x, tensors[op.inputs[1]].data]) + tensors[op.inputs[2]].data.astype(np.int64)


def multipliers(name):
    """(multiplier, shift) per channel of a model's first operator."""
    model = zoo.MODELS[name]()
    op = model.operators[0]
    return reference_kernels._conv_multipliers(model, op, len(model.tensors[op.inputs[2]].data)).T.tolist()


class Models(unittest.TestCase):
    def test_each_runs_from_its_file(self):
        for name in zoo.MODELS:
            with self.subTest(name):
                data = zoo.build(name)
                self.assertEqual(data, zoo.build(name))
                model, made = read_bytes(data), zoo.MODELS[name]()
                inputs = zoo.random_input(made, 1, name, walk=name in zoo.CORNERS)
                output = reference.run_bytes(model, inputs)
                self.assertEqual(output, reference.run_bytes(made, inputs))
                tensor = model.tensors[model.outputs[0]]
                values = np.frombuffer(output, tensor.dtype)[:tensor.num_elements]
                self.assertEqual(len(np.unique(values)) == 1, name in CONSTANT, f"{name}: {np.unique(values)}")

    def test_small_models_are_small(self):
        for function in zoo.NETWORKS:
            if not function.__name__.endswith("_small"):
                continue
            model, macs = function(), 0
            for op in model.operators:
                if op.kind in ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED"):
                    shape = model.tensors[op.inputs[1]].shape
                    taps = shape[1] * shape[2] if op.kind == "DEPTHWISE_CONV_2D" else int(np.prod(shape[1:]))
                    macs += model.tensors[op.outputs[0]].num_elements * taps
            self.assertLess(macs, 1_000_000, function.__name__)

    def test_networks_do_not_saturate(self):
        for function in zoo.NETWORKS:
            model = function()
            values = reference.run(model, reference.split_inputs(model, zoo.random_input(model, 5)))
            for number, op in enumerate(model.operators):
                if op.kind in ("CONV_2D", "DEPTHWISE_CONV_2D", "ADD"):
                    result = values[op.outputs[0]]
                    self.assertLess((result == 127).mean(), 0.5, f"{function.__name__} operator {number}")
                    self.assertGreater(len(np.unique(result)), min(20, result.size // 4),
                                       f"{function.__name__} operator {number}")


class Corners(unittest.TestCase):
    def test_wrapping_sums_wrap(self):
        for name in ("conv_wrapping_sum", "depthwise_wrapping_sum", "fully_connected_wrapping_sum"):
            exact = sums(name)
            self.assertTrue((exact > fp.INT32_MAX).any() and (exact < fp.INT32_MIN).any(), name)
            self.assertTrue(((exact <= fp.INT32_MAX) & (exact >= fp.INT32_MIN)).any(), name)

    def test_multipliers(self):
        self.assertTrue(any(m < 0 for m, _ in multipliers("conv_negative_multipliers")))
        self.assertTrue(any(m < 0 for m, _ in multipliers("depthwise_negative_multipliers")))
        self.assertEqual(max(s for _, s in multipliers("conv_large_scales")), 21)  # 2^20 = 1/2 * 2^21
        self.assertEqual([m for m, _ in multipliers("conv_tiny_scales")][2:4], [0, 0])
        self.assertEqual(multipliers("conv_rounding_boundary")[:2], [[1 << 30, 1], [1 << 30, -1]])

    def test_weights_minus_128(self):
        for name in ("conv_weights_minus_128", "depthwise_weights_minus_128"):
            model = zoo.MODELS[name]()
            self.assertEqual(set(model.tensors[model.operators[0].inputs[1]].data.ravel().tolist()), {-128})


class Negatives(unittest.TestCase):
    def test_each_differs_from_the_sound_model(self):
        from tessera import zoo_negative
        sound = zoo_negative.serialize(zoo_negative._sound())
        files = {name: zoo.build(name) for name in zoo.NEGATIVES}
        self.assertNotIn(sound, files.values())
        self.assertEqual(len(set(files.values())), len(files))

    def test_each_says_what_is_wrong(self):
        for name, make in zoo.NEGATIVES.items():
            self.assertTrue(make.__doc__, name)


class CommandLine(unittest.TestCase):
    def zoo(self, *arguments):
        return subprocess.run([sys.executable, os.path.join(context.PYTHON, "tessera", "zoo.py"), *arguments],
                              capture_output=True, text=True, check=False)

    def test_write_and_run(self):
        with tempfile.TemporaryDirectory() as directory:
            process = self.zoo("--write", directory, "resnet8_small", "pad_*", "--seed", "3", "--golden")
            self.assertEqual(process.returncode, 0, process.stderr)
            self.assertIn("inputs from seed 3", process.stdout)
            stem = os.path.join(directory, "resnet8_small")
            output = os.path.join(directory, "output.bin")
            script = os.path.join(context.PYTHON, "tessera", "reference.py")
            subprocess.run([sys.executable, script, stem + ".tflite", stem + ".in0.bin", output], check=True)
            with open(output, "rb") as made, open(stem + ".out0.bin", "rb") as expected:
                self.assertEqual(made.read(), expected.read())

    def test_list(self):
        self.assertEqual(len(self.zoo("--list").stdout.splitlines()), len(zoo.names()))

    def test_negative_unknown_name(self):
        process = self.zoo("--list", "no_such_model")
        self.assertEqual(process.returncode, 1)
        self.assertEqual(process.stderr, "error: no model is called no_such_model; --list names them all\n")


if __name__ == "__main__":
    unittest.main()
