/// Ends the run with a message that optimised code keeps, and an input that the fuzzer writes down.
func require(_ condition: @autoclosure () -> Bool, _ message: @autoclosure () -> String) {
  if !condition() { fatalError(message()) }
}
