//===- LiveChannels.h - Which channels a network needs ----------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TESSERA_LIB_DIALECT_PATCH_TRANSFORMS_LIVECHANNELS_H
#define TESSERA_LIB_DIALECT_PATCH_TRANSFORMS_LIVECHANNELS_H

#include "ChannelRanges.h"

#include "llvm/ADT/IntEqClasses.h"

namespace tessera::patch {

/// Which channels of each map have to stay. Channels that are the same channel
/// before and after a layer that works channel by channel are one class; a
/// class stays or goes as a whole. It stays if
///
/// - the function, or a layer that is not understood, takes or returns one of
///   its channels; or
/// - a convolution or a fully connected layer reads one of its channels with a
///   weight that is not zero, for an output channel that stays and is not
///   constant, and cannot fold the channel into its bias.
///
/// Every map keeps at least one channel, and so many that their number is a
/// multiple of `multiple`, if it has them: kernels work on groups of channels.
class LiveChannels {
public:
  LiveChannels(mlir::func::FuncOp func, const ChannelRanges &ranges,
               int64_t multiple);

  bool isLive(mlir::Value value, int64_t channel) const {
    return live[classes[first.find(value)->second + channel]];
  }

  /// The channels that stay, in order, counted as they were when this was
  /// built, whatever the value's type is now.
  llvm::SmallVector<int64_t, 0> get(mlir::Value value) const;

private:
  void tie(mlir::Operation &op);
  void tieChannels(mlir::Value a, mlir::Value b);
  bool mark(mlir::Value value, int64_t channel);
  bool markInputs(const WeightedLayer &layer);
  void propagate(mlir::func::FuncOp func);
  bool fillUp(mlir::Value value, int64_t multiple);

  const ChannelRanges &ranges;
  /// The number of the first channel of a map; channels are counted through all
  /// maps.
  llvm::DenseMap<mlir::Value, unsigned> first;
  /// The number of channels of a map.
  llvm::DenseMap<mlir::Value, int64_t> count;
  llvm::IntEqClasses classes;
  /// Per class.
  std::vector<bool> live;
  /// Per channel of a map made by a layer with weights: its inputs are marked.
  std::vector<bool> visited;
};

/// True if a constant input channel of this value contributes the same to every
/// sum of the layer: no tap ever misses it, or it contributes nothing.
bool canFoldConstant(const WeightedLayer &layer, ChannelRange input);

} // namespace tessera::patch

#endif // TESSERA_LIB_DIALECT_PATCH_TRANSFORMS_LIVECHANNELS_H
