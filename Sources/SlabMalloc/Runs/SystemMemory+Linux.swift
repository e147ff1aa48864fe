import CSlabPort

extension SystemMemory {
  /// The functions of this machine.
  static var linux: Self {
    Self(
      reserve: { slm_port_reserve($0) }, commit: { slm_port_commit($0, $1) },
      decommit: { slm_port_protect($0, $1) }, purge: { slm_port_purge($0, $1) },
      unmap: {
        slm_port_unmap($0, $1)
        return 0
      }, move: { slm_port_move($0, $1, $2) }, pageSize: Int(slm_port_page_size()),
      milliseconds: { slm_port_milliseconds() })
  }
}
