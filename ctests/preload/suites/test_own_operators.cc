// A program with an operator new and an operator delete of its own, and no others: all other forms call these two, as
// the C++ standard says, though the library has those forms.
extern "C" {
#include "../support/child.h"
}

#include <initializer_list>
#include <new>

namespace {

/// The objects of this program start behind a header, and no free of malloc's accepts them.
constexpr size_t header = 48;
constexpr size_t seal = 0x5EA1;
size_t made, ended;

template <typename T> T *hidden(T *pointer) { return static_cast<T *>(opaque(pointer)); }

} // namespace

void *operator new(size_t size) {
  auto *start = size > PTRDIFF_MAX - header ? nullptr : static_cast<char *>(malloc(size + header));
  if (start == nullptr) throw std::bad_alloc();
  memcpy(start, &seal, sizeof seal);
  made++;
  return start + header;
}

// Without the form with a size, which the compiler would rather see beside it.
#pragma GCC diagnostic ignored "-Wsized-deallocation"
void operator delete(void *object) noexcept {
  if (object == nullptr) return;
  char *start = static_cast<char *>(object) - header;
  if (memcmp(start, &seal, sizeof seal) != 0) abort();
  ended++;
  free(start);
}

namespace {

void every_form_calls_the_programs(void **) {
  for (size_t size : {size_t(0), size_t(1), size_t(100), size_t(1000), size_t(5000), size_t(300000)}) {
    size_t before = made, before_end = ended;
    void *objects[] = {
        hidden(::operator new(size)),
        hidden(::operator new[](size)),
        hidden(::operator new(size, std::nothrow)),
        hidden(::operator new[](size, std::nothrow)),
        hidden(::operator new(size)),
        hidden(::operator new[](size)),
    };
    assert_int_equal(made, before + 6);
    ::operator delete(objects[0]);
    ::operator delete[](objects[1]);
    ::operator delete(objects[2], std::nothrow);
    ::operator delete[](objects[3], std::nothrow);
    ::operator delete(objects[4], size);
    ::operator delete[](objects[5], size);
    assert_int_equal(ended, before_end + 6);
  }
  ::operator delete(nullptr, size_t(5));
  ::operator delete[](nullptr);
}

/// The program's operator throws; the forms with nothrow_t catch that.
void what_the_programs_throws_is_caught(void **) {
  size_t wanted = opaque_size(SIZE_MAX);
  assert_null(hidden(::operator new(wanted, std::nothrow)));
  assert_null(hidden(::operator new[](wanted, std::nothrow)));
  bool thrown = false;
  try {
    hidden(::operator new[](wanted));
  } catch (const std::bad_alloc &) {
    thrown = true;
  }
  assert_true(thrown);
}

/// These never call the forms without an alignment.
void aligned_forms_are_the_librarys(void **) {
  size_t before = made, before_end = ended;
  for (size_t alignment = 8; alignment <= 8192; alignment *= 2) {
    auto align = std::align_val_t(alignment);
    void *one = hidden(::operator new(100, align)), *row = hidden(::operator new[](100, align));
    assert_true(reinterpret_cast<uintptr_t>(one) % alignment == 0);
    assert_true(reinterpret_cast<uintptr_t>(row) % alignment == 0);
    ::operator delete(one, size_t(100), align);
    ::operator delete[](row, align);
  }
  assert_int_equal(made, before);
  assert_int_equal(ended, before_end);
}

} // namespace

int main() {
  const struct CMUnitTest tests[] = {
      UNDER_THE_LIBRARY,
      cmocka_unit_test(every_form_calls_the_programs),
      cmocka_unit_test(what_the_programs_throws_is_caught),
      cmocka_unit_test(aligned_forms_are_the_librarys),
  };
  return cmocka_run_group_tests_name("preload operators of a program", tests, NULL, NULL);
}
