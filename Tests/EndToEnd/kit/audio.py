"""Samples: 8 kHz, 16 bit, mono, as numpy arrays; G.711; levels in dBm0; tones."""
import math
import wave

import numpy

RATE = 8000
# A full-scale sine of the µ-law codec (peak 32124) is +3.17 dBm0 (ITU-T G.711).
REFERENCE_RMS = 32124 / math.sqrt(2) / 10 ** (3.17 / 20)


def read_wav(path):
    with wave.open(str(path), "rb") as file:
        assert (file.getframerate(), file.getsampwidth()) == (RATE, 2), f"{path}: {file.getparams()}"
        samples = numpy.frombuffer(file.readframes(file.getnframes()), dtype="<i2").astype(numpy.int16)
        return samples[::file.getnchannels()]


def write_wav(path, samples, rate=RATE):
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(numpy.asarray(samples, dtype="<i2").tobytes())
    return path


def silence(seconds):
    return numpy.zeros(int(round(seconds * RATE)), numpy.int16)


def tone(frequency, seconds, dbm0=-10):
    peak = amplitude(dbm0)
    return numpy.round(peak * numpy.sin(2 * math.pi * frequency * numpy.arange(int(seconds * RATE)) / RATE)).astype(numpy.int16)


def amplitude(dbm0):
    """Peak of a sine of that level."""
    return REFERENCE_RMS * math.sqrt(2) * 10 ** (dbm0 / 20)


def level(samples):
    """dBm0; -100 for silence."""
    if len(samples) == 0:
        return -100.0
    mean_square = float(numpy.mean(numpy.asarray(samples, numpy.float64) ** 2))
    return max(-100.0, 20 * math.log10(math.sqrt(mean_square) / REFERENCE_RMS)) if mean_square > 0 else -100.0


def tone_level(samples, frequency):
    """dBm0 of one frequency (Goertzel)."""
    samples = numpy.asarray(samples, numpy.float64)
    phase = numpy.exp(-2j * math.pi * frequency * numpy.arange(len(samples)) / RATE)
    peak = 2 * abs(numpy.dot(samples, phase)) / max(len(samples), 1)
    return 20 * math.log10(max(peak, 1e-3) / math.sqrt(2) / REFERENCE_RMS)


# G.711 (ITU-T G.711 tables 2a and 1a), written here on its own: the gateway's codec is not its own judge.

def _mu_decode_table():
    codes = ~numpy.arange(256, dtype=numpy.int32) & 0xFF
    magnitude = (((codes & 0x0F) << 3) + 0x84) << ((codes & 0x70) >> 4)
    return numpy.where(codes & 0x80, 0x84 - magnitude, magnitude - 0x84).astype(numpy.int16)


def _a_decode_table():
    codes = numpy.arange(256, dtype=numpy.int32) ^ 0x55
    mantissa, exponent = (codes & 0x0F) << 4, (codes & 0x70) >> 4
    magnitude = numpy.where(exponent == 0, mantissa + 8, (mantissa + 0x108) << numpy.maximum(exponent - 1, 0))
    return numpy.where(codes & 0x80, magnitude, -magnitude).astype(numpy.int16)


_DECODE = {"PCMU": _mu_decode_table(), "PCMA": _a_decode_table()}


def _encode_table(name):
    """The nearest value of the law for each of 65,536 samples (µ-law truncates at its own thresholds, which are these)."""
    if name == "PCMU":
        samples = numpy.arange(-32768, 32768)
        magnitude = numpy.minimum(numpy.abs(samples), 32635) + 0x84
        exponent = numpy.floor(numpy.log2(magnitude)).astype(numpy.int32) - 7
        mantissa = (magnitude >> (exponent + 3)) & 0x0F
        return (~(numpy.where(samples < 0, 0x80, 0) | (exponent << 4) | mantissa) & 0xFF).astype(numpy.uint8)
    order = numpy.argsort(_DECODE[name].astype(numpy.int32), kind="stable")
    values = _DECODE[name].astype(numpy.int32)[order]
    samples = numpy.arange(-32768, 32768)
    place = numpy.clip(numpy.searchsorted(values, samples), 1, 255)
    nearer_low = samples - values[place - 1] < values[place] - samples
    return order[numpy.where(nearer_low, place - 1, place)].astype(numpy.uint8)


_ENCODE = {name: _encode_table(name) for name in _DECODE}


def encode(samples, law="PCMU"):
    return _ENCODE[law][numpy.asarray(samples, numpy.int32) + 32768]


def decode(payload, law="PCMU"):
    return _DECODE[law][numpy.frombuffer(bytes(payload), numpy.uint8)]


def companded(samples, law="PCMU"):
    """One round trip through G.711."""
    return _DECODE[law][encode(samples, law)]


def through_line(samples, loss_db, noise_dbm0, law="PCMU", seed=1):
    """What a line of that loss and noise, and the trunk's coding, make of samples, without a gateway."""
    generator = numpy.random.default_rng(seed)
    noise = generator.normal(0, REFERENCE_RMS * 10 ** (noise_dbm0 / 20), len(samples))
    heard = numpy.asarray(samples, numpy.float64) * 10 ** (-loss_db / 20) + noise
    return companded(numpy.clip(numpy.round(heard), -32768, 32767).astype(numpy.int32), law)


ROWS, COLUMNS, KEYS = (697, 770, 852, 941), (1209, 1336, 1477, 1633), ("123A", "456B", "789C", "*0#D")


def keyed(digits, tone=0.08, pause=0.08, level=-10):
    """Digits as tones, each of so many seconds."""
    peak = 32124 * 10 ** ((level - 3.17) / 20)
    time = numpy.arange(round(tone * RATE)) / RATE
    parts = []
    for digit in digits:
        row = next(index for index, keys in enumerate(KEYS) if digit in keys)
        column = KEYS[row].index(digit)
        wave = peak * (numpy.sin(2 * numpy.pi * ROWS[row] * time) + numpy.sin(2 * numpy.pi * COLUMNS[column] * time))
        parts += [wave.astype(numpy.int16), silence(pause)]
    return numpy.concatenate(parts)


def dtmf(samples):
    """The digit that fills these samples; "": silence; None: neither."""
    samples = numpy.asarray(samples, float)
    power = float(numpy.mean(samples ** 2))
    if power < 100 ** 2:
        return ""
    time = numpy.arange(len(samples)) / RATE
    found = []
    for group in (ROWS, COLUMNS):
        strengths = [abs(numpy.sum(samples * numpy.exp(-2j * numpy.pi * frequency * time))) ** 2 for frequency in group]
        found.append((int(numpy.argmax(strengths)), 2 * max(strengths) / len(samples) ** 2))
    if found[0][1] + found[1][1] < 0.7 * power:
        return None
    return KEYS[found[0][0]][found[1][0]]
