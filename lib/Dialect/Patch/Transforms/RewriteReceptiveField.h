//===- RewriteReceptiveField.h - Rewrites by receptive field ----*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TESSERA_LIB_DIALECT_PATCH_TRANSFORMS_REWRITERECEPTIVEFIELD_H
#define TESSERA_LIB_DIALECT_PATCH_TRANSFORMS_REWRITERECEPTIVEFIELD_H

#include "tessera/Dialect/Patch/Transforms/ReceptiveField.h"

#include "mlir/IR/Remarks.h"

namespace tessera::patch {

/// What a layer costs: multiply-accumulates of one inference, bytes of its
/// constants, bytes of its result.
struct LayerCost {
  int64_t macs = 0, parameterBytes = 0, mapBytes = 0;

  static LayerCost get(mlir::Operation *layer);
};

/// Says what the rewrite `name` saved: what `layer` cost before, less what it
/// costs now.
void remarkSaving(mlir::Operation *layer, llvm::StringRef name,
                  LayerCost before);

/// Says what a rewrite saved at two layers together.
void remarkSaving(mlir::Operation *layer, llvm::StringRef name,
                  LayerCost before, LayerCost after);

} // namespace tessera::patch

#endif // TESSERA_LIB_DIALECT_PATCH_TRANSFORMS_REWRITERECEPTIVEFIELD_H
