import CSlabPort

/// Says in errno that memory was refused, and returns the address of no object.
@inline(never) func noMemory() -> UInt {
  slm_port_set_errno(slm_port_no_memory())
  return 0
}
