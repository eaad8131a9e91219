# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The demo notices what is off (with a stand-in for the compiler), and the bundled network is as good as recorded."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

import context
import numpy as np
from tessera import demo_data, demo_export

MODEL = os.path.join(context.PYTHON, "models", "digits96.tflite")


def record():
    with open(os.path.splitext(MODEL)[0] + ".json", encoding="utf-8") as file:
        return json.load(file)


class Data(unittest.TestCase):
    def test_digits(self):
        images, labels = demo_data.load_test_digits()
        self.assertEqual(images.shape, (449, 8, 8))
        self.assertLessEqual(images.max(), 16)
        self.assertGreaterEqual(np.bincount(labels, minlength=10).min(), 40)

    def test_scenes_repeat(self):
        digits = demo_data.load_test_digits()
        images, labels = demo_data.scenes(*digits, 3, 5)
        again, _ = demo_data.scenes(*digits, 3, 5)
        np.testing.assert_array_equal(images, again)
        self.assertEqual(images.shape, (3, 96, 96))
        other, _ = demo_data.scenes(*digits, 3, 6)
        self.assertTrue((images != other).any())

    def test_a_scene_is_what_it_was(self):
        # Sum of the pixels of one scene: integer arithmetic on a frozen random stream, the same on every machine.
        images, labels = demo_data.scenes(*demo_data.load_test_digits(), 1, 7)
        self.assertEqual((int(images.astype(np.int64).sum()), int(labels[0])), (449247, 2))


class Network(unittest.TestCase):
    def test_size(self):
        self.assertLessEqual(os.path.getsize(MODEL), 250_000)

    def test_recorded_accuracy(self):
        facts = record()
        self.assertGreaterEqual(facts["accuracy_of_1000"], 0.95)
        self.assertEqual(demo_export.accuracy(MODEL, facts["scenes"], facts["seed"]), facts["accuracy"])


class Judgement(unittest.TestCase):
    def demo(self, fault="", model=MODEL, images=9):
        # The stand-in starts with `env python3`, which must be the interpreter that has numpy.
        path = os.path.dirname(sys.executable) + os.pathsep + os.environ["PATH"]
        with tempfile.TemporaryDirectory() as work:
            return subprocess.run(
                [sys.executable, os.path.join(context.PYTHON, "demo.py"), "--work", work, "--model", model,
                 "--tessera", os.path.join(os.path.dirname(os.path.abspath(__file__)), "stand_in.py"),
                 "--images", str(images)],
                capture_output=True, text=True, check=False, env={**os.environ, "PATH": path, "FAULT": fault})

    def test_all_is_well(self):
        process = self.demo()
        self.assertEqual(process.returncode, 0, process.stderr)
        self.assertIn("needs 184320 bytes but the limit is 32768", process.stdout)
        self.assertIn("prediction", process.stdout)
        self.assertLessEqual(len(process.stdout.splitlines()), 25)

    def test_negative_faults(self):
        for fault, message in (
                ("no-refusal", "should have been refused"), ("vague", "should have been refused with the limit named"),
                ("too-large", "needs 60000 bytes, above the limit of 32768"),
                ("crash", "running 8 scenes on cortex-m7 failed with exit code 1: error: the emulator did not start"),
                ("emulator-differs", "cortex-m7 against host: the bytes of scene 3 differ"),
                ("reference-differs", "host against the exact reference: the bytes of scene 5 differ"),
                ("low-peak", "less than three times the limit")):
            with self.subTest(fault):
                process = self.demo(fault)
                self.assertEqual(process.returncode, 1)
                self.assertIn(message, process.stderr)

    def test_negative_accuracy(self):
        # The same network, but the record claims that it gets everything right.
        with tempfile.TemporaryDirectory() as directory:
            model = shutil.copy(MODEL, directory)
            with open(os.path.splitext(model)[0] + ".json", "w", encoding="utf-8") as file:
                json.dump({**record(), "accuracy": 1.0}, file)
            process = self.demo(model=model, images=200)
            self.assertEqual(process.returncode, 1)
            self.assertIn("below the recorded 100.0%", process.stderr)


if __name__ == "__main__":
    unittest.main()
