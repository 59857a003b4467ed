"""Each digit once, in every way and direction."""
import os
import random
import time

import pytest

from kit.audio import keyed
from kit.gateway import KEYPAD, SPEAKER
from kit.miniphone import MiniPhone
from kit.waiting import wait_for

ALL = "0123456789*#ABCD"
ALLOWS_INFO = [("Allow", "INVITE, ACK, BYE, CANCEL, OPTIONS, INFO")]


@pytest.fixture(scope="module")
def gateway(module_gateways):
    return module_gateways(
        lines=[{"name": "line", "count": 6, "group": "pstn", "driver": "simulated"}],
        simulator={"line": {"hybrid": "D.3", "noise_dbm0": -65, "loss_db": 6},
                   "phones": [{"number": SPEAKER, "answers_after_ms": 200},
                              {"number": KEYPAD, "answers_after_ms": 200, "keys": ALL, "keys_after_ms": 1000}]})


def heard(gateway, number=SPEAKER):
    return gateway.phone_call(number, "talking")["heard_digits"]


def test_rfc4733_to_the_telephone(gateway):
    with MiniPhone(gateway.port()) as phone:
        call = phone.invite(SPEAKER).wait_answer()
        for digit in ALL + "11":
            call.rtp.key(digit, 80)
        wait_for(lambda: len(heard(gateway)) >= len(ALL) + 2, 10, "all digits at the telephone")
        wait_for(lambda: call.rtp.keys_waiting == 0, 5, "the keys to be sent")
        assert heard(gateway) == ALL + "11"
        call.hang_up()


@pytest.mark.parametrize("content_type", ["application/dtmf-relay", "application/dtmf"])
def test_info_to_the_telephone(gateway, content_type):
    gateway.wait_until_free()
    with MiniPhone(gateway.port()) as phone:
        call = phone.invite(SPEAKER).wait_answer()
        for digit in ALL:
            body = f"Signal={digit}\r\nDuration=100\r\n" if content_type.endswith("relay") else digit
            assert call.info(content_type, body.encode()).status == 200
        wait_for(lambda: len(heard(gateway)) >= len(ALL), 10, "all digits at the telephone")
        assert heard(gateway) == ALL
        call.hang_up()


def ends(call):
    return [packet for packet in list(call.rtp.packets) if packet.kind == call.rtp.events_type and packet.payload[1] & 0x80]


def test_from_the_telephone(gateway):
    gateway.wait_until_free()
    with MiniPhone(gateway.port()) as phone:
        call = phone.invite(KEYPAD).wait_answer()
        wait_for(lambda: len(call.rtp.presses()) >= len(ALL), 10, "all digits at the softphone")
        gateway.status.command(KEYPAD, action="key", digits="99")
        wait_for(lambda: call.rtp.presses().endswith("99"), 5, "two more")
        assert call.rtp.presses() == ALL + "99"
        wait_for(lambda: len(ends(call)) >= 3 * (len(ALL) + 2), 3, "each end three times")
        assert len(ends(call)) == 3 * (len(ALL) + 2)
        call.hang_up()


def test_from_the_telephone_to_a_phone_without_events(gateway):
    """No telephone-event in the offer: the tones stay in the audio, and none is doubled."""
    gateway.wait_until_free()
    with MiniPhone(gateway.port()) as phone:
        call = phone.invite(KEYPAD, events=None).wait_answer()
        wait_for(lambda: gateway.phone_call(KEYPAD, "talking")["keyed_digits"] == ALL, 10, "the telephone keyed")
        wait_for(lambda: len(call.rtp.heard()) > 8000 * 4, 10, "audio")
        assert {packet.kind for packet in call.rtp.packets} == {0}
        call.hang_up()


def test_other_bodies_of_info_are_no_digits(gateway):
    gateway.wait_until_free()
    with MiniPhone(gateway.port()) as phone:
        call = phone.invite(SPEAKER).wait_answer()
        assert call.info("application/dtmf-relay", b"Signal=Z\r\n").status in (200, 400, 415)
        assert call.info("application/media_control+xml", b"<x/>").status in (200, 415)
        assert call.info("application/dtmf-relay", b"Signal=5\r\nDuration=160\r\n").status == 200
        wait_for(lambda: heard(gateway) == "5", 5, "one digit")
        call.hang_up()


def test_from_the_telephone_to_a_phone_that_takes_info(gateway):
    """INFO in place of the tones: they are taken out of the audio."""
    gateway.wait_until_free()
    with MiniPhone(gateway.port()) as phone:
        call = phone.invite(KEYPAD, events=None, headers=ALLOWS_INFO).wait_answer()
        wait_for(lambda: len(call.infos) >= len(ALL), 10, "all digits at the softphone")
        assert infos(call) == ALL
        assert call.rtp.tones() == ""
        call.hang_up()


def infos(call):
    return "".join(message.body.decode().split("Signal=")[1][0] for _, message in list(call.infos))


def wrong(wanted, found):
    """Digits to insert, leave out or change."""
    row = list(range(len(found) + 1))
    for index, digit in enumerate(wanted):
        diagonal, row[0] = row[0], index + 1
        for column, other in enumerate(found):
            diagonal, row[column + 1] = row[column + 1], min(diagonal + (digit != other), row[column] + 1, row[column + 1] + 1)
    return row[-1]


# Ways in and out: 84 digits each are 504 in all.
COUNT = 84 if os.environ.get("KAKEHASHI_LONG") == "1" else 20


@pytest.mark.parametrize("way", ["events in", "INFO in", "tones in", "events out", "INFO out", "tones out"])
def test_digits_over_a_bad_network(gateway, way):
    """3 % loss each way, up to 30 ms of jitter; keys of 80 ms, tones with 80 ms between."""
    gateway.wait_until_free()
    digits = "".join(random.Random(way).choices(ALL, k=COUNT))
    headers = [] if way == "tones out" else ALLOWS_INFO
    with MiniPhone(gateway.port()) as phone:
        call = phone.invite(SPEAKER, events=101 if "events" in way else None, headers=headers).wait_answer()
        call.rtp.impair(loss=0.03, jitter=0.03, seed=7)
        time.sleep(1)
        seconds = 0.16 * COUNT
        if way == "events in":
            for digit in digits:
                call.rtp.key(digit, 80)
        elif way == "INFO in":
            for digit in digits:
                assert call.info("application/dtmf-relay", f"Signal={digit}\r\nDuration=80\r\n".encode()).status == 200
        elif way == "tones in":
            call.rtp.play(keyed(digits))
        else:
            for start in range(0, COUNT, 40):
                gateway.status.command(SPEAKER, action="key", digits=digits[start:start + 40])
                time.sleep(0.16 * 40 if COUNT > 40 else 0)
        read = {"events out": call.rtp.presses, "INFO out": lambda: infos(call), "tones out": call.rtp.tones}.get(way, lambda: heard(gateway))
        deadline = time.monotonic() + seconds + 15
        while time.monotonic() < deadline and len(read()) < COUNT:
            time.sleep(0.2)
        time.sleep(1)
        mistakes = wrong(digits, read())
        print(f"{way}: {mistakes} wrong of {COUNT}")
        assert mistakes <= (1 if "tones" in way else 0), f"{digits} became {read()}"
        call.hang_up()
