"""Where secrets live on a machine, and what is planted there: one of each, in the words of its place.

CANARY stands for what must not be seen. A place that the suite reads says what a run shows of it (`seen`), so that what
is not found in any output is known to have been read and hidden, and not only passed by.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

APP, ROOT, DEPLOY = "/opt/zebu", "/root", "/home/deploy"
LETTERS = "abcdefghkmnpqrstuvwxyz23456789"


@dataclass(frozen=True, slots=True)
class Place:
    """A place for a secret.

    Attributes:
        name: where it is.
        plant: a shell script that puts it there, as root.
        mend: what takes it away again.
        machine: on which machine of the lab.
        seen: what the snapshot of a run holds, if it was read; empty where the suite does not read the place.
    """

    name: str
    plant: str
    mend: str
    machine: Literal["vm", "proxy"] = "vm"
    seen: str = ""


def _file(name: str, path: str, text: str, seen: str = "", mode: str = "0644", owner: str = "root") -> Place:
    """A file that was not there before."""
    folder = path.rpartition("/")[0]
    plant = f"mkdir -p {folder}\ncat > {path} <<'PLANTED'\n{text}\nPLANTED\nchown {owner} {path}; chmod {mode} {path}"
    empty = f"; rmdir {folder} 2>/dev/null || true" if folder.startswith(f"{APP}/") else ""
    return Place(name, plant, f"rm -f {path}{empty}", seen=seen)


FILES = (
    _file("a table of cron", "/etc/cron.d/planted", "15 3 * * * root PGPASSWORD=CANARY pg_dump -h db.test zebu", "/etc/cron.d/planted"),
    _file("an argument in a table of cron", "/etc/cron.d/planted2", "25 3 * * * root pg_dump --password CANARY -h db.test zebu", "/etc/cron.d/planted2"),
    _file("an address in a table of cron", "/etc/cron.d/planted3", "35 3 * * * root pg_dump postgresql://zebu:CANARY@db.test/zebu", "/etc/cron.d/planted3"),
    _file("a variable of a table of cron", "/etc/cron.d/planted4", "RESTIC_PASSWORD=CANARY\n45 3 * * * root restic backup /srv", "/etc/cron.d/planted4"),
    _file("a user's table of cron", "/var/spool/cron/crontabs/backup", "5 4 * * * BORG_PASSPHRASE=CANARY borg create /srv/r::d /srv", "/var/spool/cron/crontabs/backup", "0600", "backup"),
    _file("a script that a job runs", "/usr/local/bin/planted-job", "#!/bin/sh\nexport PGPASSWORD=CANARY\npg_dump -h db.test zebu > /dev/null", mode="0755"),
    _file("a table that calls the script", "/etc/cron.d/planted5", "5 5 * * * root /usr/local/bin/planted-job CANARY", "/etc/cron.d/planted5"),
    _file("a unit", "/etc/systemd/system/planted.service", "[Service]\nType=oneshot\nEnvironment=PGPASSWORD=CANARY\nExecStart=/usr/bin/env pg_dump -h db.test zebu"),
    _file("a timer", "/etc/systemd/system/planted.timer", "# password=CANARY\n[Timer]\nOnCalendar=daily\n[Install]\nWantedBy=timers.target"),
    _file("a drop-in of a unit", "/etc/systemd/system/planted.service.d/more.conf", "[Service]\nSetCredential=db:CANARY"),
    _file("a file of a unit's environment", "/etc/default/planted", "API_TOKEN=CANARY", mode="0600"),
    _file("Docker's logins", f"{ROOT}/.docker/config.json", '{"auths": {"registry.test": {"auth": "CANARY"}}}', mode="0600"),
    _file("the deploying user's logins of Docker", f"{DEPLOY}/.docker/config.json", '{"auths": {"registry.test": {"identitytoken": "CANARY"}}}', mode="0600", owner="deploy"),
    _file("restic's environment", "/etc/restic/env", "RESTIC_PASSWORD=CANARY", mode="0600"),
    _file("rclone's remotes", f"{ROOT}/.config/rclone/rclone.conf", "[nas]\ntype = sftp\npass = CANARY", mode="0600"),
    _file("borgmatic's settings", "/etc/borgmatic/config.yaml", "encryption_passphrase: CANARY", mode="0600"),
    _file("passwords of PostgreSQL's clients", f"{ROOT}/.pgpass", "db.test:5432:zebu:zebu:CANARY", mode="0600"),
    _file("logins of the network", f"{ROOT}/.netrc", "machine forge.test login robot password CANARY", mode="0600"),
    _file("a mailer's login", "/etc/msmtprc", "account default\nhost smtp.test\nuser mailer\npassword CANARY", mode="0600"),
    _file("Postfix's logins", "/etc/postfix/sasl_passwd", "[smtp.test]:587 mailer:CANARY", mode="0600"),
    _file("git's store of credentials", f"{DEPLOY}/.git-credentials", "https://deploy:CANARY@forge.test", mode="0600", owner="deploy"),
    _file("npm's login", f"{ROOT}/.npmrc", "//registry.test/:_authToken=CANARY", mode="0600"),
    _file("PyPI's login", f"{ROOT}/.pypirc", "[pypi]\nusername = op\npassword = CANARY", mode="0600"),
    _file("pip's index", f"{APP}/pip.conf", "[global]\nindex-url = https://op:CANARY@pypi.test/simple", "pip.conf", owner="deploy"),
    _file("composer's logins", f"{APP}/auth.json", '{"github-oauth": {"github.com": "CANARY"}}', "auth.json", owner="deploy"),
    _file("a cluster's login", f"{ROOT}/.kube/config", "users:\n- name: op\n  user:\n    token: CANARY", mode="0600"),
    _file("a cloud's login", f"{ROOT}/.aws/credentials", "[default]\naws_secret_access_key = CANARY", mode="0600"),
    _file("a tunnel's key", "/etc/wireguard/planted.conf", "[Interface]\nPrivateKey = CANARY", mode="0600"),
    _file("a key of age", f"{ROOT}/.config/sops/age/keys.txt", "AGE-SECRET-KEY-1CANARY", mode="0600"),
    _file("a state of Terraform", f"{APP}/terraform.tfstate", '{"resources": [{"attributes": {"password": "CANARY"}}]}', "terraform.tfstate", owner="deploy"),
    _file("a compose file beside", f"{APP}/docker-compose.planted.yml", "services:\n  planted:\n    environment:\n      - API_TOKEN=CANARY", "docker-compose.planted.yml", owner="deploy"),
    _file("another file of the environment", f"{APP}/.env.planted", "PLANTED_TOKEN=CANARY", ".env.planted", "0600", "deploy"),
    _file("a document", f"{APP}/docs/planted.md", "# Planted\n\nRun `pg_dump --password CANARY zebu`, and log in with password: CANARY.", "planted.md", owner="deploy"),
    _file("a document's addresses", f"{APP}/docs/planted2.md", "# Planted too\n\nSee https://op:CANARY@wiki.test/runbook.", "planted2.md", owner="deploy"),
    _file("a script of the checkout", f"{APP}/planted.sh", "#!/bin/sh\nTOKEN=CANARY", "planted.sh", owner="deploy"),
    _file("a workflow", f"{APP}/.github/workflows/planted.yml", "env:\n  API_TOKEN: CANARY", owner="deploy"),
    _file("a lock file", f"{APP}/planted/package-lock.json", '{"packages": {"": {"resolved": "https://op:CANARY@npm.test/a.tgz"}}}', owner="deploy"),
    _file("a log of the project", f"{APP}/logs/planted.log", "login with password=CANARY", owner="deploy"),
    _file("a log of the web server", "/var/log/nginx/planted.log", '192.0.2.7 - - "GET /?access_token=CANARY HTTP/1.1" 200'),
    _file("the greeting of logins", "/etc/issue.net", "password=CANARY"),
    _file("the message of the day", "/etc/update-motd.d/99-planted", "#!/bin/sh\necho password=CANARY", mode="0755"),
    _file("sources of packages", "/etc/apt/auth.conf.d/planted.conf", "machine apt.test login op password CANARY", mode="0600"),
    _file("a source of packages with a login", "/etc/apt/sources.list.d/planted.list", "# deb https://op:CANARY@apt.test/debian stable main"),
    _file("a key of ssh", f"{ROOT}/.ssh/planted", "-----BEGIN OPENSSH PRIVATE KEY-----\nCANARYCANARYCANARY\n-----END OPENSSH PRIVATE KEY-----", mode="0600"),
    _file("a hint in a list of keys", f"{DEPLOY}/.ssh/authorized_keys.planted", "# password=CANARY", mode="0600", owner="deploy"),
    _file("a file's own name", f"{APP}/password=CANARY", "", "password=[redacted]", owner="deploy"),
    _file("a folder's name", f"{APP}/token=CANARY/file", "", "token=[redacted]", owner="deploy"),
    _file("settings of fail2ban", "/etc/fail2ban/jail.d/planted.conf.off", "[planted]\naction = sendmail[password=CANARY]"),
    _file("settings of logrotate", "/etc/logrotate.d/planted", "/var/log/planted.log {\n  weekly\n  postrotate\n    curl -u op:CANARY https://a.test\n  endscript\n}"),
    _file("a drop-in of sudo that is off", "/etc/sudoers.d/planted.off", "# password=CANARY", mode="0440"),
)  # fmt: skip
GIT = "runuser -u deploy -- env HOME=/home/deploy git -C /opt/zebu"
SQL = "docker exec -i zebu-db-1 psql -XAtq -v ON_ERROR_STOP=1 -U zebu_admin -d zebu"
MADE = "docker create --label com.docker.compose.project=zebu --label com.docker.compose.service=planted --name"
CONTAINER = (
    f"{MADE} zebu-planted-1 -e API_TOKEN=CANARY --label traefik.auth=op:CANARYb --label com.docker.compose.oneoff=False"
    " --health-cmd 'redis-cli -a CANARYc ping' --log-opt labels=CANARYd --log-opt max-size=10m"
    " zebu/db:15 run --password CANARYe"
)
PLACES = (
    *FILES,
    Place("a container's environment", CONTAINER, "docker rm -f zebu-planted-1", seen="redis-cli -a [redacted] ping"),
    Place("a remote of git", f"{GIT} remote add planted https://deploy:CANARY@forge.test/z.git", f"{GIT} remote remove planted"),
    Place("a remote with a token only", f"{GIT} remote add planted2 https://CANARY7CANARY@forge.test/z.git", f"{GIT} remote remove planted2"),
    Place("a header in git's configuration", f"{GIT} config http.planted.extraHeader 'Authorization: Bearer CANARY'", f"{GIT} config --unset http.planted.extraHeader"),
    Place("a branch of git", f"{GIT} branch token=CANARY", f"{GIT} branch -D token=CANARY"),
    Place("a tag of git", f"{GIT} tag password=CANARY HEAD~1", f"{GIT} tag -d password=CANARY", seen="password=[redacted]"),
    Place("an object of git that nothing names", f"echo API_TOKEN=CANARY | {GIT} hash-object -w --stdin", "true"),
    Place("the log of references", "echo '0000000000000000000000000000000000000000 1111111111111111111111111111111111111111 op <op@zebu.test> 1790000000 +0000\tclone: from https://op:CANARY@forge.test/z' > /opt/zebu/.git/logs/planted", "rm -f /opt/zebu/.git/logs/planted"),
    Place("the journal", "logger -t planted password=CANARY", "true"),
    Place("a complaint in the journal", "logger -p user.err -t planted 'login failed: token: CANARY'", "true"),
    Place("a container's log", "docker exec zebu-backend-1 sh -c 'echo ERROR password=CANARY > /proc/1/fd/1'", "true", seen="shape:"),
    Place("an argument of a process", "setsid perl -e '$0 = \"planted --password CANARY\"; sleep 900' > /dev/null 2>&1 < /dev/null &", "pkill -f '[p]lanted --password' || true"),
    Place("the environment of a process", "API_TOKEN=CANARY setsid sleep 901 > /dev/null 2>&1 < /dev/null &", "pkill -f '[s]leep 901' || true"),
    Place("a user's full name", "useradd -M -s /usr/sbin/nologin -c password=CANARY planted", "userdel planted"),
    Place("a line of the hosts file", "cp -a /etc/hosts /etc/hosts.kept; echo '192.0.2.9 planted # password=CANARY' >> /etc/hosts", "cat /etc/hosts.kept > /etc/hosts; rm /etc/hosts.kept"),
    Place("a table's comment", f"echo \"COMMENT ON DATABASE zebu IS 'password=CANARY'\" | {SQL}", f"echo 'COMMENT ON DATABASE zebu IS NULL' | {SQL}"),
    Place("a function's body", f"echo \"CREATE FUNCTION planted() RETURNS text LANGUAGE sql AS 'SELECT ''password=CANARY'''\" | {SQL}", f"echo 'DROP FUNCTION planted()' | {SQL}"),
    Place("a setting of a role", f"echo \"ALTER ROLE zebu_admin SET planted.token = 'CANARY'\" | {SQL}", f"echo 'ALTER ROLE zebu_admin RESET planted.token' | {SQL}"),
    Place("the proxy's nginx", "printf '# password=CANARY\\nmap $host $planted { default \"\"; }\\n' > /etc/nginx/conf.d/planted.conf", "rm -f /etc/nginx/conf.d/planted.conf", "proxy"),
    Place("a login of the proxy", "printf 'op:$apr1$CANARY$CANARYCANARYCANARY\\n' > /etc/nginx/planted.users", "rm -f /etc/nginx/planted.users", "proxy"),
    Place("a job of the proxy", "echo '5 5 * * * root certbot renew --deploy-hook \"curl -u op:CANARY https://a.test\"' > /etc/cron.d/planted", "rm -f /etc/cron.d/planted", "proxy"),
)  # fmt: skip


def secrets() -> Mapping[str, str]:
    """A secret for each place, by its name; the same in each run, and none like another."""
    chance = random.Random(20261127)
    return {place.name: "q" + "".join(chance.choice(LETTERS) for _ in range(14)) for place in PLACES}
