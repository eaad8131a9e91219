//===- DebugLines.cpp - Layers as source lines ----------------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// The finished object must tell which call in the entry function belongs to
// which layer, after every optimisation. Debug lines are what LLVM carries
// through all of them: the entry gets a subprogram, and a call of layer i line
// i + 1. Only line tables are emitted; they take no flash.
//
//===----------------------------------------------------------------------===//

#include "tessera/Conversion/PatchToLLVM/PatchToLLVM.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "llvm/BinaryFormat/Dwarf.h"

using namespace mlir;
using namespace tessera;

void tessera::attachLayerLines(ModuleOp module) {
  MLIRContext *context = module.getContext();
  Builder builder(context);
  for (auto function : module.getOps<LLVM::LLVMFuncOp>()) {
    if (function.isExternal() ||
        function.getLinkage() != LLVM::Linkage::External)
      continue;
    StringAttr name = function.getSymNameAttr();
    auto file = LLVM::DIFileAttr::get(context, name.getValue(), "");
    auto unit = LLVM::DICompileUnitAttr::get(
        DistinctAttr::create(builder.getUnitAttr()), llvm::dwarf::DW_LANG_C99,
        file, builder.getStringAttr("tessera"), /*isOptimized=*/true,
        LLVM::DIEmissionKind::LineTablesOnly);
    auto type = LLVM::DISubroutineTypeAttr::get(context, {});
    auto program = LLVM::DISubprogramAttr::get(
        context, DistinctAttr::create(builder.getUnitAttr()), unit, file, name,
        name, file, /*line=*/0, /*scopeLine=*/0,
        LLVM::DISubprogramFlags::Definition |
            LLVM::DISubprogramFlags::Optimized,
        type, /*retainedNodes=*/{}, /*annotations=*/{});
    Location unknown = builder.getUnknownLoc();
    function->setLoc(
        FusedLoc::get({FileLineColLoc::get(name, 0, 0)}, program, context));
    // Block arguments become phis, which would bring the lines of a file of IR.
    for (Block &block : function.getBody())
      for (BlockArgument argument : block.getArguments())
        argument.setLoc(unknown);
    function.walk([&](Operation *op) {
      if (op == function)
        return;
      auto layer = op->getAttrOfType<IntegerAttr>(kLayerAttr);
      if (!layer) {
        op->setLoc(unknown);
        return;
      }
      unsigned line = static_cast<unsigned>(layer.getInt()) + 1;
      op->setLoc(FileLineColLoc::get(name, line, 1));
      op->removeAttr(kLayerAttr);
    });
  }
}
