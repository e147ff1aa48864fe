/* test_fault_sweep.c for the safe zone. */
#define SUITE_SAFE
#include "test_fault_sweep.c"
