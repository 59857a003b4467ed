"""The same streams, sender and moments through baresip: what it plays comes back by RTP, bridged inside of it.

Its player and source are one `aubridge` device: each 20 ms that it would give to a sound card it sends back at once.
"""
import os
import pathlib
import socket
import time

import judge
import streams
import wire
from kit import miniphone
from kit.baresip import CONFIG, MODULES
from kit.ports import free_port, free_range
from kit.processes import Peer, needs
from kit.waiting import wait_for


class Bridged(Peer):
    """A baresip that answers every call and sends back what it plays."""

    def __init__(self, folder):
        program = needs("baresip")
        folder.mkdir(parents=True)
        self.port, first = free_port(socket.SOCK_DGRAM), free_range(20)
        text = CONFIG.format(sip_port=self.port, source="aubridge,same", first=first, last=first + 19, folder=folder, modules=MODULES,
                             control=free_port())
        text = text.replace("audio_player aubridge,null", "audio_player aubridge,same").replace("module sndfile.so\n", "")
        (folder / "config").write_text(text)
        (folder / "accounts").write_text(f"<sip:bob@127.0.0.1:{self.port};transport=udp>;regint=0;answermode=auto;audio_codecs=PCMU;ptime=20\n")
        self.spawn([program, "-f", str(folder)], folder, {**os.environ, "HOME": str(folder)})
        wait_for(lambda: "baresip is ready" in self.log(), 10, lambda: f"baresip ready; it said {self.log()[-800:]}")


def run(folder, conditions, seeds, samples, at_once=13):
    """Cells as in live.py; some baresips at a time, so that the machine is not what is measured."""
    jobs = []
    for condition in conditions:
        stream = streams.Stream(samples, 2 if condition in streams.DRIFT else 1)
        jobs += [(condition, seed, stream, streams.read_schedule(condition, seed)) for seed in seeds]
    cells, senders = [], []
    for first in range(0, len(jobs), at_once):
        part = jobs[first:first + at_once]
        done, sent = batch(pathlib.Path(folder) / f"batch-{first}", part)
        cells += done
        senders.append(sent)
    return {"cells": cells, "senders": senders}


def batch(folder, jobs):
    peers, phones = [], []
    try:
        for index in range(len(jobs)):
            peers.append(Bridged(folder / str(index)))
            phones.append(miniphone.MiniPhone(peers[-1].port))
        calls = [phone.invite("bob", authenticate=False).wait_answer(20) for phone in phones]
        start = time.monotonic() + 1.0
        outgoing, starts = wire.Outgoing(), []
        for index, (call, (_, _, stream, rows)) in enumerate(zip(calls, jobs)):
            starts.append(start + index * 0.02 / len(jobs))
            outgoing.stream(call.rtp, stream.samples, rows, starts[-1], 0x54000000 + index)
        sent = outgoing.send().wait()
        time.sleep(1.2)
        for call in calls:
            call.hang_up()
        return [cell(job, call, begun) for job, call, begun in zip(jobs, calls, starts)], sent
    finally:
        for phone in phones:
            phone.close()
        for peer in peers:
            peer.end()


def cell(job, call, begun):
    condition, seed, stream, rows = job
    heard, base, _ = call.rtp.heard()
    # A packet leaves when its 20 ms have been taken from the player: they are heard from then on.
    found = judge.judge(stream, heard, (base - begun) * 1000, 1 + streams.DRIFT.get(condition, 0.0))
    mean = streams.mean_delay(condition, rows)
    return {"condition": condition, "seed": seed, "mos": [[label, round(value, 3)] for label, value in found.scores],
            "delay": round(found.delay - mean, 2), "delays": [[round(at), round(delay - mean, 2)] for at, delay in found.delays]}
