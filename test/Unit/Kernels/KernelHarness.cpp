//===- KernelHarness.cpp - Run a layer's row kernel on the host -----------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// For each strip and each row of the result: build the ring of each operand
// from scratch (garbage, then the rows of the window, each at its place modulo
// the ring's height, only the columns of the window), work out the arguments by
// role, call.
//
//===----------------------------------------------------------------------===//

#include "KernelHarness.h"

#include "mlir/Conversion/ArithToLLVM/ArithToLLVM.h"
#include "mlir/Conversion/ControlFlowToLLVM/ControlFlowToLLVM.h"
#include "mlir/Conversion/FuncToLLVM/ConvertFuncToLLVMPass.h"
#include "mlir/Conversion/ReconcileUnrealizedCasts/ReconcileUnrealizedCasts.h"
#include "mlir/Conversion/SCFToControlFlow/SCFToControlFlow.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlow.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/ExecutionEngine/ExecutionEngine.h"
#include "mlir/ExecutionEngine/OptUtils.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/TargetSelect.h"

#include <gtest/gtest.h>

#include <deque>

using namespace mlir;
using namespace tessera;
using namespace tessera::kernels;
using planning::Interval;
using planning::WindowMap;

int32_t kernels::pick(Random &random, int32_t low, int32_t high) {
  uint64_t span = int64_t(high) - low + 1;
  return static_cast<int32_t>(low + static_cast<int64_t>(random() % span));
}

Bytes kernels::randomBytes(Random &random, int64_t count) {
  Bytes bytes(count);
  for (uint8_t &byte : bytes)
    byte = static_cast<uint8_t>(random());
  return bytes;
}

std::vector<Schedule> kernels::allSchedules() {
  return {{-1, 0}, {0, 0},  {2, 0},       {0, 1},
          {1, 3},  {-1, 2}, {1, 2, true}, {0, 2, true, 1}};
}

//===----------------------------------------------------------------------===//
// IR
//===----------------------------------------------------------------------===//

struct KernelHarness::Engines {
  llvm::StringMap<std::unique_ptr<ExecutionEngine>> bySymbol;
};

static DialectRegistry makeRegistry() {
  DialectRegistry registry;
  registry
      .insert<arith::ArithDialect, cf::ControlFlowDialect, func::FuncDialect,
              LLVM::LLVMDialect, patch::PatchDialect, scf::SCFDialect>();
  registerBuiltinDialectTranslation(registry);
  registerLLVMDialectTranslation(registry);
  return registry;
}

KernelHarness::KernelHarness()
    : mlirContext(makeRegistry()), opBuilder(&mlirContext),
      engines(std::make_unique<Engines>()) {
  mlirContext.loadAllAvailableDialects();
  module = ModuleOp::create(loc());
  opBuilder.setInsertionPointToStart(module->getBody());
  auto function = func::FuncOp::create(opBuilder, loc(), "layers",
                                       opBuilder.getFunctionType({}, {}));
  opBuilder.setInsertionPointToStart(function.addEntryBlock());
}

KernelHarness::~KernelHarness() = default;

RankedTensorType KernelHarness::type(Shape shape, Type element) {
  return RankedTensorType::get({1, shape.h, shape.w, shape.c},
                               element ? element : opBuilder.getI8Type());
}

Value KernelHarness::activation(Shape shape, Type element) {
  return opBuilder.getInsertionBlock()->addArgument(type(shape, element),
                                                    loc());
}

Value KernelHarness::constant(ArrayRef<int64_t> shape, ArrayRef<int8_t> data) {
  auto type = RankedTensorType::get(shape, opBuilder.getI8Type());
  return arith::ConstantOp::create(opBuilder, loc(),
                                   DenseElementsAttr::get(type, data));
}

Value KernelHarness::constant(ArrayRef<int32_t> data) {
  auto type = RankedTensorType::get({static_cast<int64_t>(data.size())},
                                    opBuilder.getI32Type());
  return arith::ConstantOp::create(opBuilder, loc(),
                                   DenseElementsAttr::get(type, data));
}

std::string KernelHarness::selectionError(Operation *layer) {
  std::string message;
  ScopedDiagnosticHandler handler(&mlirContext, [&](Diagnostic &diagnostic) {
    message += diagnostic.str();
    return success();
  });
  EXPECT_EQ(failed(selectKernel(layer, KernelSet::Portable)), !message.empty());
  return message;
}

//===----------------------------------------------------------------------===//
// Compilation
//===----------------------------------------------------------------------===//

PackedFunction KernelHarness::compile(const RowKernel &kernel) {
  std::unique_ptr<ExecutionEngine> &engine = engines->bySymbol[kernel.symbol];
  if (!engine) {
    llvm::InitializeNativeTarget();
    llvm::InitializeNativeTargetAsmPrinter();
    OwningOpRef<ModuleOp> kernelModule = ModuleOp::create(loc());
    func::FuncOp function = getOrCreateKernel(*kernelModule, kernel);
    EXPECT_TRUE(succeeded(verify(*kernelModule))) << kernel.symbol;
    function.setPublic();
    PassManager passes(&mlirContext);
    passes.addPass(createSCFToControlFlowPass());
    passes.addPass(createArithToLLVMConversionPass());
    passes.addPass(createConvertControlFlowToLLVMPass());
    passes.addPass(createConvertFuncToLLVMPass());
    passes.addPass(createReconcileUnrealizedCastsPass());
    EXPECT_TRUE(succeeded(passes.run(*kernelModule))) << kernel.symbol;
    ExecutionEngineOptions options;
    auto optimise = makeOptimizingTransformer(/*optLevel=*/2, /*sizeLevel=*/0,
                                              /*targetMachine=*/nullptr);
    options.transformer = optimise;
    auto created = ExecutionEngine::create(*kernelModule, options);
    if (!created) {
      ADD_FAILURE() << llvm::toString(created.takeError());
      abort();
    }
    engine = std::move(*created);
  }
  auto function = engine->lookupPacked(kernel.symbol);
  if (!function) {
    ADD_FAILURE() << llvm::toString(function.takeError());
    abort();
  }
  return *function;
}

//===----------------------------------------------------------------------===//
// The loop nest
//===----------------------------------------------------------------------===//

namespace {
/// One tensor of NHWC bytes.
struct Map {
  int32_t height, width;
  int64_t pixelBytes;

  explicit Map(Value value) {
    auto type = cast<RankedTensorType>(value.getType());
    height = static_cast<int32_t>(type.getDimSize(1));
    width = static_cast<int32_t>(type.getDimSize(2));
    pixelBytes = type.getDimSize(3) * type.getElementTypeBitWidth() / 8;
  }
};

/// What a firing sees of one operand.
struct OperandView {
  Bytes ring;
  int32_t offset = 0, tapPitch = 0, ringBytes = 0, firstColumn = 0,
          columnRemainder = 0, columns = 0, tapBegin = 0, tapEnd = 0;
};

constexpr int64_t guardBytes = 64;
constexpr uint8_t garbage = 0xa5;
} // namespace

/// The part of `data` that rows [row, row + 1) and columns `out` of the result
/// ask for, in a ring.
static OperandView viewOperand(ArrayRef<uint8_t> data, const Map &map,
                               const WindowMap &y, const WindowMap &x,
                               int32_t row, bool isReduce, Interval out,
                               Schedule schedule) {
  OperandView view;
  // Columns.
  Interval stored = x.inputFor(out, map.width);
  stored = Interval{stored.begin - schedule.extraColumns,
                    stored.end + schedule.extraColumns}
               .clip(map.width);
  view.columns = stored.size();
  view.firstColumn = x.all ? 0 : x.unclipped(out).begin - stored.begin;
  view.columnRemainder =
      out.begin * x.stride - x.padBefore - x.unclipped(out).begin * x.divisor;

  // Tap rows: the first row, their distance, and which of them exist.
  int32_t first = row, dilation = 1, taps = 1;
  if (!isReduce && !y.all) {
    first = y.unclipped({row, row + 1}).begin;
    dilation = y.dilation;
    taps = y.kernel;
  } else if (!isReduce) {
    first = 0;
    taps = map.height;
  }
  auto exists = [&](int32_t tap) {
    int32_t r = first + tap * dilation;
    return r >= 0 && r < map.height;
  };
  while (view.tapBegin < taps && !exists(view.tapBegin))
    ++view.tapBegin;
  view.tapEnd = view.tapBegin;
  while (view.tapEnd < taps && exists(view.tapEnd))
    ++view.tapEnd;

  int64_t rowBytes = stored.size() * map.pixelBytes;
  int32_t rows = schedule.extraRows < 0
                     ? map.height
                     : (taps - 1) * dilation + 1 + schedule.extraRows;
  view.ringBytes = static_cast<int32_t>(rows * rowBytes);
  view.tapPitch = static_cast<int32_t>(dilation * rowBytes);
  view.ring.assign(view.ringBytes, garbage);
  int32_t firstRead = first + view.tapBegin * dilation;
  view.offset = view.tapBegin < view.tapEnd
                    ? static_cast<int32_t>(firstRead % rows * rowBytes)
                    : 0;
  for (int32_t tap = view.tapBegin; tap < view.tapEnd; ++tap) {
    int64_t r = first + tap * dilation;
    const uint8_t *from =
        data.data() + (r * map.width + stored.begin) * map.pixelBytes;
    std::copy(from, from + rowBytes, view.ring.begin() + r % rows * rowBytes);
  }
  return view;
}

Bytes KernelHarness::run(Operation *layer, ArrayRef<Bytes> operands,
                         Schedule schedule) {
  EXPECT_TRUE(succeeded(verify(layer)));
  FailureOr<RowKernel> kernel = selectKernel(layer, KernelSet::Portable);
  if (failed(kernel)) {
    ADD_FAILURE() << "no kernel";
    return {};
  }
  FailureOr<ScratchSize> scratchSize =
      getScratchSize(layer, KernelSet::Portable);
  EXPECT_TRUE(succeeded(scratchSize));
  EXPECT_EQ(scratchSize->bytes, kernel->scratch.bytes);
  PackedFunction function = compile(*kernel);
  auto windows = cast<patch::WindowOpInterface>(layer);
  bool isReduce = windows.getRowKind() == planning::OpKind::Reduce;
  Map result(layer->getResult(0));
  std::vector<Map> maps;
  for (OpOperand *operand : windows.getActivationOperands())
    maps.emplace_back(operand->get());

  std::vector<std::vector<char>> constants;
  for (const KernelConstant &constant : kernel->constants) {
    ArrayRef<char> raw = constant.data.getRawData();
    int64_t bytes = constant.data.getNumElements() *
                    constant.data.getElementType().getIntOrFloatBitWidth() / 8;
    // A splat stores one element.
    std::vector<char> &copy = constants.emplace_back(bytes);
    for (int64_t i = 0; i < bytes; ++i)
      copy[i] = raw[i % raw.size()];
  }

  Bytes output(result.height * result.width * result.pixelBytes, garbage);
  int32_t strip = schedule.stripColumns ? schedule.stripColumns : result.width;
  for (int32_t x0 = 0; x0 < result.width; x0 += strip) {
    Interval columns = {x0, std::min(x0 + strip, result.width)};
    Bytes scratch(kernel->scratch.bytes +
                      kernel->scratch.bytesPerColumn * maps[0].width +
                      guardBytes,
                  garbage);
    Bytes out(2 * guardBytes + columns.size() * result.pixelBytes, garbage);
    int32_t firings = isReduce ? maps[0].height : result.height;
    for (int32_t row = 0; row < firings; ++row) {
      std::vector<OperandView> views;
      for (unsigned i = 0; i < maps.size(); ++i)
        views.push_back(viewOperand(
            operands[i], maps[i], windows.getWindowMap(i, 0),
            windows.getWindowMap(i, 1), row, isReduce, columns, schedule));

      int inPlace = schedule.inPlace ? windows.getInPlaceActivation() : -1;
      uint8_t *outBase = out.data();
      int32_t outOffset = guardBytes;
      if (inPlace >= 0) {
        outBase = views[inPlace].ring.data();
        outOffset = static_cast<int32_t>(views[inPlace].offset +
                                         views[inPlace].firstColumn *
                                             maps[inPlace].pixelBytes);
      }

      std::deque<void *> pointers;
      std::deque<int32_t> words;
      std::vector<void *> packed;
      auto pointer = [&](void *p) {
        packed.push_back(&pointers.emplace_back(p));
      };
      auto word = [&](int32_t w) { packed.push_back(&words.emplace_back(w)); };
      for (const KernelArg &arg : kernel->args) {
        switch (arg.role) {
        case ArgRole::OutBase:
          pointer(outBase);
          break;
        case ArgRole::OutOffset:
          word(outOffset);
          break;
        case ArgRole::InBase:
          pointer(views[arg.index].ring.data());
          break;
        case ArgRole::InOffset:
          word(views[arg.index].offset);
          break;
        case ArgRole::InTapPitch:
          word(views[arg.index].tapPitch);
          break;
        case ArgRole::InRingBytes:
          word(views[arg.index].ringBytes);
          break;
        case ArgRole::InFirstColumn:
          word(views[arg.index].firstColumn);
          break;
        case ArgRole::InColumnRemainder:
          word(views[arg.index].columnRemainder);
          break;
        case ArgRole::InColumns:
          word(views[arg.index].columns);
          break;
        case ArgRole::TapBegin:
          word(views[0].tapBegin);
          break;
        case ArgRole::TapEnd:
          word(views[0].tapEnd);
          break;
        case ArgRole::Count:
          word(isReduce ? maps[0].width : columns.size());
          break;
        case ArgRole::Row:
          word(row);
          break;
        case ArgRole::Scratch:
          pointer(scratch.data());
          break;
        case ArgRole::Constant:
          pointer(constants[arg.index].data());
          break;
        }
      }
      function(packed.data());

      auto isGuard = [](uint8_t byte) { return byte == garbage; };
      EXPECT_TRUE(std::all_of(out.begin(), out.begin() + guardBytes, isGuard));
      EXPECT_TRUE(std::all_of(out.end() - guardBytes, out.end(), isGuard));
      EXPECT_TRUE(
          std::all_of(scratch.end() - guardBytes, scratch.end(), isGuard));
      int32_t y = isReduce ? 0 : row;
      std::copy_n(outBase + outOffset, columns.size() * result.pixelBytes,
                  output.begin() +
                      (int64_t(y) * result.width + x0) * result.pixelBytes);
    }
  }
  return output;
}
