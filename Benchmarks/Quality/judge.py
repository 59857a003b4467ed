"""What a listener heard of a stream: PESQ of each sample, delay of each second."""
import dataclasses
import math

import numpy
from pesq import pesq
from scipy.signal import fftconvolve

from streams import RATE, companded

# How far from its place a sample may be heard, ms.
EARLY, LATE = 100, 900


@dataclasses.dataclass
class Heard:
    scores: list        # (sample's name, MOS-LQO)
    delays: list        # (ms into the stream, delay in ms) of windows of 1 s
    delay: float        # their median


def find(pattern, segment):
    """Where in `segment` the best normalised match of `pattern` begins, and its correlation."""
    pattern, segment = numpy.asarray(pattern, float), numpy.asarray(segment, float)
    if len(segment) < len(pattern):
        return 0, 0.0
    product = fftconvolve(segment, pattern[::-1], "valid")
    sums = numpy.concatenate([[0.0], numpy.cumsum(segment ** 2)])
    energy = numpy.sqrt((sums[len(pattern):] - sums[:-len(pattern)]) * numpy.sum(pattern ** 2)) + 1.0
    likeness = product / energy
    best = int(numpy.argmax(likeness))
    return best, float(likeness[best])


def window(samples, start, count):
    result = numpy.zeros(count, numpy.int16)
    first, last = max(start, 0), min(start + count, len(samples))
    if last > first:
        result[first - start:last - start] = samples[first:last]
    return result


def judge(stream, heard, origin, scale=1.0, law="PCMU", reference=None):
    """`origin`: when heard[0] was heard, ms after the stream's first sample was sent; `scale`: the sender's ms for each of ours.

    `reference` is what a sample is judged against, its G.711 round trip if not given.
    """
    scores, delays = [], []
    for name, place, sample in stream.parts:
        told = companded(sample, law) if reference is None else reference(sample)
        start = int(round((place / 8 * scale - origin - EARLY) * 8))
        segment = window(heard, start, len(sample) + (EARLY + LATE) * 8)
        where, _ = find(told, segment)
        degraded = segment[where:where + len(sample)]
        scores.append((name, float(pesq(RATE, told, degraded, "nb")) if degraded.any() else 1.0))
        for offset in range(0, len(sample) - RATE + 1, RATE):
            part = told[offset:offset + RATE]
            if numpy.abs(part).max() < 500:
                continue
            begin = int(round(((place + offset) / 8 * scale - origin - EARLY) * 8))
            found, likeness = find(part, window(heard, begin, RATE + (EARLY + LATE) * 8))
            if likeness > 0.5:
                # `begin` was rounded to a sample: count from it, not from the time asked for.
                delays.append(((place + offset) / 8, (begin + found) / 8 + origin - (place + offset) / 8 * scale))
    return Heard(scores, delays, float(numpy.median([delay for _, delay in delays])) if delays else math.nan)


def mean_interval(values):
    """Mean and half of the 95 % interval (normal, from the spread of the values)."""
    values = numpy.asarray(values, float)
    if len(values) < 2:
        return float(values.mean()) if len(values) else math.nan, math.nan
    return float(values.mean()), float(1.96 * values.std(ddof=1) / math.sqrt(len(values)))


def score(sample, heard):
    """PESQ of a sample as found in what was heard, against its G.711 round trip."""
    told = companded(sample)
    where, _ = find(told, window(heard, 0, max(len(heard), len(sample))))
    degraded = window(heard, where, len(sample))
    return float(pesq(RATE, told, degraded, "nb")) if degraded.any() else 1.0


def score_near(sample, heard, seconds):
    """The same, where it is known about when the sample was said."""
    return round(score(sample, window(heard, int((seconds - 0.3) * RATE), len(sample) + RATE)), 3)


def fine_delays(stream, heard, origin, width=2_000, step=2_000, scale=1.0, late=300):
    """(ms into the stream, delay in ms) of windows of 250 ms that hold speech."""
    found = []
    for _, place, sample in stream.parts:
        told = companded(sample)
        for offset in range(0, len(sample) - width + 1, step):
            part = told[offset:offset + width]
            if numpy.sqrt(numpy.mean(part.astype(float) ** 2)) < 400:
                continue
            at = (place + offset) / 8
            begin = int(round((at * scale - origin - EARLY) * 8))
            where, likeness = find(part, window(heard, begin, width + (EARLY + late) * 8))
            if likeness > 0.9:
                found.append((at, (begin + where) / 8 + origin - at * scale))
    return found


def sharpest(samples):
    """The largest second difference: a click stands out in it."""
    samples = numpy.asarray(samples, float)
    return float(numpy.abs(numpy.diff(samples, 2)).max()) if len(samples) > 2 else 0.0
