# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Whole networks of the zoo, with random weights: the shapes that tiny-ML files have. Each function returns a Model.

`small` sizes stay below a million multiply-accumulates, so that a run in an emulator takes a moment.
"""

from .random_net import RandomNet


def _inverted_residual(net, x, expansion, channels, stride, kernel=3, activation="RELU6"):
    """MobileNetV2's block: expand 1x1, depthwise, project 1x1 without activation, skip if the shapes allow it."""
    wide = net.builder.shape(x)[3] * expansion
    y = net.conv(x, wide, 1, activation=activation) if expansion > 1 else x
    y = net.depthwise(y, kernel, stride, activation=activation)
    y = net.conv(y, channels, 1, activation="NONE")
    return net.add(x, y) if net.builder.shape(x) == net.builder.shape(y) else y


def mobilenet_v2(name, seed, size, stem, blocks, head, classes=10, channels=3):
    """`blocks`: (expansion, channels, stride) each. Ends: head 1x1, MEAN, FULLY_CONNECTED, SOFTMAX."""
    net = RandomNet(name, seed)
    x = net.conv(net.input((1, size, size, channels), 1 / 127.5, -1), stem, 3, 2)
    for expansion, width, stride in blocks:
        x = _inverted_residual(net, x, expansion, width, stride)
    x = net.mean(net.conv(x, head, 1))
    return net.output(net.softmax(net.fully_connected(x, classes, span=5)))


def mobilenet_v2_small():
    return mobilenet_v2("mobilenet_v2_small", 11, 32, 8,
                        [(1, 8, 1), (4, 8, 2), (4, 8, 1), (4, 16, 2), (4, 16, 1)], 32)


def mobilenet_v2_odd():
    """Odd sizes everywhere: 45x45, stride 2 gives 23, 12, 6; channel counts that no vector width divides."""
    return mobilenet_v2("mobilenet_v2_odd", 12, 45, 7, [(1, 5, 1), (3, 7, 2), (3, 7, 1), (5, 11, 2), (5, 11, 1)], 19, 3,
                        channels=1)


def mobilenet_v2_96():
    return mobilenet_v2("mobilenet_v2_96", 13, 96, 16,
                        [(1, 8, 1), (6, 16, 2), (6, 16, 1), (6, 24, 2), (6, 24, 1), (6, 32, 2), (6, 32, 1)], 64)


def _mcunet_block(net, x, expansion, channels, kernel, stride):
    """As MCUNet's converted files spell it: an explicit PAD before every convolution (empty before 1x1), VALID."""
    wide = net.builder.shape(x)[3] * expansion
    y = net.conv(net.pad_for(x, 1, 1, noop=True), wide, 1, padding="VALID") if expansion > 1 else x
    y = net.depthwise(net.pad_for(y, kernel, stride), kernel, stride, "VALID")
    y = net.conv(net.pad_for(y, 1, 1, noop=True), channels, 1, padding="VALID", activation="NONE")
    return net.add(x, y) if net.builder.shape(x) == net.builder.shape(y) else y


def mcunet(name, seed, size, stem, blocks, classes):
    """`blocks`: (expansion, channels, kernel, stride) each. Ends: AVERAGE_POOL_2D, 1x1 convolution, RESHAPE."""
    net = RandomNet(name, seed)
    x = net.input((1, size, size, 3), 2 / 255, -1)
    x = net.conv(net.pad_for(x, 3, 2), stem, 3, 2, "VALID")
    for block in blocks:
        x = _mcunet_block(net, x, *block)
    x = net.average_pool(x, net.builder.shape(x)[1:3])
    x = net.conv(x, classes, 1, padding="VALID", activation="NONE")
    return net.output(net.reshape(x, (-1, classes)))


def mcunet_small():
    return mcunet("mcunet_small", 21, 24, 8,
                  [(1, 4, 3, 1), (4, 8, 7, 2), (3, 8, 5, 1), (5, 12, 5, 2), (4, 12, 7, 1)], 2)


def mcunet_48():
    return mcunet("mcunet_48", 22, 48, 16,
                  [(1, 8, 3, 1), (4, 16, 7, 2), (3, 16, 5, 1), (5, 24, 5, 2), (4, 24, 7, 1), (4, 40, 3, 2)], 10)


def _residual(net, x, channels, stride):
    """ResNet's block, with a 1x1 convolution on the shortcut where the shape changes, RELU in the ADD."""
    y = net.conv(x, channels, 3, stride, activation="RELU")
    y = net.conv(y, channels, 3, activation="NONE")
    if stride > 1:
        x = net.conv(x, channels, 1, stride, activation="NONE")
    return net.add(x, y, "RELU")


def resnet8(name, seed, size, widths):
    net = RandomNet(name, seed)
    x = net.conv(net.input((1, size, size, 3), 1 / 64, -128), widths[0], 3, activation="RELU")
    for number, channels in enumerate(widths):
        x = _residual(net, x, channels, 2 if number else 1)
    x = net.average_pool(x, net.builder.shape(x)[1:3])
    x = net.reshape(x, (-1, widths[-1]))
    return net.output(net.softmax(net.fully_connected(x, 10, span=5)))


def resnet8_small():
    return resnet8("resnet8_small", 31, 16, (6, 12, 16))


def resnet8_32():
    return resnet8("resnet8_32", 32, 32, (16, 32, 64))


def ds_cnn(name, seed, channels, blocks):
    """Keyword spotting: 49x10 features, 1 channel, a 10x4 kernel with stride 2 first, RELU, global average pool."""
    net = RandomNet(name, seed)
    x = net.conv(net.input((1, 49, 10, 1), 0.58, 83), channels, (10, 4), 2, activation="RELU")
    for _ in range(blocks):
        x = net.conv(net.depthwise(x, activation="RELU"), channels, 1, activation="RELU")
    x = net.reshape(net.average_pool(x, net.builder.shape(x)[1:3]), (-1, channels))
    return net.output(net.softmax(net.fully_connected(x, 12, span=5)))


def ds_cnn_small():
    return ds_cnn("ds_cnn_small", 41, 16, 3)


def ds_cnn_64():
    return ds_cnn("ds_cnn_64", 42, 64, 4)


def autoencoder(name, seed, size, widths):
    """Fully connected, RELU, output as wide as the input."""
    net = RandomNet(name, seed)
    x = net.input((1, size), 0.5, 90)
    for width in widths:
        x = net.fully_connected(x, width, "RELU")
    return net.output(net.fully_connected(x, size))


def autoencoder_small():
    return autoencoder("autoencoder_small", 51, 96, (24, 24, 6, 24))


def autoencoder_640():
    return autoencoder("autoencoder_640", 52, 640, (128, 128, 8, 128, 128))


def float_ends_small():
    """Float input and output: QUANTIZE first, DEQUANTIZE last."""
    net = RandomNet("float_ends_small", 61)
    x = net.quantize(net.input((1, 12, 12, 3), kind="FLOAT32"), 1 / 100, 7)
    x = net.mean(net.conv(net.conv(x, 8, 3, 2), 8, 1))
    return net.output(net.dequantize(net.softmax(net.fully_connected(x, 9, span=5))))


def uint8_ends_small():
    """uint8 input and output around an int8 network, by two QUANTIZE operators."""
    net = RandomNet("uint8_ends_small", 62)
    x = net.quantize(net.input((1, 12, 12, 3), 1 / 128, 128, "UINT8"), 1 / 128, 0)
    x = net.average_pool(net.conv(x, 8, 3, 2), 2)
    x = net.fully_connected(net.reshape(x, (1, -1)), 5)
    scale, zero_point = net.builder.quantization(x)
    return net.output(net.quantize(x, scale, zero_point + 128, "UINT8"))


def two_outputs_small():
    """A trunk with two heads: the trunk's tensor has two consumers, one head leaves early."""
    net = RandomNet("two_outputs_small", 63)
    x = net.conv(net.input((1, 16, 16, 3)), 8, 3, 2)
    y = net.conv(x, 6, 3, activation="NONE")
    net.output(net.max_pool(x, 2))
    return net.output(y)


def two_inputs_small():
    """Two pictures of different quantisation, convolved apart and added."""
    net = RandomNet("two_inputs_small", 64)
    a, b = net.input((1, 12, 12, 2)), net.input((1, 12, 12, 3), 1 / 20, 40)
    x = net.add(net.conv(a, 8), net.conv(b, 8, activation="NONE"), "RELU6")
    return net.output(net.conv(x, 4, 1, activation="NONE"))


def squeeze_excite_small():
    """A normalisation by constants in front (MUL, SUB), and a map times a factor per channel that is made of it: MEAN, two
    1x1 convolutions, LOGISTIC, MUL. LEAKY_RELU and HARD_SWISH between convolutions."""
    net = RandomNet("squeeze_excite_small", 65)
    x = net.binary("MUL", net.input((1, 17, 14, 3), 1 / 255, -128), 2.0)
    x = net.binary("SUB", x, [0.9, 1.0, 1.1])
    x = net.activation("LEAKY_RELU", net.conv(x, 6, 3, 2, activation="NONE"), alpha=0.1)
    y = net.activation("HARD_SWISH", net.conv(x, 8, 3, activation="NONE"))
    factor = net.conv(net.conv(net.mean(y, keep_dims=True), 3, 1, activation="RELU"), 8, 1, activation="NONE")
    y = net.binary("MUL", y, net.activation("LOGISTIC", factor))
    y = net.binary("ADD", y, net.rng.uniform(-1, 1, 8))
    return net.output(net.conv(y, 4, 3, activation="NONE"))


def feature_pyramid_small():
    """A detector's neck: a coarse map is resized to twice its size and joined with a finer one by channels; pooled maps of
    three kernels are joined; two outputs, of which one joins rows of both scales."""
    net = RandomNet("feature_pyramid_small", 66)
    fine = net.conv(net.input((1, 22, 18, 3)), 5, 3, 2)
    coarse = net.conv(fine, 7, 3, 2, padding="VALID")
    coarse = net.concatenation([coarse] + [net.max_pool(coarse, k, 1, "SAME") for k in (3, 5)])
    coarse = net.conv(coarse, 6, 1)
    x = net.resize_nearest_neighbor(coarse, (10, 8))
    x = net.concatenation([x, net.max_pool(fine, 2, 1)])
    x = net.conv(x, 4, 3, activation="NONE")
    boxes = [net.reshape(x, (1, -1, 4)), net.reshape(net.conv(coarse, 4, 1, activation="NONE"), (1, -1, 4))]
    net.output(net.concatenation(boxes, 1))
    return net.output(x)


NETWORKS = (mobilenet_v2_small, mobilenet_v2_odd, mobilenet_v2_96, mcunet_small, mcunet_48, resnet8_small, resnet8_32,
            ds_cnn_small, ds_cnn_64, autoencoder_small, autoencoder_640, float_ends_small, uint8_ends_small,
            two_outputs_small, two_inputs_small, squeeze_excite_small,
            feature_pyramid_small)
