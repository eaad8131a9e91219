//===- DepthwiseConv2D.cpp - Depthwise convolution on MVE -----------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// One VMLADAV makes 4 rows x 4 columns of one channel's window, if these are 16
// lanes. So the columns that a few result pixels read are copied, 16 channels
// at a time, to a scratch in which the rows of a column are neighbours:
// [row / 4][column][channel][row mod 4]. From there a gather of four words, 64
// bytes apart, loads 4 x 4 taps. A load and a scatter of bytes per 16 elements
// do the copy; padding is the input's zero point, written before.
//
// Weights are packed in the same order, [channels / 4][row / 4][column / 4]
// [channel][column mod 4][row mod 4], rows padded to a multiple of 4 with
// zeros, columns not padded: their loads are predicated.
//
// One asm statement makes all pairs of pixels x blocks of four channels of a
// scratch. An odd last pixel is made in a pair with its predecessor, again; a
// single pixel is made together with garbage behind it, beside the result.
//
//===----------------------------------------------------------------------===//

#include "../RowAccess.h"
#include "Providers.h"
#include "VectorScale.h"
#include "Window.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

using namespace mlir;
using namespace tessera;
using namespace tessera::kernels;
using namespace tessera::kernels::mve;

namespace {
/// Facts of the descriptor.
enum Fact : unsigned {
  Channels,
  PlaneBytes,
  InputZeroPoint,
  OutputZeroPoint,
  Records,
  NumFacts
};

enum ConstantNumber : unsigned { WeightsConstant, DescriptorConstant };

/// What the code of a kernel depends on.
struct DepthwiseClass {
  int32_t kernelHeight, kernelWidth, strideX;
  VectorScale scale;

  explicit DepthwiseClass(patch::DepthwiseConv2DOp conv);
  std::string symbol() const;

  /// Groups of four rows: 1 or 2.
  int32_t rowGroups() const { return (kernelHeight + 3) / 4; }
  /// Vectors of four columns per row group.
  int32_t columnVectors() const { return (kernelWidth + 3) / 4; }
  /// Width 5 with two row groups: the fifth column of both is one vector.
  bool joinsLastColumn() const { return kernelWidth == 5 && rowGroups() == 2; }
  /// Bytes of weights of a channel in column vector `v` of a row group.
  int32_t vectorBytes(int32_t v) const {
    return 4 * std::min(4, kernelWidth - 4 * v);
  }
  /// Result pixels made from one scratch; even. About 1.2 KB of scratch.
  int32_t pixels() const {
    if (rowGroups() == 1)
      return strideX == 1 ? 16 : strideX == 2 ? 8 : 4;
    if (strideX > 1)
      return 4;
    return joinsLastColumn() ? 8 : 6;
  }
  /// Bytes of a row group in a scratch for that many pixels.
  int32_t groupBytes(int32_t numPixels) const {
    int32_t window = joinsLastColumn() ? kernelWidth : 4 * columnVectors();
    return 64 * ((numPixels - 1) * strideX + window);
  }
  int32_t groupBytes() const { return groupBytes(pixels()); }
  /// Bytes of both row groups; with one, no more than a narrow map needs.
  int32_t planeBytes(int64_t outputColumns) const {
    if (rowGroups() > 1)
      return rowGroups() * groupBytes();
    return groupBytes(
        static_cast<int32_t>(std::clamp<int64_t>(outputColumns, 2, pixels())));
  }
  /// Bytes of a block of four channels in the weights and the records.
  int32_t blockWeightBytes() const { return 16 * kernelWidth * rowGroups(); }
  int32_t blockRecordBytes() const {
    return 36 + (scale.shiftsLeft ? 4 : 0) + (scale.clamps ? 16 : 0);
  }
};

/// Offsets in the scratch behind the table of rows.
enum ScratchOffset : int32_t {
  /// Words that the loop over pairs starts again from.
  PairWeights = 0,
  PairRecords = 4,
  PairRecordsEnd = 8,
  PairOutStep = 12,
  PairColumnStep = 16,
  PairZeroPoint = 20,
  /// The bytes of a single pixel and the garbage behind it.
  SinglePixel = 24,
  PlanesBegin = 56
};
} // namespace

DepthwiseClass::DepthwiseClass(patch::DepthwiseConv2DOp conv)
    : strideX(conv.getStride()[1]), scale(conv.getRequant()) {
  auto weights = cast<ShapedType>(conv.getWeights().getType());
  kernelHeight = static_cast<int32_t>(weights.getDimSize(0));
  kernelWidth = static_cast<int32_t>(weights.getDimSize(1));
}

std::string DepthwiseClass::symbol() const {
  return "depthwise_conv2d_i8_mve_" + std::to_string(kernelHeight) + "x" +
         std::to_string(kernelWidth) + "_s" + std::to_string(strideX) +
         scale.suffix();
}

//===----------------------------------------------------------------------===//
// Assembly
//===----------------------------------------------------------------------===//

/// Copies columns of all stored tap rows. r0 table of rows, r1 their number, r2
/// offset of the first byte in a row, r3 destination, r4 bytes of a pixel, r5
/// columns, r6 channels, r7 first row, r9 what to add behind row 3.
static Assembly writeCopy(const DepthwiseClass &c) {
  Assembly a;
  a.line("vctp.8 r6");
  a.line("movs r6, #0");
  a.line("vidup.u8 q1, r6, #4");
  a.line("1:");
  a.line("ldr r6, [r0], #4");
  a.line("mov r8, r3");
  a.line("add r6, r2");
  a.line("dls lr, r5");
  a.line("2:");
  a.line("vpst");
  a.line("vldrbt.u8 q0, [r6]");
  a.line("add r6, r4");
  a.line("vstrb.8 q0, [r8, q1]");
  a.line("adds.w r8, r8, #64");
  a.line("le lr, 2b");
  a.line("adds r3, #1");
  if (c.rowGroups() > 1) {
    a.line("adds r7, #1");
    a.line("cmp r7, #4");
    a.line("it eq");
    a.line("addeq r3, r3, r9");
  }
  a.line("subs r1, #1");
  a.line("bne 1b");
  return a;
}

/// The same if all tap rows are stored, with stores that interleave four rows.
/// r0 table of rows, r2 offset of the first byte in a row, r3 destination, r4
/// bytes of a pixel, r5 columns, r6 channels.
static Assembly writeInterleave(int32_t kernelHeight, int32_t groupBytes) {
  static constexpr llvm::StringLiteral pointers[] = {"r1", "r7", "r8", "r9"};
  Assembly a;
  a.line("vctp.8 r6");
  for (int32_t begin = 0; begin < kernelHeight; begin += 4) {
    int32_t rows = std::min(4, kernelHeight - begin);
    for (int32_t row = 0; row < rows; ++row)
      a.line("ldr.w " + pointers[row] + ", [r0, #" + Twine(4 * (begin + row)) +
             "]");
    for (int32_t row = 0; row < rows; ++row)
      a.line("add " + pointers[row] + ", r2");
    if (rows == 1) {
      a.line("movs r6, #0");
      a.line("vidup.u8 q1, r6, #4");
    }
    if (begin)
      a.line("add.w r6, r3, #" + Twine(groupBytes));
    else
      a.line("mov r6, r3");
    a.line("dls lr, r5");
    a.line("1:");
    a.line("vpst" + std::string(rows - 1, 't'));
    for (int32_t row = 0; row < rows; ++row)
      a.line("vldrbt.u8 q" + Twine(row) + ", [" + pointers[row] + "]");
    for (int32_t row = 0; row < rows; ++row)
      a.line("add " + pointers[row] + ", r4");
    if (rows == 1) {
      a.line("vstrb.8 q0, [r6, q1]");
      a.line("adds r6, #64");
    }
    for (int32_t part = 0; rows > 1 && part < 4; ++part)
      a.line("vst4" + Twine(part) + ".8 {q0, q1, q2, q3}, [r6]" +
             (part == 3 ? "!" : ""));
    a.line("le lr, 1b");
  }
  return a;
}

/// All pairs of pixels x blocks of four channels. r0 address of the first
/// pixel's first column, r1 the words of ScratchOffset, r2 offset of the second
/// pixel's output times 2^16, r4 zero point, r9 pairs, r11 output.
static Assembly writePairs(const DepthwiseClass &c) {
  static constexpr llvm::StringLiteral sums[] = {"r0", "r2",  "r4",  "r6",
                                                 "r8", "r10", "r12", "lr"};
  bool joins = c.joinsLastColumn();
  int32_t lastBytes = joins ? 8 : c.vectorBytes(c.columnVectors() - 1);
  Assembly a;
  if (!joins)
    a.line(c.scale.shiftsLeft ? "vdup.32 q6, r4" : "vdup.16 q6, r4");
  a.line("movw r7, #" + Twine(c.rowGroups() > 1 ? c.groupBytes() : 16));
  a.line("movs r6, #0");
  a.line("vidup.u32 q7, r6, #1");
  a.line("vshl.i32 q5, q7, #6");
  a.line("vadd.i32 q5, q5, r0");
  if (joins) {
    // The words of the fifth column: of row group 0, of 1; the others meet
    // zero weights.
    a.line("movs r6, #1");
    a.line("vdup.32 q6, r6");
    a.line("vand q6, q6, q7");
    a.line("vmul.i32 q6, q6, r7");
    a.line("vadd.i32 q6, q6, r0");
    a.line("mov.w r8, #256");
    a.line("vadd.i32 q6, q6, r8");
  }
  a.line("mov.w r8, #0x00010001");
  a.line("vmul.i32 q7, q7, r8");
  a.line("vadd.i32 q7, q7, r2");
  a.line("movs r6, #" + Twine(lastBytes));
  a.line("vctp.8 r6");
  a.line("ldrd r5, r3, [r1]");
  a.line("1:");
  // One vector per channel and pixel: weights of `bytes` bytes, words from the
  // addresses in `addresses` + `offset`.
  auto multiply = [&](int32_t bytes, StringRef addresses, int32_t offset,
                      bool starts) {
    if (bytes < 16)
      a.line("vpstttt");
    for (int channel = 0; channel < 4; ++channel)
      a.line((bytes < 16 ? "vldrbt.u8 q" : "vldrb.u8 q") + Twine(channel) +
             ", [r5], #" + Twine(bytes));
    for (int channel = 0; channel < 4; ++channel)
      for (int32_t p = 0; p < 2; ++p) {
        a.line("vldrw.u32 q4, [" + addresses + ", #" +
               Twine(p * 64 * c.strideX + offset + 4 * channel) + "]");
        a.line((starts ? "vmladav.s8 " : "vmladava.s8 ") +
               Twine(sums[4 * p + channel]) + ", q4, q" + Twine(channel));
      }
  };
  for (int32_t group = 0; group < c.rowGroups(); ++group) {
    if (group)
      a.line("vadd.i32 q5, q5, r7");
    for (int32_t v = 0; v < (joins ? 1 : c.columnVectors()); ++v)
      multiply(c.vectorBytes(v), "q5", 256 * v, /*starts=*/group + v == 0);
  }
  if (joins)
    multiply(lastBytes, "q6", 0, /*starts=*/false);
  for (int p = 0; p < 2; ++p)
    for (int lane = 0; lane < 2; ++lane)
      a.line("vmov q" + Twine(p) + "[" + Twine(lane + 2) + "], q" + Twine(p) +
             "[" + Twine(lane) + "], " + sums[4 * p + lane] + ", " +
             sums[4 * p + lane + 2]);
  ScaleRegisters r;
  r.sums[0] = "q0";
  r.sums[1] = "q1";
  r.parameter = "q2";
  r.temporary = "q3";
  r.zeroPoint = joins ? "r0" : "q6";
  r.record = "r3";
  if (joins)
    a.line("ldr r0, [r1, #" + Twine(PairZeroPoint) + "]");
  emitScale(a, c.scale, /*isPerVector=*/false, /*hasBias=*/true, r);
  a.line("vstrb.16 q2, [r11, q7]");
  a.line("add.w r11, r11, #4");
  // The next four channels.
  if (c.rowGroups() > 1) {
    a.line("vsub.i32 q5, q5, r7");
    a.line("movs r0, #16");
    a.line("vadd.i32 q5, q5, r0");
    if (joins)
      a.line("vadd.i32 q6, q6, r0");
  } else {
    a.line("vadd.i32 q5, q5, r7");
  }
  a.line("ldr r0, [r1, #" + Twine(PairRecordsEnd) + "]");
  a.line("cmp r3, r0");
  a.line("bne 1b");
  // The next pair.
  a.line("ldrd r5, r3, [r1]");
  a.line("ldrd r0, r2, [r1, #" + Twine(PairOutStep) + "]");
  a.line("vadd.i32 q5, q5, r2");
  if (joins)
    a.line("vadd.i32 q6, q6, r2");
  a.line("add r11, r0");
  a.line("subs.w r9, r9, #1");
  a.line("bne 1b");
  return a;
}

//===----------------------------------------------------------------------===//
// Body
//===----------------------------------------------------------------------===//

namespace {
/// Emits the body of the kernel.
class DepthwiseBody {
public:
  DepthwiseBody(KernelBuilder &k, const KernelArgs &args,
                const DepthwiseClass &c)
      : k(k), args(args), c(c), channels(fact(Channels)),
        inputZeroPoint(fact(InputZeroPoint)),
        rowTable(args.get(ArgRole::Scratch)),
        work(rowTable + (k.i32(4 * c.kernelHeight))),
        planes(work + PlanesBegin),
        numRows(args.get(ArgRole::TapEnd) - args.get(ArgRole::TapBegin)) {}

  void emit();

private:
  Val fact(unsigned number) { return args.fact(number, DescriptorConstant); }
  void emitChannels(Val count, Val column, Val out);
  void emitCopy(Val begin, Val end, Val column, Val channel, Val size);
  void emitPairs(Val count, Val size, Val out);
  void fillPlanes() { emitFill(k, planes, fact(PlaneBytes), inputZeroPoint); }

  KernelBuilder &k;
  const KernelArgs &args;
  const DepthwiseClass &c;
  Val channels, inputZeroPoint, rowTable, work, planes, numRows;
};
} // namespace

/// Columns [begin, end) of the scratch, `size` channels from `channel` on.
void DepthwiseBody::emitCopy(Val begin, Val end, Val column, Val channel,
                             Val size) {
  Val from = (column + begin) * channels + channel;
  Val to = planes + (begin << 6);
  auto interleave = [&]() -> Vals {
    AsmInput inputs[] = {{"r0", rowTable}, {"r2", from},        {"r3", to},
                         {"r4", channels}, {"r5", end - begin}, {"r6", size}};
    emitAssembly(k, writeInterleave(c.kernelHeight, c.groupBytes()), inputs,
                 "r1 r7 r8 r9 lr q0 q1 q2 q3 vpr");
    return {};
  };
  auto copy = [&]() -> Vals {
    Val firstRow = args.get(ArgRole::TapBegin);
    Val skip = k.i32(c.groupBytes() - 4);
    Val first = to + firstRow;
    if (c.rowGroups() > 1)
      first = first + (firstRow >> 2) * skip;
    AsmInput inputs[] = {
        {"r0", rowTable}, {"r1", numRows},  {"r2", from},
        {"r3", first},    {"r4", channels}, {"r5", end - begin},
        {"r6", size},     {"r7", firstRow}, {"r9", skip}};
    emitAssembly(k, writeCopy(c), inputs, "r8 lr q0 q1 vpr");
    return {};
  };
  k.ifElse(numRows == c.kernelHeight, interleave, copy);
}

/// `count` pixels x `size` channels from the scratch; `out` is the first one's.
void DepthwiseBody::emitPairs(Val count, Val size, Val out) {
  Val isSingle = count == 1, one = k.i32(1), zero = k.i32(0);
  Val second = k.select(isSingle, k.i32(16), channels) << 16;
  k.store32((channels << 1) - size, work, PairOutStep);
  k.store32(k.i32(2 * 64 * c.strideX) - (size << 2), work, PairColumnStep);
  Val zeroPoint = fact(OutputZeroPoint);
  if (c.joinsLastColumn())
    k.store32(zeroPoint, work, PairZeroPoint);
  Val pairs = k.max(count >> 1, one);
  Val target = k.select(isSingle, work + SinglePixel, out);
  // The second run is the odd pixel with its predecessor.
  Val runs = k.select(isSingle, one, (count & 1) + 1);
  k.loop(runs, {zero, pairs}, [&](ArrayRef<Val> v) -> Vals {
    Val pixel = v[0];
    AsmInput inputs[] = {{"r0", planes + pixel * (64 * c.strideX)},
                         {"r1", work},
                         {"r2", second},
                         {"r4", zeroPoint},
                         {"r9", v[1]},
                         {"r11", target + pixel * channels}};
    emitAssembly(k, writePairs(c), inputs,
                 "r3 r5 r6 r7 r8 r10 r12 lr q0 q1 q2 q3 q4 q5 q6 q7 vpr");
    return {count - 2, one};
  });
  k.ifThen(isSingle, [&] {
    Assembly a;
    a.line("vctp.8 r2");
    a.line("vldrb.u8 q0, [r1]");
    a.line("vpst");
    a.line("vstrbt.8 q0, [r3]");
    AsmInput inputs[] = {{"r1", work + SinglePixel}, {"r2", size}, {"r3", out}};
    emitAssembly(k, a, inputs, "q0 vpr");
  });
}

/// All channels of `count` pixels, the first of which reads from `column` on.
void DepthwiseBody::emitChannels(Val count, Val column, Val out) {
  Val zero = k.i32(0), columns = args.get(ArgRole::InColumns);
  Val width = (count - 1) * c.strideX + c.kernelWidth;
  Val begin = k.max(zero - column, zero);
  Val end = k.min(columns - column, width);
  Val isWhole = end - begin == width;
  // What is padding stays padding for all channels.
  k.ifElse(
      isWhole, [] { return Vals(); },
      [&]() -> Vals {
        fillPlanes();
        return {};
      });
  Val weights = args.get(ArgRole::Constant, WeightsConstant);
  Val records = args.get(ArgRole::Constant, DescriptorConstant) + fact(Records);
  k.loop((channels + 15) >> 4, {zero, weights, records},
         [&](ArrayRef<Val> v) -> Vals {
           Val channel = v[0], size = k.min(channels - channel, k.i32(16));
           Val blocks = size >> 2;
           Val nextWeights = v[1] + blocks * c.blockWeightBytes();
           Val nextRecords = v[2] + blocks * c.blockRecordBytes();
           k.ifThen(begin < end,
                    [&] { emitCopy(begin, end, column, channel, size); });
           auto keep = [&](Val pointer, int32_t offset) {
             LLVM::StoreOp::create(k.builder, k.loc, pointer.value,
                                   (work + offset).value, /*alignment=*/4);
           };
           keep(v[1], PairWeights);
           keep(v[2], PairRecords);
           keep(nextRecords, PairRecordsEnd);
           emitPairs(count, size, out + channel);
           return {channel + 16, nextWeights, nextRecords};
         });
}

void DepthwiseBody::emit() {
  emitRowTable(k, args, rowTable);
  k.ifThen(numRows < c.kernelHeight, [&] { fillPlanes(); });
  Val count = args.get(ArgRole::Count);
  int32_t pixels = c.pixels();
  k.loop(k.divide(count + (pixels - 1), k.i32(pixels)),
         {count, args.get(ArgRole::InFirstColumn), args.output()},
         [&](ArrayRef<Val> v) -> Vals {
           emitChannels(k.min(v[0], k.i32(pixels)), v[1], v[2]);
           return {v[0] - pixels, v[1] + pixels * c.strideX,
                   v[2] + channels * pixels};
         });
}

//===----------------------------------------------------------------------===//
// Selection
//===----------------------------------------------------------------------===//

static int64_t getOutputColumns(patch::DepthwiseConv2DOp conv) {
  return cast<ShapedType>(conv.getOutput().getType()).getDimSize(2);
}

static bool acceptsDepthwise(Operation *layer) {
  if (!isInt8Layer<patch::DepthwiseConv2DOp>(layer))
    return false;
  auto conv = cast<patch::DepthwiseConv2DOp>(layer);
  ArrayRef<int64_t> weights =
      cast<ShapedType>(conv.getWeights().getType()).getShape();
  int64_t inputs = cast<ShapedType>(conv.getInput().getType()).getDimSize(3);
  return weights[2] == inputs && inputs % 4 == 0 && inputs < (1 << 16) &&
         weights[0] <= 8 && weights[1] <= 8 && conv.getStride()[1] <= 3 &&
         (conv.getDilation()[1] == 1 || weights[1] == 1) &&
         llvm::isInt<8>(static_cast<int32_t>(conv.getInputZp())) &&
         isVectorScale(conv.getRequant());
}

static FailureOr<RowKernel> selectDepthwise(Operation *layer) {
  auto conv = cast<patch::DepthwiseConv2DOp>(layer);
  FailureOr<SmallVector<int8_t>> hwc =
      getConstantBytes(layer, conv.getWeights(), "weights");
  FailureOr<SmallVector<int32_t>> bias =
      getConstantWords(layer, conv.getBias(), "bias");
  if (failed(hwc) || failed(bias))
    return failure();
  ArrayRef<int64_t> dims =
      cast<ShapedType>(conv.getWeights().getType()).getShape();
  int64_t height = dims[0], width = dims[1], channels = dims[2];
  DepthwiseClass depthwise(conv);
  SmallVector<KernelArg> args = windowArgs(2);
  args.push_back({ArgRole::Scratch});
  RowKernel kernel =
      makeKernel(depthwise.symbol(), args,
                 [depthwise](KernelBuilder &k, const KernelArgs &args) {
                   DepthwiseBody(k, args, depthwise).emit();
                 });

  SmallVector<int8_t> packed, rows;
  auto weight = [&](int64_t channel, int64_t y, int64_t x) -> int8_t {
    return y < height ? (*hwc)[(y * width + x) * channels + channel] : 0;
  };
  auto pack = [&](int64_t channel, int64_t y, int64_t begin, int64_t end) {
    for (int64_t column = begin; column < end; ++column)
      for (int64_t row = y; row < y + 4; ++row)
        packed.push_back(weight(channel, row, column));
  };
  bool joins = depthwise.joinsLastColumn();
  int64_t separate = joins ? 4 : width;
  for (int64_t block = 0; block < channels; block += 4) {
    for (int64_t y = 0; y < height; y += 4)
      for (int64_t x = 0; x < separate; x += 4)
        for (int64_t channel = block; channel < block + 4; ++channel)
          pack(channel, y, x, std::min(x + 4, separate));
    for (int64_t channel = block; joins && channel < block + 4; ++channel)
      for (int64_t y = 0; y < height; y += 4)
        pack(channel, y, separate, width);
  }
  // A predicated load reads nothing behind the end.
  for (int64_t channel = 0; channel < channels; ++channel)
    for (int64_t y = 0; y < height; ++y)
      for (int64_t x = 0; x < width; ++x)
        rows.push_back(weight(channel, y, x));

  auto inputZeroPoint = static_cast<int32_t>(conv.getInputZp());
  Descriptor descriptor(NumFacts);
  descriptor[Channels] = static_cast<int32_t>(channels);
  descriptor[PlaneBytes] = depthwise.planeBytes(getOutputColumns(conv));
  descriptor[InputZeroPoint] = inputZeroPoint;
  descriptor[OutputZeroPoint] = conv.getRequant().getZeroPoint();
  SmallVector<int8_t> records;
  appendRecords(records, depthwise.scale, conv.getRequant(),
                foldBias(*bias, rows, inputZeroPoint), channels, {0, 1, 2, 3});
  descriptor[Records] = descriptor.append(ArrayRef<int8_t>(records));
  MLIRContext *context = layer->getContext();
  kernel.constants = {makeWeights(context, packed), descriptor.build(context)};
  return kernel;
}

static ScratchSize getDepthwiseScratch(Operation *layer) {
  auto conv = cast<patch::DepthwiseConv2DOp>(layer);
  DepthwiseClass c(conv);
  int64_t height = cast<ShapedType>(conv.getWeights().getType()).getDimSize(0);
  return {4 * height + PlanesBegin + c.planeBytes(getOutputColumns(conv)),
          /*bytesPerColumn=*/0};
}

KernelProvider mve::getDepthwiseConv2D() {
  return {acceptsDepthwise, selectDepthwise, getDepthwiseScratch};
}
