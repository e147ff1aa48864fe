/**
 * @file slabmalloc/error.hpp
 * @brief What becomes of a status in C++: an exception that has it, or a report of a misuse.
 *
 * A failed allocation throws bad_alloc. An owner that can't be made throws error, or bad_alloc if memory was refused.
 * A deallocation by a container, pointer or resource has no caller that takes a status. Its misuse goes to the handler
 * of set_misuse_handler(); the object stays as it was.
 */
#ifndef SLABMALLOC_ERROR_HPP
#define SLABMALLOC_ERROR_HPP

#if defined(_MSVC_LANG) ? _MSVC_LANG < 201703L : __cplusplus < 201703L
#error "slabmalloc.hpp needs C++17 or newer"
#endif

#include "../slabmalloc.h"
#include <atomic>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <new>

/** slabmalloc in C++. */
namespace slabmalloc {

/** An owner can't be made: options that are not allowed, for example. */
class error : public std::exception {
public:
  /** An error with its status. */
  explicit error(slm_status status) noexcept : status_(status) {}
  /** The status, below 0. */
  slm_status status() const noexcept { return status_; }
  /** The name of the status: "SLM_ERR_INVALID_ARGUMENT". */
  const char *what() const noexcept override { return slm_status_name(status_); }

private:
  slm_status status_;
};

/** An allocation failed. */
class bad_alloc : public std::bad_alloc {
public:
  /** A failure with its status. */
  explicit bad_alloc(slm_status status) noexcept : status_(status) {}
  /** The status, below 0: #SLM_ERR_OUT_OF_MEMORY, #SLM_ERR_LIMIT, #SLM_ERR_INVALID_LAYOUT, ... */
  slm_status status() const noexcept { return status_; }
  /** The name of the status: "SLM_ERR_LIMIT". */
  const char *what() const noexcept override { return slm_status_name(status_); }

private:
  slm_status status_;
};

/** Called for a misuse that no caller learns of. When it returns, the misused call has changed nothing. */
using misuse_handler = void (*)(const slm_misuse &misuse);

/** The default handler: one line on stderr, `slabmalloc: SLM_ERR_DOUBLE_FREE at 0x7f0012345680`, and abort(). */
[[noreturn]] inline void report_and_abort(const slm_misuse &misuse) {
  std::fprintf(stderr, "slabmalloc: %s at %p\n", slm_status_name(misuse.kind), misuse.pointer);
  std::abort();
}

/** What the other headers use, and programs don't. */
namespace detail {

/** The handler in force. */
inline std::atomic<misuse_handler> handler{report_and_abort};

/** Reports a status that is not SLM_OK. slm_misuse.slot_size is 0. */
inline void check(slm_status status, void *pointer) noexcept {
  if (status == SLM_OK) return;
  slm_misuse misuse = {static_cast<std::uint32_t>(sizeof misuse), status, pointer, 0};
  handler.load(std::memory_order_acquire)(misuse);
}

/** Throws, or without exceptions ends the program. */
template <class Exception> [[noreturn]] void raise(const Exception &exception) {
#if defined(__cpp_exceptions) || defined(_CPPUNWIND)
  throw exception;
#else
  std::fprintf(stderr, "slabmalloc: %s\n", exception.what());
  std::abort();
#endif
}

/** Throws for an owner that can't be made. */
[[noreturn]] inline void raise_refused(slm_status status) {
  if (status == SLM_ERR_OUT_OF_MEMORY || status == SLM_ERR_LIMIT) raise(bad_alloc(status));
  raise(error(status));
}

} // namespace detail

/** Sets the handler of misuse; nullptr sets the default. It may run on any thread, on several at once. It must not
 *  throw. @return the former handler. */
inline misuse_handler set_misuse_handler(misuse_handler handler) noexcept {
  return detail::handler.exchange(handler == nullptr ? report_and_abort : handler, std::memory_order_acq_rel);
}

} // namespace slabmalloc

#endif /* SLABMALLOC_ERROR_HPP */
