//===- ArenaTest.cpp - Packing against an exact search --------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tessera/Planning/Arena.h"
#include "RandomGraph.h"

#include <gtest/gtest.h>

using namespace tessera::planning;
using namespace tessera::planning::test;

static Buffer makeBuffer(int64_t pitchBytes,
                         std::vector<std::vector<LiveSpan>> slots) {
  Buffer buffer;
  buffer.pitchBytes = pitchBytes;
  buffer.bytes = pitchBytes * static_cast<int64_t>(slots.size());
  buffer.slots = std::move(slots);
  return buffer;
}

static Timeline makeTimeline(std::vector<Buffer> buffers) {
  Timeline timeline;
  timeline.buffers = std::move(buffers);
  timeline.maxLiveBytes = maxLiveBytes(timeline.buffers);
  return timeline;
}

TEST(ForbiddenDistances, OutputGrowsOverReadRows) {
  // Row r of A is alive [0, r], row r of B [r + 1, 9]: B may start with A.
  Buffer a = makeBuffer(4, {{{0, 0}}, {{0, 1}}, {{0, 2}}});
  Buffer b = makeBuffer(4, {{{1, 9}}, {{2, 9}}, {{3, 9}}});
  // B's row j meets A's rows i > j: d = 4i - 4j in {4, 8}, each +-4: (0, 12).
  EXPECT_EQ(forbiddenDistances(a, b), (ForbiddenDistances{{0, 12}}));
  EXPECT_EQ(forbiddenDistances(b, a), (ForbiddenDistances{{-12, 0}}));
}

TEST(ForbiddenDistances, NothingWhenNeverAliveTogether) {
  Buffer a = makeBuffer(4, {{{0, 3}}});
  Buffer b = makeBuffer(4, {{{4, 5}}});
  EXPECT_TRUE(forbiddenDistances(a, b).empty());
}

TEST(PackBuffers, InPlacePairsShareTheirFirstByteOrNothing) {
  // The result is two bytes shorter, so that only offset 0 and no overlap at
  // all are allowed.
  Buffer a = makeBuffer(8, {{{0, 2}}});
  Buffer b = makeBuffer(6, {{{3, 5}}});
  Timeline timeline = makeTimeline({a, b});
  timeline.inPlace.push_back({0, 0, 1, 0});
  Packing packing = packBuffers(timeline, {/*alignment=*/1});
  EXPECT_EQ(packing.arenaBytes, 8);
  EXPECT_EQ(packing.offsets[0], packing.offsets[1]);
  EXPECT_TRUE(isValidPacking(timeline, packing, 1));
  packing.offsets = {0, 2};
  EXPECT_FALSE(isValidPacking(timeline, packing, 1));
}

TEST(PackBuffers, KeepsAlignment) {
  Timeline timeline =
      makeTimeline({makeBuffer(3, {{{0, 9}}}), makeBuffer(5, {{{0, 9}}}),
                    makeBuffer(2, {{{0, 9}}})});
  Packing packing = packBuffers(timeline);
  EXPECT_TRUE(isValidPacking(timeline, packing));
  // 3 and 2 bytes take 4 each; the 5 bytes come last.
  EXPECT_EQ(packing.arenaBytes, 4 + 4 + 5);
}

TEST(IsValidPacking, negative_OverlapMisalignmentAndSize) {
  Timeline timeline =
      makeTimeline({makeBuffer(4, {{{0, 9}}}), makeBuffer(4, {{{5, 6}}})});
  Packing good{{0, 4}, 8};
  EXPECT_TRUE(isValidPacking(timeline, good));
  EXPECT_FALSE(isValidPacking(timeline, {{0, 0}, 8}));
  EXPECT_FALSE(isValidPacking(timeline, {{0, 5}, 9}));
  EXPECT_FALSE(isValidPacking(timeline, {{0, 4}, 7}));
  EXPECT_FALSE(isValidPacking(timeline, {{0, -4}, 8}));
  EXPECT_FALSE(isValidPacking(timeline, {{0}, 8}));
}

/// Buffers of up to three slots with random lifetimes; some in-place pairs.
static Timeline randomTimeline(uint64_t seed, int numBuffers) {
  Random random(seed);
  std::vector<Buffer> buffers;
  for (int i = 0; i < numBuffers; ++i) {
    std::vector<std::vector<LiveSpan>> slots(random.in(1, 3));
    for (std::vector<LiveSpan> &spans : slots) {
      int64_t time = random.in(0, 8);
      for (int count = random.in(1, 2); count > 0; --count) {
        int64_t death = time + random.in(0, 6);
        spans.push_back({time, death});
        time = death + random.in(1, 4);
      }
    }
    buffers.push_back(makeBuffer(random.in(1, 4), std::move(slots)));
  }
  Timeline timeline = makeTimeline(std::move(buffers));
  if (random.oneIn(2)) {
    // A pair whose slots follow each other in time.
    const Buffer &a = timeline.buffers[0], &b = timeline.buffers[1];
    for (int i = 0; i < static_cast<int>(a.slots.size()); ++i)
      for (int j = 0; j < static_cast<int>(b.slots.size()); ++j)
        if (a.slots[i].back().death < b.slots[j].front().birth)
          timeline.inPlace.push_back({0, i, 1, j});
  }
  return timeline;
}

/// Every choice of offsets in an arena of `bytes`, buffer by buffer.
static bool fits(const Timeline &timeline, int64_t bytes,
                 std::vector<int64_t> &offsets) {
  size_t count = offsets.size();
  if (count == timeline.buffers.size())
    return true;
  int64_t last = bytes - timeline.buffers[count].bytes;
  for (int64_t offset = 0; offset <= last; ++offset) {
    offsets.push_back(offset);
    Timeline part;
    part.buffers.assign(timeline.buffers.begin(),
                        timeline.buffers.begin() + count + 1);
    for (const InPlacePair &pair : timeline.inPlace)
      if (pair.operandBuffer <= static_cast<int>(count) &&
          pair.resultBuffer <= static_cast<int>(count))
        part.inPlace.push_back(pair);
    if (isValidPacking(part, {offsets, bytes}, 1) &&
        fits(timeline, bytes, offsets))
      return true;
    offsets.pop_back();
  }
  return false;
}

static int64_t exactArena(const Timeline &timeline) {
  for (int64_t bytes = timeline.maxLiveBytes;; ++bytes) {
    std::vector<int64_t> offsets;
    if (fits(timeline, bytes, offsets))
      return bytes;
  }
}

TEST(PackBuffers, FindsTheOptimumOfSmallInstances) {
  int misses = 0;
  for (uint64_t seed = 1; seed <= 250; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Timeline timeline = randomTimeline(seed, 4);
    Packing packing = packBuffers(timeline, {/*alignment=*/1});
    ASSERT_TRUE(isValidPacking(timeline, packing, 1));
    int64_t exact = exactArena(timeline);
    ASSERT_GE(packing.arenaBytes, exact);
    misses += packing.arenaBytes > exact;
    EXPECT_LE(packing.arenaBytes, exact + 2);
  }
  // Greedy orders cannot express every layout with row lifetimes.
  EXPECT_LE(misses, 5);
}

TEST(PackBuffers, RandomInstancesAreValidAndDeterministic) {
  for (uint64_t seed = 1; seed <= 100; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Timeline timeline = randomTimeline(seed, 12);
    Packing packing = packBuffers(timeline);
    EXPECT_TRUE(isValidPacking(timeline, packing));
    EXPECT_GE(packing.arenaBytes, timeline.maxLiveBytes);
    EXPECT_EQ(packBuffers(timeline).offsets, packing.offsets);
  }
}
