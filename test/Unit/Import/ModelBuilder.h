//===- ModelBuilder.h - Tiny .tflite files for the reader's tests -*- C++ -*-=//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A model that reads, as a tree that a test may break at one place before it is
// written.
//
//===----------------------------------------------------------------------===//

#ifndef TESSERA_TEST_UNIT_IMPORT_MODELBUILDER_H
#define TESSERA_TEST_UNIT_IMPORT_MODELBUILDER_H

#include "tflite_generated.h"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace tessera::tflite::testing {

/// Tensors of `makeConvModel`.
enum ConvTensor { Input = 0, Weights = 1, Bias = 2, Output = 3 };

inline std::unique_ptr<schema::TensorT>
makeTensor(const std::string &name, schema::TensorType type,
           std::vector<int32_t> shape, uint32_t buffer,
           std::vector<float> scales = {}, std::vector<int64_t> zeroPoints = {},
           int32_t dimension = 0) {
  auto tensor = std::make_unique<schema::TensorT>();
  tensor->name = name;
  tensor->type = type;
  tensor->shape = std::move(shape);
  tensor->buffer = buffer;
  if (!scales.empty()) {
    tensor->quantization = std::make_unique<schema::QuantizationParametersT>();
    tensor->quantization->scale = std::move(scales);
    tensor->quantization->zero_point = std::move(zeroPoints);
    tensor->quantization->quantized_dimension = dimension;
  }
  return tensor;
}

/// One CONV_2D, 3x3, stride 2, "SAME", RELU: 1x4x4x2 -> 1x2x2x3, weights with a
/// scale per output channel. Weight i is i − 27, bias i is 1000 · i.
inline schema::ModelT makeConvModel() {
  using schema::TensorType;
  schema::ModelT model;
  model.version = 3;
  model.operator_codes.push_back(std::make_unique<schema::OperatorCodeT>());
  model.operator_codes[0]->deprecated_builtin_code = 3;
  model.operator_codes[0]->builtin_code = 3;
  for (int i = 0; i < 3; ++i)
    model.buffers.push_back(std::make_unique<schema::BufferT>());
  for (int i = 0; i < 54; ++i)
    model.buffers[1]->data.push_back(static_cast<uint8_t>(i - 27));
  for (int i = 0; i < 3; ++i)
    for (int byte = 0; byte < 4; ++byte)
      model.buffers[2]->data.push_back(
          static_cast<uint8_t>((1000 * i) >> (8 * byte)));

  auto graph = std::make_unique<schema::SubGraphT>();
  graph->tensors.push_back(
      makeTensor("in", TensorType::INT8, {1, 4, 4, 2}, 0, {0.5f}, {-128}));
  graph->tensors.push_back(makeTensor("weights", TensorType::INT8, {3, 3, 3, 2},
                                      1, {0.25f, 0.5f, -1.0f}, {0, 0, 0}, 0));
  graph->tensors.push_back(makeTensor("bias", TensorType::INT32, {3}, 2));
  graph->tensors.push_back(
      makeTensor("out", TensorType::INT8, {1, 2, 2, 3}, 0, {2.0f}, {4}));
  graph->inputs = {Input};
  graph->outputs = {Output};

  auto op = std::make_unique<schema::OperatorT>();
  op->inputs = {Input, Weights, Bias};
  op->outputs = {Output};
  schema::Conv2DOptionsT options;
  options.padding = schema::Padding::SAME;
  options.stride_h = options.stride_w = 2;
  options.fused_activation_function = schema::ActivationFunctionType::RELU;
  op->builtin_options.Set(std::move(options));
  graph->operators.push_back(std::move(op));
  model.subgraphs.push_back(std::move(graph));
  return model;
}

inline std::vector<uint8_t> serialise(const schema::ModelT &model) {
  flatbuffers::FlatBufferBuilder builder;
  schema::FinishModelBuffer(builder, schema::Model::Pack(builder, &model));
  return {builder.GetBufferPointer(),
          builder.GetBufferPointer() + builder.GetSize()};
}

} // namespace tessera::tflite::testing

#endif // TESSERA_TEST_UNIT_IMPORT_MODELBUILDER_H
