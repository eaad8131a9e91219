//===- Window.h - Windows gathered into a scratch ---------------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A window of several rows, or one with padding, is copied into a panel of K
// contiguous bytes [ky][kx][channel], padding being the input's zero point. The
// copy is 1/16 of a load and a store per byte, and is used by all output
// channels.
//
//===----------------------------------------------------------------------===//

#ifndef TESSERA_LIB_KERNELS_MVE_WINDOW_H
#define TESSERA_LIB_KERNELS_MVE_WINDOW_H

#include "../RowAccess.h"

namespace tessera::kernels::mve {

/// Facts of a layer that gathering needs.
struct WindowShape {
  Val kernelHeight, kernelWidth, dilationX;
  /// Bytes of a pixel, of a kernel row, of a window.
  Val pixelBytes, rowBytes, windowBytes;
  Val zeroPoint;
};

/// Gathers windows into panels. A call's missing tap rows are filled once.
class WindowGather {
public:
  /// `scratch` has room for gatherBytes(). `isDilated`: dilationX may be above
  /// 1.
  WindowGather(KernelBuilder &k, const KernelArgs &args,
               const WindowShape &shape, int32_t numPanels, bool isDilated);

  /// Panel number `index`.
  Val panel(Val index) const { return panels + index * shape.windowBytes; }
  /// Copies the window whose first tap is in this column.
  void gather(Val column, Val panel) const;
  /// Copies that window and, if `hasSecond`, the one `stride` columns on to the
  /// first two panels.
  void gatherPair(Val column, Val stride, Val hasSecond) const;

private:
  void copyRows(Val from, Val to, Val bytes) const;
  void copyRowPairs(Val from, Val distance) const;

  KernelBuilder &k;
  WindowShape shape;
  bool isDilated;
  /// Addresses of the tap rows' first stored columns; the panels behind them.
  Val rowTable, panels;
  Val numRows, columns;
  /// Of the first tap row in a panel.
  Val firstRow;
};

/// Emits a loop that fills `bytes` bytes.
void emitFill(KernelBuilder &k, Val to, Val bytes, Val value);

/// Writes the addresses of the tap rows' first stored columns to `table`.
void emitRowTable(KernelBuilder &k, const KernelArgs &args, Val table);

/// Bytes of scratch for that many panels.
int64_t gatherBytes(int64_t kernelHeight, int64_t windowBytes,
                    int64_t numPanels);

} // namespace tessera::kernels::mve

#endif // TESSERA_LIB_KERNELS_MVE_WINDOW_H
