// QEMU's q35 machine: PVH start info, local APIC, serial line.
#include "../lock.h"

// --- Registers ---------------------------------------------------------------------------------------------------
static void out8(uint16_t port, uint8_t value) { __asm__ volatile("outb %0, %1" ::"a"(value), "Nd"(port)); }
static void out32(uint16_t port, uint32_t value) { __asm__ volatile("outl %0, %1" ::"a"(value), "Nd"(port)); }
static uint8_t in8(uint16_t port) {
  uint8_t value;
  __asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
  return value;
}

enum {
  APIC_END_OF_INTERRUPT = 0xb0,
  APIC_SPURIOUS = 0xf0,
  APIC_COMMAND = 0x300,
  APIC_TIMER = 0x320,
  APIC_TIMER_COUNT = 0x380,
  APIC_TIMER_DIVIDER = 0x3e0
};
static void apic_write(unsigned reg, uint32_t value) { *(volatile uint32_t *)(0xfee00000ul + reg) = value; }

#define SERIAL 0x3f8
void machine_write(char character) {
  while ((in8(SERIAL + 5) & 0x20) == 0) machine_pause();
  out8(SERIAL, (uint8_t)character);
}

// isa-debug-exit: QEMU exits with 2 * value + 1. 16 stands for success, so that it can't be mistaken for QEMU's own 1.
_Noreturn void machine_exit(int status) {
  out32(0xf4, status == 0 ? 16 : (uint32_t)status);
  machine_halt();
}

// --- Which CPU ---------------------------------------------------------------------------------------------------
// The base of the segment register gs is the CPU's own word.
static uint64_t cpu_numbers[CPU_COUNT];

unsigned machine_cpu(void) {
  uint64_t number;
  __asm__ volatile("movq %%gs:0, %0" : "=r"(number));
  return (unsigned)number;
}

static void set_cpu(unsigned cpu) {
  cpu_numbers[cpu] = cpu;
  uint64_t address = (uint64_t)&cpu_numbers[cpu];
  __asm__ volatile("wrmsr" ::"c"(0xc0000101), "a"((uint32_t)address), "d"((uint32_t)(address >> 32)));
}

// --- Interrupts --------------------------------------------------------------------------------------------------
// [interrupts
uintptr_t slm_port_disable_interrupts(void) {
  uintptr_t flags;
  __asm__ volatile("pushfq; popq %0; cli" : "=r"(flags)::"memory");
  return flags;
}
void slm_port_restore_interrupts(uintptr_t flags) { __asm__ volatile("pushq %0; popfq" ::"r"(flags) : "memory", "cc"); }
// interrupts]
void machine_pause(void) { __asm__ volatile("pause"); }
_Noreturn void machine_halt(void) {
  for (;;) __asm__ volatile("cli; hlt");
}
uint64_t machine_instructions(void) {
  uint32_t low, high;
  __asm__ volatile("rdtsc" : "=a"(low), "=d"(high)::"memory");
  return (uint64_t)high << 32 | low;
}

#define TIMER_VECTOR 32
#define SPURIOUS_VECTOR 47
extern char exception_stubs[], timer_stub[], spurious_stub[];

static struct gate {
  uint16_t address_low, selector, flags, address_middle;
  uint32_t address_high, zero;
} gates[SPURIOUS_VECTOR + 1];

static void set_gate(unsigned vector, char *handler) {
  uint64_t address = (uint64_t)handler;
  gates[vector] =
      (struct gate){(uint16_t)address, 0x10, 0x8e00, (uint16_t)(address >> 16), (uint32_t)(address >> 32), 0};
}

static void load_gates(void) {
  struct __attribute__((packed)) {
    uint16_t limit;
    uint64_t base;
  } pointer = {sizeof gates - 1, (uint64_t)gates};
  __asm__ volatile("lidt %0" ::"m"(pointer));
  apic_write(APIC_SPURIOUS, 0x100 | SPURIOUS_VECTOR);
}

_Noreturn void machine_exception(uint64_t vector, uint64_t error, uint64_t address) {
  (void)error;
  kernel_panic(vector, address);
}

void machine_timer(void) {
  timer_tick();
  apic_write(APIC_END_OF_INTERRUPT, 0);
}

// QEMU's local APIC counts nanoseconds.
void machine_start_timer(void) {
  apic_write(APIC_TIMER_DIVIDER, 0xb); // by one
  apic_write(APIC_TIMER, 0x20000 | TIMER_VECTOR);
  apic_write(APIC_TIMER_COUNT, 1000000);
  __asm__ volatile("sti");
}
void machine_stop_timer(void) {
  __asm__ volatile("cli");
  apic_write(APIC_TIMER_COUNT, 0);
}

// --- The other CPUs ----------------------------------------------------------------------------------------------
extern char trampoline[], trampoline_end[];

static void wait_some_time(void) {
  for (unsigned i = 0; i < 1000; i++) in8(0x80);
}

// INIT, then two start-up interrupts (a CPU that runs ignores the second), to all CPUs but this one.
void machine_start_cpus(void) {
  __builtin_memcpy((void *)TRAMPOLINE, trampoline, (size_t)(trampoline_end - trampoline));
  apic_write(APIC_COMMAND, 0xc4500);
  wait_some_time();
  for (unsigned i = 0; i < 2; i++) {
    apic_write(APIC_COMMAND, 0xc4600 | TRAMPOLINE >> 12);
    wait_some_time();
  }
}

// --- Start -------------------------------------------------------------------------------------------------------
struct start_info {
  uint32_t magic, version, flags, module_count;
  uint64_t modules, command_line, rsdp, memory_map;
  uint32_t memory_map_count, reserved;
};
struct memory_map_entry {
  uint64_t start, size;
  uint32_t type, reserved;
};

_Noreturn void machine_main(unsigned cpu, const struct start_info *info) {
  set_cpu(cpu);
  if (cpu != 0) {
    load_gates();
    kernel_join();
  }
  for (unsigned vector = 0; vector < 32; vector++) set_gate(vector, exception_stubs + 16 * vector);
  set_gate(TIMER_VECTOR, timer_stub);
  set_gate(SPURIOUS_VECTOR, spurious_stub);
  load_gates();
  out8(0x21, 0xff); // no interrupts from the old controllers
  out8(0xa1, 0xff);

  static char command_line[64];
  const char *text = (const char *)info->command_line;
  for (size_t i = 0; text != NULL && text[i] != 0 && i < sizeof command_line - 1; i++) command_line[i] = text[i];

  static struct memory_map map;
  const struct memory_map_entry *entries = (const struct memory_map_entry *)info->memory_map;
  for (uint32_t i = 0; i < info->memory_map_count; i++) {
    if (entries[i].type == 1) map_add(&map, entries[i].start, entries[i].start + entries[i].size);
  }
  map_remove(&map, 0, 0x10000);                      // the page at 0 for NULL, and the trampoline
  map_remove(&map, (uintptr_t)1 << 32, UINTPTR_MAX); // not mapped
  map_remove(&map, (uintptr_t)kernel_image_start, (uintptr_t)kernel_image_end);
  kernel_main(&map, command_line);
}
