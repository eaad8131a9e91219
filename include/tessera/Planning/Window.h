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
  /// The part of this that lies in [0, size).
  Interval clip(int size) const;
  bool operator==(const Interval &o) const {
    return begin == o.begin && end == o.end;
  }
  bool operator!=(const Interval &o) const { return !(*this == o); }
};

/// Which indices of an operand an op reads along one axis to make given indices
/// of its result: a monotone map from output index to input interval. Output o
/// reads the taps  o * stride - padBefore + k * dilation,  0 <= k < kernel;
/// taps outside the operand are padding and are not read.
struct WindowMap {
  int kernel = 1;
  int stride = 1;
  int dilation = 1;
  int padBefore = 0;
  /// Every output index reads the whole axis.
  bool all = false;

  static WindowMap identity() { return {}; }
  static WindowMap whole() {
    WindowMap map;
    map.all = true;
    return map;
  }
  /// Input indices, unclipped: may be negative or reach past the end.
  Interval unclipped(Interval out) const;
  /// Input indices that are read, clipped to [0, inputSize).
  Interval inputFor(Interval out, int inputSize) const;
};

} // namespace tessera::planning

#endif // TESSERA_PLANNING_WINDOW_H
