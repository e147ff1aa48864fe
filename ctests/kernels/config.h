// Sizes that C and assembly share.
#ifndef CONFIG_H
#define CONFIG_H

#define CPU_COUNT 2
#define STACK_SIZE 32768
// Where the x86_64 CPUs other than the first start: a page below 1 MiB.
#define TRAMPOLINE 0x8000

#endif
