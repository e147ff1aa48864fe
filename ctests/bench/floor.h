// An allocator that does nothing: what a call costs by itself, and the loop around it. Beside it, what an allocator
// adds shows. It is linked as the zone is: a shared object of its own, or an object file in the program.
#ifndef FLOOR_H
#define FLOOR_H

#include <stddef.h>

void *floor_allocate(size_t size);
void floor_deallocate(void *object);

#endif
