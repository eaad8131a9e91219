//===- Summary.cpp - A screenful about a compilation ----------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tessera/Compiler/Artefacts.h"

#include "llvm/Support/Format.h"
#include "llvm/Support/FormatVariadic.h"

using namespace tessera;
using namespace llvm;

/// 1234567 -> "1,234,567".
static std::string grouped(int64_t value) {
  return formatv("{0:N}", value).str();
}

/// The same, right-justified in a column of numbers.
static std::string column(int64_t value) {
  return formatv("{0,11}", grouped(value)).str();
}

static void line(raw_ostream &os, StringRef name, const Twine &value) {
  os << "  " << left_justify(name, 16) << value << '\n';
}

void tessera::printSummary(const CompiledModel &model,
                           const CompileOptions &options, raw_ostream &os) {
  const ModelFacts &facts = model.facts;
  const planning::PlanStats &stats = facts.stats;
  os << model.name << " for " << options.target->name;
  if (!options.target->isHost)
    os << " (" << target::stringify(options.floatABI) << " float ABI)";
  os << ", schedule " << stringify(options.schedule) << ", input "
     << patch::stringifyInputMode(facts.inputMode) << "\n\n";

  double ratio = stats.arenaBytes
                     ? double(stats.layerByLayerBytes) / stats.arenaBytes
                     : 1.0;
  line(os, "arena",
       column(stats.arenaBytes) + " bytes of RAM (" +
           formatv("{0:F1}", ratio).str() + " x less than layer by layer: " +
           grouped(stats.layerByLayerBytes) + ")");
  if (model.object) {
    const target::ObjectInfo &info = model.object->info;
    line(os, "stack", column(info.stackBytes) + " bytes");
    line(os, "flash",
         column(info.flashBytes) + " bytes: weights " +
             grouped(info.weightsBytes) + ", tables " +
             grouped(info.tablesBytes) + ", code " + grouped(info.codeBytes));
  }
  line(os, "MACs",
       column(stats.executedMacs) +
           " (F = " + formatv("{0:F3}", stats.recomputeFactor).str() + ")");
  if (stats.inputBytesRead)
    line(os, "input read", column(stats.inputBytesRead) + " bytes");
  if (!facts.peakLayer.empty())
    line(os, "peak at", "  " + facts.peakLayer);

  os << "\n  stages (" << facts.stages.size() << "):\n";
  // The first dozen tell the story; runs of single layers are one line.
  constexpr int mostLines = 12;
  int lines = 0;
  for (size_t i = 0; i < facts.stages.size(); ++i) {
    if (lines++ == mostLines) {
      os << "    ... " << facts.stages.size() - i << " more\n";
      break;
    }
    const StageFacts &stage = facts.stages[i];
    size_t last = i;
    auto single = [](const StageFacts &s) {
      return s.endLayer - s.firstLayer == 1 && s.bands * s.strips == 1;
    };
    while (single(stage) && last + 1 < facts.stages.size() &&
           single(facts.stages[last + 1]))
      ++last;
    const StageFacts &end = facts.stages[last];
    os << "    " << facts.layers[stage.firstLayer].name;
    if (end.endLayer - stage.firstLayer > 1)
      os << " .. " << facts.layers[end.endLayer - 1].name;
    if (last > i)
      os << ": " << last - i + 1 << " layers one by one";
    else if (stage.endLayer - stage.firstLayer > 1) {
      os << ": " << stage.endLayer - stage.firstLayer << " layers, ";
      if (stage.bands * stage.strips > 1)
        os << stage.bands << " x " << stage.strips << " patches, ";
      os << "rings of " << grouped(stage.ringBytes) << " bytes";
    } else if (stage.bands * stage.strips > 1) {
      os << ": " << stage.bands << " x " << stage.strips << " patches";
    }
    os << '\n';
    i = last;
  }
}
