/* test_nowait.c for the SMP zone. */
#define SUITE_SMP
#include "test_nowait.c"
