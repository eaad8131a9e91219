//===- KernelData.h - Constants that kernels read ---------------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A kernel reads its layer's facts from one table of words, the descriptor:
// numbered facts first (an enum per kernel), per-channel tables behind them,
// each found through a fact that holds its byte offset. One pointer is all that
// a call site needs, and one function serves all layers of a shape class.
// Tables of bytes are packed little-endian into words, as every target of
// Tessera is.
//
//===----------------------------------------------------------------------===//

#ifndef TESSERA_LIB_KERNELS_KERNELDATA_H
#define TESSERA_LIB_KERNELS_KERNELDATA_H

#include "Scale.h"

#include "tessera/Kernels/RowKernel.h"

namespace tessera::kernels {

/// The int8 elements of a constant operand in row-major order. Fails with a
/// diagnostic at `layer` that names the operand `name`.
mlir::FailureOr<llvm::SmallVector<int8_t>>
getConstantBytes(mlir::Operation *layer, mlir::Value operand,
                 llvm::StringRef name);
/// The same for int32 elements.
mlir::FailureOr<llvm::SmallVector<int32_t>>
getConstantWords(mlir::Operation *layer, mlir::Value operand,
                 llvm::StringRef name);

/// Builds a descriptor.
class Descriptor {
public:
  explicit Descriptor(unsigned numFacts) : words(numFacts, 0) {}

  /// Reference to fact number `fact` (an enumerator).
  int32_t &operator[](unsigned fact) { return words[fact]; }
  /// Append a table and return its byte offset.
  int32_t append(llvm::ArrayRef<int32_t> table);
  int32_t append(llvm::ArrayRef<int8_t> table);

  KernelConstant build(mlir::MLIRContext *context) const;

private:
  llvm::SmallVector<int32_t> words;
};

/// Weights as they are, aligned to 4 bytes.
KernelConstant makeWeights(mlir::MLIRContext *context,
                           llvm::ArrayRef<int8_t> bytes);

/// The facts with which the descriptor of every kernel with requantised
/// channels begins. Offsets are in bytes from the start of the descriptor.
namespace channel_fact {
enum : unsigned {
  /// i32 per channel: bias - input_zp * (sum of the channel's weights), for
  /// pixels all of whose taps are read.
  FoldedBias,
  /// i32 per channel: the bias itself, for pixels that skip taps. The same
  /// offset
  /// as FoldedBias if no pixel does.
  Bias,
  /// i32 and i8 (see encodeExponent), per channel or one.
  Multiplier,
  Exponent,
  OutputZeroPoint,
  Min,
  Max,
  Count
};
} // namespace channel_fact

/// Fills the channel facts. `weightSums` has the sum of each channel's weights;
/// `hasPadding` says whether some pixel skips taps.
void describeChannels(Descriptor &descriptor, llvm::ArrayRef<int32_t> bias,
                      llvm::ArrayRef<int32_t> weightSums,
                      int32_t inputZeroPoint, bool hasPadding,
                      patch::RequantAttr requant);

/// How a kernel requantises its channels: part of its symbol.
struct ChannelCode {
  ScaleCode scale = ScaleCode::TFLite;
  bool perChannel = false;

  explicit ChannelCode(patch::RequantAttr requant);
  /// For example "perchannel_tflite".
  std::string suffix() const;
};

/// Arithmetic of 32-bit values that wraps.
inline int32_t wrappingAdd(int32_t a, int32_t b) {
  return static_cast<int32_t>(static_cast<uint32_t>(a) +
                              static_cast<uint32_t>(b));
}
inline int32_t wrappingMultiply(int32_t a, int32_t b) {
  return static_cast<int32_t>(static_cast<uint32_t>(a) *
                              static_cast<uint32_t>(b));
}

} // namespace tessera::kernels

#endif // TESSERA_LIB_KERNELS_KERNELDATA_H
