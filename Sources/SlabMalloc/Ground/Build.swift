/// The facts that the build decides: whether there is an operating system (`SLM_HOSTED`), whether this is the full
/// library or the small one (`SLM_SMALL`), and the size of a word. The small library is for machines that count bytes.
enum Build {
  #if SLM_HOSTED
    @inline(__always) static var isHosted: Bool { true }
  #else
    /// A freestanding library calls hooks of the embedder for each lock.
    @inline(__always) static var isHosted: Bool { false }
  #endif

  @inline(__always) static var has64BitWords: Bool { UInt.bitWidth == 64 }

  #if SLM_SMALL
    /// The small library has no pages of 2 MiB, no runs of pages, and no object above 2 KiB.
    @inline(__always) static var isSmall: Bool { true }
  #else
    @inline(__always) static var isSmall: Bool { false }
  #endif
}

#if SLM_SMALL
  /// Slot size by class index: two classes per doubling, and 48.
  let slotSizes: InlineArray<15, UInt32> = [
    8, 16, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024, 1536, 2048,
  ]
#else
  /// Slot size by class index.
  let slotSizes: InlineArray<49, UInt32> = [
    8, 16, 32, 48, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320,
    384, 448, 512, 640, 768, 896, 1024, 1280, 1536, 1792, 2048, 2560, 3072, 3584,
    4096, 5120, 6144, 7168, 8192, 10240, 12288, 14336, 16384, 20480, 24576, 28672, 32768, 40960,
    49152, 57344, 65536, 81920, 98304, 114688, 131072,
  ]
#endif
