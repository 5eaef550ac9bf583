"""Every answer takes most of a second."""

from lab.changes import restart
from lab.deployment import Lab

flips: set[str] = {"deploy.performance.api"}
touches: set[str] = {"backend-files"}


def inject(lab: Lab) -> None:
    lab.vm.shell(
        "docker exec -u 0 zebu-backend-1 sed -i.kept 's/^def _by_api_key(raw: str, database: Database) -> Caller:/&\\n    import time; time.sleep(0.6)/' /app/zebu/auth.py"
    )
    restart(lab, "backend")


def mend(lab: Lab) -> None:
    lab.vm.shell("docker exec -u 0 zebu-backend-1 mv /app/zebu/auth.py.kept /app/zebu/auth.py")
    restart(lab, "backend")
