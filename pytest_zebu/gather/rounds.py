"""When what is looked at: at once, as soon as the answers are there that name it, or when it has the calm that it needs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import suppress
from functools import partial
from queue import Empty, SimpleQueue
from typing import Any

from pytest_zebu.facts.answer import Said, Unknown
from pytest_zebu.facts.fact import Fact, Gathered, Look, nothing_more
from pytest_zebu.gather.deadline import aside
from pytest_zebu.settings.target import Target


class News:
    """What other threads tell the one that gathers: an answer, or only that something has ended."""

    def __init__(self) -> None:
        self._queue: SimpleQueue[tuple[str, Said | Unknown] | None] = SimpleQueue()

    def answered(self, name: str, said: Said | Unknown) -> None:
        """This was said."""
        self._queue.put((name, said))

    def ended(self, job: Future[Any]) -> None:
        """Something has."""
        self._queue.put(None)

    @property
    def is_there(self) -> bool:
        """Whether there is any."""
        return not self._queue.empty()

    def next(self, seconds: float) -> dict[str, Said | Unknown]:
        """All that there is by now, at least one: answers by name, none where something has only ended.

        Raises:
            queue.Empty: in so many seconds there was no news.
        """
        news = [self._queue.get(timeout=seconds)]
        with suppress(Empty):
            while True:
                news.append(self._queue.get_nowait())
        return dict(one for one in news if one is not None)


class Looks:
    """The looks of a gathering, each in a thread of its own.

    Attributes:
        jobs: those that were begun, by key.
    """

    def __init__(self, see: Callable[[Look], Any], news: News) -> None:
        self._see, self._news = see, news
        self._known: dict[str, Look] = {}
        self.jobs: dict[str, Future[Any]] = {}

    def know(self, looks: Iterable[Look]) -> None:
        """These are to be made, of several with the same key the first."""
        for look in looks:
            self._known.setdefault(look.key, look)

    def begin(self) -> None:
        """Begin what was not begun, but for what needs calm and has none yet."""
        # A browser takes longest to start.
        for key, look in sorted(self._known.items(), key=lambda item: item[1].kind != "browser"):
            if key not in self.jobs and not (look.calm and self._is_disturbed(look)):
                self.start(look)

    def start(self, look: Look, see: Callable[[Look], Any] | None = None) -> Future[Any]:
        """Make a look, be it once more, or in another way."""
        self._known[look.key] = look
        job = self.jobs[look.key] = aside(partial(see or self._see, look))
        job.add_done_callback(self._news.ended)
        return job

    def _is_disturbed(self, look: Look) -> bool:
        """Whether others that ask the same hosts have not ended."""
        others = (one for key, one in self._known.items() if not (one.calm or self._has_ended(key)))
        return any(not look.hosts.isdisjoint(one.hosts) for one in others)

    def _has_ended(self, key: str) -> bool:
        return key in self.jobs and self.jobs[key].done()

    @property
    def known(self) -> list[Look]:
        """All of them."""
        return [*self._known.values()]

    @property
    def seen(self) -> dict[str, Any]:
        """What was seen by now, by key; of a look that broke nothing."""
        ended = {key: job for key, job in self.jobs.items() if job.done()}
        return {key: job.result() for key, job in ended.items() if job.exception() is None}

    @property
    def is_timing(self) -> bool:
        """Whether one is under way for which how long it takes is what matters."""
        return any(self._known[key].calm and not job.done() for key, job in self.jobs.items())

    @property
    def are_under_way(self) -> bool:
        """Whether one has not ended."""
        return not all(map(self._has_ended, self._known))


class Heard(Mapping[str, Said | Unknown]):
    """The answers that are there by now. It notes what is asked of it that is still to come.

    Attributes:
        held: these answers, where nobody notes what is asked.
        missed: that; whoever asked for something of it must ask once more.
    """

    def __init__(self, answers: Mapping[str, Said | Unknown], coming: Iterable[str]) -> None:
        self.held, self._coming = answers, frozenset(coming)
        self.missed: set[str] = set()

    def __getitem__(self, name: str) -> Said | Unknown:
        if name in self._coming:
            self.missed.add(name)
        return self.held[name]

    def __iter__(self) -> Iterator[str]:
        self.missed |= self._coming
        return iter(self.held)

    def __len__(self) -> int:
        self.missed |= self._coming
        return len(self.held)


class Following:
    """The facts that need further looks, until all of these are named.

    Which answers name a fact's looks, is seen from what it asks for: nothing declares it, and it cannot be declared wrongly.
    """

    def __init__(self, facts: Iterable[Fact[Any]], target: Target, coming: Iterable[str]) -> None:
        self._target = target
        self._coming = set(coming)
        self._waiting: list[tuple[Fact[Any], frozenset[str]]] = [
            (fact, frozenset()) for fact in facts if fact.then is not nothing_more
        ]

    def came(self, names: Iterable[str]) -> None:
        """These are answered, or will never be."""
        self._coming.difference_update(names)

    def named(self, answers: Mapping[str, Said | Unknown], moment: float) -> list[Look]:
        """What can be looked at by now, and was not named before."""
        waiting, self._waiting = self._waiting, []
        found: list[Look] = []
        for fact, missed in waiting:
            if not missed.isdisjoint(self._coming):
                self._waiting.append((fact, missed))
                continue
            heard = Heard(answers, self._coming)
            looks = fact.then(Gathered(heard, {}, moment), self._target)
            if heard.missed:
                self._waiting.append((fact, frozenset(heard.missed)))
            else:
                found += looks
        return found
