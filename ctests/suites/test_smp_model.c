/* test_model.c for the SMP zone. */
#define SUITE_SMP
#include "test_model.c"
