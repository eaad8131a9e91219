//===- DepthwiseAsm.h - The inner loops of depthwise layers -----*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// One assembly statement makes all channels of a run of result pixels. It keeps
// its state in a block of the kernel's scratch and uses every core register but
// the stack pointer; DepthwiseAsm.cpp explains the loops.
//
//===----------------------------------------------------------------------===//

#ifndef TESSERA_LIB_KERNELS_DSP_DEPTHWISEASM_H
#define TESSERA_LIB_KERNELS_DSP_DEPTHWISEASM_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"

#include <cstdint>
#include <string>

namespace tessera::kernels {

/// What the loops do with a sum.
enum class DepthwiseResult {
  /// Requantise; the result's zero point is -128, so that the second rounding
  /// of negative values need not be right: they are clamped.
  Relu,
  /// Requantise.
  Signed,
  /// Store the 32-bit sum.
  Sum
};

/// The shape class of a depthwise kernel, and the layout of its scratch: state
/// block, row table, planes. All offsets and sizes are in bytes.
struct DepthwiseShape {
  int32_t kernelHeight = 3, kernelWidth = 3, strideX = 1;
  DepthwiseResult result = DepthwiseResult::Relu;

  /// Pairs of tap rows, and rows without a partner (0 or 1).
  int32_t rowPairs() const { return kernelHeight / 2; }
  int32_t singleRows() const { return kernelHeight % 2; }
  /// Words that a channel has in the planes per pair of columns.
  int32_t pairWords() const { return 2 * rowPairs() + singleRows(); }
  /// Bytes of four channels in the planes per pair of columns.
  int32_t pairBytes() const { return 16 * pairWords(); }
  /// Weight words of a channel in the state block: kernelWidth per pair of
  /// rows, kernelWidth - 1 for a single row.
  int32_t weightWords() const {
    return rowPairs() * kernelWidth + singleRows() * (kernelWidth - 1);
  }
  /// Words that hold a channel's weights in flash, four bytes each.
  int32_t packedWords() const { return (weightWords() + 1) / 2; }
  /// Sums are doubled by doubled weights, not one by one.
  bool doublesWeights() const {
    return result != DepthwiseResult::Sum && weightWords() <= 6;
  }

  /// State, in words. What a group of four channels starts from:
  enum State : int32_t {
    FirstPlane,    ///< Plane of a group's first channel to be made.
    Groups,        ///< Groups of four channels left.
    FirstPair,     ///< Pair of columns that gets the first stored column.
    StoredColumns, ///< 2 * stored columns + (the first one is odd).
    /// What the loop over channels carries.
    Weights,     ///< Next channel's packed weights.
    Records,     ///< Next channel's multiplier, rounding, shift, bias.
    Output,      ///< Where the next channel's first result goes.
    OutputStep,  ///< Bytes from a channel's result to the next one's.
    CountMinus4, ///< Result pixels - 4.
    PlanesEnd,   ///< End of the planes of a pair of columns.
    Plane,       ///< The next channel's plane.
    NumState
  };
  static int32_t stateOffset(State entry) { return 4 * entry; }
  /// Behind the state: the channel's weights with its bias, then multiplier,
  /// rounding, shift, bytes from a result pixel to the next, output, count.
  int32_t weightsOffset() const { return 4 * NumState; }
  int32_t requantOffset() const {
    return weightsOffset() + 4 * (weightWords() + 1);
  }
  int32_t pixelBytesOffset() const { return requantOffset() + 12; }
  /// A word of four input zero points.
  int32_t zeroPointOffset() const { return requantOffset() + 24; }
  /// Per tap row: address, bytes to the next pixel, bytes to the next group.
  int32_t rowTableOffset() const { return zeroPointOffset() + 4; }
  int32_t planesOffset() const { return rowTableOffset() + 12 * kernelHeight; }

  /// Columns that `count` result pixels read, padding included.
  int32_t columns(int32_t count) const {
    return (count - 1) * strideX + kernelWidth;
  }
  /// Scratch for runs of `count` result pixels.
  int32_t scratchBytes(int32_t count) const {
    return planesOffset() + (columns(count) + 1) / 2 * pairBytes();
  }

  /// For example "3x3_s1_relu".
  std::string suffix() const;
};

/// The assembly; register r0 holds the address of the state block and is
/// changed, like all others but sp.
std::string buildDepthwiseAsm(const DepthwiseShape &shape);

/// The weights [kernelHeight][kernelWidth] of one channel in the order in which
/// the assembly unpacks them: 4 * packedWords() bytes.
llvm::SmallVector<int8_t> packDepthwiseWeights(const DepthwiseShape &shape,
                                               llvm::ArrayRef<int8_t> weights);

} // namespace tessera::kernels

#endif // TESSERA_LIB_KERNELS_DSP_DEPTHWISEASM_H
