//===- Dense.h - Blocks of channels over contiguous windows -----*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The heart of convolutions and fully connected layers: windows of K contiguous
// bytes times weights, 2 pixels x 4 channels or 1 pixel x 8 channels at a time,
// requantised and stored. Short windows (K below 128) have their own code each;
// the code of longer ones depends on K mod 64.
//
//===----------------------------------------------------------------------===//

#ifndef TESSERA_LIB_KERNELS_MVE_DENSE_H
#define TESSERA_LIB_KERNELS_MVE_DENSE_H

#include "VectorScale.h"

namespace tessera::kernels::mve {

/// What the code of a dense kernel depends on.
struct DenseClass {
  /// 1 pixel x 8 channels instead of 2 x 4.
  bool onePixel = false;
  /// K mod 16.
  int64_t tail = 0;
  /// K <= 16: the windows stay in vector registers over all channels.
  bool isShort = false;
  /// Whole chunks of 16 bytes that are multiplied before the loop.
  int64_t straightChunks = 0;
  /// There is a loop, of `loopChunks` chunks per trip.
  bool hasLoop = false;
  static constexpr int64_t loopChunks = 4;
  VectorScale scale;

  DenseClass(int64_t windowBytes, bool onePixel, VectorScale scale);

  int64_t blockChannels() const { return onePixel ? 8 : 4; }
  /// For example "2x4_k72_signed".
  std::string suffix() const;
};

/// The weights of the whole blocks of channels, channels x K in row-major
/// order, as the loop reads them: per block, per 16 bytes of K, the channels'
/// 16 bytes; the rest of K the same way, not padded. Loads of the rest reach up
/// to 15 bytes too far.
void packDenseBlocks(llvm::SmallVectorImpl<int8_t> &packed,
                     const DenseClass &denseClass,
                     llvm::ArrayRef<int8_t> weights, int64_t windowBytes,
                     int64_t numBlocks);

/// Records of `numBlocks` blocks for the channels from 0.
void appendDenseRecords(llvm::SmallVectorImpl<int8_t> &records,
                        const DenseClass &denseClass,
                        patch::RequantAttr requant,
                        llvm::ArrayRef<int32_t> bias, int64_t numBlocks);

/// How a statement goes from a pair of pixels to the next, in bytes.
struct PairSteps {
  /// From a pixel's window to the next one's, from its output to the next
  /// one's.
  int64_t window = 0, out = 0;
};

/// Appends the words that a statement reads behind the last record.
void appendPairSteps(llvm::SmallVectorImpl<int8_t> &records,
                     const DenseClass &denseClass, int64_t windowBytes,
                     int64_t numBlocks, PairSteps steps);

/// Trips of the loop of `emitDenseBlocks` for windows of K bytes.
int32_t countTrips(int64_t windowBytes);

/// Operands of `emitDenseBlocks`.
struct DenseOperands {
  /// Windows of K bytes. One pixel: the second one is not used.
  Val windows[2];
  Val weights;
  /// See countTrips.
  Val trips;
  /// First record and the end of the last one; different.
  Val records, recordsEnd;
  Val out;
  /// Distance in bytes of the second pixel's output from `out` times 2^16, at
  /// most 65532 * 2^16; 0 with two equal windows makes one pixel.
  Val secondOut;
  Val zeroPoint;
  /// Pairs of pixels, at least 1. One pixel: not used.
  Val pairs;
};

/// Emits one asm statement that makes all blocks of channels. `isSingle`, of a
/// class of two pixels: makes the first pixel of one pair only, in fewer
/// instructions; `secondOut` must be 0.
void emitDenseBlocks(KernelBuilder &k, const DenseClass &denseClass,
                     const DenseOperands &operands, bool isSingle = false);

/// The sum of K products of bytes. K > 0.
Val emitDotProduct(KernelBuilder &k, Val window, Val weights, Val windowBytes);

} // namespace tessera::kernels::mve

#endif // TESSERA_LIB_KERNELS_MVE_DENSE_H
