# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Serialises a `Model` as a .tflite file. The same model gives the same bytes.

It writes what it is told, right or wrong, so that tests can make broken files: indices, shapes, types and buffer sizes
are not checked. Needs the FlatBuffers runtime (Debian: python3-flatbuffers).

A FlatBuffer is built from its leaves up: vectors and sub-tables first, then the table that refers to them.
"""

import flatbuffers
import numpy as np

from . import schema


class _Writer:
    def __init__(self):
        self.builder = flatbuffers.Builder(1 << 16)

    def bytes(self, data, alignment=16):
        """A [ubyte] vector. Buffers are aligned to 16, as the schema demands."""
        b = self.builder
        b.StartVector(1, len(data), alignment)
        b.head = b.head - len(data)
        b.Bytes[b.head:b.head + len(data)] = data
        return b.EndVector()

    def scalars(self, values, prepend, size):
        self.builder.StartVector(size, len(values), size)
        for value in reversed(values):
            prepend(value)
        return self.builder.EndVector()

    def int32s(self, values):
        return self.scalars([int(v) for v in values], self.builder.PrependInt32, 4)

    def offsets(self, offsets):
        return self.scalars(offsets, self.builder.PrependUOffsetTRelative, 4)

    def table(self, num_fields, fields):
        """`fields`: (id, kind, value, default); kind is a type of the flatbuffers builder or "Offset" (0: absent)."""
        b = self.builder
        b.StartObject(num_fields)
        for field_id, kind, value, default in fields:
            if kind == "Offset":
                b.PrependUOffsetTRelativeSlot(field_id, value, 0)
            else:
                getattr(b, f"Prepend{kind}Slot")(field_id, value, default)
        return b.EndObject()


def _options(writer, op):
    """(offset of the options table or 0, number in the union)."""
    layout = schema.OPTIONS.get(op.kind)
    if layout is None:
        return 0, 0
    fields = []
    for f in layout.fields:
        value = op.options.get(f.name, f.default)
        if f.kind == "ints":
            if len(value):
                fields.append((f.id, "Offset", writer.int32s(value), 0))
        elif f.kind in ("padding", "activation"):
            names = schema.PADDINGS if f.kind == "padding" else schema.ACTIVATIONS
            fields.append((f.id, "Int8", names.index(value), names.index(f.default)))
        else:
            kind = {"int32": "Int32", "int8": "Int8", "float32": "Float32", "bool": "Bool"}[f.kind]
            fields.append((f.id, kind, value, f.default))
    return writer.table(max((f.id for f in layout.fields), default=-1) + 1, fields), layout.union


def _quantization(writer, quantization):
    if quantization is None:
        return 0
    b = writer.builder
    scales = writer.scalars([float(s) for s in quantization.scales], b.PrependFloat32, 4)
    zero_points = writer.scalars([int(z) for z in quantization.zero_points], b.PrependInt64, 8)
    return writer.table(7, [(2, "Offset", scales, 0), (3, "Offset", zero_points, 0),
                            (6, "Int32", quantization.dimension, 0)])


def _tensor(writer, tensor, buffer):
    name = writer.builder.CreateString(tensor.name)
    shape = writer.int32s(tensor.shape)
    signature = 0 if tensor.shape_signature is None else writer.int32s(tensor.shape_signature)
    quantization = _quantization(writer, tensor.quantization)
    return writer.table(8, [
        (0, "Offset", shape, 0), (1, "Int8", schema.TENSOR_TYPES[tensor.type][0], 0),
        (2, "Uint32", buffer if tensor.buffer_index is None else tensor.buffer_index, 0),
        (3, "Offset", name, 0), (4, "Offset", quantization, 0), (5, "Bool", tensor.is_variable, False),
        (7, "Offset", signature, 0)])


def _operator(writer, op, code):
    options, union = _options(writer, op)
    inputs, outputs = writer.int32s(op.inputs), writer.int32s(op.outputs)
    return writer.table(5, [
        (0, "Uint32", code if op.code_index is None else op.code_index, 0), (1, "Offset", inputs, 0),
        (2, "Offset", outputs, 0), (3, "Uint8", union, 0), (4, "Offset", options, 0)])


def _operator_code(writer, kind, custom_code, version):
    number = schema.BUILTIN_OPERATORS[kind]
    custom = writer.builder.CreateString(custom_code) if custom_code else 0
    return writer.table(4, [(0, "Int8", min(number, 127), 0), (1, "Offset", custom, 0), (2, "Int32", version, 1),
                            (3, "Int32", number, 0)])


def serialize(model):
    """The bytes of the .tflite file. Activations share buffer 0, which is empty; each constant has its own buffer."""
    writer = _Writer()
    buffers, buffer_of = [b""], []
    for tensor in model.tensors:
        content = tensor.raw
        if content is None and tensor.data is not None:
            content = np.ascontiguousarray(tensor.data, dtype=tensor.dtype.newbyteorder("<")).tobytes()
        buffer_of.append(len(buffers) if content is not None else 0)
        if content is not None:
            buffers.append(content)
    codes = list(dict.fromkeys((op.kind, op.custom_code, op.version) for op in model.operators))

    buffer_tables = [writer.table(1, [(0, "Offset", writer.bytes(c), 0)] if c else []) for c in buffers]
    tensors = writer.offsets([_tensor(writer, t, b) for t, b in zip(model.tensors, buffer_of)])
    operators = writer.offsets([_operator(writer, op, codes.index((op.kind, op.custom_code, op.version)))
                                for op in model.operators])
    inputs, outputs = writer.int32s(model.inputs), writer.int32s(model.outputs)
    name = writer.builder.CreateString(model.name)
    subgraph = writer.table(5, [(0, "Offset", tensors, 0), (1, "Offset", inputs, 0), (2, "Offset", outputs, 0),
                                (3, "Offset", operators, 0), (4, "Offset", name, 0)])
    subgraphs = writer.offsets([subgraph])
    code_tables = writer.offsets([_operator_code(writer, *code) for code in codes])
    buffer_vector = writer.offsets(buffer_tables)
    description = writer.builder.CreateString(model.description)
    root = writer.table(5, [(0, "Uint32", schema.SCHEMA_VERSION, 0), (1, "Offset", code_tables, 0),
                            (2, "Offset", subgraphs, 0), (3, "Offset", description, 0),
                            (4, "Offset", buffer_vector, 0)])
    writer.builder.Finish(root, schema.FILE_IDENTIFIER)
    return bytes(writer.builder.Output())
