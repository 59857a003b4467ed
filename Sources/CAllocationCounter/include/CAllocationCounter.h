// Test kit: counts what a thread allocates, frees and locks between start and stop.
//
// Linking this target interposes malloc, calloc, realloc, free, aligned allocation, and pthread's mutex, read-write lock
// and condition calls of the whole process. Each thread counts only while it is armed: by itself
// (`allocation_counter_start`), or by the process for the thread of a given name
// (`allocation_counter_arm_threads_named`), which reaches into a media thread that knows nothing of the counter.
#ifndef CALLOCATION_COUNTER_H
#define CALLOCATION_COUNTER_H

#include <stdbool.h>
#include <stdint.h>

struct allocation_counts {
  int64_t allocations;
  int64_t frees;
  int64_t locks;
};

// Arms and clears the calling thread.
void allocation_counter_start(void);
// Disarms the calling thread; what it did since the start.
struct allocation_counts allocation_counter_stop(void);
// What the calling thread has done since its start.
struct allocation_counts allocation_counter_read(void);

// From now on counts every thread whose name (15 bytes at most, as the kernel holds it) begins with `prefix`, into one
// sum for the process. An empty prefix counts all. Threads are asked for their name at their next allocation or lock.
void allocation_counter_arm_threads_named(const char *prefix);
// Disarms by name; the sum.
struct allocation_counts allocation_counter_disarm_threads(void);
// The sum so far.
struct allocation_counts allocation_counter_threads(void);

// While set, the first counted allocation or lock of an armed thread writes its call stack to standard error.
void allocation_counter_trace(bool on);

// Bytes in use from the heap of the whole process, by the allocator's own account.
int64_t allocation_counter_heap_bytes(void);

#endif
