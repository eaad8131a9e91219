//===- LayerName.cpp - Which layer of the file an op comes from -----------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tessera/Dialect/Patch/IR/LayerName.h"

#include "mlir/IR/BuiltinAttributes.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/Twine.h"

using namespace mlir;
using namespace tessera;

Location tessera::getLayerLocation(MLIRContext *context, size_t index,
                                   StringRef operatorName) {
  return NameLoc::get(
      StringAttr::get(context, Twine(index) + ":" + operatorName));
}

/// True for digits, a colon and something more.
static bool isLayerName(StringRef name) {
  StringRef rest = name.ltrim("0123456789");
  return rest.size() < name.size() && rest.size() > 1 && rest.front() == ':';
}

StringRef tessera::getLayerName(Location loc) {
  StringRef found;
  loc->walk([&](Location part) {
    auto named = dyn_cast<NameLoc>(part);
    if (!named || !isLayerName(named.getName().getValue()))
      return WalkResult::advance();
    found = named.getName().getValue();
    return WalkResult::interrupt();
  });
  return found;
}

std::string tessera::getLayerName(Operation *op) {
  StringRef name = getLayerName(op->getLoc());
  return name.empty() ? op->getName().getStringRef().str() : name.str();
}
