// refused: cannot return a ~Escapable result
import SlabMalloc

final class Owner {
  let box: Zone.Box<Int>
  init(_ box: consuming Zone.Box<Int>) { self.box = box }
}
