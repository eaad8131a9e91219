//===- PatchLayers.cpp - Verifiers of the layers --------------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// The labels of the constraints (L1, C1, …) are those of the op descriptions in
// PatchLayers.td; the tests in test/Dialect/Patch name them too.
//
//===----------------------------------------------------------------------===//

#include "tessera/Dialect/Patch/IR/PatchDialect.h"

using namespace mlir;
using namespace tessera;
using namespace tessera::patch;

static RankedTensorType typeOf(Value value) {
  return cast<RankedTensorType>(value.getType());
}

//===----------------------------------------------------------------------===//
// Shared constraints
//===----------------------------------------------------------------------===//

/// L1: activations are static, NHWC, batch 1, not empty.
static LogicalResult verifyActivation(Operation *op, Value value) {
  RankedTensorType type = typeOf(value);
  if (!type.hasStaticShape() || type.getRank() != 4 || type.getDimSize(0) != 1)
    return op->emitOpError(
               "L1: activations must be static NHWC maps with batch "
               "1, not ")
           << type;
  for (int64_t size : type.getShape())
    if (size < 1 || size > (int64_t(1) << 24))
      return op->emitOpError("L1: a dimension of ")
             << size << " is not in [1, 2^24]";
  if (type.getNumElements() > (int64_t(1) << 31))
    return op->emitOpError("L1: the map is too large: ") << type;
  return success();
}

static LogicalResult verifyActivations(Operation *op) {
  auto layer = cast<WindowOpInterface>(op);
  for (OpOperand *operand : layer.getActivationOperands())
    if (failed(verifyActivation(op, operand->get())))
      return failure();
  return verifyActivation(op, op->getResult(0));
}

static LogicalResult verifySameShape(Operation *op, StringRef label, Value a,
                                     Value b) {
  if (typeOf(a).getShape() == typeOf(b).getShape())
    return success();
  return op->emitOpError() << label << ": shapes must agree: " << typeOf(a)
                           << " and " << typeOf(b);
}

namespace {
/// What the ops with a sliding window have in common.
struct Window {
  ArrayRef<int32_t> kernel, stride, dilation, pad;
};
} // namespace

/// C1, C2 and C5. `kernel` etc. are [y, x], `pad` is [top, bottom, left,
/// right].
static LogicalResult verifyWindow(Operation *op, Value input, Value output,
                                  Window w) {
  if (w.kernel.size() != 2 || w.stride.size() != 2 || w.dilation.size() != 2 ||
      w.pad.size() != 4)
    return op->emitOpError(
        "C1: stride, dilation and kernel need 2 entries, pad "
        "needs 4");
  constexpr int32_t limit = 1 << 20;
  for (ArrayRef<int32_t> list : {w.kernel, w.stride, w.dilation})
    for (int32_t value : list)
      if (value < 1 || value > limit)
        return op->emitOpError("C1: kernel, stride or dilation of ")
               << value << " is not in [1, 2^20]";
  for (int32_t pad : w.pad)
    if (pad < 0 || pad > limit)
      return op->emitOpError("C1: pad of ") << pad << " is not in [0, 2^20]";
  for (unsigned axis = 0; axis < 2; ++axis) {
    int64_t in = typeOf(input).getDimSize(1 + axis);
    int64_t out = typeOf(output).getDimSize(1 + axis);
    int64_t before = w.pad[2 * axis], after = w.pad[2 * axis + 1];
    int64_t reach = int64_t(w.kernel[axis] - 1) * w.dilation[axis] + 1;
    int64_t room = in + before + after - reach;
    int64_t expected = room < 0 ? 0 : room / w.stride[axis] + 1;
    if (out != expected)
      return op->emitOpError("C2: ")
             << (axis == 0 ? "height" : "width") << " " << out
             << " of the result should be " << expected;
    // The first output's last tap and the last output's first tap bound all.
    if (before >= reach || (out - 1) * w.stride[axis] - before >= in)
      return op->emitOpError("C5: an output along ")
             << (axis == 0 ? "y" : "x") << " reads only padding";
    // With dilation a window may straddle a narrow input without touching it.
    for (int64_t o = 0; w.dilation[axis] > 1 && o < out; ++o) {
      int64_t first = o * w.stride[axis] - before;
      int64_t tap = first >= 0
                        ? first
                        : first + (-first + w.dilation[axis] - 1) /
                                      w.dilation[axis] * w.dilation[axis];
      if (tap >= in || tap > first + reach - 1)
        return op->emitOpError("C5: output ") << o << " reads only padding";
    }
  }
  return success();
}

/// C4 / F2: bias and requantisation have an entry per output channel.
static LogicalResult verifyChannels(Operation *op, StringRef label, Value bias,
                                    RequantAttr requant, int64_t channels) {
  if (bias && typeOf(bias).getShape() != ArrayRef<int64_t>{channels})
    return op->emitOpError() << label << ": bias must have " << channels
                             << " entries, not " << typeOf(bias);
  size_t count = requant.getMultiplier().size();
  if (count != 1 && static_cast<int64_t>(count) != channels)
    return op->emitOpError() << label << ": " << count << " multipliers for "
                             << channels << " channels";
  return success();
}

//===----------------------------------------------------------------------===//
// Convolutions
//===----------------------------------------------------------------------===//

LogicalResult Conv2DOp::verify() {
  if (failed(verifyActivations(*this)))
    return failure();
  RankedTensorType weights = typeOf(getWeights());
  if (!weights.hasStaticShape())
    return emitOpError("C3: weights must have a static shape");
  int32_t kernel[] = {static_cast<int32_t>(weights.getDimSize(1)),
                      static_cast<int32_t>(weights.getDimSize(2))};
  if (failed(verifyWindow(*this, getInput(), getOutput(),
                          {kernel, getStride(), getDilation(), getPad()})))
    return failure();
  int64_t in = typeOf(getInput()).getDimSize(3);
  int64_t out = typeOf(getOutput()).getDimSize(3);
  int64_t perGroup = weights.getDimSize(3);
  if (weights.getDimSize(0) != out || perGroup < 1 || in % perGroup != 0 ||
      out % (in / perGroup) != 0)
    return emitOpError("C3: weights ")
           << weights << " do not fit " << in << " input and " << out
           << " output channels";
  return verifyChannels(*this, "C4", getBias(), getRequant(), out);
}

LogicalResult DepthwiseConv2DOp::verify() {
  if (failed(verifyActivations(*this)))
    return failure();
  RankedTensorType weights = typeOf(getWeights());
  if (!weights.hasStaticShape())
    return emitOpError("C3: weights must have a static shape");
  int32_t kernel[] = {static_cast<int32_t>(weights.getDimSize(0)),
                      static_cast<int32_t>(weights.getDimSize(1))};
  if (failed(verifyWindow(*this, getInput(), getOutput(),
                          {kernel, getStride(), getDilation(), getPad()})))
    return failure();
  int64_t in = typeOf(getInput()).getDimSize(3);
  int64_t out = typeOf(getOutput()).getDimSize(3);
  if (weights.getDimSize(2) != out || out % in != 0)
    return emitOpError("C3: weights ")
           << weights << " do not fit " << in << " input and " << out
           << " output channels";
  return verifyChannels(*this, "C4", getBias(), getRequant(), out);
}

//===----------------------------------------------------------------------===//
// Reductions
//===----------------------------------------------------------------------===//

LogicalResult FullyConnectedOp::verify() {
  if (failed(verifyActivations(*this)))
    return failure();
  RankedTensorType weights = typeOf(getWeights());
  int64_t inputs = typeOf(getInput()).getNumElements();
  if (!weights.hasStaticShape() || weights.getDimSize(1) != inputs)
    return emitOpError("F1: weights ")
           << weights << " do not fit an input of " << inputs << " elements";
  int64_t channels = weights.getDimSize(0);
  if (typeOf(getOutput()).getShape() != ArrayRef<int64_t>{1, 1, 1, channels})
    return emitOpError("F3: the result must be 1x1x1x")
           << channels << ", not " << typeOf(getOutput());
  return verifyChannels(*this, "F2", getBias(), getRequant(), channels);
}

LogicalResult MeanOp::verify() {
  if (failed(verifyActivations(*this)))
    return failure();
  int64_t channels = typeOf(getInput()).getDimSize(3);
  if (typeOf(getOutput()).getShape() != ArrayRef<int64_t>{1, 1, 1, channels})
    return emitOpError("M1: the result must be 1x1x1x")
           << channels << ", not " << typeOf(getOutput());
  if (getRequant().getMultiplier().size() != 1)
    return emitOpError("M2: one multiplier is expected");
  return success();
}

//===----------------------------------------------------------------------===//
// Pooling
//===----------------------------------------------------------------------===//

template <typename PoolOp>
static LogicalResult verifyPool(PoolOp op) {
  if (failed(verifyActivations(op)))
    return failure();
  int32_t dilation[] = {1, 1};
  if (failed(verifyWindow(
          op, op.getInput(), op.getOutput(),
          {op.getKernel(), op.getStride(), dilation, op.getPad()})))
    return failure();
  RankedTensorType in = typeOf(op.getInput()), out = typeOf(op.getOutput());
  if (in.getDimSize(3) != out.getDimSize(3) ||
      in.getElementType() != out.getElementType())
    return op.emitOpError("A1: channels and element types must agree: ")
           << in << " and " << out;
  if (static_cast<int32_t>(op.getMin()) > static_cast<int32_t>(op.getMax()))
    return op.emitOpError("A2: min is above max");
  return success();
}

LogicalResult AvgPool2DOp::verify() { return verifyPool(*this); }
LogicalResult MaxPool2DOp::verify() { return verifyPool(*this); }

//===----------------------------------------------------------------------===//
// Element by element
//===----------------------------------------------------------------------===//

/// D3: of both operands of an addition.
template <typename SumOp>
static LogicalResult verifyAddendScales(SumOp op) {
  auto inRange = [](int32_t e) { return e >= -31 && e <= 30; };
  int32_t shift = op.getLeftShift();
  if (shift < 0 || shift > 30 || !inRange(op.getLhsExponent()) ||
      !inRange(op.getRhsExponent()))
    return op.emitOpError("D3: left_shift must be in [0, 30], exponents in "
                          "[-31, 30]");
  return success();
}

LogicalResult AddOp::verify() {
  if (failed(verifyActivations(*this)) ||
      failed(verifySameShape(*this, "D1", getLhs(), getRhs())) ||
      failed(verifySameShape(*this, "D1", getLhs(), getOutput())))
    return failure();
  if (getRequant().getMultiplier().size() != 1)
    return emitOpError("D2: one multiplier is expected");
  return verifyAddendScales(*this);
}

/// L1, B1, B2 and D2 of the ops that broadcast.
template <typename BroadcastOp>
static LogicalResult verifyBroadcast(BroadcastOp op) {
  for (Value value : {op.getLhs(), op.getRhs(), op.getOutput()})
    if (failed(verifyActivation(op, value)))
      return failure();
  ArrayRef<int64_t> lhs = typeOf(op.getLhs()).getShape(),
                    rhs = typeOf(op.getRhs()).getShape(),
                    out = typeOf(op.getOutput()).getShape();
  for (unsigned axis = 1; axis < 4; ++axis) {
    // Of two different sizes one is 1, and the result has the other.
    int64_t wide = lhs[axis] == 1 ? rhs[axis] : lhs[axis];
    if (out[axis] != wide || (rhs[axis] != wide && rhs[axis] != 1))
      return op.emitOpError("B1: operands ")
             << typeOf(op.getLhs()) << " and " << typeOf(op.getRhs())
             << " do not broadcast to " << typeOf(op.getOutput());
  }
  SmallVector<OpOperand *> activations = op.getActivationOperands();
  if (activations.empty())
    return op.emitOpError("B2: both operands are constants");
  for (OpOperand &operand : op->getOpOperands())
    if (!llvm::is_contained(activations, &operand) &&
        (typeOf(operand.get()).getDimSize(1) != 1 ||
         typeOf(operand.get()).getDimSize(2) != 1))
      return op.emitOpError("B2: a constant operand has height and width 1, "
                            "not ")
             << typeOf(operand.get());
  if (op.getRequant().getMultiplier().size() != 1)
    return op.emitOpError("D2: one multiplier is expected");
  return success();
}

LogicalResult BroadcastAddOp::verify() {
  if (failed(verifyBroadcast(*this)))
    return failure();
  return verifyAddendScales(*this);
}

LogicalResult MulOp::verify() { return verifyBroadcast(*this); }

LogicalResult RequantizeOp::verify() {
  if (failed(verifyActivations(*this)) ||
      failed(verifySameShape(*this, "Q1", getInput(), getOutput())))
    return failure();
  if (getRequant().getMultiplier().size() != 1)
    return emitOpError("Q2: one multiplier is expected");
  return success();
}

LogicalResult LookupOp::verify() {
  if (failed(verifyActivations(*this)) ||
      failed(verifySameShape(*this, "Q1", getInput(), getOutput())))
    return failure();
  if (getTable().size() != 256)
    return emitOpError("T1: the table must have 256 entries, not ")
           << getTable().size();
  return success();
}

LogicalResult SoftmaxOp::verify() {
  if (failed(verifyActivations(*this)) ||
      failed(verifySameShape(*this, "S1", getInput(), getOutput())))
    return failure();
  if (static_cast<int32_t>(getExponent()) < 0 || getExponent() > 30)
    return emitOpError("S2: exponent must be in [0, 30]");
  return success();
}

LogicalResult PadOp::verify() {
  if (failed(verifyActivations(*this)))
    return failure();
  RankedTensorType in = typeOf(getInput()), out = typeOf(getOutput());
  ArrayRef<int32_t> pad = getPad();
  if (pad.size() != 4 ||
      llvm::any_of(pad, [](int32_t p) { return p < 0 || p > (1 << 20); }))
    return emitOpError("E1: pad needs 4 entries in [0, 2^20]");
  if (out.getDimSize(1) != in.getDimSize(1) + pad[0] + pad[1] ||
      out.getDimSize(2) != in.getDimSize(2) + pad[2] + pad[3] ||
      out.getDimSize(3) != in.getDimSize(3))
    return emitOpError("E1: the result's shape ")
           << out << " is not that of " << in << " plus the pads";
  auto value = static_cast<int32_t>(getValue());
  unsigned bits = in.getElementTypeBitWidth();
  if (!llvm::isIntN(bits, value))
    return emitOpError("E2: value ")
           << value << " does not fit the element type of " << in;
  return success();
}

LogicalResult ConcatOp::verify() {
  auto axis = static_cast<int32_t>(getAxis());
  if (getInputs().empty() || axis < 1 || axis > 3)
    return emitOpError("N1: at least one operand is needed, and an axis in "
                       "[1, 3]");
  if (failed(verifyActivations(*this)))
    return failure();
  RankedTensorType out = typeOf(getOutput());
  int64_t total = 0;
  for (Value input : getInputs()) {
    SmallVector<int64_t> shape(typeOf(input).getShape());
    total += shape[axis];
    shape[axis] = out.getDimSize(axis);
    if (ArrayRef<int64_t>(shape) != out.getShape())
      return emitOpError("N2: operand ")
             << typeOf(input) << " does not fit the result " << out;
  }
  if (total != out.getDimSize(axis))
    return emitOpError("N2: the operands have ")
           << total << " along the axis, the result " << out.getDimSize(axis);
  return success();
}

LogicalResult ResizeNearestOp::verify() {
  if (failed(verifyActivations(*this)))
    return failure();
  constexpr int32_t limit = 1 << 20;
  auto inRange = [](ArrayRef<int32_t> list, int32_t low) {
    return list.size() == 2 && llvm::all_of(list, [&](int32_t value) {
             return value >= low && value <= limit;
           });
  };
  if (!inRange(getStride(), 0) || !inRange(getOffset(), 0) ||
      !inRange(getDivisor(), 1))
    return emitOpError("Z1: stride and offset need 2 entries in [0, 2^20], "
                       "divisor 2 in [1, 2^20]");
  RankedTensorType in = typeOf(getInput()), out = typeOf(getOutput());
  for (unsigned axis = 0; axis < 2; ++axis) {
    int64_t numerator =
        (out.getDimSize(1 + axis) - 1) * getStride()[axis] + getOffset()[axis];
    // Loops compute it in 32 bits.
    if (numerator + getDivisor()[axis] > INT32_MAX)
      return emitOpError("Z4: index times stride plus offset reaches ")
             << numerator << ", more than 32 bits hold";
    int64_t last = numerator / getDivisor()[axis];
    if (last >= in.getDimSize(1 + axis))
      return emitOpError("Z2: ") << (axis == 0 ? "row " : "column ") << last
                                 << " lies outside the input " << in;
  }
  if (in.getDimSize(3) != out.getDimSize(3))
    return emitOpError("Z3: channels must agree: ") << in << " and " << out;
  return success();
}

template <typename FloatOp>
static LogicalResult verifyFloatEnd(FloatOp op) {
  if (failed(verifyActivations(op)) ||
      failed(verifySameShape(op, "Q1", op.getInput(), op.getOutput())))
    return failure();
  if (!op.getScale().isFinite() || op.getScale().isNegative() ||
      op.getScale().isZero())
    return op.emitOpError("Q3: the scale must be finite and positive");
  return success();
}

LogicalResult QuantizeOp::verify() { return verifyFloatEnd(*this); }
LogicalResult DequantizeOp::verify() { return verifyFloatEnd(*this); }

LogicalResult ReadInputOp::verify() {
  if (failed(verifyActivation(*this, getOutput())))
    return failure();
  if (getMode() != InputMode::Rows && getMode() != InputMode::Windows)
    return emitOpError("I1: the mode must be rows or windows");
  if (!isa<BlockArgument>(getInput()))
    return emitOpError("I2: the operand must be an argument of the function or "
                       "of the stage");
  RankedTensorType in = typeOf(getInput()), out = typeOf(getOutput());
  if (in.getElementType() != out.getElementType() ||
      in.getNumElements() != out.getNumElements())
    return emitOpError("I3: element types and numbers of elements must agree: ")
           << in << " and " << out;
  return success();
}

LogicalResult ReshapeOp::verify() {
  auto in = cast<RankedTensorType>(getInput().getType());
  auto out = cast<RankedTensorType>(getOutput().getType());
  if (in.getElementType() != out.getElementType() ||
      in.getNumElements() != out.getNumElements())
    return emitOpError("V1: element types and numbers of elements must agree: ")
           << in << " and " << out;
  return success();
}
