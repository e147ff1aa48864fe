// QEMU's virt machine, in machine mode: device tree, timer and software interrupts (CLINT), serial line (16550).
#include "../lock.h"

#define SERIAL ((volatile uint8_t *)0x10000000)
#define FINISHER ((volatile uint32_t *)0x100000)
#define TIME (*(volatile uint64_t *)0x200bff8)
#define TIME_COMPARE(cpu) (((volatile uint64_t *)0x2004000)[cpu])
#define TIMER_INTERRUPT (1ul << 63 | 7)
#define TICKS_A_MILLISECOND 10000

void machine_write(char character) {
  while ((SERIAL[5] & 0x20) == 0) machine_pause();
  SERIAL[0] = (uint8_t)character;
}

_Noreturn void machine_exit(int status) {
  *FINISHER = status == 0 ? 0x5555 : (uint32_t)status << 16 | 0x3333;
  machine_halt();
}

unsigned machine_cpu(void) {
  uint64_t hart;
  __asm__ volatile("csrr %0, mhartid" : "=r"(hart));
  return (unsigned)hart;
}

uintptr_t slm_port_disable_interrupts(void) {
  uintptr_t status;
  __asm__ volatile("csrrci %0, mstatus, 8" : "=r"(status)::"memory");
  return status & 8;
}
void slm_port_restore_interrupts(uintptr_t status) { __asm__ volatile("csrs mstatus, %0" ::"r"(status) : "memory"); }
void machine_pause(void) { __asm__ volatile("nop"); }
_Noreturn void machine_halt(void) {
  for (;;) __asm__ volatile("wfi");
}
uint64_t machine_instructions(void) {
  uint64_t count;
  __asm__ volatile("csrr %0, minstret" : "=r"(count)::"memory");
  return count;
}

void machine_start_timer(void) {
  TIME_COMPARE(machine_cpu()) = TIME + TICKS_A_MILLISECOND;
  __asm__ volatile("csrs mie, %0; csrsi mstatus, 8" ::"r"(1ul << 7));
}

void machine_stop_timer(void) { __asm__ volatile("csrci mstatus, 8; csrc mie, %0" ::"r"(1ul << 7)); }

void machine_trap(uint64_t cause, uint64_t address) {
  if (cause != TIMER_INTERRUPT) kernel_panic(cause, address);
  TIME_COMPARE(machine_cpu()) = TIME + TICKS_A_MILLISECOND;
  timer_tick();
}

// All harts run from the start; those but 0 wait for this.
static atomic_bool others_may_run;
void machine_start_cpus(void) { others_may_run = true; }

_Noreturn void machine_main(uint64_t hart, const void *tree) {
  if (hart != 0) {
    while (!others_may_run) machine_pause();
    kernel_join();
  }
  static struct memory_map map;
  const char *command_line;
  check_that(devicetree_read(tree, &map, &command_line), "the device tree can be read");
  map_remove(&map, (uintptr_t)kernel_image_start, (uintptr_t)kernel_image_end);
  kernel_main(&map, command_line);
}
