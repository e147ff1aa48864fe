/* Objects that are constructed once, on the pages of a zone with a limit, with a shrinker and a table. */
#include <slabmalloc.h>
#include <stdio.h>
#include <string.h>

/* [inode */
struct inode {
  int lock; /* constructed once: unlocked, without references, in no list */
  unsigned references;
  struct inode *next_unused;
  unsigned number;
};

static slm_status inode_construct(void *context, void *object, size_t size) {
  (void)context, (void)size;
  memset(object, 0, sizeof(struct inode));
  return SLM_OK;
}

static slm_cache *inodes;
static struct inode *unused; /* kept for the next look-up, until memory is short */

/* Frees what is kept, and says whether there was any. */
static bool inode_shrink(void *context, size_t bytes) {
  (void)context, (void)bytes;
  if (unused == NULL) return false;
  while (unused != NULL) {
    struct inode *inode = unused;
    unused = inode->next_unused;
    inode->next_unused = NULL; /* as it was constructed */
    if (slm_cache_deallocate(inodes, inode) != SLM_OK) return false;
  }
  return slm_cache_reclaim(inodes, SIZE_MAX, SIZE_MAX, NULL) == SLM_OK;
}

static slm_status inodes_start(slm_zone *heap) {
  static slm_cache_storage storage;
  static slm_shrinker shrinker = {.struct_size = sizeof shrinker, .shrink = inode_shrink};
  slm_status status;
  slm_options options = SLM_DEFAULT_OPTIONS;
  options.name = "inodes";
  options.provider = slm_zone_provider(heap); /* its pages count to the limits of the heap */
  inodes = slm_cache_init(&storage, sizeof storage, _Alignof(struct inode), sizeof(struct inode), &options, &status);
  if (inodes == NULL) return status;
  slm_constructor constructor = {sizeof constructor, 0, NULL, inode_construct, NULL};
  status = slm_cache_set_constructor(inodes, &constructor);
  return status == SLM_OK ? slm_zone_add_shrinker(heap, &shrinker) : status;
}
/* inode] */

static void print(void *context, const char *text, size_t length) { fwrite(text, 1, length, context); }

static bool leak(void *context, void *object, size_t size, size_t class_index) {
  (void)context, (void)class_index;
  printf("left: inode %u, %zu bytes\n", ((struct inode *)object)->number, size);
  return true;
}

int main(void) {
  static slm_zone_storage storage;
  static slm_registry registry;
  static slm_registry_entry entries[2];
  slm_options options = *SLM_OPTIONS(slm_mmap_provider());
  options.name = "heap";
  options.hard_limit = 4 * 65536;
  slm_zone *heap = slm_zone_init(&storage, sizeof storage, &options, NULL);
  if (heap == NULL || inodes_start(heap) != SLM_OK) return 1;
  if (slm_registry_add_zone(&registry, &entries[0], heap) != SLM_OK) return 1;
  if (slm_registry_add_cache(&registry, &entries[1], inodes) != SLM_OK) return 1;

  struct inode *root = slm_cache_allocate(inodes);
  if (root == NULL) return 1;
  root->number = 1;
  for (unsigned i = 2; i <= 9000; i++) { /* looked up once, and kept: four pages of 64 KiB */
    struct inode *inode = slm_cache_allocate(inodes);
    if (inode == NULL) return 1;
    if (inode->lock != 0 || inode->references != 0) return 1;
    inode->next_unused = unused;
    unused = inode;
  }
  slm_registry_print(&registry, print, stdout);
  char *buffer = slm_zone_allocate(heap, 4000); /* needs a page: the limit is reached, the unused inodes go */
  if (buffer == NULL) return 1;
  slm_registry_print(&registry, print, stdout);
  if (slm_zone_deallocate(heap, buffer) != SLM_OK) return 1;

  size_t live = 0;
  if (slm_cache_destroy_with(inodes, leak, NULL, &live) != SLM_OK || live != 1) return 1;
  return slm_zone_destroy(heap, NULL) == SLM_OK ? 0 : 1;
}
