//===- PatchWindows.cpp - Each layer's answer to the window question ------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tessera/Dialect/Patch/IR/PatchDialect.h"

using namespace mlir;
using namespace tessera;
using namespace tessera::patch;
using planning::OpKind;
using planning::WindowMap;

static int64_t dim(Value value, unsigned index) {
  return cast<RankedTensorType>(value.getType()).getDimSize(index);
}

/// The window map of a kernel of `size` taps; `pad` is [top, bottom, left,
/// right].
static WindowMap windowMap(int64_t size, ArrayRef<int32_t> stride,
                           int32_t dilation, ArrayRef<int32_t> pad,
                           unsigned axis) {
  WindowMap map;
  map.kernel = static_cast<int>(size);
  map.stride = stride[axis];
  map.dilation = dilation;
  map.padBefore = pad[2 * axis];
  return map;
}

//===----------------------------------------------------------------------===//
// Convolutions
//===----------------------------------------------------------------------===//

WindowMap Conv2DOp::getWindowMap(unsigned activation, unsigned axis) {
  return windowMap(dim(getWeights(), 1 + axis), getStride(),
                   getDilation()[axis], getPad(), axis);
}

int64_t Conv2DOp::getMacsPerPixel() {
  return cast<RankedTensorType>(getWeights().getType()).getNumElements();
}

WindowMap DepthwiseConv2DOp::getWindowMap(unsigned activation, unsigned axis) {
  return windowMap(dim(getWeights(), axis), getStride(), getDilation()[axis],
                   getPad(), axis);
}

int64_t DepthwiseConv2DOp::getMacsPerPixel() {
  return cast<RankedTensorType>(getWeights().getType()).getNumElements();
}

//===----------------------------------------------------------------------===//
// Reductions of a whole map
//===----------------------------------------------------------------------===//

WindowMap FullyConnectedOp::getWindowMap(unsigned activation, unsigned axis) {
  return WindowMap::whole();
}

OpKind FullyConnectedOp::getRowKind() {
  return dim(getInput(), 1) == 1 ? OpKind::Rows : OpKind::Reduce;
}

/// Of a reduction the MACs are counted per pixel of the operand, so that both
/// kinds add up to N * H * W * C.
int64_t FullyConnectedOp::getMacsPerPixel() {
  int64_t macs =
      cast<RankedTensorType>(getWeights().getType()).getNumElements();
  return getRowKind() == OpKind::Rows
             ? macs
             : macs / (dim(getInput(), 1) * dim(getInput(), 2));
}

WindowMap MeanOp::getWindowMap(unsigned activation, unsigned axis) {
  return WindowMap::whole();
}

OpKind MeanOp::getRowKind() { return OpKind::Reduce; }

//===----------------------------------------------------------------------===//
// Pooling
//===----------------------------------------------------------------------===//

WindowMap AvgPool2DOp::getWindowMap(unsigned activation, unsigned axis) {
  return windowMap(getKernel()[axis], getStride(), 1, getPad(), axis);
}

/// A window over the whole input, without padding, is a sum over its rows.
OpKind AvgPool2DOp::getRowKind() {
  bool noPad = llvm::all_of(getPad(), [](int32_t pad) { return pad == 0; });
  bool covers = getKernel()[0] == dim(getInput(), 1) &&
                getKernel()[1] == dim(getInput(), 2);
  return noPad && covers ? OpKind::Reduce : OpKind::Rows;
}

WindowMap MaxPool2DOp::getWindowMap(unsigned activation, unsigned axis) {
  return windowMap(getKernel()[axis], getStride(), 1, getPad(), axis);
}

//===----------------------------------------------------------------------===//
// Element by element
//===----------------------------------------------------------------------===//

SmallVector<OpOperand *> AddOp::getActivationOperands() {
  return {&getLhsMutable(), &getRhsMutable()};
}

int AddOp::getInPlaceActivation() { return 0; }

/// The operands of an op that broadcasts, without the constants.
template <typename BroadcastOp>
static SmallVector<OpOperand *> broadcastActivations(BroadcastOp op) {
  SmallVector<OpOperand *> activations;
  for (OpOperand &operand : op->getOpOperands()) {
    Operation *producer = operand.get().getDefiningOp();
    if (!producer || !producer->hasTrait<OpTrait::ConstantLike>())
      activations.push_back(&operand);
  }
  return activations;
}

template <typename BroadcastOp>
static WindowMap broadcastMap(BroadcastOp op, unsigned activation,
                              unsigned axis) {
  Value operand = broadcastActivations(op)[activation]->get();
  return dim(operand, 1 + axis) == dim(op.getOutput(), 1 + axis)
             ? WindowMap::identity()
             : WindowMap::whole();
}

/// The first activation that is not broadcast.
template <typename BroadcastOp>
static int broadcastInPlace(BroadcastOp op) {
  for (auto [index, operand] : llvm::enumerate(broadcastActivations(op)))
    if (operand->get().getType() == op.getOutput().getType())
      return static_cast<int>(index);
  return -1;
}

SmallVector<OpOperand *> BroadcastAddOp::getActivationOperands() {
  return broadcastActivations(*this);
}

WindowMap BroadcastAddOp::getWindowMap(unsigned activation, unsigned axis) {
  return broadcastMap(*this, activation, axis);
}

int BroadcastAddOp::getInPlaceActivation() { return broadcastInPlace(*this); }

SmallVector<OpOperand *> MulOp::getActivationOperands() {
  return broadcastActivations(*this);
}

WindowMap MulOp::getWindowMap(unsigned activation, unsigned axis) {
  return broadcastMap(*this, activation, axis);
}

int MulOp::getInPlaceActivation() { return broadcastInPlace(*this); }

int RequantizeOp::getInPlaceActivation() { return 0; }

int LookupOp::getInPlaceActivation() { return 0; }

int64_t ConcatOp::getStart(unsigned number) {
  int64_t start = 0;
  for (unsigned i = 0; i < number; ++i)
    start += dim(getInputs()[i], getAxis());
  return start;
}

SmallVector<OpOperand *> ConcatOp::getActivationOperands() {
  return llvm::map_to_vector((*this)->getOpOperands(),
                             [](OpOperand &operand) { return &operand; });
}

/// Along the axis an operand is the result without what lies in front of it.
WindowMap ConcatOp::getWindowMap(unsigned activation, unsigned axis) {
  WindowMap map;
  if (getAxis() == 1 + axis)
    map.padBefore = static_cast<int>(getStart(activation));
  return map;
}

WindowMap ResizeNearestOp::getWindowMap(unsigned activation, unsigned axis) {
  WindowMap map;
  map.stride = getStride()[axis];
  map.padBefore = -getOffset()[axis];
  map.divisor = getDivisor()[axis];
  return map;
}

WindowMap PadOp::getWindowMap(unsigned activation, unsigned axis) {
  WindowMap map;
  map.padBefore = getPad()[2 * axis];
  return map;
}

//===----------------------------------------------------------------------===//
// Input
//===----------------------------------------------------------------------===//

SmallVector<OpOperand *> ReadInputOp::getActivationOperands() { return {}; }

OpKind ReadInputOp::getRowKind() { return OpKind::Source; }
