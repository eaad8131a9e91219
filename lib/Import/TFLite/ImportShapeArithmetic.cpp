//===- ImportShapeArithmetic.cpp - What is computed from shapes -----------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Converters write a RESHAPE that keeps the batch as SHAPE, STRIDED_SLICE and
// PACK of INT32 tensors. All shapes are static here, so that these operators
// are evaluated while they are imported; they leave no op.
//
//===----------------------------------------------------------------------===//

#include "OperatorImporter.h"

#include <algorithm>

using namespace mlir;
using namespace tessera;
using namespace tessera::tflite;

Reason OperatorImporter::setIntegers(const Operator &op,
                                     ArrayRef<int32_t> values) {
  const Tensor &output = getOutput(op);
  if (output.type != ElementType::Int32)
    return std::string(getName(output.type)) + " result";
  if (output.numElements != static_cast<int64_t>(values.size()))
    return "the result's shape is " + formatShape(getShape(output)) + " for " +
           std::to_string(values.size()) + " values";
  integers[op.outputs[0]].assign(values.begin(), values.end());
  return {};
}

Reason OperatorImporter::importShape(const Operator &op) {
  if (Reason reason = checkOperands(op, 1, 1); !reason.empty())
    return reason;
  return setIntegers(op, getInput(op, 0).shape);
}

Reason OperatorImporter::importPack(const Operator &op) {
  if (Reason reason = checkOperands(op, 1, op.inputs.size()); !reason.empty())
    return reason;
  SmallVector<int32_t> values;
  for (size_t i = 0; i < op.inputs.size(); ++i) {
    if (op.inputs[i] == noTensor)
      return "operand " + std::to_string(i) + " is left out";
    if (!getInput(op, i).shape.empty())
      return "operands other than single numbers";
    if (Reason reason = getIntegers(op, i, "a number", values); !reason.empty())
      return reason;
  }
  return setIntegers(op, values);
}

Reason OperatorImporter::importStridedSlice(const Operator &op) {
  if (Reason reason = checkOperands(op, 4, 4); !reason.empty())
    return reason;
  // The list, and where to begin, to end and how far to step.
  SmallVector<int32_t> parts[4];
  const char *names[] = {"a list", "begin", "end", "strides"};
  for (size_t i = 0; i < 4; ++i)
    if (Reason reason = getIntegers(op, i, names[i], parts[i]); !reason.empty())
      return reason;
  const auto &options = std::get<StridedSliceOptions>(op.options);
  if (getInput(op, 0).shape.size() != 1 || parts[1].size() != 1 ||
      parts[2].size() != 1 || parts[3].size() != 1 ||
      options.ellipsisMask != 0 || options.newAxisMask != 0)
    return "a slice of more than one axis";
  auto size = static_cast<int64_t>(parts[0].size());
  int64_t step = parts[3][0];
  if (step == 0)
    return "a step of 0";
  // Positions outside the list are moved to its ends; of a step backwards the
  // ends are -1 and size - 1.
  int64_t low = step > 0 ? 0 : -1, high = step > 0 ? size : size - 1;
  auto place = [&](int64_t position) {
    return std::clamp(position < 0 ? position + size : position, low, high);
  };
  int64_t begin = place(parts[1][0]), end = place(parts[2][0]);
  if (options.beginMask & 1)
    begin = step > 0 ? low : high;
  if (options.endMask & 1)
    end = step > 0 ? high : low;
  if (options.shrinkAxisMask & 1)
    end = begin + (step > 0 ? 1 : -1);
  SmallVector<int32_t> values;
  for (int64_t i = begin; step > 0 ? i < end : i > end; i += step) {
    if (i < 0 || i >= size)
      return "position " + std::to_string(i) + " of " + std::to_string(size);
    values.push_back(parts[0][i]);
  }
  return setIntegers(op, values);
}
