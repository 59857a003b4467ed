"""Kamailio as a plain process: registrar, proxy with record-route, load balancer. Never the service of its package."""
import glob
import socket

from .ports import free_port, is_free
from .processes import Peer, needs
from .waiting import wait_for

CONFIG = """#!KAMAILIO
debug={debug}
log_stderror=yes
memdbg=5
memlog=5
children=2
tcp_children=2
tcp_connection_lifetime=3604
enable_tls=no
auto_aliases=no
listen=udp:127.0.0.1:{port}
listen=tcp:127.0.0.1:{port}
mpath="{modules}"

loadmodule "kex.so"
loadmodule "pv.so"
loadmodule "tm.so"
loadmodule "sl.so"
loadmodule "rr.so"
loadmodule "maxfwd.so"
loadmodule "textops.so"
loadmodule "siputils.so"
loadmodule "xlog.so"
loadmodule "usrloc.so"
loadmodule "registrar.so"
loadmodule "auth.so"
loadmodule "nathelper.so"
loadmodule "dispatcher.so"

modparam("tm", "fr_timer", {answer_ms})
modparam("tm", "fr_inv_timer", 120000)
modparam("rr", "enable_full_lr", 1)
modparam("rr", "append_fromtag", 0)
modparam("usrloc", "timer_interval", 1)
modparam("registrar", "default_expires", 60)
modparam("registrar", "min_expires", {min_expires})
modparam("registrar", "max_expires", {max_expires})
modparam("registrar", "received_avp", "$avp(received)")
modparam("nathelper", "received_avp", "$avp(received)")
modparam("auth", "qop", "auth")
modparam("auth", "algorithm", "{algorithm}")
modparam("auth", "nonce_expire", {nonce_s})
modparam("dispatcher", "list_file", "{folder}/dispatcher.list")
modparam("dispatcher", "ds_ping_interval", {ping_s})
modparam("dispatcher", "ds_probing_mode", 1)
modparam("dispatcher", "ds_probing_threshold", 1)
modparam("dispatcher", "ds_inactive_threshold", 1)
modparam("dispatcher", "xavp_dst", "_dsdst_")
modparam("dispatcher", "ds_ping_from", "sip:balancer@127.0.0.1:{port}")

request_route {{
  if (!mf_process_maxfwd_header("10")) {{ sl_send_reply("483", "Too Many Hops"); exit; }}
  if (is_method("CANCEL")) {{ if (t_check_trans()) t_relay(); exit; }}
  force_rport();
  if (has_totag()) {{
    if (loose_route()) {{ route(RELAY); exit; }}
    if (is_method("ACK")) {{ if (t_check_trans()) t_relay(); exit; }}
    sl_send_reply("404", "Not Here");
    exit;
  }}
  t_check_trans();
  if (is_method("OPTIONS") && uri == myself) {{ sl_send_reply("200", "OK"); exit; }}
  if (is_method("REGISTER")) {{
    route(PASSWORD);
    if (!pv_www_authenticate("{realm}", "$var(password)", "0")) {{ www_challenge("{realm}", "1"); exit; }}
    if ($au != $tU) {{ sl_send_reply("403", "Not Yours"); exit; }}
    fix_nated_register();
    if (!save("location")) sl_reply_error();
    exit;
  }}
  if ($rU == $null) {{ sl_send_reply("484", "Address Incomplete"); exit; }}
  if ({asks_callers}) {{
    route(PASSWORD);
    if (!pv_proxy_authenticate("{realm}", "$var(password)", "0")) {{ proxy_challenge("{realm}", "1"); exit; }}
    consume_credentials();
  }}
  {record_route}
  route(WHERE);
  route(RELAY);
}}

route[PASSWORD] {{
  $var(password) = "-";
{passwords}
}}

route[WHERE] {{
{routes}
  if (!lookup("location")) {{ sl_send_reply("480", "Not Registered"); exit; }}
}}

route[RELAY] {{
  if (!t_relay()) sl_reply_error();
  exit;
}}

failure_route[NEXT] {{
  if (t_is_canceled()) exit;
  if (t_check_status("503") || (t_branch_timeout() && !t_branch_replied())) {{
    ds_mark_dst("ip");
    if (ds_next_dst()) {{ t_on_failure("NEXT"); route(RELAY); }}
  }}
}}
"""

REGISTERED = """  if ($rU =~ "^{prefix}") {{
    $var(number) = $rU;
    $rU = "{user}";
    if (!lookup("location")) {{ sl_send_reply("480", "Gateway Not Registered"); exit; }}
    {keep}$rU = $var(number);
    return;
  }}"""
FIXED = """  if ($rU =~ "^{prefix}") {{ $du = "{uri}"; return; }}"""
BALANCED = """  if ($rU =~ "^{prefix}") {{
    if (!ds_select_dst("1", "4")) {{ sl_send_reply("503", "No Gateway"); exit; }}
    t_on_failure("NEXT");
    return;
  }}"""


class Kamailio(Peer):
    """Users register here with digest and reach each other; a number goes where its prefix says.

    `routes` maps a prefix to a registered user ("gw": its contact, with the number as user), to a URI ("sip:127.0.0.1:5060": a gateway
    that does not register) or to a list of URIs (balanced in turn; what does not answer, or says 503, is left out).
    Serves `Baresip(…, gateway=kamailio)` and `MiniPhone(kamailio.port())` as a gateway does.
    """

    def __init__(self, folder, users=None, routes=None, record_route=True, algorithm="", asks_callers=True, min_expires=1, max_expires=3600,
                 nonce_s=300, answer_ms=2000, ping_s=1, keeps_contact=False, realm="kamailio.test", debug=2):
        self.program = needs("kamailio")
        self.modules = next(iter(glob.glob("/usr/lib/*/kamailio/modules")), "/usr/lib/kamailio/modules")
        folder.mkdir(parents=True)
        self.folder = folder
        self.users = users or {"gw": "secret", "alice": "secret", "bob": "secret"}
        self._port = next(port for port in (free_port(socket.SOCK_STREAM) for _ in range(50)) if is_free(port))
        lines, targets = [], []
        for prefix, target in (routes or {}).items():
            prefix = prefix.replace("+", "[+]")
            if isinstance(target, (list, tuple)):
                targets = list(target)
                lines.append(BALANCED.format(prefix=prefix))
            elif target.startswith("sip:"):
                lines.append(FIXED.format(prefix=prefix, uri=target))
            else:
                # With `keeps_contact` the request URI stays the contact itself, and only To has the number.
                lines.append(REGISTERED.format(prefix=prefix, user=target, keep="#" if keeps_contact else ""))
        passwords = "\n".join(f'  if ($au == "{user}") $var(password) = "{password}";' for user, password in self.users.items())
        (folder / "dispatcher.list").write_text("".join(f"1 {uri} 0 0\n" for uri in targets) or "# none\n")
        (folder / "kamailio.cfg").write_text(CONFIG.format(
            port=self._port, modules=self.modules, folder=folder, realm=realm, passwords=passwords, routes="\n".join(lines),
            record_route="record_route();" if record_route else "", algorithm=algorithm, debug=debug, min_expires=min_expires,
            max_expires=max_expires, nonce_s=nonce_s, answer_ms=answer_ms, ping_s=ping_s if targets else 0,
            asks_callers='is_method("INVITE|MESSAGE")' if asks_callers else "0 == 1"))
        self.start()

    def start(self):
        """Also after `end` or `kill`: without the registrations it had."""
        run = self.folder / "run"
        run.mkdir(exist_ok=True)
        self.spawn([self.program, "-DD", "-E", "-f", str(self.folder / "kamailio.cfg"), "-m", "64", "-M", "8", "-Y", str(run),
                    "-w", str(run)], self.folder)
        wait_for(self._answers, 10, "Kamailio answers OPTIONS")
        return self

    def _answers(self):
        assert self.process.poll() is None, f"Kamailio ended:\n{self.log()[-3000:]}"
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.settimeout(0.3)
            probe.connect(("127.0.0.1", self._port))
            own = probe.getsockname()[1]
            text = (f"OPTIONS sip:127.0.0.1:{self._port} SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:{own};branch=z9hG4bKprobe{own};rport\r\n"
                    f"From: <sip:probe@127.0.0.1>;tag=p{own}\r\nTo: <sip:127.0.0.1:{self._port}>\r\nCall-ID: probe{own}\r\n"
                    "CSeq: 1 OPTIONS\r\nMax-Forwards: 5\r\nContent-Length: 0\r\n\r\n")
            try:
                probe.send(text.encode())
                return probe.recv(4096).startswith(b"SIP/2.0 200")
            except (OSError, socket.timeout):
                return False

    def port(self, transport="udp"):
        return self._port

    @property
    def uri(self):
        return f"sip:127.0.0.1:{self._port}"
