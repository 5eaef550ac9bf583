"""Faults of deploy.frontend."""

from lab.changes import edit_page, edit_proxy, restore_page, restore_proxy, serve_minted
from lab.deployment import Lab
from lab.fault import fault


@fault(
    "deploy.frontend.assets",
    flips={"deploy.frontend.assets", "deploy.frontend.console-clean"},
    touches={"proxy-site"},
    mend=lambda lab: restore_proxy(lab, "tls"),
)
def fallback(lab: Lab) -> None:
    """A style that is not there is answered by the single page."""
    edit_proxy(
        lab,
        "tls",
        r"/server_name zebu.test;/,/}/ s|location / { proxy_pass http://10.77.0.10:80; }|location ~ css$ { rewrite ^ / break; proxy_pass http://10.77.0.10:80; } location / { proxy_pass http://10.77.0.10:80; }|",
    )


@fault(
    "deploy.frontend.assets",
    flips=set(),
    touches={"proxy-site"},
    mend=lambda lab: restore_proxy(lab, "tls"),
)
def older_type(lab: Lab) -> None:
    """Odd but right: scripts are served with the name that their type had before RFC 9239."""
    edit_proxy(
        lab,
        "tls",
        "/server_name zebu.test;/,/}/ s|location / { proxy_pass http://10.77.0.10:80; }|location ~ [.]js$ { proxy_pass http://10.77.0.10:80; proxy_hide_header Content-Type; add_header Content-Type application/x-javascript always; } &|",
    )


@fault(
    "deploy.frontend.certificate",
    flips={
        "deploy.frontend.certificate",
        "deploy.network.www",
        "deploy.frontend.console-clean",
        "deploy.frontend.assets",
        "deploy.frontend.mobile",
        "deploy.network.no-mixed-content",
        "deploy.performance.page-load",
        "pre.security.https.certificate",
        "pre.infrastructure.certificates",
        "pre.security.https.auto-renewal",
        "post.monitoring.tls.auto-renewal",
    },
    touches={"proxy-certificates", "renewal"},
    mend=lambda lab: restore_proxy(lab, "tls"),
)
def wrong_name(lab: Lab) -> None:
    """The site has another name's certificate; the API has its own."""
    serve_minted(lab, "zebu", "other.zebu.test", (-1, 89))


@fault(
    "deploy.frontend.console-clean",
    flips=set(),
    touches={"index", "frontend"},
    mend=restore_page,
)
def given_up(lab: Lab) -> None:
    """Odd but right: the page gives up a request of its own before its answer is there."""
    edit_page(
        lab,
        "s|</body>|<script>const c = new AbortController(); fetch('/assets/main.js?once', { signal: c.signal }).catch(() => {}); c.abort()</script></body>|",
    )


@fault(
    "deploy.frontend.console-clean",
    flips=set(),
    touches={"index", "frontend"},
    settings=(("[application]\n", '[browser]\nthird_parties = ["metrics.zebu.test"]\n\n[application]\n'),),
    mend=restore_page,
)
def declared_third_party(lab: Lab) -> None:
    """Odd but right: a script of a declared third party does not come."""
    edit_page(lab, "s|</head>|<script async src=https://metrics.zebu.test/collect.js></script></head>|")


@fault(
    "deploy.frontend.console-clean",
    flips={"deploy.frontend.console-clean"},
    touches={"frontend"},
    mend=lambda lab: lab.vm.shell(
        "docker exec zebu-frontend-1 sh -c 'cp /tmp/main.js /usr/share/nginx/html/assets/main.js'"
    ),
)
def late_error(lab: Lab) -> None:
    """The script complains a while after the page has loaded."""
    lab.vm.shell(
        "docker exec zebu-frontend-1 sh -c 'cp /usr/share/nginx/html/assets/main.js /tmp/main.js; echo \"setTimeout(function () { console.error(1) }, 400)\" >> /usr/share/nginx/html/assets/main.js'"
    )


@fault(
    "deploy.frontend.console-clean",
    flips={"deploy.frontend.console-clean", "deploy.frontend.assets"},
    touches={"frontend"},
    mend=lambda lab: lab.vm.shell("docker exec zebu-frontend-1 mv /tmp/main.css /usr/share/nginx/html/assets/main.css"),
)
def missing_style(lab: Lab) -> None:
    """A style sheet that the page wants is not there."""
    lab.vm.shell("docker exec zebu-frontend-1 mv /usr/share/nginx/html/assets/main.css /tmp/main.css")


@fault(
    "deploy.frontend.https",
    flips=set(),
    touches={"proxy-site"},
    mend=lambda lab: restore_proxy(lab, "tls"),
)
def compressed(lab: Lab) -> None:
    """Odd but right: the proxy compresses the page, and names no character set."""
    edit_proxy(
        lab,
        "tls",
        "/server_name zebu.test;/,/}/ s|location / {|gzip on; gzip_min_length 1; gzip_proxied any; location / {|",
    )


@fault(
    "deploy.frontend.https",
    flips={"deploy.frontend.https", "pre.infrastructure.reverse-proxy"},
    touches={"proxy-site"},
    mend=lambda lab: restore_proxy(lab, "tls"),
)
def default_page(lab: Lab) -> None:
    """The proxy answers with a page of its own."""
    edit_proxy(
        lab,
        "tls",
        r"/server_name zebu.test;/,/}/ s|location / { proxy_pass http://10.77.0.10:80; }|location = / { default_type text/html; return 200 '<!doctype html><title>Welcome</title><meta name=viewport content=width=device-width><div id=root></div><script src=/assets/main.js></script>'; } location / { proxy_pass http://10.77.0.10:80; }|",
    )


HIDDEN = "position: absolute; width: 1px; height: 1px; overflow: hidden; clip: rect(0, 0, 0, 0)"


@fault(
    "deploy.frontend.mobile",
    flips=set(),
    touches={"index", "frontend"},
    mend=restore_page,
)
def hidden_from_the_eye(lab: Lab) -> None:
    """Odd but right: a link for screen readers, a drawer beside the screen, a checkbox as the browser makes it."""
    skip = f"<a href=#root style='{HIDDEN}'>Skip to content</a>"
    drawer = "<nav style='position: absolute; left: 100%; width: 300px'><a href=/activity>Activity</a></nav>"
    box = "<label><input type=checkbox> Remember me</label>"
    edit_page(lab, f"s|</body>|<style>body {{ overflow-x: hidden }}</style>{skip}{drawer}{box}</body>|")


@fault(
    "deploy.frontend.mobile",
    flips={"deploy.frontend.mobile"},
    touches={"index", "frontend"},
    mend=restore_page,
)
def cut_off(lab: Lab) -> None:
    """A line is longer than the screen, and nobody can get to its end."""
    line = "<p style='white-space: nowrap'>What you buy here you cannot sell there, and what you sell there is gone</p>"
    edit_page(lab, f"s|</body>|<style>body {{ overflow-x: hidden }}</style>{line}</body>|")


@fault(
    "deploy.frontend.mobile",
    flips=set(),
    touches={"index", "frontend"},
    mend=restore_page,
)
def inline_link(lab: Lab) -> None:
    """Odd but right: a link in a sentence may be as small as its text."""
    edit_page(lab, "s|</body>|<p>See <a href=/activity>it</a> there.</p></body>|")


@fault(
    "deploy.frontend.mobile",
    flips={"deploy.frontend.mobile"},
    touches={"index", "frontend"},
    mend=restore_page,
)
def no_viewport(lab: Lab) -> None:
    """The page has no viewport for narrow screens."""
    edit_page(lab, "s|<meta name=.viewport.[^>]*>||")


@fault(
    "deploy.frontend.mobile",
    flips={"deploy.frontend.mobile"},
    touches={"index", "frontend"},
    mend=restore_page,
)
def small_target(lab: Lab) -> None:
    """A button is too small for a thumb."""
    edit_page(lab, "s|</body>|<button style=width:12px;height:12px;padding:0>x</button></body>|")


@fault(
    "deploy.frontend.mobile",
    flips={"deploy.frontend.mobile"},
    touches={"index", "frontend"},
    mend=restore_page,
)
def too_wide(lab: Lab) -> None:
    """Something on the page is wider than the screen."""
    edit_page(lab, "s|</body>|<div style=width:900px>wide</div></body>|")
