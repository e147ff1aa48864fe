#include "CSlabPort.h"

#if __STDC_HOSTED__ && defined(__linux__)
unsigned char slm_port_system_pages[256] __attribute__((aligned(64)));
uint64_t slm_port_arenas[SLM_PORT_ADDRESS_BITS_WORDS];
#endif
