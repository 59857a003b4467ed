"""The jitter buffer alone in virtual time, on the streams of voice.md.

    .venv/bin/python Benchmarks/Quality/jitter.py [--conditions jit80,gamma40] [--seeds 1,2,3] [--further] [--bench PATH]
"""
import argparse
import concurrent.futures
import dataclasses
import json
import pathlib
import subprocess
import sys
import tempfile

import numpy

import judge
import peers
import streams


@dataclasses.dataclass
class Cell:
    condition: str
    seed: int
    name: str
    mos: list
    delay: float
    delays: list
    run: dict


def schedule_path(folder, condition, seed, rows):
    path = folder / f"schedule-{condition}-{seed}.csv"
    path.write_text("".join(f"{packet},{time:.3f}\n" for packet, time in rows))
    return path


def prepare(folder, conditions, seeds, samples, name):
    """(condition, seed, stream, rows, phase, wav of the source, schedule, wav to be heard)"""
    jobs = []
    for condition in conditions:
        stream = streams.Stream(samples, 2 if condition in streams.DRIFT else 1)
        source = stream.write(folder / f"source-{name}-{condition}.wav")
        for seed in seeds:
            if name == "shared" and (streams.SHARED / f"schedules/{condition}-{seed}.csv").exists():
                rows = streams.read_schedule(condition, seed)
            else:
                rows = streams.make_schedule(condition, stream.packets, seed)
            path = schedule_path(folder, f"{name}-{condition}", seed, rows)
            jobs.append((condition, seed, stream, rows, streams.PHASES.get(seed, 5.0), source, path, folder / f"heard-{name}-{condition}-{seed}.wav"))
    return jobs


def evaluate(job):
    condition, seed, stream, rows, run, name = job
    heard = judge.judge(stream, streams.read_wav(run["out"]), run["origin_ms"], 1 + streams.DRIFT.get(condition, 0.0))
    mean = streams.mean_delay(condition, rows)
    return Cell(condition, seed, name, [score for _, score in heard.scores], heard.delay - mean,
                [(at, delay - mean) for at, delay in heard.delays], run)


def play(bench, folder, conditions, seeds, samples, name="shared"):
    jobs = prepare(folder, conditions, seeds, samples, name)
    text = "".join(f"{source}\t{path}\t{phase}\t{out}\n" for _, _, _, _, phase, source, path, out in jobs)
    answer = subprocess.run([bench, "jitter"], input=text, capture_output=True, text=True, check=False)
    if answer.returncode != 0:
        sys.exit(f"{bench}: {answer.stderr}")
    runs = [json.loads(line) for line in answer.stdout.splitlines()]
    work = [(condition, seed, stream, rows, run, name) for (condition, seed, stream, rows, *_), run in zip(jobs, runs)]
    with concurrent.futures.ProcessPoolExecutor(2) as pool:
        return list(pool.map(evaluate, work))


def summary(cells):
    """Condition to (MOS, half interval, delay, concealed ms, moved ms, longest gap)."""
    table = {}
    for condition in dict.fromkeys(cell.condition for cell in cells):
        mine = [cell for cell in cells if cell.condition == condition]
        mos, half = judge.mean_interval([value for cell in mine for value in cell.mos])
        table[condition] = {
            "mos": mos, "half": half, "worst": min(value for cell in mine for value in cell.mos),
            "delay": float(numpy.mean([cell.delay for cell in mine])),
            "concealed": float(numpy.mean([cell.run["concealed_ms"] for cell in mine])),
            "moved": float(numpy.mean([cell.run["removed_ms"] + cell.run["inserted_ms"] for cell in mine])),
            "late": float(numpy.mean([cell.run["late"] for cell in mine])),
            "longest": max(cell.run["longest_concealed_ms"] for cell in mine),
        }
    return table


def lines(table):
    rows = [f"{'':9} {'MOS':>5} {'±':>5} {'worst':>6} {'goal':>5} {'delay':>6} {'goal':>5} {'concealed':>9} {'late':>5} {'moved':>6} {'longest gap':>11}"]
    for condition, row in table.items():
        goal, delay = peers.goal(condition)
        mark = "" if (goal is None or row["mos"] >= goal) and (delay is None or row["delay"] <= delay) else "  <-"
        rows.append(f"{condition:9} {row['mos']:5.2f} {row['half']:5.2f} {row['worst']:6.2f} {goal or 0:5.2f} {row['delay']:6.1f} {delay or 0:5.0f} "
                    f"{row['concealed']:9.0f} {row['late']:5.1f} {row['moved']:6.0f} {row['longest']:11d}{mark}")
    return rows


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--conditions", default=",".join(streams.CONDITIONS))
    parser.add_argument("--seeds", default="1,2,3")
    parser.add_argument("--bench", default=str(streams.ROOT / ".build/release/QualityBench"))
    parser.add_argument("--further", action="store_true", help="further samples too, on schedules of our own")
    parser.add_argument("--each", action="store_true", help="each cell's scores")
    parser.add_argument("--keep", help="folder that keeps what was heard")
    options = parser.parse_args()
    conditions, seeds = options.conditions.split(","), [int(seed) for seed in options.seeds.split(",")]
    with tempfile.TemporaryDirectory() as scratch:
        folder = pathlib.Path(options.keep or scratch).resolve()
        folder.mkdir(parents=True, exist_ok=True)
        groups = [("shared", streams.shared_samples())]
        if options.further:
            groups += [("people", streams.prompts(folder)), ("spoken", streams.spoken(folder))]
        for name, samples in groups:
            if not samples:
                print(f"{name}: skipped, its speech is not there")
                continue
            cells = play(options.bench, folder, conditions, seeds, samples, name)
            print(f"{name}: " + ", ".join(label for label, _ in samples))
            print("\n".join(lines(summary(cells))))
            if options.each:
                for cell in cells:
                    print(f"  {cell.condition}-{cell.seed}: " + " ".join(f"{value:.2f}" for value in cell.mos) + f"  delay {cell.delay:.0f}"
                          + "  by window " + " ".join(f"{delay:.0f}" for _, delay in cell.delays))


if __name__ == "__main__":
    main()
