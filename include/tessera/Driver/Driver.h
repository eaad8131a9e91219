//===- Driver.h - The tessera command ---------------------------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TESSERA_DRIVER_DRIVER_H
#define TESSERA_DRIVER_DRIVER_H

namespace tessera {

/// `tessera compile|plan|run|bench …`. Returns 0, or 1 after one line about the
/// cause and the cure has been written to standard error.
int driverMain(int argc, char **argv);

} // namespace tessera

#endif // TESSERA_DRIVER_DRIVER_H
