"""500 presses through the real gatewayd: events, in-band tones and INFO in, keys of a telephone out, with 3 % loss and jitter of 30 ms."""
import struct
import time

import numpy

import streams  # noqa: F401  (puts the test kit on the path)
import wire
from kit import miniphone
from kit.audio import encode, level, silence, tone
from kit.canary import Canary
from kit.gateway import Gateway

ALL = "0123456789*#ABCD"
LOW, HIGH = [941, 697, 697, 697, 770, 770, 770, 852, 852, 852, 941, 941, 697, 770, 852, 941], [
    1336, 1209, 1336, 1477, 1209, 1336, 1477, 1209, 1336, 1477, 1209, 1477, 1633, 1633, 1633, 1633]
TONE_MS, PAUSE_MS, LOSS, JITTER = 80, 80, 0.03, 30
EVENTS, AUDIO, INFO, KEYS = "0333331001", "0333331002", "0333331003", "0333331004"


def text(count, seed):
    random = numpy.random.default_rng(seed)
    return "".join(ALL[value] for value in random.integers(0, 16, count))


def distance(wanted, got):
    """Presses that are missing, wrong or too many: the edit distance."""
    row = list(range(len(got) + 1))
    for index, left in enumerate(wanted, 1):
        before, row[0] = row[0], index
        for place, right in enumerate(got, 1):
            before, row[place] = row[place], min(row[place] + 1, row[place - 1] + 1, before + (left != right))
    return row[-1]


def delayed(random, at):
    """When a packet arrives, None when it is lost."""
    return None if random.random() < LOSS else at + max(random.normal(3 * JITTER, JITTER), 0) / 1000


def event_packets(digits, start, kind, seed):
    """RFC 4733: an update each 20 ms, the end three times; silence as audio between presses."""
    random = numpy.random.default_rng(seed)
    rows, sequence, timestamp, at = [], 100, 16_000, start
    quiet = encode(silence(0.02)).tobytes()

    def put(payload_type, payload, stamp, marker):
        nonlocal sequence
        sequence += 1
        due = delayed(random, at)
        if due is not None:
            head = struct.pack("!BBHII", 0x80, (0x80 if marker else 0) | payload_type, sequence & 0xFFFF, stamp & 0xFFFFFFFF, 0x55000001)
            rows.append((due, head + payload))

    def silent(packets):
        nonlocal at, timestamp
        for _ in range(packets):
            put(0, quiet, timestamp, False)
            at, timestamp = at + 0.02, timestamp + 160
    silent(50)
    for digit in digits:
        began, updates = timestamp, TONE_MS // 20
        for update in range(1, updates + 1):
            is_last = update == updates
            body = struct.pack("!BBH", ALL.index(digit), (0x80 if is_last else 0) | 10, update * 160)
            for _ in range(3 if is_last else 1):
                put(kind, body, began, update == 1)
            at, timestamp = at + 0.02, timestamp + 160
        silent(PAUSE_MS // 20)
    silent(50)
    return rows


def tone_packets(digits, start, seed):
    random = numpy.random.default_rng(seed)
    pieces = [silence(1.0)]
    for digit in digits:
        place = ALL.index(digit)
        pieces += [tone(LOW[place], TONE_MS / 1000, -10) + tone(HIGH[place], TONE_MS / 1000, -8), silence(PAUSE_MS / 1000)]
    coded = encode(numpy.concatenate([*pieces, silence(1.0)])).tobytes()
    rows = []
    for packet in range(len(coded) // 160):
        due = delayed(random, start + packet * 0.02)
        if due is not None:
            head = struct.pack("!BBHII", 0x80, 0x80 if packet == 0 else 0, 200 + packet & 0xFFFF, 32_000 + packet * 160, 0x55000002)
            rows.append((due, head + coded[packet * 160:packet * 160 + 160]))
    return rows


def leak(call, since):
    """Tone in the audio beside the events of a telephone that is otherwise silent: the most ms in a row, and ms in all."""
    samples, _, _ = call.rtp.heard(since)
    frames = [level(samples[start:start + 40]) > -40 for start in range(0, len(samples) - 39, 40)]
    longest = run = 0
    for is_loud in frames:
        run = run + 1 if is_loud else 0
        longest = max(longest, run)
    return longest * 5, sum(frames) * 5


def pressed(call):
    """(digits, ends that came) of the events, each press once, in order of its time stamp."""
    seen = {}
    for packet in call.rtp.packets:
        if packet.kind == call.rtp.events_type and len(packet.payload) >= 4:
            seen.setdefault(packet.timestamp, packet.payload[0])
    return "".join(ALL[seen[stamp]] for stamp in sorted(seen))


def run(folder, presses=(150, 150, 50, 150)):
    events, audio, info, keys = (text(count, seed) for seed, count in enumerate(presses, 1))
    numbers = [EVENTS, AUDIO, INFO, KEYS]
    box = Gateway(
        folder, log={"level": "notice"}, sip={"trusted": ["127.0.0.0/8"], "listen": ["udp://127.0.0.1:0"], "digest": "md5"},
        lines=[{"name": "line", "count": 4, "group": "pstn", "driver": "simulated", "guard_ms": 0}],
        simulator={"line": {"hybrid": "D.3", "noise_dbm0": -65, "loss_db": 6},
                   "phones": [{"number": number, "answers_after_ms": 200} for number in numbers]}).start()
    canary = Canary()
    try:
        with miniphone.MiniPhone(box.port()) as phone:
            calls = {number: phone.invite(number, authenticate=False, events=None if number == AUDIO else 101).wait_answer(30) for number in numbers}
            start, outgoing = time.monotonic() + 1, wire.Outgoing()
            outgoing.raw(calls[EVENTS].rtp, event_packets(events, start, 101, 7))
            outgoing.raw(calls[AUDIO].rtp, tone_packets(audio, start, 8))
            for index, number in enumerate((INFO, KEYS)):
                length = 50 * 40
                outgoing.stream(calls[number].rtp, numpy.zeros(length * 160, numpy.int16), [(packet, packet * 20.0) for packet in range(length)],
                                start, 0x55000010 + index)
            sending = outgoing.send()
            time.sleep(1.5)
            for index, digit in enumerate(keys):
                if index % 3 == 0 and index // 3 < len(info):
                    body = f"Signal={info[index // 3]}\r\nDuration=80\r\n".encode()
                    answer = calls[INFO].info("application/dtmf-relay", body)
                    assert answer.status == 200, f"INFO {index // 3}: {answer.start}"
                # A telephone keys 80 ms and pauses 80 ms, and takes 64 digits ahead.
                if index % 25 == 0:
                    box.status.command(KEYS, action="key", digits=keys[index:index + 25])
                time.sleep(0.165)
            sent = sending.wait()
            time.sleep(1.5)
            heard = {number: box.phone_call(number, "talking")["heard_digits"] for number in numbers}
            longest, total = leak(calls[KEYS], start)
            rows = [
                ["RFC 4733 → telephone", len(events), distance(events, heard[EVENTS])],
                ["in-band, no telephone-event → telephone", len(audio), distance(audio, heard[AUDIO])],
                ["INFO → telephone", len(info), distance(info, heard[INFO])],
                ["telephone → RFC 4733", len(keys), distance(keys, pressed(calls[KEYS]))],
            ]
            for call in calls.values():
                call.hang_up()
        return {"rows": rows, "leak_ms_longest": longest, "leak_ms_per_press": total / max(len(keys), 1), "sender": sent}
    finally:
        canary.stop()
        box.stop()
