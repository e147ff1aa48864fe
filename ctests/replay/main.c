/* slabmalloc-replay: does again what a program asked of malloc, against any malloc. See the usage below. */
#define _GNU_SOURCE
#include "replay.h"
#include "shrink.h"

#include <dlfcn.h>
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <unistd.h>

static const char usage[] =
    "slabmalloc-replay: does again what a program asked of malloc, as a trace recorded it:\n"
    "    SLABMALLOC_TRACE=TRACE LD_PRELOAD=libslabmalloc-preload.so PROGRAM ARGUMENT...\n"
    "\n"
    "slabmalloc-replay run [OPTION...] TRACE        do it again; status 0, 1 if an object is wrong, 2 if the trace is\n"
    "slabmalloc-replay shrink [OPTION...] TRACE OUT [-- COMMAND ARGUMENT...]\n"
    "                                               the least that fails likewise; {} in a command is the trace\n"
    "slabmalloc-replay dump TRACE                   as text\n"
    "slabmalloc-replay from-text TEXT TRACE         and back; - is the standard input\n"
    "\n"
    "  --lib FILE      under this malloc (LD_PRELOAD), such as libjemalloc.so.2; without, under that of the process\n"
    "  --zone          in a zone of slabmalloc.h, by one thread; what is too large for it comes from malloc\n"
    "  --free-running  threads wait for objects of others only, not for their turn\n"
    "  --one-thread    one thread does all\n"
    "  --no-content    don't fill objects and look at them: for times\n"
    "  --verify        look at all objects after each operation: slow, but tells which operation did it\n"
    "  --json          the result as JSON\n"
    "  --timeout N     seconds that a run of shrink may take (60)\n";

typedef struct options {
  replay_options replay;
  bool zone, json;
  const char *library;
  unsigned timeout;
} options;

static _Noreturn void refuse_usage(void) {
  fputs(usage, stderr);
  exit(2);
}

static _Noreturn void print_usage(void) {
  fputs(usage, stdout);
  exit(0);
}

static options read_options(int count, char **arguments) {
  options o = {.timeout = 60};
  static const struct option known[] = {
      {"lib", required_argument, NULL, 'l'},     {"zone", no_argument, NULL, 'z'},
      {"free-running", no_argument, NULL, 'f'},  {"no-content", no_argument, NULL, 'n'},
      {"verify", no_argument, NULL, 'v'},        {"json", no_argument, NULL, 'j'},
      {"timeout", required_argument, NULL, 't'}, {"one-thread", no_argument, NULL, 'o'},
      {"help", no_argument, NULL, 'h'},          {NULL, 0, NULL, 0}};
  for (int c; (c = getopt_long(count, arguments, "+", known, NULL)) != -1;) {
    switch (c) {
    case 'l':
      o.library = optarg;
      break;
    case 'z':
      o.zone = true;
      break;
    case 'f':
      o.replay.free_running = true;
      break;
    case 'n':
      o.replay.no_content = true;
      break;
    case 'v':
      o.replay.verify = true;
      break;
    case 'o':
      o.replay.one_thread = true;
      break;
    case 'j':
      o.json = true;
      break;
    case 'h':
      print_usage();
    case 't': {
      char *end;
      unsigned long seconds = strtoul(optarg, &end, 10);
      if (*end != 0 || seconds == 0 || seconds > 1000000) refuse("--timeout: not a number of seconds");
      o.timeout = (unsigned)seconds;
      break;
    }
    default:
      refuse_usage();
    }
  }
  if (o.replay.verify && (o.replay.free_running || o.replay.no_content))
    refuse("--verify goes with neither --free-running nor --no-content");
  if (o.zone) o.replay.one_thread = true;
  return o;
}

/** Starts the program anew, with the malloc that is asked for, and where addresses are the same each time. A name
 * without a folder is looked for as any library is. The loader goes on without what it can't preload: then this would
 * be another malloc's replay. */
static void start_anew(const options *o, char **arguments) {
  static const char mark[] = "REPLAY_STARTED";
  const char *done = getenv(mark);
  if (done != NULL) {
    unsetenv(mark);
    if (o->library == NULL || dlopen(getenv("LD_PRELOAD"), RTLD_LAZY | RTLD_NOLOAD) != NULL) return;
    refuse("%s: can't be preloaded", o->library);
  }
  if (o->library != NULL) {
    char *library = realpath(o->library, NULL);
    if (library == NULL && strchr(o->library, '/') != NULL) refuse("%s: %s", o->library, strerror(errno));
    setenv("LD_PRELOAD", library != NULL ? library : o->library, 1);
  }
  int old = personality(0xffffffff);
  if (old != -1) personality((unsigned long)old | ADDR_NO_RANDOMIZE);
  setenv(mark, "1", 1);
  execv("/proc/self/exe", arguments);
  refuse("can't start anew: %s", strerror(errno));
}

static const char *malloc_name(void) {
  Dl_info found;
  return dladdr((void *)(uintptr_t)malloc, &found) != 0 && found.dli_fname != NULL ? found.dli_fname : "unknown";
}

static void print_string(const char *text) {
  putchar('"');
  for (; *text != 0; text++) {
    if (*text == '"' || *text == '\\') putchar('\\');
    if ((unsigned char)*text >= 32) putchar(*text);
  }
  putchar('"');
}

static void print_result(const options *o, const char *path, const trace *t, const replay_result *result) {
  trace_summary s = trace_summarize(t);
  const struct {
    const char *name, *text;
    unsigned long long value;
  } rows[] = {
      {"operations", "operations", s.operations},
      {"allocations", "allocations, of them", s.allocations},
      {"reallocations", "  reallocations", s.reallocations},
      {"failed", "  that failed when recorded", s.failed},
      {"frees", "frees", s.frees},
      {"misuses", "misuses recorded", s.misuses},
      {"threads", "threads", s.threads},
      {"peak_bytes", "bytes asked for at the peak", s.peak_bytes},
      {"live_objects", "objects left at the end", s.live_objects},
      {"checked", "contents looked at", result->checked},
      {"fallbacks", "allocations too large for the zone", o->zone ? zone_fallbacks() : 0},
      {"peak_resident", "bytes resident at the peak", result->peak_resident},
  };
  enum { ROWS = sizeof rows / sizeof *rows };
  double each = s.operations == 0 ? 0 : result->seconds * 1e9 / (double)s.operations;
  if (o->json) {
    printf("{\"trace\": ");
    print_string(path);
    printf(", \"target\": \"%s\", \"malloc\": ", o->zone ? "slm_zone" : "malloc");
    print_string(malloc_name());
    for (size_t i = 0; i < ROWS; i++) printf(", \"%s\": %llu", rows[i].name, rows[i].value);
    printf(", \"seconds\": %.6f, \"processor_seconds\": %.6f, \"complete\": %s}\n", result->seconds,
           result->processor_seconds, t->has_end ? "true" : "false");
    return;
  }
  printf("%s against %s of %s\n", path, o->zone ? "a zone, and malloc" : "malloc", malloc_name());
  for (size_t i = 0; i < ROWS; i++)
    if (rows[i].value != 0 || i < 3) printf("%16llu %s\n", rows[i].value, rows[i].text);
  printf("%16.6f seconds, %.6f of processors, %.1f ns an operation\n", result->seconds, result->processor_seconds,
         each);
  if (!t->has_end) printf("the trace has no end: the program was ended from outside, or by a misuse\n");
}

static int run(int count, char **arguments) {
  options o = read_options(count, arguments);
  if (count - optind != 1) refuse_usage();
  const char *path = arguments[optind];
  start_anew(&o, arguments - 1);
  trace t = trace_read(path);
  replay_result result = replay_run(&t, o.zone ? zone_target() : &malloc_target, o.replay);
  print_result(&o, path, &t, &result);
  const char *wrong = o.zone ? zone_close() : NULL;
  if (wrong == NULL) return 0;
  fprintf(stderr, "replay: the zone can't be destroyed: %s\n", wrong);
  return 1;
}

static int shrink_trace(int count, char **arguments) {
  options o = read_options(count, arguments);
  if (count - optind < 2) refuse_usage();
  const char *path = arguments[optind], *out = arguments[optind + 1];
  char **command = arguments + optind + 2;
  enum { MOST = 16 };
  char *own[MOST];
  if (*command != NULL && strcmp(*command, "--") == 0) command++;
  else if (*command != NULL) refuse_usage();
  if (*command == NULL) {
    size_t n = 0;
    own[n++] = "/proc/self/exe";
    own[n++] = "run";
    if (o.library != NULL) own[n++] = "--lib", own[n++] = (char *)o.library;
    if (o.zone) own[n++] = "--zone";
    if (o.replay.free_running) own[n++] = "--free-running";
    if (o.replay.one_thread && !o.zone) own[n++] = "--one-thread";
    if (o.replay.no_content) own[n++] = "--no-content";
    if (o.replay.verify) own[n++] = "--verify";
    own[n++] = "{}";
    own[n] = NULL;
    command = own;
  }
  trace t = trace_read(path);
  trace least = shrink(&t, (shrink_command){command, command == own ? 2 : 127, o.timeout});
  least.has_end = true;
  trace_write(&least, out);
  return 0;
}

int main(int count, char **arguments) {
  const char *command = count < 2 ? "" : arguments[1];
  if (strcmp(command, "--help") == 0) print_usage();
  if (strcmp(command, "run") == 0) return run(count - 1, arguments + 1);
  if (strcmp(command, "shrink") == 0) return shrink_trace(count - 1, arguments + 1);
  if (strcmp(command, "dump") == 0 && count == 3) {
    trace t = trace_read(arguments[2]);
    text_write(&t);
    return 0;
  }
  if (strcmp(command, "from-text") == 0 && count == 4) {
    trace t = text_read(arguments[2]);
    trace_write(&t, arguments[3]);
    return 0;
  }
  refuse_usage();
}
