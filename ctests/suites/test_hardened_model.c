/* test_model.c for the hardened zone. */
#define SUITE_HARDENED
#include "test_model.c"
