# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The demo's pictures: one handwritten digit, pasted at a random place, size and slant on a cluttered ground.

Source: 8x8 grey digits with levels 0..16 (third_party/digits; the training split comes from scikit-learn). A scene is
made in integer arithmetic from numpy's frozen RandomState stream, so a seed gives the same bytes on every machine:
  ground   a 5x5 grid of random levels, interpolated to the full size
  clutter  lines, box outlines and corner pieces of other digits (4x4 of their 8x8 pixels), dimmer than the digit
  digit    mapped through a random 2x2 matrix (size 26..60 pixels, aspect, shear), bilinear, blended over the rest
  noise    per pixel, uniform
"""

import os

import numpy as np

SIZE = 96  # scenes are SIZE x SIZE, one channel
TEST_FILE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "third_party", "digits",
                         "digits_test.bin")


def load_test_digits(path=TEST_FILE):
    """The bundled split: (images [n, 8, 8] uint8 of levels 0..16, labels [n] uint8). Per digit 65 bytes: label, pixels."""
    records = np.fromfile(path, dtype=np.uint8).reshape(-1, 65)
    return records[:, 1:].reshape(-1, 8, 8), records[:, 0]


def _sample(image, v, u):
    """Bilinear samples of `image` at rows v and columns u, both in 1/256 pixels; 0 outside. Result times 256."""
    padded = np.zeros((image.shape[0] + 2, image.shape[1] + 2), dtype=np.int32)
    padded[1:-1, 1:-1] = image
    v = np.clip(v + 256, 0, (image.shape[0] + 1) * 256 - 1)
    u = np.clip(u + 256, 0, (image.shape[1] + 1) * 256 - 1)
    y, fy, x, fx = v >> 8, v & 255, u >> 8, u & 255
    top = padded[y, x] * (256 - fx) + padded[y, x + 1] * fx
    bottom = padded[y + 1, x] * (256 - fx) + padded[y + 1, x + 1] * fx
    return (top * (256 - fy) + bottom * fy) >> 8


def _paste(scene, glyph, level, height, width, y0, x0, shear_x=0, shear_y=0):
    """Blends `glyph` (levels 0..16), stretched to height x width pixels and sheared, over scene at (y0, x0)."""
    y = np.arange(height, dtype=np.int32)[:, None]
    x = np.arange(width, dtype=np.int32)[None, :]
    rows, columns = glyph.shape
    v = (2 * y - height + 1) * rows * 128 // height
    u = (2 * x - width + 1) * columns * 128 // width
    v, u = v + (u * shear_y >> 8), u + (v * shear_x >> 8)
    alpha = np.minimum(_sample(glyph, v + (rows - 1) * 128, u + (columns - 1) * 128), 16 * 256)
    region = scene[y0:y0 + height, x0:x0 + width]
    region += (level - region) * alpha >> 12


def _clutter(scene, rng, glyphs):
    size = len(scene)
    for _ in range(rng.randint(3, 8)):
        level = rng.randint(50, 190)
        kind = rng.randint(3)
        y0, x0 = rng.randint(0, size - 12, 2)
        if kind == 0:  # a line, by steps of half a pixel along it
            dy, dx = rng.randint(-256, 257, 2)
            t = np.arange(rng.randint(24, 120), dtype=np.int32)
            rows, columns = y0 + (t * dy >> 9), x0 + (t * dx >> 9)
            inside = (rows >= 0) & (rows < size - 1) & (columns >= 0) & (columns < size - 1)
            scene[rows[inside], columns[inside]] = level
            scene[rows[inside] + 1, columns[inside]] = level
        elif kind == 1:  # a box outline
            y1, x1 = min(size, y0 + rng.randint(8, 40)), min(size, x0 + rng.randint(8, 40))
            scene[y0:y1, [x0, x1 - 1]] = level
            scene[[y0, y1 - 1], x0:x1] = level
        else:  # a piece of another digit
            row, column = rng.randint(0, 5, 2)
            piece = glyphs[rng.randint(len(glyphs)), row:row + 4, column:column + 4]
            side = rng.randint(10, 24)
            _paste(scene, piece, level, side, side, min(y0, size - side), min(x0, size - side))


def render(glyph, rng, glyphs, size=SIZE):
    """One scene [size, size] uint8 that shows `glyph` (8x8); `glyphs` supplies the clutter. `rng`: a RandomState."""
    grid = rng.randint(0, 90, (5, 5)).astype(np.int32)
    axis = np.arange(size, dtype=np.int32) * (4 * 256 - 1) // (size - 1)
    scene = _sample(grid, axis[:, None], axis[None, :]) >> 8
    _clutter(scene, rng, glyphs)
    largest = min(60, size)
    height = rng.randint(28, largest + 1)
    width = min(largest, max(26, height * rng.randint(75, 116) // 100))
    y0, x0 = rng.randint(0, size - height + 1), rng.randint(0, size - width + 1)
    shear_x, shear_y = rng.randint(-64, 65), rng.randint(-32, 33)
    _paste(scene, glyph, rng.randint(190, 256), height, width, y0, x0, shear_x, shear_y)
    scene += rng.randint(-10, 11, scene.shape)
    return np.clip(scene, 0, 255).astype(np.uint8)


def scenes(glyphs, labels, count, seed, size=SIZE):
    """`count` scenes of digits drawn at random: (images [count, size, size] uint8, labels [count] uint8)."""
    rng = np.random.RandomState(seed)
    picks = rng.randint(0, len(glyphs), count)
    images = np.empty((count, size, size), dtype=np.uint8)
    for i, pick in enumerate(picks):
        images[i] = render(glyphs[pick], rng, glyphs, size)
    return images, labels[picks]


def to_model_input(images):
    """Pixels 0..255 as the model's int8 input [n, SIZE, SIZE, 1]: value - 128 (scale 1/255, zero point -128)."""
    return (images.astype(np.int16) - 128).astype(np.int8)[..., None]
