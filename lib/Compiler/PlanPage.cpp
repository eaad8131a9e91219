//===- PlanPage.cpp - The plan as a page to look at -----------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// One HTML file without scripts or network: pictures are SVG, details are
// tooltips. The arena picture has time (kernel calls) to the right and
// addresses upwards; a rectangle is a row, ring slot or scratch for as long as
// it is alive. All numbers come from replaying the plan (planning/Lifetimes.h).
//
//===----------------------------------------------------------------------===//

#include "tessera/Compiler/Artefacts.h"

#include "tessera/Planning/Explore.h"
#include "tessera/Planning/Lifetimes.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FormatVariadic.h"

#include <algorithm>
#include <cmath>

using namespace tessera;
using namespace llvm;
using planning::Buffer;
using planning::LiveSpan;
using planning::OpId;

namespace {
/// Width of the pictures, in CSS pixels.
constexpr double plotWidth = 1080, plotHeight = 380, margin = 64;

class PlanPage {
public:
  PlanPage(const CompiledModel &model, const CompileOptions &options,
           raw_ostream &os)
      : facts(model.facts), options(options), os(os), index(facts.graph) {}
  void write();

private:
  void replay();
  void writeHead();
  void writeNumbers();
  void writeArena();
  void writeLiveBytes();
  void writeFrontier();
  void writeLayers();

  double xOf(double time) const { return margin + time / duration * plotWidth; }
  std::string bufferName(const Buffer &buffer) const;
  void axes(double top, StringRef xLabel);

  const ModelFacts &facts;
  const CompileOptions &options;
  raw_ostream &os;
  planning::GraphIndex index;
  planning::Timeline timeline;
  /// First call of each stage, and the number of all calls.
  std::vector<int64_t> stageBegin;
  double duration = 1;
};
} // namespace

static std::string escape(StringRef text) {
  std::string result;
  for (char c : text) {
    switch (c) {
    case '<':
      result += "&lt;";
      break;
    case '>':
      result += "&gt;";
      break;
    case '&':
      result += "&amp;";
      break;
    case '"':
      result += "&quot;";
      break;
    default:
      result += isPrint(c) ? c : '?';
    }
  }
  return result;
}

static std::string grouped(int64_t value) { return formatv("{0:N}", value); }

/// Neighbours in the list get hues far from each other (the golden angle).
static std::string colour(size_t number, int lightness = 62) {
  return formatv("hsl({0:F0},62%,{1}%)", std::fmod(number * 137.508, 360.0),
                 lightness);
}

void PlanPage::replay() {
  std::vector<planning::StageRun> runs;
  for (const planning::StagePlan &stage : facts.plan.stages) {
    stageBegin.push_back(static_cast<int64_t>(duration) - 1);
    runs.push_back(planning::simulateStage(index, stage));
    duration += static_cast<double>(runs.back().calls.size());
  }
  duration = std::max(1.0, duration - 1);
  planning::TimelineOptions timelineOptions;
  timelineOptions.rowLifetimes = options.schedule != planning::Schedule::Layer;
  timeline = planning::computeTimeline(index, facts.plan.stages, runs,
                                       timelineOptions);
}

std::string PlanPage::bufferName(const Buffer &buffer) const {
  if (buffer.kind == Buffer::Kind::Scratch)
    return "scratch of " + facts.graph.ops[buffer.op].name;
  if (buffer.op < 0)
    return "input";
  return (buffer.kind == Buffer::Kind::Ring ? "ring of " : "result of ") +
         facts.graph.ops[buffer.op].name;
}

void PlanPage::axes(double top, StringRef xLabel) {
  double bottom = margin / 2 + plotHeight;
  for (int i = 0; i <= 4; ++i) {
    double y = bottom - plotHeight * i / 4;
    os << formatv("<line class=grid x1={0} x2={1} y1={2:F1} y2={2:F1} />"
                  "<text class=tick x={3} y={4:F1}>{5}</text>\n",
                  margin, margin + plotWidth, y, margin - 6, y + 4,
                  grouped(static_cast<int64_t>(top * i / 4)));
  }
  os << formatv("<text class=label x={0} y={1}>{2}</text>\n",
                margin + plotWidth / 2, bottom + 22, xLabel);
}

static void openSvg(raw_ostream &os) {
  os << formatv("<svg viewBox=\"0 0 {0} {1}\" role=img>\n",
                plotWidth + margin + 20, plotHeight + margin + 4);
}

/// Address against time.
void PlanPage::writeArena() {
  os << "<h2>What lies where in the arena</h2>\n<p>Time (kernel calls) runs to "
        "the right, addresses upwards. Each colour is a tensor, each rectangle "
        "one of its rows (or a slot of its ring) while it is alive; point at "
        "it "
        "for its name. Dashed lines separate stages.</p>\n";
  openSvg(os);
  double arena = std::max<int64_t>(facts.stats.arenaBytes, 1);
  axes(arena, "kernel calls");
  double bottom = margin / 2 + plotHeight;
  for (auto [number, buffer] : enumerate(timeline.buffers)) {
    int64_t offset = buffer.kind == Buffer::Kind::Scratch
                         ? facts.plan.layout.scratchOffset[buffer.op]
                         : facts.plan.layout.tensorOffset[buffer.tensor];
    os << formatv("<g fill=\"{0}\" stroke=\"{1}\"><title>{2}: {3} bytes at "
                  "{4}</title>\n",
                  colour(number), colour(number, 45),
                  escape(bufferName(buffer)), grouped(buffer.bytes),
                  grouped(offset));
    // Slots that live together are one rectangle.
    for (size_t slot = 0; slot < buffer.slots.size();) {
      size_t end = slot + 1;
      while (end < buffer.slots.size() &&
             buffer.slots[end] == buffer.slots[slot])
        ++end;
      double low = offset + double(slot) * buffer.pitchBytes;
      double high = std::min<double>(offset + double(end) * buffer.pitchBytes,
                                     offset + buffer.bytes);
      for (size_t s = 0; s < buffer.slots[slot].size(); ++s) {
        LiveSpan span = buffer.slots[slot][s];
        // Lifetimes of a slot that follow each other closely are drawn as one:
        // less than a third of a pixel of gap is not to be seen.
        while (s + 1 < buffer.slots[slot].size() &&
               xOf(buffer.slots[slot][s + 1].birth / 2.0) -
                       xOf(span.death / 2.0) <
                   0.3)
          span.death = buffer.slots[slot][++s].death;
        double x0 = xOf(std::max(0.0, span.birth / 2.0));
        double x1 = xOf(std::min(duration, span.death / 2.0 + 0.5));
        os << formatv("<rect x={0:F1} y={1:F1} width={2:F1} height={3:F1} />",
                      x0, bottom - high / arena * plotHeight,
                      std::max(0.4, x1 - x0),
                      std::max(0.4, (high - low) / arena * plotHeight));
      }
      slot = end;
    }
    os << "</g>\n";
  }
  for (int64_t begin : stageBegin)
    os << formatv("<line class=stage x1={0:F1} x2={0:F1} y1={1} y2={2} />",
                  xOf(begin), margin / 2, bottom);
  os << "\n</svg>\n";
}

/// Live bytes over time, beside those of layer by layer.
void PlanPage::writeLiveBytes() {
  os << "<h2>Live bytes, and layer by layer</h2>\n<p>Filled: bytes alive in "
        "this plan at each moment. Line: what each layer would need if all "
        "tensors were whole. The peak is where the filled shape is "
        "highest.</p>\n";
  std::vector<std::pair<int64_t, int64_t>> events;
  for (const Buffer &buffer : timeline.buffers)
    for (auto [slot, spans] : enumerate(buffer.slots))
      for (const LiveSpan &span : spans) {
        int64_t bytes = buffer.slotBytes(static_cast<int>(slot));
        events.push_back({std::max<int64_t>(span.birth, 0), bytes});
        events.push_back({span.death + 1, -bytes});
      }
  llvm::sort(events);
  double top = std::max(facts.stats.layerByLayerBytes, facts.stats.arenaBytes);
  double bottom = margin / 2 + plotHeight;
  openSvg(os);
  axes(top, "kernel calls");
  auto yOf = [&](double bytes) { return bottom - bytes / top * plotHeight; };
  os << formatv("<path class=live d=\"M{0:F1} {1:F1}", xOf(0), bottom);
  int64_t live = 0;
  // One point per half pixel at most: the largest value in it.
  double pixel = 0;
  int64_t largest = 0;
  for (size_t i = 0; i < events.size();) {
    int64_t time = events[i].first;
    for (; i < events.size() && events[i].first == time; ++i)
      live += events[i].second;
    largest = std::max(largest, live);
    double x = xOf(std::min(duration, time / 2.0));
    if (x - pixel < 0.5 && i < events.size())
      continue;
    os << formatv("L{0:F1} {1:F1}", x, yOf(largest));
    pixel = x;
    largest = live;
  }
  os << formatv("L{0:F1} {1:F1}Z\" />\n", xOf(duration), bottom);
  // Layer by layer: tensors alive at each op, whole.
  os << "<path class=layers d=\"";
  size_t stage = 0;
  std::vector<int64_t> begins = stageBegin;
  begins.push_back(static_cast<int64_t>(duration));
  for (OpId id = 0; id < index.numOps(); ++id) {
    while (stage + 1 < facts.plan.stages.size() &&
           facts.plan.stages[stage].endOp <= id)
      ++stage;
    const planning::StagePlan &part = facts.plan.stages[stage];
    double share = double(begins[stage + 1] - begins[stage]) / part.numOps();
    double from = begins[stage] + (id - part.firstOp) * share;
    int64_t bytes = 0;
    for (planning::TensorId t = 0; t < index.numTensors(); ++t) {
      const planning::Tensor &tensor = index.tensor(t);
      if (index.root(t) != t || tensor.isExternal)
        continue;
      bool made = index.producer(t) <= id;
      bool needed = index.producer(t) == id || index.lastUse(t) >= id;
      if (made && needed)
        bytes += tensor.bytes();
    }
    os << formatv("{0}{1:F1} {2:F1}L{3:F1} {2:F1}", id == 0 ? "M" : "L",
                  xOf(from), yOf(bytes), xOf(from + share));
  }
  os << "\" />\n";
  os << formatv("<line class=arena x1={0} x2={1} y1={2:F1} y2={2:F1} />"
                "<text class=note x={3} y={4:F1}>arena {5}</text>\n</svg>\n",
                margin, margin + plotWidth, yOf(facts.stats.arenaBytes),
                margin + plotWidth - 4, yOf(facts.stats.arenaBytes) - 5,
                grouped(facts.stats.arenaBytes));
}

/// RAM against F, the chosen point marked.
void PlanPage::writeFrontier() {
  planning::PlanOptions planOptions;
  std::vector<planning::FrontierPoint> points =
      planning::frontier(facts.graph, planOptions);
  if (points.empty())
    return;
  os << "<h2>RAM against recompute</h2>\n<p>Each point is the plan of least "
        "RAM "
        "for its recompute factor F; the ring is the plan of this page.</p>\n";
  double most =
      std::max(points.back().recomputeFactor, facts.stats.recomputeFactor);
  double span = std::max(0.01, most - 1.0);
  double top =
      std::max(points.front().arenaBytes, facts.stats.arenaBytes) * 1.05;
  double bottom = margin / 2 + plotHeight;
  auto x = [&](double f) {
    return margin + (f - 1.0) / span * plotWidth * 0.96;
  };
  auto y = [&](double bytes) { return bottom - bytes / top * plotHeight; };
  openSvg(os);
  axes(top, formatv("recompute factor F, 1.000 to {0:F3}", most).str());
  os << "<polyline class=layers points=\"";
  for (const planning::FrontierPoint &point : points)
    os << formatv("{0:F1},{1:F1} ", x(point.recomputeFactor),
                  y(point.arenaBytes));
  os << "\" />\n";
  for (const planning::FrontierPoint &point : points)
    os << formatv("<circle class=point cx={0:F1} cy={1:F1} r=4><title>F = "
                  "{2:F3}: {3} bytes</title></circle>\n",
                  x(point.recomputeFactor), y(point.arenaBytes),
                  point.recomputeFactor, grouped(point.arenaBytes));
  os << formatv("<circle class=chosen cx={0:F1} cy={1:F1} r=8 />\n</svg>\n",
                x(facts.stats.recomputeFactor), y(facts.stats.arenaBytes));
}

void PlanPage::writeLayers() {
  std::vector<planning::ReceptiveField> fields =
      planning::receptiveFields(index);
  os << "<h2>Layers</h2>\n<table>\n<tr><th>stage<th>layer<th>result<th>kept "
        "as<th>bytes<th>whole<th>MACs<th>F<th>receptive field<th>halo</tr>\n";
  for (auto [number, stage] : enumerate(facts.plan.stages)) {
    planning::StageRun run = planning::simulateStage(index, stage);
    for (OpId id = stage.firstOp; id < stage.endOp; ++id) {
      int local = id - stage.firstOp;
      const planning::Op &op = index.op(id);
      const planning::Tensor &tensor = index.tensor(op.result);
      int rows = stage.ringRows[local];
      int64_t bytes =
          rows ? int64_t(rows) * run.ringColumns[local] * tensor.pixelBytes
               : tensor.bytes();
      const LayerFacts &layer = facts.layers[id];
      const planning::ReceptiveField &field = fields[op.result];
      os << "<tr" << (number % 2 ? " class=odd" : "") << "><td>" << number + 1;
      if (id == stage.firstOp && stage.numPatches() > 1)
        os << " (" << stage.bands << " x " << stage.strips << " patches)";
      os << "<td>" << escape(op.name)
         << formatv("<td>{0} x {1} x {2} B", tensor.height, tensor.width,
                    tensor.pixelBytes);
      if (rows)
        os << "<td>ring of " << rows << (rows == 1 ? " row" : " rows");
      else
        os << "<td>whole tensor";
      os << "<td class=n>" << grouped(bytes) << "<td class=n>"
         << grouped(tensor.bytes()) << "<td class=n>" << grouped(layer.macs)
         << formatv("<td class=n>{0:F2}",
                    layer.macs ? double(layer.executedMacs) / layer.macs : 1.0)
         << formatv("<td class=n>{0} x {1}<td class=n>{2} x {3}</tr>\n",
                    field.extent[0], field.extent[1], field.halo[0],
                    field.halo[1]);
    }
  }
  os << "</table>\n";
}

void PlanPage::writeNumbers() {
  const planning::PlanStats &stats = facts.stats;
  auto row = [&](StringRef name, const std::string &value) {
    os << "<tr><th>" << name << "<td class=n>" << value << "</tr>\n";
  };
  os << "<table class=numbers>\n";
  row("arena_bytes", grouped(stats.arenaBytes));
  row("max_live_bytes", grouped(stats.maxLiveBytes));
  row("layer_by_layer_bytes", grouped(stats.layerByLayerBytes));
  row("macs", grouped(stats.macs));
  row("recompute_factor", formatv("{0:F3}", stats.recomputeFactor).str());
  if (stats.inputBytesRead)
    row("input_bytes_read", grouped(stats.inputBytesRead));
  if (!facts.peakLayer.empty())
    row("peak_layer", escape(facts.peakLayer));
  os << "</table>\n";
}

void PlanPage::writeHead() {
  std::string title = escape(facts.name);
  os << "<!doctype html>\n<html lang=en><meta charset=utf-8><title>" << title
     << "</title>\n<style>\n"
     << "body{font:15px/1.5 system-ui,sans-serif;max-width:1180px;margin:2em "
        "auto;padding:0 1em;color:#222;background:#fff}\n"
        "h1{font-size:1.5em}h2{font-size:1.15em;margin-top:2em}\n"
        "svg{width:100%;height:auto;background:#fafafa;border:1px solid #ddd}\n"
        "rect{stroke-width:.3}.grid{stroke:#ddd}.tick{font-size:11px;"
        "text-anchor:end;fill:#555}.label{font-size:12px;text-anchor:middle;"
        "fill:#555}.note{font-size:12px;text-anchor:end;fill:#b00}\n"
        ".stage{stroke:#333;stroke-width:.6;stroke-dasharray:3 3}\n"
        ".live{fill:#4b8bd0;fill-opacity:.6;stroke:#2a5f9e;stroke-width:.6}\n"
        ".layers{fill:none;stroke:#d07a2a;stroke-width:1.6}\n"
        ".arena{stroke:#b00;stroke-width:1.2;stroke-dasharray:6 3}\n"
        ".point{fill:#d07a2a}.chosen{fill:none;stroke:#2a5f9e;stroke-width:3}\n"
        "table{border-collapse:collapse;font-size:13px}td,th{padding:2px 10px;"
        "text-align:left;border-bottom:1px solid #e4e4e4}.n{text-align:right;"
        "font-variant-numeric:tabular-nums}tr.odd{background:#f4f7fb}\n"
     << "</style>\n<h1>" << title << "</h1>\n<p>Schedule "
     << stringify(options.schedule) << ", input "
     << patch::stringifyInputMode(facts.inputMode) << ", "
     << facts.plan.stages.size() << " stages, " << facts.layers.size()
     << " layers, for " << options.target->name << ".</p>\n";
}

void PlanPage::write() {
  replay();
  writeHead();
  writeNumbers();
  writeArena();
  writeLiveBytes();
  writeFrontier();
  writeLayers();
  os << "</html>\n";
}

void tessera::writePlanPage(const CompiledModel &model,
                            const CompileOptions &options, raw_ostream &os) {
  PlanPage(model, options, os).write();
}
