// Marks what must neither allocate nor block for RealtimeSanitizer, in the build that `scripts/rtsan` makes; nothing otherwise.

#if REALTIME_SANITIZER
  @_noLocks
  @_silgen_name("__rtsan_realtime_enter")
  package func enterRealTimeRegion()

  @_noLocks
  @_silgen_name("__rtsan_realtime_exit")
  package func leaveRealTimeRegion()
#else
  @_noLocks
  @inline(__always)
  package func enterRealTimeRegion() {}

  @_noLocks
  @inline(__always)
  package func leaveRealTimeRegion() {}
#endif
