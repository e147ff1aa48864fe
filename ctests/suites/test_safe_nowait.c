/* test_nowait.c for the safe zone. */
#define SUITE_SAFE
#include "test_nowait.c"
