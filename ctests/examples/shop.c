// A small server of a shop: it answers requests, remembers the pages that it rendered, and loses a session now and
// then. `shop mended` forgets old pages and ends its sessions. At the end it waits for a line, to be looked at.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { REQUESTS = 4096, KEPT = 64 };

typedef struct session {
  char user[128];
} session;

static char *pages[REQUESTS];

// [remember
static void remember(int number, const char *html, int is_mended) {
  if (is_mended && number >= KEPT) {
    free(pages[number - KEPT]);
    pages[number - KEPT] = NULL;
  }
  pages[number] = strdup(html);
}
// remember]

static session *log_in(int number) {
  session *visitor = malloc(sizeof *visitor);
  if (visitor == NULL) exit(1);
  snprintf(visitor->user, sizeof visitor->user, "user %d", number);
  return visitor;
}

// [serve
static void serve(int number, int is_mended) {
  static char html[6000];
  memset(html, 'a', sizeof html - 1);
  session *visitor = log_in(number);
  remember(number, html, is_mended);
  if (is_mended || number % 8 != 0) free(visitor);
}
// serve]

int main(int argc, char **argv) {
  int is_mended = argc == 2 && strcmp(argv[1], "mended") == 0;
  for (int i = 0; i < REQUESTS; i++) serve(i, is_mended);
  puts("served");
  fflush(stdout);
  (void)getchar();
  return 0;
}
