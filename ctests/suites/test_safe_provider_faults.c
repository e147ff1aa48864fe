/* test_provider_faults.c for the safe zone. */
#define SUITE_SAFE
#include "test_provider_faults.c"
