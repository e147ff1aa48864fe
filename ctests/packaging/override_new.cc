// A C++ program whose malloc and operators are the two objects that are linked into it. Exit status 0 if all forms
// work, and a wrong size or alignment is reported. With OWN_OPERATORS the program has two operators of its own, which
// all other forms then call.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>
#include <string>
#include <vector>

#include <sys/wait.h>
#include <unistd.h>

namespace {
template <typename T> T *hidden(T *pointer) {
  T *volatile copy = pointer;
  return copy;
}
[[maybe_unused]] size_t hidden_size(size_t size) {
  volatile size_t copy = size;
  return copy;
}
size_t made, ended;
} // namespace

#ifdef OWN_OPERATORS
void *operator new(size_t size) {
  void *start = malloc(size + 16);
  if (start == nullptr) throw std::bad_alloc();
  made++;
  return static_cast<char *>(start) + 16;
}
void operator delete(void *object) noexcept {
  if (object == nullptr) return;
  ended++;
  free(static_cast<char *>(object) - 16);
}
#endif

namespace {

/// Each form of new with a form of delete that fits; the last ones have a size.
bool every_form(size_t size) {
  const auto align = std::align_val_t(64);
  size_t before = made, before_end = ended;
  void *plain[] = {
      hidden(::operator new(size)),
      hidden(::operator new[](size)),
      hidden(::operator new(size, std::nothrow)),
      hidden(::operator new[](size, std::nothrow)),
      hidden(::operator new(size)),
      hidden(::operator new[](size)),
  };
  void *wide[] = {
      hidden(::operator new(size, align)),
      hidden(::operator new[](size, align)),
      hidden(::operator new(size, align, std::nothrow)),
      hidden(::operator new[](size, align, std::nothrow)),
      hidden(::operator new(size, align)),
      hidden(::operator new[](size, align)),
  };
  for (void *object : plain) memset(object, 1, size);
  for (void *object : wide) {
    if (reinterpret_cast<uintptr_t>(object) % 64 != 0) return false;
    memset(object, 2, size);
  }
  ::operator delete(plain[0]);
  ::operator delete[](plain[1]);
  ::operator delete(plain[2], std::nothrow);
  ::operator delete[](plain[3], std::nothrow);
  ::operator delete(plain[4], size);
  ::operator delete[](plain[5], size);
  ::operator delete(wide[0], align);
  ::operator delete[](wide[1], align);
  ::operator delete(wide[2], align, std::nothrow);
  ::operator delete[](wide[3], align, std::nothrow);
  ::operator delete(wide[4], size, align);
  ::operator delete[](wide[5], size, align);
  ::operator delete(hidden(static_cast<void *>(nullptr)), size);
  ::operator delete(hidden(static_cast<void *>(nullptr)), size, align);
#ifdef OWN_OPERATORS
  return made == before + 6 && ended == before_end + 6;
#else
  return made == before && ended == before_end;
#endif
}

[[maybe_unused]] int handler_calls;

[[maybe_unused]] void give_up_after_three() {
  if (++handler_calls == 3) std::set_new_handler(nullptr);
}

[[maybe_unused]] void throw_another() { throw 7; }

template <typename Function> [[maybe_unused]] bool throws(Function function) {
  try {
    function();
  } catch (const std::bad_alloc &) {
    return true;
  }
  return false;
}

bool out_of_memory() {
#ifndef OWN_OPERATORS
  const size_t wanted = hidden_size(PTRDIFF_MAX);
  std::set_new_handler(give_up_after_three);
  if (!throws([=] { hidden(::operator new(wanted)); }) || handler_calls != 3) return false;
  if (!throws([=] { hidden(::operator new[](wanted, std::align_val_t(64))); })) return false;
  handler_calls = 0;
  std::set_new_handler(give_up_after_three);
  if (hidden(::operator new[](wanted, std::nothrow)) != nullptr || handler_calls != 3) return false;
  std::set_new_handler(throw_another);
  if (hidden(::operator new(wanted, std::align_val_t(64), std::nothrow)) != nullptr) return false;
  std::set_new_handler(nullptr);
  // An alignment that is none.
  return throws([] { hidden(::operator new(8, std::align_val_t(hidden_size(24)))); });
#else
  return true;
#endif
}

/// Whether a child that runs the function is ended by a line that has these words.
template <typename Function> bool reports(const char *words, Function function) {
  int to_parent[2];
  if (pipe(to_parent) != 0) return false;
  pid_t child = fork();
  if (child == 0) {
    dup2(to_parent[1], 2);
    function();
    _exit(2);
  }
  close(to_parent[1]);
  char line[300] = "";
  ssize_t length = read(to_parent[0], line, sizeof line - 1);
  close(to_parent[0]);
  int status;
  waitpid(child, &status, 0);
  bool is_right = length > 0 && strstr(line, words) != nullptr && WIFSIGNALED(status);
  if (!is_right) fprintf(stderr, "'%s', not '%s'\n", line, words);
  return is_right;
}

bool misuse() {
  const char *wrong = "with a wrong size (size class ";
  const auto align = std::align_val_t(256);
  bool is_right = true;
#ifndef OWN_OPERATORS
  is_right = reports(wrong, [] { ::operator delete(hidden(::operator new(100)), hidden_size(40)); }) && is_right;
  is_right = reports(wrong, [] { ::operator delete[](hidden(::operator new[](100)), hidden_size(4000)); }) && is_right;
  is_right = reports("double free of 0x",
                     [] {
                       void *volatile object = ::operator new(100);
                       ::operator delete(object, 100);
                       ::operator delete(object, 100);
                     }) &&
             is_right;
#endif
  is_right = reports(wrong, [=] { ::operator delete(hidden(::operator new(256, align)), 9000, align); }) && is_right;
  is_right = reports(wrong, [=] { ::operator delete[](hidden(::operator new[](9000, align)), 1, align); }) && is_right;
  // Slots of this size lie at many places, of which few have the alignment.
  is_right = reports(wrong,
                     [=] {
                       void *object = hidden(aligned_alloc(16, 80));
                       while (reinterpret_cast<uintptr_t>(object) % 256 == 0) object = hidden(aligned_alloc(16, 80));
                       ::operator delete(object, align);
                     }) &&
             is_right;
  return is_right;
}

} // namespace

int main() {
  for (size_t size = 1; size < 300000; size = size * 3 + 1)
    if (!every_form(size)) return 3;
  if (!every_form(0)) return 4;
  std::vector<std::string> strings;
  for (size_t i = 0; i < 1000; i++) strings.emplace_back(i, 'x');
  for (size_t i = 0; i < 1000; i++)
    if (strings[i].size() != i) return 5;
  if (!out_of_memory()) return 6;
  return misuse() ? 0 : 7;
}
