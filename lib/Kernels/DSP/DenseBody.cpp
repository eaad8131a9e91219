//===- DenseBody.cpp - The code of the DSP dense kernels ------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Groups of three, two or one result pixels: fill the panel, then run the
// channel blocks over it. What fills the panel depends on the window; see
// Dense.cpp.
//
//===----------------------------------------------------------------------===//

#include "DenseBody.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

using namespace mlir;
using namespace tessera;
using namespace tessera::kernels;
using namespace tessera::kernels::dsp;
using namespace tessera::kernels::dsp::dense;

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

void dense::buildBody(KernelBuilder &k, const KernelArgs &args,
                      const DenseCode &code) {
  DenseBody(k, args, code).emit();
}
