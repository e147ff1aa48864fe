/* test_provider_faults.c for the SMP zone. */
#define SUITE_SMP
#include "test_provider_faults.c"
