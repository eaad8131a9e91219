//===- Dense.cpp - Blocks of channels over contiguous windows -------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// VMLADAV sums into even core registers only, of which there are eight: the
// eight sums of a block. The six odd ones hold pointers and the loop count; LR
// being a sum, the loop ends in SUBS and BNE. What a block starts from again
// (windows, count, end of the records) waits in the lanes of q5.
//
// The first 16 bytes of K start the sums. Up to seven chunks of 16 bytes are
// unrolled, windows being read at constant offsets; more are multiplied four
// per trip, what is left over being done before the loop. The K mod 16 last
// bytes of a window are loaded under a predicate, with zeros behind them, so
// that whatever lies behind the weights does not matter.
//
// Windows of at most 16 bytes are loaded once for all blocks.
//
//===----------------------------------------------------------------------===//

#include "Dense.h"

using namespace mlir;
using namespace tessera;
using namespace tessera::kernels;
using namespace tessera::kernels::mve;

/// Chunks that are unrolled without a loop.
static constexpr int64_t maxStraightChunks = 7;

DenseClass::DenseClass(int64_t windowBytes, bool onePixel, VectorScale scale)
    : onePixel(onePixel), tail(windowBytes % 16), isShort(windowBytes <= 16),
      scale(scale) {
  int64_t chunks = windowBytes / 16;
  hasLoop = chunks > maxStraightChunks;
  straightChunks = hasLoop ? 1 + (chunks - 1) % loopChunks : chunks;
}

std::string DenseClass::suffix() const {
  std::string result = onePixel ? "1x8" : "2x4";
  result += hasLoop ? "_loop" : "_k";
  result += std::to_string(16 * straightChunks + tail);
  return result + scale.suffix();
}

//===----------------------------------------------------------------------===//
// Layout
//===----------------------------------------------------------------------===//

void mve::packDenseBlocks(SmallVectorImpl<int8_t> &packed,
                          const DenseClass &denseClass,
                          ArrayRef<int8_t> weights, int64_t windowBytes,
                          int64_t numBlocks) {
  int64_t channels = denseClass.blockChannels();
  for (int64_t block = 0; block < numBlocks; ++block)
    for (int64_t begin = 0; begin < windowBytes; begin += 16) {
      int64_t size = std::min<int64_t>(16, windowBytes - begin);
      for (int64_t c = 0; c < channels; ++c) {
        ArrayRef<int8_t> run =
            weights.slice((block * channels + c) * windowBytes + begin, size);
        packed.append(run.begin(), run.end());
      }
    }
}

void mve::appendDenseRecords(SmallVectorImpl<int8_t> &records,
                             const DenseClass &denseClass,
                             patch::RequantAttr requant, ArrayRef<int32_t> bias,
                             int64_t numBlocks) {
  // Two vectors of even and odd channels make eight neighbours.
  static constexpr int64_t four[] = {0, 1, 2, 3},
                           eight[] = {0, 2, 4, 6, 1, 3, 5, 7};
  appendRecords(records, denseClass.scale, requant, bias,
                numBlocks * denseClass.blockChannels(),
                denseClass.onePixel ? ArrayRef<int64_t>(eight)
                                    : ArrayRef<int64_t>(four));
}

void mve::appendPairSteps(SmallVectorImpl<int8_t> &records,
                          const DenseClass &denseClass, int64_t windowBytes,
                          int64_t numBlocks, PairSteps steps) {
  int64_t channels = numBlocks * denseClass.blockChannels();
  // In the order of DenseBlocks::writeNextPair.
  for (int64_t step :
       {-static_cast<int64_t>(records.size()), -channels * windowBytes,
        2 * steps.window, 2 * steps.out - channels, steps.window})
    appendWord(records, static_cast<int32_t>(step));
}

int32_t mve::countTrips(int64_t windowBytes) {
  return static_cast<int32_t>((windowBytes / 16 - 1) / DenseClass::loopChunks);
}

//===----------------------------------------------------------------------===//
// Code
//===----------------------------------------------------------------------===//

namespace {
/// Writes the statement.
class DenseBlocks {
public:
  DenseBlocks(const DenseClass &denseClass, bool isSingle)
      : c(denseClass), isSingle(isSingle),
        pixels(c.onePixel || isSingle ? 1 : 2),
        weightPointer(c.onePixel ? "r11" : "r5"),
        outPointer(c.onePixel ? "r5" : "r11") {}

  Assembly write();

private:
  void writeStep(int64_t chunk, bool isTail);
  void writeSetup();
  void writeOutput();
  void loadShortWindows(StringRef second);
  void writeNextPair();

  const DenseClass &c;
  bool isSingle;
  int pixels;
  Assembly a;
  /// Loads that widen and stores that narrow take a pointer in r0 to r7: the
  /// record's, and the output's where no offsets do the work.
  StringRef weightPointer, outPointer;
  /// Of pixel-major order: pixel 0's channels, pixel 1's channels.
  static constexpr llvm::StringLiteral sums[] = {"r0", "r2",  "r4",  "r6",
                                                 "r8", "r10", "r12", "lr"};
  static constexpr llvm::StringLiteral windowPointers[] = {"r1", "r9"};
  static constexpr llvm::StringLiteral windowVectors[] = {"q0", "q1"};
};
} // namespace

/// Chunk number `chunk` of K, or its tail. Number 0 overwrites the sums.
void DenseBlocks::writeStep(int64_t chunk, bool isTail) {
  bool starts = chunk == 0;
  std::string place = c.hasLoop ? "" : ", #" + std::to_string(16 * chunk);
  StringRef weightVectors[] = {c.isShort ? "q4" : "q2",
                               c.isShort ? "q5" : "q3"};
  auto loadWindow = [&](int p) {
    if (c.isShort || isTail)
      return;
    a.line("vldrb.u8 " + windowVectors[p] + ", [" + windowPointers[p] + place +
           (c.hasLoop ? "], #16" : "]"));
  };
  if (isTail && !c.isShort) {
    a.line(pixels == 1 ? "vpst" : "vpstt");
    for (int p = 0; p < pixels; ++p)
      a.line("vldrbt.u8 " + windowVectors[p] + ", [" + windowPointers[p] +
             place + "]");
  }
  loadWindow(0);
  for (int channel = 0; channel < c.blockChannels(); ++channel) {
    StringRef weights = weightVectors[channel % 2];
    if (isTail)
      a.line("vldrb.u8 " + weights + ", [" + weightPointer + ", #" +
             Twine(channel * c.tail) + "]");
    else
      a.line("vldrb.u8 " + weights + ", [" + weightPointer + "], #16");
    for (int p = 0; p < pixels; ++p) {
      if (channel == 0 && p == 1)
        loadWindow(1);
      a.line((starts ? "vmladav.s8 " : "vmladava.s8 ") +
             sums[p * c.blockChannels() + channel] + ", " + windowVectors[p] +
             ", " + weights);
    }
  }
  if (isTail)
    a.line("add.w " + weightPointer + ", " + weightPointer + ", #" +
           Twine(c.blockChannels() * c.tail));
}

/// Before the first block: r0 end of the records, r2 offset of the second
/// output, r4 zero point, r10 pairs.
void DenseBlocks::writeSetup() {
  a.line((c.scale.shiftsLeft ? "vdup.32" : "vdup.16") + Twine(" q6, r4"));
  if (!c.onePixel) {
    // 16-bit offsets 0, second, 1, second + 1, ...
    a.line("movs r6, #0");
    a.line("vidup.u32 q7, r6, #1");
    a.line("mov.w r8, #0x00010001");
    a.line("vmul.i32 q7, q7, r8");
    a.line("vadd.i32 q7, q7, r2");
  }
  if (c.tail) {
    a.line("movs r6, #" + Twine(c.tail));
    a.line("vctp.8 r6");
  }
  if (c.isShort) {
    loadShortWindows("r9");
    a.line("mov r9, r10");
  } else if (!c.onePixel) {
    a.line("vmov.32 q4[0], r10");
  }
  if (c.hasLoop) {
    a.line("vmov q5[2], q5[0], r1, r9");
    a.line("vmov q5[3], q5[1], r7, r0");
  } else {
    a.line("mov r7, r0");
  }
}

void DenseBlocks::loadShortWindows(StringRef second) {
  if (c.tail)
    a.line(pixels == 1 ? "vpst" : "vpstt");
  StringRef load = c.tail ? "vldrbt.u8 " : "vldrb.u8 ";
  a.line(load + "q0, [r1]");
  if (pixels > 1)
    a.line(load + "q1, [" + second + "]");
}

/// Goes back to the first block of the next pair, or falls through behind the
/// last one.
void DenseBlocks::writeNextPair() {
  if (c.isShort) {
    a.line("subs.w r9, r9, #1");
    a.line("beq 5f");
  } else {
    a.line("vmov.32 r0, q4[0]");
    a.line("subs r0, r0, #1");
    a.line("beq 5f");
    a.line("vmov.32 q4[0], r0");
  }
  a.line("ldm.w r3, {r0, r2, r4, r6, r8}");
  a.line("add r3, r0");
  a.line("add r5, r2");
  a.line("add r1, r4");
  a.line("add r11, r6");
  if (c.isShort) {
    a.line("add.w r0, r1, r8");
    loadShortWindows("r0");
  } else {
    a.line("add r9, r4");
  }
  if (c.hasLoop)
    a.line("vmov q5[2], q5[0], r1, r9");
  a.line("b 1b");
  a.line("5:");
}

void DenseBlocks::writeOutput() {
  ScaleRegisters r;
  r.sums[0] = c.isShort ? "q2" : "q0";
  r.sums[1] = c.isShort ? "q3" : "q1";
  r.parameter = c.isShort ? "q4" : "q2";
  r.temporary = c.isShort ? "q5" : "q3";
  r.zeroPoint = "q6";
  r.record = "r3";
  // Vector v, lane l is sum number first[v] + l * step.
  int first[] = {0, c.onePixel ? 1 : 4}, step = c.onePixel ? 2 : 1;
  for (int v = 0; v < (isSingle ? 1 : 2); ++v)
    for (int l = 0; l < 2; ++l)
      a.line("vmov " + r.sums[v] + "[" + Twine(l + 2) + "], " + r.sums[v] +
             "[" + Twine(l) + "], " + sums[first[v] + l * step] + ", " +
             sums[first[v] + (l + 2) * step]);
  // Both lanes of an output byte get the same.
  if (isSingle)
    a.line("vmov " + r.sums[1] + ", " + r.sums[0]);
  emitScale(a, c.scale, /*isPerVector=*/c.onePixel, /*hasBias=*/true, r);
  if (c.onePixel) {
    a.line("vstrb.16 " + r.parameter + ", [" + outPointer + "], #8");
    return;
  }
  a.line("vstrb.16 " + r.parameter + ", [" + outPointer + ", q7]");
  a.line("add.w " + outPointer + ", " + outPointer + ", #4");
}

Assembly DenseBlocks::write() {
  writeSetup();
  a.line("1:");
  for (int64_t chunk = 0; chunk < c.straightChunks; ++chunk)
    writeStep(chunk, /*isTail=*/false);
  if (c.hasLoop) {
    a.line("2:");
    for (int64_t chunk = 1; chunk <= DenseClass::loopChunks; ++chunk)
      writeStep(chunk, /*isTail=*/false);
    a.line("subs r7, r7, #1");
    a.line("bne 2b");
  }
  if (c.tail)
    writeStep(c.straightChunks, /*isTail=*/true);
  writeOutput();
  if (c.hasLoop) {
    a.line("vmov r1, r9, q5[2], q5[0]");
    a.line("vmov r7, r0, q5[3], q5[1]");
    a.line("cmp r3, r0");
  } else {
    a.line("cmp r3, r7");
  }
  a.line("bne 1b");
  if (!c.onePixel && !isSingle)
    writeNextPair();
  return a;
}

void mve::emitDenseBlocks(KernelBuilder &k, const DenseClass &denseClass,
                          const DenseOperands &operands, bool isSingle) {
  bool swaps = denseClass.onePixel;
  AsmInput inputs[] = {{"r1", operands.windows[0]},
                       {"r9", operands.windows[1]},
                       {"r3", operands.records},
                       {"r5", swaps ? operands.out : operands.weights},
                       {"r11", swaps ? operands.weights : operands.out},
                       {"r7", operands.trips},
                       {"r0", operands.recordsEnd},
                       {"r2", operands.secondOut},
                       {"r4", operands.zeroPoint},
                       {"r10", operands.pairs}};
  emitAssembly(k, DenseBlocks(denseClass, isSingle).write(), inputs,
               "r6 r8 r12 lr q0 q1 q2 q3 q4 q5 q6 q7 vpr");
}

Val mve::emitDotProduct(KernelBuilder &k, Val window, Val weights,
                        Val windowBytes) {
  Assembly a;
  a.line("movs r0, #0");
  a.line("dlstp.8 lr, r3");
  a.line("1:");
  a.line("vldrb.u8 q0, [r1], #16");
  a.line("vldrb.u8 q1, [r2], #16");
  a.line("vmladava.s8 r0, q0, q1");
  a.line("letp lr, 1b");
  AsmInput inputs[] = {
      {"r0", k.i32(0)}, {"r1", window}, {"r2", weights}, {"r3", windowBytes}};
  return emitAssembly(k, a, inputs, "lr q0 q1 vpr").front();
}
