//===- DenseAsm.cpp - Inner loops of the DSP dense kernels ----------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// One SMLAD does two products. A pair of channels shares its weights' halfwords
// H = 256 * w1 + w0: SMLAD with H sums 256 * A1 + A0; SXTB16 leaves w0 behind,
// and SMLAD with that sums A0. For three pixels and four taps:
//
//   ldm   panel!, {a0, a1, a2}     two taps of each pixel
//   ldrd  h0, h1, [weights], #8    four taps of both channels
//   smlad s1p, ap, h0, s1p         three times
//   sxtb16 h0, h0
//   smlad s0p, ap, h0, s0p         three times
//   ...                            the same with h1
//
// 17 instructions for 24 products, in 13 registers: the 14th counts turns. The
// loop is entered in the middle (ADD PC) when the number of steps is not a
// multiple of the unrolling, so every step must have the same size: all
// instructions of a step are 32 bits wide.
//
// Requantisation of a sum A with bias b, multiplier m >= 0 and right shift s,
// all sums below 2^30, V = 2 * (A + b) and r = (2 * zeroPoint + 1) * 2^(s - 1):
//
//   smmlar t, V, m, r         h + r, h = floor((V * m + 2^31) / 2^32)
//   add    t, t, V, asr #31   ties away from zero
//   asr    t, t, s
//   ssat   t, #8, t
//
// The sign of V stands for the sign of h: they differ only where h = 0, and
// there (0 + 2^(s-1)) >> s = (-1 + 2^(s-1)) >> s = 0.
//
//===----------------------------------------------------------------------===//

#include "DenseAsm.h"

#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/ADT/Twine.h"
#include "llvm/Support/ErrorHandling.h"

using namespace tessera::kernels::dsp;
using llvm::SmallVector;
using llvm::Twine;

namespace {

/// Collects lines of assembly.
class Lines {
public:
  void operator()(const Twine &line) { text += ("\t" + line + "\n").str(); }
  void label(const Twine &name) { text += (name + ":\n").str(); }
  std::string text;
};

using Registers = SmallVector<std::string, 4>;

std::string list(const Registers &registers) {
  std::string text = "{";
  for (const std::string &r : registers)
    text += (text.size() > 1 ? ", " : "") + r;
  return text + "}";
}

std::string number(int32_t value) { return "#" + std::to_string(value); }

/// Writes `multiply`. Fixed throughout: r12 panel, r11 weights, r7 turns.
class Multiply {
public:
  Multiply(int32_t pixels, bool pairs, BlockEnd end)
      : pixels(pixels), pairs(pairs), end(end) {
    for (int32_t p = 0; p < pixels; ++p) {
      first.push_back("r" + std::to_string(p));
      second.push_back("r" + std::to_string(pixels + p));
    }
  }

  AsmStatement write();

private:
  void step();
  void multiplyWord(const Registers &activations, const std::string &weights);
  void finishBlock();
  void requantize(const Registers &sums);
  void store();

  Lines line;
  int32_t pixels;
  bool pairs;
  BlockEnd end;
  /// Sums of the first and the second channel, one register per pixel.
  Registers first, second;
};

} // namespace

/// Two taps of every pixel with two taps of the channels.
void Multiply::multiplyWord(const Registers &activations,
                            const std::string &weights) {
  auto add = [&](const Registers &sums) {
    for (int32_t p = 0; p < pixels; ++p)
      line("smlad " + sums[p] + ", " + activations[p] + ", " + weights + ", " +
           sums[p]);
  };
  if (pairs) {
    add(second);
    line("sxtb16 " + weights + ", " + weights);
  }
  add(first);
}

void Multiply::step() {
  if (pixels == 3) {
    Registers a = {"r8", "r9", "r10"};
    line("ldm.w r12!, " + list(a));
    line("ldrd r6, lr, [r11], #8");
    multiplyWord(a, "r6");
    line("ldm.w r12!, " + list(a));
    multiplyWord(a, "lr");
    return;
  }
  if (pixels == 2) {
    line("ldm.w r12!, {r4, r5, r8, r9}");
    line("ldrd r6, lr, [r11], #8");
    multiplyWord({"r4", "r5"}, "r6");
    multiplyWord({"r8", "r9"}, "lr");
    return;
  }
  if (!pairs) {
    line("ldrd r2, r3, [r12], #8");
    line("ldrd r6, r8, [r11], #8");
    multiplyWord({"r2"}, "r6");
    multiplyWord({"r3"}, "r8");
    return;
  }
  line("ldm.w r12!, {r2, r3, r4, r5}");
  line("ldm.w r11!, {r6, r8, r9, r10}");
  multiplyWord({"r2"}, "r6");
  multiplyWord({"r3"}, "r8");
  multiplyWord({"r4"}, "r9");
  multiplyWord({"r5"}, "r10");
}

/// From bias-free sums to bytes, with r7, r8, r9 = multiplier, rounding, shift.
void Multiply::requantize(const Registers &sums) {
  for (const std::string &sum : sums) {
    if (end == BlockEnd::Relu) {
      line("smmlar " + sum + ", " + sum + ", r7, r8");
      line("asr.w " + sum + ", " + sum + ", r9");
      line("ssat " + sum + ", #8, " + sum);
      continue;
    }
    line("smmlar lr, " + sum + ", r7, r8");
    line("add.w lr, lr, " + sum + ", asr #31");
    line("asr.w lr, lr, r9");
    line("ssat " + sum + ", #8, lr");
  }
}

/// r9 holds the block's first channel, less the last block's, above bit 8.
void Multiply::store() {
  if (end == BlockEnd::Clamp) {
    line("ldrd r7, r8, [r12, " + number(control::Min) + "]");
    Registers all = first;
    if (pairs)
      all.append(second);
    for (const std::string &value : all) {
      line("cmp " + value + ", r7");
      line("it lt");
      line("movlt " + value + ", r7");
      line("cmp " + value + ", r8");
      line("it gt");
      line("movgt " + value + ", r8");
    }
  }
  line("ldrd r7, r8, [r12, " + number(control::Output) + "]");
  line("add.w r7, r7, r9, asr #8");
  auto channel = [&](const Registers &values, bool isLast) {
    if (pixels > 1)
      line("strb " + values[1] + ", [r7, r8]");
    if (pixels > 2)
      line("strb.w " + values[2] + ", [r7, r8, lsl #1]");
    line("strb " + values[0] + ", [r7]" + (isLast ? "" : ", #1"));
  };
  channel(first, !pairs);
  if (pairs)
    channel(second, true);
}

void Multiply::finishBlock() {
  if (pairs)
    for (int32_t p = 0; p < pixels; ++p)
      line("sub.w " + second[p] + ", " + second[p] + ", " + first[p]);
  if (end == BlockEnd::Sums)
    return;
  line("ldr r6, [r12, " + number(control::Table) + "]");
  if (pairs)
    line("ldrd r7, r8, [r6], #8");
  else
    line("ldr r7, [r6], #4");
  for (const std::string &sum : first)
    line("add.w " + sum + ", r7, " + sum + ", lsl #1");
  if (pairs)
    for (const std::string &sum : second)
      line("add.w " + sum + ", r8, " + sum + ", asr #7");
  line("ldm r6!, {r7, r8, r9}");
  requantize(first);
  if (pairs) {
    line("ldm r6!, {r7, r8, r9}");
    requantize(second);
  }
  line("str r6, [r12, " + number(control::Table) + "]");
  store();
  // Only the last block's channel is not negative.
  line("cmp r9, #0");
  line("bmi.w 1b");
}

AsmStatement Multiply::write() {
  line.label("1");
  line("ldm.w r12, {r0, r1, r2, r3, r4, r5, r6, r7, r12}");
  if (takesEight(pixels, pairs)) {
    // Bit 0 of the entry: four values before the steps of eight.
    line("lsrs r6, r6, #1");
    line("bcc 2f");
    line("ldrd r2, r3, [r12], #8");
    line("ldrd r8, r9, [r11], #8");
    multiplyWord({"r2"}, "r8");
    multiplyWord({"r3"}, "r9");
    line.label("2");
  }
  // PC reads as the address of the NOP's successor.
  line("add pc, r6");
  line("nop");
  line.label("3");
  for (int32_t i = 0; i < multiplyUnroll(pixels, pairs); ++i)
    step();
  line("subs r7, #1");
  line("bne.w 3b");
  finishBlock();

  // Everything is a result or clobbered.
  int32_t results = end == BlockEnd::Sums ? pixels * (pairs ? 2 : 1) : 0;
  std::string outputs, clobbers;
  for (int32_t r = 0; r < 11; ++r) {
    std::string name = "{r" + std::to_string(r) + "}";
    if (r < results)
      outputs += "=" + name + ",";
    else
      clobbers += ",~" + name;
  }
  return {line.text, outputs + "={r11},={r12}," + std::to_string(results) +
                         "," + std::to_string(results + 1) + clobbers +
                         ",~{lr},~{cc},~{memory}"};
}

AsmStatement tessera::kernels::dsp::multiply(int32_t pixels, bool pairs,
                                             BlockEnd end) {
  return Multiply(pixels, pairs, end).write();
}

int32_t tessera::kernels::dsp::multiplyStepBytes(int32_t pixels, bool pairs) {
  switch (pixels) {
  case 3:
    return 4 * (pairs ? 17 : 9);
  case 2:
    return 4 * (pairs ? 12 : 6);
  case 1:
    return 4 * (pairs ? 14 : 4);
  }
  llvm_unreachable("blocks have 1 to 3 pixels");
}

AsmStatement tessera::kernels::dsp::widen(int32_t pixels) {
  Lines line;
  // r0, r1, r2 pixels; r3 entry; lr turns; r12 panel; r4 ... words.
  auto name = [](int32_t r) { return "r" + std::to_string(r); };
  line("add pc, r3");
  line("nop");
  line.label("1");
  for (int32_t i = 0; i < widenUnroll; ++i) {
    for (int32_t p = 0; p < pixels; ++p)
      line("ldr.w " + name(4 + p) + ", [" + name(p) + "], #4");
    for (int32_t p = 0; p < pixels; ++p)
      line("sxtb16 " + name(4 + pixels + p) + ", " + name(4 + p) + ", ror #8");
    for (int32_t p = 0; p < pixels; ++p)
      line("sxtb16 " + name(4 + p) + ", " + name(4 + p));
    if (pixels == 1) {
      line("strd r4, r5, [r12], #8");
      continue;
    }
    Registers words;
    for (int32_t r = 0; r < 2 * pixels; ++r)
      words.push_back(name(4 + r));
    line("stm.w r12!, " + list(words));
  }
  line("subs.w lr, lr, #1");
  line("bne.w 1b");

  std::string outputs = "={r3},={lr},={r12}", inputs = ",0,1,2", clobbers;
  for (int32_t p = 0; p < pixels; ++p) {
    outputs += ",={" + name(p) + "}";
    inputs += "," + std::to_string(3 + p);
  }
  for (int32_t r = 0; r < 2 * pixels; ++r)
    clobbers += ",~{" + name(4 + r) + "}";
  return {line.text, outputs + inputs + clobbers + ",~{cc},~{memory}"};
}

int32_t tessera::kernels::dsp::widenStepBytes(int32_t pixels) {
  return 4 * (3 * pixels + 1);
}

Turns tessera::kernels::dsp::countTurns(int32_t steps, int32_t unroll) {
  if (steps == 0)
    return {unroll, 1};
  int32_t rest = steps % unroll;
  return {rest ? unroll - rest : 0, (steps + unroll - 1) / unroll};
}
