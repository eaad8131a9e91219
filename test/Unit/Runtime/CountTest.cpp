//===- CountTest.cpp - Instruction counts are exact -----------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tessera/Runtime/Executor.h"

#include "Target/ToyModels.h"

using namespace llvm;
using namespace tessera;
using namespace tessera::runtime;
using namespace tessera::testing;

namespace {

const target::TargetInfo &cpu(StringRef name) {
  return **target::lookupTarget(name);
}

RunRequest countRequest(const target::EmittedObject &object,
                        const target::TargetInfo &target) {
  RunRequest request;
  request.object = object.bytes;
  request.target = &target;
  request.model.entry = "toy_run";
  request.model.arenaBytes = 16;
  request.inputs = {{}};
  request.timeoutSeconds = 60;
  return request;
}

class Count : public ::testing::TestWithParam<const char *> {};

/// Rows of `width` bytes, four of them, through a callback.
std::string rowsModule() {
  return R"(
define i32 @toy_run(ptr %arena, ptr %io) {
entry:
  %row = load ptr, ptr %io
  %slot = getelementptr ptr, ptr %io, i32 1
  %context = load ptr, ptr %slot
  br label %loop
loop:
  %y = phi i32 [0, %entry], [%next, %loop]
  %status = call i32 %row(ptr %context, i32 %y, ptr %arena)
  %next = add nuw nsw i32 %y, 1
  %done = icmp eq i32 %next, 4
  br i1 %done, label %exit, label %loop
exit:
  ret i32 0
}
)";
}

} // namespace

INSTANTIATE_TEST_SUITE_P(
    Boards, Count,
    ::testing::Values("cortex-m4", "cortex-m7", "cortex-m33", "cortex-m55"),
    [](const ::testing::TestParamInfo<const char *> &info) {
      std::string name = info.param;
      for (char &c : name)
        if (c == '-')
          c = '_';
      return name;
    });

TEST_P(Count, LoopOfTwoInstructions) {
  // movw; 1000 x (subs, bne); movs; bx: 1 + 2000 + 2.
  const char ir[] = R"(
    define i32 @toy_run(ptr %arena, ptr %io) naked noinline {
      call void asm sideeffect
        "movw r2, #1000\0A1: subs r2, #1\0Abne 1b\0Amovs r0, #0\0Abx lr", ""()
      unreachable
    })";
  const target::TargetInfo &target = cpu(GetParam());
  target::EmittedObject object = orDie(emitText(ir, target));
  InstructionCounts counts =
      orDie(countInstructions(countRequest(object, target)));
  EXPECT_EQ(counts.total, 2003);
  ASSERT_EQ(counts.parts.size(), 1u);
  EXPECT_EQ(counts.parts[0].line, 0u);
  EXPECT_EQ(counts.callbackInstructions, 0);
}

TEST_P(Count, InstructionsBelongToTheLastCallSite) {
  // first: movs, 10 x (subs, bne), bx = 22; second: 100 loops = 202.
  const std::string ir = std::string(R"(
    define void @first() naked noinline {
      call void asm sideeffect
        "movs r2, #10\0A1: subs r2, #1\0Abne 1b\0Abx lr", ""()
      unreachable
    }
    define void @second() naked noinline section ".text.second" {
      call void asm sideeffect
        "movs r2, #100\0A1: subs r2, #1\0Abne 1b\0Abx lr", ""()
      unreachable
    }
    define i32 @toy_run(ptr %arena, ptr %io) !dbg !4 {
      call void @first(), !dbg !7
      call void @second(), !dbg !8
      call void @first(), !dbg !7
      ret i32 0
    })") + debugInfo;
  const target::TargetInfo &target = cpu(GetParam());
  target::EmittedObject object = orDie(emitText(ir, target));
  ASSERT_EQ(object.info.callSites.size(), 3u);
  InstructionCounts counts =
      orDie(countInstructions(countRequest(object, target)));
  ASSERT_EQ(counts.parts.size(), 3u);
  // push {r7, lr}.
  EXPECT_EQ(counts.parts[0].line, 0u);
  EXPECT_EQ(counts.parts[0].instructions, 1);
  // Twice bl and `first`, then movs r0 and pop.
  EXPECT_EQ(counts.parts[1].line, 1u);
  EXPECT_EQ(counts.parts[1].instructions, 2 * (1 + 22) + 2);
  // bl and `second`.
  EXPECT_EQ(counts.parts[2].line, 2u);
  EXPECT_EQ(counts.parts[2].instructions, 1 + 202);
  EXPECT_EQ(counts.total, 1 + 48 + 203);
}

TEST_P(Count, CallbacksAreCountedApart) {
  const target::TargetInfo &target = cpu(GetParam());
  target::EmittedObject object = orDie(emitText(rowsModule(), target));
  RunRequest request = countRequest(object, target);
  request.model.inputMode = InputMode::Rows;
  request.model.arenaBytes = 1000;
  request.model.inputs = {{0, 4, 1, 1}};
  request.inputs = {std::vector<uint8_t>(4)};
  InstructionCounts narrow = orDie(countInstructions(request));
  request.model.inputs = {{0, 4, 1000, 1}};
  request.inputs = {std::vector<uint8_t>(4000)};
  InstructionCounts wide = orDie(countInstructions(request));
  // Who delivers a row is no part of the model.
  EXPECT_EQ(narrow.total, wide.total);
  EXPECT_LT(narrow.callbackInstructions, wide.callbackInstructions);
}

TEST_P(Count, FirstOfSeveralVectorsAndOutputsStayRight) {
  const char ir[] = R"(
    define i32 @toy_run(ptr %arena, ptr %io) naked noinline {
      call void asm sideeffect
        "ldrb r2, [r0]\0Aadds r2, #1\0Astrb r2, [r0]\0Amovs r0, #0\0Abx lr",
        ""()
      unreachable
    })";
  const target::TargetInfo &target = cpu(GetParam());
  target::EmittedObject object = orDie(emitText(ir, target));
  RunRequest request = countRequest(object, target);
  request.model.inputs = {{0, 1, 1, 1}};
  request.model.outputs = {{0, 1}};
  request.inputs = {{5}, {6}, {7}};
  request.countInstructions = true;
  RunResult result = orDie(run(request));
  EXPECT_EQ(result.outputs, (std::vector<std::vector<uint8_t>>{{6}, {7}, {8}}));
  // ldrb, adds, strb, movs, bx.
  EXPECT_EQ(result.instructions.total, 5);
}

TEST(CountErrors, negative_Host) {
  target::EmittedObject object = orDie(emitText(
      "define i32 @toy_run(ptr %arena, ptr %io) { ret i32 0 }", cpu("host")));
  EXPECT_EQ(messageOf(countInstructions(countRequest(object, cpu("host")))),
            "instructions are counted in the emulator only: choose a Cortex-M "
            "CPU");
}

TEST(CountErrors, negative_TwoInputs) {
  target::EmittedObject object =
      orDie(emitText("define i32 @toy_run(ptr %arena, ptr %io) { ret i32 0 }",
                     cpu("cortex-m4")));
  RunRequest request = countRequest(object, cpu("cortex-m4"));
  request.inputs = {{}, {}};
  EXPECT_EQ(messageOf(countInstructions(request)),
            "counting instructions needs exactly one input");
}
