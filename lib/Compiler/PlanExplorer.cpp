//===- PlanExplorer.cpp - Frontier and receptive fields -------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// What `tessera plan` says beyond the plan itself: the frontier of RAM against
// recompute, receptive field and halo per layer, and the layers whose windows
// cost the early stages most. The numbers are the planner's
// (planning/Explore.h); here they become rows of text and JSON.
//
//===----------------------------------------------------------------------===//

#include "tessera/Compiler/Artefacts.h"

#include "tessera/Planning/Explore.h"

#include "llvm/Support/Format.h"
#include "llvm/Support/FormatVariadic.h"

using namespace tessera;
using namespace llvm;

/// Advice is given for this many layers.
static constexpr int mostAdvice = 5;

static planning::PlanOptions planOptions(const CompileOptions &options) {
  planning::PlanOptions result;
  result.schedule = options.schedule;
  result.maxRecompute = options.maxRecompute;
  return result;
}

//===----------------------------------------------------------------------===//
// Frontier
//===----------------------------------------------------------------------===//

json::Array tessera::makeFrontier(const ModelFacts &facts,
                                  const CompileOptions &options) {
  json::Array rows;
  for (const planning::FrontierPoint &point :
       planning::frontier(facts.graph, planOptions(options)))
    rows.push_back(json::Object{{"recompute_factor", point.recomputeFactor},
                                {"arena_bytes", point.arenaBytes},
                                {"input_bytes_read", point.inputBytesRead}});
  return rows;
}

void tessera::printFrontier(const ModelFacts &facts,
                            const CompileOptions &options, raw_ostream &os) {
  os << "\n  RAM against recompute:\n"
     << "          F       arena bytes\n";
  for (const planning::FrontierPoint &point :
       planning::frontier(facts.graph, planOptions(options)))
    os << formatv("    {0,7:F3}    {1,14:N}\n", point.recomputeFactor,
                  point.arenaBytes);
}

//===----------------------------------------------------------------------===//
// Receptive fields
//===----------------------------------------------------------------------===//

json::Object tessera::makeReceptiveFields(const ModelFacts &facts,
                                          const CompileOptions &options) {
  planning::GraphIndex index(facts.graph);
  std::vector<planning::ReceptiveField> fields =
      planning::receptiveFields(index);
  json::Array layers;
  for (const planning::Op &op : facts.graph.ops) {
    const planning::ReceptiveField &field = fields[op.result];
    layers.push_back(json::Object{
        {"name", json::fixUTF8(op.name)},
        {"receptive_field", json::Array{field.extent[0], field.extent[1]}},
        {"halo", json::Array{field.halo[0], field.halo[1]}}});
  }
  json::Array advice;
  for (const planning::PointwiseAdvice &item : planning::advise(
           facts.graph, facts.plan, planOptions(options), mostAdvice))
    advice.push_back(
        json::Object{{"name", json::fixUTF8(facts.graph.ops[item.op].name)},
                     {"ring_bytes", item.ringBytes},
                     {"arena_bytes_if_pointwise", item.arenaBytes},
                     {"recompute_factor_if_pointwise", item.recomputeFactor}});
  return json::Object{{"layers", std::move(layers)},
                      {"advice", std::move(advice)}};
}

void tessera::printReceptiveFields(const ModelFacts &facts,
                                   const CompileOptions &options,
                                   raw_ostream &os) {
  planning::GraphIndex index(facts.graph);
  std::vector<planning::ReceptiveField> fields =
      planning::receptiveFields(index);
  os << "\n  receptive field and halo (rows x columns):\n";
  for (const planning::Op &op : facts.graph.ops) {
    const planning::ReceptiveField &field = fields[op.result];
    os << formatv("    {0,-28} field {1,4} x {2,-4} halo {3} x {4}\n", op.name,
                  field.extent[0], field.extent[1], field.halo[0],
                  field.halo[1]);
  }
  std::vector<planning::PointwiseAdvice> advice = planning::advise(
      facts.graph, facts.plan, planOptions(options), mostAdvice);
  if (advice.empty())
    return;
  os << "\n  windows that cost the stages most (arena now "
     << formatv("{0:N}", facts.stats.arenaBytes) << "):\n";
  for (const planning::PointwiseAdvice &item : advice)
    os << formatv("    {0,-28} ring {1,9:N}; as 1x1: arena {2,9:N}, F {3:F3}\n",
                  facts.graph.ops[item.op].name, item.ringBytes,
                  item.arenaBytes, item.recomputeFactor);
}
