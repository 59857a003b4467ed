#if REALTIME_SANITIZER
  import Glibc
  import MediaPath
  import Testing

  /// That the sanitizer of `scripts/rtsan` does watch; `MediaEngineTests` has the same for the allocation counter.
  @Suite("Watching the tick")
  struct RealTimeRegionTests {
    @Test func theSanitizerEndsAProcessThatAllocates() async {
      await #expect(processExitsWith: .failure) {
        enterRealTimeRegion()
        let memory = [Int32](repeating: getpid(), count: Int(getpid()))
        leaveRealTimeRegion()
        print(memory.reduce(0, ^))
      }
    }

    @Test func outsideATickAllocationIsAllowed() async {
      await #expect(processExitsWith: .success) {
        enterRealTimeRegion()
        leaveRealTimeRegion()
        let memory = [Int32](repeating: getpid(), count: Int(getpid()))
        print(memory.reduce(0, ^))
      }
    }
  }
#endif
