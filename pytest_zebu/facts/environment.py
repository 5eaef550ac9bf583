"""Variables of `.env` and of the running containers, judged on the machine: no secret's value is in here."""

from __future__ import annotations

import re
from collections.abc import Mapping

from msgspec import Struct

from pytest_zebu import redaction
from pytest_zebu.facts.answer import Garbled, Missing, Reason, Said, Unknown, is_number, lines_of, whole_number
from pytest_zebu.facts.fact import Fact, Gathered, Need, Probe, key_values
from pytest_zebu.facts.lines import records
from pytest_zebu.settings.target import Target

REQUIRED_PROBE = Probe(
    "required",
    file="required.pl",
    needs=(Need.APP_DIR, Need.OWNER),
    owner=True,
)
CHECKOUTS_PROBE = Probe(
    "checkouts",
    file="checkouts.sh",
    uses=(
        "quiet.sh",
        "git.sh",
    ),
    needs=(Need.APP_DIR, Need.OWNER),
    owner=True,
    each=True,
)
DOTENV = ".env"
EXAMPLE = "example"
RUNNING = "container:"
_NUMBER = re.compile(r"([+-]?[0-9]{1,15}(?:_[0-9]{1,15}){0,5})(?:\.0*)?", re.ASCII)
_MODE = re.compile("[0-7]{3,4}")
_YES, _NO = ("1", "on", "t", "true", "y", "yes"), ("", "0", "off", "f", "false", "n", "no")
"""As pydantic reads a switch, in any case; what is empty is off for those who ask the environment themselves."""


class Variable(Struct, frozen=True):
    """What was judged of a value.

    Attributes:
        where: `.env`, `container:` and the service, or `example` for the example of the production `.env`.
        group: equal values have equal groups; the number says nothing else.
        plain: the value, of variables that are no secrets.
    """

    where: str
    name: str
    length: int
    distinct: int
    classes: str
    is_placeholder: bool
    group: int
    plain: str

    @property
    def is_secret(self) -> bool:
        """Whether its name says that the value is one."""
        return redaction.is_secret(self.name)

    @property
    def is_on(self) -> bool | None:
        """As a switch: on, off, or nothing where it is neither."""
        word = self.plain.strip().lower()
        return True if word in _YES else False if word in _NO else None

    @property
    def number(self) -> int | None:
        """As a whole number, in any spelling that the application's settings take: 1_000, +5, 25.0 and blanks around it."""
        found = _NUMBER.fullmatch(self.plain.strip())
        return int(found[1].replace("_", "")) if found else None


class Environment(Struct, frozen=True):
    """All variables, by place.

    Attributes:
        service: what the backend's service is called.
    """

    variables: tuple[Variable, ...]
    service: str = "backend"

    def get(self, where: str, name: str) -> Variable | None:
        """One variable."""
        return next((item for item in self.variables if (item.where, item.name) == (where, name)), None)

    def elsewhere(self, name: str) -> tuple[Variable, ...]:
        """The variable in containers."""
        return tuple(item for item in self.variables if item.name == name and item.where.startswith(RUNNING))

    def backend(self, name: str) -> Variable | None:
        """The variable in the running backend."""
        return self.get(f"{RUNNING}{self.service}", name)

    def declared(self, where: str) -> tuple[Variable, ...]:
        """All variables of a place."""
        return tuple(item for item in self.variables if item.where == where)


class EnvFile(Struct, frozen=True):
    """`.env` or another file of its kind: in the folder of the application by its name there, elsewhere by its path."""

    name: str
    mode: int
    user: str
    group: str
    holds_secrets: bool | None


class Checkout(Struct, frozen=True):
    """A checkout besides the deployed one.

    Attributes:
        why: what shows that it is the project's: `remote`, `compose` or `secrets`; `unknown` where nothing tells whose it is.
        version: which version it is at, if it is the project's.
    """

    path: str
    why: str
    user: str
    version: str = ""


class EnvFiles(Struct, frozen=True):
    """The files, and who deploys.

    Attributes:
        main: the one that compose reads: `.env`, or what it was called with; empty if there is none.
        checkouts: others on the machine.
        lacking: why the search of the machine was not whole; empty if it was.
    """

    folder: str
    files: tuple[EnvFile, ...]
    main: str = ""
    checkouts: tuple[Checkout, ...] = ()
    lacking: str = "the machine was not searched for others"


class Wanted(Struct, frozen=True):
    """A variable that something needs.

    Attributes:
        how: what asks for it: `refuses` (compose stops without it), `plain` (compose leaves it empty), `code`, `settings` or `frontend`
            (the program stops), by the file in which it does.
        given: the file besides `.env` that has a value; empty if none has.
    """

    name: str
    how: Mapping[str, str]
    given: str = ""

    @property
    def text(self) -> str:
        """In words."""
        return "; ".join(f"{path} {_ASKING.get(how, how)}" for how, path in self.how.items())


_ASKING = {
    "refuses": "refuses to be without it",
    "plain": "passes it on",
    "code": "stops without it",
    "settings": "has a setting of it without a default",
    "frontend": "has a page that stops without it",
}


class Required(Struct, frozen=True):
    """What compose and the program ask for.

    Attributes:
        lacking: why not all was read; empty if it was.
    """

    wanted: tuple[Wanted, ...]
    lacking: str = ""

    def get(self, name: str) -> Wanted | None:
        """One of them."""
        return next((one for one in self.wanted if one.name == name), None)


def by_checkout(text: str) -> list[tuple[str, list[tuple[str, str]]]]:
    """What a probe said of each checkout: lines `key=value` behind `checkout=PATH`; of the deployed one, which comes first, without."""
    found: list[tuple[str, list[tuple[str, str]]]] = [("", [])]
    for line in lines_of(text):
        key, equals, value = line.partition("=")
        if key == "checkout":
            found.append((value, []))
        elif equals:
            found[-1][1].append((key, value))
    return found


def parse(gathered: Gathered, target: Target) -> Environment:
    """From the batch's judgement: one line a variable."""
    found = []
    host = gathered.answers.get("zebu.host")
    told = key_values(host.out) if isinstance(host, Said) else {}
    if trouble := told.get("env_trouble", ""):
        raise Missing(Unknown(Reason.GARBLED, f"the application's .env: {trouble}"))
    for line in lines_of(gathered.said("zebu.environment").out):
        fields = line.split("\t")
        if len(fields) != 8:
            raise Garbled("the judged environment")
        where, name, length, distinct, classes, kind, group, plain = fields
        found.append(
            Variable(
                where,
                name,
                whole_number(length, "the length of a value"),
                whole_number(distinct, "the characters of a value"),
                classes.replace("-", ""),
                kind == "placeholder",
                whole_number(group, "the group of a value"),
                plain,
            )
        )
    if not any(item.where == DOTENV for item in found):
        raise Missing(Unknown(Reason.MISSING, "the application's .env was not found or could not be read"))
    return Environment(tuple(found), told.get("backend") or "backend")


def parse_files(gathered: Gathered, target: Target) -> EnvFiles:
    """From the batch's listing: mode, user, group, whether it holds a secret's value, name; checkouts, and how the search of them went."""
    found, checkouts = [], []
    lacking = "the machine was not searched for others"
    versions = {path: dict(said).get("version") for path, said in by_checkout(gathered.said("checkouts").out)}
    if versions[""] is None:
        raise Garbled("the versions of checkouts")
    told = key_values(gathered.said("zebu.host").out)
    for line in lines_of(gathered.said("zebu.env-files").out):
        fields = line.split("\t")
        if len(fields) != 5:
            raise Garbled("the listing of .env files")
        mode, user, group, holds, name = fields
        if mode == "checkout":
            checkouts.append(Checkout(name, user, group, versions.get(name) or ""))
        elif mode == "walked":
            lacking = name
        elif not _MODE.fullmatch(mode):
            raise Garbled("the mode of a .env file")
        else:
            found.append(EnvFile(name, int(mode, 8), user, group, {"secrets": True, "none": False}.get(holds)))
    return EnvFiles(told.get("folder", ""), tuple(found), told.get("env_file", ""), tuple(checkouts), lacking)


def parse_required(gathered: Gathered, target: Target) -> Required:
    """From compose's files and the source, as they were read on the machine."""
    wanted: dict[str, dict[str, str]] = {}
    given: dict[str, str] = {}
    lacking: list[str] = []
    count = 0
    for one in records(gathered.said("required").out, "what is required", ("needs", "given", "cut", "read")):
        match [one.word, *one.rest.split(" ")]:
            case ["needs", name, how, path] if name:
                wanted.setdefault(name, {})[how] = path
            case ["given", name, path] if name in wanted:
                given[name] = path
            case ["cut", *_]:
                lacking.append(one.rest)
            case ["read", number] if is_number(number):
                count = int(number)
            case _:
                raise one.garbled()
    if not count:
        raise Missing(Unknown(Reason.MISSING, "neither a compose file nor any source was read"))
    return Required(
        tuple(Wanted(name, how, given.get(name, "")) for name, how in wanted.items()), "; ".join(lacking[:5])
    )


FACT = Fact("environment", parse)
FILES = Fact("env_files", parse_files, (CHECKOUTS_PROBE,))
REQUIRED = Fact("required", parse_required, (REQUIRED_PROBE,))
