"""The page waits for a script that comes slowly."""

from lab.changes import edit_proxy, restore_proxy
from lab.deployment import Lab

flips: set[str] = {"deploy.performance.page-load"}
touches: set[str] = {"proxy-site"}
uses: set[str] = {"frontend"}


SCRIPT = "/usr/share/nginx/html/assets/main.js"


def inject(lab: Lab) -> None:
    size = int(lab.vm.shell(f"docker exec zebu-frontend-1 stat -c %s {SCRIPT}"))
    edit_proxy(
        lab,
        "tls",
        rf"/server_name zebu.test;/,/}}/ s|location / {{ proxy_pass http://10.77.0.10:80; }}|location ~ main.js$ {{ proxy_pass http://10.77.0.10:80; limit_rate {size * 2 // 7}; }} location / {{ proxy_pass http://10.77.0.10:80; }}|",
    )


def mend(lab: Lab) -> None:
    restore_proxy(lab, "tls")
