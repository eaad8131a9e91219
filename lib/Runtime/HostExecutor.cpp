//===- HostExecutor.cpp - Run an object in this process -------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// ORC links the object's bytes into this process; nothing is compiled again.
// The harness is the one that runs on the boards, built for the host.
//
//===----------------------------------------------------------------------===//

#include "Internal.h"

#include "llvm/ExecutionEngine/Orc/LLJIT.h"
#include "llvm/Support/Alignment.h"
#include "llvm/Support/MemAlloc.h"
#include "llvm/Support/TargetSelect.h"

#include <memory>

using namespace llvm;

namespace tessera::runtime {

namespace {

/// Memory of a given alignment.
class AlignedBuffer {
public:
  AlignedBuffer(size_t bytes, size_t alignment)
      : bytes(bytes), alignment(alignment),
        memory(static_cast<uint8_t *>(allocate_buffer(bytes, alignment))) {}
  AlignedBuffer(const AlignedBuffer &) = delete;
  AlignedBuffer &operator=(const AlignedBuffer &) = delete;
  ~AlignedBuffer() { deallocate_buffer(memory, bytes, alignment); }
  uint8_t *data() const { return memory; }

private:
  size_t bytes;
  size_t alignment;
  uint8_t *memory;
};

} // namespace

using RunFunction = int (*)(void *, const void *);

static Expected<std::unique_ptr<orc::LLJIT>>
loadObject(const RunRequest &request) {
  InitializeNativeTarget();
  InitializeNativeTargetAsmPrinter();
  Expected<std::unique_ptr<orc::LLJIT>> jit =
      orc::LLJITBuilder()
          .setPlatformSetUp(orc::setUpInactivePlatform)
          // The object has no undefined symbols: nothing of this process may
          // satisfy one by accident.
          .setLinkProcessSymbolsByDefault(false)
          .create();
  if (!jit)
    return jit.takeError();
  StringRef bytes(request.object.data(), request.object.size());
  if (Error error = (*jit)->addObjectFile(
          MemoryBuffer::getMemBufferCopy(bytes, request.model.entry)))
    return error;
  return jit;
}

Expected<RunResult> runOnHost(const RunRequest &request) {
  if (Error error = checkRequest(request))
    return error;
  if (request.countInstructions)
    return createStringError("instructions are counted in the emulator only: "
                             "choose a Cortex-M CPU");
  Expected<std::unique_ptr<orc::LLJIT>> jit = loadObject(request);
  if (!jit)
    return jit.takeError();
  Expected<orc::ExecutorAddr> address = (*jit)->lookup(request.model.entry);
  if (!address)
    return address.takeError();

  HarnessTables tables = makeTables(request);
  TesseraHarnessDescriptor &descriptor = tables.descriptor;
  descriptor.run = address->toPtr<RunFunction>();
  descriptor.inputs = tables.inputs.data();
  descriptor.outputs = tables.outputs.data();
  AlignedBuffer arenaBlock(tesseraHarnessArenaBlockBytes(&descriptor),
                           tesseraHarnessBlockAlignment(&descriptor));
  AlignedBuffer inputBlock(tesseraHarnessInputBlockBytes(&descriptor), 16);

  RunResult result;
  for (size_t i = 0; i < request.inputs.size(); ++i) {
    TesseraHarness harness;
    tesseraHarnessBegin(&harness, &descriptor, arenaBlock.data(),
                        inputBlock.data());
    const uint8_t *next = request.inputs[i].data();
    for (size_t j = 0; j < request.model.inputs.size(); ++j) {
      int64_t bytes = request.model.inputs[j].bytes();
      std::copy_n(next, bytes, tesseraHarnessInput(&harness, j));
      next += bytes;
    }
    tesseraHarnessArm(&harness, /*callbacks=*/nullptr);
    harness.status = descriptor.run(harness.arena, tesseraHarnessIO(&harness));
    tesseraHarnessCheck(&harness);
    if (harness.violation != TESSERA_VIOLATION_NONE)
      return violationError(request, i, harness.violation, harness.detail[0],
                            harness.detail[1]);

    std::vector<uint8_t> &outputs = result.outputs.emplace_back();
    for (const OutputInfo &output : request.model.outputs) {
      const uint8_t *begin = harness.arena + output.arenaOffset;
      outputs.insert(outputs.end(), begin, begin + output.bytes);
    }
    result.statuses.push_back(harness.status);
    result.inputBytesRead.push_back(harness.inputBytesRead);
  }
  return result;
}

} // namespace tessera::runtime
