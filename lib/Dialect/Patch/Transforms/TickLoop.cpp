//===- TickLoop.cpp - The loop nest of one stage --------------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// Emits what planning/Simulate.h describes and replays: over the patches of the
// stage a loop over ticks, whose state is one row counter per op. In a tick
// each op fires at most once, behind one `scf.if`, at one kernel call:
//
//   for patch in patches:                           (left out if there is one)
//     while some whole result is unfinished:        scf.while over the counters
//       for each op:
//         if next[op] < end[op] && rows are there && the ring has room:
//           call kernel for row next[op]; ++next[op]
//
// The first and last row and column of each op in each patch come from a
// constant table, so that windows need no arithmetic at run time and any
// monotone window map would do.
//
//===----------------------------------------------------------------------===//

#include "TickLoop.h"

#include "tessera/Planning/Lifetimes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace tessera;
using namespace tessera::patch;
using kernels::ArgRole;
using planning::OpId;
using planning::OpKind;
using planning::TensorId;
using planning::WindowMap;

namespace {
/// Which bound of an op's region in a patch.
enum Bound { RowBegin, RowEnd, ColBegin, ColEnd };

/// Where a tensor lies for the ops of the stage that is being emitted.
struct Placement {
  Value slice;
  int rows = 1;           // of the ring, or of the tensor
  int64_t pitchBytes = 0; // from a row to the next
  bool wraps = false;     // a ring smaller than the tensor
  OpId producer = -1;     // if it is a ring: columns are relative to its region
};

class TickLoop {
public:
  TickLoop(OpBuilder &builder, const LoopContext &context,
           const planning::StagePlan &stage, const planning::StageRun &run)
      : b(builder), context(context), stage(stage), run(run),
        loc(context.network.layers[stage.firstOp]->getLoc()) {}

  Value emit();

private:
  const planning::Op &op(OpId id) const { return context.index.op(id); }
  const planning::Tensor &tensor(TensorId id) const {
    return context.index.tensor(id);
  }
  bool inStage(OpId id) const { return id >= stage.firstOp; }
  bool isFull(OpId id) const { return stage.ringRows[id - stage.firstOp] == 0; }
  Value next(OpId id) const { return counters[id - stage.firstOp]; }

  // Arithmetic on i32, folded where it can be.
  Value constant(int64_t value) {
    return arith::ConstantIntOp::create(b, loc, value, 32);
  }
  template <typename OpTy>
  Value binary(Value lhs, Value rhs) {
    return b.createOrFold<OpTy>(loc, lhs, rhs);
  }
  Value add(Value lhs, Value rhs) { return binary<arith::AddIOp>(lhs, rhs); }
  Value sub(Value lhs, Value rhs) { return binary<arith::SubIOp>(lhs, rhs); }
  Value mul(Value lhs, int64_t rhs) {
    return binary<arith::MulIOp>(lhs, constant(rhs));
  }
  Value compare(arith::CmpIPredicate predicate, Value lhs, Value rhs) {
    return b.createOrFold<arith::CmpIOp>(loc, predicate, lhs, rhs);
  }
  Value both(Value lhs, Value rhs) {
    return !lhs ? rhs : binary<arith::AndIOp>(lhs, rhs);
  }
  /// floor((y * stride - padBefore) / divisor).
  Value firstTap(const WindowMap &map, Value out) {
    if (map.divisor == 1)
      return sub(mul(out, map.stride), constant(map.padBefore));
    // The unsigned division sees a dividend that is not negative.
    int before = std::max(map.padBefore, 0);
    int bias = (before + map.divisor - 1) / map.divisor;
    Value dividend = add(mul(out, map.stride),
                         constant(int64_t(bias) * map.divisor - map.padBefore));
    return sub(binary<arith::DivUIOp>(dividend, constant(map.divisor)),
               constant(bias));
  }
  /// The tap that the last row of the result begins with.
  int lastFirstTap(OpId id, const WindowMap &map) const {
    int rows = tensor(op(id).result).height;
    return map.unclipped({rows - 1, rows}).begin;
  }

  Value bound(OpId id, Bound which);
  Value firingsBegin(OpId id);
  Value firingsEnd(OpId id);
  Value slice(int64_t offset, int64_t bytes);
  Placement place(TensorId id);

  Value emitPatch(Value patchIndex);
  Value unfinished();
  Value mayFire(OpId id);
  Value rowsThere(OpId id, const planning::Operand &operand);
  Value ringHasRoom(OpId id, OpId reader, const planning::Operand &operand);
  void fire(OpId id);
  Value readInput(OpId id);
  void callKernel(OpId id);
  Value argument(OpId id, kernels::KernelArg arg);
  Value inputArgument(OpId id, kernels::KernelArg arg);
  Value tapBegin(OpId id);
  Value tapEnd(OpId id);
  Value outOffset(OpId id, const Placement &out);

  OpBuilder &b;
  const LoopContext &context;
  const planning::StagePlan &stage;
  const planning::StageRun &run;
  Location loc;
  SmallVector<Value> counters;
  Value status;
  /// Set if there is more than one patch.
  LLVM::GlobalOp table;
  Type tableElement;
  Value patch;
};
} // namespace

//===----------------------------------------------------------------------===//
// Regions
//===----------------------------------------------------------------------===//

/// The op's region in a patch. An op that has nothing to make there (its reader
/// meets only padding) counts as finished from the start: its rows begin and
/// end behind the last one, so that nobody waits for them.
static planning::Region regionOf(const planning::GraphIndex &index,
                                 const planning::StageRun &run, int patch,
                                 OpId id) {
  planning::Region region = run.region(patch, id);
  if (!region.empty())
    return region;
  int height = index.tensor(index.op(id).result).height;
  return {{height, height}, {0, 0}};
}

/// A bound of the op's region in the current patch. The table is read where the
/// value is used: kept in registers, the bounds of all ops would only be
/// spilled, hence volatile.
Value TickLoop::bound(OpId id, Bound which) {
  auto pick = [&](int patchNumber) -> int {
    planning::Region region = regionOf(context.index, run, patchNumber, id);
    switch (which) {
    case RowBegin:
      return region.rows.begin;
    case RowEnd:
      return region.rows.end;
    case ColBegin:
      return region.cols.begin;
    case ColEnd:
      return region.cols.end;
    }
    llvm_unreachable("all bounds are handled");
  };
  int first = pick(0);
  bool same = true;
  for (int p = 1; p < run.numPatches; ++p)
    same &= pick(p) == first;
  if (same)
    return constant(first);
  auto ptr = LLVM::LLVMPointerType::get(b.getContext());
  Value base = LLVM::AddressOfOp::create(b, loc, ptr, table.getSymName());
  Value position =
      add(mul(patch, 4 * run.numOps), constant(4 * (id - run.firstOp) + which));
  Value address = LLVM::GEPOp::create(b, loc, ptr, tableElement, base,
                                      ValueRange{position});
  Value value = LLVM::LoadOp::create(b, loc, tableElement, address,
                                     /*alignment=*/0, /*isVolatile=*/true);
  if (tableElement.isInteger(16))
    value = arith::ExtUIOp::create(b, loc, b.getI32Type(), value);
  return value;
}

Value TickLoop::firingsBegin(OpId id) {
  return op(id).kind == OpKind::Reduce ? constant(0) : bound(id, RowBegin);
}

Value TickLoop::firingsEnd(OpId id) {
  if (op(id).kind == OpKind::Reduce)
    return constant(tensor(op(id).operands[0].tensor).height);
  return bound(id, RowEnd);
}

static DenseElementsAttr regionTable(MLIRContext *context,
                                     const planning::GraphIndex &index,
                                     const planning::StageRun &run) {
  SmallVector<int32_t> values;
  for (int patch = 0; patch < run.numPatches; ++patch)
    for (OpId id = run.firstOp; id < run.firstOp + run.numOps; ++id) {
      planning::Region region = regionOf(index, run, patch, id);
      values.append({region.rows.begin, region.rows.end, region.cols.begin,
                     region.cols.end});
    }
  bool small = llvm::all_of(values, [](int32_t v) { return v < (1 << 16); });
  auto type = RankedTensorType::get({static_cast<int64_t>(values.size())},
                                    IntegerType::get(context, small ? 16 : 32));
  if (!small)
    return DenseElementsAttr::get(type, ArrayRef<int32_t>(values));
  SmallVector<int16_t> shorts(values.begin(), values.end());
  return DenseElementsAttr::get(type, ArrayRef<int16_t>(shorts));
}

//===----------------------------------------------------------------------===//
// Places
//===----------------------------------------------------------------------===//

Value TickLoop::slice(int64_t offset, int64_t bytes) {
  auto type = MemRefType::get({bytes}, b.getI8Type());
  return ArenaSliceOp::create(b, loc, type, context.arena, offset);
}

Placement TickLoop::place(TensorId id) {
  const planning::Tensor &t = tensor(id);
  Placement placement;
  OpId producer = context.index.producer(id);
  int64_t bytes = t.bytes();
  placement.rows = t.height;
  placement.pitchBytes = t.rowBytes();
  if (producer >= 0 && inStage(producer) && !isFull(producer)) {
    placement.producer = producer;
    placement.rows = stage.ringRows[producer - stage.firstOp];
    placement.pitchBytes =
        run.ringColumns[producer - stage.firstOp] * t.pixelBytes;
    placement.wraps = placement.rows < t.height;
    bytes = placement.rows * placement.pitchBytes;
  }
  TensorId root = context.index.root(id);
  if (tensor(root).isExternal) {
    auto type = MemRefType::get({bytes}, b.getI8Type());
    placement.slice = ExternalInputOp::create(b, loc, type, context.io,
                                              context.inputNumber.lookup(root));
    return placement;
  }
  placement.slice = slice(context.plan.layout.tensorOffset[id], bytes);
  return placement;
}

//===----------------------------------------------------------------------===//
// When an op fires
//===----------------------------------------------------------------------===//

/// The rows that the next firing of `id` reads of this operand have been made.
Value TickLoop::rowsThere(OpId id, const planning::Operand &operand) {
  OpId producer = context.index.producer(operand.tensor);
  if (!inStage(producer))
    return {};
  auto there = arith::CmpIPredicate::sge;
  TensorId made = context.index.root(operand.tensor);
  // A result that is read under another shape, or made by a reduction, or read
  // whole counts as one piece.
  if (made != operand.tensor || op(producer).kind == OpKind::Reduce ||
      (operand.y.all && op(id).kind != OpKind::Reduce))
    return compare(there, next(producer), firingsEnd(producer));
  if (op(id).kind == OpKind::Reduce)
    return compare(arith::CmpIPredicate::sgt, next(producer), next(id));
  int height = tensor(operand.tensor).height;
  const WindowMap &map = operand.y;
  int lastTap = (map.kernel - 1) * map.dilation;
  Value end = add(firstTap(map, next(id)), constant(lastTap + 1));
  end = binary<arith::MinSIOp>(end, constant(height));
  Value ready = compare(there, next(producer), end);
  // A firing that reads only padding below the tensor waits for nothing.
  if (lastFirstTap(id, map) >= height)
    ready = binary<arith::OrIOp>(
        ready, compare(there, firstTap(map, next(id)), constant(height)));
  return ready;
}

/// The row that `id` would make does not overwrite one that `reader` needs.
Value TickLoop::ringHasRoom(OpId id, OpId reader,
                            const planning::Operand &operand) {
  int ring = stage.ringRows[id - stage.firstOp];
  int height = tensor(op(id).result).height;
  if (ring >= height)
    return {};
  Value oldest;
  if (op(reader).kind == OpKind::Reduce) {
    oldest = next(reader);
  } else if (operand.y.all) {
    oldest = constant(0);
  } else {
    oldest = firstTap(operand.y, next(reader));
    oldest = binary<arith::MaxSIOp>(oldest, constant(0));
    oldest = binary<arith::MinSIOp>(oldest, constant(height));
  }
  Value room =
      compare(arith::CmpIPredicate::slt, next(id), add(oldest, constant(ring)));
  Value finished =
      compare(arith::CmpIPredicate::sge, next(reader), firingsEnd(reader));
  return binary<arith::OrIOp>(room, finished);
}

Value TickLoop::mayFire(OpId id) {
  Value fire = compare(arith::CmpIPredicate::slt, next(id), firingsEnd(id));
  for (const planning::Operand &operand : op(id).operands)
    if (Value there = rowsThere(id, operand))
      fire = both(fire, there);
  if (isFull(id) || op(id).kind == OpKind::Reduce)
    return fire;
  for (OpId reader : context.index.readers(op(id).result))
    for (const planning::Operand &operand : op(reader).operands)
      if (context.index.root(operand.tensor) == op(id).result)
        if (Value room = ringHasRoom(id, reader, operand))
          fire = both(fire, room);
  return fire;
}

/// Some result that is read outside the stage still lacks rows (or an input
/// that comes in order is not yet read to its end), and no callback has failed.
Value TickLoop::unfinished() {
  Value any;
  for (OpId id = stage.firstOp; id < stage.endOp; ++id) {
    if (!isFull(id) && !op(id).sequential)
      continue;
    Value more = compare(arith::CmpIPredicate::slt, next(id), firingsEnd(id));
    any = any ? binary<arith::OrIOp>(any, more) : more;
  }
  if (status)
    any = both(any, compare(arith::CmpIPredicate::eq, status, constant(0)));
  return any;
}

//===----------------------------------------------------------------------===//
// What a firing does
//===----------------------------------------------------------------------===//

/// Tap rows of operand 0 above the tensor: ceil((padBefore - y * stride) / d).
Value TickLoop::tapBegin(OpId id) {
  const WindowMap &map = op(id).operands[0].y;
  if (map.all || map.padBefore <= 0)
    return constant(0);
  Value above = map.divisor == 1
                    ? sub(constant(map.padBefore), mul(next(id), map.stride))
                    : sub(constant(0), firstTap(map, next(id)));
  above = binary<arith::MaxSIOp>(above, constant(0));
  if (map.dilation == 1)
    return above;
  return binary<arith::DivUIOp>(add(above, constant(map.dilation - 1)),
                                constant(map.dilation));
}

/// The first tap row below the tensor: ceil((height + padBefore - y * stride) /
/// d), at most the kernel's height.
Value TickLoop::tapEnd(OpId id) {
  const planning::Operand &operand = op(id).operands[0];
  const WindowMap &map = operand.y;
  int height = tensor(operand.tensor).height;
  int reach = (map.kernel - 1) * map.dilation;
  if (map.all || lastFirstTap(id, map) + reach < height)
    return constant(map.all ? 1 : map.kernel);
  Value below =
      map.divisor == 1
          ? sub(constant(height + map.padBefore), mul(next(id), map.stride))
          : sub(constant(height), firstTap(map, next(id)));
  below = binary<arith::MaxSIOp>(below, constant(0));
  if (map.dilation > 1)
    below = binary<arith::DivUIOp>(add(below, constant(map.dilation - 1)),
                                   constant(map.dilation));
  return binary<arith::MinSIOp>(below, constant(map.kernel));
}

/// Byte offset of the first column to be written, in the result's slice.
Value TickLoop::outOffset(OpId id, const Placement &out) {
  bool reduce = op(id).kind == OpKind::Reduce;
  Value row = reduce ? constant(0) : next(id);
  Value offset = b.createOrFold<RingOffsetOp>(
      loc, b.getI32Type(), row, static_cast<uint32_t>(out.rows),
      static_cast<uint32_t>(out.pitchBytes), !out.wraps);
  if (out.producer >= 0 || reduce)
    return offset;
  return add(offset,
             mul(bound(id, ColBegin), tensor(op(id).result).pixelBytes));
}

Value TickLoop::inputArgument(OpId id, kernels::KernelArg arg) {
  const planning::Operand &operand = op(id).operands[arg.index];
  const WindowMap &y = operand.y;
  Placement in = place(operand.tensor);
  const planning::Tensor &t = tensor(operand.tensor);
  Value stored = in.producer >= 0 ? bound(in.producer, ColBegin) : constant(0);
  switch (arg.role) {
  case ArgRole::InBase:
    return in.slice;
  case ArgRole::InTapPitch:
    return constant(y.dilation * in.pitchBytes);
  case ArgRole::InRingBytes:
    return constant(in.rows * in.pitchBytes);
  case ArgRole::InColumns:
    if (in.producer < 0)
      return constant(t.width);
    return sub(bound(in.producer, ColEnd), stored);
  case ArgRole::InFirstColumn:
    if (operand.x.all)
      return sub(constant(0), stored);
    return sub(firstTap(operand.x, bound(id, ColBegin)), stored);
  case ArgRole::InColumnRemainder: {
    const WindowMap &x = operand.x;
    assert(x.padBefore <= 0 && "a remainder of what may be negative");
    Value dividend =
        sub(mul(bound(id, ColBegin), x.stride), constant(x.padBefore));
    return binary<arith::RemUIOp>(dividend, constant(x.divisor));
  }
  case ArgRole::InOffset: {
    Value row;
    bool mayMiss = false;
    if (op(id).kind == OpKind::Reduce) {
      row = next(id);
    } else if (y.all) {
      row = constant(0);
    } else {
      row = add(firstTap(y, next(id)),
                arg.index == 0 ? mul(tapBegin(id), y.dilation) : constant(0));
      mayMiss = lastFirstTap(id, y) >= t.height;
    }
    return b.createOrFold<RingOffsetOp>(
        loc, b.getI32Type(), row, static_cast<uint32_t>(in.rows),
        static_cast<uint32_t>(in.pitchBytes), !in.wraps && !mayMiss);
  }
  default:
    llvm_unreachable("not a role of an operand");
  }
}

Value TickLoop::argument(OpId id, kernels::KernelArg arg) {
  switch (arg.role) {
  case ArgRole::OutBase:
    return place(op(id).result).slice;
  case ArgRole::OutOffset:
    return outOffset(id, place(op(id).result));
  case ArgRole::TapBegin:
    return tapBegin(id);
  case ArgRole::TapEnd:
    return tapEnd(id);
  case ArgRole::Count:
    if (op(id).kind == OpKind::Reduce)
      return inputArgument(id, {ArgRole::InColumns, 0});
    return sub(bound(id, ColEnd), bound(id, ColBegin));
  case ArgRole::Row:
    return next(id);
  case ArgRole::Scratch:
    return slice(context.plan.layout.scratchOffset[id],
                 planning::scratchBytes(context.index, run, id));
  case ArgRole::Constant: {
    LLVM::GlobalOp global = context.constants[id][arg.index];
    return LLVM::AddressOfOp::create(b, loc,
                                     LLVM::LLVMPointerType::get(b.getContext()),
                                     global.getSymName());
  }
  default:
    return inputArgument(id, arg);
  }
}

void TickLoop::callKernel(OpId id) {
  const kernels::RowKernel &kernel = context.kernels[id];
  SmallVector<Value> args;
  for (kernels::KernelArg arg : kernel.args)
    args.push_back(argument(id, arg));
  CallKernelOp::create(b, loc, kernel.symbol, args, static_cast<uint32_t>(id));
}

/// Asks the callback for the next row; the result is what it returned.
Value TickLoop::readInput(OpId id) {
  auto read = cast<ReadInputOp>(context.network.layers[id]);
  Placement out = place(op(id).result);
  Value x = bound(id, ColBegin);
  return CallInputOp::create(
      b, loc, b.getI32Type(), context.io, out.slice, outOffset(id, out),
      next(id), x, sub(bound(id, ColEnd), x), read.getModeAttr(),
      read.getNumberAttr(), b.getI32IntegerAttr(context.numInputs),
      b.getI32IntegerAttr(static_cast<int32_t>(out.pitchBytes)));
}

void TickLoop::fire(OpId id) {
  loc = context.network.layers[id]->getLoc();
  bool source = op(id).kind == OpKind::Source;
  SmallVector<Value> before{next(id)};
  SmallVector<Type> types{b.getI32Type()};
  if (source) {
    before.push_back(status);
    types.push_back(b.getI32Type());
  }
  auto branch = scf::IfOp::create(b, loc, types, mayFire(id),
                                  /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(branch.thenBlock());
  SmallVector<Value> after;
  if (source)
    after.push_back(readInput(id));
  else
    callKernel(id);
  after.insert(after.begin(), add(next(id), constant(1)));
  scf::YieldOp::create(b, loc, after);
  b.setInsertionPointToStart(branch.elseBlock());
  scf::YieldOp::create(b, loc, before);
  counters[id - stage.firstOp] = branch.getResult(0);
  if (source)
    status = branch.getResult(1);
}

//===----------------------------------------------------------------------===//
// The nest
//===----------------------------------------------------------------------===//

/// One patch; returns the status after it (null if the stage calls no
/// callback).
Value TickLoop::emitPatch(Value patchIndex) {
  patch = patchIndex;
  SmallVector<Value> initial;
  for (OpId id = stage.firstOp; id < stage.endOp; ++id)
    initial.push_back(firingsBegin(id));
  bool hasStatus = static_cast<bool>(status);
  if (hasStatus)
    initial.push_back(status);
  SmallVector<Type> types(initial.size(), b.getI32Type());
  auto loop = scf::WhileOp::create(b, loc, types, initial);
  auto takeState = [&](Block *block) {
    counters.assign(block->args_begin(), block->args_begin() + stage.numOps());
    if (hasStatus)
      status = block->getArguments().back();
  };
  SmallVector<Location> locs(types.size(), loc);
  OpBuilder::InsertionGuard guard(b);
  Block *condition = b.createBlock(&loop.getBefore(), {}, types, locs);
  takeState(condition);
  scf::ConditionOp::create(b, loc, unfinished(), condition->getArguments());
  Block *tick = b.createBlock(&loop.getAfter(), {}, types, locs);
  takeState(tick);
  for (OpId id = stage.firstOp; id < stage.endOp; ++id)
    fire(id);
  SmallVector<Value> state = counters;
  if (hasStatus)
    state.push_back(status);
  scf::YieldOp::create(b, loc, state);
  return hasStatus ? loop.getResults().back() : Value();
}

Value TickLoop::emit() {
  for (OpId id = stage.firstOp; id < stage.endOp; ++id)
    if (op(id).kind == OpKind::Source)
      status = constant(0);
  if (run.numPatches == 1)
    return emitPatch(constant(0));
  DenseElementsAttr values = regionTable(b.getContext(), context.index, run);
  table = context.makeTable(values);
  tableElement = values.getElementType();
  SmallVector<Value> initial;
  if (status)
    initial.push_back(status);
  auto loop = scf::ForOp::create(b, loc, constant(0), constant(run.numPatches),
                                 constant(1), initial);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  if (!status) {
    emitPatch(loop.getInductionVar());
    return {};
  }
  // A patch after a failed callback has nothing to do: its while loop ends at
  // once.
  status = loop.getRegionIterArg(0);
  Value after = emitPatch(loop.getInductionVar());
  b.setInsertionPointToEnd(loop.getBody());
  scf::YieldOp::create(b, loc, after);
  return loop.getResult(0);
}

Value patch::emitTickLoop(OpBuilder &builder, const LoopContext &context,
                          const planning::StagePlan &stage,
                          const planning::StageRun &run) {
  return TickLoop(builder, context, stage, run).emit();
}
