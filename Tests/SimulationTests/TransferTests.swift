import CallControl
import LineHarness
import RealTime
import SDP
import SIP
import TelephonyHAL
import Testing

/// Transfers with audio: the telephone hears the new softphone, and the new softphone the telephone.
@Suite struct TransferTests {
  /// A telephone that says 1,000 Hz and records; bob says 500 Hz, eve, who answers after 2 s, 700 Hz.
  private struct Scene {
    let folder: RecordingFolder
    let world: VirtualWorld
    let bob: VirtualSoftphone
    let eve: VirtualSoftphone

    init() throws {
      folder = try RecordingFolder()
      let phone = Phone(number: Numbers.speaks, answersAfterMilliseconds: 500, says: .tone(1_000), records: folder.file("heard.wav"))
      world = try VirtualWorld.make(lines: 1, phones: [phone])
      bob = world.addSoftphone("bob") { $0.says = .tone(500, dbm0: -15) }
      eve = world.addSoftphone("eve") {
        $0.answersAfter = .milliseconds(2_000)
        $0.says = .tone(700, dbm0: -15)
        $0.records = true
      }
    }

    /// What the telephone heard in the half second that ended then.
    func heard(_ recording: [Int16], before end: MediaTime, since answer: MediaTime) -> [Int16] {
      let last = Int((end - answer).nanoseconds / 125_000)
      return Array(recording.prefix(max(last, 0)).suffix(4_000))
    }
  }

  private func level(_ samples: [Int16], of frequency: Double) -> Double { AudioAnalysis.level(of: frequency, in: samples) }

  @Test func blindTransferMovesTheAudio() throws {
    let scene = try Scene()
    let (world, bob, eve) = (scene.world, scene.bob, scene.eve)
    let call = try world.talk(Numbers.speaks, bob)
    let answer = world.now
    world.run(milliseconds: 1_000)
    let talking = world.now
    bob.offer(.sendOnly, in: call, now: world.now)
    world.run(milliseconds: 1_000)
    let held = world.now
    world.refer(bob, call, to: "sip:eve@192.0.2.11")
    let isAnswered = world.run(atMost: 5_000) { _ in eve.call?.answeredAt != nil }
    #expect(isAnswered)
    world.run(milliseconds: 100)
    #expect(bob.referAnswers == [202])
    #expect(bob.reports == [100, 180, 200])
    #expect(call.endedByGateway?.reason == .q850(16, "normal clearing"))
    world.run(milliseconds: 2_000)
    let moved = world.now
    let eveHeard = try #require(eve.call?.stream.heard.suffix(4_000))
    #expect(level(Array(eveHeard), of: 1_000) > -25)
    world.hangUp(eve)
    world.expectNothingLeft()
    let recording = try scene.folder.read("heard.wav")
    #expect(level(scene.heard(recording, before: talking, since: answer), of: 500) > -25)
    #expect(level(scene.heard(recording, before: held, since: answer), of: 500) < -45)
    #expect(level(scene.heard(recording, before: moved, since: answer), of: 700) > -25)
    #expect(level(scene.heard(recording, before: moved, since: answer), of: 500) < -45)
    #expect(world.lineCommands.filter { $0.item != .hangUp }.map(\.item) == [.seize])
    #expect(world.records.map(\.notes) == [["transferred to sip:eve@192.0.2.11"]])
  }

  /// While nobody is there, the telephone hears that somebody is rung: in Japan 400 Hz.
  @Test func parkedTelephoneHearsRingback() throws {
    let scene = try Scene()
    let (world, bob, eve) = (scene.world, scene.bob, scene.eve)
    let call = try world.talk(Numbers.speaks, bob)
    let answer = world.now
    world.refer(bob, call, to: "sip:eve@192.0.2.11")
    world.run(milliseconds: 100)
    world.hangUp(bob)
    world.run(milliseconds: 900)
    let parked = world.now
    let isAnswered = world.run(atMost: 5_000) { _ in eve.call?.answeredAt != nil }
    #expect(isAnswered)
    world.run(milliseconds: 2_000)
    let moved = world.now
    #expect(bob.reports.last == 200)
    world.hangUp(eve)
    world.expectNothingLeft()
    let recording = try scene.folder.read("heard.wav")
    #expect(level(scene.heard(recording, before: parked, since: answer), of: 400) > -35)
    #expect(level(scene.heard(recording, before: moved, since: answer), of: 400) < -45)
    #expect(level(scene.heard(recording, before: moved, since: answer), of: 700) > -25)
    #expect(world.records.count == 1)
  }

  @Test func runningCallIsTakenOverWithItsAudio() throws {
    let scene = try Scene()
    let (world, bob, eve) = (scene.world, scene.bob, scene.eve)
    let call = try world.talk(Numbers.speaks, bob)
    let answer = world.now
    let taken = try #require(world.takeOver(call, of: bob, by: eve))
    world.run(milliseconds: 100)
    #expect(taken.answeredAt != nil)
    #expect(call.endedByGateway?.reason == .sip(200, "Call completed elsewhere"))
    world.run(milliseconds: 2_000)
    let moved = world.now
    #expect(level(Array(taken.stream.heard.suffix(4_000)), of: 1_000) > -25)
    world.hangUp(eve)
    world.expectNothingLeft()
    let recording = try scene.folder.read("heard.wav")
    #expect(level(scene.heard(recording, before: moved, since: answer), of: 700) > -25)
  }

  /// The telephone or the softphones hang up at any moment of a transfer, on a network that loses every tenth datagram.
  @Test(arguments: 0..<24) func hangUpsAtAnyMoment(step: Int) throws {
    let world = try VirtualWorld.make(lines: 1) {
      $0.seed = UInt64(step + 1)
      $0.signalling = NetworkConditions(loss: 0.1, duplication: 0.05, reordering: 0.1, delayMilliseconds: 1...30)
    }
    let bob = world.addSoftphone("bob")
    let eve = world.addSoftphone("eve") { $0.answersAfter = .milliseconds(2_000) }
    let call = try world.talk(Numbers.speaks, bob)
    world.refer(bob, call, to: "sip:eve@192.0.2.11")
    world.run(milliseconds: step / 4 * 500)
    switch step % 4 {
    case 0: world.telephone(.hangUp(number: Numbers.speaks))
    case 1: world.hangUp(bob)
    case 2: world.hangUp(eve)
    default:
      world.hangUp(bob)
      world.telephone(.hangUp(number: Numbers.speaks))
    }
    world.run(milliseconds: 20_000)
    world.signallingConditions = .clean
    world.hangUp(bob)
    world.hangUp(eve)
    world.telephone(.hangUp(number: Numbers.speaks))
    world.run(milliseconds: 60_000)
    world.expectNothingLeft()
    #expect(world.records.count == 1)
  }

  /// A session that is refreshed goes on; one that is not is ended by its timer.
  @Test func sessionsAreRefreshed() throws {
    let world = try VirtualWorld.make(lines: 1) { $0.control.userAgent.sessionExpires = 90 }
    let bob = world.addSoftphone("bob") { $0.sessionExpires = 90 }
    let call = try world.talk(Numbers.speaks, bob)
    world.run(milliseconds: 200_000)
    #expect(!call.isOver)
    world.hangUp(bob)
    world.expectNothingLeft()
    #expect(world.records.first?.end?.cause == .normalClearing)
  }
}
