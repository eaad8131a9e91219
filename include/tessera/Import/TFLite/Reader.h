//===- Reader.h - Reads and checks .tflite files ----------------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The gate between a file that anybody may have written and the compiler. Plain
// C++ without LLVM or MLIR, so that it can be fuzzed under sanitizers.
//
//===----------------------------------------------------------------------===//

#ifndef TESSERA_IMPORT_TFLITE_READER_H
#define TESSERA_IMPORT_TFLITE_READER_H

#include "tessera/Import/TFLite/Model.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <variant>

namespace tessera::tflite {

/// Why a file was refused: one line that names the cause and a cure, printable
/// characters only.
struct Error {
  std::string message;
};

/// Decodes a .tflite file of `size` bytes. Constant tensors of the result point
/// into `data`, which must outlive it.
///
/// Any bytes may be given: what is not a well-formed model is refused, and
/// nothing outside [data, data + size) is read. A file that is well formed but
/// holds operators or types that Tessera does not compile is read: to refuse
/// those, all of them in one message, is the importer's task.
std::variant<Model, Error> readModel(const uint8_t *data, size_t size);

} // namespace tessera::tflite

#endif // TESSERA_IMPORT_TFLITE_READER_H
