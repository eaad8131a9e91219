//===- TosaWindows.h - TOSA's answers to the window question ----*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TESSERA_ANALYSIS_TOSAWINDOWS_H
#define TESSERA_ANALYSIS_TOSAWINDOWS_H

#include "mlir/IR/DialectRegistry.h"

namespace tessera {

/// Attaches `patch::WindowOpInterface` to the TOSA ops that make rows of a map
/// from rows of maps: conv2d, depthwise_conv2d, avg_pool2d, max_pool2d, pad,
/// slice, rescale, cast, clamp, table and the element-wise arithmetic,
/// broadcasts included. Axis 0 and 1 are dimensions 1 and 2 of rank-4 NHWC
/// tensors; of a tensor of any other rank, the whole is read.
void registerTosaWindowOpInterfaceExternalModels(
    mlir::DialectRegistry &registry);

} // namespace tessera

#endif // TESSERA_ANALYSIS_TOSAWINDOWS_H
