//===- ObjectInfoTest.cpp - Stack depth and call sites --------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Target/ToyModels.h"

using namespace llvm;
using namespace tessera;
using namespace tessera::target;
using namespace tessera::testing;

namespace {

/// entry -> deep (64 bytes) -> leaf (32 bytes); entry -> flat (48 bytes).
/// `flat` is in a section of its own, so its call has a relocation.
const std::string tree = std::string(R"(
define void @leaf() noinline {
  %local = alloca [8 x i32]
  call void asm sideeffect "", "r"(ptr %local)
  ret void
}
define void @deep() noinline {
  %local = alloca [16 x i32]
  call void asm sideeffect "", "r"(ptr %local)
  call void @leaf()
  call void asm sideeffect "", "r"(ptr %local)
  ret void
}
define void @flat() noinline section ".text.flat" {
  %local = alloca [12 x i32]
  call void asm sideeffect "", "r"(ptr %local)
  ret void
}
define i32 @toy_run(ptr %arena, ptr %io) !dbg !4 {
  call void @deep(), !dbg !7
  call void @flat(), !dbg !8
  ret i32 0
}
)") + debugInfo;

const FunctionInfo &function(const ObjectInfo &info, StringRef name) {
  for (const FunctionInfo &candidate : info.functions)
    if (candidate.name == name)
      return candidate;
  ADD_FAILURE() << "no function " << name.str();
  return info.functions.front();
}

} // namespace

TEST(ObjectInfo, StackIsTheDeepestPath) {
  for (auto [target, abi] : allVariants()) {
    SCOPED_TRACE(variantName(*target, abi));
    ObjectInfo info = orDie(emitText(tree, *target, toyOptions(abi))).info;
    int64_t leaf = function(info, "leaf").frameBytes;
    int64_t deep = function(info, "deep").frameBytes;
    int64_t flat = function(info, "flat").frameBytes;
    int64_t entry = function(info, "toy_run").frameBytes;
    // Locals at least; on ARM all frames are multiples of 8.
    EXPECT_GE(deep, 64);
    EXPECT_GE(flat, 48);
    if (!target->isHost) {
      EXPECT_EQ(leaf, 32);
      EXPECT_EQ(flat, 48);
      EXPECT_EQ(entry, 8); // saves lr
    }
    EXPECT_EQ(function(info, "deep").stackBytes, deep + leaf);
    EXPECT_EQ(info.stackBytes, entry + deep + leaf);
  }
}

TEST(ObjectInfo, CallSitesHaveTheirLines) {
  for (auto [target, abi] : allVariants()) {
    SCOPED_TRACE(variantName(*target, abi));
    ObjectInfo info = orDie(emitText(tree, *target, toyOptions(abi))).info;
    ASSERT_EQ(info.callSites.size(), 2u);
    EXPECT_EQ(info.callSites[0].callee, "deep");
    EXPECT_EQ(info.callSites[0].line, 1u);
    EXPECT_EQ(info.callSites[1].callee, "flat");
    EXPECT_EQ(info.callSites[1].line, 2u);
    EXPECT_LT(info.callSites[0].offset, info.callSites[1].offset);
  }
}

TEST(ObjectInfo, CallbacksCountTheCallersSideOnly) {
  // A callback of seven arguments: three of them on the stack (ARM).
  const char ir[] = R"(
    define i32 @toy_run(ptr %arena, ptr %io) {
      %window = load ptr, ptr %io
      %slot = getelementptr ptr, ptr %io, i32 1
      %context = load ptr, ptr %slot
      %r = call i32 %window(ptr %context, i32 0, i32 0, i32 1, i32 1,
                            ptr %arena, SIZE 4)
      %s = add i32 %r, 0
      store volatile i32 1, ptr %arena
      ret i32 %s
    })";
  for (auto [target, abi] : allVariants()) {
    SCOPED_TRACE(variantName(*target, abi));
    ObjectInfo info = orDie(emitText(ir, *target, toyOptions(abi))).info;
    ASSERT_EQ(info.callSites.size(), 1u);
    EXPECT_EQ(info.callSites[0].callee, "");
    EXPECT_EQ(info.callSites[0].line, 0u);
    // On x86-64 the call pushes its return address.
    int64_t below = target->isHost ? 8 : 0;
    EXPECT_EQ(info.stackBytes, function(info, "toy_run").frameBytes + below);
  }
}

TEST(ObjectInfo, CallsThroughPointersReachFunctionsWhoseAddressIsTaken) {
  const char ir[] = R"(
    @table = internal constant [2 x ptr] [ptr @small, ptr @large]
    define void @small() noinline { ret void }
    define void @large() noinline {
      %local = alloca [16 x i32]
      call void asm sideeffect "", "r"(ptr %local)
      ret void
    }
    define i32 @toy_run(ptr %arena, ptr %io) {
      %i = load volatile i32, ptr %arena
      %slot = getelementptr ptr, ptr @table, i32 %i
      %f = load volatile ptr, ptr %slot
      call void %f()
      store volatile i32 1, ptr %arena
      ret i32 0
    })";
  const TargetInfo &m4 = **lookupTarget("cortex-m4");
  ObjectInfo info = orDie(emitText(ir, m4)).info;
  EXPECT_EQ(info.stackBytes, function(info, "toy_run").frameBytes +
                                 function(info, "large").frameBytes);
  EXPECT_GE(function(info, "large").frameBytes, 64);
}

TEST(ObjectInfo, TailCallsReuseTheStack) {
  const char ir[] = R"(
    define i32 @other(ptr %arena, ptr %io) noinline {
      %local = alloca [8 x i32]
      call void asm sideeffect "", "r"(ptr %local)
      %status = load volatile i32, ptr %arena
      ret i32 %status
    }
    define i32 @toy_run(ptr %arena, ptr %io) {
      %r = tail call i32 @other(ptr %arena, ptr %io)
      ret i32 %r
    })";
  const TargetInfo &m4 = **lookupTarget("cortex-m4");
  ObjectInfo info = orDie(emitText(ir, m4)).info;
  EXPECT_EQ(info.stackBytes, 32);
}

TEST(ObjectInfo, negative_DamagedObjects) {
  const TargetInfo &m4 = **lookupTarget("cortex-m4");
  EmitOptions options = toyOptions();
  EmittedObject object = orDie(emitText(tree, m4));
  EXPECT_NE(
      messageOf(inspectObject({}, m4, target::FloatABI::Hard, options.inspect)),
      "");
  for (size_t length : {size_t(20), object.bytes.size() / 2}) {
    ArrayRef<char> part(object.bytes.data(), length);
    EXPECT_NE(messageOf(inspectObject(part, m4, target::FloatABI::Hard,
                                      options.inspect)),
              "");
  }
  options.inspect.entry = "missing_run";
  EXPECT_EQ(messageOf(inspectObject(object.bytes, m4, target::FloatABI::Hard,
                                    options.inspect)),
            "the object does not define the function 'missing_run'");
}
