import CSlabmalloc

/// The end of a program that misuses a typed allocator where nothing can be thrown: in a deinitializer or a subscript.
///
/// The line is the allocator's, as malloc's is: `slabmalloc: doubleFree: the object was already deallocated. ...`.
/// Embedded Swift prints no string that is put together; there the line has the name alone.
@inline(never) @usableFromInline
func trap(_ error: AllocationError) -> Never {
  #if hasFeature(Embedded)
    fatalError(error.name)
  #else
    fatalError("slabmalloc: \(error)")
  #endif
}
