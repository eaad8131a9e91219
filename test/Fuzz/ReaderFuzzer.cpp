//===- ReaderFuzzer.cpp - libFuzzer target of the .tflite reader ----------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Any bytes are read without a fault, and what reads is used as the importer
// uses it: all indices are followed and all constants are summed up, so that a
// wrong index or length is seen by AddressSanitizer. Built and run by
// utils/fuzz.sh.
//
//===----------------------------------------------------------------------===//

#include "tessera/Import/TFLite/Reader.h"

#include <cstdlib>

using namespace tessera::tflite;

/// Keeps the reads from being optimised away.
static volatile uint64_t checksum;

static void useTensor(const Tensor &tensor) {
  for (size_t i = 0; i < tensor.dataBytes; ++i)
    checksum = checksum + tensor.data[i];
  for (size_t i = 0; i < tensor.quantization.scales.size(); ++i)
    checksum = checksum + tensor.quantization.zeroPoints[i];
  if (tensor.quantization.scales.size() > 1 &&
      tensor.shape[tensor.quantization.dimension] !=
          static_cast<int32_t>(tensor.quantization.scales.size()))
    std::abort();
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  auto result = readModel(data, size);
  if (auto *error = std::get_if<Error>(&result)) {
    for (char c : error->message)
      if (c < 0x20 || c > 0x7e)
        std::abort();
    if (error->message.empty())
      std::abort();
    return 0;
  }
  const Model &model = std::get<Model>(result);
  for (const Operator &op : model.operators) {
    for (int32_t input : op.inputs)
      if (input != noTensor)
        useTensor(model.tensors.at(input));
    for (int32_t output : op.outputs)
      checksum = checksum + model.tensors.at(output).numElements;
  }
  for (int32_t input : model.inputs)
    useTensor(model.tensors.at(input));
  for (int32_t output : model.outputs)
    useTensor(model.tensors.at(output));
  return 0;
}
