/* A heap for each request: what the handler allocates is freed at once, however many objects that were. */
#include <slabmalloc.h>
#include <stdio.h>
#include <string.h>

struct parameter {
  struct parameter *next;
  char *text;
};

/* Answers "a=1&b=2" with "b=2, a=1". It frees nothing, whichever way it returns. */
static const char *handle(slm_heap *heap, const char *query) {
  struct parameter *all = NULL;
  size_t length = 1;
  for (size_t size; *query != '\0'; query += size + (query[size] == '&')) {
    size = strcspn(query, "&");
    struct parameter *parameter = slm_heap_allocate(heap, sizeof *parameter);
    char *text = slm_heap_allocate_zeroed(heap, size + 1);
    if (parameter == NULL || text == NULL) return NULL;
    memcpy(text, query, size);
    *parameter = (struct parameter){.next = all, .text = text};
    all = parameter;
    length += size + 2;
  }
  char *answer = slm_heap_allocate_zeroed(heap, length);
  for (; answer != NULL && all != NULL; all = all->next) strcat(strcat(answer, all->text), all->next ? ", " : "");
  return answer;
}

/* [serve */
static int serve(const char *query) {
  slm_heap *heap = slm_heap_create(NULL, NULL);
  if (heap == NULL) return 1;
  const char *answer = handle(heap, query); /* allocates with slm_heap_allocate(heap, size) */
  if (answer != NULL) printf("%.32s\n", answer);
  size_t live = 0;
  slm_status status = slm_heap_destroy(heap, &live);
  printf("  %zu objects freed at once\n", live);
  return answer == NULL || status != SLM_OK;
}
/* serve] */

int main(void) {
  slm_process_usage before = {.struct_size = sizeof before}, after = before;
  slm_process_statistics(&before);
  if (serve("name=Vega&magnitude=0.03") != 0) return 1;

  static char query[20001];
  for (size_t i = 0; i < 20000; i++) query[i] = i % 2 == 0 ? 'x' : '&';
  if (serve(query) != 0) return 1;
  slm_process_statistics(&after);
  printf("bytes in slabs: %llu at the start, %llu now\n", (unsigned long long)before.bytes_slabs,
         (unsigned long long)after.bytes_slabs);
  return 0;
}
