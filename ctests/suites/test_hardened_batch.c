/* test_batch.c for the hardened zone. */
#define SUITE_HARDENED
#include "test_batch.c"
