//===- HarnessTest.cpp - The harness sees what it must --------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tessera/Runtime/Harness.h"

#include "gtest/gtest.h"

#include <cstring>
#include <vector>

namespace {

constexpr uint32_t guardBytes = TESSERA_HARNESS_GUARD_BYTES;

/// Two inputs: 3x5 pixels of 2 bytes and 7 pixels of 1 byte; 100 bytes of
/// arena.
struct Fixture {
  TesseraHarnessInput inputs[2] = {{0, 3, 5, 2}, {40, 1, 7, 1}};
  TesseraHarnessDescriptor descriptor = {};
  std::vector<uint8_t> arenaBlock, inputBlock;
  TesseraHarness harness;

  explicit Fixture(uint32_t mode, uint32_t seed = 1) {
    descriptor.inputs = inputs;
    descriptor.numInputs = 2;
    descriptor.inputMode = mode;
    descriptor.arenaBytes = 100;
    descriptor.arenaAlignment = 16;
    descriptor.garbageSeed = seed;
    descriptor.failCallbackAt = UINT32_MAX;
    arenaBlock.resize(tesseraHarnessArenaBlockBytes(&descriptor));
    inputBlock.resize(tesseraHarnessInputBlockBytes(&descriptor));
    tesseraHarnessBegin(&harness, &descriptor, arenaBlock.data(),
                        inputBlock.data());
    for (uint32_t i = 0; i < 2; ++i)
      for (uint32_t j = 0; j < (i ? 7u : 30u); ++j)
        tesseraHarnessInput(&harness, i)[j] = uint8_t(100 * i + j);
    tesseraHarnessArm(&harness, nullptr);
  }

  uint32_t check() {
    tesseraHarnessCheck(&harness);
    return harness.violation;
  }
};

} // namespace

TEST(Harness, SeedsGiveDifferentGarbage) {
  // 100 random bytes agree at 100/256 places on average; 20 would be odd.
  for (uint32_t seed : {0u, 2u, 12345u}) {
    Fixture first(TESSERA_INPUT_EXTERNAL, 1),
        second(TESSERA_INPUT_EXTERNAL, seed);
    int equal = 0;
    for (int i = 0; i < 100; ++i)
      equal += first.harness.arena[i] == second.harness.arena[i];
    EXPECT_LT(equal, 20) << "seed " << seed;
  }
}

TEST(Harness, CleanRunHasNoViolation) {
  for (uint32_t mode : {TESSERA_INPUT_RESIDENT, TESSERA_INPUT_EXTERNAL,
                        TESSERA_INPUT_ROWS, TESSERA_INPUT_WINDOWS}) {
    Fixture fixture(mode);
    memset(fixture.harness.arena, 0, 100);
    EXPECT_EQ(fixture.check(), uint32_t(TESSERA_VIOLATION_NONE));
  }
}

TEST(Harness, ResidentInputsLieInTheArena) {
  Fixture fixture(TESSERA_INPUT_RESIDENT);
  EXPECT_EQ(fixture.harness.arena[29], 29);
  EXPECT_EQ(fixture.harness.arena[40 + 6], 106);
  EXPECT_EQ(tesseraHarnessIO(&fixture.harness), nullptr);
}

TEST(Harness, ExternalInputsAreAlignedAndNamed) {
  Fixture fixture(TESSERA_INPUT_EXTERNAL);
  auto *io = static_cast<void *const *>(tesseraHarnessIO(&fixture.harness));
  EXPECT_EQ(static_cast<uint8_t *>(io[0])[29], 29);
  EXPECT_EQ(static_cast<uint8_t *>(io[1])[6], 106);
  EXPECT_EQ(io[2], &fixture.harness);
  // 30 bytes, rounded up to 32.
  EXPECT_EQ(static_cast<uint8_t *>(io[1]) - static_cast<uint8_t *>(io[0]), 32);
}

TEST(Harness, negative_EveryGuardByteIsWatched) {
  for (int offset = -int(guardBytes); offset < 100 + int(guardBytes);
       ++offset) {
    Fixture fixture(TESSERA_INPUT_EXTERNAL);
    fixture.harness.arena[offset] ^= 1;
    bool isInside = offset >= 0 && offset < 100;
    EXPECT_EQ(fixture.check(),
              uint32_t(isInside ? TESSERA_VIOLATION_NONE
                                : TESSERA_VIOLATION_ARENA_GUARD));
    if (!isInside)
      EXPECT_EQ(fixture.harness.detail[0], offset);
  }
}

TEST(Harness, negative_EveryByteOfAnExternalInputIsWatched) {
  for (size_t i = 0; i < 2 * guardBytes + 32 + 16; ++i) {
    Fixture fixture(TESSERA_INPUT_EXTERNAL);
    fixture.inputBlock.at(i) ^= 0x80;
    EXPECT_EQ(fixture.check(), uint32_t(TESSERA_VIOLATION_INPUT_WRITTEN));
  }
}

TEST(Harness, RowsInOrder) {
  Fixture fixture(TESSERA_INPUT_ROWS);
  TesseraHarness *h = &fixture.harness;
  for (int y = 0; y < 3; ++y)
    EXPECT_EQ(tesseraHarnessServeRow(h, y, h->arena + 50, 0), 0);
  EXPECT_EQ(tesseraHarnessServeRow(h, 0, h->arena + 60, 1), 0);
  EXPECT_EQ(h->arena[50], 20); // row 2 starts at byte 2 * 5 * 2
  EXPECT_EQ(h->arena[60], 100);
  EXPECT_EQ(h->inputBytesRead, 30u + 7u);
  EXPECT_EQ(fixture.check(), uint32_t(TESSERA_VIOLATION_NONE));
}

TEST(Harness, negative_RowsOutOfOrder) {
  // (first row, second row): the second is the wrong one.
  for (auto [first, second] : {std::pair(0, 0), std::pair(0, 2)}) {
    Fixture fixture(TESSERA_INPUT_ROWS);
    TesseraHarness *h = &fixture.harness;
    EXPECT_EQ(tesseraHarnessServeRow(h, first, h->arena, 0), 0);
    EXPECT_NE(tesseraHarnessServeRow(h, second, h->arena, 0), 0);
    EXPECT_EQ(fixture.check(), uint32_t(TESSERA_VIOLATION_ROW_ORDER));
    EXPECT_EQ(h->detail[0], second);
    EXPECT_EQ(h->detail[1], 1);
  }
}

TEST(Harness, negative_DestinationOutsideTheArena) {
  // A row has 10 bytes: the last place is 90.
  for (int offset : {-1, 91, 1000}) {
    Fixture fixture(TESSERA_INPUT_ROWS);
    TesseraHarness *h = &fixture.harness;
    EXPECT_NE(tesseraHarnessServeRow(h, 0, h->arena + offset, 0), 0);
    EXPECT_EQ(fixture.check(), uint32_t(TESSERA_VIOLATION_DESTINATION));
    EXPECT_EQ(h->detail[0], offset);
  }
  Fixture fixture(TESSERA_INPUT_ROWS);
  TesseraHarness *h = &fixture.harness;
  EXPECT_EQ(tesseraHarnessServeRow(h, 0, h->arena + 90, 0), 0);
}

TEST(Harness, WindowsWithAPitch) {
  Fixture fixture(TESSERA_INPUT_WINDOWS);
  TesseraHarness *h = &fixture.harness;
  // Rows 1..2, columns 2..4 of 3x5 pixels of 2 bytes: 2 rows of 6 bytes.
  EXPECT_EQ(tesseraHarnessServeWindow(h, 1, 2, 2, 3, h->arena, 20, 0), 0);
  EXPECT_EQ(h->arena[0], 1 * 10 + 2 * 2);
  EXPECT_EQ(h->arena[5], 1 * 10 + 2 * 2 + 5);
  EXPECT_EQ(h->arena[20], 2 * 10 + 2 * 2);
  EXPECT_EQ(h->inputBytesRead, 12u);
}

TEST(Harness, negative_WindowsOutOfBounds) {
  const int windows[][4] = {{-1, 0, 1, 1}, {0, -1, 1, 1}, {2, 0, 2, 1},
                            {0, 4, 1, 2},  {0, 0, 0, 1},  {0, 0, 1, 0}};
  for (auto [y0, x0, h, w] : windows) {
    Fixture fixture(TESSERA_INPUT_WINDOWS);
    TesseraHarness *harness = &fixture.harness;
    EXPECT_NE(
        tesseraHarnessServeWindow(harness, y0, x0, h, w, harness->arena, 20, 0),
        0);
    EXPECT_EQ(fixture.check(), uint32_t(TESSERA_VIOLATION_WINDOW_BOUNDS));
  }
}

TEST(Harness, negative_StatusThatNoCallbackGave) {
  Fixture fixture(TESSERA_INPUT_ROWS);
  fixture.harness.status = 3;
  EXPECT_EQ(fixture.check(), uint32_t(TESSERA_VIOLATION_STATUS));
}

TEST(Harness, FailingCallbackSetsTheStatusThatIsDue) {
  Fixture fixture(TESSERA_INPUT_ROWS);
  fixture.descriptor.failCallbackAt = 1;
  fixture.descriptor.failCallbackStatus = 7;
  TesseraHarness *h = &fixture.harness;
  EXPECT_EQ(tesseraHarnessServeRow(h, 0, h->arena, 0), 0);
  EXPECT_EQ(tesseraHarnessServeRow(h, 1, h->arena, 0), 7);
  h->status = 7;
  EXPECT_EQ(fixture.check(), uint32_t(TESSERA_VIOLATION_NONE));
}

TEST(Harness, negative_FailingCallbackIsIgnored) {
  Fixture fixture(TESSERA_INPUT_ROWS);
  fixture.descriptor.failCallbackAt = 0;
  fixture.descriptor.failCallbackStatus = 7;
  TesseraHarness *h = &fixture.harness;
  EXPECT_EQ(tesseraHarnessServeRow(h, 0, h->arena, 0), 7);
  h->status = 0;
  EXPECT_EQ(fixture.check(), uint32_t(TESSERA_VIOLATION_STATUS));
}

TEST(Harness, negative_StackDeeperThanPromised) {
  for (uint32_t used : {64u, 65u}) {
    Fixture fixture(TESSERA_INPUT_RESIDENT);
    fixture.descriptor.stackBytes = 64;
    fixture.harness.stackUsedBytes = used;
    EXPECT_EQ(fixture.check(), uint32_t(used > 64 ? TESSERA_VIOLATION_STACK
                                                  : TESSERA_VIOLATION_NONE));
  }
}
