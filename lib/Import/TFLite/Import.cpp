//===- Import.cpp - From .tflite to TOSA and patch layers -----------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The reader checks and decodes the file, then the operators are imported in
// the file's order. One that cannot be imported leaves placeholders for its
// results, so that one run finds all that are not supported; the IR is then
// dropped and one message lists them.
//
// Which form an operator takes:
//
//   TOSA                  conv2d, depthwise_conv2d with 32-bit sums, rescale
//                         (DOUBLE_ROUND) and clamp; add, max_pool2d, pad,
//                         reshape; FULLY_CONNECTED is a 1x1 convolution
//   patch layers always   AVERAGE_POOL_2D, MEAN, SOFTMAX, QUANTIZE from float,
//                         DEQUANTIZE, MUL, SUB, ADD that broadcasts,
//                         CONCATENATION, RESIZE_NEAREST_NEIGHBOR, and
//                         activation functions of their own
//   patch layers instead  layers whose requantisation tosa.rescale cannot say
//                         exactly (negative multipliers, scales >= 1), and
//                         grouped convolutions
//
// DOUBLE_ROUND equals TensorFlow Lite's two roundings for multipliers >= 0 and
// shifts from 31 on: see Rounding.h in Conversion/TosaToPatch.
//
//===----------------------------------------------------------------------===//

#include "tessera/Import/TFLite/Import.h"

#include "OperatorImporter.h"

#include "tessera/Dialect/Patch/IR/PatchDialect.h"
#include "tessera/Import/TFLite/Reader.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Tosa/IR/TosaOps.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/Verifier.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Path.h"

using namespace mlir;
using namespace tessera;
using namespace tessera::tflite;

/// Inputs and outputs of the model are INT8, or UINT8 or FLOAT32 (and then
/// requantised, quantised or dequantised by an operator, or that one is
/// refused).
static bool isBorderType(ElementType type) {
  return type == ElementType::Int8 || type == ElementType::UInt8 ||
         type == ElementType::Float32;
}

/// One line per model: every operator that failed, and what to do about it.
static std::string
describeFailures(const Model &model,
                 ArrayRef<std::pair<size_t, Reason>> failed) {
  std::string message = std::to_string(failed.size()) + " of " +
                        std::to_string(model.operators.size()) +
                        " operators are not supported: ";
  for (auto [position, entry] : llvm::enumerate(failed))
    message += (position == 0 ? "" : "; ") + std::to_string(entry.first) + " " +
               model.operators[entry.first].name + " (" + entry.second + ")";
  return message + ": export the model quantised to INT8 in full, without "
                   "operators of these kinds";
}

static void setBorderAttributes(
    MLIRContext *context, const Tensor &tensor,
    llvm::function_ref<void(StringRef, Attribute)> setAttribute) {
  setAttribute(tensorNameAttr, StringAttr::get(context, tensor.name));
  if (tensor.type == ElementType::Float32 ||
      tensor.quantization.scales.size() != 1)
    return;
  setAttribute(tensorScaleAttr,
               FloatAttr::get(Float32Type::get(context),
                              APFloat(tensor.quantization.scales[0])));
  setAttribute(tensorZeroPointAttr,
               IntegerAttr::get(IntegerType::get(context, 32),
                                tensor.quantization.zeroPoints[0]));
}

static OwningOpRef<ModuleOp> importModel(MLIRContext *context,
                                         const Model &model, StringRef name) {
  Location loc = NameLoc::get(StringAttr::get(context, name));
  OpBuilder builder(context);
  OwningOpRef<ModuleOp> module = ModuleOp::create(builder, loc);
  OperatorImporter importer(builder, model);

  SmallVector<Type> inputs, outputs;
  for (int32_t input : model.inputs)
    inputs.push_back(importer.getType(model.tensors[input]));
  for (int32_t output : model.outputs)
    outputs.push_back(importer.getType(model.tensors[output]));
  builder.setInsertionPointToEnd(module->getBody());
  auto function = func::FuncOp::create(
      builder, loc, name, builder.getFunctionType(inputs, outputs));
  Block *entry = function.addEntryBlock();
  builder.setInsertionPointToStart(entry);
  for (auto [index, input] : llvm::enumerate(model.inputs)) {
    importer.setValue(input, entry->getArgument(index));
    setBorderAttributes(context, model.tensors[input],
                        [&, i = index](StringRef key, Attribute value) {
                          function.setArgAttr(i, key, value);
                        });
  }
  for (auto [index, output] : llvm::enumerate(model.outputs))
    setBorderAttributes(context, model.tensors[output],
                        [&, i = index](StringRef key, Attribute value) {
                          function.setResultAttr(
                              i, StringAttr::get(context, key), value);
                        });

  SmallVector<std::pair<size_t, Reason>> failed;
  for (size_t i = 0; i < model.operators.size(); ++i)
    if (Reason reason = importer.importOperator(i); !reason.empty())
      failed.push_back({i, std::move(reason)});
  if (!failed.empty()) {
    emitError(UnknownLoc::get(context)) << describeFailures(model, failed);
    return nullptr;
  }
  for (const std::vector<int32_t> *border : {&model.inputs, &model.outputs})
    for (int32_t index : *border)
      if (!isBorderType(model.tensors[index].type)) {
        emitError(UnknownLoc::get(context))
            << "tensor " << index << " ('" << model.tensors[index].name
            << "') at the model's border is "
            << getName(model.tensors[index].type)
            << ": export the model with INT8, UINT8 or FLOAT32 inputs and "
               "outputs";
        return nullptr;
      }

  SmallVector<Value> results;
  for (int32_t output : model.outputs)
    results.push_back(importer.getValue(output));
  func::ReturnOp::create(builder, loc, results);
  if (mlir::failed(verify(*module)))
    return nullptr;
  return module;
}

OwningOpRef<ModuleOp> tessera::importTFLite(MLIRContext *context,
                                            StringRef buffer, StringRef name) {
  context->loadDialect<arith::ArithDialect, func::FuncDialect,
                       patch::PatchDialect, tosa::TosaDialect>();
  if (getModelName(name) != name) {
    emitError(UnknownLoc::get(context))
        << "'" << name << "' is no C identifier: give the model another name";
    return nullptr;
  }
  auto result = readModel(reinterpret_cast<const uint8_t *>(buffer.data()),
                          buffer.size());
  if (auto *error = std::get_if<Error>(&result)) {
    emitError(UnknownLoc::get(context)) << error->message;
    return nullptr;
  }
  return importModel(context, std::get<Model>(result), name);
}

std::string tessera::getModelName(StringRef path) {
  std::string name = llvm::sys::path::stem(path).str();
  for (char &c : name)
    if (!llvm::isAlnum(c))
      c = '_';
  if (name.empty() || llvm::isDigit(name.front()))
    name.insert(name.begin(), '_');
  return name;
}
