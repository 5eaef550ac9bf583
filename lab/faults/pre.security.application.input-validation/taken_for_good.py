"""What is malformed is answered with 200, and an error in the text."""

from lab.changes import restart
from lab.deployment import Lab

flips: set[str] = {"pre.security.application.input-validation"}
touches: set[str] = {"backend-files"}
options: tuple[str, ...] = ("--zebu-active=functional",)


def inject(lab: Lab) -> None:
    lab.vm.shell("docker exec -u 0 zebu-backend-1 sed -i.kept 's/status_code=422/status_code=200/' /app/zebu/errors.py")
    restart(lab, "backend")


def mend(lab: Lab) -> None:
    lab.vm.shell("docker exec -u 0 zebu-backend-1 mv /app/zebu/errors.py.kept /app/zebu/errors.py")
    restart(lab, "backend")
