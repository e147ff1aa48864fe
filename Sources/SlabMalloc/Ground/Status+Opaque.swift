import CSlabPort
import CSlabmalloc

extension slm_status {
  /// A success that the compiler cannot foresee. A caller that knew the result would call instead of jump.
  static var opaqueOK: Self { Self(rawValue: Int32(truncatingIfNeeded: slm_port_opaque(0))) }
}
