//===- GraphChecks.cpp - Data flow of a decoded .tflite model -------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// One walk over the operators in the file's order, which is the order they run
// in. A tensor may be read once it is defined: constants, variables and model
// inputs are from the start, other tensors after the operator that makes them.
// So a cycle shows as a tensor that is read before it is made.
//
//===----------------------------------------------------------------------===//

#include "ReaderDetail.h"

#include <vector>

using namespace tessera::tflite;

std::string tessera::tflite::describeDamage(const std::string &cause) {
  return cause + ": the file is damaged; copy or export it again";
}

std::string tessera::tflite::describeTensor(const Model &model, int32_t index) {
  return "tensor " + std::to_string(index) + " ('" + model.tensors[index].name +
         "')";
}

std::string tessera::tflite::describeOperator(const Model &model,
                                              size_t index) {
  return "operator " + std::to_string(index) + " (" +
         model.operators[index].name + ")";
}

namespace {

class DataFlow {
public:
  explicit DataFlow(const Model &model)
      : model(model), isDefined(model.tensors.size(), false) {}

  std::string check();

private:
  std::string checkInputs();
  std::string checkOperator(size_t index);
  std::string checkOutputs();
  /// Inputs and outputs of the model: not empty, batch 1.
  std::string checkBorder(const char *what, int32_t tensor);

  const Model &model;
  std::vector<bool> isDefined;
};

} // namespace

std::string DataFlow::checkBorder(const char *what, int32_t index) {
  const Tensor &tensor = model.tensors[index];
  if (tensor.numElements == 0)
    return std::string(what) + " " + describeTensor(model, index) +
           " has no elements: export the model with static, non-empty shapes";
  if (tensor.shape.size() > 1 && tensor.shape.front() != 1)
    return std::string(what) + " " + describeTensor(model, index) +
           " has batch size " + std::to_string(tensor.shape.front()) +
           ": export the model with batch size 1";
  return {};
}

std::string DataFlow::checkInputs() {
  for (size_t i = 0; i < model.tensors.size(); ++i)
    isDefined[i] = model.tensors[i].isConstant() ||
                   model.tensors[i].isVariable ||
                   model.tensors[i].numElements == 0;
  if (model.inputs.empty())
    return "the model has no inputs: export it with an input to infer from";
  for (int32_t input : model.inputs) {
    // Empty tensors count as defined; that one is empty is said by the border.
    if (isDefined[input] && model.tensors[input].numElements != 0)
      return describeDamage("input " + describeTensor(model, input) +
                            " is also a constant, a variable or another input");
    if (std::string error = checkBorder("input", input); !error.empty())
      return error;
    isDefined[input] = true;
  }
  return {};
}

std::string DataFlow::checkOperator(size_t index) {
  const Operator &op = model.operators[index];
  for (int32_t input : op.inputs)
    if (input != noTensor && !isDefined[input])
      return describeDamage(
          describeOperator(model, index) + " reads " +
          describeTensor(model, input) +
          ", which is no constant and which no earlier operator "
          "makes");
  for (int32_t output : op.outputs) {
    if (isDefined[output] && model.tensors[output].numElements != 0)
      return describeDamage(describeOperator(model, index) + " makes " +
                            describeTensor(model, output) +
                            ", which exists already");
    isDefined[output] = true;
  }
  return {};
}

std::string DataFlow::checkOutputs() {
  if (model.outputs.empty())
    return "the model has no outputs: export it with an output to compute";
  std::vector<bool> isMade(model.tensors.size(), false);
  for (const Operator &op : model.operators)
    for (int32_t output : op.outputs)
      isMade[output] = true;
  for (int32_t output : model.outputs) {
    if (std::string error = checkBorder("output", output); !error.empty())
      return error;
    if (!isMade[output])
      return "output " + describeTensor(model, output) +
             " is made by no operator or listed twice: export the model with "
             "outputs that are computed, each once";
    isMade[output] = false;
  }
  return {};
}

std::string DataFlow::check() {
  if (std::string error = checkInputs(); !error.empty())
    return error;
  for (size_t i = 0; i < model.operators.size(); ++i)
    if (std::string error = checkOperator(i); !error.empty())
      return error;
  return checkOutputs();
}

std::string tessera::tflite::checkDataFlow(const Model &model) {
  return DataFlow(model).check();
}
