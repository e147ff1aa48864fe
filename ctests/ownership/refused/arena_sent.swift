// refused: Sendable
import SlabMalloc

func send<Value: Sendable & ~Copyable>(_ value: consuming Value) {}

func use() throws(AllocationError) { send(try Arena()) }
