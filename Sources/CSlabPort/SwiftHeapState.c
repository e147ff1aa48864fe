// The state of Embedded Swift's heap, which the small library has no use for. See SwiftHeap.swift.
#include "CSlabPort.h"

#if !__STDC_HOSTED__
uintptr_t slm_port_swift_heap[4];
#endif
