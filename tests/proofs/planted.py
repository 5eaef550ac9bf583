"""Where secrets live on a machine, and what is planted there: one of each, in the words of its place.

CANARY stands for what must not be seen. A place that the suite reads says what a run shows of it (`seen`), so that what
is not found in any output is known to have been read and hidden, and not only passed by.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

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
RELOAD = f"echo 'SELECT pg_reload_conf()' | {SQL}"
REDIS = "docker exec zebu-redis-1 redis-cli"
PAGE = "docker exec -u 0 -w /usr/share/nginx/html zebu-frontend-1 sh -euc"
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
    Place("a line of the hosts file", "cp -a /etc/hosts /etc/hosts.kept; echo '192.0.2.9 planted # password=CANARY' >> /etc/hosts", "test -f /etc/hosts.kept; cat /etc/hosts.kept > /etc/hosts; rm /etc/hosts.kept"),
    Place("a table's comment", f"echo \"COMMENT ON DATABASE zebu IS 'password=CANARY'\" | {SQL}", f"echo 'COMMENT ON DATABASE zebu IS NULL' | {SQL}"),
    Place("a function's body", f"echo \"CREATE FUNCTION planted() RETURNS text LANGUAGE sql AS 'SELECT ''password=CANARY'''\" | {SQL}", f"echo 'DROP FUNCTION planted()' | {SQL}"),
    Place("a setting of a role", f"echo \"ALTER ROLE zebu_admin SET planted.token = 'CANARY'\" | {SQL}", f"echo 'ALTER ROLE zebu_admin RESET planted.token' | {SQL}"),
    Place("a setting of the database", f"echo \"ALTER SYSTEM SET archive_command = 'PGPASSWORD=CANARY cp %p /srv/%f'\" | {SQL}; {RELOAD}", f"echo 'ALTER SYSTEM RESET archive_command' | {SQL}; {RELOAD}"),
    Place("whom the database follows", f"echo \"ALTER SYSTEM SET primary_conninfo = 'host=db.test user=rep password=CANARY'\" | {SQL}; {RELOAD}", f"echo 'ALTER SYSTEM RESET primary_conninfo' | {SQL}; {RELOAD}"),
    Place("a table's and a column's comment", f"echo \"COMMENT ON TABLE portfolios IS 'password=CANARY'; COMMENT ON COLUMN portfolios.name IS 'token: CANARY'\" | {SQL}", f"echo 'COMMENT ON TABLE portfolios IS NULL; COMMENT ON COLUMN portfolios.name IS NULL' | {SQL}"),
    Place("a role's comment", f"echo \"COMMENT ON ROLE zebu_admin IS 'password=CANARY'\" | {SQL}", f"echo 'COMMENT ON ROLE zebu_admin IS NULL' | {SQL}"),
    Place("a statement that runs", f"setsid {SQL} -c \"SELECT pg_sleep(600) /* password=CANARY */\" > /dev/null 2>&1 < /dev/null &", f"{SQL} -c \"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep(600)%'\""),
    Place("how a client calls itself", f"setsid {SQL.replace('exec -i', 'exec -i -e PGAPPNAME=token=CANARY')} -c 'SELECT pg_sleep(601)' > /dev/null 2>&1 < /dev/null &", f"{SQL} -c \"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep(601)%'\""),
    Place("the name of an index", f"echo 'CREATE INDEX \"token=CANARY\" ON portfolios (name)' | {SQL}", f"echo 'DROP INDEX \"token=CANARY\"' | {SQL}", seen="token=[redacted]"),
    Place("Redis's own login elsewhere", f"{REDIS} config set masterauth CANARY", f"{REDIS} config set masterauth ''"),
    Place("a user of Redis", f"{REDIS} acl setuser planted on '>CANARY'", f"{REDIS} acl deluser planted"),
    Place("a key of Redis and its value", f"{REDIS} set planted:token=CANARY password=CANARYb", f"{REDIS} del planted:token=CANARY"),
    Place("arguments of Redis", f"{MADE} zebu-planted-2 --label com.docker.compose.oneoff=False zebu-lab/redis:7-busybox redis-server --requirepass CANARY --masterauth CANARYb", "docker rm -f zebu-planted-2", seen="planted"),
    Place("Docker's daemon", "sed 's/{/{ \"labels\": [\"token=CANARY\"], \"proxies\": { \"http-proxy\": \"http:\\/\\/op:CANARYb@proxy.test:3128\" },/; s/{/{/2' /etc/docker/daemon.json > /run/planted.json; mount --bind /run/planted.json /etc/docker/daemon.json", "umount /etc/docker/daemon.json; rm -f /run/planted.json"),
    Place("labels of another project", "docker create --name planted-3 --label com.docker.compose.project=other --label com.docker.compose.service=web --label planted.token=CANARY --label 'traefik.http.routers.a.middlewares=password=CANARYb' zebu/db:15 true", "docker rm -f planted-3"),
    Place("labels, variables and history of an image", "docker create --name planted-4 zebu/db:15 true; docker commit -m password=CANARY -c 'LABEL planted.token=CANARYb' -c 'ENV PLANTED_TOKEN=CANARYc' -c 'CMD [\"run\", \"--password\", \"CANARYd\"]' planted-4 zebu/planted:1; docker rm planted-4; " + MADE.replace("=planted ", "=planted5 ") + " zebu-planted-5 --label com.docker.compose.oneoff=False zebu/planted:1", "docker rm -f zebu-planted-5; docker rmi zebu/planted:1", seen="zebu/planted:1"),
    Place("git's stash", f"{GIT} stash store -m password=CANARY $({GIT} -c user.name=op -c user.email=op@zebu.test commit-tree -p HEAD -p HEAD -m 'token: CANARYb' HEAD^{{tree}})", f"{GIT} stash drop"),
    Place("a commit that nothing names", f"{GIT} -c user.name=token=CANARY -c user.email=op@zebu.test commit-tree -p HEAD -m password=CANARYb HEAD^{{tree}}", "true"),
    Place("an address that was asked for", "curl -fsS 'http://127.0.0.1/?access_token=CANARY' -H 'Cookie: session=CANARYb' -H 'User-Agent: password=CANARYc' -o /dev/null", "true"),
    Place("the site's page", f"{PAGE} 'cp index.html /tmp/planted.html; echo \"<!-- password=CANARY --><meta name=token content=CANARYb>\" >> index.html'", f"{PAGE} 'test -f /tmp/planted.html; cat /tmp/planted.html > index.html; rm /tmp/planted.html'"),
    Place("what the page says to the browser", f"{PAGE} 'cp assets/main.js /tmp/planted.js; printf \"%s\\n\" \"console.error(\\\"login failed: password=CANARY\\\"); fetch(\\\"/api/v1/planted?token=CANARYb\\\");const API_TOKEN=\\\"CANARYc\\\"\" >> assets/main.js'", f"{PAGE} 'test -f /tmp/planted.js; cat /tmp/planted.js > assets/main.js; rm /tmp/planted.js'", seen="login failed: password=[redacted]"),
    Place("headers and cookies of the site", "docker exec zebu-frontend-1 sh -c 'cp /etc/nginx/nginx.conf /tmp/planted.conf; sed -i \"s|add_header X-Content-Type-Options .nosniff.;|& add_header X-Planted-Token CANARY; add_header Set-Cookie session=CANARYb; add_header Server-Timing password=CANARYc;|\" /etc/nginx/nginx.conf; nginx -s reload'", "docker exec zebu-frontend-1 sh -ec 'test -f /tmp/planted.conf; cat /tmp/planted.conf > /etc/nginx/nginx.conf; rm /tmp/planted.conf; nginx -s reload'"),
    Place("the proxy administration's database", "mkdir -p /opt/npm/data; printf 'SQLite format 3\\000 auth password CANARY' > /opt/npm/data/database.sqlite", "rm -rf /opt/npm", "proxy"),
    Place("a provider's login at the proxy", "printf 'dns_cloudflare_api_token = CANARY\\n' > /etc/letsencrypt/planted.ini; chmod 600 /etc/letsencrypt/planted.ini", "rm -f /etc/letsencrypt/planted.ini", "proxy"),
    Place("headers that the proxy sets", "printf 'map $host $planted_header { default \"Bearer CANARY\"; }\\nserver { listen 127.0.0.1:8099; server_name token=CANARYb.test; location / { proxy_set_header X-Api-Key CANARYc; return 200 password=CANARYd; } }\\n' > /etc/nginx/conf.d/planted2.conf; nginx -s reload", "rm -f /etc/nginx/conf.d/planted2.conf; nginx -s reload", "proxy"),
    Place("the proxy's nginx", "printf '# password=CANARY\\nmap $host $planted { default \"\"; }\\n' > /etc/nginx/conf.d/planted.conf", "rm -f /etc/nginx/conf.d/planted.conf", "proxy"),
    Place("a login of the proxy", "printf 'op:$apr1$CANARY$CANARYCANARYCANARY\\n' > /etc/nginx/planted.users", "rm -f /etc/nginx/planted.users", "proxy"),
    Place("a job of the proxy", "echo '5 5 * * * root certbot renew --deploy-hook \"curl -u op:CANARY https://a.test\"' > /etc/cron.d/planted", "rm -f /etc/cron.d/planted", "proxy"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Word:
    """What a service beside the machine says.

    Attributes:
        service: whose state is changed.
        change: puts a secret into its state.
        seen: as of a place.
    """

    name: str
    service: Literal["forge", "proxmox", "npm"]
    change: Callable[[dict[str, Any], str], object]
    seen: str = ""


def _newest(state: dict[str, Any]) -> list[dict[str, Any]]:
    runs: list[dict[str, Any]] = state["check_runs"][state["commits"][0]]
    return runs


def _another_run(state: dict[str, Any], secret: str) -> None:
    _newest(state).append({**_newest(state)[0], "id": 1, "name": f"password={secret}"})


def _another_status(state: dict[str, Any], secret: str) -> None:
    said = {"context": f"token={secret}", "state": "success", "description": f"password={secret}", "target_url": f"https://op:{secret}@ci.test/1"}  # fmt: skip
    state["statuses"][state["commits"][0]] = [said]


def _told_by_a_run(state: dict[str, Any], secret: str) -> None:
    task = {"upid": "UPID:pve:00000001:00000000:00000001:vzdump::root@pam:", "node": "pve", "type": "vzdump", "id": "", "user": "root@pam", "status": "OK", "starttime": 1, "endtime": 31}  # fmt: skip
    state["tasks"].append({**task, "log": [f"INFO: Starting Backup of VM 200 (qemu) password={secret}"]})


WORDS = (
    Word("the title of a pull request", "forge", lambda state, secret: state["pulls"][0].update(title=f"password={secret}")),
    Word("the text of a pull request", "forge", lambda state, secret: state["pulls"][0].update(body=f"Log in with password: {secret}")),
    Word("a branch of a pull request", "forge", lambda state, secret: state["pulls"][0]["head"].update(ref=f"token={secret}")),
    Word("the output of a check", "forge", lambda state, secret: _newest(state)[0]["output"].update(summary=f"API_TOKEN={secret}")),
    Word("the name of a check", "forge", _another_run, "password=[redacted]"),
    Word("another service's word of a commit", "forge", _another_status, "token=[redacted]"),
    Word("the text of a review", "forge", lambda state, secret: next(iter(state["reviews"].values()))[0].update(body=f"password: {secret}")),
    Word("a deployment's name and text", "forge", lambda state, secret: state["deployments"][0].update(environment=f"token={secret}", description=f"password={secret}"), "token=[redacted]"),
    Word("the hypervisor's notes of the machine", "proxmox", lambda state, secret: state["guests"]["200"]["config"].update(description=f"password: {secret}")),
    Word("the machine's tags there", "proxmox", lambda state, secret: state["guests"]["200"]["config"].update(tags=f"token={secret}")),
    Word("a first login of the machine there", "proxmox", lambda state, secret: state["guests"]["200"]["config"].update(cipassword=secret)),
    Word("what is said of a snapshot", "proxmox", lambda state, secret: state["guests"]["200"]["snapshot"][0].update(description=f"before password={secret}"), "before-v1-2-0"),
    Word("the log of a run", "proxmox", _told_by_a_run, "Starting Backup of VM 200 (qemu) password=[redacted]"),
    Word("a job of the hypervisor", "proxmox", lambda state, secret: state["backup_jobs"][0].update({"comment": f"password={secret}", "notes-template": f"token={secret}", "mailto": secret}), "backup-201"),
    Word("a backup's notes", "proxmox", lambda state, secret: state["storages"]["nas"]["content"][0].update(notes=f"password={secret}")),
    Word("an update of the hypervisor", "proxmox", lambda state, secret: state["updates"].append({"Package": "planted", "OldVersion": "1", "Version": "2", "Origin": "Proxmox", "Description": f"password={secret}"}), "planted"),
    Word("the proxy's own settings of a host", "npm", lambda state, secret: state["proxy_hosts"][0].update(advanced_config=f"{state['proxy_hosts'][0]['advanced_config']}\n# password={secret}\nproxy_set_header X-Api-Key {secret};")),
    Word("what the proxy keeps of a provider", "npm", lambda state, secret: state["certificates"][0]["meta"].update(dns_provider_credentials=f"dns_token={secret}")),
    Word("a certificate's name at the proxy", "npm", lambda state, secret: state["certificates"][0].update(nice_name=f"password={secret}")),
)  # fmt: skip
ZONE = '@    TXT "planted-password=CANARY"\n@    CAA 0 iodef "https://op:CANARYb@ca.test/"\n'
"""What names say besides."""
ATTESTED, TOLD = "an attested command", "notes of an incident"
RUNNERS = ("ZEBU_PLANTED_TOKEN", "PLANTED_PASSWORD")
"""Variables of the machine that runs the suite."""
NAMES = (*(one.name for one in (*PLACES, *WORDS)), "what names say", ATTESTED, TOLD, *RUNNERS)
OWN = {
    "the forge's token": "forge.secret",
    "the hypervisor's token": "proxmox.secret",
    "the proxy's password": "npm.secret",
}
"""Files of secrets that the suite is given, by what they are."""
VARIABLES = (
    "POSTGRES_PASSWORD",
    "APP_DB_PASSWORD",
    "SECRET_KEY",
    "CLERK_SECRET_KEY",
    "API_KEY_HMAC_SECRET",
    "ALPHA_VANTAGE_API_KEY",
)
"""The application's own."""


def secrets() -> Mapping[str, str]:
    """A secret for each place, by its name; the same in each run, and none like another."""
    chance = random.Random(20261127)
    return {name: "q" + "".join(chance.choice(LETTERS) for _ in range(14)) for name in NAMES}
