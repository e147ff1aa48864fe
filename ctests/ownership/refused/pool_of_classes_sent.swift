// refused: Sendable
import SlabMalloc

final class Counter { var number = 0 }

func send<Value: Sendable & ~Copyable>(_ value: consuming Value) {}

func use() { send(Pool<Counter>()) }
