//===- ReaderDetail.h - Parts of the reader ---------------------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What Reader.cpp (decoding) and GraphChecks.cpp (data flow) share.
//
//===----------------------------------------------------------------------===//

#ifndef TESSERA_LIB_IMPORT_TFLITE_READERDETAIL_H
#define TESSERA_LIB_IMPORT_TFLITE_READERDETAIL_H

#include "tessera/Import/TFLite/Model.h"

#include <string>

namespace tessera::tflite {

/// A cause that only a damaged file can have, with its cure.
std::string describeDamage(const std::string &cause);

/// "tensor 3 ('conv/bias')".
std::string describeTensor(const Model &model, int32_t index);

/// "operator 7 (CONV_2D)".
std::string describeOperator(const Model &model, size_t index);

/// Checks the data flow of a model whose indices are all in range: one producer
/// per tensor, nothing read before it is made, static shapes, batch 1. Returns
/// the error's message, or an empty string.
std::string checkDataFlow(const Model &model);

} // namespace tessera::tflite

#endif // TESSERA_LIB_IMPORT_TFLITE_READERDETAIL_H
