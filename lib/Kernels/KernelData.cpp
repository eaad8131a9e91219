//===- KernelData.cpp - Constants that kernels read -----------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Reads constant operands and lays out descriptors. The bias folds the input's
// zero point: sum (x - zp) * w + b = sum x * w + (b - zp * sum w), which holds
// wherever all taps are read; pixels that skip taps start from b instead and
// subtract zp from every x.
//
//===----------------------------------------------------------------------===//

#include "KernelData.h"

#include "mlir/IR/DialectResourceBlobManager.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace tessera;
using namespace tessera::kernels;

//===----------------------------------------------------------------------===//
// Constant operands
//===----------------------------------------------------------------------===//

template <typename T>
static FailureOr<SmallVector<T>> getConstant(Operation *layer, Value operand,
                                             StringRef name) {
  auto type = cast<ShapedType>(operand.getType());
  if (!type.getElementType().isInteger(8 * sizeof(T)))
    return layer->emitOpError("has no row kernel for ")
           << name << " of type " << type;
  ElementsAttr elements;
  if (!matchPattern(operand, m_Constant(&elements)))
    return layer->emitOpError()
           << name << " must be a constant: a kernel packs "
           << "it when the network is compiled";
  SmallVector<T> result;
  result.reserve(type.getNumElements());
  if (auto dense = dyn_cast<DenseElementsAttr>(elements)) {
    for (T value : dense.getValues<T>())
      result.push_back(value);
    return result;
  }
  if (auto resource = dyn_cast<DenseResourceElementsAttr>(elements))
    if (AsmResourceBlob *blob = resource.getRawHandle().getBlob()) {
      ArrayRef<T> data = blob->getDataAs<T>();
      if (static_cast<int64_t>(data.size()) == type.getNumElements()) {
        result.append(data.begin(), data.end());
        return result;
      }
    }
  return layer->emitOpError()
         << name << " must be dense elements, with their data in the module";
}

FailureOr<SmallVector<int8_t>>
kernels::getConstantBytes(Operation *layer, Value operand, StringRef name) {
  return getConstant<int8_t>(layer, operand, name);
}

FailureOr<SmallVector<int32_t>>
kernels::getConstantWords(Operation *layer, Value operand, StringRef name) {
  return getConstant<int32_t>(layer, operand, name);
}

//===----------------------------------------------------------------------===//
// Layout
//===----------------------------------------------------------------------===//

int32_t Descriptor::append(ArrayRef<int32_t> table) {
  auto offset = static_cast<int32_t>(4 * words.size());
  words.append(table.begin(), table.end());
  return offset;
}

int32_t Descriptor::append(ArrayRef<int8_t> table) {
  auto offset = static_cast<int32_t>(4 * words.size());
  for (auto [index, byte] : llvm::enumerate(table)) {
    if (index % 4 == 0)
      words.push_back(0);
    uint32_t bits = static_cast<uint8_t>(byte);
    words.back() |= static_cast<int32_t>(bits << (8 * (index % 4)));
  }
  return offset;
}

KernelConstant Descriptor::build(MLIRContext *context) const {
  auto type = RankedTensorType::get({static_cast<int64_t>(words.size())},
                                    IntegerType::get(context, 32));
  return {"descriptor", DenseElementsAttr::get(type, ArrayRef(words)),
          ConstantKind::Table, /*alignment=*/4};
}

KernelConstant kernels::makeWeights(MLIRContext *context,
                                    ArrayRef<int8_t> bytes) {
  auto type = RankedTensorType::get({static_cast<int64_t>(bytes.size())},
                                    IntegerType::get(context, 8));
  return {"weights", DenseElementsAttr::get(type, bytes), ConstantKind::Weights,
          /*alignment=*/4};
}

//===----------------------------------------------------------------------===//
// Requantised channels
//===----------------------------------------------------------------------===//

ChannelCode::ChannelCode(patch::RequantAttr requant)
    : scale(chooseScaleCode(requant.getRounding(), requant.getMultiplier(),
                            requant.getExponent())),
      perChannel(requant.getMultiplier().size() > 1) {}

std::string ChannelCode::suffix() const {
  return ((perChannel ? "perchannel_" : "pertensor_") + stringify(scale)).str();
}

void kernels::describeChannels(Descriptor &descriptor, ArrayRef<int32_t> bias,
                               ArrayRef<int32_t> weightSums,
                               int32_t inputZeroPoint, bool hasPadding,
                               patch::RequantAttr requant) {
  SmallVector<int32_t> folded;
  for (auto [b, sum] : llvm::zip_equal(bias, weightSums))
    folded.push_back(wrappingAdd(b, wrappingMultiply(-inputZeroPoint, sum)));
  descriptor[channel_fact::FoldedBias] = descriptor.append(folded);
  descriptor[channel_fact::Bias] = hasPadding
                                       ? descriptor.append(bias)
                                       : descriptor[channel_fact::FoldedBias];

  ScaleCode code = ChannelCode(requant).scale;
  SmallVector<int8_t> exponents;
  for (int32_t exponent : requant.getExponent())
    exponents.push_back(encodeExponent(code, exponent));
  descriptor[channel_fact::Multiplier] =
      descriptor.append(requant.getMultiplier());
  descriptor[channel_fact::Exponent] =
      descriptor.append(ArrayRef<int8_t>(exponents));
  descriptor[channel_fact::OutputZeroPoint] = requant.getZeroPoint();
  descriptor[channel_fact::Min] = requant.getMin();
  descriptor[channel_fact::Max] = requant.getMax();
}
