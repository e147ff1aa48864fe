/* test_nowait.c for the hardened zone. */
#define SUITE_HARDENED
#include "test_nowait.c"
