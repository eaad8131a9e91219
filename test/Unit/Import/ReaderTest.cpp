//===- ReaderTest.cpp - What the .tflite reader reads and refuses ---------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Each refusal is shown on the smallest change to a model that reads.
//
//===----------------------------------------------------------------------===//

#include "tessera/Import/TFLite/Reader.h"

#include "ModelBuilder.h"

#include <gtest/gtest.h>

#include <cstring>
#include <functional>
#include <limits>

using namespace tessera::tflite;
using namespace tessera::tflite::testing;

namespace {

/// Reads `model` and returns the error's message, or "read" if there is none.
std::string readError(const schema::ModelT &model) {
  std::vector<uint8_t> file = serialise(model);
  auto result = readModel(file.data(), file.size());
  if (auto *error = std::get_if<Error>(&result))
    return error->message;
  return "read";
}

/// Expects that the model, changed by `breakIt`, is refused for `reason`.
void expectRefusal(const std::function<void(schema::ModelT &)> &breakIt,
                   const std::string &reason) {
  schema::ModelT model = makeConvModel();
  breakIt(model);
  std::string message = readError(model);
  EXPECT_NE(message.find(reason), std::string::npos) << message;
  EXPECT_EQ(message.find('\n'), std::string::npos) << message;
}

schema::TensorT &getTensor(schema::ModelT &model, int index) {
  return *model.subgraphs[0]->tensors[index];
}

schema::OperatorT &getOperator(schema::ModelT &model) {
  return *model.subgraphs[0]->operators[0];
}

schema::Conv2DOptionsT &getOptions(schema::ModelT &model) {
  return *getOperator(model).builtin_options.AsConv2DOptions();
}

} // namespace

//===----------------------------------------------------------------------===//
// What reads
//===----------------------------------------------------------------------===//

TEST(Reader, Convolution) {
  std::vector<uint8_t> file = serialise(makeConvModel());
  auto result = readModel(file.data(), file.size());
  ASSERT_TRUE(std::holds_alternative<Model>(result))
      << std::get<Error>(result).message;
  const Model &model = std::get<Model>(result);

  ASSERT_EQ(model.tensors.size(), 4u);
  EXPECT_EQ(model.tensors[Input].name, "in");
  EXPECT_EQ(model.tensors[Input].shape, (std::vector<int32_t>{1, 4, 4, 2}));
  EXPECT_EQ(model.tensors[Input].numElements, 32);
  EXPECT_EQ(model.tensors[Input].type, ElementType::Int8);
  EXPECT_FALSE(model.tensors[Input].isConstant());
  EXPECT_EQ(model.tensors[Input].quantization.scales,
            (std::vector<float>{0.5f}));
  EXPECT_EQ(model.tensors[Input].quantization.zeroPoints,
            (std::vector<int32_t>{-128}));

  // Scales per output channel, one of them negative.
  const Tensor &weights = model.tensors[Weights];
  EXPECT_EQ(weights.quantization.scales,
            (std::vector<float>{0.25f, 0.5f, -1.0f}));
  EXPECT_EQ(weights.quantization.dimension, 0);
  ASSERT_EQ(weights.dataBytes, 54u);
  EXPECT_EQ(static_cast<int8_t>(weights.data[0]), -27);
  EXPECT_EQ(static_cast<int8_t>(weights.data[53]), 26);

  int32_t bias[3];
  ASSERT_EQ(model.tensors[Bias].dataBytes, sizeof(bias));
  std::memcpy(bias, model.tensors[Bias].data, sizeof(bias));
  EXPECT_EQ(bias[2], 2000);

  ASSERT_EQ(model.operators.size(), 1u);
  const Operator &op = model.operators[0];
  EXPECT_EQ(op.name, "CONV_2D");
  EXPECT_TRUE(op.is(Builtin::Conv2D));
  EXPECT_EQ(op.inputs, (std::vector<int32_t>{Input, Weights, Bias}));
  const auto &options = std::get<ConvOptions>(op.options);
  EXPECT_EQ(options.padding, Padding::Same);
  EXPECT_EQ(options.strideY, 2);
  EXPECT_EQ(options.dilationX, 1);
  EXPECT_EQ(options.activation, Activation::Relu);
  EXPECT_EQ(model.inputs, (std::vector<int32_t>{Input}));
  EXPECT_EQ(model.outputs, (std::vector<int32_t>{Output}));
}

TEST(Reader, UnalignedFile) {
  std::vector<uint8_t> file = serialise(makeConvModel());
  std::vector<uint8_t> shifted(file.size() + 1);
  std::copy(file.begin(), file.end(), shifted.begin() + 1);
  auto result = readModel(shifted.data() + 1, file.size());
  ASSERT_TRUE(std::holds_alternative<Model>(result));
  EXPECT_EQ(
      static_cast<int8_t>(std::get<Model>(result).tensors[Weights].data[53]),
      26);
}

TEST(Reader, DynamicBatchOfOne) {
  // TensorFlow's exporter writes −1 for the batch and 1 into the shape.
  schema::ModelT model = makeConvModel();
  getTensor(model, Input).shape_signature = {-1, 4, 4, 2};
  EXPECT_EQ(readError(model), "read");
}

TEST(Reader, MissingBias) {
  schema::ModelT model = makeConvModel();
  getOperator(model).inputs = {Input, Weights, noTensor};
  EXPECT_EQ(readError(model), "read");
}

TEST(Reader, OperatorCodeInEitherField) {
  // Small codes may stand in the old, 8-bit field only; large ones in the new.
  schema::ModelT model = makeConvModel();
  model.operator_codes[0]->builtin_code = 0;
  EXPECT_EQ(readError(model), "read");
  model.operator_codes[0]->deprecated_builtin_code = 127;
  model.operator_codes[0]->builtin_code = 150;
  std::vector<uint8_t> file = serialise(model);
  auto result = readModel(file.data(), file.size());
  ASSERT_TRUE(std::holds_alternative<Model>(result));
  EXPECT_EQ(std::get<Model>(result).operators[0].name, "GELU");
}

TEST(Reader, CustomOperatorKeepsItsName) {
  schema::ModelT model = makeConvModel();
  model.operator_codes[0]->deprecated_builtin_code = 32;
  model.operator_codes[0]->builtin_code = 32;
  model.operator_codes[0]->custom_code = "Detect\nAll";
  std::vector<uint8_t> file = serialise(model);
  auto result = readModel(file.data(), file.size());
  ASSERT_TRUE(std::holds_alternative<Model>(result));
  // Names are printable on one line.
  EXPECT_EQ(std::get<Model>(result).operators[0].name, "CUSTOM:Detect?All");
}

TEST(Reader, DataOutsideTheFlatbuffer) {
  schema::ModelT model = makeConvModel();
  std::vector<uint8_t> bias = model.buffers[2]->data;
  model.buffers[2]->data.clear();
  // Offsets are written at their full width, so the file's size is known after
  // one trial.
  model.buffers[2]->offset = std::numeric_limits<uint64_t>::max();
  model.buffers[2]->size = bias.size();
  size_t flatbufferBytes = serialise(model).size();
  model.buffers[2]->offset = flatbufferBytes;
  std::vector<uint8_t> file = serialise(model);
  ASSERT_EQ(file.size(), flatbufferBytes);
  file.insert(file.end(), bias.begin(), bias.end());
  auto result = readModel(file.data(), file.size());
  ASSERT_TRUE(std::holds_alternative<Model>(result))
      << std::get<Error>(result).message;
  EXPECT_EQ(std::get<Model>(result).tensors[Bias].data,
            file.data() + flatbufferBytes);

  // One byte short.
  result = readModel(file.data(), file.size() - 1);
  ASSERT_TRUE(std::holds_alternative<Error>(result));
  EXPECT_NE(std::get<Error>(result).message.find("buffer 2 ends at byte"),
            std::string::npos);
}

TEST(Reader, FourBitWeightsArePacked) {
  schema::ModelT model = makeConvModel();
  getTensor(model, Weights).type = schema::TensorType::INT4;
  model.buffers[1]->data.resize(27);
  EXPECT_EQ(readError(model), "read");
}

//===----------------------------------------------------------------------===//
// The file
//===----------------------------------------------------------------------===//

TEST(Reader, negative_Empty) {
  auto result = readModel(nullptr, 0);
  ASSERT_TRUE(std::holds_alternative<Error>(result));
  EXPECT_EQ(std::get<Error>(result).message,
            "not a TensorFlow Lite model: the identifier TFL3 is missing; give "
            "a .tflite file");
}

TEST(Reader, negative_OtherFormat) {
  const std::string text = "module { func.func @main() { return } }";
  auto result =
      readModel(reinterpret_cast<const uint8_t *>(text.data()), text.size());
  ASSERT_TRUE(std::holds_alternative<Error>(result));
  EXPECT_NE(std::get<Error>(result).message.find("TFL3"), std::string::npos);
}

TEST(Reader, negative_Version) {
  expectRefusal([](schema::ModelT &model) { model.version = 2; },
                "schema version 2 is not supported");
}

TEST(Reader, negative_NoSubgraph) {
  expectRefusal([](schema::ModelT &model) { model.subgraphs.clear(); },
                "the model has 0 subgraphs");
}

TEST(Reader, negative_TwoSubgraphs) {
  expectRefusal(
      [](schema::ModelT &model) {
        model.subgraphs.push_back(std::make_unique<schema::SubGraphT>());
      },
      "the model has 2 subgraphs, one is supported");
}

TEST(Reader, negative_BufferBeyondTheFile) {
  expectRefusal(
      [](schema::ModelT &model) {
        model.buffers[2]->data.clear();
        model.buffers[2]->offset = std::numeric_limits<uint64_t>::max() - 4;
        model.buffers[2]->size = 12;
      },
      "buffer 2 ends at byte 18446744073709551611 + 12");
}

TEST(Reader, negative_BufferTwice) {
  expectRefusal(
      [](schema::ModelT &model) {
        model.buffers[2]->offset = 16;
        model.buffers[2]->size = 12;
      },
      "buffer 2 has data inside and outside of the flatbuffer");
}

TEST(Reader, negative_SharedVectorsExceedTheBudget) {
  // 400 operators that all refer to one vector of 400 operands: 160,000 indices
  // from a file of a few thousand bytes.
  flatbuffers::FlatBufferBuilder builder;
  auto indices = builder.CreateVector(std::vector<int32_t>(400, 0));
  auto op = schema::CreateOperator(builder, 0, indices, indices);
  std::vector<flatbuffers::Offset<schema::Operator>> operators(400, op);
  auto shape = builder.CreateVector(std::vector<int32_t>{1});
  auto tensor =
      schema::CreateTensor(builder, shape, schema::TensorType::INT8, 0);
  auto graph =
      schema::CreateSubGraph(builder, builder.CreateVector(&tensor, 1), indices,
                             indices, builder.CreateVector(operators));
  auto code = schema::CreateOperatorCode(builder, int8_t(0));
  auto buffer = schema::CreateBuffer(builder);
  schema::FinishModelBuffer(
      builder, schema::CreateModel(builder, 3, builder.CreateVector(&code, 1),
                                   builder.CreateVector(&graph, 1), 0,
                                   builder.CreateVector(&buffer, 1)));
  auto result = readModel(builder.GetBufferPointer(), builder.GetSize());
  ASSERT_TRUE(std::holds_alternative<Error>(result));
  EXPECT_NE(std::get<Error>(result).message.find("more data than it holds"),
            std::string::npos);
}

//===----------------------------------------------------------------------===//
// Tensors
//===----------------------------------------------------------------------===//

TEST(Reader, negative_UnknownElementType) {
  expectRefusal(
      [](schema::ModelT &model) {
        getTensor(model, Output).type = static_cast<schema::TensorType>(19);
      },
      "tensor 3 ('out') has element type 19");
}

TEST(Reader, negative_NegativeSize) {
  expectRefusal(
      [](schema::ModelT &model) {
        getTensor(model, Input).shape = {1, -1, 4, 2};
      },
      "tensor 0 ('in') has a dimension of size -1");
}

TEST(Reader, negative_ShapeProductOverflows) {
  // 65536^4 is 2^64.
  expectRefusal(
      [](schema::ModelT &model) {
        getTensor(model, Input).shape = {65536, 65536, 65536, 65536};
      },
      "tensor 0 ('in') has more than 2147483647 elements");
}

TEST(Reader, negative_DynamicHeight) {
  expectRefusal(
      [](schema::ModelT &model) {
        getTensor(model, Input).shape_signature = {-1, -1, 4, 2};
      },
      "tensor 0 ('in') has a dynamic size in dimension 1");
}

TEST(Reader, negative_SignatureRank) {
  expectRefusal(
      [](schema::ModelT &model) {
        getTensor(model, Input).shape_signature = {-1, 4};
      },
      "a shape of rank 4 and a signature of rank 2");
}

TEST(Reader, negative_BufferIndex) {
  expectRefusal(
      [](schema::ModelT &model) { getTensor(model, Weights).buffer = 3; },
      "tensor 1 ('weights') has its data in buffer 3 of 3");
}

TEST(Reader, negative_DataTooShort) {
  expectRefusal(
      [](schema::ModelT &model) { model.buffers[1]->data.pop_back(); },
      "tensor 1 ('weights') has 53 bytes of data, and its shape and type need "
      "54");
}

TEST(Reader, negative_DataTooLong) {
  expectRefusal(
      [](schema::ModelT &model) { model.buffers[2]->data.push_back(0); },
      "tensor 2 ('bias') has 13 bytes of data, and its shape and type need 12");
}

TEST(Reader, negative_ScaleNotFinite) {
  for (float scale : {std::numeric_limits<float>::infinity(),
                      std::numeric_limits<float>::quiet_NaN()})
    expectRefusal(
        [&](schema::ModelT &model) {
          getTensor(model, Weights).quantization->scale[1] = scale;
        },
        "tensor 1 ('weights') has scale");
}

TEST(Reader, negative_ActivationScaleNotPositive) {
  for (float scale : {0.0f, -0.5f})
    expectRefusal(
        [&](schema::ModelT &model) {
          getTensor(model, Output).quantization->scale[0] = scale;
        },
        "tensor 3 ('out') has scale");
}

TEST(Reader, negative_ZeroPointOutOfRange) {
  expectRefusal(
      [](schema::ModelT &model) {
        getTensor(model, Input).quantization->zero_point[0] = 128;
      },
      "tensor 0 ('in') has zero point 128, and its type INT8 cannot hold that");
}

TEST(Reader, negative_ZeroPointCount) {
  expectRefusal(
      [](schema::ModelT &model) {
        getTensor(model, Weights).quantization->zero_point = {0, 0};
      },
      "tensor 1 ('weights') has 3 scales and 2 zero points");
}

TEST(Reader, negative_QuantizedDimension) {
  for (int32_t dimension : {-1, 4})
    expectRefusal(
        [&](schema::ModelT &model) {
          getTensor(model, Weights).quantization->quantized_dimension =
              dimension;
        },
        "has scales along dimension " + std::to_string(dimension) + " of 4");
}

TEST(Reader, negative_ScalesPerChannel) {
  // Dimension 3 of the weights has size 2.
  expectRefusal(
      [](schema::ModelT &model) {
        getTensor(model, Weights).quantization->quantized_dimension = 3;
      },
      "has 3 scales along a dimension of size 2");
}

//===----------------------------------------------------------------------===//
// Operators
//===----------------------------------------------------------------------===//

TEST(Reader, negative_OperatorCodeIndex) {
  expectRefusal(
      [](schema::ModelT &model) { getOperator(model).opcode_index = 1; },
      "operator 0 has code number 1 of 1");
}

TEST(Reader, negative_OperatorCode) {
  expectRefusal(
      [](schema::ModelT &model) {
        model.operator_codes[0]->deprecated_builtin_code = -3;
        model.operator_codes[0]->builtin_code = -3;
      },
      "operator code 0 is -3");
}

TEST(Reader, negative_OperandIndex) {
  for (int32_t tensor : {-2, 4})
    expectRefusal(
        [&](schema::ModelT &model) { getOperator(model).inputs[1] = tensor; },
        "operator 0 (CONV_2D) reads tensor " + std::to_string(tensor) +
            " of 4");
}

TEST(Reader, negative_ResultIndex) {
  for (int32_t tensor : {-1, 4})
    expectRefusal(
        [&](schema::ModelT &model) { getOperator(model).outputs[0] = tensor; },
        "operator 0 (CONV_2D) makes tensor " + std::to_string(tensor) +
            " of 4");
}

TEST(Reader, negative_OptionsOfAnotherOperator) {
  expectRefusal(
      [](schema::ModelT &model) {
        getOperator(model).builtin_options.Set(schema::Pool2DOptionsT());
      },
      "operator 0 (CONV_2D) lacks its options");
}

TEST(Reader, negative_Stride) {
  expectRefusal([](schema::ModelT &model) { getOptions(model).stride_w = 0; },
                "operator 0 (CONV_2D) has stride 0");
}

TEST(Reader, negative_Dilation) {
  expectRefusal(
      [](schema::ModelT &model) { getOptions(model).dilation_h_factor = -1; },
      "operator 0 (CONV_2D) has dilation -1");
}

TEST(Reader, negative_Padding) {
  expectRefusal(
      [](schema::ModelT &model) {
        getOptions(model).padding = static_cast<schema::Padding>(2);
      },
      "operator 0 (CONV_2D) has padding kind 2");
}

TEST(Reader, negative_Activation) {
  expectRefusal(
      [](schema::ModelT &model) {
        getOptions(model).fused_activation_function =
            static_cast<schema::ActivationFunctionType>(-1);
      },
      "operator 0 (CONV_2D) has activation function -1");
}

TEST(Reader, negative_FilterSize) {
  expectRefusal(
      [](schema::ModelT &model) {
        model.operator_codes[0]->deprecated_builtin_code = 17;
        model.operator_codes[0]->builtin_code = 17;
        schema::Pool2DOptionsT pool;
        pool.stride_h = pool.stride_w = pool.filter_width = 1;
        getOperator(model).builtin_options.Set(std::move(pool));
      },
      "operator 0 (MAX_POOL_2D) has filter size 0");
}

TEST(Reader, negative_Beta) {
  expectRefusal(
      [](schema::ModelT &model) {
        model.operator_codes[0]->deprecated_builtin_code = 25;
        model.operator_codes[0]->builtin_code = 25;
        schema::SoftmaxOptionsT softmax;
        softmax.beta = std::numeric_limits<float>::infinity();
        getOperator(model).builtin_options.Set(std::move(softmax));
      },
      "operator 0 (SOFTMAX) has beta inf");
}

//===----------------------------------------------------------------------===//
// Data flow
//===----------------------------------------------------------------------===//

TEST(Reader, negative_NoInputs) {
  expectRefusal([](schema::ModelT &model) { model.subgraphs[0]->inputs = {}; },
                "the model has no inputs");
}

TEST(Reader, negative_NoOutputs) {
  expectRefusal([](schema::ModelT &model) { model.subgraphs[0]->outputs = {}; },
                "the model has no outputs");
}

TEST(Reader, negative_InputIndex) {
  expectRefusal(
      [](schema::ModelT &model) { model.subgraphs[0]->inputs = {-1}; },
      "the model's input is tensor -1 of 4");
}

TEST(Reader, negative_OutputIndex) {
  expectRefusal(
      [](schema::ModelT &model) { model.subgraphs[0]->outputs = {4}; },
      "the model's output is tensor 4 of 4");
}

TEST(Reader, negative_InputIsConstant) {
  expectRefusal(
      [](schema::ModelT &model) { model.subgraphs[0]->inputs = {Input, Bias}; },
      "input tensor 2 ('bias') is also a constant");
}

TEST(Reader, negative_InputTwice) {
  expectRefusal(
      [](schema::ModelT &model) {
        model.subgraphs[0]->inputs = {Input, Input};
      },
      "input tensor 0 ('in') is also a constant, a variable or another input");
}

TEST(Reader, negative_OutputTwice) {
  expectRefusal(
      [](schema::ModelT &model) {
        model.subgraphs[0]->outputs = {Output, Output};
      },
      "output tensor 3 ('out') is made by no operator or listed twice");
}

TEST(Reader, negative_OutputIsInput) {
  expectRefusal(
      [](schema::ModelT &model) { model.subgraphs[0]->outputs = {Input}; },
      "output tensor 0 ('in') is made by no operator");
}

TEST(Reader, negative_Batch) {
  expectRefusal(
      [](schema::ModelT &model) {
        getTensor(model, Input).shape = {2, 4, 4, 2};
      },
      "input tensor 0 ('in') has batch size 2");
}

TEST(Reader, negative_EmptyInput) {
  expectRefusal(
      [](schema::ModelT &model) {
        getTensor(model, Input).shape = {1, 0, 4, 2};
      },
      "input tensor 0 ('in') has no elements");
}

TEST(Reader, negative_TwoProducers) {
  expectRefusal(
      [](schema::ModelT &model) {
        auto again = std::make_unique<schema::OperatorT>(getOperator(model));
        model.subgraphs[0]->operators.push_back(std::move(again));
      },
      "operator 1 (CONV_2D) makes tensor 3 ('out'), which exists already");
}

TEST(Reader, negative_WritesAConstant) {
  expectRefusal(
      [](schema::ModelT &model) { getOperator(model).outputs = {Bias}; },
      "operator 0 (CONV_2D) makes tensor 2 ('bias'), which exists already");
}

TEST(Reader, negative_WeightsWithoutData) {
  expectRefusal(
      [](schema::ModelT &model) {
        model.buffers[1]->data.clear();
        getTensor(model, Weights).quantization->scale[2] = 1.0f;
      },
      "operator 0 (CONV_2D) reads tensor 1 ('weights'), which is no constant "
      "and which no earlier operator makes");
}

TEST(Reader, negative_Cycle) {
  expectRefusal(
      [](schema::ModelT &model) { getOperator(model).inputs[0] = Output; },
      "operator 0 (CONV_2D) reads tensor 3 ('out'), which is no constant and "
      "which no earlier operator makes");
}
