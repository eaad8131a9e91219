//===- WindowTest.cpp - Window algebra against enumeration ----------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tessera/Planning/Window.h"
#include "RandomGraph.h"

#include <algorithm>
#include <cmath>
#include <gtest/gtest.h>

using namespace tessera::planning;
using namespace tessera::planning::test;

TEST(Interval, HullIgnoresEmptyIntervals) {
  Interval a{2, 5}, b{7, 9}, none{4, 4};
  EXPECT_EQ(a.hull(b), (Interval{2, 9}));
  EXPECT_EQ(a.hull(none), a);
  EXPECT_EQ(none.hull(a), a);
}

TEST(Interval, ClipKeepsEndsMonotone) {
  EXPECT_EQ((Interval{-3, 4}).clip(10), (Interval{0, 4}));
  EXPECT_EQ((Interval{8, 12}).clip(10), (Interval{8, 10}));
  // All padding before and all padding after: empty, at the right side.
  EXPECT_EQ((Interval{-3, -1}).clip(10), (Interval{0, 0}));
  EXPECT_EQ((Interval{12, 14}).clip(10), (Interval{10, 10}));
}

TEST(Interval, ContainsEmpty) {
  EXPECT_TRUE((Interval{2, 3}).contains({9, 9}));
  EXPECT_FALSE((Interval{2, 3}).contains({2, 4}));
}

TEST(WindowMap, ThreeTapsStrideTwoPaddedByOne) {
  WindowMap map;
  map.kernel = 3;
  map.stride = 2;
  map.padBefore = 1;
  // Output 0 reads -1, 0, 1; output 4 reads 7, 8, 9; of 9 inputs the last is 8.
  EXPECT_EQ(map.unclipped({0, 1}), (Interval{-1, 2}));
  EXPECT_EQ(map.inputFor({0, 1}, 9), (Interval{0, 2}));
  EXPECT_EQ(map.inputFor({4, 5}, 9), (Interval{7, 9}));
  EXPECT_EQ(map.inputFor({0, 5}, 9), (Interval{0, 9}));
}

TEST(WindowMap, EmptyOutputReadsNothing) {
  EXPECT_TRUE(WindowMap::identity().inputFor({3, 3}, 9).empty());
  EXPECT_TRUE(WindowMap::whole().inputFor({3, 3}, 9).empty());
}

TEST(WindowMap, NearestUpsamplingByTwo) {
  WindowMap map;
  map.divisor = 2;
  for (int o = 0; o < 10; ++o)
    EXPECT_EQ(map.inputFor({o, o + 1}, 5), (Interval{o / 2, o / 2 + 1}));
}

TEST(WindowMap, TransposedConvolutionCoversItsTaps) {
  // Output o receives input i through tap k when o = i * s - p + k.
  for (int s = 1; s <= 3; ++s) {
    for (int k = 1; k <= 5; ++k) {
      for (int p = 0; p < k; ++p) {
        WindowMap map;
        map.divisor = s;
        map.kernel = (k + s - 1) / s;
        map.padBefore = k - s - p;
        constexpr int in = 6;
        for (int o = 0; o < (in - 1) * s + k - 2 * p; ++o)
          for (int i = 0; i < in; ++i)
            if (int tap = o - i * s + p; tap >= 0 && tap < k)
              EXPECT_TRUE(map.inputFor({o, o + 1}, in).contains({i, i + 1}))
                  << "s " << s << " k " << k << " p " << p << " o " << o;
      }
    }
  }
}

/// By the definition: all taps of all outputs, inside the operand.
static Interval enumerate(const WindowMap &map, Interval out, int size) {
  Interval hull;
  for (int o = out.begin; o < out.end; ++o) {
    int first = static_cast<int>(
        std::floor(double(o * map.stride - map.padBefore) / map.divisor));
    int last = first + (map.kernel - 1) * map.dilation;
    for (int i = std::max(first, 0); i <= std::min(last, size - 1); ++i)
      hull = hull.hull({i, i + 1});
  }
  return hull;
}

TEST(WindowMap, AgreesWithEnumerationAndIsMonotone) {
  for (uint64_t seed = 1; seed <= 400; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    WindowMap map;
    map.kernel = random.in(1, 4);
    map.stride = random.in(0, 3);
    map.dilation = random.in(1, 3);
    map.padBefore = random.in(-2, 5);
    map.divisor = random.in(1, 3);
    int size = random.in(1, 9);
    Interval before;
    for (int begin = 0; begin < 8; ++begin) {
      for (int end = begin; end <= 8; ++end) {
        Interval got = map.inputFor({begin, end}, size);
        Interval want = enumerate(map, {begin, end}, size);
        // Single windows are exact; the hull of several also bridges what
        // lies between windows that are padding on either side.
        if (end - begin <= 1) {
          EXPECT_EQ(got.size(), want.size());
          if (!want.empty())
            EXPECT_EQ(got, want);
        } else {
          EXPECT_TRUE(got.contains(want));
        }
        if (map.stride <= map.kernel && !want.empty())
          EXPECT_EQ(got, want);
      }
      Interval now = map.inputFor({begin, begin + 1}, size);
      EXPECT_LE(before.begin, now.begin);
      EXPECT_LE(before.end, now.end);
      before = now;
    }
  }
}
