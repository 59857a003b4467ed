"""linphonec, driven on its standard input."""
import os
import socket
import subprocess

from .ports import free_port
from .processes import Peer, needs
from .waiting import wait_for

CONFIG = """[sip]
sip_port={udp}
sip_tcp_port={tcp}
sip_tls_port={tls}
guess_hostname=0
contact=sip:{user}@127.0.0.1:{port}
media_encryption={encryption}
media_encryption_mandatory={mandatory}
verify_server_certs=0
verify_server_cn=0
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
reg_proxy=<sip:127.0.0.1:{gateway};transport={transport}>
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
    def __init__(self, folder, gateway, realm, user="bob", transport="udp", encryption="none", codec=None):
        program = needs("linphonec")
        (folder / ".local/share/linphone").mkdir(parents=True)
        self.folder, self.gateway, self.user, self.transport = folder, gateway, user, transport
        path = folder / "linphonerc"
        port = free_port(socket.SOCK_DGRAM if transport == "udp" else socket.SOCK_STREAM)
        ports = {kind: port if kind == transport else -1 for kind in ("udp", "tcp", "tls")}
        path.write_text(CONFIG.format(**ports, port=port, rtp=free_port(socket.SOCK_DGRAM), gateway=gateway.port(transport), user=user, realm=realm,
                                      transport=transport, encryption=encryption, mandatory=0 if encryption == "none" else 1))
        if codec:
            rate, channels = (48000, 2) if codec == "opus" else (8000, 1)
            with path.open("a") as file:
                file.write(f"\n[audio_codec_0]\nmime={codec}\nrate={rate}\nchannels={channels}\nenabled=1\n")
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
        self.say(f"call sip:{number}@127.0.0.1:{self.gateway.port(self.transport)};transport={self.transport}")

    def end(self, seconds=10):
        if self.process is not None and self.process.poll() is None:
            try:
                self.say("quit")
                self.process.wait(seconds)
            except (OSError, subprocess.TimeoutExpired):
                pass
        super().end(seconds)
