/* test_provider_callbacks.c for the hardened zone. */
#define SUITE_HARDENED
#include "test_provider_callbacks.c"
