//===- Progress.h - A line when something takes long ------------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TESSERA_LIB_DRIVER_PROGRESS_H
#define TESSERA_LIB_DRIVER_PROGRESS_H

#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

namespace tessera::driver {

/// Says on standard error what is going on when it goes on for over two
/// seconds, and once more every ten.
class Progress {
public:
  Progress();
  ~Progress();
  /// What is being done from now on.
  void start(const std::string &activity);

private:
  void watch();

  std::mutex mutex;
  std::condition_variable changed;
  std::string activity;
  unsigned generation = 0;
  bool done = false;
  std::thread thread;
};

} // namespace tessera::driver

#endif // TESSERA_LIB_DRIVER_PROGRESS_H
