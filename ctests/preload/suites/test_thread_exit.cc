// Allocations while a thread ends: destructors of thread-specific data and of C++ thread_local objects, which allocate
// again when the thread's heap may already have been given up.
extern "C" {
#include "../support/process.h"
}

#include <algorithm>
#include <atomic>
#include <string>
#include <vector>

namespace {

constexpr size_t keyCount = 6, threadCount = 300;
pthread_key_t keys[keyCount];
std::atomic<size_t> rounds, faults, localEnds;

/// Objects that ending threads leave to others.
pthread_mutex_t leftLock = PTHREAD_MUTEX_INITIALIZER;
std::vector<size_t *> left;

size_t *make(size_t size) {
  auto *object = static_cast<size_t *>(opaque(malloc(size)));
  if (object == nullptr) {
    faults++;
    return nullptr;
  }
  object[0] = size;
  memset(object + 1, static_cast<int>(size % 251), size - 8);
  return object;
}

void check_and_free(size_t *object) {
  if (object == nullptr) return;
  auto *bytes = reinterpret_cast<unsigned char *>(object + 1);
  size_t size = object[0];
  if (!std::all_of(bytes, bytes + size - 8, [=](unsigned char byte) { return byte == size % 251; })) faults++;
  free(object);
}

thread_local size_t renewals;

/// Comes again in every round of destructors that POSIX allows, each time with a new object; in the last one without,
/// as nobody would free it.
void end_of_key(void *value) {
  auto *object = static_cast<size_t *>(value);
  size_t size = object[0];
  check_and_free(object);
  rounds++;
  for (size_t i = 0; i < 20; i++) check_and_free(make(16 + i * size % 70000));
  for (size_t i = 0; renewals < keyCount * (PTHREAD_DESTRUCTOR_ITERATIONS - 1) && i < keyCount; i++)
    if (pthread_getspecific(keys[i]) == nullptr) {
      pthread_setspecific(keys[i], make(size + 16));
      renewals++;
      break;
    }
  pthread_mutex_lock(&leftLock);
  left.push_back(make(size));
  pthread_mutex_unlock(&leftLock);
}

struct Local {
  std::vector<std::string> words;
  Local() {
    for (int i = 0; i < 50; i++) words.emplace_back(i * 20, 'l');
  }
  ~Local() {
    for (size_t i = 0; i < words.size(); i++)
      if (words[i] != std::string(i * 20, 'l')) faults++;
    // A thread_local that is first used now is destroyed by this same thread, later.
    static thread_local struct Late {
      std::string text = std::string(5000, 'x');
      ~Late() {
        if (std::string(text + text).size() != 10000) faults++;
        localEnds++;
      }
    } late;
    if (late.text.size() != 5000) faults++;
    localEnds++;
  }
};
thread_local Local local;

void *body(void *) {
  if (local.words.size() != 50) faults++;
  for (size_t i = 0; i < keyCount; i++) pthread_setspecific(keys[i], make(16 + i * 300));
  return nullptr;
}

void destructors_allocate_again(void **) {
  for (auto &key : keys) assert_int_equal(pthread_key_create(&key, end_of_key), 0);
  for (size_t i = 0; i < threadCount; i += 3) {
    pthread_t threads[3];
    for (auto &thread : threads) start_thread(&thread, body, nullptr);
    for (auto &thread : threads) join_thread(thread);
  }
  assert_int_equal(faults, 0);
  assert_true(rounds >= threadCount * keyCount * PTHREAD_DESTRUCTOR_ITERATIONS);
  assert_int_equal(localEnds, 2 * threadCount);
  assert_int_equal(left.size(), rounds);
  for (auto *object : left) check_and_free(object);
  left = {};
  assert_int_equal(faults, 0);
}

/// What is allocated that late is not lost either: resident memory stays.
void memory_of_ended_threads_is_used_again(void **) {
  size_t before = 0;
  for (size_t round = 0; round < 4; round++) {
    for (size_t i = 0; i < threadCount; i++) {
      pthread_t thread;
      start_thread(&thread, body, nullptr);
      join_thread(thread);
    }
    for (auto *object : left) check_and_free(object);
    left.clear();
    if (round == 0) before = resident_settled();
  }
  assert_int_equal(faults, 0);
  assert_comes_back_to(before, 2 * MIB);
}

/// A thread that never allocates, and one that allocates in a destructor only.
void *only_in_destructor(void *object) {
  pthread_setspecific(keys[0], object);
  return nullptr;
}

void the_first_allocation_is_in_a_destructor(void **) {
  for (size_t i = 0; i < 200; i++) {
    pthread_t thread;
    start_thread(&thread, only_in_destructor, i % 2 ? make(100) : nullptr);
    join_thread(thread);
  }
  for (auto *object : left) check_and_free(object);
  left = {};
  assert_int_equal(faults, 0);
}

/// What it costs to free an object of a thread: in the thread itself, and in the destructor of a key that comes after
/// malloc's own. The least of several threads, and of more where the machine does something else meanwhile.
constexpr size_t freedCount = 20000;
void *freed[freedCount];
double usual, atEnd;
pthread_key_t lastKey;

double free_all() {
  timespec start, end;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &start);
  for (void *object : freed) free(object);
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &end);
  return (double(end.tv_sec - start.tv_sec) * 1e9 + double(end.tv_nsec - start.tv_nsec)) / freedCount;
}

void make_all() {
  for (auto &object : freed) object = memset(opaque(malloc(64)), 1, 64);
}

void end_of_last_key(void *) { atEnd = std::min(atEnd, free_all()); }

void *free_now_and_at_the_end(void *argument) {
  make_all();
  usual = std::min(usual, free_all());
  make_all();
  pthread_setspecific(lastKey, argument);
  return nullptr;
}

void a_free_in_a_destructor_costs_the_usual(void **) {
  usual = atEnd = 1e9;
  assert_int_equal(pthread_key_create(&lastKey, end_of_last_key), 0);
  for (size_t i = 0; i < 15 || (i < 500 && atEnd > 2 * usual); i++) {
    pthread_t thread;
    start_thread(&thread, free_now_and_at_the_end, &usual);
    join_thread(thread);
  }
  pthread_key_delete(lastKey);
  if (atEnd > 2 * usual) fail_msg("%.1f ns for a free in a destructor, usually %.1f", atEnd, usual);
}

} // namespace

int main() {
  const struct CMUnitTest tests[] = {
      UNDER_THE_LIBRARY,
      cmocka_unit_test(destructors_allocate_again),
      cmocka_unit_test(memory_of_ended_threads_is_used_again),
      cmocka_unit_test(the_first_allocation_is_in_a_destructor),
      cmocka_unit_test(a_free_in_a_destructor_costs_the_usual),
  };
  return cmocka_run_group_tests_name("preload thread exit", tests, NULL, NULL);
}
