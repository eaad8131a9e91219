//===- Window.cpp - Window algebra along one axis -------------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tessera/Planning/Window.h"

#include <algorithm>
#include <limits>

using namespace tessera::planning;

/// Floor division for a positive divisor.
static int64_t floorDiv(int64_t value, int64_t divisor) {
  int64_t quotient = value / divisor;
  return quotient - (value % divisor < 0);
}

/// Windows of garbage maps must not wrap around.
static int saturate(int64_t value) {
  constexpr int64_t limit = std::numeric_limits<int>::max() / 2;
  return static_cast<int>(std::clamp(value, -limit, limit));
}

Interval Interval::hull(const Interval &o) const {
  if (o.empty())
    return *this;
  if (empty())
    return o;
  return {std::min(begin, o.begin), std::max(end, o.end)};
}

Interval Interval::clip(int size) const {
  return {std::clamp(begin, 0, size), std::clamp(end, 0, size)};
}

Interval WindowMap::unclipped(Interval out) const {
  if (out.empty())
    return {};
  auto firstTap = [this](int64_t o) {
    int64_t tap = o * stride - padBefore;
    return divisor == 1 ? tap : floorDiv(tap, divisor);
  };
  return {saturate(firstTap(out.begin)),
          saturate(firstTap(int64_t(out.end) - 1) +
                   int64_t(kernel - 1) * dilation + 1)};
}

Interval WindowMap::inputFor(Interval out, int inputSize) const {
  if (out.empty())
    return {};
  if (all)
    return {0, inputSize};
  return unclipped(out).clip(inputSize);
}
