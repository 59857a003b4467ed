"""Many calls by sipp: none fails, and nothing is left afterwards."""
import time

import pytest

from kit.audio import tone
from kit.gateway import SPEAKER
from kit.sipp import Sipp
from kit.waiting import PATIENCE, wait_for

pytestmark = pytest.mark.quiet

LINES, RATE_PER_SECOND, TALK_MS = 60, 4, 4000


def load_gateway(gateways):
    return gateways(
        sip={"digest": "md5"}, log={"level": "info"},
        lines=[{"name": "line", "count": LINES, "group": "pstn", "driver": "simulated"}],
        simulator={"phones": [{"number": SPEAKER, "answers_after_ms": 500, "says": "tone:1000"}]})


def batch(gateway, folder, calls):
    values = {"MEDIA": "rtpstream_audio_port", "TALK_MS": TALK_MS, "PLAY": '<nop><action><exec rtp_stream="@AUDIO@,-1,0,PCMU/8000"/></action></nop>'}
    seconds = calls // RATE_PER_SECOND + 60
    with Sipp(folder, gateway, "call.xml", SPEAKER, tone(700, 2), calls=calls, rate=RATE_PER_SECOND, seconds=seconds, values=values) as peer:
        code = peer.wait(seconds * PATIENCE)
        assert code == 0, f"sipp exited {code}\n{peer.errors()}\n{peer.log()[-1500:]}"
    gateway.wait_until_free(20)
    wait_for(lambda: gateway.status.status()["media"]["ports"] == 0, 5, "all RTP ports closed")


def wait_for_quiet(gateway):
    """Transactions of the last calls live some 32 s more (RFC 3261, timers D, H, J)."""
    wait_for(lambda: gateway.status.metrics().get("kakehashi_sip_transactions", 0) == 0, 45, "the last transactions' end", every=0.5)
    assert gateway.status.metrics()["kakehashi_sip_legs"] == 0


def check(gateway, calls, descriptors):
    status = gateway.assert_healthy()
    assert status["calls"] == {"active": 0, "answered": calls, "failed": 0}
    assert status["lines"]["free"] == LINES and status["lines"]["in_use"] == 0
    assert gateway.descriptors() <= descriptors
    rows = gateway.status.calls(ended=True)
    assert len(rows) == min(calls, 1000)
    assert all(row["end"]["cause_q850"] == 16 and row["answered_at"] for row in rows)
    assert all(row["media"]["packets_received"] > 150 for row in rows), min(row["media"]["packets_received"] for row in rows)
    media = status["media"]
    print(f"{calls} calls; {media['missed_ticks']} of {media['ticks']} ticks missed, 99 % late by at most {media.get('late_us_p99')} µs; "
          f"{sum(row['media']['packets_lost'] for row in rows)} packets lost, {sum(row['media']['packets_late'] for row in rows)} late")


def settled_descriptors(gateway):
    """After one status request, so that what the first request opens for good is open."""
    gateway.status.status()
    time.sleep(0.3)
    return gateway.descriptors()


def test_a_hundred_calls(gateways, tmp_path):
    gateway = load_gateway(gateways)
    descriptors = settled_descriptors(gateway)
    batch(gateway, tmp_path / "sipp", 100)
    # The record store opens its readers when it is first asked.
    check(gateway, 100, descriptors + 6)


@pytest.mark.long
def test_a_thousand_calls(gateways, tmp_path):
    gateway = load_gateway(gateways)
    batch(gateway, tmp_path / "first", 100)
    gateway.status.calls(ended=True)
    wait_for_quiet(gateway)
    descriptors = settled_descriptors(gateway)
    heap = gateway.status.metrics()["kakehashi_heap_bytes"]
    for number in range(2):
        batch(gateway, tmp_path / f"batch-{number}", 450)
    wait_for_quiet(gateway)
    after = gateway.status.metrics()["kakehashi_heap_bytes"]
    print(f"heap: {heap / 1e6:.2f} MB after 100 calls, {after / 1e6:.2f} MB after 1,000: {after / heap:.3f}")
    check(gateway, 1000, descriptors + 2)
    assert after <= 1.05 * heap
