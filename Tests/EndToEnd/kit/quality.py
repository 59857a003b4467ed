"""How good a heard copy of known speech is, and how late."""
import numpy
import scipy.signal
from pesq import pesq
from scipy.signal import correlate

from .audio import RATE, companded

MARGIN = RATE // 4


def position(pattern, heard):
    """Where `pattern` begins in `heard` (samples, may be negative), and the correlation there (1: the same)."""
    pattern, heard = numpy.asarray(pattern, numpy.float64), numpy.asarray(heard, numpy.float64)
    if len(heard) == 0 or not heard.any():
        return 0, 0.0
    product = correlate(heard, pattern, mode="full", method="fft")
    best = int(numpy.argmax(product))
    start = best - (len(pattern) - 1)
    first, last = max(start, 0), min(start + len(pattern), len(heard))
    energy = numpy.sqrt(numpy.sum(heard[first:last] ** 2) * numpy.sum(pattern ** 2))
    return start, float(product[best] / energy) if energy > 0 else 0.0


def cut(samples, start, count):
    """`count` samples from `start`; zero where there are none."""
    result = numpy.zeros(count, numpy.int16)
    first, last = max(start, 0), min(start + count, len(samples))
    if last > first:
        result[first - start:last - start] = samples[first:last]
    return result


def score(source, heard, law="PCMU"):
    """PESQ narrowband of `source` as found in `heard`; the reference is the source after one G.711 round trip."""
    start, _ = position(source, heard)
    degraded = cut(heard, start - MARGIN, len(source) + 2 * MARGIN)
    reference = numpy.concatenate([numpy.zeros(MARGIN, numpy.int16), companded(source, law), numpy.zeros(MARGIN, numpy.int16)])
    if not degraded.any():
        return 1.0
    return float(pesq(RATE, reference, degraded, "nb"))


def delays(source, heard, origin, window=RATE, step=RATE // 2):
    """Positions of windows of `source` in `heard`, in ms after where they are in a copy that begins at `origin`.

    Above 300 Hz: the removal of hum turns the phase of what is below, and with it the shape of low voices.
    """
    above = scipy.signal.butter(4, 300, "highpass", fs=RATE, output="sos")
    source, heard = (scipy.signal.sosfiltfilt(above, numpy.asarray(samples, numpy.float64)) for samples in (source, heard))
    found = []
    for start in range(0, len(source) - window + 1, step):
        part = source[start:start + window]
        if numpy.abs(part).max() < 500:
            continue
        place, likeness = position(part, heard)
        if likeness > 0.8:
            found.append((place - origin - start) * 1000 / RATE)
    return found
