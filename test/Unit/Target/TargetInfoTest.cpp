//===- TargetInfoTest.cpp - The table of CPUs agrees with LLVM ------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tessera/Target/CortexM/TargetInfo.h"

#include "Target/ToyModels.h"

#include "llvm/TargetParser/Triple.h"

using namespace llvm;
using namespace tessera;
using namespace tessera::target;
using namespace tessera::testing;

TEST(TargetInfo, LooksUpByName) {
  for (StringRef name :
       {"host", "cortex-m4", "cortex-m7", "cortex-m33", "cortex-m55"}) {
    Expected<const TargetInfo *> target = lookupTarget(name);
    ASSERT_TRUE(bool(target)) << toString(target.takeError());
    EXPECT_EQ((*target)->name, name);
  }
}

TEST(TargetInfo, negative_UnknownNameListsTheNames) {
  EXPECT_EQ(messageOf(lookupTarget("cortex-m3")),
            "unknown CPU 'cortex-m3': use one of host, cortex-m4, cortex-m7, "
            "cortex-m33, cortex-m55");
}

TEST(TargetInfo, FloatABIDefaultsToTheCPUs) {
  const TargetInfo &m4 = **lookupTarget("cortex-m4");
  EXPECT_EQ(orDie(resolveFloatABI(m4, std::nullopt)), target::FloatABI::Hard);
  EXPECT_EQ(orDie(resolveFloatABI(m4, "soft")), target::FloatABI::Soft);
  EXPECT_EQ(orDie(resolveFloatABI(m4, "softfp")), target::FloatABI::SoftFP);
}

TEST(TargetInfo, negative_FloatABI) {
  const TargetInfo &m4 = **lookupTarget("cortex-m4");
  EXPECT_EQ(messageOf(resolveFloatABI(m4, "firm")),
            "unknown float ABI 'firm': use one of soft, softfp, hard");
  const TargetInfo &host = **lookupTarget("host");
  EXPECT_EQ(messageOf(resolveFloatABI(host, "hard")),
            "CPU 'host' has only one float ABI: leave out the float ABI "
            "'hard'");
}

TEST(TargetInfo, KernelSets) {
  const TargetInfo &host = **lookupTarget("host");
  const TargetInfo &m4 = **lookupTarget("cortex-m4");
  const TargetInfo &m55 = **lookupTarget("cortex-m55");
  EXPECT_EQ(host.kernelSet(target::FloatABI::Hard), KernelSet::Portable);
  EXPECT_EQ(m4.kernelSet(target::FloatABI::Soft), KernelSet::DSP);
  EXPECT_EQ(m55.kernelSet(target::FloatABI::Hard), KernelSet::MVE);
  EXPECT_EQ(m55.kernelSet(target::FloatABI::SoftFP), KernelSet::MVE);
  // No FPU registers, no vectors.
  EXPECT_EQ(m55.kernelSet(target::FloatABI::Soft), KernelSet::DSP);
}

TEST(TargetInfo, DataLayoutIsLLVMs) {
  for (auto [target, abi] : allVariants()) {
    LLVMContext context;
    Module module("empty", context);
    Expected<SmallVector<char, 0>> object =
        emitDataObject(module, *target, abi);
    ASSERT_TRUE(bool(object)) << toString(object.takeError());
    EXPECT_EQ(module.getDataLayoutStr(), target->dataLayoutString())
        << variantName(*target, abi);
    EXPECT_EQ(module.getDataLayout().getIndexSizeInBits(0), target->indexBits);
  }
}

TEST(TargetInfo, TriplesNameTheEABI) {
  for (auto [target, abi] : allVariants()) {
    if (target->isHost)
      continue;
    Triple triple(target->triple(abi));
    EXPECT_EQ(triple.getEnvironment(),
              abi == target::FloatABI::Hard ? Triple::EABIHF : Triple::EABI)
        << triple.str();
    EXPECT_EQ(triple.normalize(), triple.str());
  }
}
