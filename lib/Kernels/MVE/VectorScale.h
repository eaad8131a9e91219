//===- VectorScale.h - Requantisation of eight sums -------------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// With h = VQRDMULH(v, m), which is the first rounding of TensorFlow Lite for
// all v and m including the one saturating product, the second rounding is
// VRSHL(h - (h < 0), e): half away from zero. The subtraction may saturate at
// INT32_MIN: a shift by 1 or more gives the same result for INT32_MIN and
// INT32_MIN - 1.
//
//===----------------------------------------------------------------------===//

#ifndef TESSERA_LIB_KERNELS_MVE_VECTORSCALE_H
#define TESSERA_LIB_KERNELS_MVE_VECTORSCALE_H

#include "../KernelData.h"
#include "Assembly.h"

namespace tessera::kernels::mve {

/// How the code that requantises a layer's channels looks.
struct VectorScale {
  /// Some exponent is 0 or above.
  bool shiftsLeft = false;
  /// Negative results matter: they are not all clamped to the zero point, so
  /// ties below zero must go away from it.
  bool hasNegatives = true;
  /// The clamp is narrower than int8.
  bool clamps = false;

  explicit VectorScale(patch::RequantAttr requant);
  /// Part of the symbol: "shift" or "", "signed" or "", "clamp" or "".
  std::string suffix() const;
};

/// Whether the vector code is exact for this requantisation: TensorFlow Lite's
/// rounding.
bool isVectorScale(patch::RequantAttr requant);

/// The exponents of `numChannels` channels. A multiplier of 0 gives 0 with any
/// exponent; its exponent becomes -1, the cheap case.
llvm::SmallVector<int32_t> channelExponents(patch::RequantAttr requant,
                                            int64_t numChannels);
/// The multipliers of `numChannels` channels.
llvm::SmallVector<int32_t> channelMultipliers(patch::RequantAttr requant,
                                              int64_t numChannels);

/// bias - inputZeroPoint * (sum of the channel's weights); weights are channels
/// x K.
llvm::SmallVector<int32_t> foldBias(llvm::ArrayRef<int32_t> bias,
                                    llvm::ArrayRef<int8_t> weights,
                                    int32_t inputZeroPoint);

/// Appends the bytes of a word.
void appendWord(llvm::SmallVectorImpl<int8_t> &records, int32_t word);

/// Appends one record per block of channels: what `emitScale` reads, in its
/// order. `order` lists the channels of a block by vector lane: one vector of
/// four (both vectors have these channels) or two. Channels past the end get
/// zeros.
void appendRecords(llvm::SmallVectorImpl<int8_t> &records,
                   const VectorScale &scale, patch::RequantAttr requant,
                   llvm::ArrayRef<int32_t> bias, int64_t numChannels,
                   llvm::ArrayRef<int64_t> order);

/// The registers that `emitScale` works in.
struct ScaleRegisters {
  /// The two vectors of sums, overwritten.
  llvm::StringRef sums[2];
  /// Two scratch vectors.
  llvm::StringRef parameter, temporary;
  /// The zero point in all lanes: 32-bit lanes if the scale shifts left, else
  /// 16-bit lanes.
  llvm::StringRef zeroPoint;
  /// Core register that points to the record and is moved behind it.
  llvm::StringRef record;
};

/// Emits the instructions that add the bias to eight sums, requantise and clamp
/// them. `isPerVector` says that each vector has its own channels. Leaves the
/// bytes in the 16-bit lanes of `parameter`: sums[0] in the even ones, sums[1]
/// in the odd ones.
void emitScale(Assembly &a, const VectorScale &scale, bool isPerVector,
               bool hasBias, const ScaleRegisters &r);

} // namespace tessera::kernels::mve

#endif // TESSERA_LIB_KERNELS_MVE_VECTORSCALE_H
