//===- DenseAsm.h - Inner loops of the DSP dense kernels --------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Two pieces of Thumb-2 assembly with the DSP extension, each one statement:
// `widen` makes a panel of 16-bit pixels, `multiply` runs all channel blocks
// over that panel. Between them they use every core register and no stack; what
// does not fit in registers lies in the control block behind the panel, where
// the panel's pointer ends up by itself.
//
// A panel of P pixels holds word after word of each pixel in turn:
// word k of pixel 0, ..., word k of pixel P - 1, word k + 1 of pixel 0, ...
// A word is two 16-bit activations.
//
//===----------------------------------------------------------------------===//

#ifndef TESSERA_LIB_KERNELS_DSP_DENSEASM_H
#define TESSERA_LIB_KERNELS_DSP_DENSEASM_H

#include <cstdint>
#include <string>

namespace tessera::kernels::dsp {

/// Byte offsets in the control block.
namespace control {
enum : int32_t {
  /// Six words of zeros: what sums start from.
  Zeros = 0,
  /// Bytes to skip in the first turn of the unrolled loop, turns, and the
  /// address of the panel.
  Entry = 24,
  Turns = 28,
  Panel = 32,
  /// The block's row of the channel table.
  Table = 36,
  /// The last block's channel of the first result pixel, and bytes from a
  /// result
  /// pixel to the next.
  Output = 40,
  OutputPitch = 44,
  Bytes = 48,
  /// Clamp, only there for blocks that clamp.
  Min = 48,
  Max = 52,
  BytesWithClamp = 56
};
} // namespace control

/// What `multiply` does with the sums of a block.
enum class BlockEnd {
  /// Requantises with the clamp [-128, 127].
  Signed,
  /// The same for a zero point of -128, one instruction less: what would differ
  /// is clamped.
  Relu,
  /// Requantises and clamps to [Min, Max].
  Clamp,
  /// One block per statement, whose sums are its results.
  Sums,
};

/// Steps of four values in a turn of the loop that widens.
constexpr int32_t widenUnroll = 4;

/// An assembly statement in LLVM's terms.
struct AsmStatement {
  std::string text;
  std::string constraints;
};

/// Steps in a turn of the loop over a panel. Most time is spent with three
/// pixels and two channels.
constexpr int32_t multiplyUnroll(int32_t pixels, bool pairs) {
  return pixels == 3 && pairs ? 8 : 4;
}

/// Bytes of code of one step in the unrolled loops.
int32_t multiplyStepBytes(int32_t pixels, bool pairs);
int32_t widenStepBytes(int32_t pixels);

/// True if a step of the loop takes eight values, not four.
constexpr bool takesEight(int32_t pixels, bool pairs) {
  return pixels == 1 && pairs;
}

/// Multiplies a panel of 1 to 3 pixels with blocks of two channels (`pairs`,
/// weights as `packPair` lays them out) or one channel (16-bit weights).
/// Operands: weights, control block. Results: with `Sums` the sums, those of
/// the first channel first, the second channel's still times 256; then two
/// words without meaning: the weights behind the last block and the control
/// block.
AsmStatement multiply(int32_t pixels, bool pairs, BlockEnd end);

/// Widens four bytes per step of each of 1 to 3 pixels. Operands: bytes of code
/// to skip in the first turn, turns, address in the panel, addresses of the
/// pixels. Results: the same, advanced (the first two without meaning).
AsmStatement widen(int32_t pixels);

/// Entry and turns of a loop unrolled `unroll` times that makes `steps` steps.
struct Turns {
  int32_t skippedSteps, turns;
};
Turns countTurns(int32_t steps, int32_t unroll);

} // namespace tessera::kernels::dsp

#endif // TESSERA_LIB_KERNELS_DSP_DENSEASM_H
