//===- RowKernel.h - What a layer's row kernel offers and needs -*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A kernel makes columns [x0, x1) of one row of a layer's result. Every
// schedule calls the same kernels, so every schedule gives the same bytes. This
// header is the seam between the loops that a plan asks for and the kernels: a
// kernel says by roles which arguments it wants, the loop builder supplies them
// by role, and neither knows more of the other.
//
//===----------------------------------------------------------------------===//

#ifndef TESSERA_KERNELS_ROWKERNEL_H
#define TESSERA_KERNELS_ROWKERNEL_H

#include "tessera/Target/CortexM/TargetInfo.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Support/LLVM.h"

#include <functional>
#include <string>

namespace tessera::kernels {

/// What an argument of a row kernel means. Pointers are `!llvm.ptr`, everything
/// else is `i32`. "Operand i" is the i-th activation operand of the layer.
enum class ArgRole {
  /// Pointer to the ring or tensor that holds the result, and the byte offset
  /// in
  /// it of the first result column to be written.
  OutBase,
  OutOffset,
  /// Pointer to the ring or tensor that holds operand i; the byte offset in it
  /// of
  /// the first stored column of the row that tap row `TapBegin` reads; bytes
  /// from
  /// a tap row to the next (dilation included); bytes of the ring: an offset
  /// that
  /// reaches this size continues at offset - size. (An operand that is whole is
  /// a
  /// ring that never wraps.)
  InBase,
  InOffset,
  InTapPitch,
  InRingBytes,
  /// Column, counted from the first stored column of operand i, that the first
  /// tap of the first result column reads. Negative where it is padding.
  InFirstColumn,
  /// Of operand i, whose window map has a divisor: the remainder of the
  /// division
  /// that gives InFirstColumn.
  InColumnRemainder,
  /// Stored columns of operand i, counted from its first stored column: a tap
  /// whose column is not in [0, InColumns) is padding.
  InColumns,
  /// Tap rows [TapBegin, TapEnd) of operand 0 lie inside the tensor; never
  /// empty
  /// except for `patch.pad`.
  TapBegin,
  TapEnd,
  /// Result columns to make (of a Reduce op: columns of operand 0).
  Count,
  /// Index of the result's row (of a Reduce op: of the operand's row).
  Row,
  /// Pointer to the kernel's scratch, 4-byte aligned.
  Scratch,
  /// Pointer to constant number i of the kernel.
  Constant,
};

struct KernelArg {
  ArgRole role;
  /// Which operand or constant.
  unsigned index = 0;
};

/// Where constants are counted in the report.
enum class ConstantKind { Weights, Table };

/// Constant data that a kernel reads, laid out for the loop that reads it.
struct KernelConstant {
  /// Ends the symbol, e.g. "weights".
  std::string suffix;
  /// Rank 1, elements i8, i16 or i32.
  mlir::DenseElementsAttr data;
  ConstantKind kind = ConstantKind::Table;
  /// Alignment in bytes.
  unsigned alignment = 4;
};

/// Bytes of arena a kernel writes besides its result, for a call that reads n
/// columns of operand 0: bytes + bytesPerColumn * n.
struct ScratchSize {
  int64_t bytes = 0;
  int64_t bytesPerColumn = 0;
};

/// The kernel chosen for one layer.
struct RowKernel {
  /// Names the function; layers of one shape class share it.
  std::string symbol;
  llvm::SmallVector<KernelArg> args;
  llvm::SmallVector<KernelConstant> constants;
  ScratchSize scratch;
  /// Creates the body of the function, whose block arguments follow `args`.
  /// It depends on nothing but what `symbol` encodes.
  std::function<void(mlir::OpBuilder &, mlir::func::FuncOp)> buildBody;
};

/// The kernel sets: what instructions a kernel may use.
using target::KernelSet;

/// Chooses the kernel for a layer of the patch dialect whose weights and bias
/// are constants. Fails with a diagnostic at the layer if there is none
/// (weights that are not constant, element types that no kernel handles).
mlir::FailureOr<RowKernel> selectKernel(mlir::Operation *layer, KernelSet set);

/// The bytes of arena that the kernel of this layer needs besides its result.
mlir::FailureOr<ScratchSize> getScratchSize(mlir::Operation *layer,
                                            KernelSet set);

/// The function `kernel.symbol` of the module, made if it is not there yet.
mlir::func::FuncOp getOrCreateKernel(mlir::ModuleOp module,
                                     const RowKernel &kernel);

} // namespace tessera::kernels

#endif // TESSERA_KERNELS_ROWKERNEL_H
