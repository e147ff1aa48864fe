// The names of the statuses. The preprocessor spells them out of the one list in slabmalloc.h.
#include "CSlabPort.h"
#include <slabmalloc.h>

// One name after another. A table of their addresses would have to be relocated when a kernel is loaded.
#define MEMBER(name, value, meaning) char name##_[sizeof #name];
#define NAME(name, value, meaning) #name,
static const struct {
  SLM_STATUSES(MEMBER)
  char unknown[sizeof "SLM_ERR_UNKNOWN"];
} names = {SLM_STATUSES(NAME) "SLM_ERR_UNKNOWN"};

static uint32_t name_offset(int32_t status) {
#define OFFSET(name, value, meaning)                                                                                   \
  case name:                                                                                                           \
    return offsetof(__typeof__(names), name##_);
  switch (status) {
    SLM_STATUSES(OFFSET)
  default:
    return offsetof(__typeof__(names), unknown);
  }
}

const char *slm_port_status_name(int32_t status) { return (const char *)&names + name_offset(status); }
