// libslabmalloc-new.o: C++'s operators new and delete, for a program that has libslabmalloc-malloc.o. A size of another
// class, or an alignment that the object cannot have, is reported. The C++ runtime's operators forget both.
//
// An object of its own: a C program has no C++ runtime to throw with. All operators are weak, and a program may replace
// any. Those that it leaves must call those that it has, as the C++ standard says which:
//
//     new[] (size, nothrow) ──> new[] (size) ──> new (size) <── new (size, nothrow)        and the same with alignments
//     delete[] (p, size) ──> delete[] (p) ──> delete (p) <── delete (p, size)
//
// A form with a size therefore looks first whether the next one is this object's.
//
// It declares what it uses of <new> itself, since the library is built without a C++ library. The names are those of
// the Itanium ABI, which libstdc++ and libc++ share.
using size_t = __SIZE_TYPE__;

extern "C" {
void *malloc(size_t size) noexcept;
void free(void *object) noexcept;
void *aligned_alloc(size_t alignment, size_t size) noexcept;
void free_sized(void *object, size_t size) noexcept;
void free_aligned_sized(void *object, size_t alignment, size_t size) noexcept;
}

namespace std {
enum class align_val_t : size_t {};
struct nothrow_t;
class exception {
public:
  exception() noexcept {}
  virtual ~exception() noexcept;
  virtual const char *what() const noexcept;
};
class bad_alloc : public exception {
public:
  bad_alloc() noexcept {}
  ~bad_alloc() noexcept override;
  const char *what() const noexcept override;
};
using new_handler = void (*)();
new_handler get_new_handler() noexcept;
} // namespace std
using std::align_val_t;
using std::nothrow_t;

#define WEAK __attribute__((weak))
#define ALIAS(name) __attribute__((weak, alias(name)))

// Memory is exhausted: the handler may free some. Throws if there is none.
static void call_handler() {
  std::new_handler handler = std::get_new_handler();
  if (handler == nullptr) throw std::bad_alloc();
  handler();
}

static bool is_aligned(const void *object, align_val_t alignment) {
  return (reinterpret_cast<size_t>(object) & (static_cast<size_t>(alignment) - 1)) == 0;
}

// --- new -----------------------------------------------------------------------------------------------------------

WEAK void *operator new(size_t size) {
  while (true) {
    if (void *object = malloc(size)) return object;
    call_handler();
  }
}

WEAK void *operator new(size_t size, align_val_t alignment) {
  while (true) {
    if (void *object = aligned_alloc(static_cast<size_t>(alignment), size)) return object;
    call_handler();
  }
}

WEAK void *operator new[](size_t size) { return ::operator new(size); }
WEAK void *operator new[](size_t size, align_val_t alignment) { return ::operator new(size, alignment); }

template <typename Allocate> static void *quietly(Allocate allocate) noexcept {
  try {
    return allocate();
  } catch (...) {
    return nullptr;
  }
}

WEAK void *operator new(size_t size, const nothrow_t &) noexcept {
  return quietly([=] { return ::operator new(size); });
}
WEAK void *operator new[](size_t size, const nothrow_t &) noexcept {
  return quietly([=] { return ::operator new[](size); });
}
WEAK void *operator new(size_t size, align_val_t alignment, const nothrow_t &) noexcept {
  return quietly([=] { return ::operator new(size, alignment); });
}
WEAK void *operator new[](size_t size, align_val_t alignment, const nothrow_t &) noexcept {
  return quietly([=] { return ::operator new[](size, alignment); });
}

// --- delete --------------------------------------------------------------------------------------------------------

// Under names of their own too, by which the others know them.
static void own_delete(void *object) noexcept __asm__("slm_own_delete");
static void own_delete_array(void *object) noexcept __asm__("slm_own_delete_array");
static void own_delete_aligned(void *object, align_val_t alignment) noexcept __asm__("slm_own_delete_aligned");
static void own_delete_array_aligned(void *object, align_val_t alignment) noexcept
    __asm__("slm_own_delete_array_aligned");

void operator delete(void *object) noexcept ALIAS("slm_own_delete");
void operator delete[](void *object) noexcept ALIAS("slm_own_delete_array");
void operator delete(void *object, align_val_t alignment) noexcept ALIAS("slm_own_delete_aligned");
void operator delete[](void *object, align_val_t alignment) noexcept ALIAS("slm_own_delete_array_aligned");

using plain_delete = void (*)(void *) noexcept;
using aligned_delete = void (*)(void *, align_val_t) noexcept;
static bool owns_delete() { return static_cast<plain_delete>(&::operator delete) == &own_delete; }
static bool owns_delete_array() {
  return owns_delete() && static_cast<plain_delete>(&::operator delete[]) == &own_delete_array;
}
static bool owns_delete_aligned() { return static_cast<aligned_delete>(&::operator delete) == &own_delete_aligned; }
static bool owns_delete_array_aligned() {
  return owns_delete_aligned() && static_cast<aligned_delete>(&::operator delete[]) == &own_delete_array_aligned;
}

static void own_delete(void *object) noexcept { free(object); }
static void own_delete_array(void *object) noexcept { ::operator delete(object); }
static void own_delete_aligned(void *object, align_val_t alignment) noexcept {
  // No size is right where the address is not so aligned: it is reported, or another misuse is.
  if (is_aligned(object, alignment)) free(object);
  else free_aligned_sized(object, static_cast<size_t>(alignment), 0);
}
static void own_delete_array_aligned(void *object, align_val_t alignment) noexcept {
  ::operator delete(object, alignment);
}

WEAK void operator delete(void *object, const nothrow_t &) noexcept { ::operator delete(object); }
WEAK void operator delete[](void *object, const nothrow_t &) noexcept { ::operator delete[](object); }
WEAK void operator delete(void *object, align_val_t alignment, const nothrow_t &) noexcept {
  ::operator delete(object, alignment);
}
WEAK void operator delete[](void *object, align_val_t alignment, const nothrow_t &) noexcept {
  ::operator delete[](object, alignment);
}

WEAK void operator delete(void *object, size_t size) noexcept {
  if (owns_delete()) free_sized(object, size);
  else ::operator delete(object);
}
WEAK void operator delete[](void *object, size_t size) noexcept {
  if (owns_delete_array()) free_sized(object, size);
  else ::operator delete[](object);
}
WEAK void operator delete(void *object, size_t size, align_val_t alignment) noexcept {
  if (owns_delete_aligned()) free_aligned_sized(object, static_cast<size_t>(alignment), size);
  else ::operator delete(object, alignment);
}
WEAK void operator delete[](void *object, size_t size, align_val_t alignment) noexcept {
  if (owns_delete_array_aligned()) free_aligned_sized(object, static_cast<size_t>(alignment), size);
  else ::operator delete[](object, alignment);
}
