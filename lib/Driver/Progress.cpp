//===- Progress.cpp - A line when something takes long --------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Progress.h"

#include "llvm/Support/raw_ostream.h"

#include <chrono>

using namespace tessera::driver;

Progress::Progress() : thread([this] { watch(); }) {}

Progress::~Progress() {
  {
    std::lock_guard<std::mutex> lock(mutex);
    done = true;
  }
  changed.notify_all();
  thread.join();
}

void Progress::start(const std::string &what) {
  {
    std::lock_guard<std::mutex> lock(mutex);
    activity = what;
    ++generation;
  }
  changed.notify_all();
}

void Progress::watch() {
  std::unique_lock<std::mutex> lock(mutex);
  while (!done) {
    unsigned seen = generation;
    auto wait = std::chrono::seconds(2);
    int seconds = 0;
    auto news = [&] { return done || generation != seen; };
    while (!changed.wait_for(lock, wait, news)) {
      seconds += static_cast<int>(wait.count());
      if (!activity.empty())
        llvm::errs() << "tessera: " << activity << " (" << seconds << " s)\n";
      wait = std::chrono::seconds(10);
    }
  }
}
