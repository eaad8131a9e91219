//===- TosaWindows.cpp - TOSA's answers to the window question ------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Models of the window interface that are attached to TOSA's ops from outside,
// so that the analysis works before the conversion to patch layers, and in
// compilers that never convert.
//
//===----------------------------------------------------------------------===//

#include "tessera/Analysis/TosaWindows.h"
#include "tessera/Dialect/Patch/IR/PatchDialect.h"

#include "mlir/Dialect/Tosa/IR/TosaOps.h"
#include "mlir/Dialect/Tosa/Utils/ConversionUtils.h"

using namespace mlir;
using namespace tessera;
using patch::WindowOpInterface;
using planning::WindowMap;

/// Size of a value along y (axis 0) or x (axis 1); nothing if it is no NHWC map
/// of static size.
static std::optional<int64_t> sizeAlong(Value value, unsigned axis) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  if (!type || type.getRank() != 4 || type.isDynamicDim(1 + axis))
    return std::nullopt;
  return type.getDimSize(1 + axis);
}

static WindowMap slidingWindow(int64_t kernel, ArrayRef<int64_t> stride,
                               int64_t dilation, ArrayRef<int64_t> pad,
                               unsigned axis) {
  WindowMap map;
  map.kernel = static_cast<int>(kernel);
  map.stride = static_cast<int>(stride[axis]);
  map.dilation = static_cast<int>(dilation);
  map.padBefore = static_cast<int>(pad[2 * axis]);
  return map;
}

namespace {

//===----------------------------------------------------------------------===//
// Sliding windows
//===----------------------------------------------------------------------===//

/// conv2d has OHWI weights, depthwise_conv2d HWCM.
template <typename ConvOp, unsigned firstKernelDim>
struct ConvModel
    : WindowOpInterface::ExternalModel<ConvModel<ConvOp, firstKernelDim>,
                                       ConvOp> {
  static RankedTensorType weights(Operation *op) {
    return dyn_cast<RankedTensorType>(cast<ConvOp>(op).getWeight().getType());
  }

  WindowMap getWindowMap(Operation *op, unsigned activation,
                         unsigned axis) const {
    auto conv = cast<ConvOp>(op);
    RankedTensorType type = weights(op);
    if (!type || type.isDynamicDim(firstKernelDim + axis))
      return WindowMap::whole();
    return slidingWindow(type.getDimSize(firstKernelDim + axis),
                         conv.getStride(), conv.getDilation()[axis],
                         conv.getPad(), axis);
  }

  int64_t getMacsPerPixel(Operation *op) const {
    RankedTensorType type = weights(op);
    return type && type.hasStaticShape() ? type.getNumElements() : 0;
  }
};

template <typename PoolOp>
struct PoolModel : WindowOpInterface::ExternalModel<PoolModel<PoolOp>, PoolOp> {
  WindowMap getWindowMap(Operation *op, unsigned activation,
                         unsigned axis) const {
    auto pool = cast<PoolOp>(op);
    return slidingWindow(pool.getKernel()[axis], pool.getStride(), 1,
                         pool.getPad(), axis);
  }
};

//===----------------------------------------------------------------------===//
// Borders
//===----------------------------------------------------------------------===//

struct PadModel : WindowOpInterface::ExternalModel<PadModel, tosa::PadOp> {
  WindowMap getWindowMap(Operation *op, unsigned activation,
                         unsigned axis) const {
    auto pad = cast<tosa::PadOp>(op);
    SmallVector<int64_t> amounts;
    Operation *shape = pad.getPadding().getDefiningOp();
    if (!sizeAlong(pad.getInput1(), axis) || !shape ||
        !tosa::getConstShapeValues(shape, amounts))
      return WindowMap::whole();
    WindowMap map;
    map.padBefore = static_cast<int>(amounts[2 * (1 + axis)]);
    return map;
  }
};

struct SliceModel
    : WindowOpInterface::ExternalModel<SliceModel, tosa::SliceOp> {
  WindowMap getWindowMap(Operation *op, unsigned activation,
                         unsigned axis) const {
    auto slice = cast<tosa::SliceOp>(op);
    SmallVector<int64_t> start;
    Operation *shape = slice.getStart().getDefiningOp();
    if (!sizeAlong(slice.getInput1(), axis) || !shape ||
        !tosa::getConstShapeValues(shape, start))
      return WindowMap::whole();
    // A slice is a pad the other way round.
    WindowMap map;
    map.padBefore = static_cast<int>(-start[1 + axis]);
    return map;
  }
};

//===----------------------------------------------------------------------===//
// Element by element
//===----------------------------------------------------------------------===//

/// The first `activations` operands are maps of the result's shape, or of size
/// 1 where they are broadcast.
template <typename Op, unsigned activations>
struct ElementwiseModel
    : WindowOpInterface::ExternalModel<ElementwiseModel<Op, activations>, Op> {
  SmallVector<OpOperand *> getActivationOperands(Operation *op) const {
    SmallVector<OpOperand *> operands;
    for (unsigned index = 0; index < activations; ++index)
      operands.push_back(&op->getOpOperand(index));
    return operands;
  }

  WindowMap getWindowMap(Operation *op, unsigned activation,
                         unsigned axis) const {
    std::optional<int64_t> in = sizeAlong(op->getOperand(activation), axis);
    std::optional<int64_t> out = sizeAlong(op->getResult(0), axis);
    if (!in || !out)
      return WindowMap::whole();
    WindowMap map;
    if (*in == 1 && *out != 1)
      map.stride = 0;
    return map;
  }

  int getInPlaceActivation(Operation *op) const {
    return op->getOperand(0).getType() == op->getResult(0).getType() ? 0 : -1;
  }
};

template <typename... Ops>
void attachUnary(MLIRContext &context) {
  (Ops::template attachInterface<ElementwiseModel<Ops, 1>>(context), ...);
}

template <typename... Ops>
void attachBinary(MLIRContext &context) {
  (Ops::template attachInterface<ElementwiseModel<Ops, 2>>(context), ...);
}

} // namespace

void tessera::registerTosaWindowOpInterfaceExternalModels(
    DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *context, tosa::TosaDialect *) {
    MLIRContext &ctx = *context;
    // The models return types of the planner and name the patch dialect's
    // interface: nothing else of that dialect is needed.
    tosa::Conv2DOp::attachInterface<ConvModel<tosa::Conv2DOp, 1>>(ctx);
    tosa::DepthwiseConv2DOp::attachInterface<
        ConvModel<tosa::DepthwiseConv2DOp, 0>>(ctx);
    tosa::AvgPool2dOp::attachInterface<PoolModel<tosa::AvgPool2dOp>>(ctx);
    tosa::MaxPool2dOp::attachInterface<PoolModel<tosa::MaxPool2dOp>>(ctx);
    tosa::PadOp::attachInterface<PadModel>(ctx);
    tosa::SliceOp::attachInterface<SliceModel>(ctx);
    attachUnary<tosa::AbsOp, tosa::CastOp, tosa::ClampOp, tosa::IdentityOp,
                tosa::NegateOp, tosa::RescaleOp, tosa::SigmoidOp, tosa::TableOp,
                tosa::TanhOp>(ctx);
    attachBinary<tosa::AddOp, tosa::MaximumOp, tosa::MinimumOp, tosa::MulOp,
                 tosa::SubOp>(ctx);
  });
}
