//===- TosaToPatchPass.cpp - The pass convert-tosa-to-patch ---------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// One greedy rewrite with the patterns of all layer kinds. If a full conversion
// was asked for and TOSA ops are left, the rewrite runs once more, with nothing
// left to change, only to listen to the reasons that the patterns give.
//
//===----------------------------------------------------------------------===//

#include "Patterns.h"
#include "tessera/Conversion/Passes.h"
#include "tessera/Conversion/TosaToPatch/TosaToPatch.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "llvm/ADT/MapVector.h"

namespace tessera {
#define GEN_PASS_DEF_CONVERTTOSATOPATCHPASS
#include "tessera/Conversion/Passes.h.inc"
} // namespace tessera

using namespace mlir;
using namespace tessera;

void tessera::populateTosaToPatchPatterns(RewritePatternSet &patterns) {
  tosa_to_patch::populateConvolutionPatterns(patterns);
  tosa_to_patch::populateElementwisePatterns(patterns);
  tosa_to_patch::populatePoolingPatterns(patterns);
  tosa_to_patch::populateShapePatterns(patterns);
  MLIRContext *context = patterns.getContext();
  patch::Conv2DOp::getCanonicalizationPatterns(patterns, context);
  patch::DepthwiseConv2DOp::getCanonicalizationPatterns(patterns, context);
}

namespace {

/// Writes down the first reason against each op.
struct ReasonListener : RewriterBase::Listener {
  llvm::DenseMap<Operation *, std::string> reasons;
  Operation *current = nullptr;

  void notifyPatternBegin(const Pattern &pattern, Operation *op) override {
    current = op;
  }

  void notifyMatchFailure(Location loc,
                          function_ref<void(Diagnostic &)> callback) override {
    Diagnostic diag(loc, DiagnosticSeverity::Remark);
    callback(diag);
    if (current)
      reasons.try_emplace(current, diag.str());
  }
};

/// "'tosa.sub' (7:SUB): reason"
std::string describe(Operation *op, StringRef reason) {
  std::string text;
  llvm::raw_string_ostream os(text);
  os << "'" << op->getName() << "'";
  if (auto name = dyn_cast<NameLoc>(op->getLoc()))
    os << " (" << name.getName().getValue() << ")";
  else if (auto file = dyn_cast<FileLineColLoc>(op->getLoc()))
    os << " (line " << file.getLine() << ")";
  os << ": "
     << (reason.empty() ? StringRef("no patch layer does what it does")
                        : reason);
  return text;
}

struct ConvertTosaToPatchPass
    : tessera::impl::ConvertTosaToPatchPassBase<ConvertTosaToPatchPass> {
  using ConvertTosaToPatchPassBase::ConvertTosaToPatchPassBase;

  LogicalResult initialize(MLIRContext *context) override {
    RewritePatternSet set(context);
    populateTosaToPatchPatterns(set);
    patterns = std::move(set);
    return success();
  }

  /// What is not understood must stay as it is: no folding of foreign ops.
  static GreedyRewriteConfig getConfig() {
    return GreedyRewriteConfig()
        .enableFolding(false)
        .enableConstantCSE(false)
        .setRegionSimplificationLevel(GreedySimplifyRegionLevel::Disabled);
  }

  void runOnOperation() override {
    func::FuncOp func = getOperation();
    if (failed(applyPatternsGreedily(func, patterns, getConfig()))) {
      func.emitError("the conversion to patch layers does not come to an end");
      return signalPassFailure();
    }
    if (full && failed(checkFull(func)))
      signalPassFailure();
  }

  /// Fails with one error about all TOSA ops that are left, constants excepted:
  /// they are only there for the others.
  LogicalResult checkFull(func::FuncOp func) {
    SmallVector<Operation *> left;
    func.walk([&](Operation *op) {
      if (isa<tosa::TosaDialect>(op->getDialect()) &&
          !isa<tosa::ConstOp, tosa::ConstShapeOp>(op))
        left.push_back(op);
    });
    if (left.empty())
      return success();
    ReasonListener listener;
    if (failed(applyPatternsGreedily(func, patterns,
                                     getConfig().setListener(&listener))))
      return failure();
    InFlightDiagnostic error = func.emitError("cannot convert ")
                               << left.size() << " TOSA operation"
                               << (left.size() == 1 ? "" : "s") << ": ";
    llvm::interleave(
        left,
        [&](Operation *op) { error << describe(op, listener.reasons[op]); },
        [&] { error << "; "; });
    return error;
  }

  FrozenRewritePatternSet patterns;
};

} // namespace
