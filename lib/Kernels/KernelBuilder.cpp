//===- KernelBuilder.cpp - Write a kernel's body like C -------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Each C operator is one arith op (folded where both sides are constants), each
// memory access one llvm load or store with its alignment, each loop one
// scf.for over an i32 counter that nothing reads: the body keeps its own
// pointers.
//
//===----------------------------------------------------------------------===//

#include "tessera/Kernels/KernelBuilder.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace tessera;
using namespace tessera::kernels;

//===----------------------------------------------------------------------===//
// Operators
//===----------------------------------------------------------------------===//

template <typename OpTy>
static Val binary(Val a, Val b) {
  KernelBuilder &k = *a.builder;
  return k.wrap(k.builder.createOrFold<OpTy>(k.loc, a.value, b.value));
}

static Val compare(arith::CmpIPredicate predicate, Val a, Val b) {
  KernelBuilder &k = *a.builder;
  return k.wrap(k.builder.createOrFold<arith::CmpIOp>(k.loc, predicate, a.value,
                                                      b.value));
}

static Val addressOf(Val pointer, Val offset) {
  KernelBuilder &k = *pointer.builder;
  Type ptr = LLVM::LLVMPointerType::get(k.builder.getContext());
  return k.wrap(LLVM::GEPOp::create(k.builder, k.loc, ptr,
                                    k.builder.getI8Type(), pointer.value,
                                    ValueRange{offset.value}));
}

namespace tessera::kernels {

Val operator+(Val a, Val b) {
  if (isa<LLVM::LLVMPointerType>(a.value.getType()))
    return addressOf(a, b);
  return binary<arith::AddIOp>(a, b);
}
Val operator-(Val a, Val b) { return binary<arith::SubIOp>(a, b); }
Val operator*(Val a, Val b) { return binary<arith::MulIOp>(a, b); }
Val operator<<(Val a, Val b) { return binary<arith::ShLIOp>(a, b); }
Val operator>>(Val a, Val b) { return binary<arith::ShRSIOp>(a, b); }
Val operator&(Val a, Val b) { return binary<arith::AndIOp>(a, b); }
Val operator^(Val a, Val b) { return binary<arith::XOrIOp>(a, b); }

Val operator<(Val a, Val b) { return compare(arith::CmpIPredicate::slt, a, b); }
Val operator<=(Val a, Val b) {
  return compare(arith::CmpIPredicate::sle, a, b);
}
Val operator>(Val a, Val b) { return compare(arith::CmpIPredicate::sgt, a, b); }
Val operator>=(Val a, Val b) {
  return compare(arith::CmpIPredicate::sge, a, b);
}
Val operator==(Val a, Val b) { return compare(arith::CmpIPredicate::eq, a, b); }

Val operator+(Val a, int32_t b) { return a + a.builder->i32(b); }
Val operator-(Val a, int32_t b) { return a - a.builder->i32(b); }
Val operator*(Val a, int32_t b) { return a * a.builder->i32(b); }
Val operator<<(Val a, int32_t b) { return a << a.builder->i32(b); }
Val operator>>(Val a, int32_t b) { return a >> a.builder->i32(b); }
Val operator&(Val a, int32_t b) { return a & a.builder->i32(b); }
Val operator^(Val a, int32_t b) { return a ^ a.builder->i32(b); }
Val operator<(Val a, int32_t b) { return a < a.builder->i32(b); }
Val operator>(Val a, int32_t b) { return a > a.builder->i32(b); }
Val operator>=(Val a, int32_t b) { return a >= a.builder->i32(b); }
Val operator==(Val a, int32_t b) { return a == a.builder->i32(b); }

} // namespace tessera::kernels

//===----------------------------------------------------------------------===//
// Arithmetic
//===----------------------------------------------------------------------===//

Val KernelBuilder::i32(int32_t value) {
  return wrap(arith::ConstantIntOp::create(builder, loc, value, 32));
}

Val KernelBuilder::min(Val a, Val b) { return binary<arith::MinSIOp>(a, b); }
Val KernelBuilder::max(Val a, Val b) { return binary<arith::MaxSIOp>(a, b); }

Val KernelBuilder::select(Val condition, Val a, Val b) {
  return wrap(builder.createOrFold<arith::SelectOp>(loc, condition.value,
                                                    a.value, b.value));
}

Val KernelBuilder::shiftRightUnsigned(Val a, Val amount) {
  return binary<arith::ShRUIOp>(a, amount);
}

Val KernelBuilder::divide(Val a, Val b) { return binary<arith::DivSIOp>(a, b); }

Val KernelBuilder::countLeadingZeros(Val a) {
  return wrap(LLVM::CountLeadingZerosOp::create(builder, loc,
                                                builder.getI32Type(), a.value,
                                                /*is_zero_poison=*/false));
}

Val KernelBuilder::multiplyHigh(Val a, Val b) {
  Type i64 = builder.getI64Type();
  auto constant = [&](int64_t v) -> Value {
    return arith::ConstantIntOp::create(builder, loc, v, 64);
  };
  Value wideA = arith::ExtSIOp::create(builder, loc, i64, a.value);
  Value wideB = arith::ExtSIOp::create(builder, loc, i64, b.value);
  Value product = arith::MulIOp::create(builder, loc, wideA, wideB);
  Value rounded =
      arith::AddIOp::create(builder, loc, product, constant(int64_t(1) << 30));
  Value high = arith::ShRSIOp::create(builder, loc, rounded, constant(31));
  return wrap(
      arith::TruncIOp::create(builder, loc, builder.getI32Type(), high));
}

//===----------------------------------------------------------------------===//
// Memory
//===----------------------------------------------------------------------===//

static Value loadOp(KernelBuilder &k, Type type, Val pointer,
                    unsigned alignment) {
  return LLVM::LoadOp::create(k.builder, k.loc, type, pointer.value, alignment);
}

static Val displaced(Val pointer, int32_t offset) {
  return offset ? pointer + offset : pointer;
}

Val KernelBuilder::load8(Val pointer, int32_t offset) {
  Value byte =
      loadOp(*this, builder.getI8Type(), displaced(pointer, offset), 1);
  return wrap(arith::ExtSIOp::create(builder, loc, builder.getI32Type(), byte));
}

Val KernelBuilder::load8Unsigned(Val pointer, int32_t offset) {
  Value byte =
      loadOp(*this, builder.getI8Type(), displaced(pointer, offset), 1);
  return wrap(arith::ExtUIOp::create(builder, loc, builder.getI32Type(), byte));
}

Val KernelBuilder::load32(Val pointer, int32_t offset) {
  return wrap(
      loadOp(*this, builder.getI32Type(), displaced(pointer, offset), 4));
}

Val KernelBuilder::load32Unaligned(Val pointer) {
  return wrap(loadOp(*this, builder.getI32Type(), pointer, 1));
}

void KernelBuilder::store8(Val value, Val pointer, int32_t offset) {
  Value byte =
      arith::TruncIOp::create(builder, loc, builder.getI8Type(), value.value);
  LLVM::StoreOp::create(builder, loc, byte, displaced(pointer, offset).value,
                        /*alignment=*/1);
}

void KernelBuilder::store32(Val value, Val pointer, int32_t offset) {
  LLVM::StoreOp::create(builder, loc, value.value,
                        displaced(pointer, offset).value, /*alignment=*/4);
}

void KernelBuilder::store32Unaligned(Val value, Val pointer) {
  LLVM::StoreOp::create(builder, loc, value.value, pointer.value,
                        /*alignment=*/1);
}

//===----------------------------------------------------------------------===//
// Control flow
//===----------------------------------------------------------------------===//

static SmallVector<Value> valuesOf(ArrayRef<Val> vals) {
  return llvm::map_to_vector(vals, [](Val v) { return v.value; });
}

static Vals wrapAll(KernelBuilder &k, ValueRange values) {
  Vals result;
  for (Value value : values)
    result.push_back(k.wrap(value));
  return result;
}

Vals KernelBuilder::loop(Val count, ArrayRef<Val> init,
                         llvm::function_ref<Vals(ArrayRef<Val>)> body) {
  auto loopOp = scf::ForOp::create(
      builder, loc, i32(0).value, count.value, i32(1).value, valuesOf(init),
      [&](OpBuilder &, Location, Value, ValueRange) {});
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(loopOp.getBody());
  Vals next = body(wrapAll(*this, loopOp.getRegionIterArgs()));
  assert(next.size() == init.size() && "a loop must carry on what it carries");
  scf::YieldOp::create(builder, loc, valuesOf(next));
  return wrapAll(*this, loopOp.getResults());
}

Vals KernelBuilder::unrolledLoop(Val count, int32_t factor, ArrayRef<Val> init,
                                 llvm::function_ref<Vals(ArrayRef<Val>)> body) {
  if (factor == 1)
    return loop(count, init, body);
  Vals carried = loop(count >> static_cast<int32_t>(llvm::Log2_32(factor)),
                      init, [&](ArrayRef<Val> c) -> Vals {
                        Vals next(c);
                        for (int32_t copy = 0; copy < factor; ++copy)
                          next = body(next);
                        return next;
                      });
  return loop(count & (factor - 1), carried, body);
}

Vals KernelBuilder::ifElse(Val condition, llvm::function_ref<Vals()> thenBody,
                           llvm::function_ref<Vals()> elseBody) {
  auto buildBranch = [&](llvm::function_ref<Vals()> body) {
    return [this, body](OpBuilder &, Location) {
      scf::YieldOp::create(builder, loc, valuesOf(body()));
    };
  };
  auto ifOp = scf::IfOp::create(builder, loc, condition.value,
                                buildBranch(thenBody), buildBranch(elseBody));
  return wrapAll(*this, ifOp.getResults());
}

void KernelBuilder::ifThen(Val condition, llvm::function_ref<void()> body) {
  scf::IfOp::create(builder, loc, condition.value, [&](OpBuilder &, Location) {
    body();
    scf::YieldOp::create(builder, loc);
  });
}
