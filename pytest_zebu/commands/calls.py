"""How each command is called: what it says of itself, its options, examples of it, and how it ends.

What is declared here imports nothing of the other rooms: help and completion answer at once, and a command's own module is
imported when it is run.
"""

from __future__ import annotations

import argparse
import re
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

RUNS = "write last, -2, a day (YYYY-MM-DD), a number as `zebu history` lists it, or the file of a snapshot"
SUBJECTS = (
    "postgres 16", "debian 12", "ubuntu 24.04", "version v1.2.0", "commit 0123abc", "certificate SHA256", "image postgres:16-alpine",
    "domain zebu.example.org", "host vm",
)  # fmt: skip
"""What an attestation may be about, as people write it."""
LONGEST_WAIVER_DAYS = 366
SHELLS = ("bash", "zsh", "fish")
LINES = 12
"""Of each answer, `zebu explain` shows so many."""
VANTAGE = "internet"
"""What a vantage is called where nobody says it."""
NAMES = {
    "site": "the site's name", "www": "its other name", "api": "the API's name, or same-origin", "staging": "the staging deployment's name",
}  # fmt: skip
CONFIG = "the settings (default: $ZEBU_CONFIG, else zebu.toml here)"
Statuses = tuple[tuple[int, str], ...]
DONE: Statuses = ((0, "it is done"), (1, "it could not be done: a line on standard error says why"))
ALWAYS: Statuses = ((2, "the call is wrong"), (130, "it was interrupted"))


@dataclass(frozen=True, slots=True)
class Call:
    """How a command is called.

    Attributes:
        summary: what it does, in a line.
        text: what else there is to know, in paragraphs.
        add: declares the options.
        examples: lines for a shell, each with what it does.
        statuses: how it ends, besides what is the same for all.
        beside: other commands that belong to it.
        module: where it is, if it is not called as its module is.
    """

    summary: str
    text: str
    add: Callable[[argparse.ArgumentParser], None]
    examples: tuple[tuple[str, str], ...]
    statuses: Statuses = DONE
    beside: tuple[str, ...] = ()

    @property
    def description(self) -> str:
        """What its help begins with."""
        return f"{self.summary[:1].upper()}{self.summary[1:]}.\n\n{self.text}".strip()

    @property
    def epilog(self) -> str:
        """What its help ends with."""
        known = {*dict(self.statuses)}
        statuses = sorted([*self.statuses, *(one for one in ALWAYS if one[0] not in known)])
        return manual_end(self.examples, statuses, self.beside)


def manual_end(examples: tuple[tuple[str, str], ...], statuses: list[tuple[int, str]], beside: tuple[str, ...]) -> str:
    """Examples, exit statuses and what else to read, as a page of a manual ends."""
    shown = "\n\n".join(f"  {command}\n{_indented(text)}" for command, text in examples)
    ends = "\n".join(f"  {status:<4} {text}" for status, text in statuses)
    parts = [f"examples:\n\n{shown}" if examples else "", f"exit status:\n\n{ends}" if statuses else ""]
    parts.append(f"see also:\n\n  {', '.join(beside)}" if beside else "")
    return "\n\n".join(part for part in parts if part)


def _indented(text: str) -> str:
    return textwrap.fill(text, 76, initial_indent=" " * 6, subsequent_indent=" " * 6)


class Manual(argparse.HelpFormatter):
    """Paragraphs are filled; lines that are indented are for copying, and stay as they are."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self._action_max_length = 14  # of commands, argparse forgets by how much they are indented

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        parts = [part.strip("\n") for part in re.split(r"\n[ \t]*\n", text)]
        filled = (part if part.startswith(" ") else textwrap.fill(" ".join(part.split()), width) for part in parts)
        return "\n\n".join(textwrap.indent(part, indent) for part in filled)


# The options


def _config(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--config", metavar="FILE", help=CONFIG)


def _words_of(parser: argparse.ArgumentParser) -> None:
    _config(parser)
    parser.add_argument(
        "--host", metavar="HOST", help="of which host, where one has attestations of its own (default: those of all)"
    )


def _shelf(parser: argparse.ArgumentParser) -> None:
    """Where runs are remembered, and of which host."""
    _config(parser)
    parser.add_argument(
        "--host", metavar="HOST", help="of which host (default: the one in the settings, or in the history)"
    )


def _attest(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("id", metavar="ITEM", help="the item, as reports name it")
    _words_of(parser)
    parser.add_argument("--result", choices=["passed", "failed"], default="passed", help="what was found")
    parser.add_argument("--statement", metavar="TEXT", help="what was done or seen")
    parser.add_argument("--by", metavar="ROLE", help="who signs: a role, such as operations")
    parser.add_argument("--approver", metavar="ROLE", help="who else looked at it")
    parser.add_argument("--on", metavar="DATE", help="when it was seen (default: today)")
    parser.add_argument("--valid-days", metavar="DAYS", type=int, help="for how long it holds (default: by the item)")
    parser.add_argument(
        "--about", metavar="SUBJECT", action="append", default=[],
        help=f"what it speaks of: it lapses when that changes. One of {', '.join(map(repr, SUBJECTS))}",
    )  # fmt: skip
    kinds = parser.add_argument_group("evidence, one at least")
    kinds.add_argument("--file", metavar="FILE", action="append", default=[], help="a file; its hash is kept")
    kinds.add_argument("--url", metavar="URL", action="append", default=[], help="an address where it can be read")
    kinds.add_argument("--commit", metavar="COMMIT", action="append", default=[], help="a commit that shows it")
    kinds.add_argument(
        "--output-of", metavar="COMMAND", action="append", default=[], help="run a command here, and keep what it says"
    )


def _completion(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("shell", choices=SHELLS, help="for which shell")


def _diff(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("first", nargs="?", metavar="RUN", default="-2", help=f"a run: {RUNS} (default: -2)")
    parser.add_argument("second", nargs="?", metavar="RUN", default="last", help="another one (default: last)")
    _shelf(parser)


def _due(parser: argparse.ArgumentParser) -> None:
    _config(parser)
    parser.add_argument(
        "--host", metavar="HOST", help="of which host runs are counted (default: the one in the settings)"
    )
    parser.add_argument("--ical", metavar="FILE", help="write the tasks as iCalendar, too (- for standard output)")


def _explain(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("item", metavar="ITEM", help="an item, as reports name it, or a part of its name")
    parser.add_argument("--run", metavar="RUN", help=f"which run: {RUNS} (default: the last whose evidence is kept)")
    parser.add_argument(
        "--lines",
        metavar="NUMBER",
        type=int,
        default=LINES,
        help=f"how much of each answer is shown (default: {LINES})",
    )
    _shelf(parser)


def _history(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("item", nargs="?", metavar="ITEM", help="an item, as reports name it (default: whole runs)")
    _shelf(parser)


def _incident(parser: argparse.ArgumentParser) -> None:
    _config(parser)
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    opening = actions.add_parser(
        "open", help="begin a record; the machine is looked at, and what is seen is written down"
    )
    opening.add_argument("title", metavar="TEXT", help="what happens, in a line")
    opening.add_argument("--no-look", action="store_true", help="do not look at the machine")
    status = actions.add_parser("status", help="the open incidents, and the steps that are not done")
    step = actions.add_parser("step", help="write down what came of a step")
    step.add_argument("step", metavar="STEP", help="such as assess.severity")
    step.add_argument("note", help="what came of it")
    step.add_argument("--by", metavar="ROLE", default="operations", help="who did it: a role (default: operations)")
    closing = actions.add_parser("close", help="end an incident whose steps up to its resolution are done")
    for one in (opening, status, step, closing):
        one.add_argument("--host", metavar="HOST", help="on which machine (default: the one in the settings)")
    for one in (step, closing):
        one.add_argument("--record", metavar="NAME", help="which record (default: the one that is open)")


def _init(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("host", metavar="HOST", help="an ssh alias, ssh://user@host:port, or a name from the file")
    parser.add_argument(
        "--config", metavar="FILE", help="the file to write (default: $ZEBU_CONFIG, else zebu.toml here)"
    )
    parser.add_argument("--yes", action="store_true", help="never ask: write what was seen")
    parser.add_argument("--print", action="store_true", help="write nothing: show the file")
    parser.add_argument("--project", metavar="NAME", help="which compose project it is, where there are several")


def _list(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "-m",
        metavar="MARKERS",
        dest="markers",
        default="",
        help="only these, as pytest's -m picks them: 'pre_deployment and security'",
    )
    parser.add_argument(
        "-k",
        metavar="WORDS",
        dest="words",
        default="",
        help="only those with these words in id, text or markers: 'ssh and not port'",
    )
    parser.add_argument(
        "--markers",
        action="store_true",
        dest="shows_markers",
        help="list the markers instead, with how many of the items each has",
    )
    parser.add_argument("--json", action="store_true", help="as JSON, a list of objects")


def _report(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "type", metavar="TYPE", help="the type of report: html, json, markdown, ...; a wrong one lists all"
    )
    parser.add_argument(
        "source", metavar="SNAPSHOT_OR_JSON",
        help="what --zebu-save kept, or a report that is JSON (- for standard input)",
    )  # fmt: skip
    parser.add_argument("-o", "--output", metavar="FILE", default="-", help="where to (default: standard output)")
    parser.add_argument("--host", metavar="HOST[,HOST]", help="which of its hosts (default: all)")
    parser.add_argument("--config", metavar="FILE", help=f"what a snapshot is judged with: {CONFIG}")


def _todo(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run", metavar="RUN", nargs="?", default="last", help=f"of which run: {RUNS} (default: last)")
    parser.add_argument("--run", metavar="RUN", dest="named", help="the same, as `zebu explain` takes it")
    parser.add_argument("--items", action="store_true", help="name the items that each step opens")
    _shelf(parser)


def _waive(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("id", metavar="ITEM", help="the item, as reports name it")
    _words_of(parser)
    parser.add_argument("--reason", metavar="TEXT", help="why it is accepted")
    parser.add_argument("--approver", metavar="ROLE", help="who accepts it: a role, such as product owner")
    parser.add_argument(
        "--until",
        metavar="DATE",
        help=f"the last day on which it holds, at most {LONGEST_WAIVER_DAYS} days after the first",
    )
    parser.add_argument("--from", dest="since", metavar="DATE", help="the first day on which it holds (default: today)")
    parser.add_argument(
        "--case", metavar="NAME", action="append", default=[],
        help="a case that it accepts, by its whole name, as reports show it (default: the item, whatever fails)",
    )  # fmt: skip


# The commands


def _look(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "host", metavar="HOST", nargs="?", help="a name from [hosts] (default: the one with a public_address)"
    )
    _config(parser)
    for name, text in NAMES.items():
        parser.add_argument(f"--{name}", metavar="NAME", help=f"{text}, in place of settings")
    parser.add_argument(
        "--address", metavar="ADDRESS", action="append", default=[],
        help="where the names lead, in place of settings; may be given several times",
    )  # fmt: skip
    parser.add_argument(
        "--public-address", metavar="ADDRESS", help="where the internet sees the machine (default: the first --address)"
    )
    parser.add_argument(
        "--resolver", metavar="ADDRESS", action="append", default=[],
        help="who is asked for names, in place of the usual three; may be given several times",
    )  # fmt: skip
    parser.add_argument(
        "--as",
        metavar="VANTAGE",
        dest="vantage",
        help=f"what this place is called (default: that of the settings, or {VANTAGE})",
    )
    parser.add_argument(
        "--control",
        metavar="HOST:PORT",
        help="what answers here whenever this machine's network is there (default: a resolver)",
    )
    parser.add_argument(
        "--port",
        metavar="PORT",
        type=int,
        action="append",
        default=[],
        help="try this TCP port too; may be given several times",
    )
    parser.add_argument(
        "--also",
        metavar="ADDRESS",
        action="append",
        default=[],
        help="try the ports of this address of the machine too, as of one by IPv6 to which no name leads; may be given several times",
    )
    parser.add_argument(
        "--scan",
        choices=("usual", "full"),
        default="usual",
        help="the TCP ports that are tried: the usual ones, or all",
    )
    parser.add_argument(
        "-o", metavar="FILE", dest="file", required=True, help="the file to write, which --zebu-look takes in"
    )


CALLS = {
    "attest": Call(
        "sign for an item that no machine can see",
        "What is not given as an option is asked for, on a terminal. The record is added to `attestations.toml` beside the settings; it "
        "ends after a time, and never turns what a machine saw to be wrong into a pass.",
        _attest,
        (
            ("zebu attest post.recovery.disaster.tested", "Asks for what was seen, by whom, and the evidence."),
            (
                "zebu attest ops.weekly.logs --by operations --file evidence/logs.txt",
                "Signs with a file, whose hash is kept; asks for the statement.",
            ),
        ),
        beside=("zebu todo", "zebu waive", "zebu due"),
    ),
    "completion": Call(
        "what a shell needs to complete the words of `zebu`",
        "Prints code for the shell: commands, options, items, hosts of the settings, markers, types of report and files are completed then. "
        "It is argcomplete's; where `register-python-argcomplete` is in the path, that does the same.",
        _completion,
        (
            ('eval "$(zebu completion bash)"', "For this shell; in ~/.bashrc, for every one."),
            ("zebu completion fish > ~/.config/fish/completions/zebu.fish", "For fish."),
        ),
    ),
    "diff": Call(
        "what came out otherwise between two runs, and whose change it is",
        "A change is the host's, the rule's, the settings', people's, an advisory's or the clock's: each run is remembered with its evidence, "
        "and judged again.",
        _diff,
        (
            ("zebu diff", "The last run, compared with the one before it."),
            ("zebu diff 2026-11-20 last", "What changed since a day."),
            ("zebu diff before.json after.json", "Two snapshots, as --zebu-save wrote them."),
        ),
        ((0, "nothing came out otherwise"), (1, "something did"), (2, "it could not be told, or the call is wrong")),
        ("zebu history", "zebu explain"),
    ),
    "due": Call(
        "the recurring tasks, with what is overdue first",
        "When a task was last done is known from attestations, and from earlier runs that saw it done.",
        _due,
        (
            ("zebu due", "The 21 tasks: overdue, due soon, current."),
            ("zebu due --ical tasks.ics", "Writes them for a calendar, too."),
        ),
        ((0, "nothing is overdue"), (1, "something is overdue, or it could not be told: a line says why")),
        ("zebu attest",),
    ),
    "explain": Call(
        "an item: what it means, what is asked for it, what was seen and decided, how to mend it, and when it last changed",
        "A part of an item's name is enough where it picks one; where it picks several, they are listed.",
        _explain,
        (
            ("zebu explain pre.security.ssh.no-passwords", "By the evidence of the last run that is remembered."),
            ("zebu explain no-passwords", "The same: no other item has this in its name."),
            ("zebu explain no-passwords --run saved.json --lines 40", "By a snapshot, with more of what was answered."),
        ),
        beside=("zebu list", "zebu todo", "zebu history ITEM"),
    ),
    "history": Call(
        "the runs that are remembered, or what came of one item over time",
        "Every run is remembered in an SQLite file beside the settings.",
        _history,
        (
            ("zebu history", "The runs, with the score of each stage."),
            ("zebu history pre.security.ssh.no-passwords", "Since when it is as it is, and what it was before."),
        ),
        beside=("zebu diff", "zebu explain"),
    ),
    "incident": Call(
        "a guided record of an incident, beside the settings",
        "A record has the checklist's steps, each with what came of it; what a machine can see is filled in when it is opened.",
        _incident,
        (
            ('zebu incident open "the API answers 500"', "Begins a record, and looks at the machine."),
            ('zebu incident step assess.severity "high: nobody can trade"', "Writes down what came of a step."),
            ("zebu incident status", "What is open, and which steps are left."),
            ("zebu incident close", "Ends it, once the steps up to its resolution are done."),
        ),
        (
            (0, "it is done; of `status`: no step is left"),
            (1, "steps are left, or it could not be done: a line says why"),
        ),
    ),
    "init": Call(
        "look at a machine, and write the settings that its deployment needs, each with where it was seen",
        "Nothing is changed there. What could not be seen stands in the file as a comment that says how many items it opens. Run again, it says "
        "what differs from the file, keeps what is written there, and asks before it adds something.",
        _init,
        (
            ("zebu init vm", "Looks at the machine of an ssh alias, and writes zebu.toml here."),
            ("zebu init ssh://deploy@vm.example.org:2222 --yes", "Asks nothing: for scripts."),
            ("zebu init vm --print", "Only shows what it would write."),
        ),
        beside=("zebu todo", "pytest --zebu-host=vm"),
    ),
    "list": Call(
        "the items of the checklist, in its order and its words, with the markers that pick them",
        "Items that are non-negotiable have a `!` before them. -m picks what `pytest -m` judges with the same words. -k takes words with `and`, "
        "`or`, `not` and brackets as `pytest -k` does, and looks for them in an item's id, its text and its markers; names of files and of test "
        "functions are pytest's own.",
        _list,
        (
            ("zebu list", "All items, by stage and category."),
            ("zebu list -m 'pre_deployment and security'", "What `pytest -m` with the same words judges."),
            ("zebu list -k 'certificate and not renewal'", "By words of their ids, texts and markers."),
            ("zebu list --markers", "The markers, and how many items each has."),
        ),
        ((0, "they are listed"), (1, "no item is picked, or the expression is none: a line says why")),
        ("zebu explain", "pytest --markers"),
    ),
    "look": Call(
        "see a deployment from this machine as any stranger would, and write that, signed, for who judges it elsewhere",
        "It needs no access to the target: names, ports, certificates and pages are looked at from here, with the names of the settings or those "
        "that are given, and no secret. Where the deployment is judged, `--zebu-look=FILE` takes the file in as a vantage, whose signer zebu.toml names.",
        _look,
        (
            ("zebu look --config zebu.toml -o phone.json", "What the internet sees, by the settings of the deployment."),
            (
                "zebu look --site zebu.example.org --api api.zebu.example.org --as phone -o phone.json",
                "The same without settings, called phone.",
            ),
        ),
        beside=("zebu init",),
    ),
    "report": Call(
        "a report of any type, from what a run saved: its snapshot, which is judged again, or its JSON report",
        "The types are those of --zebu-report.",
        _report,
        (
            ("zebu report html report.json -o page.html", "The page of a run, from its JSON report."),
            ("zebu report markdown snapshot.json", "Judges a snapshot by today's rules and settings: the checklist, ticked."),
        ),
        (
            (0, "it is written, whatever it says"),
            (1, "it could not be made whole or written: a line says why"),
        ),
    ),
    "todo": Call(
        "what would let the items be judged that could not be, by what opens the most; then what people have to attest",
        "Each step is a key to set, a right to give, a command to run, or a person's word, with how many items it opens and what the score would be "
        "at best with it alone. What was seen to be wrong is not listed here: the report's plan has it.",
        _todo,
        (
            ("zebu todo", "Of the last run that is remembered."),
            ("zebu todo --items", "With the items that each step opens."),
            ("zebu todo saved.json", "Of a snapshot, judged by today's settings: what was set since is left out."),
        ),
        ((0, "it is told, also where nothing is left"), (1, "it could not be told: a line says why")),
        ("zebu explain ITEM", "zebu attest ITEM", "zebu init"),
    ),
    "waive": Call(
        "accept that an item, or cases of it, fails, for a time",
        "What is not given as an option is asked for, on a terminal. The item is still reported as failed, and counts in the score \"with waivers\" only; "
        "after its last day a waiver is worth nothing.",
        _waive,
        (
            (
                'zebu waive deploy.performance.page-load --approver "product owner" --until 2026-12-15',
                "Asks for the reason, and waives it until a day.",
            ),
        ),
        beside=("zebu attest",),
    ),
}  # fmt: skip
