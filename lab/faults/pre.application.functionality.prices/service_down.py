"""The price service answers nobody: no price, no order; what the probe made is deleted all the same."""

from lab.deployment import Lab

flips: set[str] = {f"pre.application.functionality.{name}" for name in ("prices", "trades", "transactions")}
touches: set[str] = {"prices", "redis"}
options: tuple[str, ...] = ("--zebu-active=functional",)


def inject(lab: Lab) -> None:
    lab.vm.shell("docker exec zebu-redis-1 redis-cli del papertrade:price:IBM >/dev/null")
    lab.change_state("prices", lambda state: {**state, "refuse": {"status": 503, "body": {}}})


def mend(lab: Lab) -> None:
    lab.write_states(("prices",))
    lab.read_price()
