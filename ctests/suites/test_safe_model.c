/* test_model.c for the safe zone. */
#define SUITE_SAFE
#include "test_model.c"
