//===- Rescale.cpp - Reading constants, shapes and rescales of TOSA -------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A quantised layer of TOSA is an op with i32 results and a `tosa.rescale` that
// makes them i8. This file reads such a rescale, chooses the rounding (see
// Rounding.h) and follows a layer's sums to it.
//
//===----------------------------------------------------------------------===//

#include "Patterns.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tosa/Utils/ConversionUtils.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace tessera;
using namespace tessera::tosa_to_patch;

//===----------------------------------------------------------------------===//
// Constants
//===----------------------------------------------------------------------===//

DenseElementsAttr tosa_to_patch::getConstant(Value value) {
  Attribute attr;
  if (!matchPattern(value, m_Constant(&attr)))
    return nullptr;
  if (auto dense = dyn_cast<DenseElementsAttr>(attr))
    return dense;
  auto resource = dyn_cast<DenseResourceElementsAttr>(attr);
  if (!resource)
    return nullptr;
  AsmResourceBlob *blob = resource.getRawHandle().getBlob();
  bool isSplat = false;
  if (!blob || !DenseElementsAttr::isValidRawBuffer(resource.getType(),
                                                    blob->getData(), isSplat))
    return nullptr;
  return DenseElementsAttr::getFromRawBuffer(resource.getType(),
                                             blob->getData());
}

FailureOr<SmallVector<int64_t>> tosa_to_patch::getIntegers(Value value) {
  DenseElementsAttr attr = getConstant(value);
  if (!attr || !attr.getElementType().isInteger())
    return failure();
  SmallVector<int64_t> values;
  values.reserve(attr.getNumElements());
  for (const APInt &element : attr.getValues<APInt>())
    values.push_back(element.getSExtValue());
  return values;
}

FailureOr<SmallVector<int64_t>> tosa_to_patch::getShape(Value value) {
  SmallVector<int64_t> shape;
  Operation *op = value.getDefiningOp();
  if (!op || !tosa::getConstShapeValues(op, shape))
    return failure();
  return shape;
}

Value tosa_to_patch::createI32Constant(OpBuilder &builder, Location loc,
                                       ArrayRef<int32_t> values) {
  auto type = RankedTensorType::get({static_cast<int64_t>(values.size())},
                                    builder.getI32Type());
  return arith::ConstantOp::create(builder, loc,
                                   DenseElementsAttr::get(type, values));
}

SmallVector<int32_t> tosa_to_patch::toI32(ArrayRef<int64_t> values) {
  return SmallVector<int32_t>(values);
}

//===----------------------------------------------------------------------===//
// Maps
//===----------------------------------------------------------------------===//

RankedTensorType tosa_to_patch::getMapType(Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  if (!tensor || !tensor.hasStaticShape())
    return nullptr;
  constexpr int64_t maxDim = int64_t(1) << 24, maxElements = int64_t(1) << 31;
  ArrayRef<int64_t> shape = tensor.getShape();
  int64_t elements = 1;
  for (int64_t size : shape) {
    if (size < 1 || size > maxDim || elements > maxElements / size)
      return nullptr;
    elements *= size;
  }
  int64_t rank = tensor.getRank();
  int64_t channels = rank > 0 ? shape[rank - 1] : 1;
  int64_t width = rank > 2 ? shape[rank - 2] : 1;
  int64_t height = elements / (channels * width);
  if (height > maxDim)
    return nullptr;
  return RankedTensorType::get({1, height, width, channels},
                               tensor.getElementType());
}

Value tosa_to_patch::viewAs(OpBuilder &builder, Location loc, Value value,
                            RankedTensorType type) {
  if (value.getType() == type)
    return value;
  return patch::ReshapeOp::create(builder, loc, type, value);
}

bool tosa_to_patch::isI8(Type type) {
  return getElementTypeOrSelf(type).isSignlessInteger(8);
}

bool tosa_to_patch::isI32(Type type) {
  return getElementTypeOrSelf(type).isSignlessInteger(32);
}

//===----------------------------------------------------------------------===//
// Rescaling
//===----------------------------------------------------------------------===//

FailureOr<Scaling> tosa_to_patch::readScaling(tosa::RescaleOp rescale,
                                              Operation *refused,
                                              PatternRewriter &rewriter) {
  if (rescale.getInputUnsigned() || rescale.getOutputUnsigned())
    return rewriter.notifyMatchFailure(
        refused, "unsigned values in tosa.rescale are not supported");
  FailureOr<SmallVector<int64_t>> multipliers =
      getIntegers(rescale.getMultiplier());
  FailureOr<SmallVector<int64_t>> shifts = getIntegers(rescale.getShift());
  FailureOr<int64_t> inputZp = rescale.getInputZeroPoint();
  FailureOr<int64_t> outputZp = rescale.getOutputZeroPoint();
  if (failed(multipliers) || failed(shifts) || failed(inputZp) ||
      failed(outputZp))
    return rewriter.notifyMatchFailure(
        refused, "multiplier, shift and zero points of tosa.rescale must be "
                 "constants");
  if (multipliers->empty() || multipliers->size() != shifts->size())
    return rewriter.notifyMatchFailure(refused, [&](Diagnostic &diag) {
      diag << "tosa.rescale has " << multipliers->size() << " multipliers and "
           << shifts->size() << " shifts";
    });
  Scaling scaling;
  scaling.inputZp = static_cast<int32_t>(*inputZp);
  scaling.outputZp = static_cast<int32_t>(*outputZp);
  // INEXACT_ROUND leaves the choice to us.
  scaling.meaning =
      rescale.getRoundingMode() == tosa::RoundingMode::DOUBLE_ROUND
          ? patch::Rounding::Double
          : patch::Rounding::Single;
  for (int64_t shift : *shifts)
    if (shift < 2 || shift > 62)
      return rewriter.notifyMatchFailure(refused, [&](Diagnostic &diag) {
        diag << "shift " << shift << " of tosa.rescale is not in [2, 62]";
      });
  for (auto [multiplier, shift] : llvm::zip_equal(*multipliers, *shifts)) {
    scaling.multipliers.push_back(static_cast<int32_t>(multiplier));
    scaling.exponents.push_back(static_cast<int32_t>(31 - shift));
  }
  return scaling;
}

FailureOr<patch::RequantAttr>
tosa_to_patch::getRequant(const Scaling &scaling, ScaledValues values,
                          RoundingSet allowed, Operation *refused,
                          PatternRewriter &rewriter) {
  for (auto [multiplier, exponent] :
       llvm::zip_equal(scaling.multipliers, scaling.exponents))
    allowed = allowed &
              agreeingRoundings(scaling.meaning, multiplier, exponent, values);
  std::optional<patch::Rounding> rounding = allowed.best();
  if (!rounding)
    return rewriter.notifyMatchFailure(
        refused, "no rounding mode gives what all its rescales mean");
  return patch::RequantAttr::get(rewriter.getContext(), scaling.multipliers,
                                 scaling.exponents, scaling.outputZp, -128, 127,
                                 *rounding);
}

//===----------------------------------------------------------------------===//
// Accumulators
//===----------------------------------------------------------------------===//

/// A constant that adds the same to all pixels of a channel, as one value per
/// channel; failure if it is anything else.
static FailureOr<SmallVector<int32_t>> getChannelConstant(Value value,
                                                          int64_t channels) {
  FailureOr<SmallVector<int64_t>> values = getIntegers(value);
  auto type = dyn_cast<RankedTensorType>(value.getType());
  if (failed(values) || !type || type.getRank() == 0)
    return failure();
  bool perChannel =
      type.getNumElements() == channels && type.getShape().back() == channels;
  if (!perChannel && type.getNumElements() != 1)
    return failure();
  SmallVector<int32_t> result(channels, static_cast<int32_t>(values->front()));
  if (perChannel)
    llvm::copy(*values, result.begin());
  return result;
}

FailureOr<Accumulator>
tosa_to_patch::followAccumulator(Operation *layer, PatternRewriter &rewriter) {
  Value sums = layer->getResult(0);
  auto type = cast<RankedTensorType>(sums.getType());
  Accumulator accumulator;
  auto onlyUser = [&]() -> Operation * {
    return sums.hasOneUse() ? *sums.user_begin() : nullptr;
  };
  if (auto add = dyn_cast_if_present<tosa::AddOp>(onlyUser())) {
    Value other = add.getInput1() == sums ? add.getInput2() : add.getInput1();
    FailureOr<SmallVector<int32_t>> bias =
        getChannelConstant(other, type.getShape().back());
    if (succeeded(bias) && add.getType() == type) {
      accumulator.bias = *bias;
      sums = add.getResult();
    }
  }
  accumulator.rescale = dyn_cast_if_present<tosa::RescaleOp>(onlyUser());
  if (!accumulator.rescale || !isI8(accumulator.rescale.getType()) ||
      accumulator.rescale.getInput() != sums)
    return rewriter.notifyMatchFailure(
        layer, "its sums are not read by exactly one tosa.rescale to i8");
  return accumulator;
}
