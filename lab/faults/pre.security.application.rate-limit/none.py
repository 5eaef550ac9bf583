"""Neither the proxy's nginx nor a host of its administration limits requests."""

from lab.changes import edit_proxy, restore_proxy
from lab.deployment import Lab

flips: set[str] = {"pre.security.application.rate-limit"}
touches: set[str] = {"proxy-limits", "npm"}


def inject(lab: Lab) -> None:
    edit_proxy(lab, "tls", "/^limit_req/d")
    lab.change_state(
        "npm",
        lambda state: {**state, "proxy_hosts": [{**host, "advanced_config": ""} for host in state["proxy_hosts"]]},
    )


def mend(lab: Lab) -> None:
    restore_proxy(lab, "tls")
    lab.write_states(("npm",))
