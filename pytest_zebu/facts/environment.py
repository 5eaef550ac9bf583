"""Variables of `.env` and of the running containers, judged on the machine: no secret's value is in here."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pytest_zebu import redaction
from pytest_zebu.facts.answer import Garbled, Missing, Reason, Said, Unknown, whole_number
from pytest_zebu.facts.fact import Fact, Gathered, key_values
from pytest_zebu.settings.target import Target

DOTENV = ".env"
EXAMPLE = "example"
RUNNING = "container:"
_NUMBER = re.compile(r"([+-]?[0-9]{1,15}(?:_[0-9]{1,15}){0,5})(?:\.0*)?", re.ASCII)
_MODE = re.compile("[0-7]{3,4}")
_YES, _NO = ("1", "on", "t", "true", "y", "yes"), ("", "0", "off", "f", "false", "n", "no")
"""As pydantic reads a switch, in any case; what is empty is off for those who ask the environment themselves."""


@dataclass(frozen=True, slots=True)
class Variable:
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


@dataclass(frozen=True, slots=True)
class Environment:
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


@dataclass(frozen=True, slots=True)
class EnvFile:
    """`.env` or another file of its kind beside it."""

    name: str
    mode: int
    user: str
    group: str
    holds_secrets: bool | None


@dataclass(frozen=True, slots=True)
class EnvFiles:
    """The files, and who deploys."""

    folder: str
    files: tuple[EnvFile, ...]


def parse(gathered: Gathered, target: Target) -> Environment:
    """From the batch's judgement: one line a variable."""
    found = []
    host = gathered.answers.get("zebu.host")
    told = key_values(host.out) if isinstance(host, Said) else {}
    if trouble := told.get("env_trouble", ""):
        raise Missing(Unknown(Reason.GARBLED, f"the application's .env: {trouble}"))
    for line in gathered.said("zebu.environment").out.splitlines():
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
    """From the batch's listing: mode, user, group, whether it holds a secret's value, name."""
    found = []
    folder = gathered.said("zebu.host").out.partition("folder=")[2].partition("\n")[0]
    for line in gathered.said("zebu.env-files").out.splitlines():
        fields = line.split("\t")
        if len(fields) != 5:
            raise Garbled("the listing of .env files")
        mode, user, group, holds, name = fields
        if not _MODE.fullmatch(mode):
            raise Garbled("the mode of a .env file")
        found.append(EnvFile(name, int(mode, 8), user, group, {"secrets": True, "none": False}.get(holds)))
    return EnvFiles(folder, tuple(found))


FACT = Fact("environment", parse)
FILES = Fact("env_files", parse_files)
