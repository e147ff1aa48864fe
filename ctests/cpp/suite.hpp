// What the suites in C++ need: cmocka, the headers, the profile, a page budget, and the record of what was reported.
//
// cmocka leaves a failed test by longjmp, which skips destructors: a test that fails may leak.
#ifndef CPP_SUITE_HPP
#define CPP_SUITE_HPP

#include <csetjmp>
#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <slabmalloc.hpp>
#include <utility>

extern "C" {
#include <cmocka.h>
}

#define CHECK(condition) _assert_true((condition) ? 1 : 0, #condition, __FILE__, __LINE__)

// The call throws an exception of this type; `caught` names it in what follows.
template <class Exception, class Call, class Look> void check_throws(Call call, Look look, const char *file, int line) {
  bool thrown = false;
  try {
    call();
  } catch (const Exception &exception) {
    thrown = true;
    look(exception);
  }
  _assert_true(thrown ? 1 : 0, "the call throws", file, line);
}
#define CHECK_THROWS(Exception, status_wanted, ...)                                                                    \
  check_throws<Exception>([&] { __VA_ARGS__; },                                                                        \
                          [](const Exception &caught) {                                                                \
                            CHECK(caught.status() == (status_wanted));                                                 \
                            CHECK(std::strcmp(caught.what(), slm_status_name(status_wanted)) == 0);                    \
                          },                                                                                           \
                          __FILE__, __LINE__)

// Heaps have the profile of the process, from the environment. Zones and caches get the same one.
inline bool is_hardened() {
  const char *profile = std::getenv("SLABMALLOC_PROFILE");
  return profile != nullptr && std::strcmp(profile, "hardened") == 0;
}
inline slm_options suite_options(const slm_page_provider &provider = slm_mmap_provider()) {
  slm_options options = slabmalloc::options_with(provider);
  if (is_hardened()) options.flags = SLM_HARDENED;
  return options;
}

// Bytes that the system's provider has out. A zone or cache that ended has given all back.
inline std::uint64_t pages_out() {
  slm_provider_statistics ledger = {};
  ledger.struct_size = sizeof ledger;
  CHECK(slm_mmap_statistics(&ledger) == SLM_OK);
  return ledger.base_pages_taken - ledger.base_pages_given_back +
         32 * (ledger.large_pages_taken - ledger.large_pages_given_back);
}

// Records misuse while it lives, in place of the default handler, which aborts.
inline slm_misuse last_misuse;
inline int misuses;
class recorded_misuse {
public:
  recorded_misuse() : former(slabmalloc::set_misuse_handler(record)) { misuses = 0; }
  recorded_misuse(const recorded_misuse &) = delete;
  ~recorded_misuse() { slabmalloc::set_misuse_handler(former); }
  // Nothing but this one was reported since the last look.
  void check(slm_status kind, const void *pointer) {
    CHECK(misuses == 1);
    CHECK(last_misuse.struct_size == sizeof last_misuse);
    CHECK(last_misuse.kind == kind);
    CHECK(last_misuse.pointer == pointer);
    misuses = 0;
  }

private:
  static void record(const slm_misuse &misuse) {
    last_misuse = misuse;
    misuses++;
  }
  slabmalloc::misuse_handler former;
};

// Counts its objects, and refuses to be made where told.
struct counted {
  explicit counted(int number = 0) : number(number) {
    if (refuses) throw number;
    alive++;
  }
  counted(const counted &other) : number(other.number) { alive++; }
  counted &operator=(const counted &) = default;
  ~counted() { alive--; }
  int number;
  static inline int alive = 0;
  static inline bool refuses = false;
};

inline bool is_aligned(const void *pointer, std::size_t alignment) {
  return reinterpret_cast<std::uintptr_t>(pointer) % alignment == 0;
}

#endif
