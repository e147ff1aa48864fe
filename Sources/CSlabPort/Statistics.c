// What the statistics of a process need of the system: their memory, their file, the program's name, and signals. All
// of it may run in a signal handler, and calls the system itself.
#define _GNU_SOURCE
#include "CSlabPort.h"

#if __STDC_HOSTED__ && defined(__linux__)
#include <fcntl.h>
#include <signal.h>

unsigned char slm_port_statistics[SLM_PORT_STATISTICS_BYTES] __attribute__((aligned(64)));

static char output_path[SLM_PORT_PATH_BYTES]; // empty: stderr
static struct {
  long start;   // where this report starts in the file; below 0 if the file has no places
  long written; // bytes of it
} output;

// Never waits: not for a reader of a pipe either.
enum { OUTPUT_FLAGS = O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY | O_NONBLOCK };

static long open_expanded(const char *path) {
  char expanded[SLM_PORT_PATH_BYTES];
  if (slm_port_expand_path(path, expanded) != 0) return -1;
  return slm_port_system_call(SYS_openat, AT_FDCWD, (long)expanded, OUTPUT_FLAGS, 0666, 0, 0);
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

int slm_port_write_output(int file, const void *text, size_t bytes) {
  while (bytes > 0) {
    long written = slm_port_system_call(SYS_write, file, (long)text, (long)bytes, 0, 0, 0);
    if (written == -EINTR) continue;
    if (written <= 0) {
      take_back(file);
      return -1;
    }
    output.written += written;
    text = (const char *)text + written;
    bytes -= (size_t)written;
  }
  return 0;
}

void slm_port_close_output(int file) {
  if (file > STDERR_FILENO) slm_port_system_call(SYS_close, file, 0, 0, 0, 0, 0);
}

void slm_port_program_name(void *out, size_t bytes) {
  char *name = out;
  name[0] = 0;
  long file = slm_port_system_call(SYS_openat, AT_FDCWD, (long)"/proc/self/comm", O_RDONLY | O_CLOEXEC, 0, 0, 0);
  if (file < 0) return;
  long got = slm_port_system_call(SYS_read, file, (long)name, (long)bytes - 1, 0, 0, 0);
  slm_port_system_call(SYS_close, file, 0, 0, 0, 0, 0);
  // The kernel ends the name by a newline.
  name[got > 0 ? got - 1 : 0] = 0;
}

// --- Signals ---------------------------------------------------------------------------------------

// Those that end a process unless it handles them.
static const int fatal_signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTERM, SIGINT, SIGHUP, SIGQUIT};

int slm_port_can_handle(int signal) {
  // Two below SIGRTMIN are the C library's own.
  return signal > 0 && signal <= 64 && signal != SIGKILL && signal != SIGSTOP && (signal < 32 || signal >= SIGRTMIN);
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
  int is_fault = signal == SIGSEGV || signal == SIGBUS || signal == SIGFPE || signal == SIGILL;
  if (!is_fault || info->si_code <= 0)
    slm_port_system_call(SYS_tgkill, getpid(), (long)slm_port_thread_id(), signal, 0, 0, 0);
  errno = saved;
}

void slm_port_watch_signals(int chosen) {
  int saved = errno;
  struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_RESTART | SA_ONSTACK}, old;
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
