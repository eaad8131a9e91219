//===- InstructionCounter.cpp - Talk to the counting plugin ---------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Call sites are known relative to the entry in the object; linking moves the
// entry but keeps its instructions, so site = address of entry + offset. The
// plugin's file format is described in QemuPlugin/InsnCount.c.
//
//===----------------------------------------------------------------------===//

#include "Internal.h"

#include "tessera/Target/ObjectInfo.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Object/ObjectFile.h"
#include "llvm/Support/raw_ostream.h"

#include <map>
#include <sstream>

using namespace llvm;

namespace tessera::runtime {

/// Addresses of the image's symbols without the Thumb bit.
static Expected<StringMap<uint64_t>> readSymbols(const std::string &image) {
  Expected<object::OwningBinary<object::ObjectFile>> file =
      object::ObjectFile::createObjectFile(image);
  if (!file)
    return file.takeError();
  StringMap<uint64_t> result;
  for (const object::SymbolRef &symbol : file->getBinary()->symbols()) {
    Expected<StringRef> name = symbol.getName();
    if (!name)
      return name.takeError();
    Expected<uint64_t> address = symbol.getAddress();
    if (!address)
      return address.takeError();
    result[*name] = *address & ~uint64_t(1);
  }
  return result;
}

Error writeCounterConfig(const RunRequest &request, const std::string &image,
                         const std::string &path) {
  Expected<StringMap<uint64_t>> symbols = readSymbols(image);
  if (!symbols)
    return symbols.takeError();
  target::InspectOptions options;
  options.entry = request.model.entry;
  Expected<target::ObjectInfo> info = target::inspectObject(
      request.object, *request.target, request.floatABI, options);
  if (!info)
    return info.takeError();

  std::string text;
  raw_string_ostream stream(text);
  auto line = [&](StringRef kind, StringRef symbol) {
    stream << kind << ' ' << symbols->lookup(symbol) << " 0\n";
  };
  line("entry", request.model.entry);
  line("return", "tesseraRunReturn");
  line("leave", "tesseraCallbackLeave");
  for (unsigned i = 0; i < TESSERA_HARNESS_MAX_INPUTS; ++i) {
    line("enter", ("tesseraRow" + Twine(i)).str());
    line("enter", ("tesseraWindow" + Twine(i)).str());
  }
  for (const target::CallSite &site : info->callSites)
    if (site.line != 0)
      stream << "site " << symbols->lookup(request.model.entry) + site.offset
             << ' ' << site.line << '\n';
  return writeFile(path, ArrayRef<char>(text.data(), text.size()));
}

Expected<InstructionCounts> readCounts(const std::string &path) {
  Expected<std::string> text = readFile(path);
  if (!text)
    return createStringError("the counting plugin saw no call of the entry: " +
                             toString(text.takeError()));
  InstructionCounts result;
  std::map<uint32_t, int64_t> parts;
  std::istringstream stream(*text);
  std::string kind;
  int64_t number, instructions;
  bool complete = false;
  while (stream >> kind >> number >> instructions) {
    if (kind == "line")
      parts[number] += instructions;
    else if (kind == "callbacks")
      result.callbackInstructions = instructions;
    complete = kind == "end";
  }
  if (!complete)
    return createStringError("the counting plugin did not finish its output");
  for (auto [line, count] : parts) {
    result.parts.push_back({line, count});
    result.total += count;
  }
  return result;
}

} // namespace tessera::runtime
