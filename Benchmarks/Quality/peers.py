"""What others reach on the same streams (measured once, in real time), and our goals."""

# MOS-LQO and delay in ms of NetEQ in Chromium 156; its delay holds 39 ms of the browser's playout.
NETEQ = {
    "clean": (4.46, 74), "loss1": (4.18, 65), "loss3": (3.69, 66), "loss5": (3.37, 64), "loss10": (2.69, 62), "burst3": (3.74, 66),
    "burst5": (3.33, 64), "jit20": (4.45, 187), "jit40": (4.39, 317), "jit80": (4.35, 520), "gamma40": (4.40, 312), "step120": (3.94, 192),
    "drift200": (4.54, 78),
}
BROWSER = 39
# Asterisk, bridged, adaptive; 60 ms of its delay are the listener's.
ASTERISK = {
    "clean": (4.45, 100), "loss1": (3.98, 100), "loss3": (3.38, 100), "loss5": (2.94, 100), "loss10": (1.92, 100), "burst3": (3.39, 100),
    "burst5": (2.90, 100), "jit20": (4.45, 201), "jit40": (3.99, 301), "jit80": (1.40, 396), "gamma40": (4.31, 279), "step120": (4.14, 213),
    "drift200": (4.45, 107),
}
# The network's mean of those runs, in their delays.
MEANS = {"jit20": 60, "jit40": 121, "jit80": 239, "gamma40": 80}
GOALS = {"clean": 4.5, "jit20": 4.42, "jit40": 4.42, "jit80": 4.35, "gamma40": 4.35, "step120": 4.2, "drift200": 4.5}


def neteq_delay(condition):
    """NetEQ's own, without the browser's playout and the network's mean."""
    return NETEQ[condition][1] - BROWSER - MEANS.get(condition, 0)


def goal(condition):
    """(least MOS, most delay); None where there is none."""
    if condition not in NETEQ:
        return None, None
    if condition.startswith(("loss", "burst")):
        return NETEQ[condition][0] + 0.15, 30.0
    if condition == "clean":
        return GOALS[condition], 25.0
    if condition == "step120":
        return GOALS[condition], None
    return GOALS[condition], neteq_delay(condition)
