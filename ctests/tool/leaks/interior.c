/* Objects that only a pointer into them keeps: a container's header is before what its users see. */
#include "leaks.h"
static SEEN char *inside[10];
static APART void run(void) {
  for (int i = 0; i < 10; i++) inside[i] = (char *)malloc(KEPT) + 1 + 50 * i;
  for (int i = 0; i < 5; i++) memset(malloc(LOST), 0, LOST);
}
int main(void) {
  run();
  return ready(5);
}
