//===- SelectKernel.cpp - The kernel for a layer --------------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Walks the providers from the richest instruction set that is allowed down to
// the portable one and takes the first that accepts the layer.
//
//===----------------------------------------------------------------------===//

#include "KernelProvider.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

using namespace mlir;
using namespace tessera;
using namespace tessera::kernels;

static SmallVector<KernelProvider> getProviders(KernelSet set) {
  switch (set) {
  case KernelSet::Portable:
    return {getPortableConv2D(),
            getPortableDepthwiseConv2D(),
            getPortableFullyConnected(),
            getPortableAvgPool2D(),
            getPortableMaxPool2D(),
            getPortableMean(),
            getPortableAdd(),
            getPortableBroadcastAdd(),
            getPortableMul(),
            getPortableRequantize(),
            getPortableLookup(),
            getPortableSoftmax(),
            getPortablePad(),
            getPortableConcat(),
            getPortableResizeNearest(),
            getPortableQuantize(),
            getPortableDequantize()};
  case KernelSet::DSP:
    return {getDSPDense(),     getDSPDepthwiseConv2D(), getDSPAdd(),
            getDSPAvgPool2D(), getDSPMaxPool2D(),       getDSPMean()};
  case KernelSet::MVE:
    return getMVEProviders();
  }
  llvm_unreachable("all kernel sets are listed above");
}

static FailureOr<KernelProvider> findProvider(Operation *layer, KernelSet set) {
  for (int s = static_cast<int>(set); s >= 0; --s)
    for (const KernelProvider &provider :
         getProviders(static_cast<KernelSet>(s)))
      if (provider.accepts(layer))
        return provider;
  InFlightDiagnostic error =
      layer->emitOpError("has no row kernel: there are kernels for int8 layers "
                         "of the patch dialect, not for ");
  llvm::interleaveComma(layer->getOperandTypes(), error);
  return failure();
}

FailureOr<RowKernel> kernels::selectKernel(Operation *layer, KernelSet set) {
  FailureOr<KernelProvider> provider = findProvider(layer, set);
  if (failed(provider))
    return failure();
  FailureOr<RowKernel> kernel = provider->select(layer);
  if (succeeded(kernel) && provider->scratch)
    kernel->scratch = provider->scratch(layer);
  return kernel;
}

FailureOr<ScratchSize> kernels::getScratchSize(Operation *layer,
                                               KernelSet set) {
  FailureOr<KernelProvider> provider = findProvider(layer, set);
  if (failed(provider))
    return failure();
  return provider->scratch ? provider->scratch(layer) : ScratchSize();
}

static bool isPointer(ArgRole role) {
  switch (role) {
  case ArgRole::OutBase:
  case ArgRole::InBase:
  case ArgRole::Scratch:
  case ArgRole::Constant:
    return true;
  default:
    return false;
  }
}

func::FuncOp kernels::getOrCreateKernel(ModuleOp module,
                                        const RowKernel &kernel) {
  if (auto existing = module.lookupSymbol<func::FuncOp>(kernel.symbol))
    return existing;
  MLIRContext *context = module.getContext();
  Type pointer = LLVM::LLVMPointerType::get(context);
  Type i32 = IntegerType::get(context, 32);
  SmallVector<Type> inputs =
      llvm::map_to_vector(kernel.args, [&](const KernelArg &arg) {
        return isPointer(arg.role) ? pointer : i32;
      });

  OpBuilder builder = OpBuilder::atBlockEnd(module.getBody());
  auto function =
      func::FuncOp::create(builder, module.getLoc(), kernel.symbol,
                           FunctionType::get(context, inputs, /*results=*/{}));
  function.setPrivate();
  // Never inlined: a kernel's size is part of the flash budget, and a call is
  // cheap against a row. For size, too, loops are unrolled only where a kernel
  // says so.
  function->setAttr("passthrough",
                    builder.getStrArrayAttr(
                        {"noinline", "nounwind", "optsize", "no-builtins"}));
  kernel.buildBody(builder, function);
  return function;
}
