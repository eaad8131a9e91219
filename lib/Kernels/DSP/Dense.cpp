//===- Dense.cpp - Convolution and fully connected with SMLAD -------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Three result pixels at a time: their windows are widened to 16 bits into a
// panel in the scratch, padding as the zero point, and one assembly statement
// multiplies the panel with all output channels, two at a time. As the padding
// is in the panel, the zero point folds into the bias everywhere and no pixel
// is special behind the panel.
//
// What fills the panel depends on the window:
//
// - Point: one tap, or a whole row; bytes straight from the map.
// - Taps: channels in multiples of four. Inside, a kernel row of a pixel is one
//   run of bytes; at the borders (or dilated) each tap is one, those outside
//   from a row of zero points among the constants.
// - Bytes: other channel counts, such as those of a first layer. A kernel row
// of
//   a pixel at the border (or dilated) is put together in the scratch.
//
// Where memory is short, two pixels or one at a time.
//
//===----------------------------------------------------------------------===//

#include "DenseAsm.h"
#include "DensePacking.h"

#include "../KernelProvider.h"
#include "../Portable/Conv2D.h"
#include "../RowAccess.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace tessera;
using namespace tessera::kernels;
using namespace tessera::kernels::dsp;

namespace {
/// Facts of the descriptor.
enum Fact : unsigned {
  /// Byte offset of the table of channel blocks, its parts' sizes in bytes, and
  /// the byte offset of the weights of single channels.
  Table = channel_fact::Count,
  PairTableBytes,
  SingleTableBytes,
  /// The first channel of the last pair, and the last single channel.
  LastPair,
  LastSingle,
  SingleWeights,
  /// Bytes of a pixel in the panel; of the panel of as many pixels as a block
  /// can have; of a pixel's whole quads.
  PixelPanelBytes,
  PanelBytes,
  QuadPanelBytes,
  /// Turns of the loop over the panel, steps to skip in the first one; the same
  /// for three pixels and two channels; for one pixel and two channels, with
  /// bit
  /// 0 of the entry.
  SkippedSteps,
  StepTurns,
  LongSkippedSteps,
  LongTurns,
  EightEntry,
  EightTurns,
  /// The same for widening a run, and a tap.
  RunSkippedSteps,
  RunTurns,
  TapSkippedSteps,
  TapTurns,
  /// Bytes of a kernel row, and of it those beyond whole quads.
  RunBytes,
  RunRest,
  /// Bytes of scratch for a kernel row of one pixel.
  StageBytes,
  /// Most pixels at a time, 1 to 3.
  MostPixels,
  KernelHeight,
  KernelWidth,
  InputChannels,
  OutputChannels,
  StrideX,
  DilationX,
  /// Byte offset of a tap of zero points; the zero point itself.
  ZeroPoints,
  InputZeroPoint,
  NumFacts
};

enum ConstantNumber : unsigned { WeightsConstant, DescriptorConstant };

enum class PanelSource { Point, Taps, Bytes };

/// What the code of a kernel depends on.
struct DenseCode {
  PanelSource source = PanelSource::Point;
  /// Calls make one result pixel.
  bool onePixel = false;
  bool hasSingles = false;
  BlockEnd end = BlockEnd::Signed;
  /// Of `Sums`.
  ChannelCode channel;

  std::string symbol() const;
};
} // namespace

std::string DenseCode::symbol() const {
  StringRef sources[] = {"point", "taps", "bytes"};
  StringRef ends[] = {"signed", "relu", "clamp", "sums"};
  std::string text = ("dense_i8_dsp_" + sources[static_cast<int>(source)] +
                      (onePixel ? "_one" : "") + (hasSingles ? "_odd_" : "_") +
                      ends[static_cast<int>(end)])
                         .str();
  if (end == BlockEnd::Sums)
    text += "_" + channel.suffix();
  return text;
}

//===----------------------------------------------------------------------===//
// Body
//===----------------------------------------------------------------------===//

/// Emits an assembly statement whose results are i32.
static Vals emitAsm(KernelBuilder &k, const AsmStatement &statement,
                    ArrayRef<Val> operands, unsigned numResults) {
  OpBuilder &b = k.builder;
  SmallVector<Value> values =
      llvm::map_to_vector(operands, [](Val v) { return v.value; });
  SmallVector<Type> types(numResults, b.getI32Type());
  Type type = LLVM::LLVMStructType::getLiteral(b.getContext(), types);
  auto op = LLVM::InlineAsmOp::create(
      b, k.loc, type, values, statement.text, statement.constraints,
      /*has_side_effects=*/true, /*is_align_stack=*/false,
      LLVM::tailcallkind::TailCallKind::None,
      LLVM::AsmDialectAttr::get(b.getContext(), LLVM::AsmDialect::AD_ATT),
      /*operand_attrs=*/ArrayAttr());
  Vals results;
  for (unsigned i = 0; i < numResults; ++i)
    results.push_back(
        k.wrap(LLVM::ExtractValueOp::create(b, k.loc, op.getResult(0), i)));
  return results;
}

static Val toInteger(KernelBuilder &k, Val pointer) {
  return k.wrap(LLVM::PtrToIntOp::create(
      k.builder, k.loc, k.builder.getI32Type(), pointer.value));
}

static Val toPointer(KernelBuilder &k, Val address) {
  return k.wrap(LLVM::IntToPtrOp::create(
      k.builder, k.loc, LLVM::LLVMPointerType::get(k.builder.getContext()),
      address.value));
}

static void store16(KernelBuilder &k, Val value, Val pointer, int32_t offset) {
  Value half = LLVM::TruncOp::create(k.builder, k.loc, k.builder.getI16Type(),
                                     value.value);
  LLVM::StoreOp::create(k.builder, k.loc, half, (pointer + offset).value,
                        /*alignment=*/2);
}

namespace {
class DenseBody {
public:
  DenseBody(KernelBuilder &k, const KernelArgs &args, const DenseCode &code)
      : k(k), args(args), code(code),
        descriptor(args.get(ArgRole::Constant, DescriptorConstant)),
        weights(args.get(ArgRole::Constant, WeightsConstant)),
        controlBlock(args.get(ArgRole::Scratch) + fact(PanelBytes)) {}

  void emit();

private:
  Val fact(unsigned number) { return args.fact(number, DescriptorConstant); }
  Vals emitPixels(int32_t pixels, Val groups, ArrayRef<Val> state);
  Val panel(int32_t pixels) {
    return controlBlock + fact(PixelPanelBytes) * -pixels;
  }
  void setLoop(int32_t pixels, bool pairs);
  void widenPoint(int32_t pixels, Val column);
  void widenWindow(int32_t pixels, Val column);
  void widenInterior(int32_t pixels, Val column);
  void widenBorder(int32_t pixels, Val column, Val reach);
  Vals widenRun(int32_t pixels, Val skip, Val turns, Val panel,
                ArrayRef<Val> sources);
  Vals widenRest(int32_t pixels, ArrayRef<Val> rest, ArrayRef<Val> sources);
  Val stageRun(Val rowIsStored, Val row, Val column, int32_t pixel);
  void multiplyPanel(int32_t pixels, Val out);
  void multiplyBlocks(int32_t pixels, bool pairs, Val out);
  void storeSums(int32_t pixels, bool pairs, Val out);

  KernelBuilder &k;
  const KernelArgs &args;
  DenseCode code;
  Val descriptor, weights, controlBlock;
};
} // namespace

/// Widens a run of each pixel. Returns the panel's and the sources' next
/// addresses.
Vals DenseBody::widenRun(int32_t pixels, Val skip, Val turns, Val panel,
                         ArrayRef<Val> sources) {
  Vals operands = {skip * widenStepBytes(pixels), turns, panel};
  operands.append(sources.begin(), sources.end());
  Vals results = emitAsm(k, widen(pixels), operands, 3 + pixels);
  Vals next;
  for (Val address : llvm::drop_begin(results, 2))
    next.push_back(toPointer(k, address));
  return next;
}

/// Widens the bytes that a run has beyond whole quads. `rest` is the place in
/// the panel of the next halfword of the first pixel, and the distances to the
/// one after it and from there to the next, in turns: two halfwords of a word,
/// then over the other pixels' words. Returns the next `rest`.
Vals DenseBody::widenRest(int32_t pixels, ArrayRef<Val> rest,
                          ArrayRef<Val> sources) {
  Vals carried(rest);
  carried.append(sources.begin(), sources.end());
  Vals next = k.loop(fact(RunRest), carried, [&](ArrayRef<Val> c) -> Vals {
    Vals result = {c[0] + c[1], c[2], c[1]};
    for (int32_t p = 0; p < pixels; ++p) {
      store16(k, k.load8(c[3 + p]), c[0], 4 * p);
      result.push_back(c[3 + p] + 1);
    }
    return result;
  });
  next.truncate(3);
  return next;
}

void DenseBody::widenPoint(int32_t pixels, Val column) {
  Val channels = fact(InputChannels);
  Val step = fact(StrideX) * channels;
  Vals sources = {args.get(ArgRole::InBase) + args.get(ArgRole::InOffset) +
                  column * channels};
  for (int32_t p = 1; p < pixels; ++p)
    sources.push_back(sources.back() + step);
  Vals next = widenRun(pixels, fact(RunSkippedSteps), fact(RunTurns),
                       panel(pixels), sources);
  widenRest(pixels, {next[0], k.i32(2), k.i32(4 * pixels - 2)},
            ArrayRef(next).drop_front());
}

/// Puts a kernel row of a pixel together in the scratch; returns its address.
Val DenseBody::stageRun(Val rowIsStored, Val row, Val column, int32_t pixel) {
  Val channels = fact(InputChannels), columns = args.get(ArgRole::InColumns);
  Val stage = controlBlock +
              int32_t(code.end == BlockEnd::Clamp ? control::BytesWithClamp
                                                  : control::Bytes) +
              fact(StageBytes) * pixel;
  // The low byte of a little-endian word.
  Val zeroPoint = descriptor + int32_t(4 * InputZeroPoint);
  k.loop(fact(KernelWidth), {column, stage}, [&](ArrayRef<Val> c) -> Vals {
    Val isStored = rowIsStored & (c[0] >= 0) & (c[0] < columns);
    Val source = k.select(isStored, row + c[0] * channels, zeroPoint);
    Val step = k.select(isStored, k.i32(1), k.i32(0));
    Vals next = k.loop(channels, {c[1], source}, [&](ArrayRef<Val> b) -> Vals {
      k.store8(k.load8(b[1]), b[0]);
      return {b[0] + 1, b[1] + step};
    });
    return {c[0] + fact(DilationX), next[0]};
  });
  return stage;
}

/// A group of pixels none of whose taps is padding: runs straight from the map.
void DenseBody::widenInterior(int32_t pixels, Val column) {
  Val channels = fact(InputChannels);
  Val pixel = column * channels, step = fact(StrideX) * channels;
  bool hasRest = code.source != PanelSource::Taps;
  Val quads = panel(pixels);
  Vals init = {quads};
  if (hasRest)
    init.append({quads + fact(QuadPanelBytes) * pixels, k.i32(2),
                 k.i32(4 * pixels - 2)});
  forTapRows(k, args, init, [&](Val row, ArrayRef<Val> c) -> Vals {
    Vals sources = {row + pixel};
    for (int32_t p = 1; p < pixels; ++p)
      sources.push_back(sources.back() + step);
    Vals next =
        widenRun(pixels, fact(RunSkippedSteps), fact(RunTurns), c[0], sources);
    if (!hasRest)
      return {next[0]};
    Vals rest = widenRest(pixels, c.drop_front(), ArrayRef(next).drop_front());
    return {next[0], rest[0], rest[1], rest[2]};
  });
}

/// Any group of pixels. `reach` is the distance of a pixel's last tap column
/// from its first.
void DenseBody::widenBorder(int32_t pixels, Val column, Val reach) {
  bool byTaps = code.source == PanelSource::Taps;
  Val channels = fact(InputChannels), columns = args.get(ArgRole::InColumns),
      tapBegin = args.get(ArgRole::TapBegin),
      tapEnd = args.get(ArgRole::TapEnd), pitch = args.get(ArgRole::InTapPitch),
      ringBytes = args.get(ArgRole::InRingBytes),
      base = args.get(ArgRole::InBase), stride = fact(StrideX),
      dilation = fact(DilationX);

  Val quads = panel(pixels);
  Val rest = quads + fact(QuadPanelBytes) * pixels;
  // Carried: kernel row, offset of its map row, places in the panel.
  Vals init = {k.i32(0), args.get(ArgRole::InOffset), quads, rest,
               k.i32(2), k.i32(4 * pixels - 2)};
  k.loop(fact(KernelHeight), init, [&](ArrayRef<Val> c) -> Vals {
    Val isStored = (c[0] >= tapBegin) & (c[0] < tapEnd);
    Val row = base + c[1];
    Val nextOffset = c[1] + pitch;
    nextOffset =
        k.select(nextOffset >= ringBytes, nextOffset - ringBytes, nextOffset);
    Vals next = {c[0] + 1, k.select(isStored, nextOffset, c[1])};

    if (byTaps) {
      Val zeroPoints = descriptor + fact(ZeroPoints);
      auto tap = [&](ArrayRef<Val> t) -> Vals {
        Vals sources;
        Val tapColumn = t[1];
        for (int32_t p = 0; p < pixels; ++p) {
          Val isRead = isStored & (tapColumn >= 0) & (tapColumn < columns);
          sources.push_back(
              k.select(isRead, row + tapColumn * channels, zeroPoints));
          tapColumn = tapColumn + stride;
        }
        return {widenRun(pixels, fact(TapSkippedSteps), fact(TapTurns), t[0],
                         sources)[0],
                t[1] + dilation};
      };
      Vals last = k.loop(fact(KernelWidth), {c[2], column}, tap);
      next.append({last[0], c[3], c[4], c[5]});
      return next;
    }

    Vals sources;
    Val pixelColumn = column;
    for (int32_t p = 0; p < pixels; ++p) {
      Val isDirect = isStored & (pixelColumn >= 0) &
                     (pixelColumn + reach < columns) & (dilation == 1);
      sources.push_back(k.ifElse(
          isDirect, [&]() -> Vals { return {row + pixelColumn * channels}; },
          [&]() -> Vals {
            return {stageRun(isStored, row, pixelColumn, p)};
          })[0]);
      pixelColumn = pixelColumn + stride;
    }
    Vals run =
        widenRun(pixels, fact(RunSkippedSteps), fact(RunTurns), c[2], sources);
    next.push_back(run[0]);
    next.append(widenRest(pixels, c.drop_front(3), ArrayRef(run).drop_front()));
    return next;
  });
}

void DenseBody::widenWindow(int32_t pixels, Val column) {
  Val dilation = fact(DilationX);
  Val reach = (fact(KernelWidth) - 1) * dilation;
  Val last = column + fact(StrideX) * (pixels - 1) + reach;
  Val isInterior = (column >= 0) & (last < args.get(ArgRole::InColumns)) &
                   (dilation == 1) &
                   (args.get(ArgRole::TapEnd) - args.get(ArgRole::TapBegin) ==
                    fact(KernelHeight));
  k.ifElse(
      isInterior,
      [&]() -> Vals {
        widenInterior(pixels, column);
        return {};
      },
      [&]() -> Vals {
        widenBorder(pixels, column, reach);
        return {};
      });
}

/// Puts into the control block how the loop over the panel runs.
void DenseBody::setLoop(int32_t pixels, bool pairs) {
  Val entry, turns;
  if (takesEight(pixels, pairs)) {
    entry = fact(EightEntry);
    turns = fact(EightTurns);
  } else {
    bool isLong = pixels == 3 && pairs;
    entry = fact(isLong ? LongSkippedSteps : SkippedSteps) *
            multiplyStepBytes(pixels, pairs);
    turns = fact(isLong ? LongTurns : StepTurns);
  }
  k.store32(entry, controlBlock, control::Entry);
  k.store32(turns, controlBlock, control::Turns);
}

/// All blocks of a kind with `Sums`: one statement per block.
void DenseBody::storeSums(int32_t pixels, bool pairs, Val out) {
  ChannelOutput output(k, args, code.channel, DescriptorConstant);
  Val table = descriptor + fact(Table);
  Val bytes = fact(pairs ? PairTableBytes : SingleTableBytes);
  Val first = pairs ? table : table + fact(PairTableBytes);
  Val start = pairs ? weights : weights + fact(SingleWeights);
  unsigned numSums = pairs ? 2 * pixels : pixels;
  k.loop(bytes >> 2, {first, start}, [&](ArrayRef<Val> c) -> Vals {
    Vals sums = emitAsm(k, multiply(pixels, pairs, BlockEnd::Sums),
                        {c[1], controlBlock}, numSums + 2);
    Val channel = k.load32(c[0]);
    Val bias = output.foldedBias(channel);
    for (int32_t p = 0; p < pixels; ++p) {
      Val pixelOut = out + fact(OutputChannels) * p + channel;
      Vals totals = {sums[p] + k.load32(bias)};
      if (pairs)
        totals.push_back((sums[pixels + p] >> 8) + k.load32(bias, 4));
      output.store(totals, channel, pixelOut);
    }
    return {c[0] + 4, toPointer(k, sums[numSums])};
  });
}

void DenseBody::multiplyBlocks(int32_t pixels, bool pairs, Val out) {
  Val pairBytes = fact(PairTableBytes), singleBytes = fact(SingleTableBytes);
  if (code.hasSingles)
    setLoop(pixels, pairs);
  if (code.end == BlockEnd::Sums)
    return storeSums(pixels, pairs, out);
  Val first = toInteger(k, descriptor + fact(Table));
  if (!pairs)
    first = first + pairBytes;
  auto run = [&] {
    k.store32(first, controlBlock, control::Table);
    k.store32(toInteger(k, out + fact(pairs ? LastPair : LastSingle)),
              controlBlock, control::Output);
    emitAsm(k, multiply(pixels, pairs, code.end),
            {pairs ? weights : weights + fact(SingleWeights), controlBlock}, 2);
  };
  // Without singles there are pairs.
  if (code.hasSingles)
    k.ifThen((pairs ? pairBytes : singleBytes) > 0, run);
  else
    run();
}

void DenseBody::multiplyPanel(int32_t pixels, Val out) {
  multiplyBlocks(pixels, /*pairs=*/true, out);
  if (code.hasSingles)
    multiplyBlocks(pixels, /*pairs=*/false, out);
}

/// `groups` times `pixels` pixels. `state` is the column of the next pixel's
/// first tap and the address of its result.
Vals DenseBody::emitPixels(int32_t pixels, Val groups, ArrayRef<Val> state) {
  k.store32(toInteger(k, panel(pixels)), controlBlock, control::Panel);
  if (!code.hasSingles)
    setLoop(pixels, /*pairs=*/true);
  Val columns = fact(StrideX) * pixels;
  Val bytes = fact(OutputChannels) * pixels;
  return k.loop(groups, state, [&](ArrayRef<Val> c) -> Vals {
    if (code.source == PanelSource::Point)
      widenPoint(pixels, c[0]);
    else
      widenWindow(pixels, c[0]);
    multiplyPanel(pixels, c[1]);
    return {c[0] + columns, c[1] + bytes};
  });
}

void DenseBody::emit() {
  for (int32_t i = 0; i < 6; ++i)
    k.store32(k.i32(0), controlBlock, control::Zeros + 4 * i);
  k.store32(fact(OutputChannels), controlBlock, control::OutputPitch);
  if (code.end == BlockEnd::Clamp) {
    k.store32(fact(channel_fact::Min), controlBlock, control::Min);
    k.store32(fact(channel_fact::Max), controlBlock, control::Max);
  }
  Val count = args.get(ArgRole::Count);
  Vals state = {args.get(ArgRole::InFirstColumn), args.output()};
  if (code.onePixel) {
    emitPixels(1, count, state);
    return;
  }
  Val mostPixels = fact(MostPixels), none = k.i32(0);
  Val triples = k.select(mostPixels == 3, k.divide(count, k.i32(3)), none);
  Val rest = count - triples * 3;
  Val pairs = k.select(mostPixels > 1, rest >> 1, none);
  state = emitPixels(3, triples, state);
  state = emitPixels(2, pairs, state);
  emitPixels(1, rest - pairs * 2, state);
}

//===----------------------------------------------------------------------===//
// Layers
//===----------------------------------------------------------------------===//

namespace {
/// A layer of this file without its IR.
struct DenseLayer {
  ConvShape shape;
  bool onePixel = false;
  /// The clamp is narrower than the type.
  bool clamps = false;
  /// Elements of its input and result.
  int64_t elements = 0;

  int32_t runBytes() const { return shape.kernelWidth * shape.inputChannels; }
  int32_t taps() const { return shape.kernelHeight * runBytes(); }
  int32_t pixelPanelBytes() const { return llvm::alignTo(taps(), 4) * 2; }
  int32_t stageBytes() const { return llvm::alignTo(runBytes(), 4); }
  PanelSource source() const;
  int32_t mostPixels() const;
  ScratchSize scratch() const;
};
} // namespace

PanelSource DenseLayer::source() const {
  if (shape.kernelHeight == 1 && shape.kernelWidth == 1 && !shape.hasPadding)
    return PanelSource::Point;
  return shape.inputChannels % 4 == 0 ? PanelSource::Taps : PanelSource::Bytes;
}

/// The panel may take 2,304 bytes, or a sixteenth of the maps if that is more.
int32_t DenseLayer::mostPixels() const {
  if (onePixel)
    return 1;
  int64_t budget = std::max<int64_t>(2304, elements / 16);
  return static_cast<int32_t>(
      std::clamp<int64_t>(budget / pixelPanelBytes(), 1, 3));
}

ScratchSize DenseLayer::scratch() const {
  int64_t bytes = int64_t(mostPixels()) * pixelPanelBytes() +
                  (clamps ? control::BytesWithClamp : control::Bytes);
  if (source() == PanelSource::Bytes)
    bytes += int64_t(mostPixels()) * stageBytes();
  return {bytes, /*bytesPerColumn=*/0};
}

static int64_t countElements(Value value) {
  return cast<ShapedType>(value.getType()).getNumElements();
}

static bool isClamping(patch::RequantAttr requant) {
  return requant.getMin() > -128 || requant.getMax() < 127;
}

static patch::RequantAttr getRequant(Operation *layer) {
  return TypeSwitch<Operation *, patch::RequantAttr>(layer)
      .Case<patch::Conv2DOp, patch::DepthwiseConv2DOp, patch::FullyConnectedOp>(
          [](auto op) { return op.getRequant(); });
}

/// What a convolution and a depthwise one have in common.
template <typename OpTy>
static void getWindow(OpTy conv, ConvShape &shape) {
  shape.strideX = conv.getStride()[1];
  shape.dilationX = conv.getDilation()[1];
  shape.hasPadding =
      llvm::any_of(conv.getPad(), [](int32_t p) { return p > 0; });
  shape.inputZeroPoint = static_cast<int32_t>(conv.getInputZp());
}

/// The shape of a layer that these kernels make.
static std::optional<DenseLayer> getLayer(Operation *layer) {
  // A pixel's panel stays below 8 KiB.
  constexpr int64_t maxTaps = 4096;
  DenseLayer dense;
  bool isDepthwise = isInt8Layer<patch::DepthwiseConv2DOp>(layer);
  if (isDepthwise || isInt8Layer<patch::Conv2DOp>(layer)) {
    Value input = layer->getOperand(0);
    int64_t channels = cast<ShapedType>(input.getType()).getDimSize(3);
    ArrayRef<int64_t> weights =
        cast<ShapedType>(layer->getOperand(1).getType()).getShape();
    // OHWI, or HWO on one input channel.
    if (isDepthwise ? channels != 1 : channels != weights[3])
      return std::nullopt;
    ArrayRef<int64_t> window = weights.slice(isDepthwise ? 0 : 1, 2);
    if (window[0] * window[1] * channels > maxTaps)
      return std::nullopt;
    dense.shape.kernelHeight = static_cast<int32_t>(window[0]);
    dense.shape.kernelWidth = static_cast<int32_t>(window[1]);
    dense.shape.inputChannels = static_cast<int32_t>(channels);
    dense.shape.outputChannels =
        static_cast<int32_t>(weights[isDepthwise ? 2 : 0]);
    if (isDepthwise)
      getWindow(cast<patch::DepthwiseConv2DOp>(layer), dense.shape);
    else
      getWindow(cast<patch::Conv2DOp>(layer), dense.shape);
    dense.clamps = isClamping(getRequant(layer));
    dense.elements = countElements(input) + countElements(layer->getResult(0));
    return dense;
  }
  if (!isInt8Layer<patch::FullyConnectedOp>(layer))
    return std::nullopt;
  auto connected = cast<patch::FullyConnectedOp>(layer);
  int64_t taps = countElements(connected.getInput());
  if (connected.getRowKind() != planning::OpKind::Rows || taps > maxTaps)
    return std::nullopt;
  dense.shape.inputChannels = static_cast<int32_t>(taps);
  dense.shape.outputChannels =
      static_cast<int32_t>(countElements(layer->getResult(0)));
  dense.shape.inputZeroPoint = static_cast<int32_t>(connected.getInputZp());
  dense.onePixel = true;
  dense.clamps = isClamping(getRequant(layer));
  return dense;
}

static bool acceptsDense(Operation *layer) {
  return getLayer(layer).has_value();
}

static ScratchSize getDenseScratch(Operation *layer) {
  return getLayer(layer)->scratch();
}

//===----------------------------------------------------------------------===//
// Constants
//===----------------------------------------------------------------------===//

static void describeLoops(Descriptor &descriptor, const DenseLayer &layer) {
  const ConvShape &shape = layer.shape;
  int32_t steps = layer.pixelPanelBytes() / 8;
  Turns fours = countTurns(steps, multiplyUnroll(2, /*pairs=*/true));
  descriptor[SkippedSteps] = fours.skippedSteps;
  descriptor[StepTurns] = fours.turns;
  Turns longer = countTurns(steps, multiplyUnroll(3, /*pairs=*/true));
  descriptor[LongSkippedSteps] = longer.skippedSteps;
  descriptor[LongTurns] = longer.turns;
  Turns eights = countTurns(steps / 2, multiplyUnroll(1, /*pairs=*/true));
  descriptor[EightEntry] =
      2 * eights.skippedSteps * multiplyStepBytes(1, /*pairs=*/true) +
      steps % 2;
  descriptor[EightTurns] = eights.turns;

  int32_t runQuads = layer.runBytes() / 4;
  Turns run = countTurns(runQuads, widenUnroll);
  descriptor[RunSkippedSteps] = run.skippedSteps;
  descriptor[RunTurns] = run.turns;
  Turns tap = countTurns(shape.inputChannels / 4, widenUnroll);
  descriptor[TapSkippedSteps] = tap.skippedSteps;
  descriptor[TapTurns] = tap.turns;
  descriptor[RunBytes] = layer.runBytes();
  descriptor[RunRest] = layer.runBytes() % 4;
  descriptor[QuadPanelBytes] = shape.kernelHeight * runQuads * 8;
}

/// The requantisation of every channel, fused, if all channels have it and
/// agree on how a block ends. Changes the weights; see fuseChannel.
static std::optional<SmallVector<FusedChannel>>
fuseChannels(MutableArrayRef<int8_t> weights, ArrayRef<int32_t> bias,
             int32_t inputZeroPoint, patch::RequantAttr requant) {
  if (requant.getRounding() != patch::Rounding::TFLite)
    return std::nullopt;
  SmallVector<FusedChannel> fused;
  size_t taps = weights.size() / bias.size();
  bool perChannel = requant.getMultiplier().size() > 1;
  SmallVector<int32_t> sums =
      sumWeights(weights, static_cast<int64_t>(bias.size()));
  for (size_t o = 0; o < bias.size(); ++o) {
    size_t scaleIndex = perChannel ? o : 0;
    ChannelScale scale;
    scale.multiplier = requant.getMultiplier()[scaleIndex];
    scale.exponent = requant.getExponent()[scaleIndex];
    scale.zeroPoint = requant.getZeroPoint();
    scale.min = requant.getMin();
    scale.max = requant.getMax();
    int32_t folded =
        wrappingAdd(bias[o], wrappingMultiply(-inputZeroPoint, sums[o]));
    std::optional<FusedChannel> channel =
        fuseChannel(weights.slice(o * taps, taps), folded, scale);
    if (!channel)
      return std::nullopt;
    fused.push_back(*channel);
  }
  return fused;
}

static BlockEnd chooseEnd(patch::RequantAttr requant) {
  if (isClamping(requant))
    return BlockEnd::Clamp;
  return requant.getZeroPoint() == -128 ? BlockEnd::Relu : BlockEnd::Signed;
}

/// Appends the rows of the table of blocks.
static void describeBlocks(Descriptor &descriptor, const ChannelBlocks &blocks,
                           ArrayRef<FusedChannel> fused, bool isFused) {
  SmallVector<int32_t> pairs, singles;
  // The channel is relative to the last one: what is not negative ends the
  // loop.
  auto scale = [&](SmallVectorImpl<int32_t> &row, int32_t c, int32_t relative) {
    row.append({fused[c].multiplier, fused[c].rounding,
                relative * (1 << 8) + fused[c].shift});
  };
  for (int32_t c : blocks.pairs) {
    if (!isFused) {
      pairs.push_back(c);
      continue;
    }
    int32_t relative = c - blocks.pairs.back();
    pairs.append({fused[c].doubledBias, fused[c + 1].doubledBias});
    scale(pairs, c, relative);
    scale(pairs, c + 1, relative);
  }
  for (int32_t c : blocks.singles) {
    if (!isFused) {
      singles.push_back(c);
      continue;
    }
    singles.push_back(fused[c].doubledBias);
    scale(singles, c, c - blocks.singles.back());
  }
  if (!blocks.pairs.empty())
    descriptor[LastPair] = blocks.pairs.back();
  if (!blocks.singles.empty())
    descriptor[LastSingle] = blocks.singles.back();
  descriptor[Table] = descriptor.append(pairs);
  descriptor.append(singles);
  descriptor[PairTableBytes] = static_cast<int32_t>(4 * pairs.size());
  descriptor[SingleTableBytes] = static_cast<int32_t>(4 * singles.size());
}

static SmallVector<int8_t> packWeights(ArrayRef<int8_t> weights,
                                       const DenseLayer &layer,
                                       const ChannelBlocks &blocks) {
  SmallVector<int32_t> order =
      panelOrder(layer.shape.kernelHeight, layer.runBytes());
  auto channel = [&](int32_t c) {
    return weights.slice(size_t(c) * layer.taps(), layer.taps());
  };
  SmallVector<int8_t> packed;
  for (int32_t c : blocks.pairs)
    packPair(channel(c), channel(c + 1), order, packed);
  for (int32_t c : blocks.singles)
    packSingle(channel(c), order, packed);
  return packed;
}

/// Weights HWO as OHW.
static SmallVector<int8_t> transpose(ArrayRef<int8_t> weights,
                                     int32_t channels) {
  SmallVector<int8_t> transposed;
  for (int32_t c = 0; c < channels; ++c)
    for (size_t i = c; i < weights.size(); i += channels)
      transposed.push_back(weights[i]);
  return transposed;
}

static FailureOr<RowKernel> selectDense(Operation *operation) {
  DenseLayer layer = *getLayer(operation);
  const ConvShape &shape = layer.shape;
  patch::RequantAttr requant = getRequant(operation);
  auto weights =
      getConstantBytes(operation, operation->getOperand(1), "weights");
  auto bias = getConstantWords(operation, operation->getOperand(2), "bias");
  if (failed(weights) || failed(bias))
    return failure();
  if (isa<patch::DepthwiseConv2DOp>(operation))
    weights = transpose(*weights, shape.outputChannels);

  SmallVector<int8_t> fusedWeights(*weights);
  auto fused = fuseChannels(fusedWeights, *bias, shape.inputZeroPoint, requant);
  ArrayRef<int8_t> used = fused ? fusedWeights : *weights;
  ChannelBlocks blocks = blockChannels(used, shape.outputChannels);

  DenseCode code = {layer.source(), layer.onePixel, !blocks.singles.empty(),
                    fused ? chooseEnd(requant) : BlockEnd::Sums,
                    ChannelCode(requant)};
  SmallVector<KernelArg> args = windowArgs(2);
  args.push_back({ArgRole::Scratch});
  RowKernel kernel = makeKernel(
      code.symbol(), args, [code](KernelBuilder &k, const KernelArgs &args) {
        DenseBody(k, args, code).emit();
      });

  Descriptor descriptor(NumFacts);
  if (fused) {
    descriptor[channel_fact::Min] = requant.getMin();
    descriptor[channel_fact::Max] = requant.getMax();
  } else {
    describeChannels(descriptor, *bias, sumWeights(*weights, bias->size()),
                     shape.inputZeroPoint, /*hasPadding=*/false, requant);
  }
  describeLoops(descriptor, layer);
  describeBlocks(descriptor, blocks,
                 fused ? *fused : SmallVector<FusedChannel>(),
                 fused.has_value());
  descriptor[SingleWeights] =
      static_cast<int32_t>(blocks.pairs.size()) * layer.pixelPanelBytes();
  descriptor[PixelPanelBytes] = layer.pixelPanelBytes();
  descriptor[PanelBytes] = layer.mostPixels() * layer.pixelPanelBytes();
  descriptor[StageBytes] = layer.stageBytes();
  descriptor[MostPixels] = layer.mostPixels();
  descriptor[KernelHeight] = shape.kernelHeight;
  descriptor[KernelWidth] = shape.kernelWidth;
  descriptor[InputChannels] = shape.inputChannels;
  descriptor[OutputChannels] = shape.outputChannels;
  descriptor[StrideX] = shape.strideX;
  descriptor[DilationX] = shape.dilationX;
  descriptor[InputZeroPoint] = shape.inputZeroPoint;
  if (layer.source() == PanelSource::Taps && shape.hasPadding)
    descriptor[ZeroPoints] = descriptor.append(SmallVector<int8_t>(
        shape.inputChannels, static_cast<int8_t>(shape.inputZeroPoint)));

  MLIRContext *context = operation->getContext();
  kernel.constants = {makeWeights(context, packWeights(used, layer, blocks)),
                      descriptor.build(context)};
  return kernel;
}

KernelProvider kernels::getDSPDense() {
  return {acceptsDense, selectDense, getDenseScratch};
}
