/* test_batch.c for the SMP zone. */
#define SUITE_SMP
#include "test_batch.c"
