import CSlabmalloc

@_cdecl("slm_status_name") @implementation
public func slm_status_name(_ status: slm_status) -> UnsafePointer<CChar> {
  UnsafeRawPointer(name(of: status).utf8Start).assumingMemoryBound(to: CChar.self)
}

@_cdecl("slm_version") @implementation
public func slm_version() -> UInt32 {
  UInt32((SLM_VERSION_MAJOR << 16) | (SLM_VERSION_MINOR << 8) | SLM_VERSION_PATCH)
}

private func name(of status: Status) -> StaticString {
  switch status {
  case SLM_OK: "SLM_OK"
  case SLM_ERR_OUT_OF_MEMORY: "SLM_ERR_OUT_OF_MEMORY"
  case SLM_ERR_INVALID_LAYOUT: "SLM_ERR_INVALID_LAYOUT"
  case SLM_ERR_INVALID_ARGUMENT: "SLM_ERR_INVALID_ARGUMENT"
  case SLM_ERR_NOT_INITIALIZED: "SLM_ERR_NOT_INITIALIZED"
  case SLM_ERR_BAD_PAGE: "SLM_ERR_BAD_PAGE"
  case SLM_ERR_WRONG_PAGE_SIZE: "SLM_ERR_WRONG_PAGE_SIZE"
  case SLM_ERR_PAGE_OWNED: "SLM_ERR_PAGE_OWNED"
  case SLM_ERR_FOREIGN_POINTER: "SLM_ERR_FOREIGN_POINTER"
  case SLM_ERR_INTERIOR_POINTER: "SLM_ERR_INTERIOR_POINTER"
  case SLM_ERR_DOUBLE_FREE: "SLM_ERR_DOUBLE_FREE"
  case SLM_ERR_LAYOUT_MISMATCH: "SLM_ERR_LAYOUT_MISMATCH"
  case SLM_ERR_REENTRANT: "SLM_ERR_REENTRANT"
  case SLM_ERR_NO_PROVIDER: "SLM_ERR_NO_PROVIDER"
  case SLM_ERR_CANNOT_RESIZE: "SLM_ERR_CANNOT_RESIZE"
  case SLM_ERR_OVERFLOW: "SLM_ERR_OVERFLOW"
  case SLM_ERR_WRITE_AFTER_FREE: "SLM_ERR_WRITE_AFTER_FREE"
  default: "SLM_ERR_UNKNOWN"
  }
}
