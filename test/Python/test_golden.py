# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The reference kernels against outputs recorded from TensorFlow Lite Micro, where ../shared is present.

Every recorded int8 model below is compared byte for byte, and where all tensors were recorded, tensor by tensor."""

import os
import unittest

import context
import numpy as np
from tessera import reference
from tessera.tflite_reader import read

MODELS = (
    "mlperf_resnet8_cifar10", "mlperf_kws_dscnn", "mlperf_vww_mbv1_025_96", "mlperf_ad_toycar_fc", "mlperf_sww_1dconv",
    "tflm_person_detect_96", "tflm_micro_speech", "tflm_hello_world", "mcunet_vww1_5fps_80", "mcunet_in0_10fps_48",
    "mcunet_in1_5fps_96", "mcunet_in3_320kb_176", "mbv2_w035_r144_imagenet", "tinymaix_mnist_valid",
    "tinymaix_mnist_dw", "tinymaix_cifar10", "sscma_fomo_mbv2_035_96", "sscma_fomo_tiny_96", "silabs_kws_pacman",
    "silabs_rps_84_floatio", "silabs_image_example1", "arm_har_cnn", "arm_cnn_s_kws", "mlonmcu_micro_kws_m",
    "microflow_lenet_mnist_pertensor", "microflow_cifar10_dw_pertensor", "unit_resnet_layer0", "unit_resnet_layer3",
    "unit_resnet_layer14", "unit_vww_layer1", "unit_vww_layer7", "unit_vww_layer18", "unit_vww_layer27",
    "unit_vww_layer28", "unit_aww_layer0", "unit_aww_layer9", "unit_aww_layer12", "unit_toycar_layer0",
    "tflm_mobilenet_v2_nchw_224", "tinyengine_vww_80_floatio", "coral_tf2_mbv2_100_224")


@unittest.skipUnless(os.path.isdir(os.path.join(context.SHARED, "golden")), "no recorded outputs beside the repository")
class Golden(unittest.TestCase):
    def test_recorded_outputs(self):
        for name in MODELS:
            model = read(os.path.join(context.SHARED, "models", name + ".tflite"))
            folder = os.path.join(context.SHARED, "golden", name)
            for kind in ("random", "smooth"):
                with self.subTest(model=name, input=kind):
                    with open(os.path.join(folder, kind + ".in"), "rb") as file:
                        values = reference.run(model, reference.split_inputs(model, file.read()))
                    with open(os.path.join(folder, kind + ".out"), "rb") as file:
                        self.assertEqual(b"".join(values[i].tobytes() for i in model.outputs), file.read())
                    tensors = os.path.join(folder, "tensors-smooth")
                    if kind == "smooth" and os.path.isdir(tensors):
                        for number, op in enumerate(model.operators):
                            recorded = np.fromfile(os.path.join(tensors, f"{op.outputs[0]}.bin"), dtype=np.uint8)
                            made = np.frombuffer(np.ascontiguousarray(values[op.outputs[0]]).tobytes(), np.uint8)
                            np.testing.assert_array_equal(made, recorded, f"operator {number} ({op.kind})")


if __name__ == "__main__":
    unittest.main()
