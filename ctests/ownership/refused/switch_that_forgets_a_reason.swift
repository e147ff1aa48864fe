// refused: switch must be exhaustive
import SlabMalloc

func isShortage(_ error: AllocationError) -> Bool {
  switch error.reason {
  case .outOfMemory, .limit: true
  case .doubleFree: false
  }
}
