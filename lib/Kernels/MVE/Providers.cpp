//===- Providers.cpp - The kernels of the MVE set
//---------------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The order matters only where two providers accept one layer.
//
//===----------------------------------------------------------------------===//

#include "Providers.h"

using namespace mlir;
using namespace tessera;
using namespace tessera::kernels;
using namespace tessera::kernels::mve;

SmallVector<KernelProvider> kernels::getMVEProviders() {
  return {
      getConv2D(), getFullyConnected(), getExpansion(), getDepthwiseConv2D(),
      getAdd(),    getAvgPool2D(),      getMean()};
}
