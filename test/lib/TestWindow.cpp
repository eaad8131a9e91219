//===- TestWindow.cpp - Prints the answers to the window question ---------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// For every op with the window interface, one line per activation operand:
//
//   tosa.max_pool2d operand 0: y [0, 2) -> [0, 4), x [0, 2) -> [0, 4)
//
// with the window of the result that was asked for, clipped to the result, and
// the window of the operand that is read, clipped to the operand. Of operands
// that are no NHWC maps of static size only "whole" is known.
//
//===----------------------------------------------------------------------===//

#include "tessera/Dialect/Patch/IR/PatchDialect.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Pass/Pass.h"

using namespace mlir;
using namespace tessera;
using planning::Interval;
using planning::WindowMap;

namespace {

llvm::raw_ostream &operator<<(llvm::raw_ostream &os, Interval interval) {
  return os << '[' << interval.begin << ", " << interval.end << ')';
}

std::optional<int> sizeAlong(Value value, unsigned axis) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  if (!type || type.getRank() != 4 || type.isDynamicDim(1 + axis))
    return std::nullopt;
  return static_cast<int>(type.getDimSize(1 + axis));
}

StringRef stringify(planning::OpKind kind) {
  switch (kind) {
  case planning::OpKind::Rows:
    return "rows";
  case planning::OpKind::Reduce:
    return "reduce";
  case planning::OpKind::Source:
    return "source";
  case planning::OpKind::Whole:
    return "whole";
  }
  llvm_unreachable("unknown kind");
}

struct TestWindowPass
    : PassWrapper<TestWindowPass, OperationPass<func::FuncOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(TestWindowPass)

  TestWindowPass() = default;
  TestWindowPass(const TestWindowPass &other) : PassWrapper(other) {}

  StringRef getArgument() const override { return "test-window"; }
  StringRef getDescription() const override {
    return "Print which windows of its operands each op reads";
  }

  void printAxis(patch::WindowOpInterface op, unsigned activation,
                 unsigned axis, ArrayRef<int> wanted) {
    Value operand = op.getActivationOperands()[activation]->get();
    std::optional<int> out = sizeAlong(op->getResult(0), axis);
    std::optional<int> in = sizeAlong(operand, axis);
    WindowMap map = op.getWindowMap(activation, axis);
    llvm::outs() << (axis == 0 ? "y " : ", x ");
    if (!out || !in) {
      llvm::outs() << (map.all ? "whole" : "unknown");
      return;
    }
    Interval window = Interval{wanted[0], wanted[1]}.clip(*out);
    llvm::outs() << window << " -> " << map.inputFor(window, *in);
  }

  void runOnOperation() override {
    SmallVector<int> y(rows.begin(), rows.end()), x(cols.begin(), cols.end());
    if (y.size() != 2 || x.size() != 2) {
      getOperation().emitError("rows and cols need two numbers each");
      return signalPassFailure();
    }
    getOperation().walk([&](patch::WindowOpInterface op) {
      auto operands = op.getActivationOperands();
      for (unsigned activation = 0; activation < operands.size();
           ++activation) {
        llvm::outs() << op->getName() << " operand "
                     << operands[activation]->getOperandNumber() << ": ";
        printAxis(op, activation, 0, y);
        printAxis(op, activation, 1, x);
        llvm::outs() << '\n';
      }
      llvm::outs() << op->getName() << ": " << stringify(op.getRowKind())
                   << ", " << op.getMacsPerPixel() << " MACs per pixel";
      if (int inPlace = op.getInPlaceActivation(); inPlace >= 0)
        llvm::outs() << ", in place of " << inPlace;
      llvm::outs() << '\n';
    });
  }

  ListOption<int> rows{*this, "rows",
                       llvm::cl::desc("First row and end of the rows wanted")};
  ListOption<int> cols{*this, "cols", llvm::cl::desc("First column and end")};
};

} // namespace

namespace tessera::test {
void registerTestPasses();
} // namespace tessera::test

void tessera::test::registerTestPasses() { PassRegistration<TestWindowPass>(); }
