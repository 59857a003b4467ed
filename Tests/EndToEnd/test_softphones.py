"""Real softphones beyond a plain call: rung by the telephone network, and keying digits."""
import time

import numpy
import pytest

from kit import quality
from kit.audio import RATE, read_wav, silence, write_wav
from kit.baresip import Baresip
from kit.gateway import CALLER, QUIET_LINE, SPEAKER
from kit.waiting import wait_for

pytestmark = pytest.mark.quiet

DIGITS = "0123456789*#ABCD"


@pytest.fixture(scope="module")
def speaking(tmp_path_factory, samples):
    return write_wav(tmp_path_factory.mktemp("speech") / "caller.wav", numpy.concatenate([silence(0.5), samples[0][:4 * RATE], silence(6)]))


@pytest.fixture(scope="module")
def gateway(module_gateways, speaking):
    return module_gateways(
        sip={"digest": "md5"},
        simulator={"line": dict(QUIET_LINE), "phones": [
            {"number": SPEAKER, "answers_after_ms": 300},
            {"number": CALLER, "calls": "line1", "at_ms": 4000, "caller_id": "0312345678", "says": str(speaking), "records": "heard-in.wav"}]})


def test_baresip_is_rung_by_the_telephone_that_calls_in(gateway, tmp_path, samples):
    """It registers, is rung with the caller's number, answers, and both hear each other."""
    # One after the other: the same words from both ends at once would be an echo.
    spoken, said = samples[0][:4 * RATE], samples[1][:4 * RATE]
    source = write_wav(tmp_path / "said.wav", numpy.concatenate([silence(5.5), said, silence(6)]))
    with Baresip(tmp_path / "b", gateway, source=source, answer="auto") as peer:
        peer.wait_registered()
        _, established = peer.wait_event("CALL_ESTABLISHED", 20)
        assert established["direction"] == "incoming" and established["peeruri"].startswith("sip:0312345678@"), established
        time.sleep(10.5)
        peer.hang_up()
        heard = peer.heard_file()
    record = gateway.ended_call(direction="inbound")
    assert "312345678" in record["number"] and record["answer"] and record["end"]["cause_q850"] == 16
    down = quality.score(spoken, read_wav(heard))
    up = quality.score(said, read_wav(gateway.recording(CALLER)))
    print(f"inbound: to baresip {down:.2f}, to the telephone {up:.2f}")
    assert down >= 4.4 and up >= 4.4


@pytest.mark.parametrize("mode", ["rtpevent", "info"])
def test_digits_keyed_at_baresip(gateway, tmp_path, mode):
    gateway.wait_until_free(20)
    with Baresip(tmp_path / "b", gateway, dtmf=mode) as peer:
        peer.wait_registered()
        peer.dial(SPEAKER)
        peer.wait_event("CALL_ESTABLISHED", 20)
        for digit in DIGITS:
            peer.command("sndcode", digit)
            time.sleep(0.2)
        wait_for(lambda: len(gateway.phone_call(SPEAKER, "talking")["heard_digits"]) >= len(DIGITS), 5, "all digits at the telephone")
        assert gateway.phone_call(SPEAKER, "talking")["heard_digits"] == DIGITS
        peer.hang_up()
