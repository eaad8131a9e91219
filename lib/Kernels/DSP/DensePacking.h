//===- DensePacking.h - Constants of the DSP dense kernels ------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Weights in the order in which a panel of widened pixels meets them, two
// channels in one halfword, and channels in the form in which the fused
// requantisation takes them. Plain C++, tested by itself.
//
//===----------------------------------------------------------------------===//

#ifndef TESSERA_LIB_KERNELS_DSP_DENSEPACKING_H
#define TESSERA_LIB_KERNELS_DSP_DENSEPACKING_H

#include "../Scale.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"

#include <optional>

namespace tessera::kernels::dsp {

/// The values of a pixel's window in the order of the panel: `rows` runs of
/// `runLength` bytes. Each run's whole quads come first, run after run, as
/// (0, 2), (1, 3) within a quad, which is how SXTB16 takes bytes apart; then
/// the up to three values that each run leaves over. Entries are indices into
/// the window, -1 in the padding that makes the count a multiple of four.
llvm::SmallVector<int32_t> panelOrder(int32_t rows, int32_t runLength);

/// True if the halfwords of the pair fit 16 bits and 256 times the second
/// channel's sum fits 32 bits, whatever the activations.
bool canPair(llvm::ArrayRef<int8_t> first, llvm::ArrayRef<int8_t> second);

/// 256 * second + first per value, as bytes; 0 where the order says -1.
void packPair(llvm::ArrayRef<int8_t> first, llvm::ArrayRef<int8_t> second,
              llvm::ArrayRef<int32_t> order,
              llvm::SmallVectorImpl<int8_t> &packed);

/// The weights of one channel, 16 bits each.
void packSingle(llvm::ArrayRef<int8_t> weights, llvm::ArrayRef<int32_t> order,
                llvm::SmallVectorImpl<int8_t> &packed);

/// Blocks of output channels: pairs of neighbours that `canPair` holds for, and
/// single channels. The last of an odd number of channels makes a pair with the
/// one before it, which is then made twice: as many bytes of weights as a
/// single one has, and code for single channels is rarely needed.
struct ChannelBlocks {
  /// The first channel of each pair.
  llvm::SmallVector<int32_t> pairs;
  llvm::SmallVector<int32_t> singles;
};
/// `weights` is channels x taps.
ChannelBlocks blockChannels(llvm::ArrayRef<int8_t> weights, int32_t channels);

/// How one channel becomes bytes, #patch.requant with one multiplier.
struct ChannelScale {
  int32_t multiplier = 0, exponent = 0, zeroPoint = 0, min = -128, max = 127;
};

/// What the fused requantisation reads for a channel; see DenseAsm.cpp.
struct FusedChannel {
  /// Twice the bias.
  int32_t doubledBias = 0;
  int32_t multiplier = 0;
  int32_t rounding = 0;
  int32_t shift = 1;
};

/// The form of a channel with these weights and folded bias for the fused
/// requantisation, exact for all activations; none if there is none. May change
/// the weights: negates them where the multiplier is negative, clears them
/// where the result is constant.
std::optional<FusedChannel> fuseChannel(llvm::MutableArrayRef<int8_t> weights,
                                        int32_t foldedBias,
                                        const ChannelScale &scale);

/// What the fused instructions compute for a sum without bias: the model that
/// the tests hold against the reference.
int32_t runFused(const FusedChannel &channel, int32_t sum, bool isRelu);

} // namespace tessera::kernels::dsp

#endif // TESSERA_LIB_KERNELS_DSP_DENSEPACKING_H
