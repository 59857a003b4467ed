"""What a call comes to: the response, its Reason header and the record say the same."""
import concurrent.futures
import dataclasses

import pytest

from kit.gateway import BUSY, ECHO, SILENT, UNKNOWN
from kit.miniphone import MiniPhone
from kit.waiting import wait_for


@dataclasses.dataclass
class Outcome:
    name: str
    number: str
    status: int
    cause: int
    evidence: str
    reason: str


JAPAN = [
    Outcome("busy", BUSY, 486, 17, "busy tone", "busy"),
    Outcome("unknown", UNKNOWN, 404, 1, "special information tone", "unallocated number"),
    Outcome("no-answer", SILENT, 480, 19, "nobody answered within 4 s", "no answer"),
    Outcome("rule", "0612345678", 403, 21, "rule", "rejected by rule"),
    Outcome("denied", "09012345678", 403, 21, "rule", "rejected by rule"),
    Outcome("bad-number", "033", 484, 28, "", "bad number"),
]


@pytest.fixture(scope="module")
def japan(module_gateways):
    """All of Japan's outcomes at once, each on a line of its own."""
    gateway = module_gateways(
        lines=[{"name": "line", "count": 8, "group": "pstn", "driver": "simulated"}],
        outbound={"rules": [{"match": "+813*", "groups": ["pstn"]}, {"match": "+8190*", "deny": True}], "limits": {"ringing_s": 4}},
        simulator={"phones": [{"number": BUSY, "state": "busy"}, {"number": SILENT, "state": "never_answers"}]})
    with MiniPhone(gateway.port()) as phone:
        calls = {outcome.name: phone.invite(outcome.number) for outcome in JAPAN}
        for call in calls.values():
            call.wait_final(40)
        gateway.wait_until_free(10)
        yield gateway, calls


@pytest.mark.parametrize("outcome", JAPAN, ids=lambda outcome: outcome.name)
def test_outcome(japan, outcome):
    gateway, calls = japan
    check(gateway, calls[outcome.name], outcome)


def check(gateway, call, outcome):
    final = call.final
    assert final.status == outcome.status, f"{final.start}, Reason: {final.get('Reason')}"
    cause, text = final.reason() or (None, None)
    assert (cause, text) == (outcome.cause, outcome.reason)
    assert final.get("Retry-After") is None
    record = record_of(gateway, outcome.number, outcome.cause)
    assert record["end"]["cause_q850"] == outcome.cause
    assert record["end"]["sip_status"] == outcome.status
    assert record["end"]["reason"] == outcome.reason
    assert record["end"]["evidence"].startswith("ended because ") and outcome.evidence in record["end"]["evidence"]
    assert "answer" not in record or record["answer"] is None


def record_of(gateway, number, cause=None):
    """Numbers are kept as E.164; one that could not be read as it was dialled."""
    wanted = {number, "+81" + number[1:], "+" + number, "+44" + number[1:], "+49" + number[1:]}
    def find():
        rows = [row for row in gateway.status.calls(ended=True) if row["number"] in wanted and row["end"]]
        return next((row for row in rows if cause in (None, row["end"]["cause_q850"])), None)
    return wait_for(find, 3, f"a record of {number}")


def test_early_media_comes_before_the_failure(japan):
    """The caller hears the line's own tones: 183, and audio in it."""
    _, calls = japan
    for name in ("busy", "unknown", "no-answer"):
        assert 183 in calls[name].statuses(), name
        assert len(calls[name].rtp.audio_packets()) > 20, name
    assert 180 in calls["no-answer"].statuses()
    assert calls["rule"].statuses() in ([], [100])


def test_busy_tone_in_japan_says_that_it_may_be_congestion(japan):
    gateway, calls = japan
    assert "may be congestion" in record_of(gateway, BUSY)["end"]["evidence"]


COUNTRIES = [("US", "12125551234", "212"), ("GB", "02079460123", "020"), ("DE", "030123456", "030")]


def congested(gateway, number):
    """One trunk, two calls: the second meets congestion tone."""
    with MiniPhone(gateway.port()) as phone:
        first = phone.invite(number).wait_answer()
        second = phone.invite(number)
        second.wait_final()
        first.hang_up()
    return second


@pytest.fixture(scope="module")
def congestion(module_gateways):
    """All countries at once, each with a gateway of its own."""
    gateways = {country: module_gateways(
        gateway={"country": country, "area_code": area}, outbound={"rules": [{"match": "*", "groups": ["pstn"]}]},
        simulator={"country": country, "trunks": 1, "phones": [{"number": number, "answers_after_ms": 300}]})
        for country, number, area in COUNTRIES}
    with concurrent.futures.ThreadPoolExecutor() as pool:
        calls = {country: pool.submit(congested, gateways[country], number) for country, number, _ in COUNTRIES}
    return gateways, calls


@pytest.mark.parametrize("country,number,area", COUNTRIES)
def test_congestion(congestion, country, number, area):
    gateways, calls = congestion
    check(gateways[country], calls[country].result(), Outcome("congestion", number, 503, 42, "congestion tone", "congestion"))


def test_congestion_in_japan_sounds_like_busy(gateways):
    gateway = gateways(simulator={"trunks": 1, "phones": [{"number": ECHO, "answers_after_ms": 300}]})
    with MiniPhone(gateway.port()) as phone:
        first = phone.invite(ECHO).wait_answer()
        second = phone.invite(ECHO)
        second.wait_final()
        check(gateway, second, Outcome("busy", ECHO, 486, 17, "busy tone (busy tone, may be congestion)", "busy"))
        first.hang_up()


def test_all_lines_busy(gateways):
    gateway = gateways(lines=[{"name": "line", "count": 2, "group": "pstn", "driver": "simulated"}],
                       simulator={"phones": [{"number": ECHO, "answers_after_ms": 100}]})
    with MiniPhone(gateway.port()) as phone:
        talking = [phone.invite(ECHO) for _ in range(2)]
        with concurrent.futures.ThreadPoolExecutor() as pool:
            list(pool.map(lambda call: call.wait_answer(), talking))
        third = phone.invite(ECHO)
        third.wait_final()
        check(gateway, third, Outcome("full", ECHO, 503, 34, "lines", "all lines busy"))
        for call in talking:
            call.hang_up()


def test_a_call_waits_for_a_line_in_its_guard_time(gateways):
    gateway = gateways(lines=[{"name": "line", "group": "pstn", "driver": "simulated"}],
                       simulator={"phones": [{"number": ECHO, "answers_after_ms": 100}]})
    with MiniPhone(gateway.port()) as phone:
        first = phone.invite(ECHO).wait_answer()
        first.hang_up()
        second = phone.invite(ECHO).wait_answer()
        second.hang_up()


def test_without_credentials(japan):
    """401 with both algorithms, no record, no RTP port; wrong ones too."""
    gateway, _ = japan
    before = gateway.status.status()
    records = len(gateway.status.calls(ended=True))
    with MiniPhone(gateway.port()) as phone, MiniPhone(gateway.port(), password="wrong") as stranger:
        final = phone.invite(ECHO, authenticate=False).wait_final()
        assert final.status in (401, 407)
        challenges = final.all("WWW-Authenticate") + final.all("Proxy-Authenticate")
        assert ["SHA-256" in challenge for challenge in challenges] == [True, False]
        assert stranger.invite(ECHO).wait_final().status in (401, 403, 407)
    after = gateway.status.status()
    assert after["sip"]["unauthenticated"] >= before["sip"]["unauthenticated"] + 2
    assert after["media"]["ports"] == before["media"]["ports"] == 0
    assert len(gateway.status.calls(ended=True)) == records


@pytest.mark.parametrize("algorithm", ["MD5", "SHA-256"])
def test_both_digest_algorithms(japan, algorithm):
    gateway, _ = japan
    with MiniPhone(gateway.port(), algorithm=algorithm) as phone:
        assert phone.register().status == 200
        assert phone.invite("033").wait_final().status == 484


def test_media_that_cannot_be_taken(japan):
    gateway, _ = japan
    with MiniPhone(gateway.port()) as phone:
        offers = {
            "other codec": b"m=audio 4000 RTP/AVP 96\r\na=rtpmap:96 AMR/8000\r\n",
            "no audio": b"m=video 4000 RTP/AVP 31\r\n",
            "refused audio": b"m=audio 0 RTP/AVP 0\r\n",
        }
        head = b"v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
        calls = {name: phone.invite(BUSY, body=head + media) for name, media in offers.items()}
        for name, call in calls.items():
            assert call.wait_final().status == 488, f"{name}: {call.final.start}"
        assert phone.invite(BUSY, body=b"this is no SDP").wait_final().status in (400, 488)
    assert gateway.assert_healthy()["media"]["ports"] == 0


def test_a_video_stream_beside_the_audio_is_refused_by_port_0(japan):
    gateway, _ = japan
    with MiniPhone(gateway.port()) as phone:
        call = phone.invite(BUSY, extra=["m=video 4002 RTP/AVP 31", "a=rtpmap:31 H261/90000"])
        progress = call.wait_provisional(183)
        assert b"m=video 0 " in progress.body
        call.wait_final()
