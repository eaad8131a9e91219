//===- PatchToLLVM.cpp - Loops over row kernels to LLVM -------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// Slices become pointers (inside a memref descriptor until the bare pointer
// convention drops it at calls), ring offsets arithmetic, kernel calls calls of
// internal functions, and the callbacks calls through the pointers of NAME_io:
//
//   struct NAME_io { void *perInput[inputs]; void *ctx; };
//
//===----------------------------------------------------------------------===//

#include "tessera/Conversion/PatchToLLVM/PatchToLLVM.h"
#include "tessera/Conversion/Passes.h"
#include "tessera/Dialect/Patch/IR/PatchDialect.h"

#include "mlir/Conversion/ArithToLLVM/ArithToLLVM.h"
#include "mlir/Conversion/ControlFlowToLLVM/ControlFlowToLLVM.h"
#include "mlir/Conversion/FuncToLLVM/ConvertFuncToLLVM.h"
#include "mlir/Conversion/LLVMCommon/ConversionTarget.h"
#include "mlir/Conversion/LLVMCommon/MemRefBuilder.h"
#include "mlir/Conversion/LLVMCommon/Pattern.h"
#include "mlir/Conversion/MemRefToLLVM/MemRefToLLVM.h"
#include "mlir/Dialect/Arith/Transforms/Passes.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Transforms/DialectConversion.h"

namespace tessera {
#define GEN_PASS_DEF_CONVERTPATCHTOLLVMPASS
#include "tessera/Conversion/Passes.h.inc"
} // namespace tessera

using namespace mlir;
using namespace tessera;
using namespace tessera::patch;

//===----------------------------------------------------------------------===//
// Patterns
//===----------------------------------------------------------------------===//

static LLVM::LLVMPointerType pointerType(OpBuilder &b) {
  return LLVM::LLVMPointerType::get(b.getContext());
}

/// The first byte of a converted memref of bytes.
static Value bytePointer(OpBuilder &b, Location loc, Value descriptor) {
  return MemRefDescriptor(descriptor).alignedPtr(b, loc);
}

/// Field number `index` of NAME_io.
static Value loadField(OpBuilder &b, Location loc, Value io, int32_t index) {
  Type ptr = pointerType(b);
  Value address =
      LLVM::GEPOp::create(b, loc, ptr, ptr, io, ArrayRef<LLVM::GEPArg>{index});
  return LLVM::LoadOp::create(b, loc, ptr, address);
}

namespace {
struct ArenaSliceLowering : ConvertOpToLLVMPattern<ArenaSliceOp> {
  using ConvertOpToLLVMPattern::ConvertOpToLLVMPattern;

  LogicalResult
  matchAndRewrite(ArenaSliceOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    Value base = bytePointer(rewriter, loc, adaptor.getArena());
    Value slice = LLVM::GEPOp::create(
        rewriter, loc, base.getType(), rewriter.getI8Type(), base,
        ArrayRef<LLVM::GEPArg>{static_cast<int32_t>(op.getOffset())});
    rewriter.replaceOp(op,
                       {MemRefDescriptor::fromStaticShape(
                           rewriter, loc, *getTypeConverter(),
                           cast<MemRefType>(op.getSlice().getType()), slice)});
    return success();
  }
};

struct ExternalInputLowering : ConvertOpToLLVMPattern<ExternalInputOp> {
  using ConvertOpToLLVMPattern::ConvertOpToLLVMPattern;

  LogicalResult
  matchAndRewrite(ExternalInputOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    Value input = loadField(rewriter, op.getLoc(), adaptor.getIo(),
                            static_cast<int32_t>(op.getNumber()));
    rewriter.replaceOp(op,
                       {MemRefDescriptor::fromStaticShape(
                           rewriter, op.getLoc(), *getTypeConverter(),
                           cast<MemRefType>(op.getInput().getType()), input)});
    return success();
  }
};

struct RingOffsetLowering : ConvertOpToLLVMPattern<RingOffsetOp> {
  using ConvertOpToLLVMPattern::ConvertOpToLLVMPattern;

  LogicalResult
  matchAndRewrite(RingOffsetOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    auto constant = [&](uint32_t value) -> Value {
      return LLVM::ConstantOp::create(
          rewriter, loc, rewriter.getI32Type(),
          rewriter.getI32IntegerAttr(static_cast<int32_t>(value)));
    };
    Value row = adaptor.getRow();
    if (!op.getNoWrap())
      row = LLVM::URemOp::create(rewriter, loc, row, constant(op.getRows()));
    rewriter.replaceOpWithNewOp<LLVM::MulOp>(op, row, constant(op.getPitch()));
    return success();
  }
};

struct CallKernelLowering : ConvertOpToLLVMPattern<CallKernelOp> {
  using ConvertOpToLLVMPattern::ConvertOpToLLVMPattern;

  LogicalResult
  matchAndRewrite(CallKernelOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    SmallVector<Value> args;
    for (auto [given, converted] :
         llvm::zip_equal(op.getArgs(), adaptor.getArgs()))
      args.push_back(isa<MemRefType>(given.getType())
                         ? bytePointer(rewriter, op.getLoc(), converted)
                         : converted);
    auto call = LLVM::CallOp::create(rewriter, op.getLoc(), TypeRange(),
                                     op.getKernelAttr(), args);
    call->setAttr(kLayerAttr, op.getLayerAttr());
    rewriter.eraseOp(op);
    return success();
  }
};

struct CallInputLowering : ConvertOpToLLVMPattern<CallInputOp> {
  using ConvertOpToLLVMPattern::ConvertOpToLLVMPattern;

  LogicalResult
  matchAndRewrite(CallInputOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    Value io = adaptor.getIo();
    Value callback =
        loadField(rewriter, loc, io, static_cast<int32_t>(op.getNumber()));
    Value context =
        loadField(rewriter, loc, io, static_cast<int32_t>(op.getInputs()));
    Value base = bytePointer(rewriter, loc, adaptor.getSlice());
    Value target =
        LLVM::GEPOp::create(rewriter, loc, base.getType(), rewriter.getI8Type(),
                            base, ArrayRef<LLVM::GEPArg>{adaptor.getOffset()});
    Type i32 = rewriter.getI32Type();
    SmallVector<Value> args{callback, context, adaptor.getRow()};
    if (op.getMode() == InputMode::Windows) {
      Value one = LLVM::ConstantOp::create(rewriter, loc, i32,
                                           rewriter.getI32IntegerAttr(1));
      Value pitch =
          createIndexAttrConstant(rewriter, loc, getIndexType(), op.getPitch());
      args.append({adaptor.getX(), one, adaptor.getCount(), target, pitch});
    } else {
      args.push_back(target);
    }
    SmallVector<Type> types;
    for (Value arg : ArrayRef<Value>(args).drop_front())
      types.push_back(arg.getType());
    auto type = LLVM::LLVMFunctionType::get(i32, types);
    rewriter.replaceOpWithNewOp<LLVM::CallOp>(op, type, args);
    return success();
  }
};
} // namespace

void tessera::populatePatchToLLVMPatterns(const LLVMTypeConverter &converter,
                                          RewritePatternSet &patterns) {
  patterns.add<ArenaSliceLowering, ExternalInputLowering, RingOffsetLowering,
               CallKernelLowering, CallInputLowering>(converter);
}

//===----------------------------------------------------------------------===//
// Pass
//===----------------------------------------------------------------------===//

namespace {
struct ConvertPatchToLLVMPass
    : public tessera::impl::ConvertPatchToLLVMPassBase<ConvertPatchToLLVMPass> {
  using ConvertPatchToLLVMPassBase::ConvertPatchToLLVMPassBase;

  void runOnOperation() override {
    ModuleOp module = getOperation();
    LowerToLLVMOptions options(&getContext());
    options.useBarePtrCallConv = true;
    options.overrideIndexBitwidth(indexBitwidth);
    LLVMTypeConverter converter(&getContext(), options);
    RewritePatternSet patterns(&getContext());
    populatePatchToLLVMPatterns(converter, patterns);
    arith::populateArithToLLVMConversionPatterns(converter, patterns);
    cf::populateControlFlowToLLVMConversionPatterns(converter, patterns);
    populateFuncToLLVMConversionPatterns(converter, patterns);
    populateFinalizeMemRefToLLVMConversionPatterns(converter, patterns);
    LLVMConversionTarget target(getContext());
    target.addLegalOp<ModuleOp>();
    if (failed(applyFullConversion(module, target, std::move(patterns))))
      return signalPassFailure();
    for (auto function : module.getOps<LLVM::LLVMFuncOp>()) {
      bool isPrivate = SymbolTable::getSymbolVisibility(function) ==
                       SymbolTable::Visibility::Private;
      if (isPrivate && !function.isExternal())
        function.setLinkage(LLVM::Linkage::Internal);
    }
    attachLayerLines(module);
  }
};
} // namespace
