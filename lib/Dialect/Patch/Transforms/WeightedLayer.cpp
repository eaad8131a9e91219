//===- WeightedLayer.cpp - Layers with weights in one form ----------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ChannelRanges.h"

#include "mlir/IR/DialectResourceBlobManager.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace tessera;
using namespace tessera::patch;

int64_t patch::getNumChannels(Value value) {
  auto type = cast<RankedTensorType>(value.getType());
  return type.getRank() == 0 ? 1 : type.getShape().back();
}

bool patch::isInt8(Value value) {
  return getElementTypeOrSelf(value).isSignlessInteger(8);
}

template <typename T>
static bool readConstant(Value value, SmallVectorImpl<T> &data) {
  auto type = cast<ShapedType>(value.getType());
  ElementsAttr elements;
  if (!type.getElementType().isInteger(8 * sizeof(T)) ||
      !matchPattern(value, m_Constant(&elements)))
    return false;
  if (auto dense = dyn_cast<DenseElementsAttr>(elements)) {
    llvm::append_range(data, dense.getValues<T>());
    return true;
  }
  auto resource = dyn_cast<DenseResourceElementsAttr>(elements);
  AsmResourceBlob *blob =
      resource ? resource.getRawHandle().getBlob() : nullptr;
  if (!blob || static_cast<int64_t>(blob->getData().size()) !=
                   type.getNumElements() * static_cast<int64_t>(sizeof(T)))
    return false;
  llvm::append_range(data, blob->getDataAs<T>());
  return true;
}

std::optional<WeightedLayer> WeightedLayer::get(Operation *op) {
  WeightedLayer layer;
  layer.op = op;
  if (!isa<Conv2DOp, DepthwiseConv2DOp, FullyConnectedOp>(op))
    return std::nullopt;
  Value input = op->getOperand(0), output = op->getResult(0);
  Value weights = op->getOperand(1);
  if (!isInt8(input) || !isInt8(output) || matchPattern(input, m_Constant()))
    return std::nullopt;
  auto shape = cast<RankedTensorType>(weights.getType()).getShape();
  layer.inputChannels = getNumChannels(input);
  layer.outputChannels = getNumChannels(output);
  auto isPadding = [](ArrayRef<int32_t> pad) {
    return llvm::any_of(pad, [](int32_t p) { return p != 0; });
  };
  if (auto conv = dyn_cast<Conv2DOp>(op)) {
    if (shape[3] != layer.inputChannels)
      return std::nullopt;
    layer.taps = shape[1] * shape[2];
    layer.inputZp = conv.getInputZp();
    layer.isPadded = isPadding(conv.getPad());
    layer.requant = conv.getRequant();
  } else if (auto conv = dyn_cast<DepthwiseConv2DOp>(op)) {
    layer.multiplier = layer.outputChannels / layer.inputChannels;
    layer.taps = shape[0] * shape[1];
    layer.inputZp = conv.getInputZp();
    layer.isPadded = isPadding(conv.getPad());
    layer.requant = conv.getRequant();
  } else {
    auto connected = cast<FullyConnectedOp>(op);
    layer.taps = shape[1] / layer.inputChannels;
    layer.inputZp = connected.getInputZp();
    layer.requant = connected.getRequant();
  }
  if (!readConstant(weights, layer.weights) ||
      !readConstant(op->getOperand(2), layer.bias))
    return std::nullopt;
  return layer;
}
