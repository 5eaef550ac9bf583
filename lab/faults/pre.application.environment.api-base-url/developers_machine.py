"""The scripts were built for the developer's machine."""

from lab.deployment import Lab

flips: set[str] = {
    "pre.application.environment.api-base-url",
    "deploy.frontend.console-clean",
    "deploy.network.no-mixed-content",
}
touches: set[str] = {"frontend"}


def inject(lab: Lab) -> None:
    lab.vm.shell(
        'docker exec zebu-frontend-1 sed -i "s#/api/v1#http://localhost:8000/api/v1#g" /usr/share/nginx/html/assets/main.js'
    )


def mend(lab: Lab) -> None:
    lab.vm.shell(
        'docker exec zebu-frontend-1 sed -i "s#http://localhost:8000/api/v1#/api/v1#g" /usr/share/nginx/html/assets/main.js'
    )
