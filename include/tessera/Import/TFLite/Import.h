//===- Import.h - From .tflite to TOSA and patch layers ---------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The front of the compiler. The result says in TOSA what TOSA says exactly,
// and in layers of the patch dialect the rest; see
// lib/Import/TFLite/Import.cpp.
//
//===----------------------------------------------------------------------===//

#ifndef TESSERA_IMPORT_TFLITE_IMPORT_H
#define TESSERA_IMPORT_TFLITE_IMPORT_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"
#include "llvm/ADT/StringRef.h"

#include <string>

namespace tessera {

/// Attributes of the imported function's arguments and results: the tensor's
/// name in the file (a string of printable characters), and of quantised
/// tensors the scale (f32) and the zero point (i32).
constexpr llvm::StringLiteral tensorNameAttr = "tessera.name";
constexpr llvm::StringLiteral tensorScaleAttr = "tessera.scale";
constexpr llvm::StringLiteral tensorZeroPointAttr = "tessera.zero_point";

/// Imports the bytes of a .tflite file as one `func.func` called `name` (a C
/// identifier), on tensors of the file's own shapes. Every op has a location
/// with its layer's name (see LayerName.h). Loads the dialects it needs.
///
/// Returns null after one error through the context's diagnostics: why the file
/// was refused, or all operators that are not supported, each with the reason.
mlir::OwningOpRef<mlir::ModuleOp> importTFLite(mlir::MLIRContext *context,
                                               llvm::StringRef buffer,
                                               llvm::StringRef name);

/// A C identifier from the name of a file: its stem, with '_' for what an
/// identifier cannot hold. "models/kws-2.tflite" gives "kws_2".
std::string getModelName(llvm::StringRef path);

/// Adds `--import-tflite` to a tool whose main is `mlirTranslateMain`. The
/// function gets the name of the input file (see getModelName), or "main" for
/// standard input.
void registerTFLiteToMLIRTranslation();

} // namespace tessera

#endif // TESSERA_IMPORT_TFLITE_IMPORT_H
