#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Trains the demo's digit classifier and writes python/models/digits96.tflite. Run by hand; not part of the check.

    python3 -m venv /tmp/train && /tmp/train/bin/pip install -r python/requirements-train.txt
    OMP_NUM_THREADS=1 nice /tmp/train/bin/python python/train_demo.py --write python/models/digits96.tflite

Three phases: (1) float training with batch normalisation on rendered scenes, Adam with a cosine schedule, first on
48x48 scenes, which cost a quarter (the network is fully convolutional), then on 96x96; (2) the normalisation is folded
into the weights and activation ranges are calibrated on 512 scenes; (3) fine-tuning with simulated quantisation (int8
weights, per channel but for the classifier; int8 activations in the calibrated ranges; straight-through gradients).
The result is exported by the project's builder and checked with the exact integer reference on scenes of the test
digits, which are never trained on. What the demo must reach is recorded beside the model, in FILE.json. Ten to fifteen
minutes on one core; another machine's float arithmetic gives slightly different weights.
"""

import argparse
import json
import os
import pickle
import time

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1")

import jax
import jax.numpy as jnp
import numpy as np

from tessera import demo_data, demo_export
from tessera.demo_network import CLASSES, LAYERS

BATCH = 32
MOMENTUM = 0.98  # of the running mean and variance
DEMO_SCENES, DEMO_SEED = 200, 7


def initial_parameters(rng):
    parameters, state = {}, {}
    for layer in LAYERS:
        shape = layer.weight_shape
        fan_in = shape[0] * shape[1] * shape[2]
        parameters[layer.name] = {
            "w": jnp.asarray(rng.normal(0, np.sqrt(2 / fan_in), shape), jnp.float32),
            "b": jnp.zeros(layer.out_channels), "g": jnp.ones(layer.out_channels)}
        state[layer.name] = {"mean": jnp.zeros(layer.out_channels), "var": jnp.ones(layer.out_channels)}
    width = LAYERS[-1].out_channels
    parameters["classes"] = {"w": jnp.asarray(rng.normal(0, np.sqrt(1 / width), (width, CLASSES)), jnp.float32),
                             "b": jnp.zeros(CLASSES)}
    return parameters, state


def convolve(layer, x, w):
    """One SAME convolution as matrix products or shifted sums, which a CPU runs faster than grouped convolutions."""
    if layer.kind == "pointwise":
        return x @ w[0, 0]
    height, stride = x.shape[1], layer.stride
    out = -(-height // stride)
    total = max(0, (out - 1) * stride + 3 - height)
    pads = (total // 2, total - total // 2)
    x = jnp.pad(x, ((0, 0), pads, pads, (0, 0)))
    span = (out - 1) * stride + 1
    taps = [x[:, ky:ky + span:stride, kx:kx + span:stride] for ky in range(3) for kx in range(3)]
    if layer.kind == "depthwise":
        return sum(tap * w[i // 3, i % 3, 0] for i, tap in enumerate(taps))
    return jnp.concatenate(taps, axis=-1) @ w.reshape(-1, w.shape[-1])


def forward(x, convolution, after, classify):
    """Walks the table. `convolution(layer, x)`, `after(name, x)` and `classify(x)` differ between the phases."""
    results = {}
    x = after("input", x)
    for layer in LAYERS:
        x = convolution(layer, x)
        x = after(layer.name, jnp.clip(x, 0, 6) if layer.activation == "RELU6" else x)
        if layer.skip:
            x = after(layer.name + "+", x + results[layer.skip])
        results[layer.name] = x
    x = after("mean", x.mean(axis=(1, 2)))
    return after("classes", classify(x))


def forward_training(parameters, x, train, state):
    """Phase 1: batch statistics if `train`, else the running ones. Returns (logits, new state)."""
    new_state = {}

    def convolution(layer, x):
        p, s = parameters[layer.name], state[layer.name]
        y = convolve(layer, x, p["w"])
        mean, var = s["mean"], s["var"]
        if train:  # both moments in one pass over y
            mean, square = y.mean(axis=(0, 1, 2)), (y * y).mean(axis=(0, 1, 2))
            var = jnp.maximum(square - mean * mean, 0)
        new_state[layer.name] = {"mean": MOMENTUM * s["mean"] + (1 - MOMENTUM) * mean,
                                 "var": MOMENTUM * s["var"] + (1 - MOMENTUM) * var}
        return (y - mean) * (p["g"] * jax.lax.rsqrt(var + 1e-3)) + p["b"]

    p = parameters["classes"]
    return forward(x, convolution, lambda name, x: x, lambda x: x @ p["w"] + p["b"]), new_state


def fold(parameters, state):
    """Phase 2: normalisation folded away, {name: {"w", "b"}}."""
    folded = {"classes": parameters["classes"]}
    for layer in LAYERS:
        p, s = parameters[layer.name], state[layer.name]
        gain = p["g"] / jnp.sqrt(s["var"] + 1e-3)
        folded[layer.name] = {"w": p["w"] * gain, "b": p["b"] - s["mean"] * gain}
    return folded


def forward_folded(folded, x, after, weight=lambda w, axes: w):
    p = folded["classes"]
    return forward(
        x, lambda layer, x: convolve(layer, x, weight(folded[layer.name]["w"], (0, 1, 2))) + folded[layer.name]["b"],
        after, lambda x: x @ weight(p["w"], None) + p["b"])


def calibrate(folded, images):
    """{tensor: (low, high)} over `images`: the 0.01 and 99.99 percentiles of each batch, widened to hold 0."""
    ranges = {}

    def record(name, x):
        low, high = np.percentile(np.asarray(x), [0.01, 99.99])
        old = ranges.get(name, (0.0, 0.0))
        ranges[name] = (min(old[0], float(low)), max(old[1], float(high)))
        return x

    for start in range(0, len(images), 64):
        forward_folded(folded, images[start:start + 64], record)
    ranges["input"] = (0.0, 1.0)
    return ranges


def straight_through(x, rounded):
    return x + jax.lax.stop_gradient(rounded - x)


def simulated(ranges):
    """`after` and `weight` of the quantised forward pass."""
    def after(name, x):
        low, high = ranges[name]
        scale = (high - low) / 255
        zero = round(-low / scale)
        clipped = jnp.clip(x, -zero * scale, (255 - zero) * scale)
        return straight_through(clipped, jnp.round(clipped / scale) * scale)

    def weight(w, axes):
        scale = jnp.maximum(jax.lax.stop_gradient(jnp.abs(w).max(axis=axes)), 1e-8) / 127
        return straight_through(w, jnp.round(w / scale) * scale)

    return after, weight


def loss_of(logits, labels):
    soft = 0.95 * jax.nn.one_hot(labels, CLASSES) + 0.05 / CLASSES
    return -(soft * jax.nn.log_softmax(logits)).sum(-1).mean()


def adam(parameters, gradients, moments, step, rate):
    first = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, moments[0], gradients)
    second = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, moments[1], gradients)
    scale = rate * jnp.sqrt(1 - 0.999 ** step) / (1 - 0.9 ** step)
    parameters = jax.tree.map(lambda p, m, v: p - scale * m / (jnp.sqrt(v) + 1e-8) - rate * 1e-3 * p * (p.ndim > 1),
                              parameters, first, second)
    return parameters, (first, second)


def batches(glyphs, labels, steps, pool, seed, size=demo_data.SIZE):
    """Yields (step, images in 0..1, labels) from a pool of scenes, an eighth of which is rendered anew as they are used."""
    rng = np.random.RandomState(seed)
    images, targets = demo_data.scenes(glyphs, labels, pool, seed, size)
    part, renewals = pool // 8, 0
    for step in range(steps):
        if step * BATCH // part > renewals + 8:
            at = renewals % 8 * part
            images[at:at + part], targets[at:at + part] = demo_data.scenes(
                glyphs, labels, part, seed + 1 + renewals, size)
            renewals += 1
        picks = rng.randint(0, pool, BATCH)
        yield step, images[picks, :, :, None].astype(np.float32) / 255, targets[picks]


def train(args, glyphs, labels):
    start = time.monotonic()
    parameters, state = initial_parameters(np.random.RandomState(args.seed))
    zeros = jax.tree.map(jnp.zeros_like, parameters)

    @jax.jit
    def step_float(parameters, state, moments, step, rate, x, y):
        def loss(parameters):
            logits, new_state = forward_training(parameters, x, True, state)
            return loss_of(logits, y), (new_state, (logits.argmax(-1) == y).mean())
        (value, (state, hits)), gradients = jax.value_and_grad(loss, has_aux=True)(parameters)
        parameters, moments = adam(parameters, gradients, moments, step, rate)
        return parameters, state, moments, value, hits

    for size, steps, peak in ((48, args.small_steps, 4e-3), (demo_data.SIZE, args.steps, 2e-3)):
        moments, recent = (zeros, zeros), []
        for step, x, y in batches(glyphs, labels, steps, args.pool, args.seed + size, size):
            rate = peak * min(1, (step + 1) / 100) * (0.5 + 0.5 * np.cos(np.pi * step / steps))
            parameters, state, moments, value, hits = step_float(parameters, state, moments, step + 1.0, rate, x, y)
            recent = (recent + [float(hits)])[-100:]
            if step % 100 == 99:
                print(f"{size}x{size} step {step + 1}: loss {float(value):.3f}, training accuracy "
                      f"{np.mean(recent):.3f}, {time.monotonic() - start:.0f} s", flush=True)

    folded = fold(parameters, state)
    images, _ = demo_data.scenes(glyphs, labels, 512, args.seed + 1000)
    ranges = calibrate(folded, images[..., None].astype(np.float32) / 255)
    after, weight = simulated(ranges)

    @jax.jit
    def step_quantised(folded, moments, step, rate, x, y):
        def loss(folded):
            logits = forward_folded(folded, x, after, weight)
            return loss_of(logits, y), (logits.argmax(-1) == y).mean()
        (value, hits), gradients = jax.value_and_grad(loss, has_aux=True)(folded)
        folded, moments = adam(folded, gradients, moments, step, rate)
        return folded, moments, value, hits

    zeros, recent = jax.tree.map(jnp.zeros_like, folded), []
    moments = (zeros, zeros)
    for step, x, y in batches(glyphs, labels, args.tuning_steps, args.pool // 4, args.seed + 2000):
        rate = 2e-4 * (1 - step / args.tuning_steps)
        folded, moments, value, hits = step_quantised(folded, moments, step + 1.0, rate, x, y)
        recent = (recent + [float(hits)])[-100:]
    print(f"fine-tuned: training accuracy {np.mean(recent):.3f}, {time.monotonic() - start:.0f} s", flush=True)
    return jax.tree.map(np.asarray, folded), ranges


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--write", required=True, metavar="FILE.tflite")
    parser.add_argument("--small-steps", type=int, default=3000, help="float steps of 32 scenes of 48x48")
    parser.add_argument("--steps", type=int, default=700, help="float steps of 32 scenes of 96x96")
    parser.add_argument("--tuning-steps", type=int, default=200, help="steps with simulated quantisation")
    parser.add_argument("--pool", type=int, default=16384, help="scenes kept at a time")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--checkpoint", metavar="FILE", help="keep the trained weights there, or start from them")
    args = parser.parse_args()
    if args.checkpoint and os.path.exists(args.checkpoint):
        with open(args.checkpoint, "rb") as file:
            folded, ranges = pickle.load(file)
    else:
        from sklearn.datasets import load_digits
        digits = load_digits()
        training = np.arange(len(digits.target)) % 4 != 3  # every fourth digit is the test split
        folded, ranges = train(args, digits.images[training].astype(np.uint8),
                               digits.target[training].astype(np.uint8))
        if args.checkpoint:
            with open(args.checkpoint, "wb") as file:
                pickle.dump((folded, ranges), file)
    demo_export.write(args.write, folded, ranges)
    record = {"accuracy": demo_export.accuracy(args.write, DEMO_SCENES, DEMO_SEED), "scenes": DEMO_SCENES,
              "seed": DEMO_SEED, "accuracy_of_1000": demo_export.accuracy(args.write, 1000, DEMO_SEED + 1)}
    with open(os.path.splitext(args.write)[0] + ".json", "w", encoding="utf-8") as file:
        file.write(json.dumps(record, indent=2) + "\n")
    print(f"{args.write}: {os.path.getsize(args.write)} bytes; exact int8 accuracy {record['accuracy_of_1000']:.3f} on "
          f"1000 scenes, {record['accuracy']:.3f} on the demo's {DEMO_SCENES}")


if __name__ == "__main__":
    main()
