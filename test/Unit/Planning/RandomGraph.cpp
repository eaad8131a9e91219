//===- RandomGraph.cpp - Small graphs for property tests ------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "RandomGraph.h"

using namespace tessera::planning;
using namespace tessera::planning::test;

TensorId GraphBuilder::tensor(int height, int width, int64_t pixelBytes) {
  Tensor made;
  made.height = height;
  made.width = width;
  made.pixelBytes = pixelBytes;
  made.name = "t" + std::to_string(graph.tensors.size());
  graph.tensors.push_back(made);
  return static_cast<TensorId>(graph.tensors.size() - 1);
}

TensorId GraphBuilder::input(int height, int width, int64_t pixelBytes,
                             bool external) {
  TensorId id = tensor(height, width, pixelBytes);
  graph.tensors[id].isInput = true;
  graph.tensors[id].isExternal = external;
  return id;
}

TensorId GraphBuilder::source(int height, int width, int64_t pixelBytes,
                              bool sequential) {
  Op op;
  op.kind = OpKind::Source;
  op.sequential = sequential;
  op.result = tensor(height, width, pixelBytes);
  op.name = std::to_string(graph.ops.size()) + ":SOURCE";
  graph.ops.push_back(op);
  return op.result;
}

TensorId GraphBuilder::rows(TensorId from, int height, int width,
                            int64_t pixelBytes, WindowMap y, WindowMap x) {
  Op op;
  op.operands.push_back({from, y, x});
  op.result = tensor(height, width, pixelBytes);
  op.macsPerPixel = pixelBytes * y.kernel * x.kernel;
  op.name = std::to_string(graph.ops.size()) + ":ROWS";
  graph.ops.push_back(op);
  return op.result;
}

TensorId GraphBuilder::conv(TensorId from, int64_t pixelBytes, int k, int s,
                            int p, int d) {
  WindowMap map;
  map.kernel = k;
  map.stride = s;
  map.padBefore = p;
  map.dilation = d;
  auto size = [&](int in) { return (in + 2 * p - (k - 1) * d - 1) / s + 1; };
  const Tensor &source = graph.tensors[from];
  return rows(from, size(source.height), size(source.width), pixelBytes, map,
              map);
}

TensorId GraphBuilder::add(TensorId a, TensorId b, int inPlace) {
  const Tensor shape = graph.tensors[a];
  TensorId id = rows(a, shape.height, shape.width, shape.pixelBytes, {}, {});
  graph.ops.back().operands.push_back({b, {}, {}});
  graph.ops.back().inPlaceOperand = inPlace;
  graph.ops.back().macsPerPixel = 0;
  return id;
}

TensorId GraphBuilder::reduce(TensorId from, int64_t scratchBytes) {
  TensorId id =
      rows(from, 1, 1, graph.tensors[from].pixelBytes, {}, WindowMap::whole());
  Op &op = graph.ops.back();
  op.kind = OpKind::Reduce;
  op.scratchBytes = scratchBytes;
  op.name = std::to_string(graph.ops.size() - 1) + ":REDUCE";
  return id;
}

TensorId GraphBuilder::whole(TensorId from, int height, int width,
                             int64_t pixelBytes) {
  TensorId id = rows(from, height, width, pixelBytes, WindowMap::whole(),
                     WindowMap::whole());
  Op &op = graph.ops.back();
  op.kind = OpKind::Whole;
  op.name = std::to_string(graph.ops.size() - 1) + ":WHOLE";
  return id;
}

TensorId GraphBuilder::alias(TensorId of, int height, int width,
                             int64_t pixelBytes) {
  TensorId id = tensor(height, width, pixelBytes);
  graph.tensors[id].aliasOf = of;
  return id;
}

static TensorId addRandomConv(GraphBuilder &builder, Random &random,
                              TensorId from) {
  const Tensor source = builder.graph.tensors[from];
  WindowMap maps[2];
  int sizes[2] = {source.height, source.width};
  for (int axis = 0; axis < 2; ++axis) {
    WindowMap &map = maps[axis];
    int in = sizes[axis];
    if (random.oneIn(8) && in <= 6) { // upsample, nearest or with two taps
      map.divisor = 2;
      map.kernel = random.in(1, 2);
      sizes[axis] = 2 * in;
      continue;
    }
    map.kernel = random.in(1, 3);
    map.stride = random.in(1, 2);
    map.dilation = random.oneIn(4) ? 2 : 1;
    map.padBefore = random.in(0, map.kernel - 1);
    int padAfter = random.in(0, map.kernel - 1);
    int span = (map.kernel - 1) * map.dilation + 1;
    if (in + map.padBefore + padAfter < span) {
      map = {};
      padAfter = 0;
      span = 1;
    }
    sizes[axis] = (in + map.padBefore + padAfter - span) / map.stride + 1;
  }
  TensorId id =
      builder.rows(from, sizes[0], sizes[1], random.in(1, 5), maps[0], maps[1]);
  Op &op = builder.graph.ops.back();
  if (random.oneIn(4)) {
    op.scratchBytes = random.in(0, 9);
    op.scratchBytesPerColumn = random.in(0, 3);
  }
  return id;
}

Graph tessera::planning::test::randomGraph(uint64_t seed, int maxOps) {
  Random random(seed);
  GraphBuilder builder;
  Graph &graph = builder.graph;
  int height = random.in(1, 10), width = random.in(1, 8);
  int64_t pixelBytes = random.in(1, 4);
  switch (random.in(0, 4)) {
  case 0:
    builder.source(height, width, pixelBytes, false);
    break;
  case 1:
    builder.source(height, width, pixelBytes, true);
    break;
  case 2:
    builder.input(height, width, pixelBytes, true);
    break;
  default:
    builder.input(height, width, pixelBytes);
  }
  int numOps = random.in(2, maxOps);
  while (static_cast<int>(graph.ops.size()) < numOps) {
    int count = static_cast<int>(graph.tensors.size());
    TensorId last = count - 1;
    TensorId from =
        random.oneIn(3) ? random.in(count > 4 ? count - 4 : 0, last) : last;
    // A second tensor of the same shape gives a residual add.
    TensorId other = -1;
    for (TensorId id = 0; id < count; ++id)
      if (id != from &&
          graph.tensors[id].height == graph.tensors[from].height &&
          graph.tensors[id].width == graph.tensors[from].width &&
          graph.tensors[id].pixelBytes == graph.tensors[from].pixelBytes &&
          graph.tensors[id].aliasOf < 0)
        other = id;
    if (other >= 0 && random.oneIn(2)) {
      builder.add(from, other, random.in(-1, 1));
    } else if (random.oneIn(12)) {
      builder.add(from, from, random.in(-1, 1));
    } else if (random.oneIn(9)) {
      builder.reduce(from, random.in(0, 12));
    } else if (random.oneIn(14)) {
      builder.whole(from, random.in(1, 4), random.in(1, 4), random.in(1, 3));
    } else if (random.oneIn(10)) {
      const Tensor shape = graph.tensors[from];
      TensorId flat =
          builder.alias(from, 1, shape.height * shape.width, shape.pixelBytes);
      builder.rows(flat, 1, 1, random.in(1, 4), {}, WindowMap::whole());
    } else if (random.oneIn(6) && graph.tensors[from].pixelBytes <= 4) {
      // Keeps the shape, so that adds find partners.
      const Tensor shape = graph.tensors[from];
      WindowMap map;
      map.kernel = 3;
      map.padBefore = 1;
      builder.rows(from, shape.height, shape.width, shape.pixelBytes, map, map);
    } else {
      addRandomConv(builder, random, from);
    }
  }
  builder.output(graph.ops.back().result);
  // Results that nothing reads become outputs, mostly.
  for (const Op &op : graph.ops) {
    bool read = false;
    for (const Op &reader : graph.ops)
      for (const Operand &operand : reader.operands)
        read |= operand.tensor == op.result ||
                graph.tensors[operand.tensor].aliasOf == op.result;
    if ((!read && !random.oneIn(5)) || random.oneIn(15))
      builder.output(op.result);
  }
  return graph;
}
