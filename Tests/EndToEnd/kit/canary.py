"""An idle thread of real-time priority on each processor: what the machine itself loses, measured while others are tested.

Run as a program it prints, at the end of its standard input, the longest time by which it woke late, in ms, and how many ticks of 10 ms the
machine may have cost: one for each time it woke 5 ms late or more, and one for each further 10 ms.
"""
import os
import subprocess
import sys
import threading
import time

PERIOD = 0.005
TICK = 0.010


def watch(processor, worst, lost, stopping):
    os.sched_setaffinity(0, {processor})
    try:
        # Above the gateway's own threads.
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(80))
    except PermissionError:
        pass
    due = time.monotonic()
    while not stopping.is_set():
        due += PERIOD
        time.sleep(max(due - time.monotonic(), 0))
        late = time.monotonic() - due
        worst[processor] = max(worst[processor], late)
        if late >= PERIOD:
            lost[processor] += 1 + int(late / TICK)
        if late > PERIOD:
            due = time.monotonic()


class Canary:
    """Watches until `stop`; then `lost` says how many ticks of 10 ms the machine may have cost."""

    lost = 0

    def __init__(self):
        # A process for each processor: threads of one would wait for each other's interpreter lock.
        self._processes = [
            subprocess.Popen([sys.executable, __file__, str(processor)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            for processor in sorted(os.sched_getaffinity(0))]

    def stop(self):
        """The longest lateness in ms."""
        answers = [process.communicate(timeout=10)[0].split() for process in self._processes]
        self.lost = sum(int(lost) for _, lost in answers)
        return max(float(worst) for worst, _ in answers)


def main():
    processor = int(sys.argv[1])
    worst, lost, stopping = {processor: 0.0}, {processor: 0}, threading.Event()
    thread = threading.Thread(target=watch, args=(processor, worst, lost, stopping))
    thread.start()
    sys.stdin.read()
    stopping.set()
    thread.join()
    print(worst[processor] * 1000, lost[processor])


if __name__ == "__main__":
    main()
