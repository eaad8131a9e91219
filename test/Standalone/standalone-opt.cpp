//===- standalone-opt.cpp - A tool of another project ---------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Tessera's dialect and passes in a tool of one's own, next to a dialect whose
// op answers the window question. The pass `standalone-print-windows` asks that
// question of every op that can answer it, whichever dialect it is from.
//
//===----------------------------------------------------------------------===//

#include "tessera/Dialect/Patch/IR/PatchDialect.h"
#include "tessera/InitAll.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "mlir/Pass/Pass.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"
#include "llvm/Support/raw_ostream.h"

#include "StandaloneDialect.h.inc"
#define GET_OP_CLASSES
#include "StandaloneOps.h.inc"

using namespace mlir;

#include "StandaloneDialect.cpp.inc"
#define GET_OP_CLASSES
#include "StandaloneOps.cpp.inc"

void standalone::StandaloneDialect::initialize() {
  addOperations<
#define GET_OP_LIST
#include "StandaloneOps.cpp.inc"
      >();
}

tessera::planning::WindowMap standalone::BlurOp::getWindowMap(unsigned,
                                                              unsigned) {
  tessera::planning::WindowMap map;
  map.kernel = 3;
  map.padBefore = 1;
  return map;
}

namespace {
/// Prints, for row 1 of each op's result, the rows of each operand it reads.
struct PrintWindowsPass
    : PassWrapper<PrintWindowsPass, OperationPass<func::FuncOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(PrintWindowsPass)

  StringRef getArgument() const override { return "standalone-print-windows"; }
  StringRef getDescription() const override {
    return "Print the rows that row 1 of each result is made from";
  }
  void runOnOperation() override {
    getOperation().walk([](tessera::patch::WindowOpInterface op) {
      auto operands = op.getActivationOperands();
      for (unsigned i = 0; i < operands.size(); ++i) {
        auto type = cast<RankedTensorType>(operands[i]->get().getType());
        auto rows =
            op.getWindowMap(i, /*axis=*/0).inputFor({1, 2}, type.getDimSize(1));
        llvm::outs() << op->getName() << " reads rows [" << rows.begin << ", "
                     << rows.end << ") of operand " << i << "\n";
      }
    });
  }
};
} // namespace

int main(int argc, char **argv) {
  DialectRegistry registry;
  registry.insert<standalone::StandaloneDialect>();
  tessera::registerAllDialects(registry);
  tessera::registerAllPasses();
  PassRegistration<PrintWindowsPass>();
  return asMainReturnCode(
      MlirOptMain(argc, argv, "A tool outside Tessera\n", registry));
}
