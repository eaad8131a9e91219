//===- GnuLinkTest.cpp - Objects in firmware that GCC builds --------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// arm-none-eabi-gcc compiles a program and links it with an emitted object; any
// warning of the linker is an error. The image runs on the CPU's board.
//
//===----------------------------------------------------------------------===//

#include "Target/ToyModels.h"
#include "lib/Runtime/Internal.h"

using namespace llvm;
using namespace tessera;
using namespace tessera::runtime;
using namespace tessera::testing;

namespace {

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

/// Links firmware of `firmwareABI` with an object of `objectABI` into `image`;
/// the linker's complaint, or "".
std::string link(const target::TargetInfo &target, target::FloatABI objectABI,
                 target::FloatABI firmwareABI, StringRef option,
                 const TemporaryDirectory &directory,
                 const std::string &image) {
  const std::string sources = TESSERA_SOURCE_DIR;
  target::EmittedObject object =
      orDie(emitText(addThree, target, toyOptions(objectABI)));
  std::string objectFile = directory.file("model.o");
  if (Error error = writeFile(objectFile, object.bytes))
    return toString(std::move(error));
  std::string runtime = orDie(findRuntimeDirectory());
  std::vector<std::string> command = {
      orDie(findProgram({"arm-none-eabi-gcc"}, "gcc-arm-none-eabi")),
      "-mthumb",
      "-mcpu=" + target.name.str(),
      "-mfloat-abi=" + target::stringify(firmwareABI).str(),
      option.str(),
      "-O1",
      "-ffreestanding",
      "-nostdlib",
      "-Wall",
      "-Werror",
      "-I" + sources + "/include",
      "-L" + runtime,
      "-T" + target.name.str() + ".ld",
      "-Wl,--fatal-warnings",
      "-o",
      image,
      sources + "/test/Unit/Runtime/Inputs/firmware.c",
      sources + "/lib/Runtime/Boards/Semihosting.c",
      sources + "/lib/Runtime/Boards/Startup.S",
      objectFile,
      "-lgcc"};
  std::string log = directory.file("gcc.log");
  int status = orDie(runProgram(command, log, /*timeoutSeconds=*/60));
  std::string text = orDie(readFile(log));
  return status == 0 && text.empty() ? "" : "gcc: " + text;
}

class GnuLink : public ::testing::TestWithParam<const char *> {
protected:
  void SetUp() override {
    if (Error error =
            findProgram({"arm-none-eabi-gcc"}, "gcc-arm-none-eabi").takeError())
      GTEST_SKIP() << toString(std::move(error));
  }
  const target::TargetInfo &target() const {
    return **target::lookupTarget(GetParam());
  }
};

constexpr target::FloatABI allABIs[] = {
    target::FloatABI::Soft, target::FloatABI::SoftFP, target::FloatABI::Hard};

} // namespace

INSTANTIATE_TEST_SUITE_P(
    Boards, GnuLink,
    ::testing::Values("cortex-m4", "cortex-m7", "cortex-m33", "cortex-m55"),
    [](const ::testing::TestParamInfo<const char *> &info) {
      std::string name = info.param;
      for (char &c : name)
        if (c == '-')
          c = '_';
      return name;
    });

TEST_P(GnuLink, EachFloatABILinksWithoutWarningAndRuns) {
  for (target::FloatABI abi : allABIs) {
    SCOPED_TRACE(target::stringify(abi).str());
    TemporaryDirectory directory = orDie(TemporaryDirectory::create());
    std::string image = directory.file("firmware.elf");
    ASSERT_EQ(link(target(), abi, abi, "-fshort-enums", directory, image), "");
    int status = orDie(runProgram(
        {orDie(findProgram({"qemu-system-arm"}, "qemu-system-arm")), "-machine",
         target().qemuBoard.str(), "-nodefaults", "-display", "none",
         "-semihosting-config", "enable=on,target=native", "-kernel", image},
        directory.file("console.log"), /*timeoutSeconds=*/30));
    EXPECT_EQ(status, 40); // Right
  }
}

TEST_P(GnuLink, NoOpinionOnEnumsAndWideCharacters) {
  for (const char *option :
       {"-fshort-enums", "-fno-short-enums", "-fshort-wchar"}) {
    SCOPED_TRACE(option);
    TemporaryDirectory directory = orDie(TemporaryDirectory::create());
    EXPECT_EQ(link(target(), target::FloatABI::Hard, target::FloatABI::Hard,
                   option, directory, directory.file("firmware.elf")),
              "");
  }
}

TEST_P(GnuLink, negative_MixedFloatABIsAreRefused) {
  // Proves that the two tests above could fail.
  TemporaryDirectory directory = orDie(TemporaryDirectory::create());
  std::string message =
      link(target(), target::FloatABI::Soft, target::FloatABI::Hard,
           "-fshort-enums", directory, directory.file("firmware.elf"));
  EXPECT_NE(message.find("uses VFP register arguments"), std::string::npos)
      << message;
}
