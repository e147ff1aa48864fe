// The names of the statuses. The preprocessor spells them out of the one list in slabmalloc.h.
#include "CSlabPort.h"
#include <slabmalloc.h>

const char *slm_port_status_name(int32_t status) {
#define NAME(name, value, meaning)                                                                                     \
  case name:                                                                                                           \
    return #name;
  switch (status) {
    SLM_STATUSES(NAME)
  default:
    return "SLM_ERR_UNKNOWN";
  }
}
