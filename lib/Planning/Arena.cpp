//===- Arena.cpp - Static offsets for buffers with row lifetimes ----------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tessera/Planning/Arena.h"

#include <algorithm>
#include <map>
#include <numeric>

using namespace tessera::planning;

static int64_t alignDown(int64_t value, int64_t alignment) {
  int64_t rest = value % alignment;
  return value - (rest < 0 ? rest + alignment : rest);
}

static int64_t alignUp(int64_t value, int64_t alignment) {
  return -alignDown(-value, alignment);
}

/// Both lists ascend; true if a span of one overlaps a span of the other.
static bool overlap(const std::vector<LiveSpan> &a,
                    const std::vector<LiveSpan> &b) {
  if (a.empty() || b.empty() || a.back().death < b.front().birth ||
      b.back().death < a.front().birth)
    return false;
  auto bySpanDeath = [](const LiveSpan &span, int64_t birth) {
    return span.death < birth;
  };
  auto i = std::lower_bound(a.begin(), a.end(), b.front().birth, bySpanDeath);
  auto j = std::lower_bound(b.begin(), b.end(), a.front().birth, bySpanDeath);
  while (i != a.end() && j != b.end()) {
    if (i->overlaps(*j))
      return true;
    if (i->death < j->death)
      ++i;
    else
      ++j;
  }
  return false;
}

/// Sorts and joins open intervals; (1, 3) and (3, 5) stay apart: 3 is allowed.
static void normalise(ForbiddenDistances &intervals) {
  std::sort(intervals.begin(), intervals.end());
  size_t size = 0;
  for (const auto &interval : intervals) {
    if (size > 0 && interval.first < intervals[size - 1].second)
      intervals[size - 1].second =
          std::max(intervals[size - 1].second, interval.second);
    else
      intervals[size++] = interval;
  }
  intervals.resize(size);
}

/// The distances at which slot `i` of a meets the slots [first, end) of b: one
/// open interval, because neighbouring slots of a buffer touch each other.
static std::pair<int64_t, int64_t> meets(const Buffer &a, int i,
                                         const Buffer &b, int first, int end) {
  int64_t start = i * a.pitchBytes;
  int64_t bBegin = first * b.pitchBytes;
  int64_t bEnd = (end - 1) * b.pitchBytes + b.slotBytes(end - 1);
  return {start - bEnd, start + a.slotBytes(i) - bBegin};
}

ForbiddenDistances tessera::planning::forbiddenDistances(const Buffer &a,
                                                         const Buffer &b) {
  ForbiddenDistances forbidden;
  int numA = static_cast<int>(a.slots.size());
  int numB = static_cast<int>(b.slots.size());
  if (a.bytes == 0 || b.bytes == 0)
    return forbidden;
  for (int i = 0; i < numA; ++i) {
    if (a.slots[i].empty())
      continue;
    for (int j = 0; j < numB; ++j) {
      if (!overlap(a.slots[i], b.slots[j]))
        continue;
      int first = j;
      while (j + 1 < numB && overlap(a.slots[i], b.slots[j + 1]))
        ++j;
      forbidden.push_back(meets(a, i, b, first, j + 1));
    }
  }
  normalise(forbidden);
  return forbidden;
}

namespace {

/// The packing problem of a timeline: buffers, sizes, conflicts.
class Packer {
public:
  Packer(const Timeline &timeline, const PackOptions &options);
  Packing run();

private:
  struct Conflict {
    int other;
    /// Forbidden off(this) - off(other).
    ForbiddenDistances distances;
  };
  /// Buffers in the order in which they are placed, at the lowest free offset
  /// or, mirrored, at the highest free one below a common end.
  struct Order {
    std::vector<int> buffers;
    bool mirrored = false;
  };

  void addConflict(int a, int b, ForbiddenDistances distances);
  std::vector<Order> fixedOrders() const;
  Packing place(const Order &order);
  int64_t lowestFree(int buffer);
  int64_t highestFree(int buffer);
  void gather(int buffer);
  void improve(Order order, Packing current);
  bool keepBest(const Packing &candidate);
  bool goodEnough() const { return best.arenaBytes <= bound; }
  uint32_t random(uint32_t range);

  const Timeline &timeline;
  PackOptions options;
  int64_t bound;
  std::vector<std::vector<Conflict>> conflicts;
  std::vector<LiveSpan> hulls;
  std::vector<int64_t> offsets;
  std::vector<bool> placed;
  ForbiddenDistances taken;
  Packing best;
  bool haveBest = false;
  uint64_t randomState = 0x9E3779B97F4A7C15u;
};

} // namespace

Packer::Packer(const Timeline &timeline, const PackOptions &options)
    : timeline(timeline), options(options),
      bound(
          std::max(options.goodEnoughBytes, alignUp(timeline.maxLiveBytes, 1))),
      conflicts(timeline.buffers.size()), hulls(timeline.buffers.size()),
      offsets(timeline.buffers.size()), placed(timeline.buffers.size()) {
  int count = static_cast<int>(timeline.buffers.size());
  for (int id = 0; id < count; ++id) {
    LiveSpan &hull = hulls[id];
    hull = {INT64_MAX, INT64_MIN};
    for (const std::vector<LiveSpan> &spans : timeline.buffers[id].slots) {
      if (spans.empty())
        continue;
      hull.birth = std::min(hull.birth, spans.front().birth);
      hull.death = std::max(hull.death, spans.back().death);
    }
  }
  std::map<std::pair<int, int>, ForbiddenDistances> inPlace;
  for (const InPlacePair &pair : timeline.inPlace) {
    const Buffer &a = timeline.buffers[pair.operandBuffer];
    const Buffer &b = timeline.buffers[pair.resultBuffer];
    auto [low, high] =
        meets(a, pair.operandSlot, b, pair.resultSlot, pair.resultSlot + 1);
    int64_t same =
        pair.operandSlot * a.pitchBytes - pair.resultSlot * b.pitchBytes;
    ForbiddenDistances &list = inPlace[{pair.operandBuffer, pair.resultBuffer}];
    list.push_back({low, same});
    list.push_back({same, high});
  }
  for (int a = 0; a < count; ++a) {
    for (int b = a + 1; b < count; ++b) {
      ForbiddenDistances distances;
      if (hulls[a].overlaps(hulls[b]))
        distances =
            forbiddenDistances(timeline.buffers[a], timeline.buffers[b]);
      if (auto found = inPlace.find({a, b}); found != inPlace.end())
        distances.insert(distances.end(), found->second.begin(),
                         found->second.end());
      if (auto found = inPlace.find({b, a}); found != inPlace.end())
        for (const auto &[low, high] : found->second)
          distances.push_back({-high, -low});
      normalise(distances);
      if (!distances.empty())
        addConflict(a, b, std::move(distances));
    }
  }
}

/// `distances` are those of off(b) - off(a).
void Packer::addConflict(int a, int b, ForbiddenDistances distances) {
  Conflict mirrored{b, {}};
  for (auto it = distances.rbegin(); it != distances.rend(); ++it)
    mirrored.distances.push_back({-it->second, -it->first});
  conflicts[a].push_back(std::move(mirrored));
  conflicts[b].push_back({a, std::move(distances)});
}

/// Collects the offsets of `buffer` that the placed buffers forbid.
void Packer::gather(int buffer) {
  taken.clear();
  for (const Conflict &conflict : conflicts[buffer]) {
    if (!placed[conflict.other])
      continue;
    int64_t base = offsets[conflict.other];
    for (const auto &[low, high] : conflict.distances)
      taken.push_back({base + low, base + high});
  }
  std::sort(taken.begin(), taken.end());
}

int64_t Packer::lowestFree(int buffer) {
  gather(buffer);
  int64_t offset = 0;
  for (const auto &[low, high] : taken)
    if (low < offset && offset < high)
      offset = alignUp(high, options.alignment);
  return offset;
}

/// As lowestFree, downwards from the common end at 0: offsets are negative.
int64_t Packer::highestFree(int buffer) {
  gather(buffer);
  std::sort(taken.begin(), taken.end(),
            [](const auto &a, const auto &b) { return a.second > b.second; });
  int64_t offset =
      alignDown(-timeline.buffers[buffer].bytes, options.alignment);
  for (const auto &[low, high] : taken)
    if (low < offset && offset < high)
      offset = alignDown(low, options.alignment);
  return offset;
}

Packing Packer::place(const Order &order) {
  std::fill(placed.begin(), placed.end(), false);
  int64_t lowest = 0, highest = 0;
  for (int id : order.buffers) {
    offsets[id] = order.mirrored ? highestFree(id) : lowestFree(id);
    placed[id] = true;
    lowest = std::min(lowest, offsets[id]);
    highest = std::max(highest, offsets[id] + timeline.buffers[id].bytes);
  }
  Packing packing{offsets, highest - lowest};
  for (int64_t &offset : packing.offsets)
    offset -= lowest;
  return packing;
}

bool Packer::keepBest(const Packing &candidate) {
  if (haveBest && candidate.arenaBytes >= best.arenaBytes)
    return false;
  best = candidate;
  haveBest = true;
  return true;
}

std::vector<Packer::Order> Packer::fixedOrders() const {
  int count = static_cast<int>(timeline.buffers.size());
  auto bytes = [&](int id) { return timeline.buffers[id].bytes; };
  // Bytes that are alive together with a buffer: how crowded its time is.
  std::vector<int64_t> crowd(count, 0);
  for (int id = 0; id < count; ++id) {
    crowd[id] = bytes(id);
    for (const Conflict &conflict : conflicts[id])
      crowd[id] += bytes(conflict.other);
  }
  auto sorted = [&](auto key) {
    std::vector<int> order(count);
    std::iota(order.begin(), order.end(), 0);
    std::sort(order.begin(), order.end(), [&](int a, int b) {
      auto left = key(a), right = key(b);
      return left != right ? left < right : a < b;
    });
    return order;
  };
  auto span = [&](int id) { return hulls[id].death - hulls[id].birth; };
  std::vector<std::vector<int>> orders = {
      sorted([&](int id) { return -bytes(id); }),
      sorted([&](int id) { return -crowd[id]; }),
      sorted([&](int id) { return std::make_pair(-crowd[id], -bytes(id)); }),
      sorted([&](int id) { return std::make_pair(-bytes(id), -span(id)); }),
      sorted([&](int id) { return -span(id); }),
      sorted([&](int id) { return hulls[id].birth; }),
      sorted([&](int id) { return -hulls[id].birth; }),
      sorted([&](int id) { return hulls[id].death; }),
      sorted([&](int id) { return -hulls[id].death; }),
      sorted([&](int id) { return -double(bytes(id)) * double(span(id)); })};
  std::vector<Order> result;
  for (std::vector<int> &order : orders)
    for (bool mirrored : {false, true})
      result.push_back({order, mirrored});
  return result;
}

/// xorshift64*: the same numbers on every machine.
uint32_t Packer::random(uint32_t range) {
  randomState ^= randomState >> 12;
  randomState ^= randomState << 25;
  randomState ^= randomState >> 27;
  return static_cast<uint32_t>((randomState * 0x2545F4914F6CDD1Du) >> 33) %
         range;
}

/// Local search over one order: moves a buffer that sticks out to the front, or
/// two buffers into each other's place, and keeps what does not get worse.
void Packer::improve(Order order, Packing current) {
  uint32_t count = static_cast<uint32_t>(order.buffers.size());
  if (count < 2)
    return;
  for (int step = 0; step < options.searchSteps && !goodEnough(); ++step) {
    Order candidate = order;
    std::vector<int> &buffers = candidate.buffers;
    if (random(2) == 0) {
      std::vector<uint32_t> edge;
      for (uint32_t i = 1; i < count; ++i) {
        int id = buffers[i];
        int64_t end = current.offsets[id] + timeline.buffers[id].bytes;
        if (candidate.mirrored ? current.offsets[id] == 0
                               : end == current.arenaBytes)
          edge.push_back(i);
      }
      if (edge.empty())
        continue;
      uint32_t from = edge[random(static_cast<uint32_t>(edge.size()))];
      uint32_t to = random(from);
      std::rotate(buffers.begin() + to, buffers.begin() + from,
                  buffers.begin() + from + 1);
    } else {
      std::swap(buffers[random(count)], buffers[random(count)]);
    }
    Packing packing = place(candidate);
    if (packing.arenaBytes > current.arenaBytes)
      continue;
    order = std::move(candidate);
    current = packing;
    keepBest(packing);
  }
}

Packing Packer::run() {
  std::vector<std::pair<int64_t, size_t>> ranking;
  std::vector<Order> orders = fixedOrders();
  std::vector<Packing> packings;
  for (size_t i = 0; i < orders.size(); ++i) {
    packings.push_back(place(orders[i]));
    ranking.push_back({packings.back().arenaBytes, i});
    keepBest(packings.back());
    if (goodEnough())
      return best;
  }
  std::sort(ranking.begin(), ranking.end());
  for (size_t rank = 0; rank < 3 && rank < ranking.size(); ++rank) {
    size_t i = ranking[rank].second;
    improve(orders[i], packings[i]);
  }
  return best;
}

Packing tessera::planning::packBuffers(const Timeline &timeline,
                                       const PackOptions &options) {
  return Packer(timeline, options).run();
}

bool tessera::planning::isValidPacking(const Timeline &timeline,
                                       const Packing &packing,
                                       int64_t alignment) {
  const std::vector<Buffer> &buffers = timeline.buffers;
  if (packing.offsets.size() != buffers.size())
    return false;
  for (size_t id = 0; id < buffers.size(); ++id)
    if (packing.offsets[id] < 0 || packing.offsets[id] % alignment != 0 ||
        packing.offsets[id] + buffers[id].bytes > packing.arenaBytes)
      return false;
  auto range = [&](size_t id, int slot) {
    int64_t begin = packing.offsets[id] + slot * buffers[id].pitchBytes;
    return std::make_pair(begin, begin + buffers[id].slotBytes(slot));
  };
  auto meet = [](std::pair<int64_t, int64_t> a, std::pair<int64_t, int64_t> b) {
    return a.first < b.second && b.first < a.second;
  };
  for (size_t a = 0; a < buffers.size(); ++a)
    for (size_t b = a + 1; b < buffers.size(); ++b)
      for (size_t i = 0; i < buffers[a].slots.size(); ++i)
        for (size_t j = 0; j < buffers[b].slots.size(); ++j)
          if (meet(range(a, static_cast<int>(i)),
                   range(b, static_cast<int>(j))))
            for (const LiveSpan &x : buffers[a].slots[i])
              for (const LiveSpan &y : buffers[b].slots[j])
                if (x.overlaps(y))
                  return false;
  for (const InPlacePair &pair : timeline.inPlace) {
    auto operand = range(pair.operandBuffer, pair.operandSlot);
    auto result = range(pair.resultBuffer, pair.resultSlot);
    if (meet(operand, result) && operand.first != result.first)
      return false;
  }
  return true;
}

ArenaLayout tessera::planning::makeLayout(const GraphIndex &index,
                                          const Timeline &timeline,
                                          const Packing &packing) {
  ArenaLayout layout;
  layout.arenaBytes = packing.arenaBytes;
  layout.maxLiveBytes = timeline.maxLiveBytes;
  layout.tensorOffset.assign(index.numTensors(), -1);
  layout.scratchOffset.assign(index.numOps(), -1);
  for (TensorId id = 0; id < index.numTensors(); ++id)
    if (int buffer = timeline.bufferOfTensor[id]; buffer >= 0)
      layout.tensorOffset[id] = packing.offsets[buffer];
  for (OpId id = 0; id < index.numOps(); ++id)
    if (int buffer = timeline.bufferOfScratch[id]; buffer >= 0)
      layout.scratchOffset[id] = packing.offsets[buffer];
  return layout;
}
