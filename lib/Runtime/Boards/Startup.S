/*===- Startup.S - Reset, faults and the measured call --------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Everything that must know where the stack pointer is. There are two stacks:
// the harness's own, and the measured one on which nothing runs but the
// generated object. Its callbacks switch back to the harness's stack
// without storing a byte on the measured one, so that painting shows what the
// object needs and nothing else.
//
// Labels that the instruction counter is told about: tesseraRunReturn, where the
// object returns to; tesseraRow<i> and tesseraWindow<i>, where it enters a
// callback; tesseraCallbackLeave, the instruction that returns to the object.
//
//===----------------------------------------------------------------------===*/

        .syntax unified
        .thumb

        .section .vectors, "a", %progbits
        .globl  tesseraVectors
tesseraVectors:
        .word   tesseraStackTop
        .word   tesseraReset
        .word   tesseraFault            /* NMI */
        .word   tesseraFault            /* HardFault */
        .word   tesseraFault            /* MemManage */
        .word   tesseraFault            /* BusFault */
        .word   tesseraFault            /* UsageFault */
        .word   tesseraFault            /* SecureFault */
        .word   0, 0, 0
        .word   tesseraFault            /* SVCall */
        .word   tesseraFault            /* DebugMonitor */
        .word   0
        .word   tesseraFault            /* PendSV */
        .word   tesseraFault            /* SysTick */

        .section .text.tesseraReset, "ax", %progbits
        .globl  tesseraReset
        .type   tesseraReset, %function
        .thumb_func
tesseraReset:
        /* CPACR: full access to CP10 and CP11, the FPU and MVE. */
        ldr     r0, =0xE000ED88
        ldr     r1, [r0]
        orr     r1, r1, #(0xF << 20)
        str     r1, [r0]
        dsb
        isb
        /* Initialised data lies behind the code. */
        ldr     r0, =tesseraDataLoad
        ldr     r1, =tesseraDataStart
        ldr     r2, =tesseraDataEnd
1:      cmp     r1, r2
        bhs     2f
        ldr     r3, [r0], #4
        str     r3, [r1], #4
        b       1b
2:      ldr     r1, =tesseraBssStart
        ldr     r2, =tesseraBssEnd
        movs    r3, #0
3:      cmp     r1, r2
        bhs     4f
        str     r3, [r1], #4
        b       3b
4:      bl      tesseraMain
        b       .
        .size   tesseraReset, . - tesseraReset

        /* The frame that the fault pushed holds the address of its cause. */
        .section .text.tesseraFault, "ax", %progbits
        .globl  tesseraFault
        .type   tesseraFault, %function
        .thumb_func
tesseraFault:
        mov     r0, sp
        ldr     r1, =tesseraStackTop
        mov     sp, r1
        b       tesseraReportFault
        .size   tesseraFault, . - tesseraFault

        /* int tesseraInvoke(run, arena, io, measuredStackTop) */
        .section .text.tesseraInvoke, "ax", %progbits
        .globl  tesseraInvoke
        .type   tesseraInvoke, %function
        .thumb_func
tesseraInvoke:
        push    {r4-r11, lr}
        sub     sp, sp, #4              /* keep 8-byte alignment */
        ldr     r12, =harnessStack
        str     sp, [r12]
        mov     sp, r3
        mov     r3, r0
        mov     r0, r1
        mov     r1, r2
        blx     r3
        .globl  tesseraRunReturn
tesseraRunReturn:
        ldr     r12, =harnessStack
        ldr     sp, [r12]
        add     sp, sp, #4
        pop     {r4-r11, pc}
        .size   tesseraInvoke, . - tesseraInvoke

        /* Callbacks: r0 = context, r1..r3 and the measured stack hold the rest.
           r12 becomes the address of harnessStack, lr the input's number. */
        .section .text.tesseraCallback, "ax", %progbits
        .macro  callback name, index, enter
        .globl  \name\index
        .type   \name\index, %function
        .thumb_func
\name\index:
        movw    r12, #:lower16:harnessStack
        movt    r12, #:upper16:harnessStack
        str     lr, [r12, #8]
        mov     lr, #\index
        b.w     \enter
        .size   \name\index, . - \name\index
        .endm
        .irp    index, 0, 1, 2, 3, 4, 5, 6, 7
        callback tesseraRow, \index, enterRow
        callback tesseraWindow, \index, enterWindow
        .endr

        /* int serveRow(context, y, destination, index) */
        .type   enterRow, %function
        .thumb_func
enterRow:
        str     sp, [r12, #4]
        ldr     sp, [r12]
        mov     r3, lr
        bl      tesseraHarnessServeRow
        b.w     leaveCallback
        .size   enterRow, . - enterRow

        /* int serveWindow(context, y0, x0, h, w, destination, pitch, index) */
        .type   enterWindow, %function
        .thumb_func
enterWindow:
        str     sp, [r12, #4]
        ldr     sp, [r12]
        str     lr, [sp, #-4]!
        ldr     lr, [r12, #4]
        ldr     r12, [lr, #8]
        str     r12, [sp, #-4]!
        ldr     r12, [lr, #4]
        str     r12, [sp, #-4]!
        ldr     r12, [lr]
        str     r12, [sp, #-4]!
        bl      tesseraHarnessServeWindow
        b.w     leaveCallback
        .size   enterWindow, . - enterWindow

        .type   leaveCallback, %function
        .thumb_func
leaveCallback:
        ldr     r12, =harnessStack
        ldr     sp, [r12, #4]
        ldr     lr, [r12, #8]
        .globl  tesseraCallbackLeave
tesseraCallbackLeave:
        bx      lr
        .size   leaveCallback, . - leaveCallback
        .ltorg

        /* [0] the harness's sp, [4] the object's sp, [8] its return address */
        .section .bss.harnessStack, "aw", %nobits
        .p2align 2
harnessStack:
        .space  12
