/// What an error prints: its name, what was asked for, what it means, and what to do.
///
///     outOfMemory (24 bytes, aligned to 8): no slot is free and no page is available. ...
extension AllocationError {
  /// The reason of an error, one case for each status of the C API below 0.
  public enum Reason: Int32, Sendable {
    /// No slot is free and no page is available.
    case outOfMemory = -1
    /// No allocator of this kind ever serves the layout.
    case invalidLayout = -2
    /// An argument is not allowed.
    case invalidArgument = -3
    /// The allocator was not made, or has ended.
    case notInitialized = -4
    /// A page is misaligned, or no memory.
    case badPage = -5
    /// A page does not have the size that the layout needs.
    case wrongPageSize = -6
    /// A page already belongs to an allocator.
    case pageOwned = -7
    /// A pointer, or a handle, is not of this allocator.
    case foreignPointer = -8
    /// A pointer is not to the start of an object.
    case interiorPointer = -9
    /// The object was already deallocated.
    case doubleFree = -10
    /// The object was allocated with another layout.
    case layoutMismatch = -11
    /// A page provider or constructor called back and needed a page.
    case reentrant = -12
    /// Pages are left, and there is no provider to take them.
    case noProvider = -13
    /// The object cannot have the new size where it is.
    case cannotResize = -14
    /// Memory past the end of an object was written.
    case overflow = -15
    /// Memory was written while it was free.
    case writeAfterFree = -16
    /// The hard limit forbids another page.
    case limit = -17
    /// The constructor of a cache refused an object.
    case constructorFailed = -18
    /// The allocator, or its pages, are in use.
    case inUse = -19
  }

  /// The reason, for a `switch`.
  public var reason: Reason {
    // The library makes errors of statuses alone, and each status has a case: a test compares the two lists.
    Reason(rawValue: code).unsafelyUnwrapped
  }

  /// The name of the reason, as the Swift case spells it.
  public var name: StaticString { text.name }

  /// What happened, in a sentence.
  public var meaning: StaticString { text.meaning }

  /// What you can do about it, in a sentence.
  public var advice: StaticString { text.advice }

  private var text: (name: StaticString, meaning: StaticString, advice: StaticString) {
    switch reason {
    case .outOfMemory:
      ("outOfMemory", "no slot is free and no page is available", "Free objects, push a page, or add memory.")
    case .invalidLayout:
      (
        "invalidLayout", "no allocator of this kind serves this size and alignment",
        "Ask for less, and for an alignment that is a power of two."
      )
    case .invalidArgument:
      (
        "invalidArgument", "an argument is not allowed",
        "Compare storage, alignment, page size and limits with the documentation of the call."
      )
    case .notInitialized:
      ("notInitialized", "the allocator was not made, or has ended", "Keep the allocator as long as its objects.")
    case .badPage:
      ("badPage", "the page is misaligned, or no memory", "Align pages to their own size.")
    case .wrongPageSize:
      ("wrongPageSize", "the page does not have the size that the layout needs", "Ask pageSize for the size.")
    case .pageOwned:
      ("pageOwned", "the page already belongs to an allocator", "Push a page once, and to one allocator.")
    case .foreignPointer:
      ("foreignPointer", "the object is not of this allocator", "Give it back to the allocator that it came from.")
    case .interiorPointer:
      ("interiorPointer", "the pointer is not to the start of an object", "Pass the pointer that was allocated.")
    case .doubleFree:
      ("doubleFree", "the object was already deallocated", "Find its other owner: an object ends once.")
    case .layoutMismatch:
      ("layoutMismatch", "the object was allocated with another layout", "Deallocate it with its own type.")
    case .reentrant:
      (
        "reentrant", "a page provider or constructor called back and needed a page",
        "Allocate from another allocator there."
      )
    case .noProvider:
      ("noProvider", "pages are left, and there is no provider to take them", "Take them with reclaimPage.")
    case .cannotResize:
      ("cannotResize", "the object cannot have the new size where it is", "Reallocate it.")
    case .overflow:
      ("overflow", "memory past the end of an object was written", "Find the write with AddressSanitizer.")
    case .writeAfterFree:
      ("writeAfterFree", "memory was written while it was free", "Find the write with AddressSanitizer.")
    case .limit:
      ("limit", "the hard limit forbids another page", "Free objects, reclaim pages, or raise the limit.")
    case .constructorFailed:
      ("constructorFailed", "the constructor of the cache refused an object", "Look for the cause in the constructor.")
    case .inUse:
      ("inUse", "the allocator, or its pages, are in use", "End first what uses them.")
    }
  }
}

extension AllocationError: CustomStringConvertible {
  /// The name, the layout and the limit if they are known, the meaning and the advice.
  public var description: String {
    var text = "\(name)"
    if let layout { text += " (\(layout.size) bytes, aligned to \(layout.alignment))" }
    text += ": \(meaning)"
    if let limit { text += ", which is \(limit) bytes" }
    return text + ". \(advice)"
  }
}

/// What a call throws that allocates and runs a closure of yours: the reason of one of the two.
public enum AllocationOr<Failure: Error>: Error {
  /// Memory was refused. The closure did not run.
  case allocation(AllocationError)
  /// The closure threw. Everything that it had made was ended, and the memory given back.
  case failure(Failure)
}

extension AllocationOr: Sendable where Failure: Sendable {}
