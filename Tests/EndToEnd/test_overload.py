"""More calls than the lines can carry: those that are let in are whole, the others are turned away at once and at little cost."""
import os
import re
import secrets
import time

import pytest

from conftest import IS_LONG
from kit import attack, sip
from kit.audio import tone
from kit.blaster import Blaster
from kit.canary import Canary
from kit.gateway import SPEAKER
from kit.miniphone import MiniPhone
from kit.sipp import Sipp
from kit.waiting import PATIENCE

pytestmark = pytest.mark.quiet

LINES, TALK_MS, GUARD_MS = 20, 2000, 100
# Loop lines answer at once: a call holds its line while it talks and rests.
CAPACITY = LINES / ((TALK_MS + GUARD_MS) / 1000)
SECONDS = 60 if IS_LONG else 10
CPU_PER_REFUSAL_US = 100
RECORDED_PER_SECOND = 5


def loop_gateway(gateways, lines):
    return gateways(
        log={"level": "info"}, sip={"trusted": ["127.0.0.1"]}, outbound={"limits": {"calls_per_minute": 100_000}},
        lines=[{"name": "loop", "count": lines, "group": "pstn", "driver": "loop", "guard_ms": GUARD_MS}])


def cpu_seconds(gateway):
    with open(f"/proc/{gateway.process.pid}/stat") as file:
        fields = file.read().rsplit(") ", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_ten_times_the_capacity(gateways, tmp_path):
    """Every call that is let in is whole, the rest get 503; two seconds later all is as before."""
    gateway = loop_gateway(gateways, LINES)
    rate = int(10 * CAPACITY)
    before, canary = gateway.status.status(), Canary()
    with Sipp(tmp_path / "sipp", gateway, "overload.xml", SPEAKER, tone(700, 1), calls=rate * SECONDS, rate=rate, seconds=SECONDS + 60,
              values={"TALK_MS": TALK_MS}) as peer:
        code = peer.wait((SECONDS + 60) * PATIENCE)
        assert code == 0, f"sipp exited {code}\n{peer.errors()}\n{peer.log()[-1500:]}"
    with MiniPhone(gateway.port()) as phone:
        began = time.monotonic()
        call = phone.invite(SPEAKER, authenticate=False).wait_answer(2)
        recovery = time.monotonic() - began
        call.hang_up()
    worst = canary.stop()
    after = gateway.assert_healthy()
    answered = after["calls"]["answered"] - 1
    missed = after["media"]["missed_ticks"] - before["media"]["missed_ticks"]
    rows = [row for row in gateway.status.calls(ended=True) if row["peer"].startswith("sip:load@") and row.get("answered_at")]
    print(f"{rate} calls/s offered for {SECONDS} s, {answered} answered (capacity {CAPACITY * SECONDS:.0f}); the next call was up after "
          f"{recovery * 1000:.0f} ms; {missed} ticks missed (canary {canary.lost}, {worst:.1f} ms); "
          f"late packets {sum(row['media']['packets_late'] for row in rows)}")
    assert answered >= 0.8 * CAPACITY * SECONDS
    assert recovery < 2
    assert len(rows) == min(answered, 999)
    for row in rows:
        assert row["end"]["cause_q850"] == 16 and row["answered_at"], row
        assert row["media"]["packets_lost"] == 0, row
        assert row["media"]["packets_received"] >= 0.9 * TALK_MS / 20, row
    assert missed <= canary.lost
    # Five refused calls a second get a record; what is turned away beyond that is no call, and nothing is left of it.
    assert after["calls"]["failed"] - before["calls"]["failed"] <= RECORDED_PER_SECOND * (SECONDS + 4)


def refused(gateway, count):
    """INVITEs of as many callers, each followed by its ACK."""
    target, messages = ("127.0.0.1", gateway.port()), []
    for _ in range(count):
        invite = attack.raw("INVITE", target, "127.0.0.1", user=SPEAKER, name="load", headers=[("Content-Type", "application/sdp")],
                            body=sip.offer(40_000))
        text = invite.split(b"\r\n\r\n")[0].decode()
        via, call = re.search(r"Via: .*", text).group(), re.search(r"Call-ID: .*", text).group()
        ack = (f"ACK sip:{SPEAKER}@127.0.0.1:{target[1]} SIP/2.0\r\n{via}\r\nFrom: <sip:load@127.0.0.1>;tag=1\r\n"
               f"To: <sip:{SPEAKER}@127.0.0.1>;tag={secrets.token_hex(8)}\r\n{call}\r\nCSeq: 1 ACK\r\nMax-Forwards: 70\r\n"
               "Content-Length: 0\r\n\r\n").encode()
        messages += [invite, ack]
    return messages


def test_what_a_refusal_costs(gateways):
    """The process's own time for each 503 while the only line is taken, the INVITE's and the ACK's reading included."""
    gateway = loop_gateway(gateways, 1)
    with MiniPhone(gateway.port()) as phone:
        call = phone.invite(SPEAKER, play=tone(700, 60), authenticate=False).wait_answer()
        time.sleep(1)
        seconds, rate = 3, 1500
        idle = cpu_seconds(gateway)
        time.sleep(seconds)
        began = cpu_seconds(gateway)
        idle = began - idle
        with Blaster(("127.0.0.1", gateway.port()), refused(gateway, rate * seconds), ["127.0.0.1"], 2 * rate) as blaster:
            result = blaster.wait()
        # Reading the answers' rest takes the blaster 0.3 s, in which only the call runs.
        spent = cpu_seconds(gateway) - began - idle * (result["seconds"] + 0.3) / seconds
        assert call.hang_up().status == 200
    refusals = result["answers"].get("503", 0)
    cost = spent / refusals * 1e6
    print(f"{refusals} refusals in {result['seconds']} s: {cost:.0f} µs of processor time each")
    assert refusals >= 0.98 * rate * seconds and set(result["answers"]) <= {"100", "503"}, result
    assert result["answers"].get("100", 0) <= RECORDED_PER_SECOND * (seconds + 1), "those that are looked at at all"
    assert cost <= CPU_PER_REFUSAL_US
    (record,) = [row for row in gateway.status.calls(ended=True) if row.get("answered_at")]
    assert record["media"]["packets_lost"] == 0 and record["end"]["cause_q850"] == 16

