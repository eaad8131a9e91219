//===- OperatorImporter.h - Imports one operator after the other -*- C++ -*-=//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Turns operators of a decoded model into ops at the builder's position. The
// methods that import a kind of operator are spread over
// ImportActivations.cpp, ImportArithmetic.cpp, ImportConvolutions.cpp,
// ImportElementwise.cpp and ImportShapes.cpp; what they share is in
// OperatorImporter.cpp.
//
//===----------------------------------------------------------------------===//

#ifndef TESSERA_LIB_IMPORT_TFLITE_OPERATORIMPORTER_H
#define TESSERA_LIB_IMPORT_TFLITE_OPERATORIMPORTER_H

#include "tessera/Dialect/Patch/IR/PatchDialect.h"
#include "tessera/Import/TFLite/Model.h"
#include "tessera/Import/TFLite/Multiplier.h"

#include "mlir/IR/Builders.h"
#include "llvm/ADT/DenseMap.h"

#include <string>

namespace tessera::tflite {

/// Why an operator cannot be imported; empty if it can. Says what is wrong in a
/// few words ("FLOAT32 activations"): the operator is named around it.
using Reason = std::string;

/// One axis of a sliding window, as TensorFlow Lite places it.
struct WindowAxis {
  int64_t padBefore = 0, padAfter = 0;
  /// Positions of the window. Not positive if the filter is too large.
  int64_t outputSize = 0;
  /// Rows or columns of the input up to the last one that is read.
  int64_t readSize = 0;

  /// SAME: outputSize = ceil(size / stride), and of the padding that this needs
  /// the odd row comes after. VALID: no padding.
  static WindowAxis get(Padding padding, int64_t size, int64_t kernel,
                        int64_t stride, int64_t dilation);
};

/// A sliding window over height and width.
struct Window {
  WindowAxis y, x;

  /// [top, bottom, left, right].
  template <typename Int>
  llvm::SmallVector<Int, 4> getPad() const {
    return {static_cast<Int>(y.padBefore), static_cast<Int>(y.padAfter),
            static_cast<Int>(x.padBefore), static_cast<Int>(x.padAfter)};
  }
};

/// How 32-bit sums become the INT8 output of a layer.
struct Requantization {
  /// One, or one per output channel.
  llvm::SmallVector<Multiplier> multipliers;
  int32_t zeroPoint = 0;
  ActivationRange range;

  /// Whether tosa.rescale says it: multipliers >= 0 with shifts from 31 to 62.
  /// (Smaller shifts exist, but TensorFlow Lite shifts such sums to the left
  /// first, in 32 bits that wrap around, and TOSA does not.)
  bool isExactInTosa() const;
};

class OperatorImporter {
public:
  OperatorImporter(mlir::OpBuilder &builder, const Model &model)
      : builder(builder), model(model), values(model.tensors.size()) {}

  /// Imports operator `index`. All earlier ones must have been tried: an
  /// operator that failed leaves placeholders, so that those after it can be
  /// checked too. Then the IR must be thrown away.
  Reason importOperator(size_t index);

  mlir::Value getValue(int32_t tensor) const { return values[tensor]; }
  void setValue(int32_t tensor, mlir::Value value) { values[tensor] = value; }

  /// The type of a tensor; of types that cannot be imported, some type.
  mlir::RankedTensorType getType(const Tensor &tensor) const;

private:
  // ImportActivations.cpp
  /// LOGISTIC, TANH, HARD_SWISH, LEAKY_RELU and ELU.
  Reason importLookup(const Operator &op);
  /// RELU, RELU6, RELU_N1_TO_1 and RELU_0_TO_1.
  Reason importRelu(const Operator &op);
  /// One INT8 operand with one scale, and a result of its shape with another.
  Reason checkElementwise(const Operator &op) const;
  // ImportArithmetic.cpp
  /// MUL, SUB, and ADD with a constant or with broadcasting.
  Reason importArithmetic(const Operator &op);
  // ImportConvolutions.cpp
  Reason importConv2D(const Operator &op);
  Reason importDepthwiseConv2D(const Operator &op);
  Reason importFullyConnected(const Operator &op);
  /// What CONV_2D and DEPTHWISE_CONV_2D share: operands, and weights with their
  /// output channels (and scales) along `dimension`.
  Reason checkConv(const Operator &op, int32_t dimension,
                   int64_t &channels) const;
  Reason importWindowed(const Operator &op, bool isDepthwise,
                        const ConvOptions &options);
  /// conv2d and depthwise_conv2d, in TOSA or as a layer of the patch dialect.
  /// `input` is 1xHxWxC, the result is of type `output`, `weights` are OHWI or,
  /// of a depthwise convolution, 1HWO.
  mlir::Value createConv(const Operator &op, bool isDepthwise,
                         mlir::Value input, mlir::RankedTensorType output,
                         mlir::DenseElementsAttr weights, const Window &window,
                         const ConvOptions &options,
                         const Requantization &requantization);
  // ImportElementwise.cpp
  Reason importAdd(const Operator &op);
  Reason importQuantize(const Operator &op);
  Reason importDequantize(const Operator &op);
  Reason importSoftmax(const Operator &op);
  // ImportShapeArithmetic.cpp
  Reason importShape(const Operator &op);
  Reason importPack(const Operator &op);
  Reason importStridedSlice(const Operator &op);
  /// Notes that the result of `op`, an INT32 tensor, has these values.
  Reason setIntegers(const Operator &op, llvm::ArrayRef<int32_t> values);
  // ImportShapes.cpp
  Reason importPad(const Operator &op);
  Reason importPool(const Operator &op);
  Reason importConcatenation(const Operator &op);
  Reason importResizeNearest(const Operator &op);
  Reason importMean(const Operator &op);
  Reason importReshape(const Operator &op);

  //===------------------------------------------------------------------===//
  // Checks
  //===------------------------------------------------------------------===//

  const Tensor &getInput(const Operator &op, size_t index) const {
    return model.tensors[op.inputs[index]];
  }
  const Tensor &getOutput(const Operator &op) const {
    return model.tensors[op.outputs[0]];
  }
  /// `minInputs` to `maxInputs` operands, of which the first `minInputs` are
  /// there, and one result.
  Reason checkOperands(const Operator &op, size_t minInputs,
                       size_t maxInputs) const;
  /// Operand `index` and the result are INT8 tensors that are not constants.
  Reason checkInt8(const Operator &op, size_t index = 0) const;
  /// A tensor with one scale and zero point. `what` names it: "the input".
  Reason checkPerTensor(const Tensor &tensor, llvm::StringRef what) const;
  /// Operand and result have the shape 1xHxWxC.
  Reason checkMaps(const Operator &op) const;
  /// The result's shape is `expected`.
  Reason checkOutputShape(const Operator &op,
                          llvm::ArrayRef<int64_t> expected) const;
  Reason checkWeights(const Tensor &weights, size_t rank, int32_t dimension,
                      int64_t channels) const;
  Reason checkBias(const Operator &op, int64_t channels) const;
  /// The window of a filter is of a sane size.
  Reason checkReach(int64_t kernelY, int64_t kernelX,
                    const ConvOptions &options) const;
  /// Sets the clamp of a result with a fused activation.
  Reason getRange(const Operator &op, Activation activation,
                  ActivationRange &range) const;
  /// double(input scale) · weight scale / output scale per scale of the
  /// weights.
  Reason getConvRequantization(const Operator &op, Activation activation,
                               Requantization &requantization) const;
  /// The values of an INT32 operand that is a constant, or made of shapes.
  Reason getIntegers(const Operator &op, size_t index, llvm::StringRef what,
                     llvm::SmallVector<int32_t> &result) const;

  //===------------------------------------------------------------------===//
  // Building
  //===------------------------------------------------------------------===//

  mlir::Type getI8() const { return builder.getI8Type(); }
  mlir::Type getI32() const { return builder.getI32Type(); }
  mlir::RankedTensorType getI8Type(llvm::ArrayRef<int64_t> shape) const {
    return mlir::RankedTensorType::get(shape, builder.getI8Type());
  }

  /// The data of a constant as `type`, which has as many bytes.
  mlir::DenseElementsAttr getData(const Tensor &tensor,
                                  mlir::RankedTensorType type) const;
  /// The bias of a layer, or zeros.
  mlir::DenseElementsAttr getBias(const Operator &op, int64_t channels) const;

  mlir::Value createTosaConst(mlir::DenseElementsAttr values);
  mlir::Value createArithConst(mlir::DenseElementsAttr values);
  /// A tensor<1xT> of one value.
  mlir::Value createScalar(mlir::Type type, int64_t value);
  mlir::Value createShape(llvm::ArrayRef<int64_t> values);
  /// tosa.reshape, or `value` itself if it has that shape.
  mlir::Value reshapeInTosa(mlir::Value value, llvm::ArrayRef<int64_t> shape);
  /// patch.reshape, or `value` itself if it has that shape.
  mlir::Value reshapeInPatch(mlir::Value value, llvm::ArrayRef<int64_t> shape);
  /// Cuts off the rows and columns at the end that no window reads: the
  /// verifiers of TOSA's windowed ops ask for sizes that come out even.
  mlir::Value sliceToWindow(mlir::Value input, const Window &window);
  /// tosa.rescale with DOUBLE_ROUND.
  mlir::Value createRescale(mlir::Value value, mlir::Type elementType,
                            llvm::ArrayRef<Multiplier> multipliers,
                            int64_t inputZeroPoint, int64_t outputZeroPoint);
  /// tosa.clamp, or `value` itself if the range is the whole type's.
  mlir::Value createClamp(mlir::Value value, const ActivationRange &range);
  /// Rescale of 32-bit sums, and clamp.
  mlir::Value requantizeInTosa(mlir::Value sums,
                               const Requantization &requantization);
  patch::RequantAttr getRequant(const Requantization &requantization) const;

  mlir::OpBuilder &builder;
  const Model &model;
  /// The value of each tensor that is made so far, else null.
  llvm::SmallVector<mlir::Value> values;
  /// INT32 tensors that operators make of shapes, which are static.
  llvm::DenseMap<int32_t, llvm::SmallVector<int32_t>> integers;
  /// The location of the operator that is being imported.
  mlir::Location loc = builder.getUnknownLoc();
};

/// "1x32x32x3".
std::string formatShape(llvm::ArrayRef<int64_t> shape);

/// A map 1xHxWxC of the same bytes: rank 4 as it is, dimensions in front of the
/// last one as pixels of one row otherwise.
llvm::SmallVector<int64_t, 4> getMapShape(const Tensor &tensor);

inline llvm::SmallVector<int64_t> getShape(const Tensor &tensor) {
  return {tensor.shape.begin(), tensor.shape.end()};
}

} // namespace tessera::tflite

#endif // TESSERA_LIB_IMPORT_TFLITE_OPERATORIMPORTER_H
