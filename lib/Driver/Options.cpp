//===- Options.cpp - The command line -------------------------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Commands.h"

#include "tessera/Import/TFLite/Import.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Path.h"

using namespace tessera;
using namespace tessera::driver;
using namespace llvm;

//===----------------------------------------------------------------------===//
// Declarations
//===----------------------------------------------------------------------===//

namespace {
/// What is wrong with the value of an option, or empty.
std::string badValue;

/// LLVM's parser of named values, except that it leaves the message to
/// `parseCommandLine`.
template <typename T>
struct NamedValues : cl::parser<T> {
  using cl::parser<T>::parser;

  bool parse(cl::Option &option, StringRef, StringRef text, T &value) {
    std::string names;
    for (auto &candidate : this->Values) {
      if (candidate.Name == text) {
        value = candidate.V.getValue();
        return false;
      }
      names += (names.empty() ? "" : ", ") + candidate.Name.str();
    }
    badValue =
        ("--" + option.ArgStr + ": '" + text + "' is none of " + names).str();
    return true;
  }
};

template <typename T>
using NamedOption = cl::opt<T, false, NamedValues<T>>;

/// All options, made on first use so that libraries that link this have none.
struct CommandLine {
  cl::OptionCategory category{"Tessera options"};

  cl::SubCommand compile{
      "compile", "Compile a model to an object, a C header and a report"};
  cl::SubCommand plan{"plan", "Plan a model and say what it needs"};
  cl::SubCommand run{"run", "Compile a model and run it on given inputs"};
  cl::SubCommand bench{"bench",
                       "Count the instructions of one inference in QEMU"};

#define TESSERA_ALL                                                            \
  cl::cat(category), cl::sub(compile), cl::sub(plan), cl::sub(run),            \
      cl::sub(bench)

  cl::opt<std::string> model{cl::Positional, cl::Required, cl::desc("MODEL"),
                             TESSERA_ALL};
  cl::opt<std::string> cpu{
      "cpu", cl::desc("host, cortex-m4, cortex-m7, cortex-m33 or cortex-m55"),
      cl::value_desc("name"), TESSERA_ALL};
  cl::opt<std::string> floatABI{
      "float-abi", cl::desc("soft, softfp or hard: that of the firmware"),
      cl::value_desc("abi"), TESSERA_ALL};
  NamedOption<planning::Schedule> schedule{
      "schedule", cl::desc("How layers are run (default: auto)"),
      cl::init(planning::Schedule::Auto),
      cl::values(clEnumValN(planning::Schedule::Auto, "auto",
                            "least RAM within --max-recompute"),
                 clEnumValN(planning::Schedule::Layer, "layer",
                            "one layer after the other"),
                 clEnumValN(planning::Schedule::Patch, "patch",
                            "patch by patch, halos recomputed"),
                 clEnumValN(planning::Schedule::Stream, "stream",
                            "row by row, nothing computed twice")),
      TESSERA_ALL};
  NamedOption<patch::InputMode> input{
      "input", cl::desc("Where the input comes from (default: resident)"),
      cl::init(patch::InputMode::Resident),
      cl::values(clEnumValN(patch::InputMode::Resident, "resident",
                            "in the arena when the run starts"),
                 clEnumValN(patch::InputMode::External, "external",
                            "outside the arena, never written"),
                 clEnumValN(patch::InputMode::Rows, "rows",
                            "a callback delivers each row once, in order"),
                 clEnumValN(patch::InputMode::Windows, "windows",
                            "a callback delivers any window, again if asked")),
      TESSERA_ALL};
  cl::opt<std::string> ramLimit{"ram-limit",
                                cl::desc("Most bytes of arena, e.g. 64KiB"),
                                cl::value_desc("bytes"), TESSERA_ALL};
  cl::opt<std::string> maxRecompute{
      "max-recompute",
      cl::desc("Most MACs executed, relative to the model's (default: 1.05 for "
               "--schedule=auto, no bound otherwise)"),
      cl::value_desc("factor"), TESSERA_ALL};
  cl::opt<std::string> sectionWeights{"section-weights",
                                      cl::desc("Section of weights and tables"),
                                      cl::value_desc("name"), TESSERA_ALL};
  cl::opt<std::string> sectionCode{"section-code", cl::desc("Section of code"),
                                   cl::value_desc("name"), TESSERA_ALL};
  cl::opt<std::string> name{
      "name", cl::desc("C identifier of the model (default: the file's stem)"),
      cl::value_desc("identifier"), TESSERA_ALL};
  cl::opt<std::string> report{"report",
                              cl::desc("Write the report to this file as well"),
                              cl::value_desc("file"), TESSERA_ALL};
#undef TESSERA_ALL

  cl::opt<std::string> output{
      "o", cl::desc("Folder of the results (default: .)"),
      cl::value_desc("folder"), cl::cat(category), cl::sub(compile)};
  cl::opt<std::string> compileTo{
      "compile-to",
      cl::desc(
          "Stop after a phase and print its IR: import, patch, plan, loops, "
          "llvm or object (default)"),
      cl::value_desc("phase"), cl::cat(category), cl::sub(compile)};
  NamedOption<Format> format{
      "format",
      cl::desc("How to print (default: text)"),
      cl::init(Format::Text),
      cl::values(clEnumValN(Format::Text, "text", "for a person"),
                 clEnumValN(Format::Json, "json", "one JSON object")),
      cl::cat(category),
      cl::sub(plan),
      cl::sub(bench)};
  cl::opt<std::string> html{
      "html", cl::desc("Write a page with pictures of the plan to this file"),
      cl::value_desc("file"), cl::cat(category), cl::sub(plan)};
  cl::opt<bool> frontier{
      "frontier", cl::desc("List the trade-off of RAM against recompute"),
      cl::cat(category), cl::sub(plan)};
  cl::opt<bool> receptiveFields{
      "receptive-fields",
      cl::desc("List receptive field and halo per layer, and the windows that "
               "cost most"),
      cl::cat(category), cl::sub(plan)};
  cl::list<std::string> inputFiles{
      "input-file",
      cl::desc("Inputs of one inference, one after another; may be repeated"),
      cl::value_desc("file"),
      cl::cat(category),
      cl::sub(run),
      cl::sub(bench)};
  cl::list<std::string> outputFiles{
      "output-file",
      cl::desc("Where its outputs go; one for each --input-file"),
      cl::value_desc("file"), cl::cat(category), cl::sub(run)};
  cl::opt<unsigned> garbageSeed{"garbage-seed",
                                cl::desc("Seeds what the arena holds at entry"),
                                cl::init(1), cl::cat(category), cl::sub(run)};
};
} // namespace

//===----------------------------------------------------------------------===//
// Values
//===----------------------------------------------------------------------===//

Expected<int64_t> driver::parseByteSize(StringRef text) {
  StringRef digits = text.take_while(llvm::isDigit);
  StringRef unit = text.drop_front(digits.size()).trim();
  int64_t value = 0;
  int64_t factor = StringSwitch<int64_t>(unit)
                       .Cases({"", "B"}, 1)
                       .Cases({"K", "KiB"}, 1024)
                       .Cases({"k", "kB"}, 1000)
                       .Cases({"M", "MiB"}, 1024 * 1024)
                       .Case("MB", 1000 * 1000)
                       .Default(0);
  if (digits.getAsInteger(10, value) || factor == 0 || value <= 0 ||
      value > (int64_t(1) << 40) / factor)
    return createStringError(
        "'" + text + "' is not a size; write e.g. 65536, 64KiB or 64kB");
  return value * factor;
}

static Error applyOptions(CommandLine &line, Command command,
                          Options &options) {
  options.modelFile = line.model;
  options.outputDirectory = line.output.empty() ? "." : line.output.getValue();
  options.reportFile = line.report;
  options.format = line.format;
  options.htmlFile = line.html;
  options.frontier = line.frontier;
  options.receptiveFields = line.receptiveFields;
  options.inputFiles.assign(line.inputFiles.begin(), line.inputFiles.end());
  options.outputFiles.assign(line.outputFiles.begin(), line.outputFiles.end());
  options.garbageSeed = line.garbageSeed;

  CompileOptions &compile = options.compile;
  if (line.cpu.empty() && command != Command::Plan)
    return createStringError("--cpu is missing: host, cortex-m4, cortex-m7, "
                             "cortex-m33 or cortex-m55");
  Expected<const target::TargetInfo *> target = target::lookupTarget(
      line.cpu.empty() ? StringRef("cortex-m4") : StringRef(line.cpu));
  if (!target)
    return target.takeError();
  compile.target = *target;
  std::optional<StringRef> abi;
  if (!line.floatABI.empty())
    abi = StringRef(line.floatABI);
  Expected<target::FloatABI> resolved = target::resolveFloatABI(**target, abi);
  if (!resolved)
    return resolved.takeError();
  compile.floatABI = *resolved;
  compile.schedule = line.schedule;
  compile.input = line.input;
  if (!line.ramLimit.empty()) {
    Expected<int64_t> limit = parseByteSize(line.ramLimit);
    if (!limit)
      return joinErrors(createStringError("--ram-limit"), limit.takeError());
    compile.ramLimitBytes = *limit;
  }
  if (!line.maxRecompute.empty()) {
    double factor = 0;
    if (StringRef(line.maxRecompute).getAsDouble(factor) || !(factor >= 1.0) ||
        factor > 1e6)
      return createStringError("--max-recompute: '" + line.maxRecompute +
                               "' is not a factor of at least 1, e.g. 1.05");
    compile.maxRecompute = factor;
  }
  compile.weightsSection = line.sectionWeights;
  compile.codeSection = line.sectionCode;
  if (!line.compileTo.empty()) {
    const PhaseInfo *info = llvm::find_if(allPhases(), [&](const PhaseInfo &p) {
      return p.name == line.compileTo;
    });
    if (info == allPhases().end())
      return createStringError("--compile-to: there is no phase '" +
                               line.compileTo +
                               "'; they are import, patch, plan, loops, llvm "
                               "and object");
    compile.compileTo = info->phase;
  } else if (command == Command::Plan) {
    compile.compileTo = Phase::Plan;
  }
  compile.name =
      line.name.empty() ? getModelName(line.model) : line.name.getValue();
  if (getModelName(compile.name) != compile.name)
    return createStringError("--name: '" + compile.name +
                             "' is not a C identifier");
  return Error::success();
}

//===----------------------------------------------------------------------===//
// Parsing
//===----------------------------------------------------------------------===//

std::optional<std::pair<Command, Options>>
driver::parseCommandLine(int argc, char **argv, int &exitCode) {
  static CommandLine line;
  exitCode = 1;
  for (cl::SubCommand *sub :
       {&line.compile, &line.plan, &line.run, &line.bench})
    cl::HideUnrelatedOptions(line.category, *sub);
  cl::SetVersionPrinter(
      [](raw_ostream &os) { os << "tessera 0.1.0 (LLVM 22.1)\n"; });
  std::string messages;
  raw_string_ostream stream(messages);
  bool parsed = cl::ParseCommandLineOptions(
      argc, argv,
      "Tessera: int8 networks in little RAM on Cortex-M\n\n"
      "  tessera compile MODEL --cpu=cortex-m4 -o DIR\n"
      "  tessera plan MODEL --ram-limit=64KiB\n"
      "  tessera run MODEL --cpu=cortex-m4 --input-file=A --output-file=B\n"
      "  tessera bench MODEL --cpu=cortex-m4\n",
      &stream);
  if (!parsed) {
    StringRef first = StringRef(messages).trim().split('\n').first;
    first.consume_front("tessera: ");
    if (!badValue.empty())
      fail(badValue);
    else if (!first.empty()) // Else LLVM has printed a line already.
      fail(first + " (see tessera COMMAND --help)");
    return std::nullopt;
  }
  Command command = line.compile ? Command::Compile
                    : line.plan  ? Command::Plan
                    : line.run   ? Command::Run
                    : line.bench ? Command::Bench
                                 : Command::None;
  if (command == Command::None) {
    fail("no command given: tessera compile|plan|run|bench MODEL (see "
         "tessera --help)");
    return std::nullopt;
  }
  std::pair<Command, Options> result(command, Options());
  if (Error error = applyOptions(line, command, result.second)) {
    fail(std::move(error));
    return std::nullopt;
  }
  exitCode = 0;
  return result;
}
