//===- KernelHarness.h - Run a layer's row kernel on the host ---*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Plays the loop nest around one layer: makes every row of the result in every
// strip by calling the row kernel, which is compiled for this machine, on rings
// that hold what the layer's window maps ask for and garbage elsewhere. A
// kernel is compiled once per symbol, so that a body that depends on more than
// its symbol gives wrong results here.
//
//===----------------------------------------------------------------------===//

#ifndef TESSERA_TEST_UNIT_KERNELS_KERNELHARNESS_H
#define TESSERA_TEST_UNIT_KERNELS_KERNELHARNESS_H

#include "tessera/Dialect/Patch/IR/PatchDialect.h"
#include "tessera/Kernels/RowKernel.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/BuiltinOps.h"

#include <cstdint>
#include <functional>
#include <random>
#include <string>
#include <vector>

namespace tessera::kernels {

using Bytes = std::vector<uint8_t>;
using Random = std::mt19937;

/// A number in [low, high].
int32_t pick(Random &random, int32_t low, int32_t high);
Bytes randomBytes(Random &random, int64_t count);

/// Height, width, channels.
struct Shape {
  int32_t h = 1, w = 1, c = 1;
  int64_t count() const { return int64_t(h) * w * c; }
};

/// How the loop nest around the layer looks.
struct Schedule {
  /// Rows of each operand's ring beyond those that one firing reads; -1: the
  /// operand is whole.
  int32_t extraRows = -1;
  /// Columns of the result per strip; 0: all.
  int32_t stripColumns = 0;
  /// Write the result over the operand that the layer allows it for, if any.
  bool inPlace = false;
  /// Columns on either side that a ring stores besides those that are read, as
  /// another reader of it may want them.
  int32_t extraColumns = 0;
};

/// The schedules that every layer is run with.
std::vector<Schedule> allSchedules();

/// A compiled function: takes an array of pointers to its arguments.
using PackedFunction = void (*)(void **);

class KernelHarness {
public:
  KernelHarness();
  ~KernelHarness();

  mlir::MLIRContext &context() { return mlirContext; }
  mlir::OpBuilder &builder() { return opBuilder; }
  mlir::Location loc() { return opBuilder.getUnknownLoc(); }

  /// tensor<1xHxWxCxELEMENT>; i8 if no element type is given.
  mlir::RankedTensorType type(Shape shape, mlir::Type element = {});
  /// A value of that type: an argument of a function of the harness.
  mlir::Value activation(Shape shape, mlir::Type element = {});
  mlir::Value constant(llvm::ArrayRef<int64_t> shape,
                       llvm::ArrayRef<int8_t> data);
  mlir::Value constant(llvm::ArrayRef<int32_t> data);

  /// Runs the layer on whole operands, NHWC bytes; returns the result's bytes.
  /// Adds a test failure if the kernel writes where it must not.
  Bytes run(mlir::Operation *layer, llvm::ArrayRef<Bytes> operands,
            Schedule schedule);

  /// The compiled function of a kernel.
  PackedFunction compile(const RowKernel &kernel);

  /// What selectKernel says of a layer that has no kernel; "" if it has one.
  std::string selectionError(mlir::Operation *layer);

private:
  struct Engines;

  mlir::MLIRContext mlirContext;
  mlir::OpBuilder opBuilder;
  mlir::OwningOpRef<mlir::ModuleOp> module;
  std::unique_ptr<Engines> engines;
};

} // namespace tessera::kernels

#endif // TESSERA_TEST_UNIT_KERNELS_KERNELHARNESS_H
