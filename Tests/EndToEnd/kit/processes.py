"""Peers as child processes that are gone when the test is."""
import shutil
import subprocess

import pytest


def needs(program):
    path = shutil.which(program)
    if path is None:
        pytest.skip(f"{program} is not installed (scripts/setup test)")
    return path


class Peer:
    process = None
    log_path = None

    def spawn(self, arguments, folder, environment=None, stdin=subprocess.DEVNULL):
        self.log_path = folder / "log"
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(arguments, cwd=folder, env=environment, stdin=stdin, stdout=log, stderr=subprocess.STDOUT)

    def log(self):
        return self.log_path.read_text(errors="replace") if self.log_path and self.log_path.exists() else ""

    def end(self, seconds=10):
        if self.process is None:
            return
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(seconds)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()
