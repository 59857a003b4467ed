"""linphonec, driven on its standard input."""
import os
import socket
import subprocess

from .ports import free_port
from .processes import Peer, needs
from .waiting import wait_for

CONFIG = """[sip]
sip_port={port}
sip_tcp_port=-1
sip_tls_port=-1
guess_hostname=0
contact=sip:{user}@127.0.0.1:{port}
default_proxy=0
register_only_when_network_is_up=0
use_info=0
use_rfc2833=1

[rtp]
audio_rtp_port={rtp}
audio_adaptive_jitt_comp_enabled=1

[net]
firewall_policy=none
mtu=1300

[sound]
echocancellation=0

[video]
enabled=0

[proxy_0]
reg_proxy=sip:127.0.0.1:{gateway}
reg_identity=sip:{user}@127.0.0.1:{gateway}
reg_expires=120
reg_sendregister=1

[auth_info_0]
username={user}
passwd=secret
realm={realm}
domain=127.0.0.1
"""


class Linphone(Peer):
    def __init__(self, folder, gateway, realm, user="bob"):
        program = needs("linphonec")
        (folder / ".local/share/linphone").mkdir(parents=True)
        self.folder, self.gateway, self.user = folder, gateway, user
        path = folder / "linphonerc"
        path.write_text(CONFIG.format(port=free_port(socket.SOCK_DGRAM), rtp=free_port(socket.SOCK_DGRAM), gateway=gateway.port("udp"),
                                      user=user, realm=realm))
        self.spawn([program, "-c", str(path)], folder, {**os.environ, "HOME": str(folder)}, stdin=subprocess.PIPE)
        self.say("soundcard use files")

    def say(self, command):
        self.process.stdin.write(command.encode() + b"\n")
        self.process.stdin.flush()

    def wait_registered(self):
        """As the gateway sees it: linphonec keeps its words back until its end."""
        def is_registered():
            assert self.process.poll() is None, f"linphonec ended:\n{self.log()[-1500:]}"
            return any(row["user"] == self.user and row["contacts"] for row in self.gateway.status.get("/v1/accounts"))
        wait_for(is_registered, 15, "linphonec's registration")

    def call(self, number):
        self.say(f"call sip:{number}@127.0.0.1:{self.gateway.port('udp')}")

    def end(self, seconds=10):
        if self.process is not None and self.process.poll() is None:
            try:
                self.say("quit")
                self.process.wait(seconds)
            except (OSError, subprocess.TimeoutExpired):
                pass
        super().end(seconds)
