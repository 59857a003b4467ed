"""sipp with the scenarios beside the tests."""
import pathlib
import socket

from .audio import encode
from .ports import free_port, free_range
from .processes import Peer, needs

SCENARIOS = pathlib.Path(__file__).resolve().parents[1] / "scenarios"


class Sipp(Peer):
    """`values` replace @NAME@ in the scenario; samples become a raw µ-law file @AUDIO@.

    The scenario is a file's name or a `Scenario`; `port`: where it listens.
    """

    def __init__(self, folder, gateway, scenario, number, samples=None, calls=1, rate=1, echo=False, seconds=60, values=None, extra=(),
                 port=None):
        program = needs("sipp")
        folder.mkdir(parents=True)
        text = (SCENARIOS / scenario).read_text() if isinstance(scenario, str) else scenario.text()
        values = dict(values or {})
        if samples is not None:
            (folder / "audio.ul").write_bytes(encode(samples).tobytes())
            values["AUDIO"] = str(folder / "audio.ul")
        for name, value in values.items():
            text = text.replace(f"@{name}@", str(value))
        (folder / "scenario.xml").write_text(text)
        port, media = port or free_port(socket.SOCK_DGRAM), free_range(8)
        arguments = [program, "-sf", "scenario.xml", "-s", number, "-i", "127.0.0.1", "-p", str(port), "-mi", "127.0.0.1", "-mp", str(media),
                     "-m", str(calls), "-r", str(rate), "-l", str(calls), "-timeout", str(seconds), "-timeout_error", "-nostdin",
                     "-trace_err", "-trace_stat", "-fd", "1", "-au", "bob", "-ap", "secret"]
        if echo:
            arguments.append("-rtp_echo")
        self.folder = folder
        self.spawn([*arguments, *extra, f"127.0.0.1:{gateway.port('udp')}"], folder)

    def wait(self, seconds):
        """Its exit code: 0 when every call went as written."""
        return self.process.wait(timeout=seconds)

    def errors(self):
        return "\n".join(path.read_text(errors="replace")[-2000:] for path in self.folder.glob("*errors.log"))
