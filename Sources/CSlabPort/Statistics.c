// What the statistics of a process need of the system: their memory, their file, the program's name, and signals. All
// of it may run in a signal handler, and calls the system itself.
#define _GNU_SOURCE
#include "CSlabPort.h"

#if __STDC_HOSTED__ && defined(__linux__)
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <time.h>

unsigned char slm_port_statistics[SLM_PORT_STATISTICS_BYTES] __attribute__((aligned(64)));

static char output_path[SLM_PORT_PATH_BYTES]; // empty: stderr
static struct {
  long start;   // where this report starts in the file; below 0 if the file has no places
  long written; // bytes of it
} output;

// Never waits: not for a reader of a pipe either.
enum { OUTPUT_FLAGS = O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY | O_NONBLOCK };

// The lock of the statistics guards the name: a signal handler has little stack. A descriptor that the program closed,
// as daemons close 0 to 2, is not taken: what the program writes there must not get into the file.
static long open_expanded(const char *path) {
  static char expanded[SLM_PORT_PATH_BYTES];
  if (slm_port_expand_path(path, expanded) != 0) return -1;
  long file = slm_port_system_call(SYS_openat, AT_FDCWD, (long)expanded, OUTPUT_FLAGS, 0666, 0, 0);
  if (file < 0 || file > STDERR_FILENO) return file;
  long higher = slm_port_system_call(SYS_fcntl, file, F_DUPFD_CLOEXEC, STDERR_FILENO + 1, 0, 0, 0);
  slm_port_system_call(SYS_close, file, 0, 0, 0, 0, 0);
  return higher;
}

int slm_port_output_is_writable(const char *path) {
  if (strlen(path) >= SLM_PORT_PATH_BYTES) return 0;
  long file = open_expanded(path);
  if (file < 0) return 0;
  slm_port_system_call(SYS_close, file, 0, 0, 0, 0, 0);
  return 1;
}

void slm_port_set_output(const char *path) { strncpy(output_path, path, sizeof output_path - 1); }

const char *slm_port_output_path(void) { return output_path[0] != 0 ? output_path : NULL; }

static long end_of(int file) { return slm_port_system_call(SYS_lseek, file, 0, SEEK_END, 0, 0, 0); }

int slm_port_open_output(void) {
  output.start = -1;
  output.written = 0;
  if (output_path[0] == 0) return STDERR_FILENO;
  long file = open_expanded(output_path);
  if (file >= 0) output.start = end_of((int)file);
  return (int)file;
}

// Takes back what is half written, unless another process has appended to it.
static void take_back(int file) {
  if (output.start >= 0 && output.written > 0 && end_of(file) == output.start + output.written)
    slm_port_system_call(SYS_ftruncate, file, output.start, 0, 0, 0, 0);
}

// Whether stderr takes some bytes within a second. Whoever reads it may be this program, and may wait for a lock.
static int stderr_is_open(void) {
  struct pollfd poll = {.fd = STDERR_FILENO, .events = POLLOUT};
  struct timespec second = {.tv_sec = 1};
  return slm_port_system_call(SYS_ppoll, (long)&poll, 1, (long)&second, 0, 0, 0) == 1;
}

static int write_all(int file, const void *text, size_t bytes) {
  while (bytes > 0) {
    // A pipe that is open takes so much without waiting.
    size_t some = file == STDERR_FILENO && bytes > PIPE_BUF ? PIPE_BUF : bytes;
    if (file == STDERR_FILENO && !stderr_is_open()) return -1;
    long written = slm_port_system_call(SYS_write, file, (long)text, (long)some, 0, 0, 0);
    if (written == -EINTR) continue;
    if (written <= 0) return -1;
    output.written += written;
    text = (const char *)text + written;
    bytes -= (size_t)written;
  }
  return 0;
}

// A pipe without a reader, or a file as large as it may be, must not end a program by a signal that is about a report.
int slm_port_write_quietly(int file, const void *text, size_t bytes) {
  // The kernel's sets: a bit for each signal.
  uint64_t signals = UINT64_C(1) << (SIGPIPE - 1) | UINT64_C(1) << (SIGXFSZ - 1), before = 0, pending = 0;
  struct timespec now = {0};
  slm_port_system_call(SYS_rt_sigprocmask, SIG_BLOCK, (long)&signals, (long)&before, sizeof before, 0, 0);
  slm_port_system_call(SYS_rt_sigpending, (long)&pending, sizeof pending, 0, 0, 0, 0);
  int result = write_all(file, text, bytes);
  uint64_t ours = signals & ~pending;
  if (result != 0 && ours != 0)
    slm_port_system_call(SYS_rt_sigtimedwait, (long)&ours, 0, (long)&now, sizeof ours, 0, 0);
  slm_port_system_call(SYS_rt_sigprocmask, SIG_SETMASK, (long)&before, 0, sizeof before, 0, 0);
  return result;
}

int slm_port_write_output(int file, const void *text, size_t bytes) {
  int result = slm_port_write_quietly(file, text, bytes);
  if (result != 0) take_back(file);
  return result;
}

void slm_port_close_output(int file) {
  if (file > STDERR_FILENO) slm_port_system_call(SYS_close, file, 0, 0, 0, 0, 0);
}

void slm_port_program_name(void *out, size_t bytes) {
  char *name = out;
  long got = slm_port_read_file("/proc/self/comm", name, bytes - 1);
  // The kernel ends the name by a newline.
  name[got > 0 ? got - 1 : 0] = 0;
}

// --- Signals ---------------------------------------------------------------------------------------

// Those of errors. INT, TERM, HUP and QUIT are left alone: Python and Ruby handle them only where nobody else does.
static const int fatal_signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};

static int is_of_faults(int signal) {
  return signal == SIGSEGV || signal == SIGBUS || signal == SIGFPE || signal == SIGILL;
}

int slm_port_can_handle(int signal) {
  // Two below SIGRTMIN are the C library's own. An instruction that faults would fault again after its handler.
  return signal > 0 && signal <= 64 && signal != SIGKILL && signal != SIGSTOP && (signal < 32 || signal >= SIGRTMIN) &&
         !is_of_faults(signal);
}

int slm_port_signal_number(const char *name) {
  static const struct {
    const char *name;
    int number;
  } known[] = {{"HUP", SIGHUP}, {"QUIT", SIGQUIT},   {"USR1", SIGUSR1}, {"USR2", SIGUSR2},
               {"URG", SIGURG}, {"WINCH", SIGWINCH}, {"IO", SIGIO},     {"PWR", SIGPWR}};
  if (strncmp(name, "SIG", 3) == 0) name += 3;
  for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
    if (strcmp(name, known[i].name) == 0) return known[i].number;
  return 0;
}

void slm_core_statistics_signal(int is_fatal) __attribute__((visibility("hidden")));

static void on_signal(int signal, siginfo_t *info, void *context) {
  (void)signal, (void)info, (void)context;
  int saved = errno;
  slm_core_statistics_signal(0);
  errno = saved;
}

// An instruction that faulted is executed again when the handler returns, and then ends the process: a core file has
// the registers of the fault. Any other signal is sent once more, and arrives when the handler returns.
static void on_fatal_signal(int signal, siginfo_t *info, void *context) {
  (void)context;
  int saved = errno;
  slm_core_statistics_signal(1);
  if (!is_of_faults(signal) || info->si_code <= 0)
    slm_port_system_call(SYS_tgkill, getpid(), (long)slm_port_thread_id(), signal, 0, 0, 0);
  errno = saved;
}

void slm_port_watch_signals(int chosen) {
  int saved = errno;
  struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_RESTART | SA_ONSTACK}, old;
  // Another handler might jump out of this one, which holds locks.
  sigfillset(&action.sa_mask);
  if (chosen != 0) sigaction(chosen, &action, NULL);
  action.sa_sigaction = on_fatal_signal;
  action.sa_flags = SA_SIGINFO | SA_RESETHAND | SA_ONSTACK;
  for (size_t i = 0; i < sizeof fatal_signals / sizeof fatal_signals[0]; i++) {
    int signal = fatal_signals[i];
    // Not one that the program was told to ignore, as by nohup.
    if (signal == chosen || sigaction(signal, NULL, &old) != 0 || old.sa_handler != SIG_DFL) continue;
    sigaction(signal, &action, NULL);
  }
  errno = saved;
}

// --- _exit -----------------------------------------------------------------------------------------

// _exit and _Exit of the preload library. The C library's own exit() does not call them.
void slm_core_process_leaves(void) __attribute__((visibility("hidden")));

static _Noreturn void leave(int status) {
  slm_core_process_leaves();
  for (;;) slm_port_system_call(SYS_exit_group, status, 0, 0, 0, 0, 0);
}

_Noreturn __attribute__((visibility("default"))) void slm_override_exit_now(int status) { leave(status); }
_Noreturn __attribute__((visibility("default"))) void slm_override_exit_now_c99(int status) { leave(status); }
#endif
