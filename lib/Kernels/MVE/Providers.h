//===- Providers.h - The kernels of the MVE set --------------------*- C++
//-*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// One provider per kind of layer, each defined in its own file.
//
//===----------------------------------------------------------------------===//

#ifndef TESSERA_LIB_KERNELS_MVE_PROVIDERS_H
#define TESSERA_LIB_KERNELS_MVE_PROVIDERS_H

#include "../KernelProvider.h"

namespace tessera::kernels::mve {

KernelProvider getConv2D();
KernelProvider getFullyConnected();
/// Depthwise layers of a map with one channel, which are convolutions.
KernelProvider getExpansion();
KernelProvider getDepthwiseConv2D();
KernelProvider getAdd();
/// Average pooling over a whole map.
KernelProvider getAvgPool2D();
KernelProvider getMean();

} // namespace tessera::kernels::mve

#endif // TESSERA_LIB_KERNELS_MVE_PROVIDERS_H
