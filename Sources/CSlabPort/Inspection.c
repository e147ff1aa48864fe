// The inspection record: how a tool finds the state of the heaps from outside, in a running process or in a core file,
// while the program runs no code for it.
//
// It is an ELF note of the file that contains the library, be it a shared object or a program. A loaded file has its
// notes in memory, and its program headers lead to them: no symbol is needed, a stripped program has them, and so has a
// process whose file was deleted.
//
//     ELF header ──> PT_NOTE ──> "slabmalloc", type 1 ──> version | layout | distance to slm_port_process
//
// Version is that of the record. The layout is a number of the sources that say what lies where: a tool reads the
// memory of a library that has its own number, and of no other.
#include "CSlabPort.h"

#if __STDC_HOSTED__ && defined(__linux__)
#ifndef SLM_LAYOUT
#define SLM_LAYOUT 0
#endif
#define TEXT_OF(number) #number
#define TEXT(number) TEXT_OF(number)

__asm__(".pushsection .note.slabmalloc, \"a\", %note\n"
        ".balign 4\n"
        ".long 11, 16, " TEXT(SLM_PORT_INSPECTION_TYPE) "\n" // bytes of the name and of the record, type
                                                        ".asciz \"slabmalloc\"\n"
                                                        ".balign 4\n"
                                                        ".long " TEXT(SLM_PORT_INSPECTION_VERSION) ", " TEXT(
                                                            SLM_LAYOUT) "\n"
                                                                        ".quad slm_port_process - .\n"
                                                                        ".popsection\n");

uint32_t slm_port_layout(void) { return SLM_LAYOUT; }
#endif
