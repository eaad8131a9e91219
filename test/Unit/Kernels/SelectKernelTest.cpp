//===- SelectKernelTest.cpp - The kernel for a layer ----------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Oracle.h"

#include <gtest/gtest.h>

using namespace mlir;
using namespace tessera;
using namespace tessera::kernels;

namespace {

class SelectKernelTest : public ::testing::Test {
protected:
  patch::RequantAttr requant(ArrayRef<int32_t> multiplier,
                             ArrayRef<int32_t> exponent) {
    return patch::RequantAttr::get(&harness.context(), multiplier, exponent, 0,
                                   -128, 127, patch::Rounding::TFLite);
  }

  /// 1x1 convolution of 1x1x2 to 1x1x2.
  Operation *makeConv(Value weights, Value bias, patch::RequantAttr requant,
                      Type element = {}) {
    int32_t ones[] = {1, 1}, pad[] = {0, 0, 0, 0};
    return patch::Conv2DOp::create(harness.builder(), harness.loc(),
                                   harness.type({1, 1, 2}, element),
                                   harness.activation({1, 1, 2}, element),
                                   weights, bias, ones, ones, pad, 0, requant);
  }

  Value weights() {
    return harness.constant({2, 1, 1, 2}, ArrayRef<int8_t>{1, 2, 3, 4});
  }
  Value bias() { return harness.constant(ArrayRef<int32_t>{0, 0}); }

  KernelHarness harness;
};

TEST_F(SelectKernelTest, symbolSaysWhatTheCodeDependsOn) {
  auto symbol = [&](patch::RequantAttr attr) {
    auto kernel =
        selectKernel(makeConv(weights(), bias(), attr), KernelSet::Portable);
    return succeeded(kernel) ? kernel->symbol : "";
  };
  EXPECT_EQ(symbol(requant({5}, {-3})), "conv2d_i8_pertensor_tflite");
  EXPECT_EQ(symbol(requant({5, 5}, {-3, -4})), "conv2d_i8_perchannel_tflite");
  EXPECT_EQ(symbol(requant({5, 5}, {-3, 0})),
            "conv2d_i8_perchannel_tflite_shift");
  EXPECT_EQ(symbol(requant({5, INT32_MIN}, {-3, -3})),
            "conv2d_i8_perchannel_tflite_saturate");
}

TEST_F(SelectKernelTest, richerSetsFallBackToPortable) {
  Operation *layer = makeConv(weights(), bias(), requant({5}, {-3}));
  for (KernelSet set : {KernelSet::DSP, KernelSet::MVE})
    EXPECT_TRUE(succeeded(selectKernel(layer, set)));
}

TEST_F(SelectKernelTest, functionIsMadeOnce) {
  auto kernel = selectKernel(makeConv(weights(), bias(), requant({5}, {-3})),
                             KernelSet::Portable);
  ASSERT_TRUE(succeeded(kernel));
  OwningOpRef<ModuleOp> module = ModuleOp::create(harness.loc());
  func::FuncOp first = getOrCreateKernel(*module, *kernel);
  EXPECT_EQ(getOrCreateKernel(*module, *kernel), first);
  EXPECT_TRUE(first.isPrivate());
  EXPECT_EQ(first.getNumArguments(), kernel->args.size());
}

TEST_F(SelectKernelTest, bodiesAreIntegersAndPointers) {
  auto kernel = selectKernel(makeConv(weights(), bias(), requant({5}, {-3})),
                             KernelSet::Portable);
  ASSERT_TRUE(succeeded(kernel));
  OwningOpRef<ModuleOp> module = ModuleOp::create(harness.loc());
  func::FuncOp function = getOrCreateKernel(*module, *kernel);
  function.walk([](Operation *op) {
    for (Type type : op->getResultTypes())
      EXPECT_TRUE(isa<LLVM::LLVMPointerType>(type) || type.isSignlessInteger());
    EXPECT_FALSE(isa<LLVM::AllocaOp>(op));
  });
}

TEST_F(SelectKernelTest, negative_weightsAreNotConstant) {
  auto type =
      RankedTensorType::get({2, 1, 1, 2}, harness.builder().getI8Type());
  Value argument =
      harness.builder().getInsertionBlock()->addArgument(type, harness.loc());
  EXPECT_EQ(
      harness.selectionError(makeConv(argument, bias(), requant({5}, {-3}))),
      "'patch.conv2d' op weights must be a constant: a kernel packs it "
      "when the network is compiled");
}

TEST_F(SelectKernelTest, negative_sixteenBits) {
  Operation *layer = makeConv(weights(), bias(), requant({5}, {-3}),
                              harness.builder().getI16Type());
  std::string error = harness.selectionError(layer);
  EXPECT_EQ(error.find("'patch.conv2d' op has no row kernel: there are kernels "
                       "for int8 layers of the patch dialect, not for "
                       "'tensor<1x1x1x2xi16>'"),
            0u)
      << error;
  EXPECT_TRUE(failed([&] {
    ScopedDiagnosticHandler quiet(&harness.context(),
                                  [](Diagnostic &) { return success(); });
    return getScratchSize(layer, KernelSet::Portable);
  }()));
}

} // namespace
