//===- Report.cpp - The report of a compilation ---------------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// One JSON object. Names are those of the accounting (docs/Spec); there are no
// times, paths or dates in it, so that the same input gives the same bytes.
//
//===----------------------------------------------------------------------===//

#include "tessera/Compiler/Artefacts.h"

#include "llvm/ADT/STLExtras.h"

using namespace tessera;
using namespace llvm;

StringRef tessera::stringify(planning::Schedule schedule) {
  switch (schedule) {
  case planning::Schedule::Auto:
    return "auto";
  case planning::Schedule::Layer:
    return "layer";
  case planning::Schedule::Patch:
    return "patch";
  case planning::Schedule::Stream:
    return "stream";
  }
  llvm_unreachable("all schedules are handled");
}

static json::Array portsJson(ArrayRef<PortFacts> ports) {
  json::Array array;
  for (const PortFacts &port : ports) {
    json::Object object{{"name", json::fixUTF8(port.name)},
                        {"type", port.elementType},
                        {"bytes", port.bytes},
                        {"shape", json::Array(port.shape)}};
    object["arena_offset"] =
        port.arenaOffset >= 0 ? json::Value(port.arenaOffset) : nullptr;
    if (port.scale)
      object["scale"] = static_cast<double>(*port.scale);
    if (port.zeroPoint)
      object["zero_point"] = *port.zeroPoint;
    array.push_back(std::move(object));
  }
  return array;
}

static json::Array stagesJson(const ModelFacts &facts) {
  json::Array array;
  for (const StageFacts &stage : facts.stages) {
    json::Array layers;
    for (int i = stage.firstLayer; i < stage.endLayer; ++i)
      layers.push_back(json::fixUTF8(facts.layers[i].name));
    auto halo = [](int parts) { return parts == 1 ? "cache" : "recompute"; };
    array.push_back(json::Object{
        {"layers", std::move(layers)},
        {"bands", stage.bands},
        {"strips", stage.strips},
        {"halo", json::Array{halo(stage.bands), halo(stage.strips)}},
        {"rings", json::Array(stage.ringRows)},
        {"ring_bytes", stage.ringBytes}});
  }
  return array;
}

static json::Array layersJson(const ModelFacts &facts) {
  json::Array array;
  for (const LayerFacts &layer : facts.layers)
    array.push_back(json::Object{{"name", json::fixUTF8(layer.name)},
                                 {"op", layer.op},
                                 {"kernel", layer.kernel},
                                 {"macs", layer.macs},
                                 {"executed_macs", layer.executedMacs}});
  return array;
}

json::Object tessera::makeReport(const CompiledModel &model,
                                 const CompileOptions &options) {
  const ModelFacts &facts = model.facts;
  const planning::PlanStats &stats = facts.stats;
  json::Object report{
      {"model", model.name},
      {"cpu", options.target->name},
      {"schedule", stringify(options.schedule)},
      {"input", patch::stringifyInputMode(facts.inputMode)},
      {"arena_bytes", stats.arenaBytes},
      {"max_live_bytes", stats.maxLiveBytes},
      {"layer_by_layer_bytes", stats.layerByLayerBytes},
      {"peak_layer", json::fixUTF8(facts.peakLayer)},
      {"macs", stats.macs},
      {"removed_macs", facts.removedMacs},
      {"executed_macs", stats.executedMacs},
      {"recompute_factor", stats.recomputeFactor},
      {"input_bytes_read", stats.inputBytesRead},
      {"inputs", portsJson(facts.inputs)},
      {"outputs", portsJson(facts.outputs)},
      {"stages", stagesJson(facts)},
      {"layers", layersJson(facts)},
  };
  if (!options.target->isHost)
    report["float_abi"] = target::stringify(options.floatABI);
  if (!model.object)
    return report;
  const target::ObjectInfo &info = model.object->info;
  report["stack_bytes"] = info.stackBytes;
  report["flash_bytes"] = info.flashBytes;
  report["weights_bytes"] = info.weightsBytes;
  report["tables_bytes"] = info.tablesBytes;
  report["code_bytes"] = info.codeBytes;
  return report;
}
