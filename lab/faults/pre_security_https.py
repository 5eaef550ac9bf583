"""Faults of pre.security.https."""

from lab.changes import add_server, edit_proxy, put_minted, remove_server, restore_proxy, serve_minted
from lab.deployment import Lab
from lab.fault import fault
from lab.network import PUBLIC_ADDRESS, WAN
from lab.shell import run
from pytest_zebu.verdict.outcome import Outcome

PCT = rb"""#!/bin/sh
[ "$1 $2 $3" = "exec 104 --" ] || exit 9
shift 3
exec "$@"
"""


@fault(
    "pre.security.https.auto-renewal",
    flips=set(),
    settings=(('[proxy]\nssh = "proxy"\n', '[proxy]\nssh = "proxy"\ncontainer = 104\n'),),
    mend=lambda lab: lab.proxy.shell("rm /usr/local/sbin/pct"),
)
def in_a_container(lab: Lab) -> None:
    """Odd but right: the proxy lives in an LXC container, which is entered by its number."""
    lab.proxy.run(["sh", "-c", "cat > /usr/local/sbin/pct; chmod 755 /usr/local/sbin/pct"], stdin=PCT)


@fault(
    "pre.security.https.auto-renewal",
    flips={"pre.security.https.auto-renewal"},
    touches={"renewal"},
    mend=lambda lab: lab.proxy.shell(
        "rm /run/systemd/system/certbot.service.d/zz-fault.conf; systemctl daemon-reload; systemctl reset-failed certbot.service; systemctl start certbot.service"
    ),
)
def last_run_failed(lab: Lab) -> None:
    """The timer is live, and its last run failed."""
    lab.proxy.shell(
        "mkdir -p /run/systemd/system/certbot.service.d; printf '[Service]\\nExecStart=\\nExecStart=/usr/bin/certbot -q renew --no-such-option\\n' > /run/systemd/system/certbot.service.d/zz-fault.conf; systemctl daemon-reload; systemctl start certbot.service || true"
    )


@fault(
    "pre.security.https.auto-renewal",
    flips={"pre.security.https.auto-renewal"},
    touches={"renewal"},
    mend=lambda lab: lab.proxy.shell("systemctl enable certbot.timer"),
)
def not_enabled(lab: Lab) -> None:
    """The timer runs, and does not come back after a reboot."""
    lab.proxy.shell("systemctl disable certbot.timer")


@fault(
    "pre.security.https.auto-renewal",
    flips={"pre.security.https.auto-renewal", "post.monitoring.tls.auto-renewal"},
    touches={"renewal"},
    mend=lambda lab: lab.proxy.shell("mv /root/zebu.test.conf /etc/letsencrypt/renewal/"),
)
def nothing_to_renew(lab: Lab) -> None:
    """The timer runs and succeeds: there is nothing that it renews."""
    lab.proxy.shell("mv /etc/letsencrypt/renewal/zebu.test.conf /root/")


@fault(
    "pre.security.https.auto-renewal",
    flips={"post.monitoring.tls.auto-renewal", "post.monitoring.tls.renewal-tested"},
    outcomes={
        "post.monitoring.tls.auto-renewal": Outcome.NOT_ASSESSED,
        "post.monitoring.tls.renewal-tested": Outcome.NOT_ASSESSED,
    },
    right_for={"pre.security.https.auto-renewal"},
    settings=(('ssh = "proxy"\n', ""),),
)
def npmplus_renews(lab: Lab) -> None:
    """Odd but right: NPMplus renews in its own process; there is no timer to find."""


API_ONLY = frozenset({"post.monitoring.tls.auto-renewal", "post.monitoring.tls.renewal-tested"})
"""What the administration's API alone does not tell."""


@fault(
    "pre.security.https.auto-renewal",
    flips={"pre.security.https.auto-renewal", *API_ONLY},
    outcomes=dict.fromkeys(API_ONLY, Outcome.NOT_ASSESSED),
    touches={"npm"},
    settings=(('ssh = "proxy"\n', ""),),
    mend=lambda lab: lab.write_states(("npm",)),
)
def uploaded(lab: Lab) -> None:
    """What is served was uploaded; the proxy renews another one for the same names, which it does not serve."""
    lab.change_state(
        "npm",
        lambda state: {
            **state,
            "certificates": [
                {**state["certificates"][0], "provider": "other"},
                {**state["certificates"][0], "id": 2, "expires_on": "2026-01-29 00:00:00"},
            ],
        },
    )


@fault(
    "pre.security.https.auto-renewal",
    flips={"pre.security.https.auto-renewal", "post.monitoring.tls.auto-renewal"},
    touches={"renewal"},
    mend=lambda lab: lab.proxy.shell(
        "cd /etc/letsencrypt; ln -sf ../../archive/zebu.test/cert1.pem live/zebu.test/cert.pem; rm archive/zebu.test/cert2.pem /root/renewed.*"
    ),
)
def renewed_and_not_read(lab: Lab) -> None:
    """The certificate was renewed, and nginx still serves the one of before."""
    put_minted(lab, "zebu.test", (0, 90), "renewed")
    lab.proxy.shell(
        "cd /etc/letsencrypt; cp /root/renewed.pem archive/zebu.test/cert2.pem; ln -sf ../../archive/zebu.test/cert2.pem live/zebu.test/cert.pem"
    )


@fault(
    "pre.security.https.auto-renewal",
    flips=set(),
    touches={"renewal"},
    mend=lambda lab: lab.proxy.shell(
        "rm /etc/letsencrypt/renewal/gone.test.conf; systemctl reset-failed certbot.service; systemctl start certbot.service"
    ),
)
def left_over_fails(lab: Lab) -> None:
    """Odd but right: the renewal of a name that nobody serves any more fails each time, and the service with it."""
    lab.proxy.shell(
        "cd /etc/letsencrypt/renewal; sed 's/zebu.test/gone.test/g' zebu.test.conf > gone.test.conf; systemctl start certbot.service || true"
    )


NPMPLUS = """
mkdir -p /root/npmplus/app/internal /root/npmplus/data/tls/certbot
cp /usr/bin/sleep /root/npmplus/app/node
for file in $(ldd /usr/bin/sleep | grep -o '/[^ ]*'); do mkdir -p /root/npmplus${file%/*}; cp -L $file /root/npmplus$file; done
touch /root/npmplus/app/internal/certificate.js
mount --bind /etc/letsencrypt /root/npmplus/data/tls/certbot
systemctl disable -q --now certbot.timer
systemd-run -q --unit=npmplus --collect chroot /root/npmplus /app/node 6000
"""
NO_NPMPLUS = "systemctl stop npmplus; umount /root/npmplus/data/tls/certbot; rm -r /root/npmplus; systemctl enable -q --now certbot.timer; systemctl start certbot.service"


@fault(
    "pre.security.https.auto-renewal",
    flips=set(),
    touches={"renewal"},
    settings=(('identity = "operations@zebu.test"\npassword_file = "@LAB@/keys/npm.secret"\n', ""),),
    mend=lambda lab: lab.proxy.shell(NO_NPMPLUS),
)
def npmplus_by_its_files(lab: Lab) -> None:
    """Odd but right: no timer renews; a process does that has certbot's folder in a root of its own, as in NPMplus's image."""
    lab.proxy.shell(NPMPLUS)


def mend_overdue(lab: Lab) -> None:
    restore_proxy(lab, "tls")
    lab.proxy.shell("cp -a /root/cert.kept /etc/letsencrypt/live/zebu.test/cert.pem")


@fault(
    "pre.security.https.auto-renewal",
    flips={
        "pre.security.https.auto-renewal",
        "pre.infrastructure.certificates",
        "post.monitoring.tls.auto-renewal",
        "post.monitoring.tls.expiry",
    },
    touches={"proxy-certificates", "renewal"},
    mend=mend_overdue,
)
def overdue(lab: Lab) -> None:
    """Everything looks live, and the certificate is older than its renewal point and two runs."""
    lab.proxy.shell(
        "cp -a /etc/letsencrypt/live/zebu.test/cert.pem /root/cert.kept; ln -sf /root/fault.pem /etc/letsencrypt/live/zebu.test/cert.pem"
    )
    serve_minted(lab, "zebu.test;", "zebu.test", (-80, 10))


@fault(
    "pre.security.https.certificate",
    flips=set(),
    right_for={
        "pre.security.https.certificate",
        "deploy.frontend.certificate",
        "deploy.network.domain",
        "deploy.frontend.https",
    },
    touches={"domains"},
    settings=(("[domains]\n", '[domains]\norigin = "10.77.0.20"\n'),),
)
def behind_a_cdn(lab: Lab) -> None:
    """Odd but right: the names lead elsewhere first; the proxy's own certificates are judged too, at its own address."""


@fault(
    "pre.security.https.certificate",
    flips={
        "pre.security.https.certificate",
        "pre.infrastructure.certificates",
        "pre.security.https.auto-renewal",
        "deploy.frontend.certificate",
        "deploy.network.www",
        "post.monitoring.tls.auto-renewal",
        "post.monitoring.tls.expiry",
    },
    touches={"proxy-certificates"},
    mend=lambda lab: restore_proxy(lab, "tls"),
)
def expired(lab: Lab) -> None:
    """A certificate that ran out yesterday; nothing else is wrong with it."""
    serve_minted(lab, "www", "www.zebu.test", (-90, -1))


@fault(
    "pre.security.https.certificate",
    flips={"pre.security.https.certificate", "pre.infrastructure.certificates", "deploy.backend.api"},
    touches={"proxy-certificates"},
    mend=lambda lab: restore_proxy(lab, "tls"),
)
def missing_intermediate(lab: Lab) -> None:
    """One name serves its certificate without the chain, which browsers paper over."""
    edit_proxy(lab, "tls", "/server_name api/,$ s/fullchain.pem/cert.pem/")


@fault(
    "pre.security.https.certificate",
    flips={
        "pre.security.https.certificate",
        "pre.infrastructure.certificates",
        "pre.infrastructure.port-forwarding",
        "pre.security.https.auto-renewal",
        "post.monitoring.tls.auto-renewal",
    },
    outcomes={
        "pre.security.https.auto-renewal": Outcome.NOT_ASSESSED,
        "post.monitoring.tls.auto-renewal": Outcome.NOT_ASSESSED,
    },
    touches={"domains"},
    settings=(("[domains]\n", '[domains]\norigin = "10.77.0.30"\n'),),
)
def origin_without_tls(lab: Lab) -> None:
    """What stands in front has good certificates; the origin behind it answers no handshake."""


SECOND = WAN.format(81)
ANOTHER_SERVER = """server {
  listen 8443 ssl http2 default_server;
  ssl_certificate /root/second.pem;
  ssl_certificate_key /root/second.key;
  add_header Strict-Transport-Security "max-age=63072000" always;
  location / { proxy_pass http://10.77.0.10:80; }
}
"""


def second_address(lab: Lab, port: int) -> None:
    """Give the edge another address, to which the site leads as well; its port 443 leads to a port of the proxy."""
    edge = lab.network.path("edge").name
    run(["ip", "-n", edge, "addr", "add", f"{SECOND}/24", "dev", "wan"])
    nft = ["ip", "netns", "exec", edge, "nft", "insert rule inet edge forwarded_ports ip daddr", SECOND]
    for outer, inner in ((80, 80), (443, port)):
        run([*nft, f"tcp dport {outer} dnat ip to 10.77.0.20:{inner}"])
    for name in ("ns1", "ns2"):
        lab.daemons.zone(name, lambda text: text + f"@ A {SECOND}\n")


def mend_second_address(lab: Lab) -> None:
    edge = lab.network.path("edge").name
    for name in ("ns1", "ns2"):
        lab.daemons.zone(name, lambda text: text)
    run(["ip", "-n", edge, "addr", "del", f"{SECOND}/24", "dev", "wan"], check=False)
    nft = ["ip", "netns", "exec", edge, "nft"]
    listed = run([*nft, "-a", "list", "chain", "inet", "edge", "forwarded_ports"]).stdout.decode()
    for line in listed.splitlines():
        if SECOND in line:
            run([*nft, "delete", "rule", "inet", "edge", "forwarded_ports", "handle", line.split()[-1]])
    remove_server(lab, "second")


BOTH_ADDRESSES = ((f'addresses = ["{PUBLIC_ADDRESS}"]', f'addresses = ["{PUBLIC_ADDRESS}", "{SECOND}"]'),)


@fault(
    "pre.security.https.certificate",
    flips={
        "pre.security.https.certificate",
        "pre.infrastructure.certificates",
        "pre.security.https.auto-renewal",
        "deploy.frontend.certificate",
        "deploy.network.www",
        "post.monitoring.tls.auto-renewal",
    },
    touches={"dns", "domains", "renewal"},
    settings=BOTH_ADDRESSES,
    mend=mend_second_address,
)
def another_at_the_second_address(lab: Lab) -> None:
    """The site has two addresses; at the second one stands a certificate for another name."""
    add_server(lab, "second", "other.test", ANOTHER_SERVER)
    second_address(lab, 8443)


@fault(
    "pre.security.https.certificate",
    flips=set(),
    right_for={"pre.security.https.certificate", "pre.infrastructure.reverse-proxy", "pre.infrastructure.dns-records"},
    touches={"dns", "domains"},
    settings=BOTH_ADDRESSES,
    mend=mend_second_address,
)
def alike_at_both_addresses(lab: Lab) -> None:
    """Odd but right: the site has two addresses, and is the same at both."""
    second_address(lab, 443)


@fault(
    "pre.security.https.certificate",
    flips={
        "pre.security.https.certificate",
        "pre.infrastructure.certificates",
        "pre.security.https.auto-renewal",
        "deploy.frontend.certificate",
        "deploy.network.www",
        "post.monitoring.tls.auto-renewal",
    },
    touches={"proxy-certificates"},
    mend=lambda lab: restore_proxy(lab, "tls"),
)
def wrong_name(lab: Lab) -> None:
    """A trusted certificate for another name."""
    serve_minted(lab, "www", "other.test", (-1, 30))


@fault(
    "pre.security.https.force-ssl",
    flips={"pre.security.https.force-ssl", "deploy.network.https-redirect"},
    touches={"proxy-http"},
    mend=lambda lab: restore_proxy(lab, "http"),
)
def another_port(lab: Lab) -> None:
    """The redirect leads to our name, and to a port that is nobody's."""
    edit_proxy(lab, "http", "s#https://.host#https://$host:8443#")


@fault(
    "pre.security.https.force-ssl",
    flips={"pre.security.https.force-ssl", "deploy.network.https-redirect"},
    touches={"proxy-http"},
    mend=lambda lab: restore_proxy(lab, "http"),
)
def look_alike(lab: Lab) -> None:
    """The redirect leads to a name that begins with ours."""
    edit_proxy(lab, "http", "s#https://.host#https://$host.example.org#")


@fault(
    "pre.security.https.force-ssl",
    flips={"pre.security.https.force-ssl", "deploy.network.https-redirect"},
    touches={"proxy-http"},
    mend=lambda lab: restore_proxy(lab, "http"),
)
def api_in_clear(lab: Lab) -> None:
    """Pages are redirected; the API's addresses are served over plain http."""
    edit_proxy(lab, "http", "s#location / {#location /api/ { proxy_pass http://10.77.0.10:8000; } &#")


@fault(
    "pre.security.https.force-ssl",
    flips={"pre.security.https.force-ssl", "deploy.network.https-redirect"},
    touches={"proxy-http"},
    mend=lambda lab: restore_proxy(lab, "http"),
)
def first_page_only(lab: Lab) -> None:
    """Only the first page is redirected."""
    edit_proxy(lab, "http", "s#location / { return 301#location / { return 200 ok; } location = / { return 301#")


@fault(
    "pre.security.https.force-ssl",
    flips={"pre.security.https.force-ssl", "deploy.network.https-redirect"},
    touches={"proxy-http"},
    mend=lambda lab: restore_proxy(lab, "http"),
)
def other_host(lab: Lab) -> None:
    """The redirect leads to a name that is not declared."""
    edit_proxy(lab, "http", "s#https://.host#https://elsewhere.test#")


@fault(
    "pre.security.https.force-ssl",
    flips={"pre.security.https.force-ssl", "deploy.network.https-redirect"},
    touches={"proxy-http"},
    mend=lambda lab: restore_proxy(lab, "http"),
)
def temporary(lab: Lab) -> None:
    """A temporary redirect."""
    edit_proxy(lab, "http", "s/return 301 https/return 302 https/")


@fault(
    "pre.security.https.hsts",
    flips={"pre.security.https.hsts"},
    touches={"proxy-api", "proxy-hsts"},
    mend=lambda lab: restore_proxy(lab, "tls"),
)
def first_of_two(lab: Lab) -> None:
    """Two headers: the first, which counts, is worthless."""
    edit_proxy(lab, "tls", "s/^  add_header Strict.*/  add_header Strict-Transport-Security max-age=60 always;\\n&/")


@fault(
    "pre.security.https.hsts",
    flips=set(),
    touches={"proxy-api", "proxy-hsts"},
    mend=lambda lab: restore_proxy(lab, "tls"),
)
def in_other_words(lab: Lab) -> None:
    """Odd but right: the value is quoted, and what browsers do not know stands beside it."""
    edit_proxy(lab, "tls", """s/"max-age=63072000"/'includeSubdomains; Report="a;b"; MAX-AGE="31536000"'/""")


@fault(
    "pre.security.https.hsts",
    flips={"pre.security.https.hsts"},
    touches={"proxy-api", "proxy-hsts"},
    mend=lambda lab: restore_proxy(lab, "tls"),
)
def not_by_its_grammar(lab: Lab) -> None:
    """The header has a directive whose name ends with the one that counts."""
    edit_proxy(lab, "tls", "s/max-age=63072000/s-max-age=63072000/")


@fault(
    "pre.security.https.hsts",
    flips={"pre.security.https.hsts"},
    touches={"proxy-api", "proxy-hsts"},
    mend=lambda lab: restore_proxy(lab, "tls"),
)
def max_age_zero(lab: Lab) -> None:
    """The header is there, and tells browsers to forget."""
    edit_proxy(lab, "tls", "s/max-age=63072000/max-age=0/")


@fault(
    "pre.security.https.hsts",
    flips={"pre.security.https.hsts"},
    touches={"proxy-api", "proxy-hsts"},
    mend=lambda lab: restore_proxy(lab, "tls"),
)
def one_name_without(lab: Lab) -> None:
    """One name of three sends none."""
    edit_proxy(lab, "tls", "/server_name api.zebu.test/,/}/s/^  add_header Strict.*//")


@fault(
    "pre.security.https.http2",
    flips={"pre.security.https.http2"},
    touches={"proxy-listen"},
    mend=lambda lab: restore_proxy(lab, "tls"),
)
def off(lab: Lab) -> None:
    """The handshake agrees on HTTP/1.1."""
    edit_proxy(lab, "tls", "s/ ssl http2;/ ssl;/")
