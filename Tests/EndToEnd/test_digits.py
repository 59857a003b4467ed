"""Each digit once, in every way and direction."""
import pytest

from kit.gateway import KEYPAD, SPEAKER
from kit.miniphone import MiniPhone
from kit.waiting import wait_for

ALL = "0123456789*#ABCD"


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
