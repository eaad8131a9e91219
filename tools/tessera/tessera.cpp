//===- tessera.cpp - The tessera command ----------------------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tessera/Driver/Driver.h"

int main(int argc, char **argv) { return tessera::driverMain(argc, argv); }
