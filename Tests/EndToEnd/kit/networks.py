"""Hosts and networks of the test's own: network namespaces joined by bridges, and a NAT between two of them. Nothing of the machine changes."""
import contextlib
import ctypes
import os
import secrets
import shutil
import subprocess

import pytest

CLONE_NEWNET = 0x40000000
_libc = ctypes.CDLL(None, use_errno=True)


def require():
    """Skips the test where namespaces cannot be made."""
    if os.geteuid() != 0:
        pytest.skip("network namespaces need root")
    for program in ("ip", "nft"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed (scripts/setup test)")
    name = "kk" + secrets.token_hex(3)
    made = subprocess.run(["ip", "netns", "add", name], capture_output=True, text=True)
    if made.returncode != 0:
        pytest.skip(f"network namespaces cannot be made here: {made.stderr.strip()}")
    subprocess.run(["ip", "netns", "del", name], check=True)


def _enter(path):
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        if _libc.setns(descriptor, CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), f"setns {path}")
    finally:
        os.close(descriptor)


class Host:
    """A namespace; `with host:` makes sockets, and threads started meanwhile, belong to it."""

    def __init__(self, address=None):
        self.name = "kk" + secrets.token_hex(4)
        self.address = address
        self._entered = []
        subprocess.run(["ip", "netns", "add", self.name], check=True)
        self.ip("link", "set", "lo", "up")

    @property
    def runner(self):
        return ["ip", "netns", "exec", self.name]

    def run(self, *command, check=True, **options):
        done = subprocess.run([*self.runner, *command], capture_output=True, text=True, **options)
        assert done.returncode == 0 or not check, f"{' '.join(command)}: {done.stderr}"
        return done

    def ip(self, *arguments):
        subprocess.run(["ip", "-n", self.name, *arguments], check=True, capture_output=True, text=True)

    def nft(self, rules):
        self.run("nft", "-f", "-", input=rules)

    def __enter__(self):
        self._entered.append(os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC))
        _enter(f"/run/netns/{self.name}")
        return self

    def __exit__(self, *_):
        descriptor = self._entered.pop()
        try:
            if _libc.setns(descriptor, CLONE_NEWNET) != 0:
                raise OSError(ctypes.get_errno(), "setns back")
        finally:
            os.close(descriptor)

    def remove(self):
        subprocess.run(["ip", "netns", "del", self.name], capture_output=True)


INSIDE, OUTSIDE = "192.168.77.", "203.0.113."


class NATNetwork:
    """
        first  192.168.77.2 ─┐
                             ├─ 192.168.77.1 nat 203.0.113.1 ── outside 203.0.113.10
        second 192.168.77.3 ─┘

    The nat gives what leaves its own address, ports at random where `changes_ports`; `forward` lets others in. The outside has no route in.
    """

    def __init__(self, changes_ports=False):
        self.hosts = []
        try:
            self._build(changes_ports)
        except BaseException:
            self.remove()
            raise

    def _build(self, changes_ports):
        self.nat = self._host()
        self.first, self.second = self._host(INSIDE + "2"), self._host(INSIDE + "3")
        self.outside = self._host(OUTSIDE + "10")
        self.public_address = OUTSIDE + "1"
        self.nat.ip("link", "add", "inside", "type", "bridge")
        self.nat.ip("addr", "add", INSIDE + "1/24", "dev", "inside")
        self.nat.ip("link", "set", "inside", "up")
        for number, host in enumerate((self.first, self.second)):
            self._join(host, f"port{number}")
            self.nat.ip("link", "set", f"port{number}", "master", "inside")
            host.ip("route", "add", "default", "via", INSIDE + "1")
        self._join(self.outside, "outside")
        self.nat.ip("addr", "add", OUTSIDE + "1/24", "dev", "outside")
        self.nat.run("sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward")
        self.nat.nft(f"""
            table ip nat {{
              chain post {{ type nat hook postrouting priority srcnat; oifname "outside" masquerade {"random" if changes_ports else ""}; }}
              chain pre {{ type nat hook prerouting priority dstnat; }}
              chain fence {{ type filter hook forward priority filter; policy drop;
                ct state established,related accept; iifname "inside" accept; ct status dnat accept; }}
            }}""")

    def _host(self, address=None):
        host = Host(address)
        self.hosts.append(host)
        return host

    def _join(self, host, name):
        self.nat.ip("link", "add", name, "type", "veth", "peer", "name", "eth0", "netns", host.name)
        self.nat.ip("link", "set", name, "up")
        host.ip("addr", "add", host.address + "/24", "dev", "eth0")
        host.ip("link", "set", "eth0", "up")

    def forward(self, protocol, ports, host):
        """Lets what comes from outside to these ports in, to the same ports of a host."""
        self.nat.nft(f'add rule ip nat pre iifname "outside" {protocol} dport {ports} dnat to {host.address}')

    def remove(self):
        for host in self.hosts:
            host.remove()


@contextlib.contextmanager
def nat_network(**options):
    require()
    network = NATNetwork(**options)
    try:
        yield network
    finally:
        network.remove()
