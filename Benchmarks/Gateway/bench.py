"""What a whole call costs gatewayd: set-up and clearing by sipp on loop lines, by thread; memory of a call that stands; missed ticks.

CPU time is the kernel's count for each thread of gatewayd, so that what else runs on the machine does not enter.
"""
import os
import pathlib
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "Tests/EndToEnd"))

from kit import sipp as sipp_kit  # noqa: E402
from kit.gateway import Gateway  # noqa: E402
from kit.ports import free_range  # noqa: E402

sipp_kit.SCENARIOS = pathlib.Path(__file__).parent
LINES = 600
# How the threads are called in the kernel's 15 characters, and what they are.
NAMES = {"NIO-ELT-1-#1": "control", "media-0": "media", "loop-lines": "lines", "-qos.overcommit": "store"}


def threads(pid):
    """CPU seconds of each thread by name, added up."""
    figures = {}
    for task in os.listdir(f"/proc/{pid}/task"):
        try:
            name = pathlib.Path(f"/proc/{pid}/task/{task}/comm").read_text().strip()
            # Nanoseconds on the CPU: finer than the clock ticks of stat.
            spent = int(pathlib.Path(f"/proc/{pid}/task/{task}/schedstat").read_text().split()[0]) / 1e9
        except FileNotFoundError:
            continue
        name = NAMES.get(name, "others")
        figures[name] = figures.get(name, 0) + spent
    return figures


def difference(after, before):
    return {name: spent - before.get(name, 0) for name, spent in after.items() if spent - before.get(name, 0) > 0.0005}


def resident_kb(pid):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    raise AssertionError("no VmRSS")


def gateway(folder):
    first = free_range(2 * LINES)
    return Gateway(
        folder, log={"level": "notice"}, media={"ports": f"{first}-{first + 2 * LINES - 1}"}, sip={"trusted": ["127.0.0.0/8"], "listen": ["udp://127.0.0.1:0"]},
        lines=[{"name": "loop", "count": LINES, "group": "bench", "driver": "loop", "guard_ms": 0}],
        outbound={"rules": [{"match": "*", "groups": ["bench"]}], "limits": {"calls_per_minute": 100_000}}).start()


def run(gateway, folder, calls, rate, hold_ms):
    client = sipp_kit.Sipp(folder, gateway, "setup.xml", "0333331234", calls=calls, rate=rate, seconds=120, values={"HOLD": hold_ms},
                           extra=("-l", str(LINES)))
    return client


def finish(client, seconds=150):
    code = client.wait(seconds)
    if code != 0:
        sys.exit(f"sipp exited {code}: not every call went as written\n{client.errors()}")


def set_up(folder, calls, rate):
    box = gateway(folder / "g")
    try:
        finish(run(box, folder / "warm", 300, rate, 100))
        before, began = threads(box.process.pid), time.monotonic()
        finish(run(box, folder / "run", calls, rate, 100))
        elapsed = time.monotonic() - began
        spent = difference(threads(box.process.pid), before)
        total = sum(spent.values())
        exchange = sum(value for name, value in spent.items() if name == "lines")
        print(f"set-up and clearing: {calls} calls at {calls / elapsed:.0f} a second, UDP, no digest, 100 ms held")
        for name, value in sorted(spent.items(), key=lambda row: -row[1]):
            print(f"  {name:16} {value / calls * 1e6:8.0f} µs a call")
        print(f"  {'all but lines':16} {(total - exchange) / calls * 1e6:8.0f} µs a call: {calls / (total - exchange):.0f} calls per CPU-second")
        status = box.status.status()
        print(f"  missed ticks {status['media']['missed_ticks']} of {status['media']['ticks']}, calls failed {status['calls']['failed']}")
    finally:
        box.stop()


def memory(folder, calls=500):
    box = gateway(folder / "g")
    try:
        finish(run(box, folder / "warm", 50, 50, 100))
        time.sleep(1)
        idle = resident_kb(box.process.pid)
        # Held for less than 10 s: then a peer that sends no packets is asked whether it lives, which this scenario does not answer.
        client = run(box, folder / "run", calls, 200, 9_000)
        deadline = time.monotonic() + 60
        while box.status.status()["lines"]["in_use"] < calls:
            if time.monotonic() > deadline:
                sys.exit("the calls did not come up")
            time.sleep(0.1)
        before = threads(box.process.pid)
        time.sleep(4)
        spent = sum(difference(threads(box.process.pid), before).values())
        print(f"memory: {(resident_kb(box.process.pid) - idle) / calls:.0f} KB resident a call ({calls} calls, line's buffers included)")
        print(f"calls that stand without packets to them: {spent / 4 / calls * 1e6:.0f} µs CPU a call-second, all threads")
        finish(client)
    finally:
        box.stop()


def main():
    with tempfile.TemporaryDirectory() as folder:
        # A thread that is woken for each message pays for the waking; the busier it is, the more it finds at once.
        for rate in (200, 400, 600):
            set_up(pathlib.Path(folder) / f"set-up-{rate}", calls=20 * rate, rate=rate)
        memory(pathlib.Path(folder) / "memory")


main()
