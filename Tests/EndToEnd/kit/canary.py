"""An idle thread of real-time priority on each processor: what the machine itself loses, measured while others are tested.

Run as a program it prints, at the end of its standard input, the longest time by which it woke late, in ms.
"""
import os
import subprocess
import sys
import threading
import time

PERIOD = 0.005


def watch(processor, worst, stopping):
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
        if late > PERIOD:
            due = time.monotonic()


class Canary:
    """`worst` in ms after `stop`."""

    def __init__(self):
        # A process for each processor: threads of one would wait for each other's interpreter lock.
        self._processes = [
            subprocess.Popen([sys.executable, __file__, str(processor)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            for processor in sorted(os.sched_getaffinity(0))]

    def stop(self):
        return max(float(process.communicate(timeout=10)[0]) for process in self._processes)


def main():
    processor = int(sys.argv[1])
    worst, stopping = {processor: 0.0}, threading.Event()
    thread = threading.Thread(target=watch, args=(processor, worst, stopping))
    thread.start()
    sys.stdin.read()
    stopping.set()
    thread.join()
    print(worst[processor] * 1000)


if __name__ == "__main__":
    main()
