//===- InitAll.cpp - Everything a tool registers --------------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tessera/InitAll.h"

#include "tessera/Analysis/TosaWindows.h"
#include "tessera/Conversion/Passes.h"
#include "tessera/Dialect/Patch/IR/PatchDialect.h"
#include "tessera/Dialect/Patch/Transforms/Passes.h"
#include "tessera/Pipelines/Pipelines.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlow.h"
#include "mlir/Dialect/DLTI/DLTI.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Tosa/IR/TosaOps.h"

using namespace mlir;

void tessera::registerAllDialects(DialectRegistry &registry) {
  registry.insert<arith::ArithDialect, cf::ControlFlowDialect, DLTIDialect,
                  func::FuncDialect, LLVM::LLVMDialect, memref::MemRefDialect,
                  patch::PatchDialect, scf::SCFDialect, tensor::TensorDialect,
                  tosa::TosaDialect>();
  registerAllExtensions(registry);
}

void tessera::registerAllExtensions(DialectRegistry &registry) {
  registerTosaWindowOpInterfaceExternalModels(registry);
}

void tessera::registerAllPasses() {
  registerTesseraConversionPasses();
  patch::registerPatchPasses();
  registerPipelines();
}
