//===- Reader.cpp - Reads and checks .tflite files ------------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A file passes three gates. (1) flatbuffers' verifier: every offset leads into
// the file. It checks neither numbers nor the alignment of elements in vectors,
// so vectors are copied out bytewise. (2) Decoding: each index, size, shape
// product, buffer length and quantisation parameter is checked where it is
// read, before anything is computed from it. (3) The data flow between
// operators (GraphChecks.cpp).
//
// Tables of a flatbuffer may share a vector, so a small file can describe a
// model that takes memory without bound. All copies are therefore paid from a
// budget of one element per byte of the file, which an honest file cannot
// exceed: its elements have 4 bytes and more, and are not shared.
//
//===----------------------------------------------------------------------===//

#include "tessera/Import/TFLite/Reader.h"

#include "ReaderDetail.h"
#include "tflite_generated.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

using namespace tessera::tflite;

namespace {

/// Names in messages and in the generated header are cut to this length.
constexpr size_t maxNameLength = 128;

/// The greatest tensor that is described at all, in elements. Keeps every byte
/// size within 64 bits, and is far above what a microcontroller holds.
constexpr int64_t maxElements = std::numeric_limits<int32_t>::max();

/// A range of bytes of the file.
struct Bytes {
  const uint8_t *data = nullptr;
  size_t size = 0;
};

/// Whether a tensor of this type has a quantisation that something reads.
bool isQuantizable(ElementType type) {
  return type == ElementType::Int8 || type == ElementType::UInt8 ||
         type == ElementType::Int16;
}

/// Smallest and greatest value of a quantisable type.
std::pair<int64_t, int64_t> getRange(ElementType type) {
  switch (type) {
  case ElementType::Int8:
    return {-128, 127};
  case ElementType::UInt8:
    return {0, 255};
  default:
    return {-32768, 32767};
  }
}

class Decoder {
public:
  Decoder(const uint8_t *file, size_t fileBytes, Model &model)
      : file(file), fileBytes(fileBytes), budget(fileBytes), model(model) {}

  /// Decodes the whole file. On failure returns false and sets `error`.
  bool decode();

  std::string error;

private:
  bool fail(std::string message) {
    error = std::move(message);
    return false;
  }
  bool damaged(const std::string &cause) { return fail(describeDamage(cause)); }

  /// Copies a vector of the file (null: empty) and pays for it.
  template <typename T>
  bool copy(const flatbuffers::Vector<T> *from, std::vector<T> &to);
  bool copy(const flatbuffers::String *from, std::string &to);

  bool decodeBuffers(const schema::Model &root);
  bool decodeCodes(const schema::Model &root);
  bool decodeTensor(const schema::Tensor &from);
  bool decodeShape(const schema::Tensor &from, Tensor &to);
  bool decodeData(const schema::Tensor &from, Tensor &to);
  bool decodeQuantization(const schema::Tensor &from, Tensor &to);
  bool decodeOperator(const schema::Operator &from);
  bool decodeOptions(const schema::Operator &from, Operator &to);
  bool decodeBorder(const flatbuffers::Vector<int32_t> *from, const char *what,
                    std::vector<int32_t> &to);

  bool decodeActivation(schema::ActivationFunctionType from, Activation &to);
  bool decodePadding(schema::Padding from, Padding &to);
  /// Strides, dilations and filter sizes.
  bool decodeStep(const char *what, int32_t from, int32_t &to);

  /// The tensor that is being decoded, for messages.
  std::string describe(const Tensor &tensor) const {
    return "tensor " + std::to_string(model.tensors.size()) + " ('" +
           tensor.name + "')";
  }
  /// The operator that is being decoded, for messages.
  std::string describe(const Operator &op) const {
    return "operator " + std::to_string(model.operators.size()) + " (" +
           op.name + ")";
  }

  struct Code {
    int32_t code;
    int32_t version;
    std::string name;
  };

  const uint8_t *file;
  size_t fileBytes;
  size_t budget;
  Model &model;
  std::vector<Bytes> buffers;
  std::vector<Code> codes;
};

} // namespace

//===----------------------------------------------------------------------===//
// Vectors and strings
//===----------------------------------------------------------------------===//

template <typename T>
bool Decoder::copy(const flatbuffers::Vector<T> *from, std::vector<T> &to) {
  size_t size = from ? from->size() : 0;
  if (size > budget)
    return damaged("the file's tables refer to more data than it holds");
  budget -= size;
  to.resize(size);
  if (size != 0)
    std::memcpy(to.data(), from->Data(), size * sizeof(T));
  return true;
}

bool Decoder::copy(const flatbuffers::String *from, std::string &to) {
  size_t size = std::min<size_t>(from ? from->size() : 0, maxNameLength);
  if (size > budget)
    return damaged("the file's tables refer to more data than it holds");
  budget -= size;
  to.assign(from ? from->c_str() : "", size);
  for (char &c : to)
    if (c < 0x20 || c > 0x7e || c == '\'' || c == '"' || c == '\\')
      c = '?';
  return true;
}

//===----------------------------------------------------------------------===//
// Buffers and operator codes
//===----------------------------------------------------------------------===//

bool Decoder::decodeBuffers(const schema::Model &root) {
  if (!root.buffers())
    return damaged("the model has no list of buffers");
  for (const schema::Buffer *buffer : *root.buffers()) {
    Bytes bytes;
    if (buffer->data())
      bytes = {buffer->data()->Data(), buffer->data()->size()};
    // Offsets 0 and 1 mean that the data is in the table, or that there is
    // none.
    if (uint64_t offset = buffer->offset(); offset > 1 && buffer->size() != 0) {
      std::string name = "buffer " + std::to_string(buffers.size());
      if (bytes.size != 0)
        return damaged(name + " has data inside and outside of the flatbuffer");
      if (offset > fileBytes || buffer->size() > fileBytes - offset)
        return damaged(name + " ends at byte " + std::to_string(offset) +
                       " + " + std::to_string(buffer->size()) +
                       " of a file of " + std::to_string(fileBytes));
      bytes = {file + offset, static_cast<size_t>(buffer->size())};
    }
    buffers.push_back(bytes);
  }
  return true;
}

bool Decoder::decodeCodes(const schema::Model &root) {
  if (!root.operator_codes())
    return damaged("the model has no list of operator codes");
  for (const schema::OperatorCode *from : *root.operator_codes()) {
    Code to;
    to.code = std::max<int32_t>(from->deprecated_builtin_code(),
                                from->builtin_code());
    to.version = from->version();
    if (to.code < 0)
      return damaged("operator code " + std::to_string(codes.size()) + " is " +
                     std::to_string(to.code));
    to.name = getBuiltinName(to.code);
    if (to.code == static_cast<int32_t>(Builtin::Custom)) {
      std::string customName;
      if (!copy(from->custom_code(), customName))
        return false;
      to.name += ":" + customName;
    }
    codes.push_back(std::move(to));
  }
  return true;
}

//===----------------------------------------------------------------------===//
// Tensors
//===----------------------------------------------------------------------===//

bool Decoder::decodeTensor(const schema::Tensor &from) {
  Tensor to;
  if (!copy(from.name(), to.name))
    return false;
  auto type = static_cast<int8_t>(from.type());
  if (type < 0 || type > static_cast<int8_t>(ElementType::BFloat16))
    return fail(describe(to) + " has element type " + std::to_string(type) +
                ", which this version of Tessera does not know: export the "
                "model with INT8 tensors");
  to.type = static_cast<ElementType>(type);
  to.isVariable = from.is_variable();
  to.isSparse = from.sparsity() != nullptr;
  if (!decodeShape(from, to) || !decodeData(from, to) ||
      !decodeQuantization(from, to))
    return false;
  model.tensors.push_back(std::move(to));
  return true;
}

bool Decoder::decodeShape(const schema::Tensor &from, Tensor &to) {
  if (!copy(from.shape(), to.shape))
    return false;
  to.numElements = 1;
  for (int32_t size : to.shape) {
    if (size < 0)
      return fail(describe(to) + " has a dimension of size " +
                  std::to_string(size) +
                  ": export the model with static shapes");
    // Both factors are below 2^31.
    to.numElements *= size;
    if (to.numElements > maxElements)
      return damaged(describe(to) + " has more than 2147483647 elements");
  }
  std::vector<int32_t> signature;
  if (!copy(from.shape_signature(), signature))
    return false;
  if (signature.empty())
    return true;
  if (signature.size() != to.shape.size())
    return damaged(describe(to) + " has a shape of rank " +
                   std::to_string(to.shape.size()) +
                   " and a signature of rank " +
                   std::to_string(signature.size()));
  // A batch of any size that is 1 in the file is a batch of 1.
  for (size_t i = 0; i < signature.size(); ++i)
    if (signature[i] < 0 && !(i == 0 && to.shape[0] == 1))
      return fail(describe(to) + " has a dynamic size in dimension " +
                  std::to_string(i) + ": export the model with static shapes");
  return true;
}

bool Decoder::decodeData(const schema::Tensor &from, Tensor &to) {
  if (from.buffer() >= buffers.size())
    return damaged(describe(to) + " has its data in buffer " +
                   std::to_string(from.buffer()) + " of " +
                   std::to_string(buffers.size()));
  Bytes bytes = buffers[from.buffer()];
  if (bytes.size == 0)
    return true;
  to.data = bytes.data;
  to.dataBytes = bytes.size;
  int64_t bits = getBitWidth(to.type);
  if (to.isSparse || bits == 0)
    return true;
  int64_t expected = (to.numElements * bits + 7) / 8;
  if (static_cast<uint64_t>(expected) != bytes.size)
    return damaged(describe(to) + " has " + std::to_string(bytes.size) +
                   " bytes of data, and its shape and type need " +
                   std::to_string(expected));
  return true;
}

bool Decoder::decodeQuantization(const schema::Tensor &from, Tensor &to) {
  const schema::QuantizationParameters *parameters = from.quantization();
  if (!parameters || !isQuantizable(to.type))
    return true;
  Quantization &quantization = to.quantization;
  quantization.isCustom = parameters->details_kind() != 0;
  std::vector<int64_t> zeroPoints;
  if (!copy(parameters->scale(), quantization.scales) ||
      !copy(parameters->zero_point(), zeroPoints))
    return false;
  if (quantization.scales.empty())
    return true;

  for (float scale : quantization.scales)
    if (!std::isfinite(scale) || (!to.isConstant() && scale <= 0.0f))
      return damaged(describe(to) + " has scale " + std::to_string(scale));
  if (zeroPoints.empty())
    zeroPoints.resize(quantization.scales.size());
  if (zeroPoints.size() != quantization.scales.size())
    return damaged(describe(to) + " has " +
                   std::to_string(quantization.scales.size()) + " scales and " +
                   std::to_string(zeroPoints.size()) + " zero points");
  auto [lowest, greatest] = getRange(to.type);
  for (int64_t zeroPoint : zeroPoints) {
    if (zeroPoint < lowest || zeroPoint > greatest)
      return damaged(describe(to) + " has zero point " +
                     std::to_string(zeroPoint) + ", and its type " +
                     getName(to.type) + " cannot hold that");
    quantization.zeroPoints.push_back(static_cast<int32_t>(zeroPoint));
  }
  if (quantization.scales.size() == 1)
    return true;
  int32_t dimension = parameters->quantized_dimension();
  if (dimension < 0 || static_cast<size_t>(dimension) >= to.shape.size())
    return damaged(describe(to) + " has scales along dimension " +
                   std::to_string(dimension) + " of " +
                   std::to_string(to.shape.size()));
  if (static_cast<size_t>(to.shape[dimension]) != quantization.scales.size())
    return damaged(describe(to) + " has " +
                   std::to_string(quantization.scales.size()) +
                   " scales along a dimension of size " +
                   std::to_string(to.shape[dimension]));
  quantization.dimension = dimension;
  return true;
}

//===----------------------------------------------------------------------===//
// Operators
//===----------------------------------------------------------------------===//

bool Decoder::decodeOperator(const schema::Operator &from) {
  Operator to;
  if (from.opcode_index() >= codes.size())
    return damaged("operator " + std::to_string(model.operators.size()) +
                   " has code number " + std::to_string(from.opcode_index()) +
                   " of " + std::to_string(codes.size()));
  const Code &code = codes[from.opcode_index()];
  to.code = code.code;
  to.version = code.version;
  to.name = code.name;
  if (!copy(from.inputs(), to.inputs) || !copy(from.outputs(), to.outputs))
    return false;
  auto numTensors = static_cast<int64_t>(model.tensors.size());
  for (int32_t input : to.inputs)
    if (input < noTensor || input >= numTensors)
      return damaged(describe(to) + " reads tensor " + std::to_string(input) +
                     " of " + std::to_string(numTensors));
  for (int32_t output : to.outputs)
    if (output < 0 || output >= numTensors)
      return damaged(describe(to) + " makes tensor " + std::to_string(output) +
                     " of " + std::to_string(numTensors));
  if (!decodeOptions(from, to))
    return false;
  model.operators.push_back(std::move(to));
  return true;
}

bool Decoder::decodeActivation(schema::ActivationFunctionType from,
                               Activation &to) {
  auto number = static_cast<int8_t>(from);
  if (number < 0 || number > static_cast<int8_t>(Activation::SignBit))
    return damaged("activation function " + std::to_string(number));
  to = static_cast<Activation>(number);
  return true;
}

bool Decoder::decodePadding(schema::Padding from, Padding &to) {
  auto number = static_cast<int8_t>(from);
  if (number < 0 || number > static_cast<int8_t>(Padding::Valid))
    return damaged("padding kind " + std::to_string(number));
  to = static_cast<Padding>(number);
  return true;
}

bool Decoder::decodeStep(const char *what, int32_t from, int32_t &to) {
  if (from < 1)
    return damaged(std::string(what) + " " + std::to_string(from));
  to = from;
  return true;
}

bool Decoder::decodeOptions(const schema::Operator &from, Operator &to) {
  bool isValid = true;
  bool isMissing = false;
  // ADD, MUL and SUB, whose options may be left out.
  auto decodeArithmetic = [&](const auto *options) {
    AddOptions arithmetic;
    if (options)
      isValid = decodeActivation(options->fused_activation_function(),
                                 arithmetic.activation);
    to.options = arithmetic;
  };
  switch (to.code) {
  case static_cast<int32_t>(Builtin::Conv2D): {
    const auto *options = from.builtin_options_as_Conv2DOptions();
    if ((isMissing = !options))
      break;
    ConvOptions conv;
    isValid =
        decodePadding(options->padding(), conv.padding) &&
        decodeStep("stride", options->stride_h(), conv.strideY) &&
        decodeStep("stride", options->stride_w(), conv.strideX) &&
        decodeStep("dilation", options->dilation_h_factor(), conv.dilationY) &&
        decodeStep("dilation", options->dilation_w_factor(), conv.dilationX) &&
        decodeActivation(options->fused_activation_function(), conv.activation);
    to.options = conv;
    break;
  }
  case static_cast<int32_t>(Builtin::DepthwiseConv2D): {
    const auto *options = from.builtin_options_as_DepthwiseConv2DOptions();
    if ((isMissing = !options))
      break;
    ConvOptions conv;
    conv.depthMultiplier = options->depth_multiplier();
    isValid =
        decodePadding(options->padding(), conv.padding) &&
        decodeStep("stride", options->stride_h(), conv.strideY) &&
        decodeStep("stride", options->stride_w(), conv.strideX) &&
        decodeStep("dilation", options->dilation_h_factor(), conv.dilationY) &&
        decodeStep("dilation", options->dilation_w_factor(), conv.dilationX) &&
        decodeActivation(options->fused_activation_function(), conv.activation);
    to.options = conv;
    break;
  }
  case static_cast<int32_t>(Builtin::AveragePool2D):
  case static_cast<int32_t>(Builtin::MaxPool2D): {
    const auto *options = from.builtin_options_as_Pool2DOptions();
    if ((isMissing = !options))
      break;
    PoolOptions pool;
    isValid =
        decodePadding(options->padding(), pool.padding) &&
        decodeStep("stride", options->stride_h(), pool.strideY) &&
        decodeStep("stride", options->stride_w(), pool.strideX) &&
        decodeStep("filter size", options->filter_height(), pool.filterY) &&
        decodeStep("filter size", options->filter_width(), pool.filterX) &&
        decodeActivation(options->fused_activation_function(), pool.activation);
    to.options = pool;
    break;
  }
  case static_cast<int32_t>(Builtin::FullyConnected): {
    const auto *options = from.builtin_options_as_FullyConnectedOptions();
    if ((isMissing = !options))
      break;
    FullyConnectedOptions connected;
    connected.weightsFormat = options->weights_format();
    isValid = decodeActivation(options->fused_activation_function(),
                               connected.activation);
    to.options = connected;
    break;
  }
  case static_cast<int32_t>(Builtin::Add):
    decodeArithmetic(from.builtin_options_as_AddOptions());
    break;
  case static_cast<int32_t>(Builtin::Concatenation): {
    const auto *options = from.builtin_options_as_ConcatenationOptions();
    if ((isMissing = !options))
      break;
    ConcatenationOptions concatenation;
    concatenation.axis = options->axis();
    isValid = decodeActivation(options->fused_activation_function(),
                               concatenation.activation);
    to.options = concatenation;
    break;
  }
  case static_cast<int32_t>(Builtin::ResizeNearestNeighbor): {
    const auto *options =
        from.builtin_options_as_ResizeNearestNeighborOptions();
    if ((isMissing = !options))
      break;
    to.options =
        ResizeOptions{options->align_corners(), options->half_pixel_centers()};
    break;
  }
  case static_cast<int32_t>(Builtin::StridedSlice): {
    const auto *options = from.builtin_options_as_StridedSliceOptions();
    if ((isMissing = !options))
      break;
    to.options = StridedSliceOptions{
        options->begin_mask(), options->end_mask(), options->ellipsis_mask(),
        options->new_axis_mask(), options->shrink_axis_mask()};
    break;
  }
  case static_cast<int32_t>(Builtin::Mul):
    decodeArithmetic(from.builtin_options_as_MulOptions());
    break;
  case static_cast<int32_t>(Builtin::Sub):
    decodeArithmetic(from.builtin_options_as_SubOptions());
    break;
  case static_cast<int32_t>(Builtin::Softmax): {
    const auto *options = from.builtin_options_as_SoftmaxOptions();
    if ((isMissing = !options))
      break;
    SoftmaxOptions softmax;
    softmax.beta = options->beta();
    if (!std::isfinite(softmax.beta))
      isValid = damaged("beta " + std::to_string(softmax.beta));
    to.options = softmax;
    break;
  }
  case static_cast<int32_t>(Builtin::LeakyRelu): {
    const auto *options = from.builtin_options_as_LeakyReluOptions();
    if ((isMissing = !options))
      break;
    LeakyReluOptions leaky;
    leaky.alpha = options->alpha();
    if (!std::isfinite(leaky.alpha))
      isValid = damaged("alpha " + std::to_string(leaky.alpha));
    to.options = leaky;
    break;
  }
  default:
    // PAD, MEAN, RESHAPE, QUANTIZE and DEQUANTIZE say all in their operands.
    break;
  }
  if (isMissing)
    return damaged(describe(to) + " lacks its options");
  if (!isValid)
    error = describe(to) + " has " + error;
  return isValid;
}

//===----------------------------------------------------------------------===//
// The model
//===----------------------------------------------------------------------===//

bool Decoder::decodeBorder(const flatbuffers::Vector<int32_t> *from,
                           const char *what, std::vector<int32_t> &to) {
  if (!copy(from, to))
    return false;
  for (int32_t tensor : to)
    if (tensor < 0 || static_cast<size_t>(tensor) >= model.tensors.size())
      return damaged(std::string("the model's ") + what + " is tensor " +
                     std::to_string(tensor) + " of " +
                     std::to_string(model.tensors.size()));
  return true;
}

bool Decoder::decode() {
  if (fileBytes < 8 || std::memcmp(file + 4, schema::ModelIdentifier(), 4) != 0)
    return fail("not a TensorFlow Lite model: the identifier TFL3 is missing; "
                "give a .tflite file");
  if (fileBytes >= FLATBUFFERS_MAX_BUFFER_SIZE)
    return fail("the file is larger than 2 GiB: give a smaller model");
  flatbuffers::Verifier verifier(file, fileBytes);
  if (!schema::VerifyModelBuffer(verifier))
    return damaged("the file is truncated or its offsets are wrong");

  const schema::Model &root = *schema::GetModel(file);
  if (root.version() != 3)
    return fail("schema version " + std::to_string(root.version()) +
                " is not supported: export the model with version 3");
  size_t numSubgraphs = root.subgraphs() ? root.subgraphs()->size() : 0;
  if (numSubgraphs != 1)
    return fail("the model has " + std::to_string(numSubgraphs) +
                " subgraphs, one is supported: export it without control flow "
                "and without state");
  const schema::SubGraph &graph = *root.subgraphs()->Get(0);
  if (!decodeBuffers(root) || !decodeCodes(root))
    return false;
  if (graph.tensors())
    for (const schema::Tensor *tensor : *graph.tensors())
      if (!decodeTensor(*tensor))
        return false;
  if (graph.operators())
    for (const schema::Operator *op : *graph.operators())
      if (!decodeOperator(*op))
        return false;
  if (!decodeBorder(graph.inputs(), "input", model.inputs) ||
      !decodeBorder(graph.outputs(), "output", model.outputs))
    return false;
  error = checkDataFlow(model);
  return error.empty();
}

std::variant<Model, Error> tessera::tflite::readModel(const uint8_t *data,
                                                      size_t size) {
  Model model;
  // flatbuffers reads numbers in place, which needs an aligned start.
  if (reinterpret_cast<uintptr_t>(data) % alignof(uint64_t) != 0) {
    model.storage.assign(data, data + size);
    data = model.storage.data();
  }
  Decoder decoder(data, size, model);
  if (!decoder.decode())
    return Error{std::move(decoder.error)};
  return std::variant<Model, Error>(std::move(model));
}
