//===- VerifyLoops.cpp - Check that loops stay inside the arena -----------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// The loops phase's contract: no allocation, and every byte offset that goes to
// a kernel or a callback is that of a row of a ring which fits its slice.
// Offsets that come from a constant or from `patch.ring_offset` (plus an offset
// of columns) are checked; of others nothing is known here.
//
//===----------------------------------------------------------------------===//

#include "tessera/Dialect/Patch/Transforms/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "llvm/ADT/TypeSwitch.h"

namespace tessera::patch {
#define GEN_PASS_DEF_VERIFYLOOPSPASS
#include "tessera/Dialect/Patch/Transforms/Passes.h.inc"
} // namespace tessera::patch

using namespace mlir;
using namespace tessera::patch;

/// The ring that an offset points into, or null if the offset is a constant.
static RingOffsetOp findRing(Value offset) {
  if (auto ring = offset.getDefiningOp<RingOffsetOp>())
    return ring;
  if (auto sum = offset.getDefiningOp<arith::AddIOp>()) {
    if (RingOffsetOp ring = findRing(sum.getLhs()))
      return ring;
    return findRing(sum.getRhs());
  }
  return {};
}

/// The offset stays inside the slice.
static LogicalResult verifyOffset(Operation *op, Value slice, Value offset) {
  int64_t bytes = cast<MemRefType>(slice.getType()).getDimSize(0);
  IntegerAttr constant;
  if (matchPattern(offset, m_Constant(&constant))) {
    if (constant.getInt() >= 0 && constant.getInt() < bytes)
      return success();
    return op->emitOpError("offset ")
           << constant.getInt() << " is outside its slice of " << bytes
           << " bytes";
  }
  if (RingOffsetOp ring = findRing(offset)) {
    int64_t ringBytes = static_cast<int64_t>(ring.getRows()) * ring.getPitch();
    if (ringBytes <= bytes)
      return success();
    return op->emitOpError("a ring of ")
           << ringBytes << " bytes does not fit its slice of " << bytes;
  }
  return success();
}

namespace {
struct VerifyLoopsPass
    : public tessera::patch::impl::VerifyLoopsPassBase<VerifyLoopsPass> {
  using VerifyLoopsPassBase::VerifyLoopsPassBase;

  static LogicalResult check(Operation *op) {
    if (isa<memref::AllocOp, memref::AllocaOp>(op))
      return op->emitOpError("allocates; everything must lie in the arena");
    if (auto call = dyn_cast<CallKernelOp>(op)) {
      // A slice is followed by the offset in it, if it has one.
      OperandRange args = call.getArgs();
      for (auto [index, arg] : llvm::enumerate(args))
        if (isa<MemRefType>(arg.getType()) && index + 1 < args.size() &&
            args[index + 1].getType().isInteger(32) &&
            failed(verifyOffset(op, arg, args[index + 1])))
          return failure();
    }
    if (auto call = dyn_cast<CallInputOp>(op))
      return verifyOffset(op, call.getSlice(), call.getOffset());
    return success();
  }

  void runOnOperation() override {
    WalkResult result = getOperation()->walk([](Operation *op) {
      return failed(check(op)) ? WalkResult::interrupt()
                               : WalkResult::advance();
    });
    if (result.wasInterrupted())
      return signalPassFailure();
    markAllAnalysesPreserved();
  }
};
} // namespace
