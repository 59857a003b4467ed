#define _GNU_SOURCE
#include "CAllocationCounter.h"

#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <malloc.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);
extern void __libc_free(void *);

// "initial-exec" keeps the first use of the variable on a thread from allocating.
#define PER_THREAD static _Thread_local __attribute__((tls_model("initial-exec")))

PER_THREAD bool armed;
PER_THREAD bool inside;
PER_THREAD struct allocation_counts counts;
PER_THREAD unsigned name_checked;
PER_THREAD bool name_matches;

static char name_prefix[16];
static atomic_uint generation;  // odd while threads are armed by name
static atomic_llong sum_allocations, sum_frees, sum_locks;
static atomic_bool tracing;

static bool counted_by_name(void) {
  unsigned now = atomic_load_explicit(&generation, memory_order_acquire);
  if (!(now & 1)) return false;
  if (name_checked != now) {
    char name[16] = "";
    int error = errno;
    prctl(PR_GET_NAME, name);
    errno = error;
    name_matches = strncmp(name, name_prefix, strlen(name_prefix)) == 0;
    name_checked = now;
  }
  return name_matches;
}

static void trace(void) {
  if (!atomic_exchange(&tracing, false)) return;
  inside = true;
  void *frames[32];
  backtrace_symbols_fd(frames, backtrace(frames, 32), STDERR_FILENO);
  inside = false;
}

static inline void note(ptrdiff_t field, atomic_llong *sum) {
  if (inside) return;
  bool traced = false;
  if (armed) {
    *(int64_t *)((char *)&counts + field) += 1;
    traced = true;
  }
  if (counted_by_name()) {
    atomic_fetch_add_explicit(sum, 1, memory_order_relaxed);
    traced = true;
  }
  if (traced) trace();
}

#define NOTE(field) note(offsetof(struct allocation_counts, field), &sum_##field)

void allocation_counter_start(void) {
  memset(&counts, 0, sizeof counts);
  armed = true;
}

struct allocation_counts allocation_counter_stop(void) {
  armed = false;
  return counts;
}

struct allocation_counts allocation_counter_read(void) { return counts; }

void allocation_counter_arm_threads_named(const char *prefix) {
  allocation_counter_disarm_threads();
  strncpy(name_prefix, prefix, sizeof name_prefix - 1);
  atomic_store(&sum_allocations, 0);
  atomic_store(&sum_frees, 0);
  atomic_store(&sum_locks, 0);
  atomic_fetch_add_explicit(&generation, 1, memory_order_release);
}

struct allocation_counts allocation_counter_threads(void) {
  return (struct allocation_counts){atomic_load(&sum_allocations), atomic_load(&sum_frees), atomic_load(&sum_locks)};
}

struct allocation_counts allocation_counter_disarm_threads(void) {
  if (atomic_load(&generation) & 1) atomic_fetch_add(&generation, 1);
  return allocation_counter_threads();
}

void allocation_counter_trace(bool on) {
  // The first backtrace loads a library, which must not happen in a counted thread.
  void *frame[1];
  if (on) backtrace(frame, 1);
  atomic_store(&tracing, on);
}

int64_t allocation_counter_heap_bytes(void) {
  struct mallinfo2 info = mallinfo2();
  return (int64_t)info.uordblks + (int64_t)info.hblkhd;
}

// --- allocation ---------------------------------------------------------------------------------------------------

void *malloc(size_t size) {
  NOTE(allocations);
  return __libc_malloc(size);
}

void *calloc(size_t count, size_t size) {
  NOTE(allocations);
  return __libc_calloc(count, size);
}

void *realloc(void *memory, size_t size) {
  NOTE(allocations);
  return __libc_realloc(memory, size);
}

void free(void *memory) {
  if (memory) NOTE(frees);
  __libc_free(memory);
}

void *memalign(size_t alignment, size_t size) {
  NOTE(allocations);
  return __libc_memalign(alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size) {
  NOTE(allocations);
  return __libc_memalign(alignment, size);
}

int posix_memalign(void **memory, size_t alignment, size_t size) {
  NOTE(allocations);
  void *block = __libc_memalign(alignment, size);
  if (!block) return ENOMEM;
  *memory = block;
  return 0;
}

// --- locks --------------------------------------------------------------------------------------------------------

// The real function is looked up once; two threads that race find the same.
#define INTERPOSE_LOCK(name, type)                                              \
  int name(type *object) {                                                      \
    static _Atomic(void *) real;                                                \
    void *function = atomic_load_explicit(&real, memory_order_acquire);         \
    if (!function) {                                                            \
      function = dlsym(RTLD_NEXT, #name);                                       \
      atomic_store_explicit(&real, function, memory_order_release);             \
    }                                                                           \
    NOTE(locks);                                                                \
    return ((int (*)(type *))function)(object);                                 \
  }

INTERPOSE_LOCK(pthread_mutex_lock, pthread_mutex_t)
INTERPOSE_LOCK(pthread_mutex_trylock, pthread_mutex_t)
INTERPOSE_LOCK(pthread_rwlock_rdlock, pthread_rwlock_t)
INTERPOSE_LOCK(pthread_rwlock_wrlock, pthread_rwlock_t)
INTERPOSE_LOCK(pthread_cond_signal, pthread_cond_t)
INTERPOSE_LOCK(pthread_cond_broadcast, pthread_cond_t)
