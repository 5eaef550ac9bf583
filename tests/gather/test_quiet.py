"""What scripts make of a program that cannot be started, is killed, or fails, though its complaints are thrown away."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
from msgspec.structs import replace

from pytest_zebu.facts import ALL, scripts
from pytest_zebu.facts.answer import Known, Reason, Said, Unknown
from pytest_zebu.facts.fact import Gathered, Probe
from pytest_zebu.settings import Settings
from pytest_zebu.settings.sections import Host
from pytest_zebu.settings.target import Target
from tests.facts.daemon import Answer, container, frame, frames, raw, serving, told
from tests.gather.test_far import answered, far_side

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
PROBES = {probe.name: probe for fact in ALL.values() for probe in fact.probes}
SHELL = scripts.text("quiet.sh")
PERL = scripts.text("quiet.pl")
FAILURES: Mapping[str, tuple[str, int]] = {
    "killed": ("#!/bin/sh\nkill -9 $$\n", 0o755),
    "killed half-way": ("#!/bin/sh\necho 1; kill -9 $$\n", 0o755),
    "forbidden": ("#!/bin/sh\necho 1\n", 0o644),
    "without its interpreter": ("#!/nonexistent/interpreter\n", 0o755),
}


@pytest.fixture
def target() -> Target:
    return Target(name="here", host=Host(), settings=Settings())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "app"
    place.mkdir()
    return place


def put(folder: Path, name: str, text: str, mode: int = 0o755) -> Path:
    """A folder of programs, with this one."""
    place = folder.parent / "bin"
    place.mkdir(exist_ok=True)
    (place / name).write_text(text)
    (place / name).chmod(mode)
    return place


SHAPES: Mapping[str, str] = {
    "alone": "quiet frob; echo 0",
    "in a condition": "if quiet frob; then echo 1; else echo 0; fi",
    "before and": "quiet frob && echo 1 || echo 0",
    "assigned": "said=$(quiet frob); echo $said",
    "assigned, with another answer": "said=$(quiet frob) || said=none; echo $said",
    "first of a pipe": "quiet frob | wc -l",
    "amid a pipe": "echo 1 | quiet frob | cat; echo 0",
    "within a word": 'echo "count=$(quiet frob | wc -l)"',
    "in a loop that reads": "echo 1 | while read -r one; do quiet frob; echo 0; done",
    "as an array is made": "set -- $(quiet frob); echo $#",
}


@pytest.mark.hostile("ssh")
@pytest.mark.parametrize("failure", FAILURES)
@pytest.mark.parametrize("shape", SHAPES)
def test_what_could_not_run_said_nothing(shape: str, failure: str, folder: Path) -> None:
    place = put(folder, "frob", *FAILURES[failure])
    answers = answered(far_side(folder, Probe("one", SHELL + SHAPES[shape]), Probe("two", "echo 2"), programs=place))
    one = answers["one"]
    assert isinstance(one, Unknown), one
    assert one.reason is Reason.UNDECIDABLE
    assert "was killed, or could not be started" in one.detail
    assert answers["two"] == Said(0, "2\n", "")


def limited(shape: str, *, kills: bool = False) -> Probe:
    """It is run by a user who may start no process any more; root may always, and becomes somebody else."""
    text = f"ulimit -p 1 2>/dev/null || ulimit -u 1\n{SHELL}{SHAPES[shape]}"
    script = 'exec perl -e \'$( = $) = $< = $> = 61299 if !$>; exec "sh", "-c", @ARGV\' "$ZEBU_TEXT"'
    return Probe("one", script, values=(("TEXT", text),), timeout=60, kills=kills)


@pytest.mark.hostile("ssh")
@pytest.mark.parametrize("shape", SHAPES)
def test_no_process_for_it_said_nothing(shape: str, folder: Path) -> None:
    place = put(folder, "frob", "#!/bin/sh\necho 1\n")
    one = answered(far_side(folder, limited(shape), programs=place, seconds=90))["one"]
    assert isinstance(one, Unknown) or one.status != 0, one


@pytest.mark.hostile("ssh")
def test_who_kills_what_hangs_may_lack_processes_as_well(folder: Path) -> None:
    place = put(folder, "frob", "#!/bin/sh\necho 1\n")
    one = answered(far_side(folder, limited("assigned", kills=True), programs=place, seconds=90))["one"]
    assert isinstance(one, Unknown), one


@pytest.mark.hostile("ssh")
def test_who_kills_what_hangs_may_not_be_allowed_to_start_it(folder: Path) -> None:
    place = put(folder, "frob", *FAILURES["forbidden"])
    probe = Probe("one", SHELL + SHAPES["assigned"], kills=True)
    one = answered(far_side(folder, probe, programs=place))["one"]
    assert isinstance(one, Unknown), one


@pytest.mark.hostile("ssh")
@pytest.mark.parametrize("script", [
    "frob; echo 0", "said=$(frob); echo $said", "frob | wc -l", "if frob; then echo 1; else echo 0; fi", "echo 1 | frob | cat; echo 0",
])  # fmt: skip
def test_what_is_forbidden_said_nothing_where_it_may_complain_too(script: str, folder: Path) -> None:
    place = put(folder, "frob", *FAILURES["forbidden"])
    one = answered(far_side(folder, Probe("one", script), programs=place))["one"]
    assert isinstance(one, Unknown), one
    assert "(frob)" in one.detail


@pytest.mark.parametrize(("script", "out"), [
    ("quiet frob 3; echo $?", "3\n"), ("quiet nonesuch; echo $?", "127\n"), ("quiet frob 0 said; echo $?", "said\n0\n"), ("yes | quiet head -n 1", "y\n"),
    ("quiet yes | head -n 1", "y\n"), ("quiet cat /nowhere; echo $?", "1\n"), ("quiet docker 127; echo $?", "127\n"), ("echo a b | quiet cat", "a b\n"),
    ("set -- 'a  b' '*'; quiet printf '%s|' \"$@\"", "a  b|*|"), ("quiet cat < /nowhere; echo 1", "1\n"),
])  # fmt: skip
def test_who_ends_by_himself_has_answered(script: str, out: str, folder: Path) -> None:
    """What is not there, or fails by itself, is what it always was."""
    place = put(folder, "frob", '#!/bin/sh\n[ -z "$2" ] || echo "$2"\necho trouble >&2\nexit "$1"\n')
    put(folder, "docker", '#!/bin/sh\n[ "$1" = 127 ] && exit 127\nexit 1\n')
    one = answered(far_side(folder, Probe("one", SHELL + script), programs=place))["one"]
    assert isinstance(one, Said), one
    assert one.out == out
    assert "trouble" not in one.err


@pytest.mark.parametrize("script", [
    "cat < /nowhere; echo 1", "cat /nowhere; echo 1", "cd /nowhere; echo 1", ". /nowhere/file || echo 1", "echo 'frob: Permission denied' >&2; echo 1",
    "echo 'sh: 1: cannot open x: Permission denied' >&2; echo 1", "echo 'it was not run: x' >&2; echo 1", "cat < /; echo 1",
])  # fmt: skip
def test_other_complaints_are_none_of_a_program_that_did_not_start(script: str, folder: Path) -> None:
    assert isinstance(answered(far_side(folder, Probe("one", script)))["one"], Said)


@pytest.mark.hostile("ssh")
@pytest.mark.parametrize("complaint", [
    "sh: 1: cannot create /dev/null: Permission denied", "sh: 3: cannot open /dev/null: No such file", "sh: line 3: /dev/null: Permission denied",
    "sh: fork: retry: Resource temporarily unavailable", "sh: 2: sed: Cannot allocate memory", "sh: line 2: /usr/bin/sed: Argument list too long",
    "/bin/sh: 9: awk: Too many open files", "sh: 4: git: Text file busy", "not run: git",
])  # fmt: skip
def test_what_a_shell_says_of_a_program_that_did_not_start(complaint: str, folder: Path) -> None:
    one = answered(far_side(folder, Probe("one", f"echo '{complaint}' >&2; echo 0")))["one"]
    assert isinstance(one, Unknown), one


ASKING: Mapping[str, str] = {
    "a scheduler": scripts.text("scheduled.pl") + "print asked({}, 'frob'), 'end';",
    "a dump": scripts.text("dumps.pl") + "my (undef, $said) = said(4, 100, 'frob'); print $said, 'end';",
    "an ssh server": scripts.text("ssh-servers.pl") + "my ($said) = said('frob'); print $said, 'end';",
}


@pytest.mark.hostile("ssh")
@pytest.mark.parametrize("failure", [name for name in FAILURES if name != "without its interpreter"])
@pytest.mark.parametrize("who", ASKING)
def test_what_could_not_run_said_nothing_to_perl(who: str, failure: str, folder: Path) -> None:
    place = put(folder, "frob", *FAILURES[failure])
    script = 'exec perl -e "$ZEBU_TEXT"'
    one = answered(far_side(folder, Probe("one", script, values=(("TEXT", PERL + ASKING[who]),)), programs=place))[
        "one"
    ]
    assert isinstance(one, Unknown), one
    assert "was killed, or could not be started" in one.detail


@pytest.mark.parametrize("who", ASKING)
@pytest.mark.parametrize("text", ["exit 3\n", "echo trouble >&2; exit 1\n", ""])
def test_who_ends_by_himself_has_answered_perl(text: str, who: str, folder: Path) -> None:
    place = put(folder, "frob", f"#!/bin/sh\n{text}")
    script = 'exec perl -e "$ZEBU_TEXT"'
    one = answered(far_side(folder, Probe("one", script, values=(("TEXT", PERL + ASKING[who]),)), programs=place))[
        "one"
    ]
    assert isinstance(one, Said), one


# The scripts themselves

STAND_INS: Mapping[str, str] = {
    "ip": """case "$*" in
  *"route show default") echo 'default via 192.0.2.1 dev eth0 proto dhcp' ;;
  *"addr show"*) echo '2: eth0    inet 192.0.2.9/24 scope global dynamic eth0\\       valid_lft 4000sec preferred_lft 4000sec' ;;
  *"link show"*) echo '2: eth0: <BROADCAST,UP> mtu 1500' ;;
esac""",
    "ss": "echo 'UNCONN 0 0 127.0.0.1:53 0.0.0.0:* users:((\"x\",pid=1,fd=3))'",
    "nft": "echo '{}'",
    "systemctl": "exit 0",
    "systemd-analyze": "exit 0",
    "apt-get": "exit 0",
    "apt-cache": "exit 0",
    "apt-config": "exit 0",
    "dpkg-query": "exit 0",
    "findmnt": "echo /dev/none",
    "lsblk": "echo disk 1 x",
    "getent": "exit 0",
    "docker": "exit 0",
    "curl": "exit 7",
    "journalctl": "exit 0",
}
"""What a machine need not have, and what would ask elsewhere."""
RUN: Mapping[str, tuple[str, ...]] = {
    "addressing": ("ip", "ps", "awk"),
    "checkouts": ("git",),
    "connectivity": ("getent", "ip"),
    "documents": ("git",),
    "firewall": ("systemctl", "sed", "grep"),
    "history": ("git", "grep", "sort"),
    "packages.locks": ("sort",),
    "proxy.configuration": ("stat", "ss", "sort"),
    "repository": ("git", "awk"),
    "resources": ("cat", "findmnt", "awk", "df"),
    "rotation": ("find", "du", "df", "awk"),
    "sockets.udp": ("ss",),
    "updates": ("apt-cache", "dpkg-query", "apt-config", "sed"),
    "upkeep": ("awk",),
}
"""Of each script, some of the programs that it runs on any machine."""
SPOILT = [
    (name, program, failure) for name, all_ in RUN.items() for program in all_ for failure in ("killed", "forbidden")
]


@pytest.fixture(scope="module")
def tools(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All programs of this machine, with stand-ins for some."""
    place = tmp_path_factory.mktemp("tools") / "all"
    place.mkdir()
    for folder in reversed(PATH.split(":")):
        for program in sorted(Path(folder).glob("*")):
            (place / program.name).unlink(missing_ok=True)
            (place / program.name).symlink_to(program.resolve())
    for name, text in STAND_INS.items():
        (place / name).unlink(missing_ok=True)
        (place / name).write_text(f"#!/bin/sh\n{text}\n")
        (place / name).chmod(0o755)
    return place


@pytest.fixture
def checkout(folder: Path) -> Path:
    """A checkout with a change log and a lock file."""
    for name, text in {"CHANGELOG.md": "# 1.0.0\n", "uv.lock": "x\n", ".gitignore": ".env\n"}.items():
        (folder / name).write_text(text)
    for words in (
        ("init", "-q"), ("add", "-A"),
        ("-c", "user.name=development", "-c", "user.email=development@zebu.test", "commit", "-qm", "Begin"),
    ):  # fmt: skip
        subprocess.run(["git", "-C", str(folder), *words], check=True, capture_output=True)
    return folder


Ask = Callable[..., Said | Unknown]


@pytest.fixture
def ask(checkout: Path, tools: Path, tmp_path: Path) -> Iterator[Ask]:
    """What a script says where one program is another."""
    spoilt: list[tuple[Path, Path]] = []

    def asked(name: str, program: str = "", text: str = "", mode: int = 0o755) -> Said | Unknown:
        if program:
            kept = tmp_path / "kept"
            (tools / program).rename(kept)
            spoilt.append((kept, tools / program))
            (tools / program).write_text(text.replace("REAL", str(kept)))
            (tools / program).chmod(mode)
        probe = replace(PROBES[name], root=False, timeout=60, host="target")
        return answered(far_side(checkout, probe, seconds=90, change={f"'{PATH}'": f"'{tools}'"}))[name]

    yield asked
    for kept, place in spoilt:
        kept.replace(place)


@pytest.mark.parametrize("name", RUN)
def test_each_script_has_an_answer_where_all_can_run(name: str, ask: Ask) -> None:
    answer = ask(name)
    assert isinstance(answer, Said), answer
    assert answer.status == 0, answer


@pytest.mark.hostile("ssh")
@pytest.mark.parametrize(("name", "program", "failure"), SPOILT, ids=["-".join(one) for one in SPOILT])
def test_a_script_has_no_answer_where_one_could_not_run(name: str, program: str, failure: str, ask: Ask) -> None:
    answer = ask(name, program, *FAILURES[failure])
    assert isinstance(answer, Unknown) or answer.status != 0, answer


OF_GIT = [
    ("history", "check-ignore"), ("history", "ls-files"), ("history", "--others"), ("repository", "ls-tree"), ("repository", "--batch-check"), ("repository", "status"),
    ("repository", "objecttype"),
]  # fmt: skip


@pytest.mark.hostile("parsers")
@pytest.mark.parametrize(("name", "word"), OF_GIT)
def test_what_git_cannot_tell_is_not_none(name: str, word: str, ask: Ask) -> None:
    """It fails by itself at one of its questions."""
    answer = ask(name, "git", f'#!/bin/sh\ncase "$*" in *{word}*) exit 128 ;; esac\nexec REAL "$@"\n')
    assert isinstance(answer, Unknown) or answer.status != 0, answer


@pytest.mark.hostile("parsers")
@pytest.mark.parametrize("word", ["rev-list", "log --all", "--batch-all-objects"])
def test_a_history_that_git_cannot_read_is_not_whole(word: str, ask: Ask, target: Target) -> None:
    answer = ask("history", "git", f'#!/bin/sh\ncase "$*" in *"{word}"*) exit 128 ;; esac\nexec REAL "$@"\n')
    found = ALL["history"].read(Gathered({"history": answer}), target)
    assert isinstance(found, Unknown) or found.value.is_partial


@pytest.mark.hostile("parsers")
@pytest.mark.parametrize("words", ["x refs/remotes", "--contains HEAD"])
def test_branches_that_git_cannot_list_are_not_none(words: str, ask: Ask, target: Target) -> None:
    answer = ask("repository", "git", f'#!/bin/sh\ncase "$*" in *"{words}"*) exit 128 ;; esac\nexec REAL "$@"\n')
    found = ALL["repository"].read(Gathered({"repository": answer}), target)
    assert isinstance(found, Known)
    assert found.value.is_known is None


@pytest.mark.hostile("parsers")
@pytest.mark.parametrize(
    ("said", "answer"),
    [("", ""), ("UNCONN 0 0 127.0.0.1:53 0.0.0.0:*\n", "UNCONN 0 0 127.0.0.1:53 0.0.0.0:*\n")],
)
def test_nothing_on_udp_is_none_where_the_kernel_has_none_either(
    said: str, answer: str, ask: Ask, tmp_path: Path
) -> None:
    (tmp_path / "said").write_text(said)
    found = ask("sockets.udp", "ss", f'#!/bin/sh\nwhile read -r line; do echo "$line"; done < {tmp_path}/said\n')
    assert isinstance(found, Said)
    assert (found.status, found.out) == (0, answer) or (not said and "the kernel has some" in found.err)


SOME = frames("2026-11-26T12:00:00Z up\n")
WHOLE: Mapping[str, Answer] = {
    "json": told([{"Id": "ab" * 32}]),
    "one": told(container("backend")),
    "tail": told(SOME),
    "since": told(SOME),
}


def logs(checkout: Path, tools: Path, **otherwise: Answer) -> Said | Unknown:
    """What the script says of the logs of a container that Docker shows like this."""
    said = {**WHOLE, **otherwise}
    probe = replace(PROBES["logs"], root=False, needs=())
    with serving() as daemon:
        daemon.answers["/containers/json"] = said["json"]
        daemon.answers[f"/containers/{'ab' * 32}/json"] = said["one"]
        path = f"/containers/{container('backend')['Id']}/logs?stdout=1&stderr=1&timestamps=1"
        for word in ("tail", "since"):
            daemon.answers[f"{path}&{word}="] = said[word]
        values = (("PROJECT", "x"), ("APP_DIR", str(checkout)), ("DOCKER_SOCKET", str(daemon.place)))
        change = {f"'{PATH}'": f"'{tools}'"}
        return answered(far_side(checkout, replace(probe, values=values), seconds=90, change=change))["logs"]


CANNOT = told({"message": "configured logging driver does not support reading"}, 501)


@pytest.mark.parametrize("otherwise", [{}, {"tail": CANNOT, "since": CANNOT}], ids=["readable", "unreadable"])
def test_logs_that_are_shown_are_counted(otherwise: dict[str, Answer], checkout: Path, tools: Path) -> None:
    answer = logs(checkout, tools, **otherwise)
    assert isinstance(answer, Said)
    assert answer.out.startswith("@service backend 1 \n" if otherwise else "@service backend 0 2026-11-26T12:00:00Z\n")


@pytest.mark.hostile("parsers")
@pytest.mark.parametrize("otherwise", [
    {"json": told({}, 500)}, {"json": raw(b"")}, {"one": told({}, 500)}, {"one": raw(b"")}, {"one": told({}, 404)}, {"since": CANNOT}, {"since": told(SOME + frame("x", 3))}, {"since": told(SOME[:-2])},
], ids=["no list", "a list that is cut", "no names", "names that are cut", "gone", "a log that is not there", "a log that breaks off", "a log that is cut"])  # fmt: skip
def test_logs_that_docker_lost_are_not_empty(otherwise: dict[str, Answer], checkout: Path, tools: Path) -> None:
    answer = logs(checkout, tools, **otherwise)
    assert isinstance(answer, Unknown) or answer.status != 0, answer
