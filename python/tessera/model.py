# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A .tflite model in memory: what the builder serialises, the reader returns and the reference kernels run."""

from dataclasses import dataclass, field
from typing import Optional

import numpy as np

from . import schema


@dataclass
class Quantization:
    """Affine: real = scale * (q - zero_point). One entry per tensor, or one per slice along `dimension`."""

    scales: np.ndarray  # float32
    zero_points: np.ndarray  # int64
    dimension: int = 0


@dataclass
class Tensor:
    """`shape` is NHWC for maps. `data` is None for activations; else an array of the tensor's type and shape.
    For files that are wrong on purpose, `raw` overrides the bytes and `buffer_index` the buffer that are written."""

    name: str
    type: str
    shape: tuple
    quantization: Optional[Quantization] = None
    data: Optional[np.ndarray] = None
    shape_signature: Optional[tuple] = None
    is_variable: bool = False
    raw: Optional[bytes] = None
    buffer_index: Optional[int] = None

    @property
    def dtype(self):
        return np.dtype(schema.TENSOR_TYPES[self.type][1])

    @property
    def scale(self):
        """The per-tensor scale, a float32."""
        return self.quantization.scales[0]

    @property
    def zero_point(self):
        return int(self.quantization.zero_points[0])

    @property
    def num_elements(self):
        return int(np.prod(self.shape, dtype=np.int64))


@dataclass
class Operator:
    """`kind` is the name in BuiltinOperator. `options` has every field of schema.OPTIONS[kind] by name.
    `code_index` overrides the index into the table of operator codes (for files that are wrong on purpose)."""

    kind: str
    inputs: tuple
    outputs: tuple
    options: dict = field(default_factory=dict)
    custom_code: str = ""
    version: int = 1
    code_index: Optional[int] = None


@dataclass
class Model:
    """One subgraph. Operators are in execution order; inputs, outputs and operands are tensor indices."""

    tensors: list = field(default_factory=list)
    operators: list = field(default_factory=list)
    inputs: list = field(default_factory=list)
    outputs: list = field(default_factory=list)
    description: str = ""
    name: str = "main"
