"""The echo canceller alone in virtual time, every G.168 path under both laws, speexdsp beside it on the same streams.

    .venv/bin/python Benchmarks/Quality/echo.py [--bench PATH] [--out FILE.json]
"""
import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

import numpy

import streams
from kit.audio import RATE, silence

STEP = 0.05
# Name, test, seconds from, to, dB below the ceiling of a perfect canceller at most.
GOALS = [
    ("noise, 1 s after the start", "noise", 1.0, 1.5, 2),
    ("noise, steady", "noise", 3.0, 6.0, 2),
    ("speech, 3 s after the start", "speech", 3.0, 4.0, 3),
    ("speech, steady", "speech", 6.0, 10.0, 3),
    ("0–0.5 s after double talk", "double talk from 4 to 7 s", 7.0, 7.5, 10),
    ("0.5–1.5 s after double talk", "double talk from 4 to 7 s", 7.5, 8.5, 3),
    ("1 s after a path change, noise", "noise, path change at 4 s", 5.0, 5.5, 3),
    ("3 s after a path change, speech", "speech, path change at 4 s", 7.0, 8.0, 8),
]


def voices(folder):
    """Nine voices of 10 s or more: six of espeak-ng, three of people where their packages are installed."""
    paths = []
    for name, samples in [*streams.spoken(folder), *streams.shared_samples()[::2], *streams.prompts(folder)]:
        path = folder / f"voice-{len(paths)}.wav"
        streams.write_wav(path, numpy.concatenate([samples, silence(0.4)]))
        paths.append((name, path))
    # The first six are the far ends: as many people as there are among them.
    people = [row for row in paths if "_" in row[0] and row[0][:2] != "en" or row[0].startswith("en_US")]
    others = [row for row in paths if row not in people]
    return (people[:3] + others)[:9]


def decibels(over, under):
    return 10 * numpy.log10((numpy.asarray(over, float) + 1) / (numpy.asarray(under, float) + 1))


def between(run, first, last):
    """(ERLE, ceiling) in dB from `first` to `last` seconds; nan where the far end was silent."""
    part = slice(int(round(first / STEP)), int(round(last / STEP)))
    echo, left, ceiling = (sum(run[key][part]) for key in ("echo", "left", "ceiling"))
    if echo < 1000 * (last - first) * RATE:
        return numpy.nan, numpy.nan
    return float(decibels(echo, left)), float(decibels(echo, ceiling))


def table(runs, canceller):
    rows = []
    for name, test, first, last, bound in GOALS:
        pairs = numpy.array([between(run, first, last) for run in runs if run["test"] == test and run["canceller"] == canceller])
        pairs = pairs[~numpy.isnan(pairs[:, 0])]
        gaps = pairs[:, 1] - pairs[:, 0]
        rows.append({"name": name, "bound": bound, "runs": len(pairs), "worst": float(pairs[:, 0].min()), "median": float(numpy.median(pairs[:, 0])),
                     "ceiling_worst": float(pairs[:, 1].min()), "ceiling": float(numpy.median(pairs[:, 1])), "gap_worst": float(gaps.max()),
                     "gap_median": float(numpy.median(gaps)), "within": float(numpy.mean(gaps <= bound))})
    return rows


def negative(runs, canceller):
    """Longest time of more echo than there was, ms: worst and median over runs."""
    values = [run["longest_negative_ms"] for run in runs if run["canceller"] == canceller]
    return max(values), float(numpy.median(values))


def cost(runs, canceller):
    return float(numpy.mean([run["us_per_frame"] for run in runs if run["canceller"] == canceller]))


def curve(runs, canceller, test, path):
    """ERLE over time, dB, energies of all runs of a path added up in windows of 100 ms."""
    mine = [run for run in runs if run["canceller"] == canceller and run["test"] == test and run["path"] == path]
    length = min(len(run["echo"]) for run in mine) // 2 * 2
    sums = {key: numpy.sum([numpy.reshape(run[key][:length], (-1, 2)).sum(1) for run in mine], axis=0) for key in ("echo", "left", "ceiling")}
    times = (numpy.arange(length // 2) + 0.5) * 2 * STEP
    return times, decibels(sums["echo"], sums["left"]), decibels(sums["echo"], sums["ceiling"])


def measure(bench, folder):
    found = voices(folder)
    answer = subprocess.run([bench, "echo", *[str(path) for _, path in found]], capture_output=True, text=True, check=False)
    if answer.returncode != 0:
        sys.exit(f"{bench}: {answer.stderr}")
    return {"voices": [name for name, _ in found], "runs": [json.loads(line) for line in answer.stdout.splitlines()]}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bench", default=str(streams.ROOT / ".build/release/QualityBench"))
    parser.add_argument("--out", default=str(streams.ROOT / "run/quality/echo.json"))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        result = measure(options.bench, pathlib.Path(scratch))
    out = pathlib.Path(options.out)
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(result))
    print("voices: " + ", ".join(result["voices"]))
    for canceller in ("kakehashi", "speexdsp"):
        worst, median = negative(result["runs"], canceller)
        print(f"{canceller}: {cost(result['runs'], canceller):.1f} µs per 20 ms; longest negative {worst} ms, median {median:.0f} ms")
        for row in table(result["runs"], canceller):
            print(f"  {row['name']:34} ERLE worst {row['worst']:5.1f} median {row['median']:5.1f}; ceiling {row['ceiling_worst']:5.1f} / {row['ceiling']:5.1f}; "
                  f"below it worst {row['gap_worst']:5.1f} median {row['gap_median']:5.1f}, bound {row['bound']:2}: {row['within'] * 100:5.1f} % of {row['runs']} within")


if __name__ == "__main__":
    main()
