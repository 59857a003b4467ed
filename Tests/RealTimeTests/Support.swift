import Glibc

/// Lets the other thread run; the tests have as few as one processor.
func yieldProcessor() {
  sched_yield()
}
