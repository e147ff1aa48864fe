// QEMU's virt machine with a Cortex-A57: device tree, PSCI, interrupt controller (GICv2), serial line (PL011).
#include "../lock.h"

static volatile uint32_t *device(uintptr_t address) { return (volatile uint32_t *)address; }
#define SERIAL 0x09000000
#define DISTRIBUTOR 0x08000000
#define CPU_INTERFACE 0x08010000
// The virtual timer's interrupt.
#define TIMER_INTERRUPT 27
// Where QEMU puts the device tree of a kernel that is no Linux: at the start of memory.
#define DEVICE_TREE 0x40000000

void machine_write(char character) {
  while ((*device(SERIAL + 0x18) & 0x20) != 0) machine_pause();
  *device(SERIAL) = (uint32_t)character;
}

// Semihosting: SYS_EXIT with "application exit" and a status.
_Noreturn void machine_exit(int status) {
  uint64_t block[2] = {0x20026, (uint64_t)status};
  register uint64_t operation __asm__("x0") = 0x18;
  register uint64_t *argument __asm__("x1") = block;
  __asm__ volatile("hlt #0xf000" ::"r"(operation), "r"(argument) : "memory");
  machine_halt();
}

unsigned machine_cpu(void) {
  uint64_t affinity;
  __asm__ volatile("mrs %0, mpidr_el1" : "=r"(affinity));
  return (unsigned)(affinity & 0xff);
}

uintptr_t slm_port_disable_interrupts(void) {
  uintptr_t flags;
  __asm__ volatile("mrs %0, daif; msr daifset, #2" : "=r"(flags)::"memory");
  return flags;
}
void slm_port_restore_interrupts(uintptr_t flags) { __asm__ volatile("msr daif, %0" ::"r"(flags) : "memory"); }
void machine_pause(void) { __asm__ volatile("yield"); }
_Noreturn void machine_halt(void) {
  for (;;) __asm__ volatile("wfi");
}
// The cycle counter of the performance monitors.
uint64_t machine_instructions(void) {
  uint64_t count;
  __asm__ volatile("mrs %0, pmccntr_el0" : "=r"(count)::"memory");
  return count;
}

static void set_timer(void) {
  uint64_t frequency;
  __asm__ volatile("mrs %0, cntfrq_el0" : "=r"(frequency));
  __asm__ volatile("msr cntv_tval_el0, %0" ::"r"(frequency / 1000));
}

void machine_start_timer(void) {
  *device(DISTRIBUTOR) = 1;
  *device(DISTRIBUTOR + 0x100) = 1u << TIMER_INTERRUPT;
  *device(CPU_INTERFACE + 4) = 0xff; // every priority
  *device(CPU_INTERFACE) = 1;
  set_timer();
  __asm__ volatile("msr cntv_ctl_el0, %0; isb; msr daifclr, #2" ::"r"(1ul));
}

void machine_stop_timer(void) { __asm__ volatile("msr daifset, #2; msr cntv_ctl_el0, xzr; isb"); }

void machine_interrupt(void) {
  uint32_t interrupt = *device(CPU_INTERFACE + 0xc);
  if ((interrupt & 0x3ff) == TIMER_INTERRUPT) {
    set_timer();
    timer_tick();
  }
  *device(CPU_INTERFACE + 0x10) = interrupt;
}

extern char start_other[];

// PSCI: CPU_ON, by a call to the hypervisor that QEMU plays.
void machine_start_cpus(void) {
  for (uint64_t cpu = 1; cpu < CPU_COUNT; cpu++) {
    register uint64_t function __asm__("x0") = 0xc4000003;
    register uint64_t target __asm__("x1") = cpu;
    register char *entry __asm__("x2") = start_other;
    register uint64_t context __asm__("x3") = cpu;
    __asm__ volatile("hvc #0" : "+r"(function) : "r"(target), "r"(entry), "r"(context) : "memory");
    check_that(function == 0, "the CPU starts");
  }
}

_Noreturn void machine_main(uint64_t cpu) {
  if (cpu != 0) kernel_join();
  __asm__ volatile("msr pmcr_el0, %0; msr pmcntenset_el0, %1" ::"r"(1ul), "r"(1ul << 31)); // counts cycles
  static struct memory_map map;
  const char *command_line;
  check_that(devicetree_read((const void *)DEVICE_TREE, &map, &command_line), "the device tree can be read");
  map_remove(&map, 0x80000000, UINTPTR_MAX); // not mapped
  map_remove(&map, (uintptr_t)kernel_image_start, (uintptr_t)kernel_image_end);
  kernel_main(&map, command_line);
}
