"""The same value serves as another secret too."""

from lab.changes import recreate, restore_env, set_env
from lab.deployment import Lab

flips: set[str] = {"pre.security.secrets.secret-key"}
touches: set[str] = {".env", "backend", "backend-files", "backend-restart"}


def inject(lab: Lab) -> None:
    value = lab.vm.shell("sed -n s/^API_KEY_HMAC_SECRET=//p /opt/zebu/.env").strip()
    set_env(lab, SECRET_KEY=value)
    recreate(lab, "backend", "    cap_drop: []\n")


def mend(lab: Lab) -> None:
    restore_env(lab)
    recreate(lab, "backend")
