"""Faults of pre.security.secrets."""

from collections.abc import Callable

from lab.changes import recreate, restore_env, set_env, sql
from lab.deployment import Lab
from lab.fault import fault
from pytest_zebu.verdict.outcome import Outcome


@fault(
    "pre.security.secrets.api-keys",
    flips={
        "pre.security.secrets.api-keys",
        "deploy.initial.env-present",
        "pre.application.environment.alpha-vantage",
        "pre.application.environment.required-variables",
    },
    touches={".env"},
    mend=restore_env,
)
def demonstration_key(lab: Lab) -> None:
    """The key is the one of the samples."""
    set_env(lab, ALPHA_VANTAGE_API_KEY="demo")


@fault(
    "pre.security.secrets.api-keys",
    flips={"pre.security.secrets.api-keys", "pre.application.environment.alpha-vantage"},
    override={"backend": {"environment": {"ALPHA_VANTAGE_API_KEY": ""}}},
)
def empty_in_container(lab: Lab) -> None:
    """.env has the key; in the container it is empty."""


WRITE = """
printf '%s\\n' "$(cat)" | docker exec -i -u 0 zebu-frontend-1 sh -c 'cat > /proc/1/fd/1'
"""
"""A line into the frontend's log, as its main program would write it."""
MASK = """
log=$(docker inspect -f '{{.LogPath}}' zebu-frontend-1)
perl -e 'open my $log, "+<", $ARGV[0] or die; local $/; my $text = <$log>; while ($text =~ /apikey=\\K[^ ]+/g) { seek $log, $-[0], 0; print $log "*" x length $& }' "$log"
"""
"""Of what was written, no value is left."""


def write_query(lab: Lab, key: str) -> None:
    line = f"HTTP Request: GET https://www.alphavantage.co/query?function=GLOBAL_QUOTE&symbol=IBM&apikey={key} 200"
    lab.vm.run(["sh", "-euc", WRITE], stdin=line.encode())


@fault(
    "pre.security.secrets.api-keys",
    flips={"pre.security.secrets.api-keys"},
    touches={"frontend"},
    mend=lambda lab: lab.vm.shell(MASK),
)
def in_the_log(lab: Lab) -> None:
    """A service logs the addresses that it asks, and with them the key of the price service in clear text."""
    write_query(lab, lab.vm.shell("sed -n s/^ALPHA_VANTAGE_API_KEY=//p /opt/zebu/.env").strip())


@fault("pre.security.secrets.api-keys", flips=set(), touches={"frontend"})
def redacted_in_the_log(lab: Lab) -> None:
    """Odd but right: a service logs the addresses that it asks, with stars in place of the key."""
    write_query(lab, "***")


def mend_database_password(lab: Lab) -> None:
    password = lab.vm.shell("sed -n s/^POSTGRES_PASSWORD=//p /opt/zebu/.env")
    lab.vm.run(
        ["docker", "exec", "-i", "zebu-db-1", "psql", "-U", "zebu_admin", "-d", "zebu", "-q"],
        stdin=f"ALTER ROLE zebu_admin PASSWORD '{password}'".encode(),
    )


@fault(
    "pre.security.secrets.defaults-changed",
    flips={"pre.security.secrets.defaults-changed", "pre.security.secrets.postgres-password"},
    touches={"postgres-password"},
    uses={"postgres"},
    mend=mend_database_password,
)
def database_password(lab: Lab) -> None:
    """The database's administrator has a well-known password."""
    sql(lab, "ALTER ROLE zebu_admin PASSWORD 'postgres'")


@fault(
    "pre.security.secrets.defaults-changed",
    flips=set(),
    touches={"npm"},
    mend=lambda lab: lab.write_states(("npm",)),
)
def npmplus(lab: Lab) -> None:
    """Odd but right: NPMplus, which logs in by cookie and has no login that is known to everybody."""
    lab.change_state("npm", lambda state: {**state, "flavour": "npmplus"})


@fault(
    "pre.security.secrets.defaults-changed",
    flips=set(),
    touches={"shadow"},
    mend=lambda lab: lab.vm.shell("cp -p /root/shadow.kept /etc/shadow; rm /root/shadow.kept"),
)
def own_password(lab: Lab) -> None:
    """Odd but right: a user has a password, and a good one."""
    lab.vm.shell("cp -p /etc/shadow /root/shadow.kept; echo observer:Rk7-vLq2-xW9d | chpasswd")


@fault(
    "pre.security.secrets.defaults-changed",
    flips={"pre.security.secrets.defaults-changed"},
    touches={"npm"},
    mend=lambda lab: lab.write_states(("npm",)),
)
def proxy_login(lab: Lab) -> None:
    """The proxy's administration still opens to its first login."""
    lab.change_state("npm", lambda state: {**state, "users": {**state["users"], "admin@example.com": "changeme"}})


@fault(
    "pre.security.secrets.defaults-changed",
    flips={"pre.security.secrets.defaults-changed"},
    touches={"npm"},
    mend=lambda lab: lab.write_states(("npm",)),
)
def proxy_open(lab: Lab) -> None:
    """The proxy's set-up page waits for whoever comes first."""
    lab.change_state("npm", lambda state: {**state, "setup": False})


@fault(
    "pre.security.secrets.defaults-changed",
    flips={"pre.security.secrets.defaults-changed"},
    touches={"shadow"},
    mend=lambda lab: lab.vm.shell("cp -p /root/shadow.kept /etc/shadow; rm /root/shadow.kept"),
)
def vm_password(lab: Lab) -> None:
    """Password logins are off, and root still has the image's password: it opens the console."""
    lab.vm.shell("cp -p /etc/shadow /root/shadow.kept; echo root:docker | chpasswd")


@fault(
    "pre.security.secrets.env-permissions",
    flips={"pre.security.secrets.env-permissions"},
    touches={".env"},
    mend=lambda lab: lab.vm.shell("rm /opt/zebu/.env.backup"),
)
def backup_copy(lab: Lab) -> None:
    """The copy that a deployment left, with the mode that umask gave it."""
    lab.vm.shell("cp -p /opt/zebu/.env /opt/zebu/.env.backup; chmod 644 /opt/zebu/.env.backup")


@fault(
    "pre.security.secrets.env-permissions",
    flips={"pre.security.secrets.env-permissions"},
    touches={".env"},
    mend=lambda lab: lab.vm.shell("rm /opt/zebu/.env.mail"),
)
def another_name(lab: Lab) -> None:
    """The mail account's password stands in a file of its own, under a name that says PASS only; everybody may read it."""
    lab.vm.shell(
        "umask 022; printf 'SMTP_USER=mailer\\nSMTP_PASS=%s\\n' $(openssl rand -hex 12) | runuser -u deploy -- tee /opt/zebu/.env.mail"
    )


@fault(
    "pre.security.secrets.env-permissions",
    flips={"pre.security.secrets.env-permissions"},
    touches={".env"},
    mend=lambda lab: lab.vm.shell("rm -r /opt/zebu/deploy"),
)
def in_a_folder(lab: Lab) -> None:
    """A copy lies in a folder of the checkout, where everybody may read it."""
    lab.vm.shell(
        "install -d -o deploy /opt/zebu/deploy; cp -p /opt/zebu/.env /opt/zebu/deploy/.env.production; chmod 644 /opt/zebu/deploy/.env.production"
    )


WORKSPACE = """
install -d -o deploy /srv/runner /srv/runner/_work /srv/runner/_work/zebu
cd /srv/runner/_work/zebu
runuser -u deploy -- git clone -q --depth 1 file:///opt/zebu zebu
runuser -u deploy -- git -C zebu remote set-url origin https://forge.zebu.test/zebu/zebu.git
install -o deploy -m "$1" /opt/zebu/.env zebu/.env
"""
"""A second checkout where a runner works, one commit deep, with a copy of `.env` of that mode."""


def make_workspace(lab: Lab, mode: str) -> None:
    lab.vm.run(["sh", "-eu", "-s", "--", mode], stdin=WORKSPACE.encode())


@fault(
    "pre.security.secrets.env-permissions",
    flips={"pre.security.secrets.env-permissions"},
    touches={"git"},
    mend=lambda lab: lab.vm.shell("rm -r /srv/runner"),
)
def in_a_runners_workspace(lab: Lab) -> None:
    """The runner that deploys keeps a checkout of its own with a copy of .env, which everybody may read."""
    make_workspace(lab, "644")


@fault(
    "pre.security.secrets.env-permissions",
    flips=set(),
    right_for={"pre.security.secrets.env-permissions", "pre.security.secrets.not-committed"},
    touches={"git"},
    mend=lambda lab: lab.vm.shell("rm -r /srv/runner"),
)
def private_in_a_runners_workspace(lab: Lab) -> None:
    """Odd but right: the runner's copy is private, and its checkout one commit deep beside the whole one."""
    make_workspace(lab, "600")


@fault(
    "pre.security.secrets.env-permissions",
    flips={"pre.security.secrets.env-permissions"},
    touches={".env"},
    mend=lambda lab: lab.vm.shell("setfacl -b /opt/zebu/.env; chmod 600 /opt/zebu/.env"),
)
def group_acl(lab: Lab) -> None:
    """An access list lets another user read it."""
    lab.vm.shell("setfacl -m u:observer:r /opt/zebu/.env")


@fault(
    "pre.security.secrets.not-committed",
    flips={"pre.security.secrets.not-committed"},
    touches={"git"},
    mend=lambda lab: lab.vm.shell(
        'cd /opt/zebu; g() { sudo -u deploy git -c user.name=development -c user.email=development@zebu.test "$@"; }; g update-ref -d refs/heads/trial; g prune --expire=now'
    ),
)
def another_branch(lab: Lab) -> None:
    """.env was committed on another branch, with values of before."""
    lab.vm.shell(
        "cd /opt/zebu; g() { sudo -u deploy git -c user.name=development -c user.email=development@zebu.test \"$@\"; }; blob=$(printf 'SECRET_KEY=of-long-ago-and-long-since-changed\\n' | g hash-object -w --stdin); tree=$(printf '100644 blob %s\\t.env\\n' $blob | g mktree); commit=$(g commit-tree -m 'Try it out' $tree); g update-ref refs/heads/trial $commit"
    )


COMMIT = """
cd /opt/zebu
g() { sudo -u deploy git -c user.name=development -c user.email=development@zebu.test "$@"; }
file=$(printf '%s\\n' "$2" | g hash-object -w --stdin)
folder=$(printf '100644 blob %s\\t%s\\n' "$file" "${1##*/}" | g mktree)
case $1 in */*) folder=$(printf '040000 tree %s\\t%s\\n' "$folder" "${1%/*}" | g mktree) ;; esac
g update-ref refs/heads/trial "$(g commit-tree -m 'Try it out' "$folder")"
"""
"""Commits a file, alone, on a branch of its own."""


def commit(lab: Lab, name: str, text: str) -> None:
    lab.vm.run(["sh", "-eu", "-s", "--", name, text], stdin=COMMIT.encode())


def forget_branch(lab: Lab) -> None:
    lab.vm.shell(
        'cd /opt/zebu; g() { sudo -u deploy git -c user.name=development -c user.email=development@zebu.test "$@"; }; g update-ref -d refs/heads/trial; g prune --expire=now'
    )


@fault(
    "pre.security.secrets.not-committed",
    flips={"pre.security.secrets.not-committed"},
    touches={"git"},
    mend=forget_branch,
)
def folder_on_another_branch(lab: Lab) -> None:
    """The file of a folder was committed on another branch, with a value of before."""
    commit(lab, "deploy/.env.production", "SMTP_PASS=of-long-ago")


@fault("pre.security.secrets.not-committed", flips=set(), touches={"git"}, mend=forget_branch)
def example_of_another_name(lab: Lab) -> None:
    """Odd but right: the example is called `.env.dist`, and says what is to be filled in."""
    commit(lab, ".env.dist", "POSTGRES_PASSWORD=CHANGE_ME")


@fault("pre.security.secrets.not-committed", flips=set(), touches={"git"}, mend=forget_branch)
def encrypted(lab: Lab) -> None:
    """Odd but right: what is committed is encrypted."""
    commit(lab, ".env.gpg", "-----BEGIN PGP MESSAGE-----")


@fault(
    "pre.security.secrets.not-committed",
    flips={"pre.security.secrets.not-committed"},
    outcomes={"pre.security.secrets.not-committed": Outcome.NOT_ASSESSED},
    touches={"git"},
    mend=lambda lab: lab.vm.shell(
        "runuser -u deploy -- git -C /opt/zebu config --unset remote.origin.promisor; runuser -u deploy -- git -C /opt/zebu config --unset remote.origin.partialclonefilter"
    ),
)
def partial(lab: Lab) -> None:
    """The clone leaves objects with its remote until they are asked for, and nobody may ask by looking."""
    lab.vm.shell(
        "runuser -u deploy -- git -C /opt/zebu config remote.origin.promisor true; runuser -u deploy -- git -C /opt/zebu config remote.origin.partialclonefilter blob:none"
    )


@fault(
    "pre.security.secrets.not-committed",
    flips={"pre.security.secrets.not-committed"},
    outcomes={"pre.security.secrets.not-committed": Outcome.NOT_ASSESSED},
    touches={"git"},
    mend=lambda lab: lab.vm.shell("rm /opt/zebu/.git/shallow"),
)
def shallow(lab: Lab) -> None:
    """The clone has no history to search."""
    lab.vm.shell(
        'cd /opt/zebu; g() { sudo -u deploy git -c user.name=development -c user.email=development@zebu.test "$@"; }; g rev-parse HEAD | sudo -u deploy tee .git/shallow'
    )


@fault(
    "pre.security.secrets.not-committed",
    flips={"pre.security.secrets.not-committed"},
    touches={"git"},
    mend=lambda lab: lab.vm.shell(
        'cd /opt/zebu; g() { sudo -u deploy git -c user.name=development -c user.email=development@zebu.test "$@"; }; g prune --expire=now'
    ),
)
def value_in_an_object(lab: Lab) -> None:
    """No .env anywhere; one object has the value of a present secret."""
    lab.vm.shell(
        'cd /opt/zebu; g() { sudo -u deploy git -c user.name=development -c user.email=development@zebu.test "$@"; }; sed -n s/^SECRET_KEY=//p .env | g hash-object -w --stdin'
    )


@fault(
    "pre.security.secrets.postgres-password",
    flips={"pre.security.secrets.postgres-password", "deploy.initial.env-present"},
    touches={".env"},
    mend=lambda lab: lab.vm.shell("cp -p /root/env.kept /opt/zebu/.env; rm /root/env.kept"),
)
def changed_in_file_only(lab: Lab) -> None:
    """A strong new password in .env; the container and the database still have the old one."""
    lab.vm.shell(
        "cp -p /opt/zebu/.env /root/env.kept; sed -i s/^POSTGRES_PASSWORD=.*/POSTGRES_PASSWORD=$(openssl rand -hex 24)/ /opt/zebu/.env"
    )


@fault(
    "pre.security.secrets.postgres-password",
    flips={"pre.security.secrets.postgres-password", "deploy.initial.env-present"},
    touches={".env"},
    mend=lambda lab: lab.vm.shell("cp -p /root/env.kept /opt/zebu/.env; rm /root/env.kept"),
)
def one_letter(lab: Lab) -> None:
    """Long enough, and no secret at all."""
    lab.vm.shell(
        "cp -p /opt/zebu/.env /root/env.kept; sed -i 's/^POSTGRES_PASSWORD=.*/POSTGRES_PASSWORD=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/' /opt/zebu/.env"
    )


def rewrite_env(lab: Lab, change: Callable[[str], str]) -> None:
    """Write `.env` in another way; it keeps its owner and mode."""
    text = lab.vm.shell("[ -e /root/env.kept ] || cp -p /opt/zebu/.env /root/env.kept; cat /opt/zebu/.env")
    lab.vm.run(["sh", "-c", "cat > /opt/zebu/.env"], stdin=change(text).encode())


@fault(
    "pre.security.secrets.postgres-password",
    flips=set(),
    touches={".env"},
    mend=restore_env,
)
def written_on_windows(lab: Lab) -> None:
    """Odd but right: an editor left a byte order mark and carriage returns in `.env`; compose reads over both."""
    rewrite_env(lab, lambda text: "\ufeff" + text.replace("\n", "\r\n"))


def spelled_otherwise(text: str) -> str:
    lines = []
    for line in text.splitlines():
        name, _, value = line.partition("=")
        if name == "POSTGRES_PASSWORD":
            lines += [f"{name}={value[:20]}", f"HALF=${{{name}}}", f'export {name} = "${{HALF}}{value[20:]}" # ours']
        elif name == "APP_LOG_LEVEL":
            lines += [f"{name}=", f"{name}: 'INFO' # quiet"]
        else:
            lines.append(line)
    return "\n".join([*lines, ""])


@fault(
    "pre.security.secrets.postgres-password",
    flips=set(),
    touches={".env"},
    mend=restore_env,
)
def another_spelling(lab: Lab) -> None:
    """Odd but right: `export`, quotes, a colon, blanks, a comment, and a value that is put together from others."""
    rewrite_env(lab, spelled_otherwise)


@fault(
    "pre.security.secrets.postgres-password",
    flips={
        "pre.security.secrets.postgres-password",
        "pre.database.configuration.password",
        "pre.database.configuration.production-mode",
    },
    touches={"postgres"},
    mend=lambda lab: lab.vm.shell(
        "docker exec -u postgres zebu-db-1 sh -c 'cat /tmp/hba > /var/lib/postgresql/data/pg_hba.conf; pg_ctl reload -D /var/lib/postgresql/data'"
    ),
)
def trusted_network(lab: Lab) -> None:
    """The database asks nobody on the bridge for a password."""
    lab.vm.shell(
        "docker exec -u postgres zebu-db-1 sh -c 'cp /var/lib/postgresql/data/pg_hba.conf /tmp/hba; { echo host all all all trust; cat /tmp/hba; } > /var/lib/postgresql/data/pg_hba.conf; pg_ctl reload -D /var/lib/postgresql/data'"
    )


@fault(
    "pre.security.secrets.secret-key",
    flips={"pre.security.secrets.secret-key", "deploy.initial.env-present"},
    touches={".env"},
    mend=restore_env,
)
def edited_only(lab: Lab) -> None:
    """A new value in .env; the backend still runs with the old one."""
    set_env(lab, SECRET_KEY="7f4c1b0e9d8a6352" * 4)


def mend_reused(lab: Lab) -> None:
    restore_env(lab)
    recreate(lab, "backend")


@fault(
    "pre.security.secrets.secret-key",
    flips={"pre.security.secrets.secret-key"},
    touches={".env", "backend", "backend-files", "backend-restart"},
    mend=mend_reused,
)
def reused(lab: Lab) -> None:
    """The same value serves as another secret too."""
    value = lab.vm.shell("sed -n s/^API_KEY_HMAC_SECRET=//p /opt/zebu/.env").strip()
    set_env(lab, SECRET_KEY=value)
    recreate(lab, "backend", "    cap_drop: []\n")
