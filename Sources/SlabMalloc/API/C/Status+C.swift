import CSlabPort
import CSlabmalloc

@_cdecl("slm_status_name") @implementation
public func slm_status_name(_ status: slm_status) -> UnsafePointer<CChar> {
  slm_port_status_name(status.rawValue)
}

@_cdecl("slm_version") @implementation
public func slm_version() -> UInt32 {
  UInt32((SLM_VERSION_MAJOR << 16) | (SLM_VERSION_MINOR << 8) | SLM_VERSION_PATCH)
}
