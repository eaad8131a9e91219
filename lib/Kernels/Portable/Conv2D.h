//===- Conv2D.h - The portable convolution kernel ---------------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Layers that are convolutions under another name (a fully connected layer on
// one row, a depthwise layer with a multiplier above 1) run the convolution's
// kernel.
//
//===----------------------------------------------------------------------===//

#ifndef TESSERA_LIB_KERNELS_PORTABLE_CONV2D_H
#define TESSERA_LIB_KERNELS_PORTABLE_CONV2D_H

#include "../KernelData.h"

namespace tessera::kernels {

/// A convolution without its IR. Pairs are [y, x].
struct ConvShape {
  int32_t kernelHeight = 1, kernelWidth = 1;
  /// Channels of the input, and of one group of it.
  int32_t inputChannels = 1, groupInputs = 1;
  int32_t outputChannels = 1;
  int32_t strideX = 1, dilationX = 1;
  bool hasPadding = false;
  int32_t inputZeroPoint = 0;
};

/// The kernel for a convolution with weights OHWI.
RowKernel makeConv2D(const ConvShape &shape, llvm::ArrayRef<int8_t> weights,
                     llvm::ArrayRef<int32_t> bias, patch::RequantAttr requant);

/// The sum of each output channel's weights, OHWI.
llvm::SmallVector<int32_t> sumWeights(llvm::ArrayRef<int8_t> weights,
                                      int64_t outputChannels);

/// Weights O x K as blocks of four channels, [block][k][4], then single
/// channels, [channel][k]; a block never straddles groups of `groupOutputs`
/// channels.
llvm::SmallVector<int8_t> packChannelBlocks(llvm::ArrayRef<int8_t> weights,
                                            int64_t outputChannels,
                                            int64_t groupOutputs);

} // namespace tessera::kernels

#endif // TESSERA_LIB_KERNELS_PORTABLE_CONV2D_H
