//===- ReaderDamageTest.cpp - The reader on damaged files -----------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Truncated, bit-flipped and random files. A damaged file may still read (a
// flip in a weight is no damage that anybody can see); then the model must keep
// every invariant of Model.h, which is checked here by brute force.
// `utils/fuzz.sh` runs this under sanitizers.
//
//===----------------------------------------------------------------------===//

#include "tessera/Import/TFLite/Reader.h"

#include "ModelBuilder.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <set>

using namespace tessera::tflite;
using namespace tessera::tflite::testing;

namespace {

/// The file whose bytes a model's constants must lie in.
struct FileRange {
  const uint8_t *begin, *end;
};

void expectValidTensor(const Tensor &tensor, FileRange file) {
  int64_t elements = 1;
  for (int32_t size : tensor.shape) {
    ASSERT_GE(size, 0);
    elements *= size;
  }
  EXPECT_EQ(elements, tensor.numElements);
  if (tensor.isConstant()) {
    EXPECT_GE(tensor.data, file.begin);
    EXPECT_LE(tensor.data + tensor.dataBytes, file.end);
    if (getBitWidth(tensor.type) != 0 && !tensor.isSparse) {
      EXPECT_EQ(tensor.dataBytes,
                (elements * getBitWidth(tensor.type) + 7) / 8);
    }
  }
  const Quantization &quantization = tensor.quantization;
  EXPECT_EQ(quantization.scales.size(), quantization.zeroPoints.size());
  for (float scale : quantization.scales) {
    EXPECT_TRUE(std::isfinite(scale));
    EXPECT_TRUE(tensor.isConstant() || scale > 0.0f);
  }
  if (quantization.scales.size() > 1) {
    ASSERT_GE(quantization.dimension, 0);
    ASSERT_LT(quantization.dimension, int32_t(tensor.shape.size()));
    EXPECT_EQ(tensor.shape[quantization.dimension],
              int32_t(quantization.scales.size()));
  }
}

void expectValidModel(const Model &model, FileRange file) {
  for (const Tensor &tensor : model.tensors)
    expectValidTensor(tensor, file);
  std::set<int32_t> defined(model.inputs.begin(), model.inputs.end());
  EXPECT_EQ(defined.size(), model.inputs.size());
  auto count = int32_t(model.tensors.size());
  std::set<int32_t> made;
  for (const Operator &op : model.operators) {
    for (int32_t input : op.inputs) {
      ASSERT_GE(input, noTensor);
      ASSERT_LT(input, count);
      if (input == noTensor)
        continue;
      const Tensor &tensor = model.tensors[input];
      EXPECT_TRUE(defined.count(input) || tensor.isConstant() ||
                  tensor.isVariable || tensor.numElements == 0);
    }
    for (int32_t output : op.outputs) {
      ASSERT_GE(output, 0);
      ASSERT_LT(output, count);
      defined.insert(output);
      made.insert(output);
    }
    if (auto *options = std::get_if<ConvOptions>(&op.options)) {
      EXPECT_GE(options->strideY, 1);
      EXPECT_GE(options->dilationX, 1);
    }
  }
  ASSERT_FALSE(model.outputs.empty());
  for (int32_t output : model.outputs)
    EXPECT_TRUE(made.count(output));
}

/// Reads `file` and checks what comes of it. Returns whether it reads.
bool check(const std::vector<uint8_t> &file) {
  auto result = readModel(file.data(), file.size());
  if (auto *model = std::get_if<Model>(&result)) {
    expectValidModel(*model, {file.data(), file.data() + file.size()});
    return true;
  }
  const std::string &message = std::get<Error>(result).message;
  EXPECT_FALSE(message.empty());
  for (char c : message)
    EXPECT_TRUE(c >= 0x20 && c <= 0x7e) << message;
  return false;
}

} // namespace

TEST(ReaderDamage, EveryTruncation) {
  std::vector<uint8_t> file = serialise(makeConvModel());
  ASSERT_TRUE(check(file));
  // The writer puts the root first and what it refers to behind it: cut by more
  // than the final padding, something is missing.
  for (size_t size = 0; size < file.size(); ++size)
    EXPECT_TRUE(!check({file.begin(), file.begin() + size}) ||
                size + 16 > file.size())
        << size;
}

TEST(ReaderDamage, EveryBitFlipped) {
  std::vector<uint8_t> file = serialise(makeConvModel());
  int refused = 0;
  for (size_t bit = 0; bit < 8 * file.size(); ++bit) {
    file[bit / 8] ^= 1u << (bit % 8);
    refused += !check(file);
    file[bit / 8] ^= 1u << (bit % 8);
  }
  // The weights and the bias are 66 bytes, everything else has a meaning.
  EXPECT_GT(refused, 1000);
}

TEST(ReaderDamage, RandomFlips) {
  const std::vector<uint8_t> file = serialise(makeConvModel());
  for (unsigned seed = 0; seed < 5000; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937 random(seed);
    std::vector<uint8_t> damaged = file;
    for (unsigned flips = 2 + random() % 6; flips != 0; --flips)
      damaged[random() % damaged.size()] ^= 1u << (random() % 8);
    check(damaged);
  }
}

TEST(ReaderDamage, RandomWords) {
  // Offsets and sizes are 32-bit words: whole ones are replaced by values that
  // overflow sums and products.
  const uint32_t words[] = {0,          1,          0x7fffffff, 0x80000000,
                            0xffffffff, 0xfffffffc, 0x10000,    0x40000000};
  const std::vector<uint8_t> file = serialise(makeConvModel());
  for (unsigned seed = 0; seed < 5000; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937 random(seed);
    std::vector<uint8_t> damaged = file;
    for (unsigned count = 1 + random() % 3; count != 0; --count) {
      size_t at = random() % (damaged.size() / 4) * 4;
      uint32_t word = words[random() % std::size(words)];
      for (int byte = 0; byte < 4; ++byte)
        damaged[at + byte] = uint8_t(word >> (8 * byte));
    }
    check(damaged);
  }
}

TEST(ReaderDamage, RandomBytes) {
  for (unsigned seed = 0; seed < 2000; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937 random(seed);
    std::vector<uint8_t> file(random() % 400);
    for (uint8_t &byte : file)
      byte = uint8_t(random() % 3 == 0 ? random() : random() % 8);
    const char identifier[] = "TFL3";
    if (file.size() >= 8)
      std::copy(identifier, identifier + 4, file.begin() + 4);
    EXPECT_FALSE(check(file));
  }
}
