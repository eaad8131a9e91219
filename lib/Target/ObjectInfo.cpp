//===- ObjectInfo.cpp - Facts read back from an emitted object ------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The reader collects the function symbols, decodes each function's
// instructions (mapping symbols tell code from constants) and makes an edge per
// call. An edge's target is the relocation's symbol plus the distance that the
// instruction itself encodes (ARM keeps addends there), or without a relocation
// that distance alone. A call through a pointer may reach any function whose
// address the object takes; if it takes none, it leaves the object.
//
// Stack depth is the longest path in this graph: a call adds the caller's
// frame, a tail call does not (the frame is gone by then). On x86-64 a call
// also pushes its return address.
//
//===----------------------------------------------------------------------===//

#include "tessera/Target/ObjectInfo.h"

#include "Machine.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/DebugInfo/DWARF/DWARFContext.h"
#include "llvm/MC/MCAsmInfo.h"
#include "llvm/MC/MCContext.h"
#include "llvm/MC/MCDisassembler/MCDisassembler.h"
#include "llvm/MC/MCInst.h"
#include "llvm/MC/MCInstrAnalysis.h"
#include "llvm/MC/MCInstrInfo.h"
#include "llvm/MC/MCRegisterInfo.h"
#include "llvm/MC/MCSubtargetInfo.h"
#include "llvm/MC/MCTargetOptions.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Object/ELFObjectFile.h"
#include "llvm/Support/DataExtractor.h"
#include "llvm/Support/LEB128.h"
#include "llvm/TargetParser/Triple.h"

#include <map>

using namespace llvm;
using namespace llvm::object;

namespace tessera::target {

namespace {

/// A place in the object: section index and offset in that section.
using Place = std::pair<uint64_t, uint64_t>;

/// LLVM's decoder for one CPU.
class Decoder {
public:
  static Expected<std::unique_ptr<Decoder>> create(const TargetInfo &target,
                                                   FloatABI floatABI);

  std::unique_ptr<MCRegisterInfo> registers;
  std::unique_ptr<MCAsmInfo> assembly;
  std::unique_ptr<MCSubtargetInfo> subtarget;
  std::unique_ptr<MCInstrInfo> instructions;
  std::unique_ptr<MCContext> context;
  std::unique_ptr<MCDisassembler> disassembler;
  std::unique_ptr<MCInstrAnalysis> analysis;
};

struct Edge {
  /// Index of the called function; -1: through a pointer.
  int callee = -1;
  bool isTailCall = false;
};

/// One function while the object is read.
struct FunctionNode {
  Place start;
  uint64_t bytes = 0;
  std::optional<int64_t> frameBytes;
  std::vector<Edge> edges;
  /// Depth of the search: not seen, on the current path, done.
  enum { New, Active, Done } state = New;
};

/// Reads one object; the parts of `inspectObject`.
class Inspector {
public:
  Inspector(const ELFObjectFileBase &object, const TargetInfo &target,
            FloatABI floatABI, const InspectOptions &options)
      : object(object), target(target), floatABI(floatABI), options(options),
        isARM(!target.isHost) {}

  Expected<ObjectInfo> run();

private:
  Error readSections();
  Error readSymbols();
  Error readStackSizes();
  Error findTakenAddresses();
  Error decodeFunction(int index);
  Error findDepth(int index);

  /// The function that starts at `place`, or -1.
  int functionAt(Place place) const;
  Expected<Place> placeOf(const SymbolRef &symbol) const;
  std::optional<RelocationRef> relocationIn(uint64_t section, uint64_t begin,
                                            uint64_t end) const;
  std::optional<Place> relocatedTarget(const RelocationRef &relocation,
                                       int64_t distance) const;

  const ELFObjectFileBase &object;
  const TargetInfo &target;
  FloatABI floatABI;
  const InspectOptions &options;
  bool isARM;
  std::unique_ptr<Decoder> decoder;
  std::unique_ptr<DWARFContext> debugInfo;

  ObjectInfo info;
  std::vector<FunctionNode> nodes;
  std::map<Place, int> functionsByPlace;
  /// Sorted relocations per section.
  std::map<uint64_t, std::map<uint64_t, RelocationRef>> relocations;
  /// ARM mapping symbols: true where constants begin, false where code does.
  std::map<Place, bool> dataBegins;
  std::vector<int> takenFunctions;
  int entryIndex = -1;
};

} // namespace

Expected<std::unique_ptr<Decoder>> Decoder::create(const TargetInfo &target,
                                                   FloatABI floatABI) {
  Expected<const Target *> llvmTarget = lookupLLVMTarget(target, floatABI);
  if (!llvmTarget)
    return llvmTarget.takeError();
  const Target &lib = **llvmTarget;
  Triple triple(target.triple(floatABI));

  auto result = std::make_unique<Decoder>();
  result->registers.reset(lib.createMCRegInfo(triple));
  result->assembly.reset(
      lib.createMCAsmInfo(*result->registers, triple, MCTargetOptions()));
  result->subtarget.reset(lib.createMCSubtargetInfo(
      triple, target.isHost ? "" : target.llvmCPU, target.features(floatABI)));
  result->instructions.reset(lib.createMCInstrInfo());
  result->context = std::make_unique<MCContext>(triple, result->assembly.get(),
                                                result->registers.get(),
                                                result->subtarget.get());
  result->disassembler.reset(
      lib.createMCDisassembler(*result->subtarget, *result->context));
  result->analysis.reset(lib.createMCInstrAnalysis(result->instructions.get()));
  if (!result->disassembler || !result->analysis)
    return createStringError("LLVM has no disassembler for CPU '" +
                             target.name + "'");
  return result;
}

static bool matchesAny(StringRef name, ArrayRef<std::string> prefixes) {
  return any_of(prefixes, [&](const std::string &prefix) {
    return !prefix.empty() && name.starts_with(prefix);
  });
}

Error Inspector::readSections() {
  for (const SectionRef &section : object.sections()) {
    Expected<StringRef> name = section.getName();
    if (!name)
      return name.takeError();
    uint64_t flags = ELFSectionRef(section).getFlags();
    if (flags & ELF::SHF_ALLOC) {
      int64_t bytes = section.getSize();
      if (flags & ELF::SHF_WRITE)
        info.staticRamBytes += bytes;
      else if (matchesAny(*name, options.weightsSections))
        info.weightsBytes += bytes;
      else if (matchesAny(*name, options.tablesSections))
        info.tablesBytes += bytes;
      else
        info.codeBytes += bytes;
    }
    Expected<section_iterator> relocated = section.getRelocatedSection();
    if (!relocated)
      return relocated.takeError();
    if (*relocated != object.section_end())
      for (const RelocationRef &relocation : section.relocations())
        relocations[(*relocated)->getIndex()].insert(
            {relocation.getOffset(), relocation});
  }
  info.flashBytes = info.codeBytes + info.weightsBytes + info.tablesBytes;
  return Error::success();
}

Expected<Place> Inspector::placeOf(const SymbolRef &symbol) const {
  Expected<section_iterator> section = symbol.getSection();
  if (!section)
    return section.takeError();
  if (*section == object.section_end())
    return Place(0, 0);
  Expected<uint64_t> value = symbol.getValue();
  if (!value)
    return value.takeError();
  uint64_t offset = *value;
  // Bit 0 of a Thumb function's value says the instruction set.
  if (isARM && ELFSymbolRef(symbol).getELFType() == ELF::STT_FUNC)
    offset &= ~uint64_t(1);
  return Place((*section)->getIndex(), offset);
}

Error Inspector::readSymbols() {
  for (const ELFSymbolRef symbol : object.symbols()) {
    Expected<StringRef> name = symbol.getName();
    if (!name)
      return name.takeError();
    Expected<uint32_t> flags = symbol.getFlags();
    if (!flags)
      return flags.takeError();
    if (*flags & SymbolRef::SF_Undefined) {
      if (!name->empty())
        info.undefinedSymbols.push_back(name->str());
      continue;
    }
    if (symbol.getBinding() != ELF::STB_LOCAL)
      info.globalSymbols.push_back(name->str());

    Expected<Place> place = placeOf(symbol);
    if (!place)
      return place.takeError();
    if (isARM && (name->starts_with("$d") || name->starts_with("$t")))
      dataBegins[*place] = name->starts_with("$d");
    if (symbol.getELFType() != ELF::STT_FUNC)
      continue;
    FunctionNode node;
    node.start = *place;
    node.bytes = symbol.getSize();
    if (*name == options.entry)
      entryIndex = nodes.size();
    functionsByPlace[*place] = nodes.size();
    nodes.push_back(node);
    FunctionInfo function;
    function.name = name->str();
    function.codeBytes = symbol.getSize();
    info.functions.push_back(function);
  }
  llvm::sort(info.undefinedSymbols);
  llvm::sort(info.globalSymbols);
  if (entryIndex < 0)
    return createStringError("the object does not define the function '" +
                             options.entry + "'");
  return Error::success();
}

int Inspector::functionAt(Place place) const {
  auto it = functionsByPlace.find(place);
  return it == functionsByPlace.end() ? -1 : it->second;
}

std::optional<RelocationRef>
Inspector::relocationIn(uint64_t section, uint64_t begin, uint64_t end) const {
  auto all = relocations.find(section);
  if (all == relocations.end())
    return std::nullopt;
  auto it = all->second.lower_bound(begin);
  if (it == all->second.end() || it->first >= end)
    return std::nullopt;
  return it->second;
}

/// `distance` is what the addend adds to the symbol.
std::optional<Place> Inspector::relocatedTarget(const RelocationRef &relocation,
                                                int64_t distance) const {
  symbol_iterator symbol = relocation.getSymbol();
  if (symbol == object.symbol_end())
    return std::nullopt;
  Expected<Place> place = placeOf(*symbol);
  if (!place) {
    consumeError(place.takeError());
    return std::nullopt;
  }
  return Place(place->first, place->second + distance);
}

/// Each entry: the function's address (relocated), then its frame as ULEB128.
Error Inspector::readStackSizes() {
  for (const SectionRef &section : object.sections()) {
    Expected<StringRef> name = section.getName();
    if (!name)
      return name.takeError();
    if (*name != ".stack_sizes")
      continue;
    Expected<StringRef> contents = section.getContents();
    if (!contents)
      return contents.takeError();
    DataExtractor data(*contents, object.isLittleEndian(),
                       object.getBytesInAddress());
    DataExtractor::Cursor cursor(0);
    while (cursor && cursor.tell() < contents->size()) {
      uint64_t offset = cursor.tell();
      uint64_t inPlace = data.getAddress(cursor);
      uint64_t frame = data.getULEB128(cursor);
      std::optional<RelocationRef> relocation =
          relocationIn(section.getIndex(), offset, offset + 1);
      if (!relocation)
        return createStringError(
            ".stack_sizes has an entry without relocation");
      int64_t addend = inPlace;
      if (Expected<int64_t> explicitAddend =
              ELFRelocationRef(*relocation).getAddend())
        addend = *explicitAddend;
      else
        consumeError(explicitAddend.takeError());
      std::optional<Place> place = relocatedTarget(*relocation, addend);
      if (!place)
        return createStringError(".stack_sizes has an entry without symbol");
      if (isARM)
        place->second &= ~uint64_t(1);
      if (int index = functionAt(*place); index >= 0)
        nodes[index].frameBytes = frame;
    }
    if (!cursor)
      return cursor.takeError();
  }
  return Error::success();
}

/// A function's address is taken where a relocation names it and is not part of
/// a call. Calls are removed from `relocations` while functions are decoded, so
/// this looks at the rest.
Error Inspector::findTakenAddresses() {
  for (const SectionRef &section : object.sections()) {
    if (!(ELFSectionRef(section).getFlags() & ELF::SHF_ALLOC))
      continue;
    for (const auto &[offset, relocation] : relocations[section.getIndex()]) {
      int64_t addend = 0;
      if (Expected<int64_t> explicitAddend =
              ELFRelocationRef(relocation).getAddend())
        addend = *explicitAddend;
      else
        consumeError(explicitAddend.takeError());
      // A distance from the end of an x86 instruction has 4 in its addend.
      for (int64_t distance : {addend, addend + 4})
        if (std::optional<Place> place = relocatedTarget(relocation, distance))
          if (int index = functionAt(*place); index >= 0)
            takenFunctions.push_back(index);
    }
  }
  return Error::success();
}

Error Inspector::decodeFunction(int index) {
  FunctionNode &node = nodes[index];
  auto [sectionIndex, start] = node.start;
  SectionRef section;
  for (const SectionRef &candidate : object.sections())
    if (candidate.getIndex() == sectionIndex)
      section = candidate;
  Expected<StringRef> contents = section.getContents();
  if (!contents)
    return contents.takeError();
  ArrayRef<uint8_t> bytes = arrayRefFromStringRef(*contents);
  uint64_t end = start + node.bytes;
  auto &sectionRelocations = relocations[sectionIndex];

  for (uint64_t address = start; address < end;) {
    auto mapping = dataBegins.upper_bound(Place(sectionIndex, address));
    uint64_t runEnd = end;
    if (mapping != dataBegins.end() && mapping->first.first == sectionIndex)
      runEnd = std::min(end, mapping->first.second);
    if (mapping != dataBegins.begin() &&
        std::prev(mapping)->first.first == sectionIndex &&
        std::prev(mapping)->second) {
      address = runEnd;
      continue;
    }

    MCInst inst;
    uint64_t size = 0;
    if (decoder->disassembler->getInstruction(
            inst, size, bytes.slice(address, end - address), address,
            nulls()) != MCDisassembler::Success)
      return createStringError("cannot decode the instruction at offset " +
                               Twine(address - start) + " of '" +
                               info.functions[index].name + "'");
    uint64_t next = address + size;
    const MCInstrAnalysis &analysis = *decoder->analysis;
    bool isCall = analysis.isCall(inst);
    bool isBranch = !isCall && analysis.isBranch(inst);
    if (!isCall && !isBranch) {
      address = next;
      continue;
    }

    uint64_t direct = 0;
    bool isDirect = analysis.evaluateBranch(inst, address, size, direct);
    std::optional<RelocationRef> relocation =
        relocationIn(sectionIndex, address, next);
    std::optional<Place> place;
    if (isDirect && relocation) {
      int64_t distance = int64_t(direct) - int64_t(address);
      if (Expected<int64_t> addend = ELFRelocationRef(*relocation).getAddend())
        distance = *addend + 4;
      else
        consumeError(addend.takeError());
      place = relocatedTarget(*relocation, distance);
      sectionRelocations.erase(relocation->getOffset());
    } else if (isDirect) {
      place = Place(sectionIndex, direct);
    }
    // Branches within the function are no edges. An indirect branch is a jump
    // table's, or a tail call through a pointer, which leaves the object.
    bool staysInside = place && place->first == sectionIndex &&
                       place->second >= start && place->second < end;
    if (isCall || (place && !staysInside)) {
      int callee = place ? functionAt(*place) : -1;
      node.edges.push_back({callee, /*isTailCall=*/!isCall});
      if (index == entryIndex) {
        CallSite site;
        site.offset = address - start;
        if (callee >= 0)
          site.callee = info.functions[callee].name;
        if (std::optional<DILineInfo> line =
                debugInfo->getLineInfoForAddress({address, sectionIndex}))
          site.line = line->Line;
        info.callSites.push_back(site);
      }
    }
    address = next;
  }
  return Error::success();
}

Error Inspector::findDepth(int index) {
  FunctionNode &node = nodes[index];
  FunctionInfo &function = info.functions[index];
  if (node.state == FunctionNode::Done)
    return Error::success();
  if (node.state == FunctionNode::Active)
    return createStringError("'" + function.name +
                             "' is recursive: its stack has no bound");
  if (!node.frameBytes)
    return createStringError("the stack frame of '" + function.name +
                             "' has no constant size");
  node.state = FunctionNode::Active;
  // The caller of a host function pushes the return address.
  int64_t returnAddress = isARM ? 0 : 8;
  function.frameBytes = *node.frameBytes + returnAddress;
  function.stackBytes = function.frameBytes;
  for (const Edge &edge : node.edges) {
    std::vector<int> callees;
    if (edge.callee >= 0)
      callees.push_back(edge.callee);
    else
      callees = takenFunctions;
    for (int callee : callees) {
      if (Error error = findDepth(callee))
        return error;
      int64_t below = info.functions[callee].stackBytes;
      function.stackBytes =
          std::max(function.stackBytes,
                   edge.isTailCall ? below : function.frameBytes + below);
    }
    if (callees.empty() && !edge.isTailCall)
      function.stackBytes =
          std::max(function.stackBytes, function.frameBytes + returnAddress);
  }
  node.state = FunctionNode::Done;
  return Error::success();
}

Expected<ObjectInfo> Inspector::run() {
  Expected<std::unique_ptr<Decoder>> created =
      Decoder::create(target, floatABI);
  if (!created)
    return created.takeError();
  decoder = std::move(*created);
  debugInfo = DWARFContext::create(object);
  if (Error error = readSections())
    return error;
  if (Error error = readSymbols())
    return error;
  if (Error error = readStackSizes())
    return error;
  for (size_t i = 0; i < nodes.size(); ++i)
    if (Error error = decodeFunction(i))
      return error;
  if (Error error = findTakenAddresses())
    return error;
  for (size_t i = 0; i < nodes.size(); ++i)
    if (Error error = findDepth(i))
      return error;
  info.stackBytes = info.functions[entryIndex].stackBytes;
  return std::move(info);
}

Expected<ObjectInfo> inspectObject(ArrayRef<char> bytes,
                                   const TargetInfo &target, FloatABI floatABI,
                                   const InspectOptions &options) {
  MemoryBufferRef buffer(StringRef(bytes.data(), bytes.size()), "object");
  Expected<std::unique_ptr<ObjectFile>> object =
      ObjectFile::createELFObjectFile(buffer);
  if (!object)
    return object.takeError();
  const auto *elf = dyn_cast<ELFObjectFileBase>(object->get());
  if (!elf || !elf->isRelocatableObject())
    return createStringError("the object is no relocatable ELF file");
  return Inspector(*elf, target, floatABI, options).run();
}

} // namespace tessera::target
