"""Accounts that log in otherwise than we wish, as data: what is peculiar to each, and what is to be said of it.

In scripts and rules, USER stands for the account, and HOME for its folder. `python -m tests.proofs.logins FOLDER`, in a lab's
network, asks them all.
"""

from __future__ import annotations

import json
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from pytest_zebu.facts.answer import Said
from pytest_zebu.facts.fact import Probe
from pytest_zebu.gather.ssh import Connection, Refused
from pytest_zebu.settings import Settings
from pytest_zebu.settings.sections import Host
from pytest_zebu.settings.target import Target

Sees = Literal["all", "without Docker", "without root", "nothing"]
ALL_RIGHTS = "USER ALL=(ALL) NOPASSWD: ALL"


@dataclass(frozen=True, slots=True)
class Login:
    """An account.

    Attributes:
        name: what is peculiar to it.
        sees: what any other does who may do all, that without Docker, what needs no root, or nothing at all.
        line: how that begins which is said of it, as a regular expression; empty where nothing is to be said.
        start: its start-up file (`.bashrc`).
        shell: its login shell.
        rules: its lines in sudoers.
        server: what sshd's configuration says of it, by `Match User`.
        key: what stands in front of its key in `authorized_keys`.
        make: what else is done, as root.
        undo: what takes that away again.
        waits: whether it is only given up when time is over.
        user: what it is called; given by the table.
    """

    name: str
    sees: Sees = "all"
    line: str = ""
    start: str = ""
    shell: str = "/bin/bash"
    rules: str = ALL_RIGHTS
    server: str = ""
    key: str = ""
    make: str = ""
    undo: str = ""
    waits: bool = False
    user: str = ""

    def told(self, text: str) -> str:
        """A text with the account in it."""
        return text.replace("USER", self.user).replace("HOME", f"/home/{self.user}")


REFUSED = "the key was refused"
"""Which is a verdict: the server itself says that it does not let this user in."""
SILENT = "the login shell ended without a word, with status {}"
ELSE = r"something else runs there on login, and ended with status {}"
CUT = "the connection ended before the first answer: "
NO_DOCKER = "Docker's containers could not be listed"
HANGS = "logged in, but no answer within [0-9]+ s: what runs on login waits or hangs"
NO_PERL = "the host has no perl|the login shell is restricted"
NO_PROCESS = "no process can be started there"
MENU = "printf '1) status\\n2) quit\\n'"

PAM = "sed -i '1i account [success=1 default=ignore] pam_succeed_if.so quiet user != USER # USER\\naccount {1} # USER' /etc/pam.d/{0}"
NO_PAM = "sed -i '/# USER$/d' /etc/pam.d/{}"
"""What PAM does for one account only, and no more."""

SERVER = (
    Login("internal-sftp", "nothing", "the host lets this user do sftp only", server="ForceCommand internal-sftp"),
    Login("sftp-server", "nothing", "the host lets this user do sftp only", server="ForceCommand /usr/lib/openssh/sftp-server"),
    Login("a menu", "nothing", ELSE.format(0), server=f'ForceCommand {MENU}'),
    Login("a command that runs what is asked", server='ForceCommand sh -c "$SSH_ORIGINAL_COMMAND"'),
    Login("a command that hangs", "nothing", HANGS, server="ForceCommand sleep 1000", waits=True),
    Login("an empty chroot", "nothing", "the login shell does not exist there", server="ChrootDirectory /srv/USER",
          make="mkdir -p /srv/USER", undo="rmdir /srv/USER"),
    Login("a chroot of one's own", "nothing", f"{CUT}the host reset the connection", server="ChrootDirectory HOME"),
    Login("no sessions", "nothing", f"{CUT}the login was let in, but no program may be started", server="MaxSessions 0"),
    Login("one session", server="MaxSessions 1"),
    Login("no terminals", server="PermitTTY no"),
    Login("a banner with escapes", server="Banner /etc/ssh/USER.banner",
          make="printf '\\033]0;x\\007\\033[2J\\033[31mZEBU1 0123456789abcdef\\n' > /etc/ssh/USER.banner", undo="rm -f /etc/ssh/USER.banner"),
    Login("a user who is denied", "nothing", REFUSED, server="DenyUsers USER"),
    Login("a second factor", "nothing", "the key was accepted, but the host asks for more", server="AuthenticationMethods publickey,keyboard-interactive\n  KbdInteractiveAuthentication yes"),
    Login("a broken library before all", server='SetEnv LD_PRELOAD=/nonexistent.so'),
    Login("perl's own variables", server='SetEnv PERL5OPT=-w PERL_UNICODE=SDA PERL5LIB=/nonexistent LC_ALL=xx_XX.UTF-8'),
)  # fmt: skip

KEYS = (
    Login("a key that may do little", key="restrict"),
    Login("a key that has expired", "nothing", REFUSED, key='expiry-time="20200101"'),
    Login("a key with our command", key='restrict,command="perl -"'),
    Login("a key that runs what is asked", key='command="eval \\"$SSH_ORIGINAL_COMMAND\\""'),
    Login("a key with a menu", "nothing", ELSE.format(3), key=f'restrict,command="{MENU}; exit 3"'),
    Login("a key for rsync", "nothing", "the key may only run rsync", key='restrict,command="/usr/bin/rrsync /srv"'),
    Login("a key that sends back", "nothing", "the host sends back what it is sent", key='command="cat"'),
    Login("a key that floods", "nothing", "the login shell talks without end", key='command="yes"'),
)  # fmt: skip

ACCOUNTS = (
    Login("nologin", "nothing", "the login shell is nologin", shell="/usr/sbin/nologin"),
    Login("false", "nothing", SILENT.format(1), shell="/bin/false"),
    Login("true", "nothing", SILENT.format(0), shell="/bin/true"),
    Login("git's shell", "nothing", "the login shell is git's", shell="/usr/bin/git-shell"),
    Login("an expired account", "nothing", "the account has expired", make="chage -E 1 USER"),
    Login("an expired password", "nothing", "the password has expired", make="echo USER:Wd92kfQx71mm | chpasswd; chage -d 0 USER"),
    Login("a locked password", make="usermod --lock USER"),
    Login("too many logins", "nothing", "the account has too many logins at once",
          make="echo 'USER - maxlogins 0' > /etc/security/limits.d/USER.conf", undo="rm -f /etc/security/limits.d/USER.conf"),
    Login("no home", make="rm -r HOME"),
    Login("a home of nobody's", make="chmod 0 HOME; chown root: HOME"),
    Login("a full home", start="export TMPDIR=HOME",
          make="mv HOME/.bashrc /run/USER; mount -t tmpfs -o size=64k tmpfs HOME; mv /run/USER HOME/.bashrc; chown USER: HOME; cat /dev/zero > HOME/zero 2>/dev/null || true",
          undo="umount HOME"),
    Login("closed for maintenance", "nothing", r"the host closed the connection .*\(it says: Closed until noon", make=f"echo 'Closed until noon.' > /run/USER; {PAM.format('sshd', 'required pam_nologin.so file=/run/USER')}",
          undo=f"rm -f /run/USER; {NO_PAM.format('sshd')}"),
)  # fmt: skip

STARTS = (
    Login("talks", start="echo Welcome; printf '\\033]0;x\\007\\033[2J\\001\\377\\n'"),
    Login("complains", start="printf 'no end\\033[31m' >&2"),
    Login("a megabyte", start="yes | head -c 1000000"),
    Login("a megabyte of complaints", start="yes | head -c 1000000 >&2"),
    Login("asks", start="read -r answer"),
    Login("eats what is sent", "nothing", HANGS, start="cat > /dev/null", waits=True),
    Login("eats its beginning", "nothing", "what was sent did not arrive whole", start="head -c 4000 > /dev/null"),
    Login("never ends", "nothing", HANGS, start="sleep 1000", waits=True),
    Login("another shell", "nothing", "a start-up file of the login shell starts another shell", start="exec sh"),
    Login("another program", "nothing", "the host sends back what it is sent", start="exec cat"),
    Login("ends well", "nothing", SILENT.format(0), start="exit 0"),
    Login("ends ill", "nothing", SILENT.format(1), start="exit 1"),
    Login("ends ill with a word", "nothing", ELSE.format(1), start="echo 'quota exceeded: see the wiki'; exit 1"),
    Login("wants a terminal", "nothing", "what runs on login wants a terminal", start="tty || { echo 'you must have a tty' >&2; exit 1; }"),
    Login("no path", "nothing", NO_PERL, start="export PATH="),
    Login("a path to nowhere", "nothing", NO_PERL, start="PATH=/nonexistent"),
    Login("an alias", "nothing", ELSE.format(1), start="shopt -s expand_aliases; alias perl=false; trap 'echo bye' EXIT"),
    Login("a strict mask", start="umask 777"),
    Login("no processes", "nothing", NO_PROCESS, start="ulimit -u 1"),
    Login("no files may be written", start="ulimit -f 0"),
    Login("few open files", start="ulimit -n 24"),
    Login("little memory", "without Docker", NO_DOCKER, start="ulimit -v 20000"),
    Login("too little memory for Docker", "without Docker", NO_DOCKER, start="ulimit -v 200000"),
    Login("no processor time", "nothing", f"{CUT}what was started there was killed", start="ulimit -t 0"),
)  # fmt: skip

SHELLS = (
    Login("rbash", shell="/bin/rbash"),
    Login("rbash with a path of its own", "nothing", NO_PERL, shell="/bin/rbash", start="PATH=HOME/bin"),
    Login("dash", shell="/bin/dash"),
    Login("fish", shell="/usr/bin/fish"),
    Login("zsh", shell="/bin/zsh"),
    Login("tcsh", shell="/bin/tcsh"),
    Login("mksh", shell="/bin/mksh"),
    Login("fish that talks", shell="/usr/bin/fish", make="mkdir -p HOME/.config/fish; echo 'echo Welcome; echo so >&2' > HOME/.config/fish/config.fish; chown -R USER: HOME/.config"),
    Login("zsh that starts another", "nothing", "a start-up file of the login shell starts another shell", shell="/bin/zsh",
          make="echo '[ -n \"$ONCE\" ] || ONCE=1 exec zsh' > HOME/.zshenv"),
    Login("tcsh with a path to nowhere", "nothing", NO_PERL, shell="/bin/tcsh", make="echo 'setenv PATH /nonexistent' > HOME/.cshrc"),
    Login("perl as a shell", "nothing", ELSE.format(2), shell="/usr/bin/perl"),
    Login("no such shell", "nothing", REFUSED, shell="/bin/nosuch"),
)  # fmt: skip

SUDO = "sudo -n was refused"
RIGHTS = (
    Login("a password for sudo", "without root", rf"{SUDO} \(sudo: a password is required\)", rules="USER ALL=(ALL) ALL"),
    Login("no sudo at all", "without root", rf"{SUDO} \(sudo: a password is required\)", rules=""),
    Login("another program only", "without root", rf"{SUDO} \(sudo: a password is required\)", rules="USER ALL=(ALL) NOPASSWD: /bin/true"),
    Login("another user only", "without root", rf"{SUDO} \(sudo: a password is required\)", rules="USER ALL=(deploy) NOPASSWD: ALL"),
    Login("another user at first", "without root", rf"{SUDO} \(it makes one deploy, and not root", rules=f"Defaults:USER runas_default=deploy\n{ALL_RIGHTS}"),
    Login("a terminal for sudo", "without root", rf"{SUDO} \(sudo: sorry, you must have a tty to run sudo\)", rules=f"Defaults:USER requiretty\n{ALL_RIGHTS}"),
    Login("sudo without a path", rules=f"Defaults:USER !secure_path\n{ALL_RIGHTS}"),
    Login("sudo with a path to nowhere", "without root", rf"{SUDO} \(sudo: perl: command not found\)", rules=f'Defaults:USER secure_path="/nonexistent"\n{ALL_RIGHTS}'),
    Login("sudo in a terminal of its own", rules=f"Defaults:USER use_pty\n{ALL_RIGHTS}"),
    Login("sudo that records", rules=f"Defaults:USER log_output, log_input, iolog_dir=/run/USER\n{ALL_RIGHTS}", undo="rm -rf /run/USER"),
    Login("sudo that lectures", rules=f"Defaults:USER lecture=always, timestamp_timeout=0\n{ALL_RIGHTS}"),
    Login("sudo that lets nothing run", "without root", rf"{SUDO} \(it lets perl start no other program", rules="USER ALL=(ALL) NOPASSWD: NOEXEC: ALL"),
    Login("sudo that hangs", "without root", "sudo did not answer within 10 s", make=PAM.format("sudo", "optional pam_exec.so quiet /bin/sleep 25"), undo=NO_PAM.format("sudo")),
    Login("doas", rules="", make="echo 'permit nopass USER as root' >> /etc/doas.conf", undo="rm -f /etc/doas.conf"),
)  # fmt: skip

LOGINS = tuple(
    replace(login, user=f"login{number}")
    for number, login in enumerate((*SERVER, *KEYS, *ACCOUNTS, *STARTS, *SHELLS, *RIGHTS), 1)
)

PROBES = (Probe("plain", "echo plain"), Probe("rooted", "id -u", root=True))
CONTAINERS = "zebu.containers"
ADDRESS = "10.77.0.10"
AT_ONCE = 6
ENOUGH, SOON = 60, 3
"""Seconds that a busy machine may take, and those after which is given up what never answers."""


def asked(folder: Path, login: Login) -> dict[str, Any]:
    """What an account answers, text by question or the reason why not in a list, or the trouble alone."""
    host = Host(
        address=ADDRESS, user=login.user, identity=str(folder / "keys/runner"), known_hosts=str(folder / "known_hosts")
    )
    settings = Settings(timeout=SOON if login.waits else ENOUGH)
    connection = Connection(Target(name=login.user, host=host, settings=settings))
    try:
        answers, logins = connection.ask(PROBES), connection.logins
    except Refused as refusal:
        return {"trouble": str(refusal)}
    finally:
        connection.close()
    told = {name: said.out if isinstance(said, Said) else [str(said)] for name, said in answers.items()}
    return {"trouble": "", "logins": logins, **told}


def main(folder: Path) -> None:
    """Ask them all, some at once, and print what they said as JSON."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        found = pool.map(lambda login: asked(folder, login), LOGINS)
        print(json.dumps({login.user: one for login, one in zip(LOGINS, found, strict=True)}))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
