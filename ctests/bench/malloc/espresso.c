// Two-level logic, after espresso (R. Brayton et al., "Logic Minimization Algorithms for VLSI Synthesis", 1984), one of
// the programs in B. Zorn's malloc benchmarks: the complement of a random cover by recursion over its cofactors. Each
// cube is a small array of its own, each cover a list that realloc makes longer; most live for one step of the
// recursion.
#include "workload.h"

#define COVERS 240
#define INPUTS_MAX 64

// How an input stands in a cube: a set of the values that it may have.
enum { NONE = 0, ZERO = 1, ONE = 2, ANY = 3 };

typedef struct cover {
  unsigned char **cubes;
  size_t count, room;
} cover;

static size_t inputs;

static unsigned char *cube_copy(const unsigned char *cube) {
  unsigned char *copy = malloc(inputs);
  if (copy == NULL) die("out of memory");
  return memcpy(copy, cube, inputs);
}

static void cover_add(cover *cover, unsigned char *cube) {
  if (cover->count == cover->room) {
    cover->room = cover->room == 0 ? 4 : cover->room * 2;
    cover->cubes = realloc(cover->cubes, cover->room * sizeof *cover->cubes);
    if (cover->cubes == NULL) die("out of memory");
  }
  cover->cubes[cover->count++] = cube;
}

static void cover_free(cover *cover) {
  for (size_t i = 0; i < cover->count; i++) free(cover->cubes[i]);
  free(cover->cubes);
}

static bool cube_contains(const unsigned char *outer, const unsigned char *inner) {
  for (size_t i = 0; i < inputs; i++)
    if ((inner[i] & ~outer[i]) != 0) return false;
  return true;
}

// The cover as it is where the input has the value: without the cubes that exclude it.
static cover cofactor(const cover *of, size_t input, unsigned char value) {
  cover result = {0};
  for (size_t i = 0; i < of->count; i++) {
    if ((of->cubes[i][input] & value) == 0) continue;
    unsigned char *cube = cube_copy(of->cubes[i]);
    cube[input] = ANY;
    cover_add(&result, cube);
  }
  return result;
}

// The input that most cubes name, and inputs if none does.
static size_t most_named(const cover *of) {
  size_t best = inputs, best_count = 0;
  for (size_t i = 0; i < inputs; i++) {
    size_t count = 0;
    for (size_t j = 0; j < of->count; j++) count += of->cubes[j][i] != ANY;
    if (count > best_count) best_count = count, best = i;
  }
  return best;
}

// Moves the cubes into the result, each limited to a value of the input, unless a cube of the result contains it.
static void move_limited(cover *from, size_t input, unsigned char value, cover *result) {
  for (size_t i = 0; i < from->count; i++) {
    unsigned char *cube = from->cubes[i];
    cube[input] &= value;
    bool contained = false;
    for (size_t j = 0; j < result->count && !contained; j++) contained = cube_contains(result->cubes[j], cube);
    if (contained) free(cube);
    else cover_add(result, cube);
  }
  free(from->cubes);
}

static cover complement(const cover *of) {
  cover result = {0};
  unsigned char all[INPUTS_MAX];
  memset(all, ANY, sizeof all);
  if (of->count == 0) cover_add(&result, cube_copy(all));
  for (size_t i = 0; i < of->count; i++)
    if (cube_contains(of->cubes[i], all)) return result;
  if (of->count == 1) {
    // De Morgan: any input that differs is enough.
    for (size_t i = 0; i < inputs; i++) {
      if (of->cubes[0][i] == ANY) continue;
      unsigned char *cube = cube_copy(all);
      cube[i] = ANY ^ of->cubes[0][i];
      cover_add(&result, cube);
    }
  }
  if (of->count <= 1) return result;
  size_t input = most_named(of);
  for (unsigned char value = ZERO; value <= ONE; value++) {
    cover half = cofactor(of, input, value), half_complement = complement(&half);
    cover_free(&half);
    move_limited(&half_complement, input, value, &result);
  }
  return result;
}

static bool covers(const cover *cover, const unsigned char *point) {
  for (size_t i = 0; i < cover->count; i++)
    if (cube_contains(cover->cubes[i], point)) return true;
  return false;
}

int main(int argc, char **argv) {
  workload_start(argc, argv);
  uint64_t random = random_start(0);
  size_t cubes = 0;
  for (size_t left = share_of(COVERS); left > 0; left--) {
    inputs = random_between(&random, 12, 20);
    cover on = {0};
    for (size_t i = 0; i < 20; i++) {
      unsigned char cube[INPUTS_MAX];
      for (size_t j = 0; j < inputs; j++) cube[j] = ANY;
      for (size_t j = 0; j < 5; j++) cube[random_below(&random, inputs)] = (unsigned char)random_between(&random, 1, 2);
      cover_add(&on, cube_copy(cube));
    }
    cover off = complement(&on);
    cubes += off.count;
    // Each point is in one of the two.
    for (size_t i = 0; i < 200; i++) {
      unsigned char point[INPUTS_MAX];
      for (size_t j = 0; j < inputs; j++) point[j] = (unsigned char)random_between(&random, 1, 2);
      if (covers(&on, point) == covers(&off, point)) die("a complement is wrong");
    }
    cover_free(&on);
    cover_free(&off);
  }
  printf("cubes %zu\n", cubes);
  return 0;
}
