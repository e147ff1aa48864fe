// From reset (machine mode) to C. All harts start here. QEMU has cleared .bss.
#include "../config.h"
.section .text.boot, "ax"
.globl start
start: // a0: the hart's number, a1: the device tree
  la t0, trap
  csrw mtvec, t0
  li t0, 0x2000 // floating point
  csrs mstatus, t0
  la sp, stacks
  addi t0, a0, 1
  li t1, STACK_SIZE
  mul t0, t0, t1
  add sp, sp, t0
  call machine_main
1: j 1b

.macro each_register operation
  .set offset, 0
  .irp register, ra, t0, t1, t2, t3, t4, t5, t6, a0, a1, a2, a3, a4, a5, a6, a7
  \operation \register, offset(sp)
  .set offset, offset + 8
  .endr
.endm

.balign 4
trap:
  addi sp, sp, -128
  each_register sd
  csrr a0, mcause
  csrr a1, mepc
  call machine_trap
  each_register ld
  addi sp, sp, 128
  mret

.section .bss
.balign 4096
stacks: .skip STACK_SIZE * CPU_COUNT
