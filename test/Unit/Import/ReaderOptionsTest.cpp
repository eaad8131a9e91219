//===- ReaderOptionsTest.cpp - Options of operators that are damaged ------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tessera/Import/TFLite/Reader.h"

#include "ModelBuilder.h"

#include <gtest/gtest.h>

#include <limits>

using namespace tessera::tflite;
using namespace tessera::tflite::testing;

/// Expects that a model whose operator has this code and these options is
/// refused for `reason`.
template <typename Options>
static void expectRefusal(int32_t code, Options options,
                          const std::string &reason) {
  schema::ModelT model = makeConvModel();
  model.operator_codes[0]->deprecated_builtin_code =
      static_cast<int8_t>(std::min(code, 127));
  model.operator_codes[0]->builtin_code = code;
  model.subgraphs[0]->operators[0]->builtin_options.Set(std::move(options));
  std::vector<uint8_t> file = serialise(model);
  auto result = readModel(file.data(), file.size());
  auto *error = std::get_if<Error>(&result);
  ASSERT_TRUE(error) << "read";
  EXPECT_NE(error->message.find(reason), std::string::npos) << error->message;
}

TEST(ReaderOptions, negative_Alpha) {
  schema::LeakyReluOptionsT leaky;
  leaky.alpha = std::numeric_limits<float>::quiet_NaN();
  expectRefusal(98, leaky, "operator 0 (LEAKY_RELU) has alpha");
}

TEST(ReaderOptions, negative_Activation) {
  auto wrong = static_cast<schema::ActivationFunctionType>(6);
  schema::MulOptionsT mul;
  mul.fused_activation_function = wrong;
  expectRefusal(18, mul, "operator 0 (MUL) has activation function 6");
  schema::SubOptionsT sub;
  sub.fused_activation_function = wrong;
  expectRefusal(41, sub, "operator 0 (SUB) has activation function 6");
  schema::ConcatenationOptionsT concatenation;
  concatenation.fused_activation_function = wrong;
  expectRefusal(2, concatenation,
                "operator 0 (CONCATENATION) has activation function 6");
}

// The options of another operator are none.
TEST(ReaderOptions, negative_Missing) {
  schema::AddOptionsT add;
  for (auto [code, name] :
       {std::pair(2, "CONCATENATION"), std::pair(45, "STRIDED_SLICE"),
        std::pair(97, "RESIZE_NEAREST_NEIGHBOR"), std::pair(98, "LEAKY_RELU")})
    expectRefusal(code, add,
                  std::string("operator 0 (") + name + ") lacks its options");
}
