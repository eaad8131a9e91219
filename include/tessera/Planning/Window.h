//===- Window.h - Window algebra along one axis -----------------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TESSERA_PLANNING_WINDOW_H
#define TESSERA_PLANNING_WINDOW_H

#include <cstdint>

namespace tessera::planning {

/// The half-open interval [begin, end) of indices along one axis.
struct Interval {
  int begin = 0;
  int end = 0;

  int size() const { return end > begin ? end - begin : 0; }
  bool empty() const { return end <= begin; }
  bool contains(const Interval &o) const {
    return o.empty() || (begin <= o.begin && o.end <= end);
  }
  /// The smallest interval that contains both; an empty one adds nothing.
  Interval hull(const Interval &o) const;
  /// The part of this that lies in [0, size): both ends are clamped, so that
  /// the clipped ends of a monotone sequence of intervals stay monotone even
  /// where a whole window is padding (an empty result then says on which side).
  Interval clip(int size) const;
  bool operator==(const Interval &o) const {
    return begin == o.begin && end == o.end;
  }
  bool operator!=(const Interval &o) const { return !(*this == o); }
};

/// Which indices of an operand an op reads along one axis to make given indices
/// of its result: a monotone map from output index to input interval. Output o
/// reads the taps  floor((o * stride - padBefore) / divisor) + k * dilation,
/// 0 <= k < kernel;  taps outside the operand are padding and are not read.
///
/// divisor > 1 is upsampling. Nearest by s: divisor s. Bilinear with TFLite's
/// 10-bit scale: stride = scale, divisor = 1024, kernel 2, padBefore =
/// 512 - scale / 2 for half-pixel centres. Transposed convolution of stride s,
/// K taps, padding p: divisor s, kernel ceil(K / s), padBefore = K - s - p.
/// stride 0 broadcasts one index.
struct WindowMap {
  int kernel = 1;
  int stride = 1;
  int dilation = 1;
  int padBefore = 0;
  int divisor = 1;
  /// Every output index reads the whole axis.
  bool all = false;

  static WindowMap identity() { return {}; }
  static WindowMap whole() {
    WindowMap map;
    map.all = true;
    return map;
  }
  /// Input indices, unclipped: may be negative or reach past the end. Not
  /// meaningful for `all`, which has no extent without the operand's size.
  Interval unclipped(Interval out) const;
  /// Input indices that are read, clipped to [0, inputSize).
  Interval inputFor(Interval out, int inputSize) const;
  /// Kernel, stride, dilation and divisor in their ranges (kernel, dilation,
  /// divisor >= 1; stride >= 0).
  bool isValid() const {
    return all || (kernel >= 1 && stride >= 0 && dilation >= 1 && divisor >= 1);
  }
};

} // namespace tessera::planning

#endif // TESSERA_PLANNING_WINDOW_H
