# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Reads a .tflite file into a `Model`, with nothing but the standard library and numpy.

A FlatBuffer is read from the front: the root offset leads to a table; a table starts with the (signed) distance back
to its vtable; the vtable says where in the table each field lies (0: absent, the default holds); vectors, strings and
sub-tables are reached by unsigned offsets relative to where the offset is stored. This reader trusts its input: it is
for files this project wrote and for known models, and is written apart from the builder so that each checks the other.
"""

import struct

import numpy as np

from . import schema
from .model import Model, Operator, Quantization, Tensor


class _Table:
    def __init__(self, data, position):
        self._data = data
        self._position = position
        self._vtable = position - struct.unpack_from("<i", data, position)[0]
        self._vtable_size = struct.unpack_from("<H", data, self._vtable)[0]

    def _field(self, field_id):
        """Absolute position of a field, or None if the file leaves it out."""
        slot = 4 + 2 * field_id
        if slot >= self._vtable_size:
            return None
        offset = struct.unpack_from("<H", self._data, self._vtable + slot)[0]
        return self._position + offset if offset else None

    def scalar(self, field_id, code, default):
        position = self._field(field_id)
        return default if position is None else struct.unpack_from("<" + code, self._data, position)[0]

    def _indirect(self, position):
        return position + struct.unpack_from("<I", self._data, position)[0]

    def table(self, field_id):
        position = self._field(field_id)
        return None if position is None else _Table(self._data, self._indirect(position))

    def _vector(self, field_id):
        position = self._field(field_id)
        if position is None:
            return None, 0
        start = self._indirect(position)
        return start + 4, struct.unpack_from("<I", self._data, start)[0]

    def array(self, field_id, dtype):
        """A vector of scalars, or None if absent."""
        start, count = self._vector(field_id)
        if start is None:
            return None
        return np.frombuffer(self._data, dtype=np.dtype(dtype).newbyteorder("<"), count=count, offset=start)

    def tables(self, field_id):
        start, count = self._vector(field_id)
        return [_Table(self._data, self._indirect(start + 4 * i)) for i in range(count)]

    def string(self, field_id):
        start, count = self._vector(field_id)
        return "" if start is None else bytes(self._data[start:start + count]).decode("utf-8")


def _read_options(table, kind):
    layout = schema.OPTIONS.get(kind)
    if layout is None:
        return {}
    values = {f.name: f.default for f in layout.fields}
    if table is None:
        return values
    for f in layout.fields:
        if f.kind == "ints":
            array = table.array(f.id, np.int32)
            values[f.name] = f.default if array is None else tuple(int(v) for v in array)
        elif f.kind == "float32":
            values[f.name] = table.scalar(f.id, "f", f.default)
        elif f.kind == "int32":
            values[f.name] = table.scalar(f.id, "i", f.default)
        elif f.kind == "bool":
            values[f.name] = bool(table.scalar(f.id, "B", f.default))
        elif f.kind == "padding":
            values[f.name] = schema.PADDINGS[table.scalar(f.id, "b", 0)]
        elif f.kind == "activation":
            values[f.name] = schema.ACTIVATIONS[table.scalar(f.id, "b", 0)]
        else:
            values[f.name] = table.scalar(f.id, "b", f.default)
    return values


def _read_tensor(table, buffers):
    number = table.scalar(1, "b", 0)
    if number not in schema.TENSOR_TYPE_NAMES:
        raise ValueError(f"tensor type {number} is not known to this reader")
    kind = schema.TENSOR_TYPE_NAMES[number]
    shape = tuple(int(v) for v in table.array(0, np.int32)) if table.array(0, np.int32) is not None else ()
    signature = table.array(7, np.int32)
    quantization = None
    q = table.table(4)
    if q is not None and q.array(2, np.float32) is not None and len(q.array(2, np.float32)):
        scales = q.array(2, np.float32)
        zero_points = q.array(3, np.int64)
        if zero_points is None or len(zero_points) == 0:
            zero_points = np.zeros(len(scales), np.int64)
        quantization = Quantization(scales, zero_points, q.scalar(6, "i", 0))
    tensor = Tensor(table.string(3), kind, shape, quantization,
                    shape_signature=None if signature is None else tuple(int(v) for v in signature),
                    is_variable=bool(table.scalar(5, "B", 0)))
    content = buffers[table.scalar(2, "I", 0)]
    if content is not None and len(content):
        tensor.data = np.frombuffer(content.tobytes(), dtype=tensor.dtype).reshape(shape)
    return tensor


def read_bytes(data):
    """Parses the bytes of a .tflite file. Only the first subgraph is read. Raises ValueError on what is not TFL3."""
    if len(data) < 8 or bytes(data[4:8]) != schema.FILE_IDENTIFIER:
        raise ValueError("not a .tflite file: the identifier TFL3 is missing")
    root = _Table(data, struct.unpack_from("<I", data, 0)[0])
    buffers = [b.array(0, np.uint8) for b in root.tables(4)]
    subgraph = root.tables(2)[0]
    model = Model(description=root.string(3), name=subgraph.string(4))
    model.tensors = [_read_tensor(t, buffers) for t in subgraph.tables(0)]
    model.inputs = [int(i) for i in subgraph.array(1, np.int32)]
    model.outputs = [int(i) for i in subgraph.array(2, np.int32)]
    codes = []
    for code in root.tables(1):
        number = max(code.scalar(0, "b", 0), code.scalar(3, "i", 0))
        name = schema.BUILTIN_OPERATOR_NAMES.get(number, f"BUILTIN_{number}")
        codes.append((name, code.string(1), code.scalar(2, "i", 1)))
    for op in subgraph.tables(3):
        name, custom_code, version = codes[op.scalar(0, "I", 0)]
        inputs = op.array(1, np.int32)
        model.operators.append(Operator(
            name, tuple(int(i) for i in inputs) if inputs is not None else (),
            tuple(int(i) for i in op.array(2, np.int32)),
            _read_options(op.table(4), name), custom_code, version))
    return model


def read(path):
    """Reads the .tflite file at `path`."""
    with open(path, "rb") as file:
        return read_bytes(file.read())
