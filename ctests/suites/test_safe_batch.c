/* test_batch.c for the safe zone. */
#define SUITE_SAFE
#include "test_batch.c"
