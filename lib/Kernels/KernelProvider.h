//===- KernelProvider.h - Who has a kernel for which layer ------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A kernel set is a list of providers, tried in order; what no provider of a
// set accepts falls through to the next poorer set: MVE, DSP, portable. The
// portable set accepts every int8 layer.
//
//===----------------------------------------------------------------------===//

#ifndef TESSERA_LIB_KERNELS_KERNELPROVIDER_H
#define TESSERA_LIB_KERNELS_KERNELPROVIDER_H

#include "tessera/Kernels/RowKernel.h"

namespace tessera::kernels {

struct KernelProvider {
  /// Whether this provider has a kernel for the layer. No diagnostics.
  bool (*accepts)(mlir::Operation *layer);
  /// The kernel of a layer that `accepts` holds for, or a diagnostic.
  mlir::FailureOr<RowKernel> (*select)(mlir::Operation *layer);
  /// Its scratch, without packing any constant; null: none.
  ScratchSize (*scratch)(mlir::Operation *layer) = nullptr;
};

/// One per kind of layer, each defined in its own file of Portable/.
KernelProvider getPortableConv2D();
KernelProvider getPortableDepthwiseConv2D();
KernelProvider getPortableFullyConnected();
KernelProvider getPortableAvgPool2D();
KernelProvider getPortableMaxPool2D();
KernelProvider getPortableMean();
KernelProvider getPortableAdd();
KernelProvider getPortableBroadcastAdd();
KernelProvider getPortableMul();
KernelProvider getPortableRequantize();
KernelProvider getPortableLookup();
KernelProvider getPortableSoftmax();
KernelProvider getPortablePad();
KernelProvider getPortableConcat();
KernelProvider getPortableResizeNearest();
KernelProvider getPortableQuantize();
KernelProvider getPortableDequantize();

/// Convolutions and fully connected layers with the DSP extension: DSP/.
KernelProvider getDSPDense();
/// Depthwise convolutions with the DSP extension.
KernelProvider getDSPDepthwiseConv2D();
KernelProvider getDSPAdd();
KernelProvider getDSPAvgPool2D();
KernelProvider getDSPMaxPool2D();
KernelProvider getDSPMean();

/// All of the MVE set, see MVE/.
llvm::SmallVector<KernelProvider> getMVEProviders();

/// True if the layer is an `OpTy` whose activation operands and result have i8
/// elements (the float end of quantize and dequantize is not looked at).
template <typename OpTy>
bool isInt8Layer(mlir::Operation *layer) {
  auto isOther = [](mlir::Value value) {
    mlir::Type element =
        mlir::cast<mlir::ShapedType>(value.getType()).getElementType();
    return !element.isInteger(8) && !element.isF32();
  };
  auto op = mlir::dyn_cast<OpTy>(layer);
  if (!op || isOther(op.getOutput()))
    return false;
  return llvm::none_of(op.getActivationOperands(),
                       [&](mlir::OpOperand *o) { return isOther(o->get()); });
}

} // namespace tessera::kernels

#endif // TESSERA_LIB_KERNELS_KERNELPROVIDER_H
