//===- RowAccess.h - What the bodies of row kernels share -------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Arguments by role, loops over the tap rows of a ring, the clipping of tap
// columns at the borders, blocks of four channels and one, requantised stores.
//
//===----------------------------------------------------------------------===//

#ifndef TESSERA_LIB_KERNELS_ROWACCESS_H
#define TESSERA_LIB_KERNELS_ROWACCESS_H

#include "KernelData.h"

#include "tessera/Kernels/KernelBuilder.h"

namespace tessera::kernels {

/// The block arguments of a kernel by role.
class KernelArgs {
public:
  KernelArgs(KernelBuilder &k, llvm::ArrayRef<KernelArg> roles,
             mlir::ValueRange values)
      : k(k), roles(roles), values(values) {}

  /// The argument must be among those that the kernel asked for.
  Val get(ArgRole role, unsigned index = 0) const;
  /// Address of the first result column: OutBase + OutOffset.
  Val output() const;
  /// Fact number `fact` of the descriptor, which is constant `constant`.
  Val fact(unsigned fact, unsigned constant = 0) const;

private:
  KernelBuilder &k;
  llvm::ArrayRef<KernelArg> roles;
  mlir::ValueRange values;
};

/// A kernel without constants: `build` writes the body.
RowKernel
makeKernel(llvm::StringRef symbol, llvm::ArrayRef<KernelArg> args,
           std::function<void(KernelBuilder &, const KernelArgs &)> build);

/// The arguments of a kernel that slides a window over operand 0, in this
/// order: OutBase, OutOffset, InBase, InOffset, InTapPitch, InRingBytes,
/// InFirstColumn, InColumns, TapBegin, TapEnd, Count, then `numConstants`
/// constants.
llvm::SmallVector<KernelArg> windowArgs(unsigned numConstants);

/// Copies `bytes` bytes and returns the address behind the last one written: as
/// words as far as they go, then as bytes.
Val copyBytes(KernelBuilder &k, Val out, Val in, Val bytes);

/// Runs `body` for tap rows [TapBegin, TapEnd) of operand 0. It gets the
/// address of the row's first stored column and the carried values.
Vals forTapRows(KernelBuilder &k, const KernelArgs &args,
                llvm::ArrayRef<Val> init,
                llvm::function_ref<Vals(Val row, llvm::ArrayRef<Val>)> body);

/// Tap columns [begin, end) of a window that are stored.
struct TapColumns {
  Val begin, end;
};

/// The sliding window of one result pixel.
struct PixelWindow {
  /// No tap is padding, neither in a row nor in a column.
  Val interior;
  TapColumns taps;
  /// Column of the first stored tap that is read, from the first stored column.
  Val firstColumn;
};

/// The facts of a layer that `forPixels` needs.
struct WindowFacts {
  Val kernelHeight, kernelWidth, strideX, dilationX;
};

/// Runs `body` for each of the Count result pixels. It gets the pixel's window
/// and the address of its first output byte; results are `outPixelBytes` apart.
void forPixels(KernelBuilder &k, const KernelArgs &args,
               const WindowFacts &facts, Val outPixelBytes,
               llvm::function_ref<void(const PixelWindow &, Val out)> body);

/// Channels in blocks: `quads` blocks of four, then `singles` of one. `body`
/// gets the block's size and the carried values.
Vals forChannelBlocks(
    KernelBuilder &k, Val quads, Val singles, llvm::ArrayRef<Val> init,
    llvm::function_ref<Vals(unsigned size, llvm::ArrayRef<Val>)> body);

/// Requantises sums to bytes with the channel facts of descriptor number
/// `constant`.
class ChannelOutput {
public:
  ChannelOutput(KernelBuilder &k, const KernelArgs &args, ChannelCode code,
                unsigned constant);

  /// Bias of channels `channel`, ..., folded or not, i32 each.
  Val foldedBias(Val channel) const { return folded + (channel << 2); }
  Val bias(Val channel) const { return plain + (channel << 2); }
  /// Stores clamp(scale(sums[i]) + zero point) of channel `channel` + i at out
  /// + i.
  void store(llvm::ArrayRef<Val> sums, Val channel, Val out) const;

private:
  KernelBuilder &k;
  ChannelCode code;
  Val folded, plain, multipliers, exponents, zeroPoint, min, max;
  /// Of a layer with one multiplier.
  std::optional<Scale> tensorScale;
};

} // namespace tessera::kernels

#endif // TESSERA_LIB_KERNELS_ROWACCESS_H
