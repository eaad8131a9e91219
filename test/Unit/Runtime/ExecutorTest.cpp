//===- ExecutorTest.cpp - Toy objects on the host and on all boards -------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tessera/Runtime/Executor.h"

#include "Target/ToyModels.h"

#include <cstdlib>

using namespace llvm;
using namespace tessera;
using namespace tessera::runtime;
using namespace tessera::testing;

namespace {

using Bytes = std::vector<uint8_t>;

/// Output = input + 3, sixteen bytes at offset 0 to sixteen at offset 16.
constexpr char addThree[] = R"(
define i32 @toy_run(ptr %arena, ptr %io) {
entry:
  br label %loop
loop:
  %i = phi i32 [0, %entry], [%next, %loop]
  %from = getelementptr i8, ptr %arena, i32 %i
  %to = getelementptr i8, ptr %from, i32 16
  %byte = load i8, ptr %from
  %sum = add i8 %byte, 3
  store i8 %sum, ptr %to
  %next = add nuw nsw i32 %i, 1
  %done = icmp eq i32 %next, 16
  br i1 %done, label %exit, label %loop
exit:
  ret i32 0
}
)";

ModelInfo addThreeModel() {
  ModelInfo model;
  model.entry = "toy_run";
  model.arenaBytes = 32;
  model.inputs = {{/*arenaOffset=*/0, /*height=*/4, /*width=*/4,
                   /*pixelBytes=*/1}};
  model.outputs = {{/*arenaOffset=*/16, /*bytes=*/16}};
  return model;
}

/// Four rows of six bytes through the callback, each to the arena's row; the
/// last byte of each is then the output. Stops at a status that is not 0.
constexpr char fourRows[] = R"(
define i32 @toy_run(ptr %arena, ptr %io) {
entry:
  %row = load ptr, ptr %io
  %slot = getelementptr ptr, ptr %io, i32 1
  %context = load ptr, ptr %slot
  br label %loop
loop:
  %y = phi i32 [0, %entry], [%next, %served]
  %status = call i32 %row(ptr %context, i32 %y, ptr %arena)
  %ok = icmp eq i32 %status, 0
  br i1 %ok, label %served, label %exit
served:
  %last = getelementptr i8, ptr %arena, i32 5
  %byte = load i8, ptr %last
  %outputs = getelementptr i8, ptr %arena, i32 8
  %to = getelementptr i8, ptr %outputs, i32 %y
  store i8 %byte, ptr %to
  %next = add nuw nsw i32 %y, 1
  %done = icmp eq i32 %next, 4
  br i1 %done, label %exit, label %loop
exit:
  %result = phi i32 [%status, %loop], [0, %served]
  ret i32 %result
}
)";

ModelInfo fourRowsModel() {
  ModelInfo model;
  model.entry = "toy_run";
  model.inputMode = InputMode::Rows;
  model.arenaBytes = 16;
  model.inputs = {{0, /*height=*/4, /*width=*/2, /*pixelBytes=*/3}};
  model.outputs = {{8, 4}};
  return model;
}

/// The bytes first, first + 1, ...
Bytes iota(size_t count, uint8_t first = 0) {
  Bytes result(count);
  for (size_t i = 0; i < count; ++i)
    result[i] = first + i;
  return result;
}

std::string replaced(std::string text, const std::string &from,
                     const std::string &to) {
  size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

/// Emits `ir` and fills a request; the promised stack is the predicted one.
class Toy {
public:
  Toy(const std::string &ir, const ModelInfo &model,
      const target::TargetInfo &target,
      target::FloatABI abi = target::FloatABI::Hard)
      : emitted(orDie(emitText(ir, target, options(abi)))) {
    request.object = emitted.bytes;
    request.target = &target;
    request.floatABI = abi;
    request.model = model;
    request.model.stackBytes = emitted.info.stackBytes;
    request.inputs = {iota(model.inputBytes())};
    request.timeoutSeconds = 60;
  }

  target::EmittedObject emitted;
  RunRequest request;

private:
  static target::EmitOptions options(target::FloatABI abi) {
    target::EmitOptions result = toyOptions(abi);
    result.maxAllocaBytes = 4096;
    return result;
  }
};

const target::TargetInfo &cpu(StringRef name) {
  return **target::lookupTarget(name);
}

/// Each test runs on the host and on the four boards.
class OnEveryTarget : public ::testing::TestWithParam<const char *> {
protected:
  const target::TargetInfo &target() const { return cpu(GetParam()); }
};

std::string parameterName(const ::testing::TestParamInfo<const char *> &info) {
  std::string name = info.param;
  for (char &c : name)
    if (c == '-')
      c = '_';
  return name;
}

} // namespace

INSTANTIATE_TEST_SUITE_P(Executor, OnEveryTarget,
                         ::testing::Values("host", "cortex-m4", "cortex-m7",
                                           "cortex-m33", "cortex-m55"),
                         parameterName);

TEST_P(OnEveryTarget, ResidentInput) {
  Toy toy(addThree, addThreeModel(), target());
  toy.request.inputs = {iota(16), iota(16, 250)};
  for (uint32_t seed : {1u, 2u}) {
    toy.request.garbageSeed = seed;
    RunResult result = orDie(run(toy.request));
    // 250 + 3 .. wraps at 256.
    EXPECT_EQ(result.outputs, (std::vector<Bytes>{iota(16, 3), iota(16, 253)}));
    EXPECT_EQ(result.statuses, (std::vector<int>{0, 0}));
    EXPECT_EQ(result.inputBytesRead, (std::vector<int64_t>{0, 0}));
  }
}

TEST_P(OnEveryTarget, ArenaHoldsTheGarbageOfTheSeed) {
  // The output is what no one wrote.
  Toy toy("define i32 @toy_run(ptr %arena, ptr %io) { ret i32 0 }",
          addThreeModel(), target());
  RunResult first = orDie(run(toy.request));
  toy.request.garbageSeed = 2;
  RunResult second = orDie(run(toy.request));
  EXPECT_NE(first.outputs, second.outputs);
}

TEST_P(OnEveryTarget, ExternalInputs) {
  // Two inputs: out[0] = last byte of the first, out[1] = of the second.
  ModelInfo model = addThreeModel();
  model.inputMode = InputMode::External;
  model.inputs = {{0, 1, 1, 5}, {0, 1, 1, 3}};
  model.outputs = {{0, 1}, {31, 1}};
  const char ir[] = R"(
    define i32 @toy_run(ptr %arena, ptr %io) {
      %a = load ptr, ptr %io
      %slot = getelementptr ptr, ptr %io, i32 1
      %b = load ptr, ptr %slot
      %pa = getelementptr i8, ptr %a, i32 4
      %pb = getelementptr i8, ptr %b, i32 2
      %va = load i8, ptr %pa
      %vb = load i8, ptr %pb
      %second = getelementptr i8, ptr %arena, i32 31
      store i8 %va, ptr %arena
      store i8 %vb, ptr %second
      ret i32 0
    })";
  Toy toy(ir, model, target());
  EXPECT_EQ(orDie(run(toy.request)).outputs[0], (Bytes{4, 7}));
}

TEST_P(OnEveryTarget, Rows) {
  Toy toy(fourRows, fourRowsModel(), target());
  RunResult result = orDie(run(toy.request));
  EXPECT_EQ(result.outputs[0], (Bytes{5, 11, 17, 23}));
  EXPECT_EQ(result.inputBytesRead[0], 24);
  // The callback runs on another stack: nothing of it is measured.
  if (!target().isHost)
    EXPECT_EQ(result.stackUsedBytes, toy.emitted.info.stackBytes);
}

TEST_P(OnEveryTarget, RowsOfTwoInputs) {
  // Row 0 of input 1 (one row of 4 bytes), then row 0 of input 0 (of 3).
  ModelInfo model = fourRowsModel();
  model.inputs = {{0, 1, 1, 3}, {0, 1, 1, 4}};
  model.outputs = {{0, 8}};
  const char ir[] = R"(
    define i32 @toy_run(ptr %arena, ptr %io) {
      %row0 = load ptr, ptr %io
      %slot1 = getelementptr ptr, ptr %io, i32 1
      %row1 = load ptr, ptr %slot1
      %slot2 = getelementptr ptr, ptr %io, i32 2
      %context = load ptr, ptr %slot2
      %end = getelementptr i8, ptr %arena, i32 7
      store i8 99, ptr %end
      %a = call i32 %row1(ptr %context, i32 0, ptr %arena)
      %to = getelementptr i8, ptr %arena, i32 4
      %b = call i32 %row0(ptr %context, i32 0, ptr %to)
      %r = or i32 %a, %b
      ret i32 %r
    })";
  Toy toy(ir, model, target());
  EXPECT_EQ(orDie(run(toy.request)).outputs[0],
            (Bytes{3, 4, 5, 6, 0, 1, 2, 99}));
}

TEST_P(OnEveryTarget, Windows) {
  // Rows 1..2, columns 2..3 of 3x4 pixels of 2 bytes, 6 bytes apart.
  ModelInfo model = fourRowsModel();
  model.inputMode = InputMode::Windows;
  model.inputs = {{0, 3, 4, 2}};
  model.outputs = {{0, 4}, {6, 4}};
  const char ir[] = R"(
    define i32 @toy_run(ptr %arena, ptr %io) {
      %window = load ptr, ptr %io
      %slot = getelementptr ptr, ptr %io, i32 1
      %context = load ptr, ptr %slot
      %r = call i32 %window(ptr %context, i32 1, i32 2, i32 2, i32 2,
                            ptr %arena, SIZE 6)
      %s = call i32 %window(ptr %context, i32 1, i32 2, i32 2, i32 2,
                            ptr %arena, SIZE 6)
      %t = or i32 %r, %s
      ret i32 %t
    })";
  Toy toy(ir, model, target());
  RunResult result = orDie(run(toy.request));
  EXPECT_EQ(result.outputs[0], (Bytes{12, 13, 14, 15, 20, 21, 22, 23}));
  // The same eight bytes twice: windows may be asked for again.
  EXPECT_EQ(result.inputBytesRead[0], 16);
  // Three arguments are on the stack, nothing of the callback is.
  if (!target().isHost)
    EXPECT_EQ(result.stackUsedBytes, toy.emitted.info.stackBytes);
}

TEST_P(OnEveryTarget, CallbackThatFailsEndsTheRun) {
  Toy toy(fourRows, fourRowsModel(), target());
  toy.request.failCallbackAt = 2;
  toy.request.failCallbackStatus = -5;
  RunResult result = orDie(run(toy.request));
  EXPECT_EQ(result.statuses, std::vector<int>{-5});
  EXPECT_EQ(result.inputBytesRead[0], 12); // two rows of six bytes
}

TEST_P(OnEveryTarget, LargeModel) {
  // 4 MiB of weights, 1.6 MB of arena: the last bytes of both are used.
  ModelInfo model;
  model.entry = "toy_run";
  model.arenaBytes = 1'660'116;
  model.inputs = {{model.arenaBytes - 1, 1, 1, 1}};
  model.outputs = {{0, 1}};
  const char ir[] = R"(
    @weights = internal constant <{ [4194303 x i8], i8 }>
        <{ [4194303 x i8] zeroinitializer, i8 42 }>,
        section ".rodata.toy.weights"
    define i32 @toy_run(ptr %arena, ptr %io) {
      %last = getelementptr i8, ptr @weights, i32 4194303
      %weight = load volatile i8, ptr %last
      %at = getelementptr i8, ptr %arena, i32 1660115
      %input = load i8, ptr %at
      %sum = add i8 %weight, %input
      store i8 %sum, ptr %arena
      ret i32 0
    })";
  Toy toy(ir, model, target());
  toy.request.inputs = {Bytes{100}};
  EXPECT_EQ(toy.emitted.info.weightsBytes, 4 << 20);
  EXPECT_EQ(orDie(run(toy.request)).outputs[0], Bytes{142});
}

TEST_P(OnEveryTarget, SectionsOfAUsersChoice) {
  std::string ir =
      replaced(addThree, "ptr %io) {", "ptr %io) section \".itcm\" {") +
      "@w = internal constant [64 x i8] zeroinitializer, "
      "section \".ospi_flash\"\n@llvm.used = appending global "
      "[1 x ptr] [ptr @w], section \"llvm.metadata\"";
  Toy toy(ir, addThreeModel(), target());
  EXPECT_EQ(orDie(run(toy.request)).outputs[0], iota(16, 3));
}

TEST_P(OnEveryTarget, negative_WritesPastTheArena) {
  // Sixteen bytes at offset 16 of an arena of 31: the last one is outside.
  ModelInfo model = addThreeModel();
  model.arenaBytes = 31;
  model.outputs = {{16, 15}};
  Toy toy(addThree, model, target());
  EXPECT_EQ(messageOf(run(toy.request)),
            "'toy_run' with input 0 on " + target().name.str() +
                " wrote outside the arena, at offset 31 of 31 bytes");
}

TEST_P(OnEveryTarget, negative_WritesBeforeTheArena) {
  Toy toy(replaced(addThree, "i32 16", "i32 -1"), addThreeModel(), target());
  EXPECT_EQ(messageOf(run(toy.request)),
            "'toy_run' with input 0 on " + target().name.str() +
                " wrote outside the arena, at offset -1 of 32 bytes");
}

TEST_P(OnEveryTarget, negative_WritesToAnExternalInput) {
  ModelInfo model = addThreeModel();
  model.inputMode = InputMode::External;
  Toy toy("define i32 @toy_run(ptr %arena, ptr %io) {\n"
          "  %input = load ptr, ptr %io\n"
          "  store i8 77, ptr %input\n"
          "  ret i32 0\n}",
          model, target());
  EXPECT_EQ(messageOf(run(toy.request)),
            "'toy_run' with input 0 on " + target().name.str() +
                " wrote to an input outside the arena");
}

TEST_P(OnEveryTarget, negative_RowsBackwards) {
  Toy toy(replaced(fourRows, "i32 %y, ptr %arena", "i32 3, ptr %arena"),
          fourRowsModel(), target());
  EXPECT_EQ(messageOf(run(toy.request)),
            "'toy_run' with input 0 on " + target().name.str() +
                " asked for input row 3 when row 0 was due");
}

TEST_P(OnEveryTarget, negative_InputOfAnotherSize) {
  Toy toy(addThree, addThreeModel(), target());
  toy.request.inputs = {iota(16), iota(15)};
  EXPECT_EQ(messageOf(run(toy.request)),
            "input 1 has 15 bytes, but the model's inputs need 16");
}

namespace {

/// Boards only: the host measures neither stack nor faults.
class OnEveryBoard : public OnEveryTarget {};

/// Two nested frames of known size; every word of the inner one is written.
const std::string deepStack = R"(
define void @inner(ptr %arena) noinline {
  %local = alloca [64 x i32]
  call void asm sideeffect "", "r"(ptr %local)
  br label %loop
loop:
  %i = phi i32 [0, %0], [%next, %loop]
  %p = getelementptr i32, ptr %local, i32 %i
  store volatile i32 %i, ptr %p
  %next = add i32 %i, 1
  %done = icmp eq i32 %next, 64
  br i1 %done, label %exit, label %loop
exit:
  ret void
}
define i32 @toy_run(ptr %arena, ptr %io) {
  call void @inner(ptr %arena)
  ret i32 0
}
)";

} // namespace

INSTANTIATE_TEST_SUITE_P(Executor, OnEveryBoard,
                         ::testing::Values("cortex-m4", "cortex-m7",
                                           "cortex-m33", "cortex-m55"),
                         parameterName);

TEST_P(OnEveryBoard, EachFloatABILinksAndRuns) {
  for (target::FloatABI abi : {target::FloatABI::Soft, target::FloatABI::SoftFP,
                               target::FloatABI::Hard}) {
    Toy toy(addThree, addThreeModel(), target(), abi);
    EXPECT_EQ(orDie(run(toy.request)).outputs[0], iota(16, 3));
  }
}

TEST_P(OnEveryBoard, MeasuredStackIsThePredictedOne) {
  Toy toy(deepStack, addThreeModel(), target());
  EXPECT_GE(toy.emitted.info.stackBytes, 256 + 8);
  RunResult result = orDie(run(toy.request));
  EXPECT_EQ(result.stackUsedBytes, toy.emitted.info.stackBytes);
}

TEST_P(OnEveryBoard, negative_StackDeeperThanPromised) {
  Toy toy(deepStack, addThreeModel(), target());
  int64_t truth = toy.emitted.info.stackBytes;
  toy.request.model.stackBytes = truth - 4;
  EXPECT_EQ(messageOf(run(toy.request)),
            "'toy_run' with input 0 on " + target().name.str() + " used " +
                std::to_string(truth) + " bytes of stack, but " +
                std::to_string(truth - 4) + " were promised");
}

TEST_P(OnEveryBoard, negative_Fault) {
  Toy toy("define i32 @toy_run(ptr %arena, ptr %io) {\n"
          "  call void asm sideeffect \"udf #1\", \"\"()\n"
          "  ret i32 0\n}",
          addThreeModel(), target());
  std::string message = messageOf(run(toy.request));
  EXPECT_NE(message.find("the processor faulted: pc 0x"), std::string::npos)
      << message;
}

TEST(Executor, negative_EndlessLoopIsStopped) {
  Toy toy("define i32 @toy_run(ptr %arena, ptr %io) {\n"
          "  br label %again\n"
          "again:\n"
          "  %v = load volatile i32, ptr %arena\n"
          "  br label %again\n}",
          addThreeModel(), cpu("cortex-m4"));
  toy.request.timeoutSeconds = 1;
  std::string message = messageOf(run(toy.request));
  EXPECT_NE(message.find("'qemu-system-arm' was stopped (time limit 1 s)"),
            std::string::npos)
      << message;
}

TEST(Executor, negative_ArenaLargerThanTheBoard) {
  ModelInfo model = addThreeModel();
  model.arenaBytes = 64 << 20;
  Toy toy(addThree, model, cpu("cortex-m4"));
  std::string message = messageOf(run(toy.request));
  EXPECT_NE(message.find("do not fit into the board's memory"),
            std::string::npos)
      << message;
}

TEST(Executor, negative_ObjectOfAnotherCPU) {
  Toy toy(addThree, addThreeModel(), cpu("host"));
  toy.request.target = &cpu("cortex-m4");
  std::string message = messageOf(run(toy.request));
  EXPECT_NE(message.find("cannot link the image for mps2-an386"),
            std::string::npos)
      << message;
}

TEST(Executor, negative_RuntimeDirectoryWithoutBoardSupport) {
  Toy toy(addThree, addThreeModel(), cpu("cortex-m4"));
  toy.request.runtimeDirectory = "/nonexistent";
  EXPECT_NE(messageOf(run(toy.request)).find("the board support is incomplete"),
            std::string::npos);
}
