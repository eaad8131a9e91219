//===- VectorScale.cpp - Requantisation of eight sums ---------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A record is a run of bytes read in order with post-increments: biases (i32),
// left shifts (i8, if any channel has one), multipliers (i32), right shifts as
// negative numbers (i8), then, for a clamp narrower than int8, eight bytes of
// its minimum and eight of its maximum.
//
//===----------------------------------------------------------------------===//

#include "VectorScale.h"

using namespace mlir;
using namespace tessera;
using namespace tessera::kernels;
using namespace tessera::kernels::mve;

bool mve::isVectorScale(patch::RequantAttr requant) {
  return requant.getRounding() == patch::Rounding::TFLite;
}

SmallVector<int32_t> mve::channelExponents(patch::RequantAttr requant,
                                           int64_t numChannels) {
  SmallVector<int32_t> result;
  bool isShared = requant.getMultiplier().size() == 1;
  for (int64_t c = 0; c < numChannels; ++c) {
    size_t i = isShared ? 0 : c;
    result.push_back(
        requant.getMultiplier()[i] == 0 ? -1 : requant.getExponent()[i]);
  }
  return result;
}

SmallVector<int32_t> mve::channelMultipliers(patch::RequantAttr requant,
                                             int64_t numChannels) {
  ArrayRef<int32_t> multipliers = requant.getMultiplier();
  if (multipliers.size() == 1)
    return SmallVector<int32_t>(numChannels, multipliers.front());
  return SmallVector<int32_t>(multipliers);
}

VectorScale::VectorScale(patch::RequantAttr requant) {
  auto channels = static_cast<int64_t>(requant.getMultiplier().size());
  shiftsLeft = llvm::any_of(channelExponents(requant, channels),
                            [](int32_t e) { return e > -1; });
  hasNegatives = shiftsLeft || requant.getMin() != requant.getZeroPoint();
  clamps = requant.getMin() > -128 || requant.getMax() < 127;
}

std::string VectorScale::suffix() const {
  std::string result;
  if (shiftsLeft)
    result += "_shift";
  if (hasNegatives)
    result += "_signed";
  if (clamps)
    result += "_clamp";
  return result;
}

SmallVector<int32_t> mve::foldBias(ArrayRef<int32_t> bias,
                                   ArrayRef<int8_t> weights,
                                   int32_t inputZeroPoint) {
  SmallVector<int32_t> folded;
  size_t windowBytes = weights.size() / bias.size();
  for (auto [c, b] : llvm::enumerate(bias)) {
    int32_t sum = 0;
    for (int8_t w : weights.slice(c * windowBytes, windowBytes))
      sum = wrappingAdd(sum, w);
    folded.push_back(wrappingAdd(b, wrappingMultiply(-inputZeroPoint, sum)));
  }
  return folded;
}

void mve::appendWord(SmallVectorImpl<int8_t> &records, int32_t word) {
  for (int byte = 0; byte < 4; ++byte)
    records.push_back(
        static_cast<int8_t>(static_cast<uint32_t>(word) >> (8 * byte)));
}

void mve::appendRecords(SmallVectorImpl<int8_t> &records,
                        const VectorScale &scale, patch::RequantAttr requant,
                        ArrayRef<int32_t> bias, int64_t numChannels,
                        ArrayRef<int64_t> order) {
  SmallVector<int32_t> multipliers = channelMultipliers(requant, numChannels);
  SmallVector<int32_t> exponents = channelExponents(requant, numChannels);
  auto blockSize = static_cast<int64_t>(order.size());
  for (int64_t block = 0; block < numChannels; block += blockSize) {
    auto forLanes = [&](ArrayRef<int32_t> table, auto &&append) {
      for (int64_t lane : order)
        append(block + lane < numChannels ? table[block + lane] : 0);
    };
    auto word = [&](int32_t value) { appendWord(records, value); };
    if (!bias.empty())
      forLanes(bias, word);
    if (scale.shiftsLeft)
      forLanes(exponents, [&](int32_t e) {
        records.push_back(static_cast<int8_t>(std::max(e, 0)));
      });
    forLanes(multipliers, word);
    forLanes(exponents, [&](int32_t e) {
      records.push_back(static_cast<int8_t>(std::min(e, 0)));
    });
    if (scale.clamps) {
      records.append(8, static_cast<int8_t>(requant.getMin()));
      records.append(8, static_cast<int8_t>(requant.getMax()));
    }
  }
}

void mve::emitScale(Assembly &a, const VectorScale &scale, bool isPerVector,
                    bool hasBias, const ScaleRegisters &r) {
  // Runs `use` for both vectors, the parameters being loaded before the first
  // or before each.
  auto forVectors = [&](const Twine &load, auto &&use) {
    std::string text = load.str();
    for (int v = 0; v < 2; ++v) {
      if (v == 0 || isPerVector)
        a.line(text);
      use(r.sums[v]);
    }
  };
  std::string words =
      ("vldrw.u32 " + r.parameter + ", [" + r.record + "], #16").str();
  std::string bytes =
      ("vldrb.s32 " + r.parameter + ", [" + r.record + "], #4").str();
  auto binary = [&](const Twine &op, StringRef d, StringRef operand) {
    a.line(op + " " + d + ", " + d + ", " + operand);
  };
  if (hasBias)
    forVectors(words, [&](StringRef d) { binary("vadd.i32", d, r.parameter); });
  if (scale.shiftsLeft)
    forVectors(bytes, [&](StringRef d) { binary("vshl.s32", d, r.parameter); });
  forVectors(words,
             [&](StringRef d) { binary("vqrdmulh.s32", d, r.parameter); });
  forVectors(bytes, [&](StringRef d) {
    if (scale.shiftsLeft) {
      // A shift by 0 must not move ties.
      a.line("vand " + r.temporary + ", " + d + ", " + r.parameter);
      a.line("vshr.s32 " + r.temporary + ", " + r.temporary + ", #31");
      binary("vqadd.s32", d, r.temporary);
    } else if (scale.hasNegatives) {
      a.line("vshr.s32 " + r.temporary + ", " + d + ", #31");
      binary("vqadd.s32", d, r.temporary);
    }
    binary("vrshl.s32", d, r.parameter);
    // The result of an unshifted product may be near the ends of int32; there
    // the sum with the zero point wraps.
    if (scale.shiftsLeft)
      binary("vadd.i32", d, r.zeroPoint);
  });
  a.line("vqmovnb.s32 " + r.parameter + ", " + r.sums[0]);
  a.line("vqmovnt.s32 " + r.parameter + ", " + r.sums[1]);
  if (!scale.shiftsLeft)
    binary("vqadd.s16", r.parameter, r.zeroPoint);
  if (!scale.clamps) {
    a.line("vqmovnb.s16 " + r.parameter + ", " + r.parameter);
    return;
  }
  for (StringRef op : {"vmax.s16", "vmin.s16"}) {
    a.line("vldrb.s16 " + r.temporary + ", [" + r.record + "], #8");
    binary(op, r.parameter, r.temporary);
  }
}
