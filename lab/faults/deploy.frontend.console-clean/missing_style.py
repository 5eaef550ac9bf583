"""A style sheet that the page wants is not there."""

from lab.deployment import Lab

flips: set[str] = {"deploy.frontend.console-clean", "deploy.frontend.assets", "deploy.frontend.mobile"}
touches: set[str] = {"frontend"}


def inject(lab: Lab) -> None:
    lab.vm.shell("docker exec zebu-frontend-1 mv /usr/share/nginx/html/assets/main.css /tmp/main.css")


def mend(lab: Lab) -> None:
    lab.vm.shell("docker exec zebu-frontend-1 mv /tmp/main.css /usr/share/nginx/html/assets/main.css")
