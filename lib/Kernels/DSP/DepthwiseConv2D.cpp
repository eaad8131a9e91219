//===- DepthwiseConv2D.cpp - The DSP depthwise kernel ---------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The code around the loops of DepthwiseAsm.cpp: it cuts a row into runs of
// result pixels that fit the scratch, writes the planes' padding (zero points,
// so that borders need no code and the bias folds the zero point everywhere)
// and the addresses of the tap rows (rows outside the tensor are one word of
// zero points, read with pitch 0), and lets the assembly make the channels in
// groups of four. A last group of fewer channels overlaps the group before.
//
// With m results per input channel there are m passes, each over every m-th
// result channel; weights and records are ordered by passes.
//
// Layers whose requantisation is not the common one (see fitsFast) get their
// 32-bit sums from the assembly and are requantised by ChannelOutput.
//
//===----------------------------------------------------------------------===//

#include "../KernelProvider.h"
#include "../RowAccess.h"
#include "DepthwiseAsm.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

using namespace mlir;
using namespace tessera;
using namespace tessera::kernels;
using State = DepthwiseShape::State;

namespace {
/// Facts of the descriptor.
enum Fact : unsigned {
  /// Byte offset of the records, 16 bytes per channel: multiplier, rounding,
  /// shift, folded bias (doubled if the weights are).
  RecordsOffset = channel_fact::Count,
  InputChannels,
  OutputChannels,
  /// Result channels per input channel.
  Multiplier,
  /// Most result pixels per run.
  RunPixels,
  /// The input's zero point as a halfword, twice.
  ZeroPoints,
  /// Byte offset of the sums in the scratch: a row of RunPixels words for each
  /// of four channels. Not for requantised results.
  SumsOffset,
  NumFacts
};

enum ConstantNumber : unsigned { WeightsConstant, DescriptorConstant };

/// Most scratch that a kernel should take.
constexpr int32_t scratchLimit = 1400;

/// Emits the body of the kernel.
class DepthwiseBody {
public:
  DepthwiseBody(KernelBuilder &k, const KernelArgs &args,
                const DepthwiseShape &shape, ChannelCode code)
      : k(k), args(args), shape(shape), code(code),
        state(args.get(ArgRole::Scratch)), planes(state + shape.planesOffset()),
        inputChannels(fact(InputChannels)),
        outputChannels(fact(OutputChannels)) {}

  void emit();

private:
  Val fact(unsigned number) { return args.fact(number, DescriptorConstant); }
  void setState(State entry, Val value) {
    k.store32(value, state, 4 * static_cast<int32_t>(entry));
  }
  void emitRun(Val column, Val out, Val pixels);
  void fillPairs(Val begin, Val end);
  void writeRowTable(Val firstByte);
  void emitSegment(Val segment, Val pass, Val firstByte, Val out, Val pixels);
  void requantizeSums(Val firstChannel, Val lanes, Val pass, Val out,
                      Val pixels);
  void runAssembly();

  KernelBuilder &k;
  const KernelArgs &args;
  DepthwiseShape shape;
  ChannelCode code;
  Val state, planes, inputChannels, outputChannels;
};
} // namespace

/// Fills pairs of columns [begin, end) of all planes with zero points.
void DepthwiseBody::fillPairs(Val begin, Val end) {
  Val halves = fact(ZeroPoints);
  k.loop((end - begin) * (shape.pairBytes() / 4),
         {planes + begin * shape.pairBytes()}, [&](ArrayRef<Val> c) -> Vals {
           k.store32(halves, c[0]);
           return {c[0] + 4};
         });
}

/// Writes the table of tap rows: the addresses of byte `firstByte` of each row.
void DepthwiseBody::writeRowTable(Val firstByte) {
  Val begin = args.get(ArgRole::TapBegin), end = args.get(ArgRole::TapEnd),
      pitch = args.get(ArgRole::InTapPitch),
      ringBytes = args.get(ArgRole::InRingBytes), zero = k.i32(0);
  Val base = args.get(ArgRole::InBase) + firstByte;
  k.loop(k.i32(shape.kernelHeight),
         {zero, args.get(ArgRole::InOffset), state + shape.rowTableOffset()},
         [&](ArrayRef<Val> c) -> Vals {
           Val isStored = (c[0] >= begin) & (c[0] < end);
           Val missing = state + shape.zeroPointOffset();
           k.store32(k.select(isStored, base + c[1], missing), c[2]);
           k.store32(k.select(isStored, inputChannels, zero), c[2], 4);
           k.store32(k.select(isStored, k.i32(4), zero), c[2], 8);
           Val next = c[1] + pitch;
           next = k.select(next >= ringBytes, next - ringBytes, next);
           return {c[0] + 1, k.select(isStored, next, c[1]), c[2] + 12};
         });
}

void DepthwiseBody::runAssembly() {
  Type pointer = LLVM::LLVMPointerType::get(k.builder.getContext());
  std::string constraints = "={r0},0";
  for (int32_t r = 1; r <= 12; ++r)
    constraints += ",~{r" + std::to_string(r) + "}";
  constraints += ",~{lr},~{cc},~{memory}";
  LLVM::InlineAsmOp::create(k.builder, k.loc, pointer, state.value,
                            buildDepthwiseAsm(shape), constraints,
                            /*has_side_effects=*/true, /*is_align_stack=*/false,
                            LLVM::tailcallkind::TailCallKind::None,
                            LLVM::AsmDialectAttr::get(k.builder.getContext(),
                                                      LLVM::AsmDialect::AD_ATT),
                            /*operand_attrs=*/ArrayAttr());
}

/// Requantises the sums of `lanes` input channels from `firstChannel` on, of
/// one pass; they lie behind the planes. `out` is the first result pixel.
void DepthwiseBody::requantizeSums(Val firstChannel, Val lanes, Val pass,
                                   Val out, Val pixels) {
  Val multiplier = fact(Multiplier), runPixels = fact(RunPixels);
  ChannelOutput output(k, args, code, DescriptorConstant);
  Val sums = state + fact(SumsOffset);
  k.loop(lanes, {firstChannel * multiplier + pass, sums},
         [&](ArrayRef<Val> c) -> Vals {
           k.loop(pixels, {c[1], out + c[0]}, [&](ArrayRef<Val> p) -> Vals {
             output.store({k.load32(p[0])}, c[0], p[1]);
             return {p[0] + 4, p[1] + outputChannels};
           });
           return {c[0] + multiplier, c[1] + (runPixels << 2)};
         });
}

/// Segment of a pass: whole groups of four channels, or what remains.
void DepthwiseBody::emitSegment(Val segment, Val pass, Val firstByte, Val out,
                                Val pixels) {
  bool isSum = shape.result == DepthwiseResult::Sum;
  Val quads = inputChannels >> 2, remainder = inputChannels & 3;
  Val isLast = segment == (isSum ? quads : k.i32(1));
  Val firstChannel = k.select(isLast, inputChannels - 4, segment << 2);
  Val lanes = k.select(isLast, remainder, k.i32(4));
  Val skipped = k.i32(4) - lanes;
  setState(State::FirstPlane, planes + skipped * (4 * shape.pairWords()));
  setState(State::Groups, isSum ? k.i32(1) : k.select(isLast, k.i32(1), quads));
  if (isSum)
    setState(State::Output, state + fact(SumsOffset));
  writeRowTable(firstByte + firstChannel);
  runAssembly();
  if (isSum)
    requantizeSums(firstChannel + skipped, lanes, pass, out, pixels);
}

/// `pixels` result pixels, the first one's first tap at `column`, to `out`.
void DepthwiseBody::emitRun(Val column, Val out, Val pixels) {
  bool isSum = shape.result == DepthwiseResult::Sum;
  Val columns = (pixels - 1) * shape.strideX + shape.kernelWidth;
  Val first = k.max(column, k.i32(0));
  Val end = k.min(column + columns, args.get(ArgRole::InColumns));
  Val left = first - column, stored = end - first;
  fillPairs(k.i32(0), (left + 1) >> 1);
  fillPairs((left + stored) >> 1, (columns + 1) >> 1);

  setState(State::PlanesEnd, planes + 16 * shape.pairWords());
  setState(State::FirstPair, planes + (left >> 1) * shape.pairBytes());
  setState(State::StoredColumns, (stored << 1) + (left & 1));
  setState(State::CountMinus4, pixels - 4);
  setState(State::Weights, args.get(ArgRole::Constant, WeightsConstant));
  Val descriptor = args.get(ArgRole::Constant, DescriptorConstant);
  setState(State::Records, descriptor + fact(RecordsOffset));
  Val multiplier = fact(Multiplier), quads = inputChannels >> 2;
  Val segments =
      (isSum ? quads : k.i32(1)) + k.min(inputChannels & 3, k.i32(1));
  Val firstByte = first * inputChannels;
  k.loop(multiplier, {k.i32(0)}, [&](ArrayRef<Val> p) -> Vals {
    if (!isSum)
      setState(State::Output, out + p[0]);
    k.loop(segments, {k.i32(0)}, [&](ArrayRef<Val> s) -> Vals {
      emitSegment(s[0], p[0], firstByte, out, pixels);
      return {s[0] + 1};
    });
    return {p[0] + 1};
  });
}

void DepthwiseBody::emit() {
  bool isSum = shape.result == DepthwiseResult::Sum;
  Val runPixels = fact(RunPixels), count = args.get(ArgRole::Count);
  Val zeroPoint = fact(ZeroPoints) & 0xFF;
  k.store32(zeroPoint * 0x01010101, state, shape.zeroPointOffset());
  setState(State::OutputStep, isSum ? runPixels << 2 : fact(Multiplier));
  k.store32(isSum ? k.i32(4) : outputChannels, state, shape.pixelBytesOffset());
  Val runs = k.divide(count + runPixels - 1, runPixels);
  k.loop(runs, {count, args.get(ArgRole::InFirstColumn), args.output()},
         [&](ArrayRef<Val> c) -> Vals {
           emitRun(c[1], c[2], k.min(c[0], runPixels));
           return {c[0] - runPixels, c[1] + runPixels * shape.strideX,
                   c[2] + runPixels * outputChannels};
         });
}

//===----------------------------------------------------------------------===//
// Selection
//===----------------------------------------------------------------------===//

namespace {
/// What the assembly reads for one channel.
struct Channel {
  SmallVector<int8_t> weights;
  int32_t bias = 0, multiplier = 0, rounding = 0, shift = 0;
};

/// A depthwise layer in C++ terms.
struct Layer {
  patch::RequantAttr requant;
  int32_t kernelHeight, kernelWidth, inputs, outputs, strideX, width;
  int32_t inputZeroPoint;
  /// Per channel; bias with the zero point folded.
  SmallVector<SmallVector<int8_t>> weights;
  SmallVector<int32_t> bias;

  int32_t multiplierOf(int32_t channel) const {
    ArrayRef<int32_t> all = requant.getMultiplier();
    return all[all.size() == 1 ? 0 : channel];
  }
  int32_t exponentOf(int32_t channel) const {
    ArrayRef<int32_t> all = requant.getExponent();
    return all[all.size() == 1 ? 0 : channel];
  }
};
} // namespace

static FailureOr<Layer> readLayer(Operation *op) {
  auto conv = cast<patch::DepthwiseConv2DOp>(op);
  auto hwo = getConstantBytes(op, conv.getWeights(), "weights");
  auto bias = getConstantWords(op, conv.getBias(), "bias");
  if (failed(hwo) || failed(bias))
    return failure();
  ArrayRef<int64_t> dims =
      cast<ShapedType>(conv.getWeights().getType()).getShape();
  Layer layer;
  layer.requant = conv.getRequant();
  layer.kernelHeight = static_cast<int32_t>(dims[0]);
  layer.kernelWidth = static_cast<int32_t>(dims[1]);
  layer.outputs = static_cast<int32_t>(dims[2]);
  layer.inputs = static_cast<int32_t>(
      cast<ShapedType>(conv.getInput().getType()).getDimSize(3));
  layer.width = static_cast<int32_t>(
      cast<ShapedType>(conv.getOutput().getType()).getDimSize(2));
  layer.strideX = conv.getStride()[1];
  layer.inputZeroPoint = static_cast<int32_t>(conv.getInputZp());
  for (int32_t o = 0; o < layer.outputs; ++o) {
    SmallVector<int8_t> weights;
    int32_t sum = 0;
    for (size_t i = o; i < hwo->size(); i += layer.outputs) {
      weights.push_back((*hwo)[i]);
      sum += (*hwo)[i];
    }
    layer.bias.push_back(
        wrappingAdd((*bias)[o], wrappingMultiply(-layer.inputZeroPoint, sum)));
    layer.weights.push_back(std::move(weights));
  }
  return layer;
}

/// The least and greatest sum of a channel, without wrapping.
static std::pair<int64_t, int64_t> boundSum(int64_t bias,
                                            ArrayRef<int8_t> weights) {
  int64_t low = bias, high = bias;
  for (int64_t weight : weights) {
    low += std::min(-128 * weight, 127 * weight);
    high += std::max(-128 * weight, 127 * weight);
  }
  return {low, high};
}

/// The result that a channel has for every input, if there is one. Scaling is
/// monotone where nothing is shifted to the left, so the ends of the interval
/// of sums tell; an interval that wraps is two.
static std::optional<int32_t> findConstantResult(const Layer &layer,
                                                 int32_t channel) {
  int32_t multiplier = layer.multiplierOf(channel),
          exponent = layer.exponentOf(channel);
  patch::RequantAttr requant = layer.requant;
  if (multiplier == 0)
    exponent = -1;
  if (exponent > 0)
    return std::nullopt;
  auto result = [&](int32_t sum) {
    int32_t scaled =
        scaleValue(requant.getRounding(), sum, multiplier, exponent);
    return std::clamp(wrappingAdd(scaled, requant.getZeroPoint()),
                      requant.getMin(), requant.getMax());
  };
  auto [low, high] = boundSum(layer.bias[channel], layer.weights[channel]);
  SmallVector<int32_t> ends = {static_cast<int32_t>(low),
                               static_cast<int32_t>(high)};
  if (low < INT32_MIN || high > INT32_MAX)
    ends.append({INT32_MIN, INT32_MAX});
  int32_t first = result(ends[0]);
  if (llvm::any_of(ends, [&](int32_t sum) { return result(sum) != first; }))
    return std::nullopt;
  return first;
}

/// The channel as the assembly requantises it, or none if it cannot: see
/// DepthwiseAsm.cpp for the conditions.
static std::optional<Channel>
makeFastChannel(const Layer &layer, int32_t channel, bool doublesWeights) {
  int32_t zeroPoint = layer.requant.getZeroPoint();
  Channel result;
  int64_t bias;
  if (auto constant = findConstantResult(layer, channel)) {
    // 4 * d, times 2^30 / 2^31, shifted by 1, is d.
    result.weights.assign(layer.weights[channel].size(), 0);
    bias = 4 * (*constant - zeroPoint);
    result.multiplier = 1 << 30;
    result.shift = 1;
  } else {
    result.multiplier = layer.multiplierOf(channel);
    result.shift = std::max(-layer.exponentOf(channel), 0);
    // A shift to the left, or a negative sign, moves into the weights if they
    // stay bytes. Without a second rounding nothing may be added for the sign.
    int64_t factor = int64_t(1) << std::max(layer.exponentOf(channel), 0);
    if (result.multiplier < 0) {
      factor = -factor;
      result.multiplier = -result.multiplier;
    }
    if (result.multiplier <= 0 || (result.shift == 0 && zeroPoint != -128))
      return std::nullopt;
    for (int64_t weight : layer.weights[channel]) {
      if (weight * factor < -128 || weight * factor > 127)
        return std::nullopt;
      result.weights.push_back(static_cast<int8_t>(weight * factor));
    }
    bias = layer.bias[channel] * factor;
    auto [low, high] = boundSum(bias, result.weights);
    int64_t greatest = std::max(-low, high);
    if (greatest >= int64_t(1) << 30)
      return std::nullopt;
    int64_t scaled = ((greatest * result.multiplier) >> 31) + 2;
    int64_t offset = (int64_t(1) << result.shift) / 2 +
                     (std::abs(int64_t(zeroPoint)) << result.shift);
    if (scaled + offset > INT32_MAX)
      return std::nullopt;
  }
  result.bias = static_cast<int32_t>(doublesWeights ? 2 * bias : bias);
  result.rounding =
      static_cast<int32_t>((int64_t(1) << result.shift) / 2 +
                           zeroPoint * (int64_t(1) << result.shift));
  return result;
}

/// All channels, if every one can be requantised by the assembly; sets the
/// shape's result.
static SmallVector<Channel> chooseChannels(const Layer &layer,
                                           DepthwiseShape &shape) {
  patch::RequantAttr requant = layer.requant;
  int32_t zeroPoint = requant.getZeroPoint();
  SmallVector<Channel> channels;
  if (requant.getRounding() == patch::Rounding::TFLite &&
      requant.getMin() == -128 && requant.getMax() == 127 &&
      zeroPoint >= -128 && zeroPoint <= 127) {
    shape.result =
        zeroPoint == -128 ? DepthwiseResult::Relu : DepthwiseResult::Signed;
    for (int32_t o = 0; o < layer.outputs; ++o) {
      auto channel = makeFastChannel(layer, o, shape.doublesWeights());
      if (!channel)
        break;
      channels.push_back(std::move(*channel));
    }
    if (static_cast<int32_t>(channels.size()) == layer.outputs)
      return channels;
  }
  shape.result = DepthwiseResult::Sum;
  channels.clear();
  for (int32_t o = 0; o < layer.outputs; ++o)
    channels.push_back({layer.weights[o], layer.bias[o], 0, 0, 0});
  return channels;
}

/// Result pixels per run: as few runs as the limit of the scratch allows, all
/// of about the same length.
static int32_t chooseRunPixels(const DepthwiseShape &shape, int32_t width) {
  int32_t most = 4;
  while (shape.scratchBytes(most + 4) <= scratchLimit)
    most += 4;
  int32_t runs = llvm::divideCeil(width, most);
  int32_t pixels = llvm::divideCeil(width, runs);
  return runs == 1 ? width : llvm::alignTo(pixels, 4);
}

static DepthwiseShape getShape(const Layer &layer) {
  DepthwiseShape shape;
  shape.kernelHeight = layer.kernelHeight;
  shape.kernelWidth = layer.kernelWidth;
  shape.strideX = layer.strideX;
  return shape;
}

static int32_t getScratchBytes(const DepthwiseShape &shape, int32_t pixels) {
  int32_t bytes = shape.scratchBytes(pixels);
  return shape.result == DepthwiseResult::Sum ? bytes + 16 * pixels : bytes;
}

static FailureOr<RowKernel> selectDepthwiseConv2D(Operation *op) {
  FailureOr<Layer> layer = readLayer(op);
  if (failed(layer))
    return failure();
  DepthwiseShape shape = getShape(*layer);
  SmallVector<Channel> channels = chooseChannels(*layer, shape);
  int32_t pixels = chooseRunPixels(shape, layer->width);

  ChannelCode code(layer->requant);
  std::string symbol = "dsp_depthwise_conv2d_i8_" + shape.suffix();
  if (shape.result == DepthwiseResult::Sum)
    symbol += "_" + code.suffix();
  SmallVector<KernelArg> args = windowArgs(2);
  args.push_back({ArgRole::Scratch});
  RowKernel kernel = makeKernel(
      symbol, args, [shape, code](KernelBuilder &k, const KernelArgs &args) {
        DepthwiseBody(k, args, shape, code).emit();
      });

  Descriptor descriptor(NumFacts);
  int32_t multiplier = layer->outputs / layer->inputs;
  descriptor[InputChannels] = layer->inputs;
  descriptor[OutputChannels] = layer->outputs;
  descriptor[Multiplier] = multiplier;
  descriptor[RunPixels] = pixels;
  auto half = static_cast<uint16_t>(layer->inputZeroPoint);
  descriptor[ZeroPoints] = static_cast<int32_t>(half * 0x10001u);
  descriptor[SumsOffset] = shape.scratchBytes(pixels);
  if (shape.result == DepthwiseResult::Sum)
    describeChannels(
        descriptor, layer->bias, SmallVector<int32_t>(layer->bias.size(), 0),
        /*inputZeroPoint=*/0, /*hasPadding=*/false, layer->requant);
  SmallVector<int32_t> records;
  SmallVector<int8_t> weights;
  for (int32_t pass = 0; pass < multiplier; ++pass)
    for (int32_t o = pass; o < layer->outputs; o += multiplier) {
      const Channel &channel = channels[o];
      records.append(
          {channel.multiplier, channel.rounding, channel.shift, channel.bias});
      weights.append(packDepthwiseWeights(shape, channel.weights));
    }
  descriptor[RecordsOffset] = descriptor.append(records);
  MLIRContext *context = op->getContext();
  kernel.constants = {makeWeights(context, weights), descriptor.build(context)};
  return kernel;
}

static bool acceptsDepthwiseConv2D(Operation *op) {
  if (!isInt8Layer<patch::DepthwiseConv2DOp>(op))
    return false;
  auto conv = cast<patch::DepthwiseConv2DOp>(op);
  ArrayRef<int64_t> dims =
      cast<ShapedType>(conv.getWeights().getType()).getShape();
  auto zeroPoint = static_cast<int32_t>(conv.getInputZp());
  return cast<ShapedType>(conv.getInput().getType()).getDimSize(3) >= 4 &&
         dims[0] <= 7 && dims[1] >= 2 && dims[1] <= 7 &&
         conv.getStride()[1] <= 2 && conv.getDilation()[1] == 1 &&
         zeroPoint >= -128 && zeroPoint <= 127;
}

static ScratchSize getDepthwiseConv2DScratch(Operation *op) {
  FailureOr<Layer> layer = readLayer(op);
  if (failed(layer))
    return {};
  DepthwiseShape shape = getShape(*layer);
  chooseChannels(*layer, shape);
  return {getScratchBytes(shape, chooseRunPixels(shape, layer->width)),
          /*bytesPerColumn=*/0};
}

KernelProvider kernels::getDSPDepthwiseConv2D() {
  return {acceptsDepthwiseConv2D, selectDepthwiseConv2D,
          getDepthwiseConv2DScratch};
}
