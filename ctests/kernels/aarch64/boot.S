// From reset (EL1, no translation) to C.
#include "../config.h"
.section .text.boot, "ax"
.globl start, start_other
start:
  mov x19, #0
  b 1f
start_other: // x0: the CPU's number
  mov x19, x0
1:
  // Memory types: 0 normal and cached, 1 device. The table maps each address to itself.
  ldr x1, =0x00ff
  msr mair_el1, x1
  ldr x1, =0x80803520 // 32-bit addresses, 4 KiB granule, inner shareable and cached; none in the upper half
  msr tcr_el1, x1
  adrp x1, page_table
  msr ttbr0_el1, x1
  adrp x1, vectors
  add x1, x1, :lo12:vectors
  msr vbar_el1, x1
  mov x1, #0x300000 // floating point
  msr cpacr_el1, x1
  tlbi vmalle1
  dsb sy
  isb
  mrs x1, sctlr_el1
  ldr x2, =0x1005 // translation, data and instruction cache
  orr x1, x1, x2
  msr sctlr_el1, x1
  isb

  adrp x1, stacks
  mov x2, #STACK_SIZE
  madd x1, x19, x2, x1
  add sp, x1, x2
  mov x0, x19
  mov x29, #0
  bl machine_main
  b .

.balign 2048
vectors:
.set entry, 0
.rept 16
  .balign 128
  .if entry == 5 // an interrupt while the kernel runs
  b interrupt
  .else
  mrs x0, esr_el1
  mrs x1, elr_el1
  b kernel_panic
  .endif
  .set entry, entry + 1
.endr

interrupt:
  stp x29, x30, [sp, #-176]!
  stp x0, x1, [sp, #16]
  stp x2, x3, [sp, #32]
  stp x4, x5, [sp, #48]
  stp x6, x7, [sp, #64]
  stp x8, x9, [sp, #80]
  stp x10, x11, [sp, #96]
  stp x12, x13, [sp, #112]
  stp x14, x15, [sp, #128]
  stp x16, x17, [sp, #144]
  str x18, [sp, #160]
  bl machine_interrupt
  ldr x18, [sp, #160]
  ldp x16, x17, [sp, #144]
  ldp x14, x15, [sp, #128]
  ldp x12, x13, [sp, #112]
  ldp x10, x11, [sp, #96]
  ldp x8, x9, [sp, #80]
  ldp x6, x7, [sp, #64]
  ldp x4, x5, [sp, #48]
  ldp x2, x3, [sp, #32]
  ldp x0, x1, [sp, #16]
  ldp x29, x30, [sp], #176
  eret

// A gigabyte an entry: devices, then memory.
.section .data
.balign 4096
page_table:
  .quad 0x00000000 | 0x405 | 1 << 53 | 1 << 54
  .quad 0x40000000 | 0x701
  .quad 0, 0

.section .bss
.balign 4096
stacks: .skip STACK_SIZE * CPU_COUNT
