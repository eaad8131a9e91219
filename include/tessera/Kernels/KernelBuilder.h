//===- KernelBuilder.h - Write a kernel's body like C -----------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A thin layer over OpBuilder for the bodies of row kernels: 32-bit values with
// C's operators, byte pointers, loops and branches whose carried values go in
// and come out of lambdas. It emits arith, scf and llvm pointer ops only, no
// index and no memref, so that a kernel is the same integer arithmetic on every
// target.
//
//   // for (i = 0; i < n; ++i) sum += in[i];
//   Val sum = k.loop(n, {in, zero}, [&](ArrayRef<Val> c) -> Vals {
//     return {c[0] + 1, c[1] + k.load8(c[0])};
//   })[1];
//
//===----------------------------------------------------------------------===//

#ifndef TESSERA_KERNELS_KERNELBUILDER_H
#define TESSERA_KERNELS_KERNELBUILDER_H

#include "mlir/IR/Builders.h"
#include "mlir/IR/Value.h"
#include "llvm/ADT/STLFunctionalExtras.h"

namespace tessera::kernels {

class KernelBuilder;

/// A value of a kernel: `i32`, `i1` or `!llvm.ptr`. Arithmetic wraps.
struct Val {
  mlir::Value value;
  KernelBuilder *builder = nullptr;
};
using Vals = llvm::SmallVector<Val>;

/// i32 + i32, or pointer + offset in bytes.
Val operator+(Val a, Val b);
Val operator-(Val a, Val b);
Val operator*(Val a, Val b);
/// Both shift amounts must be in [0, 31]; to the right copies the sign.
Val operator<<(Val a, Val b);
Val operator>>(Val a, Val b);
Val operator&(Val a, Val b);
Val operator^(Val a, Val b);
/// Signed comparisons, giving i1.
Val operator<(Val a, Val b);
Val operator<=(Val a, Val b);
Val operator>(Val a, Val b);
Val operator>=(Val a, Val b);
Val operator==(Val a, Val b);

Val operator+(Val a, int32_t b);
Val operator-(Val a, int32_t b);
Val operator*(Val a, int32_t b);
Val operator<<(Val a, int32_t b);
Val operator>>(Val a, int32_t b);
Val operator&(Val a, int32_t b);
Val operator^(Val a, int32_t b);
Val operator<(Val a, int32_t b);
Val operator>(Val a, int32_t b);
Val operator>=(Val a, int32_t b);
Val operator==(Val a, int32_t b);

class KernelBuilder {
public:
  KernelBuilder(mlir::OpBuilder &builder, mlir::Location loc)
      : builder(builder), loc(loc) {}

  Val wrap(mlir::Value value) { return {value, this}; }
  Val i32(int32_t value);

  Val min(Val a, Val b);
  Val max(Val a, Val b);
  Val select(Val condition, Val a, Val b);
  /// Unsigned shift to the right.
  Val shiftRightUnsigned(Val a, Val amount);
  /// a / b rounded towards zero; b must not be 0, nor INT32_MIN / -1. One
  /// instruction on every target; not for inner loops.
  Val divide(Val a, Val b);
  /// Zeros above the highest set bit; 32 for 0.
  Val countLeadingZeros(Val a);
  /// The bits of a 64-bit expression: floor((a * b + 2^30) / 2^31), truncated
  /// to 32 bits: a rounding "doubling high" multiplication.
  Val multiplyHigh(Val a, Val b);

  /// Loads a byte with sign / without sign, or a 4-byte-aligned word.
  Val load8(Val pointer, int32_t offset = 0);
  Val load8Unsigned(Val pointer, int32_t offset = 0);
  Val load32(Val pointer, int32_t offset = 0);
  /// A word at any address.
  Val load32Unaligned(Val pointer);
  void store8(Val value, Val pointer, int32_t offset = 0);
  void store32(Val value, Val pointer, int32_t offset = 0);
  void store32Unaligned(Val value, Val pointer);

  /// Runs `body` max(count, 0) times. It takes the carried values and returns
  /// the next ones; the last ones are returned.
  Vals loop(Val count, llvm::ArrayRef<Val> init,
            llvm::function_ref<Vals(llvm::ArrayRef<Val>)> body);
  /// The same with `factor` copies of the body per trip, and a loop for the
  /// rest. `factor` is a power of two, `count` is not negative. (Kernels are
  /// optimised for size, so LLVM does not unroll by itself.)
  Vals unrolledLoop(Val count, int32_t factor, llvm::ArrayRef<Val> init,
                    llvm::function_ref<Vals(llvm::ArrayRef<Val>)> body);
  /// The values of the branch that is taken.
  Vals ifElse(Val condition, llvm::function_ref<Vals()> thenBody,
              llvm::function_ref<Vals()> elseBody);
  void ifThen(Val condition, llvm::function_ref<void()> body);

  mlir::OpBuilder &builder;
  mlir::Location loc;
};

} // namespace tessera::kernels

#endif // TESSERA_KERNELS_KERNELBUILDER_H
