/* test_provider_callbacks.c for the SMP zone. */
#define SUITE_SMP
#include "test_provider_callbacks.c"
