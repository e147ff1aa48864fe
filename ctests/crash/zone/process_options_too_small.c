/* A struct for the process's options that is too small. */
#include "../support/zone.h"

int main(void) {
  EXPECT(SLM_ERR_INVALID_ARGUMENT);
  slm_process_options options = {.struct_size = 4};
  answer(slm_process_configure(&options, NULL));
  return 0;
}
