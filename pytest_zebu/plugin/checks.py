"""What the suite is written with: `@item` ties a test to an item of the checklist, `Cases` lists what it judged.

What a check asks for by the names of its parameters is no fixture: the run hands it over when the check is called. So
the suite needs none of the plain names (`settings`, `redis`, `task`) that other plugins and projects use for fixtures.
"""

from __future__ import annotations

import functools
import importlib
import importlib.util
import inspect
import pkgutil
import re
import shlex
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar, cast

import pytest
from msgspec import Struct, field
from pydantic import BaseModel

from pytest_zebu.catalogue import load
from pytest_zebu.facts import ALL
from pytest_zebu.facts.answer import NotAssessed
from pytest_zebu.settings.target import Target
from pytest_zebu.verdict.openings import in_section
from pytest_zebu.verdict.outcome import Case, Outcome

Check = TypeVar("Check", bound=Callable[..., None])
_SECTIONS = re.compile(r"^(Fix|Declare|See):[ \t]*", re.MULTILINE)
GIVEN = frozenset({"case", "settings", "zebu_target", "zebu_item", "past", "incidents", "records", "task", *ALL})
"""What a check may ask for; any other parameter is a fixture of the test's own project."""
SUITE = "tests_prod"
_registered: dict[str, Callable[..., None]] = {}


class Tie(Struct, frozen=True):
    """What ties a check to the checklist; it stays with the check under every decorator that keeps `__dict__`.

    Attributes:
        parameters: the names that the check asks for.
        either: facts that are handed over as answers, known or unknown.
    """

    parameters: tuple[str, ...]
    either: frozenset[str] = frozenset()


class Prose(Struct, frozen=True):
    """What a check's docstring says: why the item matters, how to mend it, what it rests on.

    Attributes:
        declare: keys of the settings that belong to the mending; `or KEY` where setting it is another way to mend.
            `host.KEY` is one of the host's own.
    """

    why: str
    fix: str
    see: str
    declare: tuple[str, ...] = ()

    def mending(self, target: Target, reason: str, fix: str = "") -> str:
        """How to mend what was found: what is declared already is no part of it.

        What lacks a declaration, by its reason, says that first; elsewhere the machine comes first.

        Args:
            target: what is declared.
            reason: what was found.
            fix: how that is mended, where it is not the check's general way.
        """
        fix = fix or self.fix
        missing = [(key.removeprefix("or "), key) for key in self.declare]
        missing = [(key, said) for key, said in missing if not is_declared(target, key)]
        first = [key for key, said in missing if key == said and key in reason]
        then = [key for key, said in missing if key == said and key not in first]
        instead = [key for key, said in missing if key != said]
        parts = [
            f"set {_listed(first, target)} in zebu.toml" if first else "",
            fix.rstrip("."),
            f"then say so in zebu.toml: {_listed(then, target)}" if then else "",
            f"or set {_listed(instead, target)} in zebu.toml" if instead else "",
        ]
        return "; ".join(part for part in parts if part) + ("." if fix.endswith(".") else "")


_SPAN = re.compile(r"`[^`\n]+`")
_TO_FILL_IN = re.compile(r"\b(?:HOST|ID|VMID)\b")


def filled_in(fix: str, target: Target, item_id: str) -> str:
    """A fix whose commands name the host, the item and the machine's number in Proxmox, as far as those are known."""
    vmid = target.settings.proxmox.vmid
    host = "" if "`" in target.name else shlex.quote(target.name)
    known = {"HOST": host, "ID": item_id, "VMID": str(vmid or "")}

    def fill(span: re.Match[str]) -> str:
        return _TO_FILL_IN.sub(lambda word: known[word[0]] or word[0], span[0])

    return _SPAN.sub(fill, fix)


def is_declared(target: Target, key: str) -> bool:
    """Whether the settings say something of a key, rather than leave it as it is by default.

    Raises:
        LookupError: there is no such key.
    """
    first, _, rest = key.partition(".")
    part: Any = target.host if first == "host" else target.settings
    for name in (rest if first == "host" else key).split("."):
        if not isinstance(part, BaseModel):
            return name in part
        fields = type(part).model_fields
        field_name = next((one for one, info in fields.items() if name in (one, info.alias)), None)
        if field_name is None:
            raise LookupError(f"the settings have no {key}")
        if field_name not in part.model_fields_set:
            return False
        part = getattr(part, field_name)
    return True


def _listed(keys: Iterable[str], target: Target) -> str:
    return " and ".join(in_section(re.sub(r"^host\.", f"hosts.{target.name}.", key)) for key in keys)


def item(*item_ids: str, either: tuple[str, ...] = ()) -> Callable[[Check], Check]:
    """Tie a test to an item, or to several: the id becomes part of the node id, and the catalogue gives it its markers.

    Args:
        item_ids: the items.
        either: facts of which one is enough: they are handed over as answers, known or unknown, and an unknown one
            does not end the judgement.

    Raises:
        UnknownItem: the checklist has no such item.
        ValueError: another test decides it already.
    """

    def decorate(check: Check) -> Check:
        for item_id in item_ids:
            other = _registered.get(item_id)
            if other is not None and place(other) != place(check):
                raise ValueError(f"{item_id} is decided by {place(other)} already, and by {place(check)}")
            _registered[item_id] = check
        return items(*item_ids, either=either)(check)

    return decorate


def place(check: Callable[..., None]) -> str:
    """Where a check stands: two of the same name in two files are two, and one that is imported twice is one."""
    written = inspect.unwrap(check)
    return f"{written.__globals__.get('__file__', written.__module__)}::{written.__qualname__}"


def tie_of(check: object) -> Tie | None:
    """What ties a check to the checklist, if anything does."""
    return getattr(check, "zebu_tie", None)


def either_of(check: Callable[..., None]) -> frozenset[str]:
    """The facts that a check takes as answers."""
    tie = tie_of(check)
    return tie.either if tie is not None else frozenset()


def items(*item_ids: str, either: tuple[str, ...] = ()) -> Callable[[Check], Check]:
    """Parametrize a test over items; without any there is nothing to test.

    Raises:
        UnknownItem: the checklist has no such item.
    """
    params = [pytest.param(load()[item_id].id, id=item_id) for item_id in item_ids]

    def decorate(check: Check) -> Check:
        parameters = inspect.signature(check).parameters
        vars(check)["zebu_tie"] = Tie(tuple(parameters), frozenset(either))

        @functools.wraps(check)
        def judged(*args: Any, **named: Any) -> None:
            check(*args, **named)

        kept = [one for one in parameters.values() if one.name not in GIVEN]
        ours = [inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY) for name in ("zebu_item", "zebu_target")]
        vars(judged)["__signature__"] = inspect.Signature([*kept, *ours])
        if not params:
            vars(judged)["__test__"] = False  # pytest passes over it
            return cast(Check, judged)
        marked: Check = pytest.mark.parametrize("zebu_item", params)(judged)
        return marked

    return decorate


@lru_cache(maxsize=1)
def suite() -> dict[str, Callable[..., None]]:
    """Every check of the suite, by the item that it decides."""
    package = importlib.import_module(SUITE)
    for module in pkgutil.walk_packages(package.__path__, "tests_prod."):
        if not module.name.endswith("test_attested"):
            importlib.import_module(module.name)
    return dict(_registered)


@lru_cache(maxsize=1)
def suite_folder() -> Path | None:
    """Where the suite is installed, if it is."""
    spec = importlib.util.find_spec(SUITE)
    return Path(spec.origin).parent if spec is not None and spec.origin is not None else None


@lru_cache(maxsize=1024)
def prose(check: Callable[..., None]) -> Prose:
    """A check's docstring, in its parts."""
    text = inspect.getdoc(check) or ""
    why, *rest = _SECTIONS.split(text)
    parts = dict(zip(rest[::2], rest[1::2], strict=True))
    why, fix, see = (" ".join(part.split()) for part in (why, parts.get("Fix", ""), parts.get("See", "")))
    return Prose(why, fix, see, tuple(key.strip() for key in parts.get("Declare", "").split(",") if key.strip()))


def message_of(error: BaseException) -> str:
    """What an assertion says, without the comparison that pytest appends."""
    text = str(error).split("\nassert ")[0].strip()
    return text.splitlines()[0] if text and not text.startswith("assert ") else "the check's condition does not hold"


class Cases(Struct):
    """The things that an item judges, each with its own outcome. The item passes when every case passes.

    Attributes:
        own_fix: how to mend what comes next, where the check knows more than its general way.
        own_seen: evidence of the case that is judged now, besides what it was begun with.
    """

    found: list[Case] = field(default_factory=list)
    seen: list[str] = field(default_factory=list)
    pictures: list[tuple[str, str]] = field(default_factory=list)
    own_fix: str = ""
    own_seen: list[str] | None = None

    @contextmanager
    def __call__(self, name: str, *seen: Any) -> Iterator[None]:
        """Judge one case: a failed assertion inside fails this case, and the next ones are judged all the same."""
        around, self.own_fix, self.own_seen = (self.own_fix, self.own_seen), "", _texts(seen)
        shown = self.own_seen
        try:
            yield
        except AssertionError as error:
            self.found.append(Case(name, Outcome.FAILED, message_of(error), tuple(shown), self.own_fix))
        except NotAssessed as error:
            self.found.append(Case(name, Outcome.NOT_ASSESSED, str(error), tuple(shown), self.own_fix))
        else:
            self.found.append(Case(name, Outcome.PASSED, "", tuple(shown)))
        finally:
            self.own_fix, self.own_seen = around

    def fix(self, *ways: str) -> None:
        """How to mend what would be wrong next, in this case or in the item: for want of any, the check's general way."""
        self.own_fix = "; ".join(way for way in ways if way)

    def show(self, caption: str, picture: str) -> None:
        """A picture of what was seen (JPEG, base64), for the HTML report."""
        self.pictures.append((caption, picture))

    def saw(self, *texts: Any) -> None:
        """Evidence of the item as a whole."""
        self.seen += _texts(texts)

    def adds(self, *texts: Any) -> None:
        """Evidence of the case that is judged now, found while it is; outside of cases, of the item."""
        (self.seen if self.own_seen is None else self.own_seen).extend(_texts(texts))


def _texts(parts: Iterable[Any]) -> list[str]:
    return [text for part in parts if (text := str(part))]
