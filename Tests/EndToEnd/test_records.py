"""What becomes of call records when the disk is full, the file is locked or broken, or the clock is set; calls go on whatever happens."""
import contextlib
import datetime
import os
import socket
import sqlite3
import subprocess
import time

import pytest

from kit.audio import tone, tone_level
from kit.gateway import ECHO, SPEAKER
from kit.miniphone import MiniPhone
from kit.ports import free_port
from kit.service import Service
from kit.waiting import PATIENCE, wait_for
from kit.wallclock import WallClock

PHONES = [{"number": SPEAKER, "answers_after_ms": 0, "says": "tone:1000"}, {"number": ECHO, "answers_after_ms": 0, "says": "echo"}]
LINES = [{"name": "line", "count": 4, "group": "pstn", "driver": "simulated", "guard_ms": 100}]


def short_call(gateway, number=ECHO):
    with MiniPhone(gateway.port()) as phone:
        call = phone.invite(number).wait_answer()
        running = gateway.running_call()
        assert call.hang_up().status == 200
    gateway.wait_until_free()
    return running["id"]


def records(gateway):
    return gateway.status.status()["records"]


def wait_records(gateway, state, seconds=25):
    return wait_for(lambda: records(gateway) if records(gateway)["state"] == state else None, seconds, f"records that are {state}")


def wait_ended(gateway, ids, seconds=25):
    return wait_for(lambda: set(ids) <= {row["id"] for row in gateway.status.calls(ended=True) if row.get("end")}, seconds, f"records of {ids}")


@contextlib.contextmanager
def small_disk(folder, kilobytes):
    folder.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", folder], capture_output=True, text=True)
    if done.returncode != 0:
        pytest.skip(f"a small file system cannot be mounted here: {done.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


def fill(folder):
    path = folder / "filler"
    with open(path, "wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            return path


def test_a_full_disk_costs_records_not_calls(gateways, tmp_path):
    """Records wait while the disk is full, through a restart on it too, and are written when it is not."""
    with small_disk(tmp_path / "disk", 600) as disk:
        gateway = gateways(start=False, gateway={"state_directory": str(disk / "state")}, sip={"listen": ["udp://127.0.0.1:0"]}, lines=LINES,
                           simulator={"phones": PHONES})
        gateway.start()
        try:
            first = short_call(gateway)
            wait_ended(gateway, [first])
            assert records(gateway)["state"] == "good"
            filler = fill(disk)
            ids = [short_call(gateway) for _ in range(6)]
            failing = wait_records(gateway, "waiting")
            assert failing["waiting"] >= 1 and "full" in failing["reason"]
            assert gateway.status.metrics()["kakehashi_records_waiting"] >= 1
            assert gateway.log().count("call records wait") == 1
            # What waits is shown all the same.
            wait_ended(gateway, ids)
            filler.unlink()
            assert wait_records(gateway, "good")["lost"] == 0
            wait_ended(gateway, [first, *ids])
            # A crash, and a start on a full disk.
            fill(disk)
            gateway.kill()
            gateway.start()
            late = [short_call(gateway) for _ in range(3)]
            wait_records(gateway, "waiting")
            filler.unlink()
            wait_records(gateway, "good")
            wait_ended(gateway, [first, *late])
            assert gateway.status.status()["calls"]["failed"] == 0
        finally:
            gateway.stop()


HOLDER = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN EXCLUSIVE")
print("locked", flush=True)
sys.stdin.read()
"""


@contextlib.contextmanager
def locked(path):
    """Another process in the middle of a transaction."""
    holder = subprocess.Popen(["python3", "-c", HOLDER, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert holder.stdout.readline() == "locked\n"
    try:
        yield
    finally:
        holder.communicate(timeout=10)


def test_a_locked_file_costs_records_not_calls(gateways):
    port = free_port(socket.SOCK_DGRAM)
    gateway = gateways(start=False, sip={"listen": [f"udp://127.0.0.1:{port}"]}, lines=LINES, simulator={"phones": PHONES})
    service = Service(gateway).start()
    path = gateway.folder / "state/calls.sqlite"
    first = short_call(gateway)
    wait_ended(gateway, [first])
    with locked(path):
        ids = [short_call(gateway) for _ in range(3)]
        assert "locked" in wait_records(gateway, "waiting")["reason"]
        # Started again meanwhile: nothing waits for the lock.
        with MiniPhone(gateway.port()) as phone:
            call = phone.invite(SPEAKER).wait_answer()
            took = service.kill()
            call.ended.set()
        print(f"up again after {took:.2f} s with the file locked")
        assert took <= 2 + PATIENCE
        late = short_call(gateway)
        wait_records(gateway, "waiting")
    wait_records(gateway, "good")
    wait_ended(gateway, [first, late])
    # What waited in memory when it was killed is lost; what was written is whole.
    assert not set(ids) & {row["id"] for row in gateway.status.calls(ended=True)}
    service.close()


@pytest.mark.parametrize("damage", ["no database", "torn pages"])
def test_a_broken_file_is_set_aside(gateways, damage):
    gateway = gateways(lines=LINES, sip={"listen": ["udp://127.0.0.1:0"]}, simulator={"phones": PHONES})
    path = gateway.folder / "state/calls.sqlite"
    old = short_call(gateway)
    wait_ended(gateway, [old])
    # In good order, so that all is in the file itself.
    gateway.process.terminate()
    assert gateway.process.wait(20) == 0
    gateway.process = None
    for journal in (path.with_name(path.name + "-wal"), path.with_name(path.name + "-shm")):
        journal.unlink(missing_ok=True)
    content = path.read_bytes()
    path.write_bytes(b"not a database at all" * 200 if damage == "no database" else content[:4096] + os.urandom(len(content) - 4096))
    gateway.start()
    new = short_call(gateway)
    wait_ended(gateway, [new])
    assert records(gateway)["state"] == "good"
    assert "damaged" in gateway.log() and list(path.parent.glob("calls.sqlite.damaged-*"))


def seconds(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


@pytest.mark.parametrize("step", [-3600, 3600], ids=["back", "forward"])
def test_the_clock_is_set_by_an_hour(gateways, tmp_path, step):
    """In the middle of a call: audio, timers and durations go on, records are dated by the new clock, registrations stay."""
    clock = WallClock(tmp_path)
    gateway = gateways(start=False, sip={"listen": ["udp://127.0.0.1:0"]}, lines=LINES, simulator={"phones": PHONES})
    gateway.environment = clock.environment
    gateway.start()
    before = short_call(gateway)
    with MiniPhone(gateway.port()) as phone:
        phone.register()
        call = phone.invite(ECHO, play=tone(700, 30)).wait_answer()
        began = time.monotonic()
        running = gateway.running_call()
        time.sleep(1)
        clock.set(step)
        wait_for(lambda: "the wall clock was set" in gateway.log(), 4, "the step to be seen")
        time.sleep(1)
        heard = tone_level(call.rtp.heard(since=time.monotonic() - 0.8)[-4000:], 700)
        assert heard > -14, heard
        # A timer that was set before the step, and a call begun after it.
        assert phone.request("OPTIONS").status == 200
        other = phone.invite(ECHO).wait_answer()
        assert other.hang_up().status == 200
        assert call.hang_up().status == 200
        talked = time.monotonic() - began
        assert gateway.status.status()["sip"]["registered"] == 1
    gateway.wait_until_free()
    record = gateway.ended_call(call_id=running["id"])
    length = seconds(record["ended_at"]) - seconds(record["answered_at"])
    assert abs(length - talked) < 0.5 * PATIENCE, (length, talked)
    assert abs(seconds(record["ended_at"]) - (time.time() + step)) < 5 * PATIENCE
    assert seconds(record["started_at"]) <= seconds(record["answered_at"]) <= seconds(record["ended_at"])
    wait_ended(gateway, [before])
    media = gateway.status.status()["media"]
    print(f"clock set by {step} s: {media['missed_ticks']} of {media['ticks']} ticks missed")


def spend(path, minutes):
    """A record of talk of an hour ago, as if the gateway had written it."""
    with sqlite3.connect(path) as database:
        row = database.execute("SELECT * FROM calls WHERE answered_at IS NOT NULL LIMIT 1")
        names = [column[0] for column in row.description]
        values = dict(zip(names, row.fetchone()))
        ended = time.time() - 3600
        values.update(id="earlier-1", run="earlier", started_at=ended - minutes * 60 - 1, answered_at=ended - minutes * 60, ended_at=ended)
        database.execute(f"INSERT INTO calls ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})", list(values.values()))
    database.close()


def test_a_budget_outlives_a_crash(gateways):
    """Two minutes a day: most of it spent before, some in a call that a crash cuts off; the rest ends the next call, and then none is left."""
    gateway = gateways(sip={"listen": ["udp://127.0.0.1:0"]}, lines=LINES, simulator={"phones": PHONES},
                       outbound={"rules": [{"match": "+81*", "groups": ["pstn"]}], "limits": {"calls_per_minute": 1000, "minutes_per_day": 2}})
    wait_ended(gateway, [short_call(gateway)])
    gateway.kill()
    spend(gateway.folder / "state/calls.sqlite", 107 / 60)
    gateway.start()
    with MiniPhone(gateway.port()) as phone:
        call = phone.invite(SPEAKER).wait_answer()
        time.sleep(5)
        gateway.kill()
        call.ended.set()
    gateway.start()
    with MiniPhone(gateway.port()) as phone:
        call = phone.invite(SPEAKER).wait_answer()
        began = time.monotonic()
        call.wait_ended(20)
        talked = time.monotonic() - began
        print(f"{talked:.1f} s were left of 13, 5 having been cut off by a crash")
        # The last sign of life may be two seconds old.
        assert 5 < talked < 11
        assert phone.invite(SPEAKER).wait_final().status in (403, 503)
    record = gateway.ended_call(direction="outbound", state="ended", number="+81" + SPEAKER[1:])
    assert record["end"]["by"] == "gateway"
