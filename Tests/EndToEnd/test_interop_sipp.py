"""Exact message flows against sipp, all at the same time: it sends back the audio that it hears, so that a telephone that speaks hears itself
only where both directions work."""
import pathlib
import socket
import statistics
import time

import pytest

from kit.audio import read_wav, tone_level
from kit.gateway import CALLER, QUIET_LINE
from kit.matrix import interop
from kit.miniphone import MiniPhone
from kit.ports import free_port
from kit.scenario import REQUEST, Callee, Caller
from kit.sipp import Sipp
from kit.waiting import wait_for

TALK = 2500
LEVEL = -10
TIMER = ["Supported: timer", "Allow: INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, PRACK, UPDATE"]


# Calls from sipp

def prack(call):
    call.invite(["Supported: 100rel", "Require: 100rel"])
    first = call.receive(183, target=True, keep={"RSeq": "[0-9]+"})
    call.request("PRACK", 2, [f"RAck: {first['RSeq']} 1 INVITE"])
    call.receive(200)
    call.answered()
    call.acknowledge().pause(TALK).hang_up(3)


def update(call):
    call.invite(TIMER)
    call.progress()
    call.answered()
    call.acknowledge().pause(500).request("UPDATE", 2, TIMER, call.sdp())
    call.receive(200, target=True, keep={"Content-Type": "application/sdp"})
    call.pause(TALK).hang_up(3)


def refresh_by_peer(call):
    call.invite([*TIMER, "Session-Expires: 90;refresher=uac"])
    call.progress()
    call.answered(keep={"Session-Expires": "90;refresher=uac"})
    call.acknowledge().pause(1000).request("UPDATE", 2, [*TIMER, "Session-Expires: 90;refresher=uac"])
    call.receive(200, keep={"Session-Expires": "90;refresher=uac"})
    call.request("INVITE", 3, [*TIMER, "Session-Expires: 90;refresher=uac"], call.sdp())
    call.receive(100, optional=True)
    call.answered(keep={"Session-Expires": "90;refresher=uac"})
    call.acknowledge(3).pause(TALK).hang_up(4)


def refresh_by_gateway(call):
    """At half of the shortest interval there is."""
    call.invite([*TIMER, "Session-Expires: 90;refresher=uas"])
    call.progress()
    call.answered(keep={"Session-Expires": "90;refresher=uas"})
    call.acknowledge()
    refresh = call.receive("UPDATE", keep={**REQUEST, "Session-Expires": "90;refresher=uac"}, milliseconds=60_000)
    call.answer_request(refresh, 200, headers=["Session-Expires: 90;refresher=uac", "Require: timer"])
    call.pause(TALK).hang_up(2)


def glare(call):
    """A peer without UPDATE: both refresh by INVITE at once, both say 491, and the gateway tries again."""
    call.invite(["Supported: timer", "Allow: INVITE, ACK, CANCEL, BYE", "Session-Expires: 90;refresher=uas"])
    call.progress()
    call.answered(keep={"Session-Expires": "90;refresher=uas"})
    call.acknowledge()
    theirs = call.receive("INVITE", keep=REQUEST, milliseconds=60_000)
    call.request("INVITE", 2, body=call.sdp(), branch="glare")
    call.receive(100, optional=True)
    call.receive(491)
    call.acknowledge_failure(2, "glare")
    call.answer_request(theirs, 491, "Request Pending")
    call.receive("ACK")
    again = call.receive("INVITE", keep=REQUEST, milliseconds=20_000)
    call.answer_request(again, 200, headers=["Session-Expires: 90;refresher=uac", "Require: timer"], body=call.sdp())
    call.receive("ACK")
    call.pause(TALK).hang_up(3)


def reinvite_without_sdp(call):
    call.invite()
    call.progress()
    call.answered()
    call.acknowledge().pause(500).request("INVITE", 2)
    call.receive(100, optional=True)
    call.answered(keep={"Content-Type": "application/sdp"})
    call.acknowledge(2, call.sdp()).pause(TALK).hang_up(3)


def late_offer(call):
    call.invite(offer=False)
    call.progress()
    call.answered(keep={"Content-Type": "application/sdp"})
    call.acknowledge(1, call.sdp()).pause(TALK).hang_up(2)


def repeated_200(call):
    """The 200 is sent again until its ACK comes."""
    call.invite()
    call.progress()
    call.answered()
    call.pause(1800).acknowledge().pause(TALK).hang_up(2)


def cancel_crosses_200(call):
    """The answer was under way when the caller gave up, and thought better of it: the call stands."""
    call.invite()
    call.progress()
    call.answered()
    call.cancel()
    call.receive(200)
    call.acknowledge().pause(TALK).hang_up(2)


def bye_crosses_bye(call):
    """The telephone hangs up at the same time."""
    call.invite()
    call.progress()
    call.answered()
    call.acknowledge()
    theirs = call.receive("BYE", keep=REQUEST, milliseconds=20_000)
    call.request("BYE", 2)
    call.receive(200)
    call.pause(300).answer_request(theirs, 200)
    call.pause(500)


CALLERS = [(prack, "PRACK (RFC 3262)", {}), (update, "UPDATE with an offer (RFC 3311)", {}),
           (refresh_by_peer, "session refresh by the peer, UPDATE and INVITE (RFC 4028)", {}),
           (refresh_by_gateway, "session refresh by the gateway (RFC 4028)", {}),
           (glare, "glare: INVITE crossing INVITE, 491 both ways", {}), (reinvite_without_sdp, "re-INVITE without SDP", {}),
           (late_offer, "late offer: INVITE without SDP", {}), (repeated_200, "200 sent again until its ACK", {}),
           (cancel_crosses_200, "CANCEL crossing 200, call kept", {}),
           (bye_crosses_bye, "BYE crossing BYE", {"hangs_up_after_ms": 3000})]


# Calls to sipp

def forked(call):
    """Two telephones behind one address ring and both answer: the first is talked to, the second is thanked and let go."""
    call.called()
    call.respond(180, "Ringing", "second").respond(183, "Session Progress", "first", call.sdp()).respond(200, "OK", "first", call.sdp())
    call.receive("ACK")
    call.respond(200, "OK", "second", call.sdp())
    call.receive("ACK")
    call.receive("BYE", keep={"To": "tag=second"})
    call.answer_last().pause(TALK).hang_up("first")


def answer_crosses_cancel(call):
    """The caller gave up as it answered: ACK and BYE."""
    call.called()
    call.respond(180, "Ringing", "late")
    call.receive("CANCEL", keep=REQUEST, milliseconds=30_000)
    call.answer_last().respond(200, "OK", "late", call.sdp())
    call.receive("ACK")
    call.receive("BYE")
    call.answer_last()


CALLEES = [(forked, "forked 18x and 200", "both ways"),
           (answer_crosses_cancel, "CANCEL of the gateway crossing 200", "none: nobody talks")]


def number(index):
    return f"03333340{index:02d}"


class Run:
    """All scenarios at once against one gateway."""

    def __init__(self, gateways, folder):
        self.folder = folder
        self.ports = [free_port(socket.SOCK_DGRAM) for _ in CALLEES]
        phones = [{"number": number(index), "answers_after_ms": 300, "says": "tone:1000", "records": self.recording(number(index)), **more}
                  for index, (_, _, more) in enumerate(CALLERS)]
        phones += [{"number": number(50 + index), "says": "tone:1000", "records": self.recording(number(50 + index))}
                   for index in range(len(CALLEES))]
        # The peer sends a telephone's tone back to it: an echo canceller takes the one for the other's echo.
        lines = [{"name": f"in{index}", "group": "in", "driver": "simulated", "inbound": f"sip:sipp@127.0.0.1:{port}", "echo_canceller": False}
                 for index, port in enumerate(self.ports)]
        self.gateway = gateways(
            sip={"trusted": ["127.0.0.1"]}, simulator={"line": dict(QUIET_LINE), "phones": phones},
            lines=[*lines, {"name": "line", "count": len(CALLERS), "group": "pstn", "driver": "simulated", "echo_canceller": False}])
        self.peers = {}
        for index, (script, feature, _) in enumerate(CALLERS):
            scenario = Caller(feature)
            script(scenario)
            self.peers[script.__name__] = Sipp(folder / script.__name__, self.gateway, scenario, number(index), echo=True, seconds=90)
        for index, (script, feature, _) in enumerate(CALLEES):
            scenario = Callee(feature)
            script(scenario)
            self.peers[script.__name__] = Sipp(folder / script.__name__, self.gateway, scenario, "sipp", echo=True, seconds=90,
                                               port=self.ports[index])
        time.sleep(0.5)
        for index in range(len(CALLEES)):
            self.gateway.status.command(number(50 + index), action="call", line=f"in{index}")
        wait_for(lambda: [row for row in self.gateway.status.calls() if row["direction"] == "inbound" and row["line"] == f"in{len(CALLEES) - 1}"], 15,
                 "the call that is given up")
        # The first burst, the caller ID, then the INVITE.
        time.sleep(3.5)
        self.gateway.status.command(number(50 + len(CALLEES) - 1), action="hang_up")

    def ended(self, script):
        peer = self.peers[script.__name__]
        code = peer.wait(120)
        assert code == 0, f"sipp exited {code}\n{peer.errors()}\n{peer.log()[-3000:]}"

    def recording(self, phone):
        return str(self.folder / f"{phone}.wav")

    def assert_heard_itself(self, phone):
        self.gateway.phone_call(phone, "ended")
        # The recording is whole half a second after the call.
        wait_for(lambda: pathlib.Path(self.recording(phone)).exists(), 2, "the recording")
        time.sleep(0.6)
        heard = read_wav(self.recording(phone))
        # What the peer sent back of the ringing is still on its way when the telephone answers, so by the middle of all parts.
        parts = [tone_level(heard[start:start + 160], 1000) for start in range(0, len(heard) - 160, 160)]
        loud = [part for part in parts if part > LEVEL - 20]
        assert len(loud) >= 25, f"the telephone heard its tone for {len(loud) * 20} ms only"
        assert abs(statistics.median(loud) - LEVEL) < 2, f"the telephone heard {statistics.median(loud):.1f} dBm0 of its own {LEVEL}"

    def messages(self, phone):
        rows = self.gateway.status.calls(ended=True)
        row = next(row for row in rows if row["number"].endswith(phone[1:]))
        return self.gateway.status.get(f"/v1/sip/messages?call={row['id']}")["messages"]


@pytest.fixture(scope="module")
def run(module_gateways, tmp_path_factory):
    made = Run(module_gateways, tmp_path_factory.mktemp("sipp"))
    yield made
    for peer in made.peers.values():
        peer.end()


def rows(scripts):
    return [pytest.param(index, marks=interop("sipp", feature), id=script.__name__) for index, (script, feature, _) in enumerate(scripts)]


@pytest.mark.parametrize("index", rows(CALLERS))
def test_a_call_from_sipp(run, index):
    script = CALLERS[index][0]
    run.ended(script)
    run.assert_heard_itself(number(index))
    sent = [message for message in run.messages(number(index)) if message["direction"] == "sent"]
    if script is repeated_200:
        answers = [message for message in sent if message.get("status") == 200 and message["cseq"] == "1 INVITE"]
        assert 3 <= len(answers) <= 4, "at 0, 0.5 and 1.5 s, and not after the ACK"
    if script is glare:
        refreshes = [message for message in sent if message.get("status") is None and message["method"] == "INVITE"]
        assert len({message["cseq"] for message in refreshes}) == 2


@pytest.mark.parametrize("index", [pytest.param(index, marks=interop("sipp", feature, audio=audio), id=script.__name__)
                                   for index, (script, feature, audio) in enumerate(CALLEES)])
def test_a_call_to_sipp(run, index):
    script = CALLEES[index][0]
    run.ended(script)
    if script is not answer_crosses_cancel:
        run.assert_heard_itself(number(50 + index))


def test_nothing_is_left(run):
    for peer in run.peers.values():
        peer.wait(120)
    run.gateway.wait_until_free(20)
    assert run.gateway.assert_healthy()["calls"]["active"] == 0


# Over a connection

@pytest.fixture(scope="module")
def gateway(module_gateways):
    return module_gateways(sip={"trusted": ["127.0.0.1"]}, simulator={"line": dict(QUIET_LINE), "phones": [
        {"number": CALLER, "answers_after_ms": 300, "says": "tone:1000"}]})


def both_hear(gateway, call, phone=CALLER):
    from kit.audio import tone, tone_level
    call.rtp.play(tone(700, 20))
    wait_for(lambda: abs(tone_level(call.rtp.heard(since=time.monotonic() - 0.5)[-3200:], 1000) - LEVEL) < 1, 3, "the softphone hears the telephone")
    wait_for(lambda: abs(gateway.phone_call(phone, "talking")["level_dbm0"] - LEVEL) < 1, 3, "the telephone hears the softphone")


@interop("scripted phone", "200 of the peer sent again: another ACK")
def test_a_repeated_200_is_acknowledged_again(gateway):
    """sipp cannot: it takes the second ACK for a retransmission and answers it with its 200, again and again."""
    with MiniPhone(gateway.port()) as phone:
        phone.register()
        gateway.status.command(CALLER, action="call", line="line4")
        call = phone.wait_call()
        call.answer()
        wait_for(call.acknowledged.is_set, 5, "an ACK")
        phone.send(call.final)
        wait_for(lambda: len([message for _, message in phone.received if message.method == "ACK"]) == 2, 3, "another ACK")
        both_hear(gateway, call)
        call.hang_up()
        phone.register(expires=0)


@interop("scripted phone", "INVITE of 64 KB", "TCP")
def test_an_invite_of_64_kilobytes(gateway):
    with MiniPhone(gateway.port("tcp"), transport="tcp") as phone:
        call = phone.invite(CALLER, headers=[("Subject", "x" * 1000)] * 62).wait_answer()
        assert 63_000 < len(call.request.bytes()) <= 65_535
        both_hear(gateway, call)
        assert call.hang_up().status == 200


@interop("scripted phone", "pipelined requests on one connection", "TCP")
def test_pipelined_requests(gateway):
    """OPTIONS, INVITE and OPTIONS in one piece, cut anywhere: each is answered, and the call is talked on."""
    with MiniPhone(gateway.port("tcp"), transport="tcp") as phone:
        before, after = (phone.outside_request("OPTIONS", phone.uri()) for _ in range(2))
        pieces = []
        send, phone.send = phone.send, lambda message: pieces.append(message.bytes())
        call = phone.invite(CALLER)
        wait_for(lambda: pieces, 3, "the INVITE")
        phone.send = send
        data = before.bytes() + pieces[0] + after.bytes()
        for start, end in ((0, 200), (200, len(before.bytes()) + 10), (len(before.bytes()) + 10, len(data))):
            phone.send(data[start:end])
            time.sleep(0.05)
        call.wait_answer()
        both_hear(gateway, call)
        answered = [message.get("Call-ID") for _, message in phone.received if message.cseq[1] == "OPTIONS" and message.status == 200]
        assert sorted(answered) == sorted([before.get("Call-ID"), after.get("Call-ID")])
        assert call.hang_up().status == 200
