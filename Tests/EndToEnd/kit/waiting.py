"""Waiting for something with an end to the patience."""
import time

# A machine three times slower than ours still passes.
PATIENCE = 3.0


def wait_for(condition, seconds=5.0, what="condition", every=0.02):
    """The first true value of condition(); fails after `seconds` of patience on a slow machine. `what` may be made when it is needed."""
    deadline = time.monotonic() + seconds * PATIENCE
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            what = what() if callable(what) else what
            raise AssertionError(f"{what}: not within {seconds * PATIENCE:.0f} s; last seen: {value!r}")
        time.sleep(every)
