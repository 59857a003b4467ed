"""Thirty calls all along, most of them short, with registrations and refusals beside them: nothing of gatewayd may grow, no tick be missed.

After a warm-up, in which a burst of calls over loop lines fills what is bounded by number (the trace, the index of calls), heap, memory, descriptors and threads are sampled; a line through the
samples says by how much each grew over the time measured. Ticks of the media thread that were missed are held against an idle thread of
real-time priority on each processor.
"""
import argparse
import pathlib
import statistics
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "Tests/EndToEnd"))

from kit.audio import tone  # noqa: E402
from kit.canary import Canary  # noqa: E402
from kit.gateway import ECHO, SPEAKER, Gateway  # noqa: E402
from kit.miniphone import MiniPhone  # noqa: E402
from kit.processes import needs  # noqa: E402
from kit.sipp import Sipp  # noqa: E402

STANDING, QUICK, SLOW = 4, 18, 8
BURST, BURST_RATE, BURST_FROM, LOOP_NUMBER = 4500, 100, "127.0.0.2", "09012345678"
QUICK_MS, SLOW_MS = 6_000, 45_000
# Transactions live some 32 s, and the burst's shall be gone.
WARM_UP_S = 60
# By how much a figure may grow over the time measured: a part of itself, or so much where that is more.
ALLOWED = {"heap_kb": (0.02, 512), "resident_kb": (0.03, 2048), "descriptors": (0.02, 2), "threads": (0, 1), "legs": (0.15, 12),
           "transactions": (0.15, 40)}


def gateway(folder):
    phones = [{"number": SPEAKER, "answers_after_ms": 300, "says": "tone:1000"}, {"number": ECHO, "answers_after_ms": 0, "says": "echo"}]
    return Gateway(
        folder, log={"level": "warning"}, sip={"digest": "md5", "trusted": [BURST_FROM]}, simulator={"phones": phones},
        lines=[{"name": "line", "count": 40, "group": "pstn", "driver": "simulated", "guard_ms": 500},
               {"name": "loop", "count": 60, "group": "loop", "driver": "loop", "guard_ms": 0}],
        outbound={"rules": [{"match": "+81*", "groups": ["pstn"]}, {"match": "+8190*", "groups": ["loop"]}],
                  "limits": {"calls_per_minute": 100_000}}).start()


def burst(box, folder):
    """As many calls as what is bounded by number remembers."""
    folder.mkdir()
    text = (pathlib.Path(__file__).parent / "setup.xml").read_text().replace("@HOLD@", "100")
    (folder / "scenario.xml").write_text(text)
    arguments = [needs("sipp"), "-sf", "scenario.xml", "-s", LOOP_NUMBER, "-i", BURST_FROM, "-m", str(BURST), "-r", str(BURST_RATE), "-l", "50",
                 "-timeout", "300", "-nostdin", f"127.0.0.1:{box.port('udp')}"]
    subprocess.run(arguments, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=320, check=False)


def stream(box, folder, count, talk_ms, seconds):
    """`count` calls at a time, each as long as `talk_ms`, until it is ended."""
    values = {"MEDIA": "rtpstream_audio_port", "TALK_MS": talk_ms,
              "PLAY": '<nop><action><exec rtp_stream="@AUDIO@,-1,0,PCMU/8000"/></action></nop>'}
    # A call lasts a little longer than its talk: dialling and the telephone's answer.
    return Sipp(folder, box, "call.xml", SPEAKER, tone(700, 2), calls=10_000_000, rate=count * 1000 / (talk_ms + 4_000), seconds=seconds,
                values=values, extra=("-l", str(count)))


class Churn(threading.Thread):
    """A softphone that registers and leaves, one that guesses a password, one that asks, again and again."""

    def __init__(self, box):
        super().__init__(daemon=True)
        self.port = box.port()
        self.stopping = threading.Event()
        self.rounds = 0

    def run(self):
        while not self.stopping.wait(0.5):
            with MiniPhone(self.port, "alice") as phone, MiniPhone(self.port, "bob", password="guess") as stranger:
                phone.register(60)
                phone.request("OPTIONS")
                # A wrong guess now and then; more would be banned, and rightly.
                if self.rounds % 60 == 0:
                    stranger.request("REGISTER", headers=[("Expires", "60")])
                phone.register(0)
            self.rounds += 1


def sample(box):
    status, metrics, pid = box.status.status(), box.status.metrics(), box.process.pid
    resident = next(int(line.split()[1]) for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmRSS:"))
    return {"heap_kb": metrics["kakehashi_heap_bytes"] / 1000, "resident_kb": resident, "descriptors": box.descriptors(),
            "threads": len(list(pathlib.Path(f"/proc/{pid}/task").iterdir())), "legs": metrics["kakehashi_sip_legs"],
            "transactions": metrics["kakehashi_sip_transactions"], "calls": status["calls"]["active"], "answered": status["calls"]["answered"],
            "failed": status["calls"]["failed"], "ticks": status["media"]["ticks"], "missed": status["media"]["missed_ticks"]}


def growth(times, values):
    """Of the line through the samples (Theil and Sen: the median of all slopes, which single samples do not bend), first to last."""
    slopes = [(values[j] - values[i]) / (times[j] - times[i]) for i in range(len(times)) for j in range(i + 1, len(times))]
    return statistics.median(slopes) * (times[-1] - times[0])


def watch(box, seconds, every):
    times, rows, told, began = [], [], set(), time.monotonic()
    while time.monotonic() - began <= seconds:
        times.append(time.monotonic() - began)
        rows.append(sample(box))
        if len(rows) > 1 and rows[-1]["failed"] > rows[-2]["failed"]:
            for call in box.status.calls(ended=True):
                if not call.get("answered_at") and call["id"] not in told:
                    told.add(call["id"])
                    print(f"{times[-1]:7.0f} s a call failed: {call['end']}", flush=True)
        if len(rows) % 10 == 1:
            row = rows[-1]
            print(f"{times[-1]:7.0f} s {row['calls']:4.0f} calls {row['heap_kb']:9.0f} KB heap {row['resident_kb']:8.0f} KB resident "
                  f"{row['descriptors']:4} descriptors {row['threads']:3} threads {row['missed']:4.0f} missed ticks", flush=True)
        time.sleep(max(began + len(rows) * every - time.monotonic(), 0.1))
    return times, rows


def verdict(times, rows, canary, worst):
    problems = []
    print(f"{'':14}{'first':>12}{'last':>12}{'smallest':>12}{'largest':>12}{'growth':>12}{'allowed':>12}")
    for name, (part, least) in ALLOWED.items():
        values = [row[name] for row in rows]
        grown, allowed = growth(times, values), max(part * statistics.mean(values), least)
        print(f"{name:14}{values[0]:12.0f}{values[-1]:12.0f}{min(values):12.0f}{max(values):12.0f}{grown:12.1f}{allowed:12.1f}")
        if grown > allowed:
            problems.append(f"{name} grew by {grown:.1f}, {allowed:.1f} are allowed")
    first, last = rows[0], rows[-1]
    missed = last["missed"] - first["missed"]
    print(f"{last['answered'] - first['answered']:.0f} calls answered, {last['failed'] - first['failed']:.0f} failed; "
          f"{statistics.mean(row['calls'] for row in rows):.1f} at a time")
    print(f"{missed:.0f} of {last['ticks'] - first['ticks']:.0f} ticks missed; the machine may have cost {canary.lost} "
          f"(an idle real-time thread woke {worst:.1f} ms late at most)")
    if missed > canary.lost:
        problems.append(f"{missed:.0f} ticks were missed, {canary.lost} of them the machine's")
    if last["failed"] > first["failed"]:
        problems.append(f"{last['failed'] - first['failed']:.0f} calls failed")
    if statistics.median(row["calls"] for row in rows) < 25:
        problems.append("there were fewer than 25 calls at a time: nothing was shown")
    return problems


def soak(folder, minutes):
    box = gateway(folder / "g")
    standing, peers, churn = [], [], Churn(box)
    try:
        seconds = minutes * 60
        phone = MiniPhone(box.port())
        standing = [phone.invite(ECHO, play=tone(500, 5)).wait_answer() for _ in range(STANDING)]
        for name, count, talk_ms in (("quick", QUICK, QUICK_MS), ("slow", SLOW, SLOW_MS)):
            peers.append(stream(box, folder / name, count, talk_ms, int(WARM_UP_S + seconds) + 600))
        churn.start()
        print(f"{STANDING + QUICK + SLOW} calls, {BURST} in a burst, warm-up of {WARM_UP_S} s, then {minutes:g} minutes", flush=True)
        burst(box, folder / "burst")
        time.sleep(WARM_UP_S)
        canary = Canary()
        times, rows = watch(box, seconds, min(max(seconds / 180, 1), 10))
        worst = canary.stop()
        problems = verdict(times, rows, canary, worst)
        problems += [f"a call that stood was ended: {call.id}" for call in standing if call.ended.is_set()]
        problems += [f"sipp ended: {peer.errors()}" for peer in peers if peer.process.poll() is not None]
        return problems
    finally:
        churn.stopping.set()
        if churn.is_alive():
            churn.join(30)
        for peer in peers:
            peer.end()
        for call in standing:
            if not call.ended.is_set():
                call.hang_up()
        box.stop()


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--minutes", type=float, default=30)
    minutes = options.parse_args().minutes
    with tempfile.TemporaryDirectory() as folder:
        problems = soak(pathlib.Path(folder), minutes)
    for problem in problems:
        print(f"soak: {problem}")
    print("soak: FAILED" if problems else "soak: flat")
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
