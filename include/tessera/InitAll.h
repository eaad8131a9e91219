//===- InitAll.h - Everything a tool registers ------------------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// One place that knows all of Tessera. Tools, plugins and embedding compilers
// call these; whoever wants less registers the parts.
//
//===----------------------------------------------------------------------===//

#ifndef TESSERA_INITALL_H
#define TESSERA_INITALL_H

#include "mlir/IR/DialectRegistry.h"

namespace tessera {

/// The patch dialect, and the upstream dialects that networks come in and go
/// through: tosa, func, arith, tensor, memref, scf, cf, llvm, dlti. Includes
/// registerAllExtensions.
void registerAllDialects(mlir::DialectRegistry &registry);

/// What Tessera attaches to other dialects: the window interface to TOSA's ops.
void registerAllExtensions(mlir::DialectRegistry &registry);

/// Tessera's passes and pipelines, none of upstream's.
void registerAllPasses();

} // namespace tessera

#endif // TESSERA_INITALL_H
