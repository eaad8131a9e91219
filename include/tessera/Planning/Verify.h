//===- Verify.h - Proof of a plan by replay ------------------- -*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The checker that shares no code with the solver. It replays all kernel calls
// of a plan over a memory in which each byte remembers whose row it holds: a
// write marks its bytes, a read demands its marks. What this accepts computes
// the right values, whatever lifetimes and offsets the planner believed in.
//
//===----------------------------------------------------------------------===//

#ifndef TESSERA_PLANNING_VERIFY_H
#define TESSERA_PLANNING_VERIFY_H

#include "tessera/Planning/Plan.h"

namespace tessera::planning {

/// Empty if the plan is right for this graph, else one line that names the
/// tensor, the row and the op that reads it, and the op whose write destroyed
/// it. Checked: the graph, that the stages cover all ops in order, every stage
/// (checkStage, deadlocks), that everything lies inside arenaBytes on aligned
/// offsets, that every byte read is the right one, that no call writes what it
/// is reading (in-place rows excepted), that the sums of a Reduce op survive
/// from firing to firing, and that outputs are whole at the end. Survives any
/// garbage.
std::string verifyPlan(const Graph &graph, const Plan &plan);

} // namespace tessera::planning

#endif // TESSERA_PLANNING_VERIFY_H
