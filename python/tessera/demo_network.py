# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The demo network as a table: a MobileNetV2-like classifier of 96x96 grey scenes with a wide high-resolution front.

The widest tensor is b2.expand, 48x48x64 = 147,456 bytes in int8; with its input beside it, a layer-by-layer run needs
165,888 bytes there, while three rows of it are 9,216. All convolutions are SAME with RELU6 unless the table says NONE.
"""

from dataclasses import dataclass

CLASSES = 10


@dataclass(frozen=True)
class Layer:
    """`kind`: conv (3x3), pointwise (1x1) or depthwise (3x3). `skip` names the layer (or skip sum) whose result is added
    to this one's; the sum then goes by this layer's name + "+"."""

    name: str
    kind: str
    in_channels: int
    out_channels: int
    stride: int = 1
    activation: str = "RELU6"
    skip: str = ""

    @property
    def weight_shape(self):
        """[KH, KW, C, O], for depthwise [3, 3, 1, C]."""
        if self.kind == "pointwise":
            return 1, 1, self.in_channels, self.out_channels
        return 3, 3, 1 if self.kind == "depthwise" else self.in_channels, self.out_channels


def _block(name, channels, expansion, out_channels, stride, skip=""):
    wide = channels * expansion
    layers = [Layer(f"{name}.expand", "pointwise", channels, wide)] if expansion > 1 else []
    return layers + [Layer(f"{name}.depthwise", "depthwise", wide, wide, stride),
                     Layer(f"{name}.project", "pointwise", wide, out_channels, 1, "NONE", skip)]


LAYERS = (
    [Layer("stem", "conv", 1, 16, 2)]                          # 48 x 48
    + _block("b1", 16, 1, 8, 1)
    + _block("b2", 8, 8, 16, 2)                                # 24 x 24
    + _block("b3", 16, 4, 16, 1, "b2.project")
    + _block("b4", 16, 4, 24, 2)                               # 12 x 12
    + _block("b5", 24, 4, 24, 1, "b4.project")
    + _block("b6", 24, 4, 40, 2)                               # 6 x 6
    + _block("b7", 40, 4, 40, 1, "b6.project")
    + [Layer("head", "pointwise", 40, 128)])
