"""Speech both ways between real softphones and a telephone: how it sounds, and how late it is."""
import concurrent.futures
import time

import numpy
import pytest

from kit import quality, sip
from kit.audio import RATE, companded, read_wav, silence, through_line, write_wav
from kit.baresip import Baresip
from kit.canary import Canary
from kit.gateway import HARD_LINE, QUIET_LINE
from kit.linphone import Linphone
from kit.miniphone import MiniPhone
from kit.sipp import Sipp

pytestmark = pytest.mark.quiet

# One side speaks at a time: the telephone at once, the softphone when the telephone has finished.
PIECE = 4 * RATE
TELEPHONE_STARTS, SOFTPHONE_STARTS, CALL = 0.3, 5.0, 10.0
PEERS = ["baresip-udp", "baresip-tcp", "baresip-tls", "linphonec", "sipp"]
LOSS, NOISE = HARD_LINE["loss_db"], HARD_LINE["noise_dbm0"]


def number(index):
    return f"03333320{index:02d}"


def timeline(start, piece):
    rest = silence(CALL + 2.5 - start - len(piece) / RATE)
    return numpy.concatenate([silence(start), piece, rest])


class Result:
    """What both sides said and heard."""

    def __init__(self, said, spoken, telephone_heard, softphone_heard):
        self.said, self.spoken = said, spoken
        self.telephone_heard, self.softphone_heard = telephone_heard, softphone_heard


class Party:
    """A gateway whose telephone `number(i)` speaks for peer i, and the calls all peers make to it at the same time."""

    def __init__(self, gateways, folder, samples, line, echo):
        self.folder, self.samples, self.echo = folder, samples, echo
        phones = []
        for index in range(len(PEERS) + 2):
            path = write_wav(folder / f"telephone-{index}.wav", timeline(TELEPHONE_STARTS, self.spoken(index)))
            phones.append({"number": number(index), "answers_after_ms": 500, "says": str(path), "records": f"heard-{index}.wav"})
        # baresip 1.0 and sipp 3.6 only know MD5, and give up on a challenge that begins with SHA-256.
        # Where the peer sends a telephone's words back to it, they sound to an echo canceller as if the telephone were the echo.
        lines = [{"name": "line", "count": 10, "group": "pstn", "driver": "simulated", "echo_canceller": not echo}]
        self.gateway = gateways(sip={"digest": "md5"}, lines=lines, simulator={"line": line, "phones": phones})
        self.calls = {"baresip-udp": self.baresip, "baresip-tcp": self.baresip, "baresip-tls": self.baresip, "linphonec": self.linphone,
                 "sipp": self.sipp, "sipp-echo": self.sipp_echo, "miniphone": self.miniphone}
        if not echo:
            del self.calls["sipp-echo"]
        self.attempts = 1
        self.canary = Canary()
        with concurrent.futures.ThreadPoolExecutor(max_workers=8) as pool:
            self.results = {name: pool.submit(work, index, name) for index, (name, work) in enumerate(self.calls.items())}
        self.gateway.wait_until_free()

    def result(self, name):
        return self.results[name].result()

    def best(self, name, is_good):
        """The peer's call; again, alone, where it was not good.

        Softphones run at ordinary priority and lose audio of their own when the machine is busy; what the gateway itself lost shows in
        its counters (`test_the_gateway_lost_nothing`), which are held to zero over all attempts.
        """
        result = self.result(name)
        for attempt in range(2, 4):
            if is_good(result):
                break
            print(f"{name}: not good, attempt {attempt}")
            self.gateway.wait_until_free()
            self.attempts += 1
            result = self.calls[name](list(self.calls).index(name), name)
        return result

    def peer_folder(self, name):
        return self.folder / f"{name}-{self.attempts}"

    def spoken(self, index):
        """What telephone `index` says; its caller says the next sample."""
        return self.samples[index % 4][:PIECE]

    def said(self, index):
        return self.samples[(index + 1) % 4][:PIECE]

    def heard_by_telephone(self, index):
        return read_wav(self.gateway.recording(number(index)))

    def source(self, index):
        return write_wav(self.folder / f"softphone-{index}.wav", timeline(SOFTPHONE_STARTS, self.said(index)))

    def baresip(self, index, name):
        transport = name.split("-")[1]
        with Baresip(self.peer_folder(name), self.gateway, transport, source=self.source(index)) as peer:
            peer.wait_registered()
            peer.dial(number(index))
            peer.wait_event("CALL_ESTABLISHED", 20)
            time.sleep(CALL)
            peer.hang_up()
            peer.wait_event("CALL_CLOSED", 5)
            heard = peer.heard_file()
        return Result(self.said(index), self.spoken(index), self.heard_by_telephone(index), read_wav(heard))

    def linphone(self, index, name):
        realm = challenge_realm(self.gateway)
        with Linphone(self.peer_folder(name), self.gateway, realm, user="alice") as peer:
            peer.wait_registered()
            peer.say(f"play {self.source(index)}")
            heard = self.folder / f"linphone-heard-{self.attempts}.wav"
            peer.say(f"record {heard}")
            peer.call(number(index))
            self.gateway.phone_call(number(index), "talking")
            time.sleep(CALL)
            peer.say("terminate")
            self.gateway.phone_call(number(index), "ended")
        return Result(self.said(index), self.spoken(index), self.heard_by_telephone(index), read_wav(heard))

    def sipp(self, index, name):
        play = '<nop><action><exec rtp_stream="@AUDIO@,1,0,PCMU/8000"/></action></nop>'
        values = {"MEDIA": "rtpstream_audio_port", "TALK_MS": int(CALL * 1000), "PLAY": play}
        with Sipp(self.peer_folder(name), self.gateway, "call.xml", number(index), timeline(SOFTPHONE_STARTS, self.said(index)),
                  values=values) as peer:
            assert peer.wait(60) == 0, peer.errors() + peer.log()[-2000:]
        return Result(self.said(index), None, self.heard_by_telephone(index), None)

    def sipp_echo(self, index, name):
        """sipp cannot record, but sends back what it hears: the telephone hears itself, after both directions."""
        values = {"MEDIA": "media_port", "TALK_MS": int(CALL * 1000), "PLAY": ""}
        with Sipp(self.peer_folder(name), self.gateway, "call.xml", number(index), values=values, echo=True) as peer:
            assert peer.wait(60) == 0, peer.errors() + peer.log()[-2000:]
        return Result(self.spoken(index), None, self.heard_by_telephone(index), None)

    def miniphone(self, index, name):
        """Delays in ms, (to the telephone, to the softphone): one monotonic clock for the packets and the exchange."""
        with MiniPhone(self.gateway.port()) as phone:
            call = phone.invite(number(index), play=timeline(SOFTPHONE_STARTS, self.said(index))).wait_answer()
            time.sleep(CALL)
            call.hang_up()
            stream = call.rtp
            record = self.gateway.phone_call(number(index), "ended")
            answered = self.gateway.status.phone(number(index))["clock_origin_s"] + record["answered_ms"] / 1000
            telephone_heard = self.heard_by_telephone(index)
            packets = stream.audio_packets()
            softphone_heard = stream.heard()
        first = packets[0].timestamp
        arrival = float(numpy.median([packet.arrival - (packet.timestamp - first) / RATE for packet in packets]))
        # A telephone hears a frame from the exchange's step on; a frame it speaks was spoken before the step, and a packet before it was sent.
        up = quality.delays(self.said(index), telephone_heard, int(round((stream.first_sent + SOFTPHONE_STARTS - answered) * RATE)))
        down = quality.delays(self.spoken(index), softphone_heard, int(round((answered - 0.01 + TELEPHONE_STARTS - arrival + 0.02) * RATE)))
        result = Result(self.said(index), self.spoken(index), telephone_heard, softphone_heard)
        result.delays = up, down
        result.statistics = self.gateway.ended_call(number="+81" + number(index)[1:])["media"]
        return result


def challenge_realm(gateway):
    with MiniPhone(gateway.port()) as phone:
        answer = phone.request("REGISTER", authenticate=False)
        return sip.parameters(answer.get("WWW-Authenticate"))["realm"]


@pytest.fixture(scope="module")
def quiet(module_gateways, tmp_path_factory, samples):
    return Party(module_gateways, tmp_path_factory.mktemp("quiet"), samples, QUIET_LINE, echo=True)


@pytest.fixture(scope="module")
def hard(module_gateways, tmp_path_factory, samples):
    return Party(module_gateways, tmp_path_factory.mktemp("hard"), samples, HARD_LINE, echo=False)


def reference(source):
    """The same source through the softphone's or trunk's coding and the line, without a gateway: the mean of some noises."""
    scores = [quality.score(source, through_line(companded(source), LOSS, NOISE, seed=seed)) for seed in range(1, 5)]
    return sum(scores) / len(scores)


def scores(result):
    """(to the telephone, to the softphone or None)."""
    return (quality.score(result.said, result.telephone_heard),
            quality.score(result.spoken, result.softphone_heard) if result.spoken is not None else None)


@pytest.mark.parametrize("peer", [*PEERS, "sipp-echo", "miniphone"])
def test_a_quiet_line_is_transparent(quiet, peer):
    def is_good(result):
        return all(score is None or score >= 4.4 for score in scores(result))
    result = quiet.best(peer, is_good)
    up, down = scores(result)
    print(f"{peer}: to the telephone {up:.2f}" + (f", to the softphone {down:.2f}" if down else ""))
    assert is_good(result), (up, down)


@pytest.mark.parametrize("peer", [*PEERS, "miniphone"])
def test_a_hard_line_costs_no_more_than_itself(hard, peer):
    def limits(result):
        return reference(result.said), reference(result.spoken) if result.spoken is not None else None

    def is_good(result):
        return all(score is None or score >= alone - 0.15 for score, alone in zip(scores(result), limits(result)))
    result = hard.best(peer, is_good)
    (up, down), (up_alone, down_alone) = scores(result), limits(result)
    print(f"{peer}: to the telephone {up:.2f} (line alone {up_alone:.2f})"
          + (f", to the softphone {down:.2f} (line alone {down_alone:.2f})" if down else ""))
    assert is_good(result), (up, up_alone, down, down_alone)


@pytest.mark.parametrize("party", ["quiet", "hard"])
def test_added_delay(party, request):
    result = request.getfixturevalue(party).result("miniphone")
    (up, down), media = result.delays, result.statistics
    assert len(up) >= 3 and len(down) >= 3, (up, down)
    print(f"{party}: to the telephone {numpy.median(up):.1f} ms ({min(up):.1f} to {max(up):.1f}), to the softphone {numpy.median(down):.1f} ms "
          f"({min(down):.1f} to {max(down):.1f}); the gateway says {media.get('delay_ms')} ms")
    assert 0 <= numpy.median(up) <= 60
    assert 0 <= numpy.median(down) <= 60


@pytest.mark.parametrize("party", ["quiet", "hard"])
def test_the_gateway_lost_nothing(party, request):
    """Its own counters over all calls: no packet, no frame of a line."""
    party = request.getfixturevalue(party)
    rows = party.gateway.status.calls(ended=True)
    assert len(rows) == len(party.results) + party.attempts - 1
    for row in rows:
        assert row["answer"]["evidence"] and row["end"]["cause_q850"] == 16
        assert row["media"]["packets_received"] > 400 and row["media"]["codec"] == "PCMU"
        assert row["media"]["packets_lost"] == 0
    stall = party.canary.stop()
    lines = {line["name"]: (line["health"]["underruns"], line["health"]["overruns"]) for line in party.gateway.status.lines()}
    media = party.gateway.status.status()["media"]
    text = (f"{media['missed_ticks']} of {media['ticks']} ticks missed, 99 % late by at most {media.get('late_us_p99')} µs; an idle real-time "
            f"thread was late by at most {stall:.1f} ms; lost frames of lines {lines}")
    print(text)
    if all(lost == (0, 0) for lost in lines.values()):
        return
    if stall > 5:
        pytest.skip(f"the machine itself stood still: {text}")
    raise AssertionError(text)
