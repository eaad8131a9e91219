//===- Model.h - A decoded .tflite model ------------------------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What the reader makes of a .tflite file: plain structs, in the file's own
// order and with the file's own indices. A `Model` that the reader returned
// keeps every invariant stated here, so that its users index without checking.
//
//===----------------------------------------------------------------------===//

#ifndef TESSERA_IMPORT_TFLITE_MODEL_H
#define TESSERA_IMPORT_TFLITE_MODEL_H

#include <cstddef>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace tessera::tflite {

/// Element types, numbered as in the file.
enum class ElementType : int8_t {
  Float32 = 0,
  Float16 = 1,
  Int32 = 2,
  UInt8 = 3,
  Int64 = 4,
  String = 5,
  Bool = 6,
  Int16 = 7,
  Complex64 = 8,
  Int8 = 9,
  Float64 = 10,
  Complex128 = 11,
  UInt64 = 12,
  Resource = 13,
  Variant = 14,
  UInt32 = 15,
  UInt16 = 16,
  Int4 = 17,
  BFloat16 = 18,
};

/// The name of an element type as messages show it, e.g. "INT8".
const char *getName(ElementType type);

/// Bits of one element, or 0 if elements have no fixed size (strings, handles).
unsigned getBitWidth(ElementType type);

enum class Padding : int8_t { Same = 0, Valid = 1 };

/// Activation functions that an operator may have fused.
enum class Activation : int8_t {
  None = 0,
  Relu = 1,
  ReluN1To1 = 2,
  Relu6 = 3,
  Tanh = 4,
  SignBit = 5,
};

/// real value = scale · (quantised value − zero point). Read for INT8, UINT8
/// and INT16 tensors only: nothing computes with the quantisation of others.
struct Quantization {
  /// None (not quantised), one, or one per index of dimension `dimension`. All
  /// finite; positive unless the tensor is constant (weights with negative
  /// scales exist).
  std::vector<float> scales;
  /// As many as scales, within the range of the element type.
  std::vector<int32_t> zeroPoints;
  /// Meaningful if there is more than one scale: less than the rank.
  int32_t dimension = 0;
  /// A scheme other than scale and zero point (blocks, custom): not decoded.
  bool isCustom = false;
};

struct Tensor {
  std::string name;
  /// Sizes >= 0, outermost first. Empty: a scalar.
  std::vector<int32_t> shape;
  ElementType type = ElementType::Float32;
  Quantization quantization;
  /// The values of a constant (little endian, not necessarily aligned), else
  /// null. Unless `isSparse` or the type has no fixed size, they are as many
  /// bytes as the shape says (4-bit elements: two in a byte).
  const uint8_t *data = nullptr;
  size_t dataBytes = 0;
  /// Keeps its value from one inference to the next.
  bool isVariable = false;
  bool isSparse = false;
  /// Product of the shape.
  int64_t numElements = 0;

  bool isConstant() const { return data != nullptr; }
};

/// CONV_2D and DEPTHWISE_CONV_2D. Strides and dilations are >= 1.
struct ConvOptions {
  Padding padding = Padding::Same;
  int32_t strideY = 1, strideX = 1;
  int32_t dilationY = 1, dilationX = 1;
  Activation activation = Activation::None;
  /// DEPTHWISE_CONV_2D only.
  int32_t depthMultiplier = 0;
};

/// AVERAGE_POOL_2D and MAX_POOL_2D. Strides and filter sizes are >= 1.
struct PoolOptions {
  Padding padding = Padding::Same;
  int32_t strideY = 1, strideX = 1;
  int32_t filterY = 1, filterX = 1;
  Activation activation = Activation::None;
};

struct FullyConnectedOptions {
  Activation activation = Activation::None;
  /// 0: rows of weights one after another.
  int32_t weightsFormat = 0;
};

/// ADD, MUL and SUB.
struct AddOptions {
  Activation activation = Activation::None;
};

struct SoftmaxOptions {
  /// Finite.
  float beta = 1.0f;
};

struct ConcatenationOptions {
  /// As in the file: negative ones count from the end.
  int32_t axis = 0;
  Activation activation = Activation::None;
};

/// RESIZE_NEAREST_NEIGHBOR.
struct ResizeOptions {
  bool alignCorners = false;
  bool halfPixelCenters = false;
};

/// Bit i of a mask is about axis i.
struct StridedSliceOptions {
  int32_t beginMask = 0, endMask = 0, ellipsisMask = 0, newAxisMask = 0,
          shrinkAxisMask = 0;
};

struct LeakyReluOptions {
  /// Finite.
  float alpha = 0.0f;
};

/// Options of an operator; none for operators that have none that matter here,
/// and for those that Tessera does not know.
using Options = std::variant<std::monostate, ConvOptions, PoolOptions,
                             FullyConnectedOptions, AddOptions, SoftmaxOptions,
                             LeakyReluOptions, ConcatenationOptions,
                             ResizeOptions, StridedSliceOptions>;

/// Operator codes that Tessera imports, numbered as in the file.
enum class Builtin : int32_t {
  Add = 0,
  AveragePool2D = 1,
  Concatenation = 2,
  Conv2D = 3,
  DepthwiseConv2D = 4,
  Dequantize = 6,
  FullyConnected = 9,
  Logistic = 14,
  MaxPool2D = 17,
  Mul = 18,
  Relu = 19,
  ReluN1To1 = 20,
  Relu6 = 21,
  Reshape = 22,
  Softmax = 25,
  Tanh = 28,
  Custom = 32,
  Pad = 34,
  Mean = 40,
  Sub = 41,
  Squeeze = 43,
  StridedSlice = 45,
  ExpandDims = 70,
  PadV2 = 60,
  Shape = 77,
  Pack = 83,
  ResizeNearestNeighbor = 97,
  LeakyRelu = 98,
  Elu = 111,
  Quantize = 114,
  HardSwish = 117,
  Relu0To1 = 152,
};

/// The name of an operator code, e.g. "CONV_2D", or "BUILTIN_n" for a code that
/// is newer than this reader.
std::string getBuiltinName(int32_t code);

/// An operand that is left out (a convolution without bias).
constexpr int32_t noTensor = -1;

struct Operator {
  /// A `Builtin`, or any other code.
  int32_t code = 0;
  /// E.g. "CONV_2D"; of a custom operator "CUSTOM:" and its own name.
  std::string name;
  int32_t version = 1;
  /// Indices of tensors; inputs may be `noTensor`.
  std::vector<int32_t> inputs, outputs;
  Options options;

  bool is(Builtin builtin) const {
    return code == static_cast<int32_t>(builtin);
  }
};

/// A model of one subgraph. Every tensor that an operator reads is a constant,
/// a variable, a model input, or the output of exactly one earlier operator;
/// every model output is made by an operator.
struct Model {
  Model() = default;
  Model(Model &&) = default;
  Model &operator=(Model &&) = default;
  Model(const Model &) = delete;
  Model &operator=(const Model &) = delete;

  std::vector<Tensor> tensors;
  std::vector<Operator> operators;
  std::vector<int32_t> inputs, outputs;

  /// Holds the file where the caller's own bytes could not be used in place.
  std::vector<uint8_t> storage;
};

} // namespace tessera::tflite

#endif // TESSERA_IMPORT_TFLITE_MODEL_H
