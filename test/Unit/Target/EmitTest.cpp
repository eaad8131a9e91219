//===- EmitTest.cpp - What an emitted object has and has not --------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Target/ToyModels.h"

#include "llvm/Object/ELFObjectFile.h"
#include "llvm/Support/ARMAttributeParser.h"
#include "llvm/Support/ARMBuildAttributes.h"

using namespace llvm;
using namespace tessera;
using namespace tessera::target;
using namespace tessera::testing;

namespace {

/// Copies 1,000 bytes, clears 1,000 more: both are what LoopIdiom looks for.
constexpr char copyAndClear[] = R"(
define i32 @toy_run(ptr noalias %arena, ptr %io) {
entry:
  %source = getelementptr i8, ptr %arena, i32 1000
  %cleared = getelementptr i8, ptr %arena, i32 2000
  br label %loop
loop:
  %i = phi i32 [0, %entry], [%next, %loop]
  %from = getelementptr i8, ptr %source, i32 %i
  %to = getelementptr i8, ptr %arena, i32 %i
  %zero = getelementptr i8, ptr %cleared, i32 %i
  %byte = load i8, ptr %from
  store i8 %byte, ptr %to
  store i8 0, ptr %zero
  %next = add nuw nsw i32 %i, 1
  %done = icmp eq i32 %next, 1000
  br i1 %done, label %exit, label %loop
exit:
  ret i32 0
}
)";

/// A helper beside the entry, weights, and a table.
constexpr char withWeights[] = R"(
@weights = internal constant [4096 x i8] zeroinitializer,
    section ".rodata.toy.weights"
@table = internal constant [10 x i32] zeroinitializer,
    section ".rodata.toy.tables"
define void @helper(ptr %arena) noinline {
  %index = load i8, ptr %arena
  %wide = zext i8 %index to i32
  %slot = urem i32 %wide, 10
  %a = getelementptr i8, ptr @weights, i32 %wide
  %b = getelementptr i32, ptr @table, i32 %slot
  %w = load volatile i8, ptr %a
  %t = load volatile i32, ptr %b
  store i8 %w, ptr %arena
  ret void
}
define i32 @toy_run(ptr %arena, ptr %io) {
  call void @helper(ptr %arena)
  ret i32 0
}
)";

/// Contents of .ARM.attributes.
ArrayRef<uint8_t> attributeBytes(const EmittedObject &object) {
  std::unique_ptr<object::ObjectFile> file =
      orDie(object::ObjectFile::createELFObjectFile(MemoryBufferRef(
          StringRef(object.bytes.data(), object.bytes.size()), "toy.o")));
  for (const object::SectionRef &section : file->sections())
    if (orDie(section.getName()) == ".ARM.attributes")
      return arrayRefFromStringRef(orDie(section.getContents()));
  return {};
}

/// The module of `ir` with `from` replaced by `to`, which must occur.
std::string edited(std::string ir, const std::string &from,
                   const std::string &to) {
  size_t at = ir.find(from);
  EXPECT_NE(at, std::string::npos);
  return ir.replace(at, from.size(), to);
}

const TargetInfo &m4() { return **lookupTarget("cortex-m4"); }

} // namespace

TEST(Emit, OneGlobalNothingUndefinedOnEveryTarget) {
  for (auto [target, abi] : allVariants()) {
    SCOPED_TRACE(variantName(*target, abi));
    Expected<EmittedObject> object =
        emitText(withWeights, *target, toyOptions(abi));
    ASSERT_TRUE(bool(object)) << toString(object.takeError());
    EXPECT_EQ(object->info.globalSymbols, std::vector<std::string>{"toy_run"});
    EXPECT_TRUE(object->info.undefinedSymbols.empty());
    EXPECT_EQ(object->info.staticRamBytes, 0);
    EXPECT_EQ(object->info.weightsBytes, 4096);
    EXPECT_EQ(object->info.tablesBytes, 40);
    EXPECT_GT(object->info.codeBytes, 0);
    EXPECT_EQ(object->info.flashBytes, object->info.codeBytes + 4096 + 40);
  }
}

TEST(Emit, CodeAndWeightsAreAllThatTakesFlash) {
  for (auto [target, abi] : allVariants()) {
    if (target->isHost)
      continue;
    SCOPED_TRACE(variantName(*target, abi));
    EmittedObject object =
        orDie(emitText(withWeights, *target, toyOptions(abi)));
    // No unwind tables: 4,136 bytes of data and the two functions.
    int64_t functionBytes = 0;
    for (const FunctionInfo &function : object.info.functions)
      functionBytes += function.codeBytes;
    // Alignment takes up to 3 bytes per function, an entry would take 8.
    EXPECT_LT(object.info.codeBytes, functionBytes + 8);
  }
}

TEST(Emit, SameModuleSameBytes) {
  for (auto [target, abi] : allVariants()) {
    EmittedObject first =
        orDie(emitText(withWeights, *target, toyOptions(abi)));
    EmittedObject second =
        orDie(emitText(withWeights, *target, toyOptions(abi)));
    EXPECT_EQ(first.bytes, second.bytes) << variantName(*target, abi);
  }
}

TEST(Emit, LoopsThatCopyOrClearStayLoops) {
  for (auto [target, abi] : allVariants())
    for (OptLevel level : {OptLevel::O0, OptLevel::O2, OptLevel::O3,
                           OptLevel::Os, OptLevel::Oz}) {
      EmitOptions options = toyOptions(abi);
      options.optLevel = level;
      EXPECT_EQ(messageOf(emitText(copyAndClear, *target, options)), "")
          << variantName(*target, abi);
    }
}

TEST(Emit, AttributesSayTheFloatABIAndNothingOfEnumsOrWchar) {
  for (auto [target, abi] : allVariants()) {
    if (target->isHost)
      continue;
    SCOPED_TRACE(variantName(*target, abi));
    EmittedObject object =
        orDie(emitText(withWeights, *target, toyOptions(abi)));
    ARMAttributeParser attributes;
    ASSERT_FALSE(errorToBool(
        attributes.parse(attributeBytes(object), llvm::endianness::little)));
    std::optional<unsigned> vfpArguments =
        attributes.getAttributeValue(ARMBuildAttrs::ABI_VFP_args);
    if (abi == target::FloatABI::Hard)
      EXPECT_EQ(vfpArguments, unsigned(ARMBuildAttrs::HardFPAAPCS));
    else
      EXPECT_EQ(vfpArguments, std::nullopt);
    EXPECT_EQ(attributes.getAttributeValue(ARMBuildAttrs::ABI_enum_size),
              std::nullopt);
    EXPECT_EQ(attributes.getAttributeValue(ARMBuildAttrs::ABI_PCS_wchar_t),
              std::nullopt);
    EXPECT_EQ(attributes.getAttributeValue(ARMBuildAttrs::MVE_arch).has_value(),
              target->kernelSet(abi) == KernelSet::MVE);
    EXPECT_EQ(attributes.getAttributeValue(ARMBuildAttrs::FP_arch).has_value(),
              abi != target::FloatABI::Soft);
  }
}

TEST(Emit, negative_CopyOfRunTimeLength) {
  std::string message = messageOf(emitText(R"(
    declare void @llvm.memcpy.p0.p0.i32(ptr, ptr, i32, i1)
    define i32 @toy_run(ptr %arena, ptr %io) {
      %n = load i32, ptr %arena
      %to = getelementptr i8, ptr %arena, i32 512
      call void @llvm.memcpy.p0.p0.i32(ptr %to, ptr %arena, i32 %n, i1 false)
      ret i32 0
    })",
                                           m4()));
  EXPECT_EQ(message, "internal error in object emission: the object for "
                     "cortex-m4 calls what it does not contain: "
                     "__aeabi_memcpy; the code that led to these must be "
                     "softened before emission");
}

TEST(Emit, negative_LongDivision) {
  std::string message = messageOf(emitText(R"(
    define i32 @toy_run(ptr %arena, ptr %io) {
      %a = load i64, ptr %arena
      %p = getelementptr i64, ptr %arena, i32 1
      %b = load i64, ptr %p
      %q = sdiv i64 %a, %b
      store i64 %q, ptr %arena
      ret i32 0
    })",
                                           m4()));
  EXPECT_NE(message.find("__aeabi_ldivmod"), std::string::npos) << message;
}

TEST(Emit, negative_FloatingPoint) {
  EXPECT_EQ(messageOf(emitText(R"(
    define i32 @toy_run(ptr %arena, ptr %io) {
      %a = load i32, ptr %arena
      %f = sitofp i32 %a to float
      store float %f, ptr %arena
      ret i32 0
    })",
                               m4())),
            "internal error in object emission: floating point instruction "
            "'sitofp' in 'toy_run'");
}

TEST(Emit, negative_WritableGlobal) {
  EXPECT_EQ(messageOf(emitText(R"(
    @state = internal global i32 0
    define i32 @toy_run(ptr %arena, ptr %io) {
      %a = load i32, ptr @state
      ret i32 %a
    })",
                               m4())),
            "internal error in object emission: writable global 'state'");
}

TEST(Emit, negative_MissingEntry) {
  EXPECT_EQ(messageOf(emitText("define i32 @other() { ret i32 0 }", m4())),
            "internal error in object emission: the module does not define "
            "'toy_run'");
}

TEST(Emit, negative_LargeLocalArray) {
  // 64 bytes may stay on the stack, 68 may not.
  std::string ir = R"(
    define i32 @toy_run(ptr %arena, ptr %io) {
      %local = alloca [16 x i32]
      call void asm sideeffect "", "r"(ptr %local)
      ret i32 0
    })";
  EXPECT_EQ(messageOf(emitText(ir, m4())), "");
  EXPECT_EQ(messageOf(emitText(edited(ir, "16 x", "17 x"), m4())),
            "internal error in object emission: alloca of 68 bytes in "
            "'toy_run', more than 64: scratch belongs in the arena");
}

TEST(Emit, negative_RunTimeAlloca) {
  EXPECT_EQ(messageOf(emitText(R"(
    define i32 @toy_run(ptr %arena, ptr %io) {
      %n = load i32, ptr %arena
      %local = alloca i8, i32 %n
      call void asm sideeffect "", "r"(ptr %local)
      ret i32 0
    })",
                               m4())),
            "internal error in object emission: alloca of a run-time size in "
            "'toy_run'");
}

TEST(Emit, negative_Recursion) {
  std::string message = messageOf(emitText(R"(
    define i32 @toy_run(ptr %arena, ptr %io) {
      %n = load volatile i32, ptr %arena
      %end = icmp eq i32 %n, 0
      br i1 %end, label %exit, label %again
    again:
      %r = call i32 @toy_run(ptr %arena, ptr %io)
      %m = load volatile i32, ptr %arena
      %s = add i32 %r, %m
      ret i32 %s
    exit:
      ret i32 0
    })",
                                           m4()));
  EXPECT_EQ(message, "internal error in object emission: 'toy_run' is "
                     "recursive: its stack has no bound");
}

TEST(Emit, negative_OtherDataLayout) {
  std::string message = messageOf(emitText(
      "target datalayout = \"e-p:64:64\"\n" + std::string(withWeights), m4()));
  EXPECT_NE(message.find("data layout 'e-p:64:64' is not the one of "
                         "cortex-m4"),
            std::string::npos)
      << message;
}

TEST(Emit, negative_AbsolutePathInDebugInformation) {
  std::string message = messageOf(
      emitText(std::string(withWeights) + edited(debugInfo, "directory: \"\"",
                                                 "directory: \"/opt/someone\""),
               m4()));
  EXPECT_EQ(message, "internal error in object emission: debug information "
                     "has the absolute path '/opt/someone', 'toy'");
}
