//===- SlidingWindow.h - Layers whose window slides -------------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TESSERA_LIB_DIALECT_PATCH_TRANSFORMS_SLIDINGWINDOW_H
#define TESSERA_LIB_DIALECT_PATCH_TRANSFORMS_SLIDINGWINDOW_H

#include "tessera/Dialect/Patch/IR/PatchDialect.h"

#include <optional>

namespace tessera::patch {

/// The window of a convolution or of pooling along one axis, in pixels.
struct SlidingWindow {
  int64_t stride = 1;
  /// From the first tap to the last, dilation included.
  int64_t reach = 1;
  int64_t padBefore = 0;

  /// The window along y (axis 0) or x (axis 1); none for other layers.
  static std::optional<SlidingWindow> get(mlir::Operation *op, unsigned axis);

  /// The least padding behind `input` lines with which there are `output` lines
  /// of result.
  int64_t padAfter(int64_t input, int64_t output) const {
    return std::max<int64_t>(0,
                             (output - 1) * stride + reach - input - padBefore);
  }
  /// The lines of result that `input` lines without padding behind them give; 1
  /// if they do not suffice for one.
  int64_t leastOutput(int64_t input) const {
    int64_t room = input + padBefore - reach;
    return room < 0 ? 1 : room / stride + 1;
  }
};

} // namespace tessera::patch

#endif // TESSERA_LIB_DIALECT_PATCH_TRANSFORMS_SLIDINGWINDOW_H
