//===- BenchCommand.cpp - tessera bench -----------------------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// Counts the instructions of one inference of the object that `compile` writes,
// in QEMU, exactly. They are instruction counts: neither cycles nor time.
//
//===----------------------------------------------------------------------===//

#include "Commands.h"
#include "Progress.h"

#include "llvm/Support/Format.h"

using namespace tessera;
using namespace tessera::driver;

/// The input of an inference that is only counted: fixed pseudo-random bytes
/// (a 32-bit xorshift), zero where the model wants floats.
static std::vector<uint8_t> makeInput(const ModelFacts &facts) {
  std::vector<uint8_t> bytes;
  uint32_t state = 2463534242u;
  for (const PortFacts &port : facts.inputs)
    for (int64_t i = 0; i < port.bytes; ++i) {
      state ^= state << 13;
      state ^= state >> 17;
      state ^= state << 5;
      bytes.push_back(
          port.elementType == "float" ? 0 : static_cast<uint8_t>(state >> 16));
    }
  return bytes;
}

static llvm::json::Object makeJson(const CompiledModel &model,
                                   const Options &options,
                                   const runtime::InstructionCounts &counts) {
  const ModelFacts &facts = model.facts;
  const target::ObjectInfo &info = model.object->info;
  std::vector<int64_t> perLayer(facts.layers.size(), 0);
  int64_t other = 0;
  for (const runtime::InstructionCounts::Part &part : counts.parts) {
    if (part.line >= 1 && part.line <= perLayer.size())
      perLayer[part.line - 1] += part.instructions;
    else
      other += part.instructions;
  }
  // What runs before the first call belongs to the first layer.
  if (!perLayer.empty())
    perLayer.front() += other;
  llvm::json::Array layers;
  for (auto [layer, instructions] : llvm::zip_equal(facts.layers, perLayer))
    layers.push_back(
        llvm::json::Object{{"name", llvm::json::fixUTF8(layer.name)},
                           {"op", layer.op},
                           {"kernel", layer.kernel},
                           {"instructions", instructions},
                           {"macs", layer.executedMacs}});
  return llvm::json::Object{
      {"model", model.name},
      {"cpu", options.compile.target->name},
      {"schedule", stringify(options.compile.schedule)},
      {"input", patch::stringifyInputMode(facts.inputMode)},
      {"instructions", counts.total},
      {"callback_instructions", counts.callbackInstructions},
      {"macs", facts.stats.macs},
      {"executed_macs", facts.stats.executedMacs},
      {"arena_bytes", facts.stats.arenaBytes},
      {"stack_bytes", info.stackBytes},
      {"code_bytes", info.codeBytes},
      {"layers", std::move(layers)}};
}

static void printText(const llvm::json::Object &report, llvm::raw_ostream &os) {
  auto number = [](const llvm::json::Object &object, llvm::StringRef key) {
    return object.getInteger(key).value_or(0);
  };
  int64_t instructions = number(report, "instructions");
  int64_t macs = number(report, "executed_macs");
  os << *report.getString("model") << " on " << *report.getString("cpu")
     << ", schedule " << *report.getString("schedule")
     << " (executed instructions in QEMU, not cycles)\n\n";
  os << llvm::format("  %-34s %12s %12s %8s  %s\n", "layer", "instructions",
                     "MACs", "per MAC", "kernel");
  for (const llvm::json::Value &value : *report.getArray("layers")) {
    const llvm::json::Object &layer = *value.getAsObject();
    int64_t layerMacs = number(layer, "macs");
    int64_t layerInstructions = number(layer, "instructions");
    os << llvm::format("  %-34s %12lld %12lld ",
                       layer.getString("name")->str().c_str(),
                       static_cast<long long>(layerInstructions),
                       static_cast<long long>(layerMacs));
    if (layerMacs)
      os << llvm::format("%8.2f", double(layerInstructions) / layerMacs);
    else
      os << llvm::format("%8s", "-");
    os << "  " << *layer.getString("kernel") << '\n';
  }
  os << llvm::format("  %-34s %12lld %12lld ", "total",
                     static_cast<long long>(instructions),
                     static_cast<long long>(macs));
  if (macs)
    os << llvm::format("%8.2f", double(instructions) / macs);
  os << "\n\n  arena " << number(report, "arena_bytes") << ", stack "
     << number(report, "stack_bytes") << ", code "
     << number(report, "code_bytes") << " bytes\n";
}

int driver::runBench(mlir::MLIRContext &context, const Options &options) {
  if (options.compile.target->isHost)
    return fail(
        "bench counts instructions in QEMU; choose a Cortex-M with --cpu");
  if (options.inputFiles.size() > 1)
    return fail("bench takes at most one --input-file");
  std::optional<CompiledModel> model = compileModel(context, options);
  if (!model)
    return 1;
  runtime::RunRequest request;
  request.object = model->object->bytes;
  request.target = options.compile.target;
  request.floatABI = options.compile.floatABI;
  request.model = model->facts.runtimeInfo();
  request.model.stackBytes = model->object->info.stackBytes;
  request.inputs = {makeInput(model->facts)};
  if (!options.inputFiles.empty()) {
    llvm::Expected<std::string> contents = readFile(options.inputFiles.front());
    if (!contents)
      return fail(contents.takeError());
    request.inputs.front().assign(contents->begin(), contents->end());
  }
  Progress progress;
  progress.start("counting instructions on " +
                 options.compile.target->name.str());
  llvm::Expected<runtime::InstructionCounts> counts =
      runtime::countInstructions(request);
  if (!counts)
    return fail(counts.takeError());
  llvm::json::Object report = makeJson(*model, options, *counts);
  if (options.format == Format::Json)
    llvm::outs() << llvm::formatv("{0:2}", llvm::json::Value(std::move(report)))
                 << '\n';
  else
    printText(report, llvm::outs());
  return 0;
}
