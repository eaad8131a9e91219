//===- DenseBody.h - The code of the DSP dense kernels ----------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What the constants of a dense kernel (Dense.cpp) and its code (DenseBody.cpp)
// agree on.
//
//===----------------------------------------------------------------------===//

#ifndef TESSERA_LIB_KERNELS_DSP_DENSEBODY_H
#define TESSERA_LIB_KERNELS_DSP_DENSEBODY_H

#include "DenseAsm.h"

#include "../RowAccess.h"

namespace tessera::kernels::dsp::dense {

/// Facts of the descriptor.
enum Fact : unsigned {
  /// Byte offset of the table of channel blocks, its parts' sizes in bytes, and
  /// the byte offset of the weights of single channels.
  Table = channel_fact::Count,
  PairTableBytes,
  SingleTableBytes,
  /// The first channel of the last pair, and the last single channel.
  LastPair,
  LastSingle,
  SingleWeights,
  /// Bytes of a pixel in the panel; of the panel of as many pixels as a block
  /// can have; of a pixel's whole quads.
  PixelPanelBytes,
  PanelBytes,
  QuadPanelBytes,
  /// Turns of the loop over the panel, steps to skip in the first one; the same
  /// for three pixels and two channels; for one pixel and two channels, with
  /// bit
  /// 0 of the entry.
  SkippedSteps,
  StepTurns,
  LongSkippedSteps,
  LongTurns,
  EightEntry,
  EightTurns,
  /// The same for widening a run, and a tap.
  RunSkippedSteps,
  RunTurns,
  TapSkippedSteps,
  TapTurns,
  /// Bytes of a kernel row, and of it those beyond whole quads.
  RunBytes,
  RunRest,
  /// Bytes of scratch for a kernel row of one pixel.
  StageBytes,
  /// Most pixels at a time, 1 to 3.
  MostPixels,
  KernelHeight,
  KernelWidth,
  InputChannels,
  OutputChannels,
  StrideX,
  DilationX,
  /// Byte offset of a tap of zero points; the zero point itself.
  ZeroPoints,
  InputZeroPoint,
  NumFacts
};

enum ConstantNumber : unsigned { WeightsConstant, DescriptorConstant };

enum class PanelSource { Point, Taps, Bytes };

/// What the code of a kernel depends on.
struct DenseCode {
  PanelSource source = PanelSource::Point;
  /// Calls make one result pixel.
  bool onePixel = false;
  bool hasSingles = false;
  BlockEnd end = BlockEnd::Signed;
  /// Of `Sums`.
  ChannelCode channel;

  std::string symbol() const;
};
/// Emits the body of the kernel.
void buildBody(KernelBuilder &k, const KernelArgs &args, const DenseCode &code);

} // namespace tessera::kernels::dsp::dense

#endif // TESSERA_LIB_KERNELS_DSP_DENSEBODY_H
