"""The script complains a while after the page has loaded."""

from lab.deployment import Lab

flips: set[str] = {"deploy.frontend.console-clean"}
touches: set[str] = {"frontend"}


def inject(lab: Lab) -> None:
    lab.vm.shell(
        "docker exec zebu-frontend-1 sh -c 'cp /usr/share/nginx/html/assets/main.js /tmp/main.js; echo \"setTimeout(function () { console.error(1) }, 400)\" >> /usr/share/nginx/html/assets/main.js'"
    )


def mend(lab: Lab) -> None:
    lab.vm.shell("docker exec zebu-frontend-1 sh -c 'cp /tmp/main.js /usr/share/nginx/html/assets/main.js'")
