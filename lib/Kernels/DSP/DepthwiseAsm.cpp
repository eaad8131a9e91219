//===- DepthwiseAsm.cpp - The inner loops of depthwise layers -------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A multiply-accumulate of two halfwords needs two taps of one channel in one
// word, but neighbours in memory are channels. So four channels at a time are
// gathered from the tap rows into planes, one per channel, padding included:
//
// - Rows 2p and 2p + 1: a word per column, (row 2p, row 2p + 1). A window takes
//   one SMLAD per column and pair of rows.
// - A last row without partner: a word per pair of columns (x, x + 1). Windows
//   that start at an even column take SMLAD with the weights (0, 1), (2, 3),
//   ...; those that start at an odd column take the top half of their first
//   word, then (1, 2), (3, 4), ...
//
// Gathering takes PKHBT/PKHTB of two words of bytes, then SXTB16 plain and
// rotated: both put two bytes of one channel into one word, widened.
//
// A channel of a pair of columns (even, odd) is U words: the two columns of
// each pair of rows, then the single row's word. Four channels follow each
// other; then comes the next pair of columns.
//
// Per channel, weights are widened into the state block. Result pixels go in
// blocks of four, then two and one, so that a weight loaded serves four sums:
//
//   r0-r3 sums   r4-r9 weights   r10, r11 activations   r12 plane   lr state
//
// Requantisation (kernels' Scale.cpp has the reference) of the doubled sum D =
// 2 * A, |A| < 2^30, multiplier m >= 0, shift s >= 1 and R = 2^(s-1) + zp *
// 2^s:
//
//   SMMLAR t, D, m, R       floor((A * m + 2^30) / 2^31) + R
//   ADD    t, t, D, ASR 31  ties away from zero
//   ASR    t, t, s
//   SSAT   t, #8, t
//
//===----------------------------------------------------------------------===//

#include "DepthwiseAsm.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/raw_ostream.h"

using namespace tessera;
using namespace tessera::kernels;
using llvm::ArrayRef;
using llvm::SmallVector;
using llvm::StringRef;
using State = DepthwiseShape::State;

std::string DepthwiseShape::suffix() const {
  StringRef end = result == DepthwiseResult::Relu     ? "relu"
                  : result == DepthwiseResult::Signed ? "signed"
                                                      : "sum";
  return llvm::formatv("{0}x{1}_s{2}_{3}", kernelHeight, kernelWidth, strideX,
                       end)
      .str();
}

//===----------------------------------------------------------------------===//
// Weights
//===----------------------------------------------------------------------===//

SmallVector<int8_t> kernels::packDepthwiseWeights(const DepthwiseShape &shape,
                                                  ArrayRef<int8_t> weights) {
  int32_t width = shape.kernelWidth;
  // The (low, high) halves of the words, in order.
  SmallVector<std::pair<int8_t, int8_t>> words;
  for (int32_t p = 0; p < shape.rowPairs(); ++p)
    for (int32_t x = 0; x < width; ++x)
      words.push_back(
          {weights[2 * p * width + x], weights[(2 * p + 1) * width + x]});
  if (shape.singleRows()) {
    ArrayRef<int8_t> row = weights.take_back(width);
    for (int32_t first : {0, 1})
      for (int32_t x = first; x + 1 < width; x += 2)
        words.push_back({row[x], row[x + 1]});
  }
  if (words.size() % 2)
    words.push_back({0, 0});
  SmallVector<int8_t> packed;
  for (size_t i = 0; i < words.size(); i += 2)
    packed.append({words[i].first, words[i + 1].first, words[i].second,
                   words[i + 1].second});
  return packed;
}

//===----------------------------------------------------------------------===//
// Assembly
//===----------------------------------------------------------------------===//

namespace {
class AsmWriter {
public:
  explicit AsmWriter(const DepthwiseShape &shape)
      : shape(shape), channelBytes(4 * shape.pairWords()) {}

  std::string write();

private:
  /// Appends one instruction or label.
  template <typename... Args>
  void op(const char *format, Args &&...args) {
    text += llvm::formatv(format, std::forward<Args>(args)...).str();
    text += '\n';
  }

  void gatherPairs();
  void gatherPairColumn(int32_t offset);
  void gatherSingle();
  void startChannel();
  void unpackWeights();
  void block(int32_t pixels);
  void loadWeights(int32_t words);
  void startSums(int32_t pixels, int32_t words);
  void addPair(int32_t p, int32_t pixels, bool isFirst);
  void addSingle(int32_t pixels, bool isFirst);
  void multiply(StringRef mnemonic, int32_t pixel, int32_t activation,
                int32_t weight);
  void finish(int32_t pixels);

  /// Offsets from lr, which points to the channel's weights.
  int32_t at(State entry) const {
    return DepthwiseShape::stateOffset(entry) - shape.weightsOffset();
  }
  int32_t requantOffset() const {
    return shape.requantOffset() - shape.weightsOffset();
  }
  int32_t rowTableOffset() const {
    return shape.rowTableOffset() - shape.weightsOffset();
  }

  const DepthwiseShape &shape;
  /// Bytes of one channel per pair of columns.
  int32_t channelBytes;
  std::string text;
  /// Which sums have their first product, and the register that holds the bias
  /// they start from; -1: they start from themselves.
  unsigned started = 0;
  int32_t biasRegister = -1;
};
} // namespace

/// One column of a pair of rows. r0, r4 addresses; r1, r5 pitches; r12 plane.
void AsmWriter::gatherPairColumn(int32_t offset) {
  op("ldr r6, [r0]");
  op("add r0, r0, r1");
  op("ldr r7, [r4]");
  op("add r4, r4, r5");
  op("pkhbt r8, r6, r7, lsl #16");
  op("pkhtb r9, r7, r6, asr #16");
  for (int32_t channel = 0; channel < 4; ++channel) {
    op("sxtb16 r10, r{0}{1}", channel < 2 ? 8 : 9,
       channel % 2 ? ", ror #8" : "");
    op("str r10, [r12, #{0}]", offset + channel * channelBytes);
  }
}

/// All pairs of rows; r2 goes through the row table. The plane of the next pair
/// is 8 bytes on: the state's address of it moves there and back.
void AsmWriter::gatherPairs() {
  int32_t pairs = shape.rowPairs();
  op("add r2, lr, #{0}", rowTableOffset());
  op("100:");
  op("ldm r2, {{r0, r1, r3, r4, r5, r6}");
  op("add r3, r3, r0");
  op("add r6, r6, r4");
  op("str r3, [r2]");
  op("str r6, [r2, #12]");
  op("ldrd r12, r3, [lr, #{0}]", at(State::FirstPair));
  op("tst r3, #1");
  op("beq 101f");
  gatherPairColumn(4);
  op("add r12, r12, #{0}", shape.pairBytes());
  op("sub r3, r3, #2");
  op("101:");
  op("subs r3, r3, #4");
  op("blt 103f");
  op("102:");
  op("ldr r6, [r0]");
  op("ldr r7, [r0, r1]");
  op("ldr r8, [r4]");
  op("ldr r9, [r4, r5]");
  op("add r0, r0, r1, lsl #1");
  op("add r4, r4, r5, lsl #1");
  // r10, r6: bytes 0, 1 of both rows; r11, r7: bytes 2, 3.
  op("pkhbt r10, r6, r8, lsl #16");
  op("pkhtb r11, r8, r6, asr #16");
  op("pkhbt r6, r7, r9, lsl #16");
  op("pkhtb r7, r9, r7, asr #16");
  for (int32_t channel : {1, 2, 3, 0}) {
    StringRef rotation = channel % 2 ? ", ror #8" : "";
    op("sxtb16 r8, r{0}{1}", channel < 2 ? 10 : 11, rotation);
    op("sxtb16 r9, r{0}{1}", channel < 2 ? 6 : 7, rotation);
    if (channel)
      op("strd r8, r9, [r12, #{0}]", channel * channelBytes);
    else
      op("strd r8, r9, [r12], #{0}", shape.pairBytes());
  }
  op("subs r3, r3, #4");
  op("bge 102b");
  op("103:");
  op("tst r3, #2");
  op("beq 104f");
  gatherPairColumn(0);
  op("104:");
  if (pairs == 1)
    return;
  op("ldr r12, [lr, #{0}]", at(State::FirstPair));
  op("add r2, r2, #24");
  op("add r6, lr, #{0}", rowTableOffset() + 24 * pairs);
  op("add r12, r12, #8");
  op("cmp r2, r6");
  op("it eq");
  op("subeq r12, r12, #{0}", 8 * pairs);
  op("str r12, [lr, #{0}]", at(State::FirstPair));
  op("bne 100b");
}

void AsmWriter::gatherSingle() {
  auto column = [&](int32_t half) {
    op("ldr r6, [r0]");
    op("add r0, r0, r1");
    op("sxtb16 r7, r6");
    op("sxtb16 r8, r6, ror #8");
    op("strh r7, [r12, #{0}]", half);
    op("strh r8, [r12, #{0}]", half + channelBytes);
    op("lsr r7, r7, #16");
    op("lsr r8, r8, #16");
    op("strh r7, [r12, #{0}]", half + 2 * channelBytes);
    op("strh r8, [r12, #{0}]", half + 3 * channelBytes);
  };
  int32_t p = shape.rowPairs(), label = 110;
  op("add r6, lr, #{0}", rowTableOffset() + 24 * p);
  op("ldm r6, {{r0, r1, r2}");
  op("add r2, r2, r0");
  op("str r2, [r6]");
  op("ldrd r12, r5, [lr, #{0}]", at(State::FirstPair));
  if (p)
    op("add r12, r12, #{0}", 8 * p);
  op("tst r5, #1");
  op("beq {0}f", label);
  column(2);
  op("add r12, r12, #{0}", shape.pairBytes());
  op("sub r5, r5, #2");
  op("{0}:", label);
  op("subs r5, r5, #4");
  op("blt {0}f", label + 2);
  op("{0}:", label + 1);
  op("ldr r6, [r0]");
  op("ldr r7, [r0, r1]");
  op("add r0, r0, r1, lsl #1");
  op("pkhbt r8, r6, r7, lsl #16");
  op("pkhtb r9, r7, r6, asr #16");
  for (int32_t channel : {1, 2, 3, 0}) {
    op("sxtb16 r10, r{0}{1}", channel < 2 ? 8 : 9,
       channel % 2 ? ", ror #8" : "");
    if (channel)
      op("str r10, [r12, #{0}]", channel * channelBytes);
    else
      op("str r10, [r12], #{0}", shape.pairBytes());
  }
  op("subs r5, r5, #4");
  op("bge {0}b", label + 1);
  op("{0}:", label + 2);
  op("tst r5, #2");
  op("beq {0}f", label + 3);
  column(0);
  op("{0}:", label + 3);
}

/// Widens the packed weights at r0 into the state block. The bias, in r9,
/// stands behind the first group of weights where registers allow to load both
/// at once, else before it.
void AsmWriter::unpackWeights() {
  int32_t words = shape.weightWords();
  int32_t firstGroup =
      shape.rowPairs() ? shape.kernelWidth : shape.kernelWidth - 1;
  if (words <= 5)
    firstGroup = words;
  if (firstGroup > 5)
    firstGroup = 0;
  op("str r9, [lr, #{0}]", 4 * firstGroup);
  for (int32_t word = 0; word < words; word += 2) {
    if (word % 4 == 0)
      op(word + 2 < words ? "ldm r0!, {{r10, r11}" : "ldr r10, [r0], #4");
    bool hasSecond = word + 1 < words;
    for (int32_t half = 0; half < 1 + hasSecond; ++half) {
      op("sxtb16 r{0}, r{1}{2}", 7 + half, 10 + word % 4 / 2,
         half ? ", ror #8" : "");
      if (shape.doublesWeights())
        op("sadd16 r{0}, r{0}, r{0}", 7 + half);
    }
    int32_t first = 4 * (word + (word >= firstGroup)),
            second = 4 * (word + 1 + (word + 1 >= firstGroup));
    if (hasSecond && second == first + 4) {
      op("strd r7, r8, [lr, #{0}]", first);
      continue;
    }
    op("str r7, [lr, #{0}]", first);
    if (hasSecond)
      op("str r8, [lr, #{0}]", second);
  }
}

/// Sets up the next channel's part of the state, and the flags by its count -
/// 4, which goes to r9.
void AsmWriter::startChannel() {
  int32_t requant = requantOffset();
  op("ldmdb lr, {{r0-r5, r12}");
  op("ldm r1!, {{r6-r9}");
  op("strd r6, r7, [lr, #{0}]", requant);
  op("str r8, [lr, #{0}]", requant + 8);
  op("strd r2, r4, [lr, #{0}]", requant + 16);
  op("add r2, r2, r3");
  op("add r6, r12, #{0}", channelBytes);
  if (shape.weightWords() != 5) {
    unpackWeights();
    op("stmdb lr, {{r0-r6}");
    op("movs r9, r4");
    return;
  }
  // Five words, as of 3x3, and the bias fit the registers.
  op("ldm r0!, {{r8, r10, r11}");
  op("stmdb lr, {{r0-r6}");
  op("mov r0, r4");
  op("sxtb16 r4, r8");
  op("sxtb16 r5, r8, ror #8");
  op("sxtb16 r6, r10");
  op("sxtb16 r7, r10, ror #8");
  op("sxtb16 r8, r11");
  for (int32_t r = 4; r <= 8 && shape.doublesWeights(); ++r)
    op("sadd16 r{0}, r{0}, r{0}", r);
  op("stm lr, {{r4-r9}");
  op("movs r9, r0");
}

/// sum[pixel] += activation * weight, both register numbers.
void AsmWriter::multiply(StringRef mnemonic, int32_t pixel, int32_t activation,
                         int32_t weight) {
  bool isFirst = !(started & (1u << pixel));
  started |= 1u << pixel;
  op("{0} r{1}, r{2}, r{3}, r{4}", mnemonic, pixel, activation, weight,
     isFirst && biasRegister >= 0 ? biasRegister : pixel);
}

/// Loads `words` words from r4 on.
void AsmWriter::loadWeights(int32_t words) {
  // LDM of one register does not exist.
  if (words == 1)
    op("ldr r4, [lr], #4");
  else
    op("ldm lr!, {{r4-r{0}}", 3 + words);
}

/// Loads the first `words` weights from r4 on, and the bias.
void AsmWriter::startSums(int32_t pixels, int32_t words) {
  started = 0;
  biasRegister = -1;
  if (words <= 5) {
    biasRegister = 4 + words;
    loadWeights(words + 1);
    return;
  }
  op("ldr r0, [lr], #4");
  for (int32_t pixel = 1; pixel < pixels; ++pixel)
    op("mov r{0}, r0", pixel);
  loadWeights(6);
}

void AsmWriter::addPair(int32_t p, int32_t pixels, bool isFirst) {
  int32_t width = shape.kernelWidth, stride = shape.strideX;
  bool hasAll = shape.weightWords() <= 5;
  int32_t firstWeight = hasAll ? 4 + p * width : 4;
  if (isFirst)
    startSums(pixels, hasAll ? shape.weightWords() : width);
  else if (!hasAll)
    loadWeights(std::min(width, 6));
  // The seventh word replaces the first one, which is dead by then: with
  // columns in order and the last pixel first, tap 0 of the last pixel is at
  // column 3 * stride <= 6 and comes before tap 6 of pixel 0.
  bool hasSeventh = false;
  auto isUsed = [&](int32_t column) {
    for (int32_t pixel = 0; pixel < pixels; ++pixel)
      if (column >= pixel * stride && column < pixel * stride + width)
        return true;
    return false;
  };
  for (int32_t pair = 0; 2 * pair < shape.columns(pixels); ++pair) {
    int32_t offset = pair * shape.pairBytes() + 8 * p;
    bool even = isUsed(2 * pair), odd = isUsed(2 * pair + 1);
    if (even && odd)
      op("ldrd r10, r11, [r12, #{0}]", offset);
    else if (even)
      op("ldr r10, [r12, #{0}]", offset);
    else if (odd)
      op("ldr r11, [r12, #{0}]", offset + 4);
    for (int32_t column : {2 * pair, 2 * pair + 1})
      for (int32_t pixel = pixels - 1; pixel >= 0; --pixel) {
        int32_t tap = column - pixel * stride;
        if (tap < 0 || tap >= width)
          continue;
        if (tap == 6 && !hasSeventh) {
          op("ldr r4, [lr], #4");
          hasSeventh = true;
        }
        multiply("smlad", pixel, 10 + column % 2, firstWeight + tap % 6);
      }
  }
}

void AsmWriter::addSingle(int32_t pixels, bool isFirst) {
  int32_t width = shape.kernelWidth, stride = shape.strideX;
  bool hasAll = shape.weightWords() <= 5;
  // Words (0, 1), (2, 3), ... and (1, 2), (3, 4), ...
  int32_t even = 4;
  if (isFirst)
    startSums(pixels, width - 1);
  else if (hasAll)
    even = 4 + shape.rowPairs() * width;
  else
    loadWeights(width - 1);
  int32_t odd = even + width / 2;
  // The word whose top half is the last weight.
  int32_t last = width % 2 ? odd + width / 2 - 1 : odd - 1;
  for (int32_t word = 0; 2 * word < shape.columns(pixels); ++word) {
    bool isLoaded = false;
    for (int32_t pixel = pixels - 1; pixel >= 0; --pixel) {
      // The tap that the word's low half meets.
      int32_t tap = 2 * word - pixel * stride;
      if (tap < -1 || tap >= width)
        continue;
      if (!isLoaded)
        op("ldr r10, [r12, #{0}]",
           word * shape.pairBytes() + 8 * shape.rowPairs());
      isLoaded = true;
      if (tap == -1)
        multiply("smlatb", pixel, 10, even);
      else if (tap == width - 1)
        multiply("smlabt", pixel, 10, last);
      else
        multiply("smlad", pixel, 10, (tap % 2 ? odd : even) + tap / 2);
    }
  }
}

/// Requantises and stores; lr goes back to the channel's weights.
void AsmWriter::finish(int32_t pixels) {
  op("ldm lr, {{r4-r9}");
  bool isSum = shape.result == DepthwiseResult::Sum;
  for (int32_t pixel = 0; pixel < pixels && !isSum; ++pixel) {
    if (!shape.doublesWeights())
      op("add r{0}, r{0}, r{0}", pixel);
    if (shape.result == DepthwiseResult::Signed) {
      op("smmlar r10, r{0}, r4, r5", pixel);
      op("add r{0}, r10, r{0}, asr #31", pixel);
    } else {
      op("smmlar r{0}, r{0}, r4, r5", pixel);
    }
    op("asr r{0}, r{0}, r6", pixel);
    op("ssat r{0}, #8, r{0}", pixel);
  }
  StringRef store = isSum ? "str" : "strb";
  for (int32_t pixel = 0; pixel < pixels; pixel += 2) {
    op("{0} r{1}, [r8]", store, pixel);
    if (pixel + 1 < pixels) {
      op("{0} r{1}, [r8, r7]", store, pixel + 1);
      op("add r8, r8, r7, lsl #1");
    }
  }
}

/// `pixels` result pixels of one channel, from column r12 of its plane on.
void AsmWriter::block(int32_t pixels) {
  for (int32_t p = 0; p < shape.rowPairs(); ++p)
    addPair(p, pixels, /*isFirst=*/p == 0);
  if (shape.singleRows())
    addSingle(pixels, /*isFirst=*/shape.rowPairs() == 0);
  finish(pixels);
  if (pixels == 4) {
    op("subs r9, r9, #4");
    op("strd r8, r9, [lr, #16]");
  } else if (pixels == 2) {
    op("str r8, [lr, #16]");
  }
  op("sub lr, lr, #{0}", requantOffset());
  if (pixels > 1)
    op("add r12, r12, #{0}", pixels * shape.strideX / 2 * shape.pairBytes());
}

std::string AsmWriter::write() {
  op("add lr, r0, #{0}", shape.weightsOffset());
  op("1:");
  if (shape.rowPairs())
    gatherPairs();
  if (shape.singleRows())
    gatherSingle();
  op("ldr r0, [lr, #{0}]", at(State::FirstPlane));
  op("str r0, [lr, #{0}]", at(State::Plane));

  op("2:");
  startChannel();
  op("bmi 4f");
  op("3:");
  block(4);
  op("bge 3b");
  op("4:");
  op("tst r9, #2");
  op("beq 5f");
  block(2);
  op("5:");
  op("tst r9, #1");
  op("beq 6f");
  block(1);
  op("6:");
  op("ldrd r5, r6, [lr, #{0}]", at(State::PlanesEnd));
  op("cmp r5, r6");
  op("bne 2b");
  op("ldr r5, [lr, #{0}]", at(State::Groups));
  op("subs r5, r5, #1");
  op("str r5, [lr, #{0}]", at(State::Groups));
  op("bne 1b");
  return std::move(text);
}

std::string kernels::buildDepthwiseAsm(const DepthwiseShape &shape) {
  return AsmWriter(shape).write();
}
