//===- LayerNameTest.cpp - Names of layers and models ---------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tessera/Dialect/Patch/IR/LayerName.h"
#include "tessera/Import/TFLite/Import.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/MLIRContext.h"

#include <gtest/gtest.h>

using namespace mlir;
using namespace tessera;

namespace {

struct LayerName : ::testing::Test {
  Location named(llvm::StringRef name) {
    return NameLoc::get(StringAttr::get(&context, name));
  }
  MLIRContext context;
};

} // namespace

TEST_F(LayerName, OfOneLayer) {
  EXPECT_EQ(getLayerName(getLayerLocation(&context, 7, "CONV_2D")),
            "7:CONV_2D");
}

TEST_F(LayerName, OfFusedLayersIsTheFirst) {
  Location fused = FusedLoc::get(
      &context, {named("model"), getLayerLocation(&context, 3, "PAD"),
                 getLayerLocation(&context, 4, "CONV_2D")});
  EXPECT_EQ(getLayerName(fused), "3:PAD");
}

TEST_F(LayerName, OtherNamesAreNoLayers) {
  for (llvm::StringRef name : {"model", "7", "7:", ":CONV_2D", "x7:CONV_2D"})
    EXPECT_EQ(getLayerName(named(name)), "") << name.str();
  EXPECT_EQ(getLayerName(UnknownLoc::get(&context)), "");
}

TEST_F(LayerName, OfAnOpWithoutLayer) {
  OwningOpRef<ModuleOp> module = ModuleOp::create(UnknownLoc::get(&context));
  EXPECT_EQ(getLayerName(module->getOperation()), "builtin.module");
}

TEST(ModelName, IsACIdentifier) {
  EXPECT_EQ(getModelName("models/kws-2.tflite"), "kws_2");
  EXPECT_EQ(getModelName("96x96 person.v2.tflite"), "_96x96_person_v2");
  EXPECT_EQ(getModelName(""), "_");
}

TEST_F(LayerName, negative_ImportUnderANameThatIsNoIdentifier) {
  std::string message;
  ScopedDiagnosticHandler handler(&context, [&](Diagnostic &diagnostic) {
    message = diagnostic.str();
    return success();
  });
  EXPECT_FALSE(importTFLite(&context, "", "two words"));
  EXPECT_EQ(message,
            "'two words' is no C identifier: give the model another name");
}
