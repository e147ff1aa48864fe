// The variables of the full library for kernels: of Embedded Swift's heap, see SwiftHeap.swift, and of RunResizer. The
// small library has no use for them.
#include "CSlabPort.h"

#if !__STDC_HOSTED__
uintptr_t slm_port_swift_heap[4];
uintptr_t slm_port_resizers[2];
#endif
