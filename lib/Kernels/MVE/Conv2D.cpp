//===- Conv2D.cpp - Dense layers on MVE -----------------------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Convolutions, fully connected layers on one row, and depthwise layers of a
// map with one channel. Per pair of pixels: the windows are read where they are
// (one kernel row, no padding) or gathered into panels, then all blocks of four
// channels are made by one statement (Dense.h). Maps one column wide are made
// pixel by pixel in blocks of eight channels. Channels behind the last whole
// block are dot products, requantised one by one.
//
// As padding is the zero point, all pixels start from the folded bias.
//
//===----------------------------------------------------------------------===//

#include "../RowAccess.h"
#include "Dense.h"
#include "Providers.h"
#include "Window.h"

using namespace mlir;
using namespace tessera;
using namespace tessera::kernels;
using namespace tessera::kernels::mve;

namespace {
/// Facts of the descriptor. Offsets are in bytes from its start.
enum Fact : unsigned {
  KernelHeight,
  KernelWidth,
  StrideX,
  DilationX,
  InputChannels,
  RowBytes,
  WindowBytes,
  InputZeroPoint,
  OutputChannels,
  /// See DenseOperands.
  Trips,
  Records,
  RecordsEnd,
  OutputZeroPoint,
  /// Channels behind the last block; the first of them; their weights from the
  /// start of the weights; their biases, multipliers (i32) and exponents (i8).
  Singles,
  FirstSingle,
  SingleWeights,
  SingleBias,
  SingleMultiplier,
  SingleExponent,
  Min,
  Max,
  NumFacts
};

enum ConstantNumber : unsigned { WeightsConstant, DescriptorConstant };

/// A convolution without its IR. Pairs are [y, x].
struct DenseLayer {
  int32_t kernelHeight = 1, kernelWidth = 1;
  int32_t strideX = 1, dilationX = 1;
  int32_t inputChannels = 1, outputChannels = 1;
  int32_t outputColumns = 1;
  bool hasPadding = false;
  int32_t inputZeroPoint = 0;
  patch::RequantAttr requant;

  explicit DenseLayer(Operation *layer);
  int64_t rowBytes() const { return int64_t(kernelWidth) * inputChannels; }
  int64_t windowBytes() const { return kernelHeight * rowBytes(); }
  /// Windows are not contiguous in a row.
  bool isGathered() const {
    return kernelHeight > 1 || hasPadding || (dilationX > 1 && kernelWidth > 1);
  }
  bool isOnePixel() const { return outputColumns == 1; }
  int32_t numPanels() const { return isOnePixel() ? 1 : 2; }
};

/// What the code of a kernel depends on.
struct ConvClass {
  DenseClass dense;
  bool isGathered, isDilated, hasBlocks, hasSingles;
  /// The map's width is odd: a last pixel alone has code of its own.
  bool isOdd;
  ScaleCode singleCode;

  explicit ConvClass(const DenseLayer &layer);
  std::string symbol() const;
};
} // namespace

/// Group count 1 is the only one that the kernels know.
static bool isUngrouped(patch::Conv2DOp conv) {
  return cast<ShapedType>(conv.getWeights().getType()).getDimSize(3) ==
         cast<ShapedType>(conv.getInput().getType()).getDimSize(3);
}

DenseLayer::DenseLayer(Operation *layer) {
  auto dim = [](Value value, unsigned i) {
    return static_cast<int32_t>(
        cast<ShapedType>(value.getType()).getDimSize(i));
  };
  auto windowed = [&](auto conv) {
    strideX = conv.getStride()[1];
    dilationX = conv.getDilation()[1];
    hasPadding = llvm::any_of(conv.getPad(), [](int32_t p) { return p > 0; });
  };
  auto common = [&](auto op) {
    inputChannels = dim(op.getInput(), 3);
    outputChannels = dim(op.getOutput(), 3);
    outputColumns = dim(op.getOutput(), 2);
    inputZeroPoint = static_cast<int32_t>(op.getInputZp());
    requant = op.getRequant();
  };
  if (auto conv = dyn_cast<patch::Conv2DOp>(layer)) {
    common(conv);
    windowed(conv);
    kernelHeight = dim(conv.getWeights(), 1);
    kernelWidth = dim(conv.getWeights(), 2);
  } else if (auto depthwise = dyn_cast<patch::DepthwiseConv2DOp>(layer)) {
    common(depthwise);
    windowed(depthwise);
    kernelHeight = dim(depthwise.getWeights(), 0);
    kernelWidth = dim(depthwise.getWeights(), 1);
  } else {
    auto connected = cast<patch::FullyConnectedOp>(layer);
    common(connected);
    kernelWidth = dim(connected.getInput(), 2);
  }
}

ConvClass::ConvClass(const DenseLayer &layer)
    : dense(layer.windowBytes(), layer.isOnePixel(),
            VectorScale(layer.requant)),
      isGathered(layer.isGathered()),
      isDilated(isGathered && layer.dilationX > 1) {
  int64_t channels = layer.outputChannels;
  hasBlocks = channels >= dense.blockChannels();
  hasSingles = channels % dense.blockChannels() != 0;
  isOdd = hasBlocks && !dense.onePixel && layer.outputColumns % 2 != 0;
  singleCode = chooseScaleCode(layer.requant.getRounding(),
                               channelMultipliers(layer.requant, channels),
                               channelExponents(layer.requant, channels));
}

std::string ConvClass::symbol() const {
  std::string result = "conv2d_i8_mve";
  if (isGathered)
    result += isDilated ? "_dilated" : "_window";
  if (hasBlocks)
    result += "_" + dense.suffix();
  if (isOdd)
    result += "_odd";
  if (hasSingles) {
    result += "_singles_" + stringify(singleCode).str();
    if (!hasBlocks)
      result += dense.onePixel ? "_1" : "_2";
  }
  return result;
}

//===----------------------------------------------------------------------===//
// Body
//===----------------------------------------------------------------------===//

namespace {
/// Emits the body of the kernel.
class Conv2DBody {
public:
  Conv2DBody(KernelBuilder &k, const KernelArgs &args, const ConvClass &c)
      : k(k), args(args), c(c), outputChannels(fact(OutputChannels)),
        descriptor(args.get(ArgRole::Constant, DescriptorConstant)),
        weights(args.get(ArgRole::Constant, WeightsConstant)) {}

  void emit();

private:
  Val fact(unsigned number) { return args.fact(number, DescriptorConstant); }
  void emitGathered();
  void emitDirect();
  void emitBlocks(Val first, Val second, Val hasSecond, Val pairs, Val out,
                  bool isSingle = false);
  void emitPixels(Val first, Val second, Val hasSecond, Val out);
  void emitSingles(Val window, Val out);
  Vals forPairs(
      ArrayRef<Val> init,
      llvm::function_ref<Vals(ArrayRef<Val>, Val hasSecond, Val out)> body);

  KernelBuilder &k;
  const KernelArgs &args;
  const ConvClass &c;
  Val outputChannels, descriptor, weights;
};
} // namespace

/// Runs `body` for every pair of pixels, the last one perhaps alone (for every
/// pixel if they are made one by one).
Vals Conv2DBody::forPairs(
    ArrayRef<Val> init,
    llvm::function_ref<Vals(ArrayRef<Val>, Val, Val)> body) {
  Val count = args.get(ArgRole::Count), zero = k.i32(0);
  bool single = c.dense.onePixel;
  Vals carried = {args.output(), count};
  carried.append(init.begin(), init.end());
  Val pairBytes = single ? outputChannels : outputChannels << 1;
  return k.loop(single ? count : (count + 1) >> 1, carried,
                [&](ArrayRef<Val> v) -> Vals {
                  Val hasSecond = single ? zero > 0 : v[1] > 1;
                  Vals next = {v[0] + pairBytes, v[1] - 2};
                  next.append(body(v.drop_front(2), hasSecond, v[0]));
                  return next;
                });
}

/// The blocks of channels of pairs of pixels whose windows are contiguous and
/// regularly spaced.
void Conv2DBody::emitBlocks(Val first, Val second, Val hasSecond, Val pairs,
                            Val out, bool isSingle) {
  DenseOperands operands;
  operands.windows[0] = first;
  operands.windows[1] =
      c.dense.onePixel ? first : k.select(hasSecond, second, first);
  operands.weights = weights;
  operands.trips = fact(Trips);
  operands.records = descriptor + fact(Records);
  operands.recordsEnd = descriptor + fact(RecordsEnd);
  operands.out = out;
  operands.secondOut = k.select(hasSecond, outputChannels << 16, k.i32(0));
  operands.zeroPoint = fact(OutputZeroPoint);
  operands.pairs = pairs;
  emitDenseBlocks(k, c.dense, operands, isSingle);
}

/// All channels of two pixels with contiguous windows.
void Conv2DBody::emitPixels(Val first, Val second, Val hasSecond, Val out) {
  Val one = k.i32(1);
  if (c.isOdd) {
    auto both = [&]() -> Vals {
      emitBlocks(first, second, hasSecond, one, out);
      return {};
    };
    auto single = [&]() -> Vals {
      emitBlocks(first, first, one < 0, one, out, /*isSingle=*/true);
      return {};
    };
    k.ifElse(hasSecond, both, single);
  } else if (c.hasBlocks) {
    emitBlocks(first, second, hasSecond, one, out);
  }
  if (!c.hasSingles)
    return;
  if (c.dense.onePixel) {
    emitSingles(first, out);
    return;
  }
  Val two = k.select(hasSecond, k.i32(2), k.i32(1));
  k.loop(two, {first, out}, [&](ArrayRef<Val> v) -> Vals {
    emitSingles(v[0], v[1]);
    return {second, v[1] + outputChannels};
  });
}

/// The channels behind the last block.
void Conv2DBody::emitSingles(Val window, Val out) {
  Val windowBytes = fact(WindowBytes), zeroPoint = fact(OutputZeroPoint),
      low = fact(Min), high = fact(Max);
  Val exponents = descriptor + fact(SingleExponent);
  Val multipliers = descriptor + fact(SingleMultiplier);
  Vals init = {weights + fact(SingleWeights), descriptor + fact(SingleBias),
               multipliers, exponents, out + fact(FirstSingle)};
  k.loop(fact(Singles), init, [&](ArrayRef<Val> v) -> Vals {
    Val sum = emitDotProduct(k, window, v[0], windowBytes) + k.load32(v[1]);
    Scale scale(k, c.singleCode, k.load32(v[2]), k.load8(v[3]));
    Val result = scale.apply(k, sum) + zeroPoint;
    k.store8(k.min(k.max(result, low), high), v[4]);
    return {v[0] + windowBytes, v[1] + 4, v[2] + 4, v[3] + 1, v[4] + 1};
  });
}

void Conv2DBody::emitDirect() {
  Val pixelBytes = fact(InputChannels);
  Val strideBytes = fact(StrideX) * pixelBytes;
  Val first = args.get(ArgRole::InBase) + args.get(ArgRole::InOffset) +
              args.get(ArgRole::InFirstColumn) * pixelBytes;
  if (c.hasBlocks && !c.hasSingles && !c.dense.onePixel) {
    // One statement for all pairs, one for an odd last pixel.
    Val count = args.get(ArgRole::Count);
    if (c.isOdd) {
      Val pairs = count >> 1, pixels = pairs << 1, one = k.i32(1);
      k.ifThen(pairs > 0, [&] {
        emitBlocks(first, first + strideBytes, one > 0, pairs, args.output());
      });
      k.ifThen((count & 1) == 1, [&] {
        Val last = first + pixels * strideBytes;
        emitBlocks(last, last, one < 0, one,
                   args.output() + pixels * outputChannels,
                   /*isSingle=*/true);
      });
      return;
    }
    Val runs = k.min(count >> 1, k.i32(1)) + (count & 1);
    k.loop(runs, {first, args.output(), count}, [&](ArrayRef<Val> v) -> Vals {
      Val pairs = k.max(v[2] >> 1, k.i32(1)), pixels = pairs << 1;
      emitBlocks(v[0], v[0] + strideBytes, v[2] > 1, pairs, v[1]);
      return {v[0] + pixels * strideBytes, v[1] + pixels * outputChannels,
              v[2] - pixels};
    });
    return;
  }
  forPairs({first}, [&](ArrayRef<Val> v, Val hasSecond, Val out) -> Vals {
    Val second = v[0] + strideBytes;
    emitPixels(v[0], second, hasSecond, out);
    return {c.dense.onePixel ? second : second + strideBytes};
  });
}

void Conv2DBody::emitGathered() {
  WindowShape shape;
  shape.kernelHeight = fact(KernelHeight);
  shape.kernelWidth = fact(KernelWidth);
  shape.dilationX = fact(DilationX);
  shape.pixelBytes = fact(InputChannels);
  shape.rowBytes = fact(RowBytes);
  shape.windowBytes = fact(WindowBytes);
  shape.zeroPoint = fact(InputZeroPoint);
  WindowGather gather(k, args, shape, c.dense.onePixel ? 1 : 2, c.isDilated);
  Val stride = fact(StrideX);
  Val panels[] = {gather.panel(k.i32(0)), gather.panel(k.i32(1))};
  forPairs({args.get(ArgRole::InFirstColumn)},
           [&](ArrayRef<Val> v, Val hasSecond, Val out) -> Vals {
             Val next = v[0] + stride;
             if (c.dense.onePixel) {
               gather.gather(v[0], panels[0]);
             } else {
               gather.gatherPair(v[0], stride, hasSecond);
               next = next + stride;
             }
             emitPixels(panels[0], panels[1], hasSecond, out);
             return {next};
           });
}

void Conv2DBody::emit() {
  if (c.isGathered)
    emitGathered();
  else
    emitDirect();
}

//===----------------------------------------------------------------------===//
// Selection
//===----------------------------------------------------------------------===//

/// The weights as channels x K.
static FailureOr<SmallVector<int8_t>> getWeightRows(Operation *layer) {
  Value operand = layer->getOperand(1);
  FailureOr<SmallVector<int8_t>> weights =
      getConstantBytes(layer, operand, "weights");
  auto depthwise = dyn_cast<patch::DepthwiseConv2DOp>(layer);
  if (failed(weights) || !depthwise)
    return weights;
  // HWO to OHW.
  int64_t channels = cast<ShapedType>(operand.getType()).getDimSize(2);
  SmallVector<int8_t> rows;
  for (int64_t o = 0; o < channels; ++o)
    for (size_t i = o; i < weights->size(); i += channels)
      rows.push_back((*weights)[i]);
  return rows;
}

static FailureOr<RowKernel> selectDense(Operation *layer) {
  DenseLayer dense(layer);
  FailureOr<SmallVector<int8_t>> weights = getWeightRows(layer);
  FailureOr<SmallVector<int32_t>> bias =
      getConstantWords(layer, layer->getOperand(2), "bias");
  if (failed(weights) || failed(bias))
    return failure();
  ConvClass convClass(dense);
  SmallVector<KernelArg> args = windowArgs(2);
  if (convClass.isGathered)
    args.push_back({ArgRole::Scratch});
  RowKernel kernel =
      makeKernel(convClass.symbol(), args,
                 [convClass](KernelBuilder &k, const KernelArgs &args) {
                   Conv2DBody(k, args, convClass).emit();
                 });

  int64_t channels = dense.outputChannels, windowBytes = dense.windowBytes();
  int64_t numBlocks = channels / convClass.dense.blockChannels();
  int64_t firstSingle = numBlocks * convClass.dense.blockChannels();
  SmallVector<int32_t> folded = foldBias(*bias, *weights, dense.inputZeroPoint);

  SmallVector<int8_t> packed;
  packDenseBlocks(packed, convClass.dense, *weights, windowBytes, numBlocks);
  auto singleWeights = static_cast<int32_t>(packed.size());
  packed.append(weights->begin() + firstSingle * windowBytes, weights->end());
  // The last block's loads stay inside.
  if (convClass.hasBlocks && convClass.dense.tail) {
    size_t end = singleWeights + 16 - convClass.dense.tail;
    packed.resize(std::max(packed.size(), end), 0);
  }

  Descriptor descriptor(NumFacts);
  descriptor[KernelHeight] = dense.kernelHeight;
  descriptor[KernelWidth] = dense.kernelWidth;
  descriptor[StrideX] = dense.strideX;
  descriptor[DilationX] = dense.dilationX;
  descriptor[InputChannels] = dense.inputChannels;
  descriptor[RowBytes] = static_cast<int32_t>(dense.rowBytes());
  descriptor[WindowBytes] = static_cast<int32_t>(windowBytes);
  descriptor[InputZeroPoint] = dense.inputZeroPoint;
  descriptor[OutputChannels] = dense.outputChannels;
  descriptor[Trips] = countTrips(windowBytes);
  SmallVector<int8_t> records;
  appendDenseRecords(records, convClass.dense, dense.requant, folded,
                     numBlocks);
  auto recordBytes = static_cast<int32_t>(records.size());
  appendPairSteps(records, convClass.dense, windowBytes, numBlocks,
                  {int64_t(dense.strideX) * dense.inputChannels, channels});
  descriptor[Records] = descriptor.append(ArrayRef<int8_t>(records));
  descriptor[RecordsEnd] = descriptor[Records] + recordBytes;
  descriptor[OutputZeroPoint] = dense.requant.getZeroPoint();
  descriptor[Singles] = static_cast<int32_t>(channels - firstSingle);
  descriptor[FirstSingle] = static_cast<int32_t>(firstSingle);
  descriptor[SingleWeights] = singleWeights;
  SmallVector<int32_t> multipliers =
      channelMultipliers(dense.requant, channels);
  SmallVector<int8_t> exponents;
  for (int32_t e : channelExponents(dense.requant, channels))
    exponents.push_back(encodeExponent(convClass.singleCode, e));
  auto behind = [&](const auto &table) {
    return ArrayRef(table).drop_front(firstSingle);
  };
  descriptor[SingleBias] = descriptor.append(behind(folded));
  descriptor[SingleMultiplier] = descriptor.append(behind(multipliers));
  descriptor[SingleExponent] = descriptor.append(behind(exponents));
  descriptor[Min] = dense.requant.getMin();
  descriptor[Max] = dense.requant.getMax();
  MLIRContext *context = layer->getContext();
  kernel.constants = {makeWeights(context, packed), descriptor.build(context)};
  return kernel;
}

static ScratchSize getDenseScratch(Operation *layer) {
  DenseLayer dense(layer);
  if (!dense.isGathered())
    return {};
  return {
      gatherBytes(dense.kernelHeight, dense.windowBytes(), dense.numPanels()),
      /*bytesPerColumn=*/0};
}

/// Output offsets of a pair are 16-bit numbers; padding is a byte.
static bool fits(Operation *layer) {
  DenseLayer dense(layer);
  return isVectorScale(dense.requant) && dense.outputChannels <= 65532 &&
         llvm::isInt<8>(dense.inputZeroPoint);
}

static bool acceptsConv2D(Operation *layer) {
  return isInt8Layer<patch::Conv2DOp>(layer) &&
         isUngrouped(cast<patch::Conv2DOp>(layer)) && fits(layer);
}

static bool acceptsFullyConnected(Operation *layer) {
  return isInt8Layer<patch::FullyConnectedOp>(layer) &&
         cast<patch::FullyConnectedOp>(layer).getRowKind() ==
             planning::OpKind::Rows &&
         fits(layer);
}

static bool acceptsExpansion(Operation *layer) {
  if (!isInt8Layer<patch::DepthwiseConv2DOp>(layer))
    return false;
  auto conv = cast<patch::DepthwiseConv2DOp>(layer);
  return cast<ShapedType>(conv.getInput().getType()).getDimSize(3) == 1 &&
         fits(layer);
}

KernelProvider mve::getConv2D() {
  return {acceptsConv2D, selectDense, getDenseScratch};
}
KernelProvider mve::getFullyConnected() {
  return {acceptsFullyConnected, selectDense, getDenseScratch};
}
KernelProvider mve::getExpansion() {
  return {acceptsExpansion, selectDense, getDenseScratch};
}
