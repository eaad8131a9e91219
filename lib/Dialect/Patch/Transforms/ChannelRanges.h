//===- ChannelRanges.h - What values a channel can have ---------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TESSERA_LIB_DIALECT_PATCH_TRANSFORMS_CHANNELRANGES_H
#define TESSERA_LIB_DIALECT_PATCH_TRANSFORMS_CHANNELRANGES_H

#include "tessera/Dialect/Patch/IR/PatchDialect.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/DenseMap.h"

#include <optional>

namespace tessera::patch {

/// The integers from `lo` to `hi`, both included.
struct ChannelRange {
  int64_t lo = 0, hi = 0;

  bool isConstant() const { return lo == hi; }
};

/// The number of channels of a map, the last dimension of its type; 1 for a
/// scalar.
int64_t getNumChannels(mlir::Value value);

/// True for signed bytes; of unsigned ones (ui8, at the ends of a network)
/// nothing is concluded.
bool isInt8(mlir::Value value);

/// A layer with weights in one form: sum[o] = bias[o] + Σ over taps and input
/// channels of (input − inputZp) · weight(o, tap, channel). The taps of a fully
/// connected layer are the pixels of its input.
struct WeightedLayer {
  mlir::Operation *op = nullptr;
  /// Output channel o of a depthwise layer reads channel o / multiplier only;
  /// 0 if every output channel reads all channels.
  int64_t multiplier = 0;
  int64_t outputChannels = 0, inputChannels = 0, taps = 0;
  int32_t inputZp = 0;
  /// Some taps may fall outside the input, where they add nothing.
  bool isPadded = false;
  RequantAttr requant;
  llvm::SmallVector<int8_t, 0> weights;
  llvm::SmallVector<int32_t, 0> bias;

  /// The layer of an op with int8 maps, 32-bit bias, one group and constant
  /// weights and bias; none for every other op.
  static std::optional<WeightedLayer> get(mlir::Operation *op);

  bool isDepthwise() const { return multiplier != 0; }
  /// The weight for an input channel; of a depthwise layer for the one channel
  /// that output channel o reads.
  int8_t weight(int64_t o, int64_t tap, int64_t channel) const {
    return isDepthwise() ? weights[tap * outputChannels + o]
                         : weights[(o * taps + tap) * inputChannels + channel];
  }
};

/// Of every int8 map of a function of loose layers (no stages): the range of
/// each channel's values over all inputs, by interval arithmetic in the order
/// of the layers. A range is trusted only where no 32-bit sum and no shift to
/// the left can wrap; else it is that of the layer's clamp, or of int8.
class ChannelRanges {
public:
  explicit ChannelRanges(mlir::func::FuncOp func);

  ChannelRange get(mlir::Value value, int64_t channel) const {
    return ranges.find(value)->second[channel];
  }

  /// The layers that `WeightedLayer::get` knows.
  const WeightedLayer *getLayer(mlir::Operation *op) const {
    auto it = layers.find(op);
    return it == layers.end() ? nullptr : &it->second;
  }

  /// A sum that gives the constant value of an output channel whose range is
  /// one value: the least of its sums.
  int32_t getConstantSum(mlir::Operation *op, int64_t channel) const {
    return sums.find(op)->second[channel];
  }

private:
  void visit(mlir::Operation &op);
  llvm::SmallVector<ChannelRange, 0> visitWeighted(const WeightedLayer &layer);

  llvm::DenseMap<mlir::Value, llvm::SmallVector<ChannelRange, 0>> ranges;
  llvm::DenseMap<mlir::Operation *, WeightedLayer> layers;
  llvm::DenseMap<mlir::Operation *, llvm::SmallVector<int32_t, 0>> sums;
};

} // namespace tessera::patch

#endif // TESSERA_LIB_DIALECT_PATCH_TRANSFORMS_CHANNELRANGES_H
