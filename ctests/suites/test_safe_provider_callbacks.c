/* test_provider_callbacks.c for the safe zone. */
#define SUITE_SAFE
#include "test_provider_callbacks.c"
