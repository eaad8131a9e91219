//===- Reduction.h - Sums over the rows of a map ----------------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What the kernels of reductions share. A reduction is called once per row of
// its operand. Its 32-bit sums, one per channel of the result, live in the
// scratch: the first row starts them, the last row finishes them and writes the
// result.
//
//===----------------------------------------------------------------------===//

#ifndef TESSERA_LIB_KERNELS_PORTABLE_REDUCTION_H
#define TESSERA_LIB_KERNELS_PORTABLE_REDUCTION_H

#include "../RowAccess.h"

namespace tessera::kernels {

/// OutBase, OutOffset, InBase, InOffset, Count, Row, Scratch, then constants.
llvm::SmallVector<KernelArg> reductionArgs(unsigned numConstants);

/// The scratch of a reduction whose result has that many channels.
ScratchSize getReductionScratch(mlir::Operation *layer);

/// One row of a reduction. All callbacks get the number of the block's first
/// channel in the result.
struct Reduction {
  /// Rows of the operand; blocks of four and single channels of the result.
  Val height, quads, singles;
  /// The sums of a block before the first row.
  llvm::function_ref<Vals(unsigned size, Val channel)> start;
  /// The sums with this row added.
  llvm::function_ref<Vals(Val channel, llvm::ArrayRef<Val> sums)> addRow;
  /// Writes the result.
  llvm::function_ref<void(Val channel, llvm::ArrayRef<Val> sums)> finish;

  void emit(KernelBuilder &k, const KernelArgs &args) const;
};

/// How a kernel goes through the taps of one row: `count` > 0 pixels, `pitch`
/// bytes apart, the first one's first channel at `first`.
struct TapLoops {
  /// Begins the symbols, "" for the portable loops.
  llvm::StringRef prefix;
  /// `sums` plus the channels of all taps, one sum per channel.
  Vals (*add)(KernelBuilder &k, Val first, Val pitch, Val count,
              llvm::ArrayRef<Val> sums);
  /// The greatest values: of `size` channels, `startMax` makes a state of the
  /// least value, `takeMax` goes through taps, `endMax` gives the values.
  Vals (*startMax)(KernelBuilder &k, unsigned size, Val least);
  Vals (*takeMax)(KernelBuilder &k, Val first, Val pitch, Val count,
                  unsigned size, llvm::ArrayRef<Val> state);
  Vals (*endMax)(KernelBuilder &k, unsigned size, llvm::ArrayRef<Val> state);
};

/// The loops in plain arithmetic.
const TapLoops &getPortableTapLoops();

/// `sums` plus the values of all Count pixels of this row: `addRow` of a plain
/// sum over a map of `channels` channels.
Vals addPixels(KernelBuilder &k, const KernelArgs &args, const TapLoops &loops,
               Val channels, Val channel, llvm::ArrayRef<Val> sums);
/// The same with the portable loops.
inline Vals addPixels(KernelBuilder &k, const KernelArgs &args, Val channels,
                      Val channel, llvm::ArrayRef<Val> sums) {
  return addPixels(k, args, getPortableTapLoops(), channels, channel, sums);
}

/// The kernels of layers with these loops.
mlir::FailureOr<RowKernel> makeAvgPool2D(mlir::Operation *layer,
                                         const TapLoops &loops);
mlir::FailureOr<RowKernel> makeMaxPool2D(mlir::Operation *layer,
                                         const TapLoops &loops);
mlir::FailureOr<RowKernel> makeMean(mlir::Operation *layer,
                                    const TapLoops &loops);
/// The scratch of average pooling.
ScratchSize getAvgPool2DScratch(mlir::Operation *layer);

} // namespace tessera::kernels

#endif // TESSERA_LIB_KERNELS_PORTABLE_REDUCTION_H
