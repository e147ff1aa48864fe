// C++ new and delete in all their forms, which the library has.
extern "C" {
#include "../support/child.h"
}

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <new>
#include <string>
#include <vector>

namespace {

template <typename T> T *hidden(T *pointer) { return static_cast<T *>(opaque(pointer)); }

bool aligned(const void *object, size_t alignment) { return reinterpret_cast<uintptr_t>(object) % alignment == 0; }

bool filled(const void *object, size_t size, uintptr_t value) {
  auto *bytes = static_cast<const unsigned char *>(object);
  return std::all_of(bytes, bytes + size,
                     [=](unsigned char byte) { return byte == static_cast<unsigned char>(value); });
}

struct alignas(256) Wide {
  unsigned char bytes[300];
};

void every_form_is_the_librarys(void **) {
  static const char *const names[] = {
      "_Znwm",
      "_Znam",
      "_ZnwmRKSt9nothrow_t",
      "_ZnamRKSt9nothrow_t",
      "_ZnwmSt11align_val_t",
      "_ZnamSt11align_val_t",
      "_ZnwmSt11align_val_tRKSt9nothrow_t",
      "_ZnamSt11align_val_tRKSt9nothrow_t",
      "_ZdlPv",
      "_ZdaPv",
      "_ZdlPvRKSt9nothrow_t",
      "_ZdaPvRKSt9nothrow_t",
      "_ZdlPvm",
      "_ZdaPvm",
      "_ZdlPvSt11align_val_t",
      "_ZdaPvSt11align_val_t",
      "_ZdlPvSt11align_val_tRKSt9nothrow_t",
      "_ZdaPvSt11align_val_tRKSt9nothrow_t",
      "_ZdlPvmSt11align_val_t",
      "_ZdaPvmSt11align_val_t",
  };
  size_t missing = 0;
  for (const char *name : names) {
    if (is_preloaded(name)) continue;
    print_error("%s is not the library's\n", name);
    missing++;
  }
  assert_int_equal(missing, 0);
}

void sizes_and_alignments(void **) {
  for (size_t size = 0; size < 300000; size += 1 + size / 30) {
    void *plain = hidden(::operator new(size)), *array = hidden(::operator new[](size));
    void *quiet = hidden(::operator new(size, std::nothrow)), *row = hidden(::operator new[](size, std::nothrow));
    for (void *object : {plain, array, quiet, row}) {
      assert_non_null(object);
      assert_true(aligned(object, 16));
      memset(object, (int)((uintptr_t)object >> 4), size);
    }
    for (void *object : {plain, array, quiet, row}) assert_true(filled(object, size, (uintptr_t)object >> 4));
    ::operator delete(plain, size);
    ::operator delete[](array, size);
    ::operator delete(quiet, std::nothrow);
    ::operator delete[](row, std::nothrow);
  }
  for (size_t alignment = 1; alignment <= MIB; alignment *= 2) {
    auto align = std::align_val_t(alignment);
    for (size_t size : {size_t(1), size_t(100), alignment, alignment * 3 + 5}) {
      void *plain = hidden(::operator new(size, align)), *array = hidden(::operator new[](size, align));
      void *quiet = hidden(::operator new(size, align, std::nothrow));
      void *row = hidden(::operator new[](size, align, std::nothrow));
      void *sized = hidden(::operator new[](size, align));
      for (void *object : {plain, array, quiet, row, sized}) {
        assert_non_null(object);
        assert_true(aligned(object, alignment));
        memset(object, 7, size);
      }
      ::operator delete(plain, size, align);
      ::operator delete[](array, align);
      ::operator delete(quiet, align, std::nothrow);
      ::operator delete[](row, align, std::nothrow);
      ::operator delete[](sized, size, align);
    }
  }
}

void objects_and_arrays(void **) {
  Wide *one = hidden(new Wide), *many = hidden(new Wide[9]);
  assert_true(aligned(one, 256));
  assert_true(aligned(many, 256));
  delete one;
  delete[] many;
  auto *strings = hidden(new std::string[100]);
  for (size_t i = 0; i < 100; i++) strings[i].assign(i * 7, 'x');
  for (size_t i = 0; i < 100; i++) assert_int_equal(strings[i].size(), i * 7);
  delete[] strings;
  std::map<std::string, std::vector<int>> index;
  for (int i = 0; i < 20000; i++) index[std::to_string(i % 997)].push_back(i);
  for (auto &[key, values] : index)
    for (int value : values) assert_int_equal(value % 997, std::stoi(key));
  auto shared = std::make_shared<Wide>();
  assert_true(aligned(shared.get(), 256));
}

/// Runs the function; returns whether it threw an Error.
template <typename Error, typename Function> bool throws(Function function) {
  try {
    function();
  } catch (const Error &) {
    return true;
  }
  return false;
}

void too_much_throws_bad_alloc(void **) {
  for (size_t size : {size_t(PTRDIFF_MAX), size_t(PTRDIFF_MAX) + 1, SIZE_MAX - 8191, SIZE_MAX}) {
    size_t wanted = opaque_size(size);
    assert_true(throws<std::bad_alloc>([=] { hidden(::operator new(wanted)); }));
    assert_true(throws<std::bad_alloc>([=] { hidden(::operator new[](wanted)); }));
    assert_null(hidden(::operator new(wanted, std::nothrow)));
    assert_null(hidden(::operator new[](wanted, std::nothrow)));
    // libstdc++ rounds a size up to the alignment, and the largest ones to 0.
    assert_true(throws<std::bad_alloc>([=] { hidden(::operator new(wanted, std::align_val_t(64))); }));
    assert_null(hidden(::operator new(wanted, std::align_val_t(4096), std::nothrow)));
  }
  size_t count = opaque_size(SIZE_MAX / 4);
  assert_true(throws<std::bad_array_new_length>([=] { hidden(new uint64_t[count]); }));
}

int handler_calls;

void give_up_after_three() {
  if (++handler_calls == 3) std::set_new_handler(nullptr);
}

void the_new_handler_is_called_until_it_gives_up(void **) {
  const size_t wanted = opaque_size(PTRDIFF_MAX);
  const auto align = std::align_val_t(64);
  const std::function<void *()> throwing[] = {
      [=] { return ::operator new(wanted); },
      [=] { return ::operator new[](wanted); },
      [=] { return ::operator new(wanted, align); },
      [=] { return ::operator new[](wanted, align); },
  };
  const std::function<void *()> quiet[] = {
      [=] { return ::operator new(wanted, std::nothrow); },
      [=] { return ::operator new[](wanted, std::nothrow); },
      [=] { return ::operator new(wanted, align, std::nothrow); },
      [=] { return ::operator new[](wanted, align, std::nothrow); },
  };
  for (auto &form : throwing) {
    assert_true(throws<std::bad_alloc>([&] { hidden(form()); })); // without a handler
    handler_calls = 0;
    std::set_new_handler(give_up_after_three);
    assert_true(throws<std::bad_alloc>([&] { hidden(form()); }));
    assert_int_equal(handler_calls, 3);
  }
  for (auto &form : quiet) {
    assert_null(hidden(form()));
    handler_calls = 0;
    std::set_new_handler(give_up_after_three);
    assert_null(hidden(form()));
    assert_int_equal(handler_calls, 3);
  }
  // An alignment that is none.
  assert_true(throws<std::bad_alloc>([] { hidden(::operator new(8, std::align_val_t(opaque_size(24)))); }));
}

void *reserve;

void free_the_reserve() {
  handler_calls++;
  ::operator delete(reserve);
  reserve = nullptr;
  if (handler_calls > 2) std::set_new_handler(nullptr);
}

/// In a process with little memory left the handler frees some, and the same new succeeds.
int retry_with_a_reserve(void *) {
  reserve = hidden(::operator new(120 * MIB));
  memset(reserve, 1, 120 * MIB);
  struct rlimit limit = {resident() + 60 * MIB, RLIM_INFINITY};
  if (setrlimit(RLIMIT_DATA, &limit) != 0) return 2;
  handler_calls = 0;
  std::set_new_handler(free_the_reserve);
  void *object = hidden(::operator new(100 * MIB));
  memset(object, 2, 100 * MIB);
  if (reserve != nullptr || handler_calls != 1) return 3;
  ::operator delete(object);
  return 0;
}

void the_new_handler_frees_memory(void **) {
  if (is_emulated()) skip(); // an emulator may ignore limits
  child c;
  child_call(&c, retry_with_a_reserve, NULL);
  assert_child_fine(&c);
}

} // namespace

int main() {
  const struct CMUnitTest tests[] = {
      UNDER_THE_LIBRARY,
      cmocka_unit_test(every_form_is_the_librarys),
      cmocka_unit_test(sizes_and_alignments),
      cmocka_unit_test(objects_and_arrays),
      cmocka_unit_test(too_much_throws_bad_alloc),
      cmocka_unit_test(the_new_handler_is_called_until_it_gives_up),
      cmocka_unit_test(the_new_handler_frees_memory),
  };
  return cmocka_run_group_tests_name("preload new and delete", tests, NULL, NULL);
}
