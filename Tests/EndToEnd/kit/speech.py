"""Speech to send through the gateway: the shared samples where they are, else espeak-ng's."""
import pathlib
import shutil
import subprocess

import pytest

from .audio import RATE, read_wav

ROOT = pathlib.Path(__file__).resolve().parents[3]
SAMPLES = ROOT.parent / "shared/quality/samples"
SENTENCES = [
    ("en-us", "The gateway has a line to the telephone network, and the voice goes both ways over it."),
    ("en-us+f3", "Please hold the line for a moment, somebody will be with you before very long."),
    ("en-gb", "Nineteen people crossed the old stone bridge while the river below was running high."),
    ("en-gb+f2", "She wrote down every number in the small book that was lying beside the telephone."),
]


def samples(folder):
    """Four samples of some seconds, 8 kHz."""
    if SAMPLES.is_dir():
        return [read_wav(path) for path in sorted(SAMPLES.glob("*.wav"))]
    if not (shutil.which("espeak-ng") and shutil.which("sox")):
        pytest.skip("no speech: neither ../shared/quality/samples nor espeak-ng and sox")
    made = []
    for index, (voice, text) in enumerate(SENTENCES):
        raw, path = folder / f"raw-{index}.wav", folder / f"speech-{index}.wav"
        subprocess.run(["espeak-ng", "-v", voice, "-s", "150", "-w", raw, text], check=True)
        subprocess.run(["sox", "-D", "-R", raw, "-r", str(RATE), "-c", "1", "-b", "16", path, "sinc", "300-3400", "gain", "-n", "-6"],
                       check=True)
        made.append(read_wav(path))
    return made
