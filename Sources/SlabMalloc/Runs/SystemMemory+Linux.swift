import CSlabPort

extension SystemMemory {
  /// The functions of this machine.
  static var linux: Self {
    Self(
      reserve: { slm_port_reserve($0) }, place: { slm_port_place($0, $1) }, map: { slm_port_map_at($0, $1, $2) },
      commit: { slm_port_commit($0, $1) },
      decommit: { slm_port_protect($0, $1) }, purge: { slm_port_purge($0, $1) },
      excludeFromDumps: { slm_port_set_dumped($0, $1, 0) }, includeInDumps: { slm_port_set_dumped($0, $1, 1) },
      unmap: {
        slm_port_unmap($0, $1)
        return 0
      }, remap: { slm_port_remap($0, $1, $2, $3) },
      remapAnywhere: { slm_port_remap_anywhere($0, $1, $2) }, move: { slm_port_move($0, $1, $2) },
      hugePages: { slm_port_huge_pages() }, adviseHuge: { slm_port_advise_huge($0, $1, $2) },
      resident: { Int(slm_port_resident($0, $1)) },
      pageSize: Int(slm_port_page_size()),
      mappings: { Int(slm_port_mappings()) },
      milliseconds: { slm_port_milliseconds() })
  }
}
