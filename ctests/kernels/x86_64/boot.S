// From QEMU's PVH entry (32-bit, no paging), or a start-up interrupt (16-bit), to C in 64-bit mode.
#include "../config.h"

// The note that names the entry: type 18, XEN_ELFNOTE_PHYS32_ENTRY.
.section .note.pvh, "a", @note
.balign 4
  .long 4, 8, 18
  .asciz "Xen"
  .quad start

.section .text.boot, "ax"
.code32
.globl start
start: // ebx: the start info
  cld
  lgdtl gdt_pointer
  // Four gigabytes, each address mapped to itself, in pages of 2 MiB.
  movl $page_directories, %edi
  movl $0x83, %eax
1: movl %eax, (%edi)
  addl $8, %edi
  addl $0x200000, %eax
  jnc 1b
  movl $page_directories + 3, %eax
  movl $page_pointers, %edi
1: movl %eax, (%edi)
  addl $8, %edi
  addl $0x1000, %eax
  cmpl $page_directories + 0x4003, %eax
  jne 1b
  movl $page_pointers + 3, page_root
  ljmpl $0x08, $protected_mode

protected_mode: // ebx: the start info, or 0
  movl $0x18, %eax
  movl %eax, %ds
  movl %eax, %es
  movl %eax, %ss
  movl $page_root, %eax
  movl %eax, %cr3
  movl $0x620, %eax // physical address extension, SSE
  movl %eax, %cr4
  movl $0xc0000080, %ecx // extended features: long mode
  rdmsr
  orl $0x100, %eax
  wrmsr
  movl $0x80010033, %eax // paging, write protection, floating point, protection
  movl %eax, %cr0
  ljmpl $0x10, $long_mode

.code64
long_mode:
  movl $1, %edi
  lock xaddl %edi, next_cpu(%rip)
  movl %edi, %eax
  incl %eax
  imull $STACK_SIZE, %eax
  leaq stacks(%rax), %rsp
  movl %ebx, %esi
  xorl %ebp, %ebp
  call machine_main // cpu, start info
  ud2

// Copied to TRAMPOLINE, where the other CPUs start in real mode.
.code16
.globl trampoline, trampoline_end
trampoline:
  cli
  xorw %ax, %ax
  movw %ax, %ds
  lgdtl TRAMPOLINE + trampoline_gdt - trampoline
  movl %cr0, %eax
  orl $1, %eax
  movl %eax, %cr0
  xorl %ebx, %ebx
  ljmpl $0x08, $protected_mode
trampoline_gdt:
  .word gdt_end - gdt - 1
  .long gdt
trampoline_end:

.code64
// Exceptions end in machine_exception(vector, error, address). Some have an error code on the stack, the others get a
// 0.
.altmacro
.macro exception_stub vector
  .balign 16
  .ifeq (\vector == 8) | (\vector >= 10 & \vector <= 14) | (\vector == 17) | (\vector == 21)
  pushq $0
  .endif
  movl $\vector, %edi
  jmp exception
.endm
.balign 16
.globl exception_stubs
exception_stubs:
.set vector, 0
.rept 32
  exception_stub %vector
  .set vector, vector + 1
.endr
exception:
  popq %rsi
  popq %rdx
  andq $-16, %rsp
  call machine_exception
  ud2

.globl timer_stub
timer_stub:
  .irp register, rax, rcx, rdx, rsi, rdi, r8, r9, r10, r11, rbp
  pushq %\register
  .endr
  movq %rsp, %rbp
  andq $-16, %rsp
  cld
  call machine_timer
  movq %rbp, %rsp
  .irp register, rbp, r11, r10, r9, r8, rdi, rsi, rdx, rcx, rax
  popq %\register
  .endr
.globl spurious_stub
spurious_stub:
  iretq

.section .data
.balign 8
gdt:
  .quad 0
  .quad 0x00cf9a000000ffff // 0x08: 32-bit code
  .quad 0x00af9a000000ffff // 0x10: 64-bit code
  .quad 0x00cf92000000ffff // 0x18: data
gdt_end:
gdt_pointer:
  .word gdt_end - gdt - 1
  .long gdt
next_cpu:
  .long 0

.section .bss
.balign 4096
page_root:        .skip 4096
page_pointers:    .skip 4096
page_directories: .skip 4 * 4096
stacks:           .skip STACK_SIZE * CPU_COUNT
