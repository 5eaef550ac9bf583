"""The options of the command line, which the environment and the ini file may set too.

Every run of pytest on this Python imports this module: it imports nothing of the package.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

import pytest


@dataclass(frozen=True, slots=True)
class Option:
    """One option: `--zebu-NAME`, `ZEBU_NAME` in the environment, `zebu_NAME` in the ini file.

    Attributes:
        choices: the only values that there are, where there is a list.
        default: what holds where nobody says anything.
        is_list: whether it may be given several times; elsewhere than on the command line, separated by spaces.
    """

    name: str
    help: str
    metavar: str | None = None
    choices: tuple[str, ...] = ()
    default: str | None = None
    is_list: bool = False

    @property
    def key(self) -> str:
        """Its name in the ini file, and among pytest's options."""
        return f"zebu_{self.name}"

    def declare(self, parser: pytest.Parser) -> None:
        """Make it known to pytest."""
        form: dict[str, object] = {"metavar": "{" + ",".join(self.choices) + "}" if self.choices else self.metavar}
        form |= {"action": "append"} if self.is_list else {}
        default = f" (default: {self.default})" if self.default else ""
        flag = f"--{self.key.replace('_', '-')}"
        parser.getgroup("zebu").addoption(flag, default=None, help=self.help + default, **form)
        parser.addini(self.key, f"the default of {flag}", default="")

    def value(self, config: pytest.Config) -> str | list[str] | None:
        """What holds: the option, else the environment, else the ini file (its paths start at its own folder).

        Raises:
            UsageError: the environment or the ini file says what is none of the choices.
        """
        option: str | list[str] | None = getattr(config.option, self.key)
        if option is not None:
            self._expect(f"--{self.key.replace('_', '-')}", option)
            return option
        variable = self.key.upper()
        for place, said in ((variable, os.environ.get(variable)), (f"{self.key} in the ini file", self._ini(config))):
            if said:
                self._expect(place, said)
                return said.split() if self.is_list else said
        return [] if self.is_list else self.default

    def _expect(self, place: str, said: str | list[str]) -> None:
        if self.choices and said not in self.choices:
            from pytest_zebu.shown import clean_line, meant

            text = clean_line(str(said), 80)
            raise pytest.UsageError(
                f"zebu: {place}: {text!r} is none of {', '.join(self.choices)}{meant(text, self.choices)}"
            )

    def _ini(self, config: pytest.Config) -> str:
        said = str(config.getini(self.key))
        if not said or self.metavar != "FILE" or not config.inipath:
            return said
        folder = config.inipath.parent
        return " ".join(str(folder / one) for one in said.split()) if self.is_list else str(folder / said)


OPTIONS = (
    Option("host", "what to judge: a name from zebu.toml, an ssh alias, ssh://user@host:port, or lab", "HOST[,HOST]"),
    Option("config", "the settings (default: zebu.toml in the current folder)", "FILE"),
    Option(
        "gate",
        "what fails the run: score (a selected stage is not ready), strict (any failed item), off",
        choices=("score", "strict", "off"),
        default="score",
    ),
    Option(
        "report",
        "write a report; TYPE is badge, badge-json, ctrf, hdf, html, ical, json, json-full, junit, markdown, prometheus, "
        "sarif, terminal, or one that another package brings; may be given several times",
        "TYPE:FILE",
        is_list=True,
    ),
    Option("json", "the same as --zebu-report=json:FILE (schema: pytest_zebu/reports/report.schema.json)", "FILE"),
    Option("save", "keep what was gathered, to judge it again later", "FILE"),
    Option("replay", "judge what --zebu-save kept, without the host", "FILE"),
    Option(
        "look",
        "what `zebu look` wrote on another machine, which counts as that vantage; may be given several times",
        "FILE",
        is_list=True,
    ),
    Option(
        "timeout", "the longest that gathering over ssh may take where the machine is not busy (default: 30)", "SECONDS"
    ),
    Option(
        "deadline",
        "the longest that all that is gathered of one host may take; what is not there by then is not assessed; "
        "active probes come after it and have limits of their own (default: 120)",
        "SECONDS",
    ),
    Option(
        "scan",
        "the TCP ports that are tried from each vantage: the usual ones and the machine's own, or all",
        choices=("usual", "full"),
        default="usual",
    ),
    Option(
        "active",
        "probes that write, and clean up after themselves: functional, restore, attack (default: none)",
        "PROBE[,PROBE]",
    ),
)


def settle_options(config: pytest.Config) -> None:
    """Let pytest's options say what holds, wherever it was said.

    Raises:
        UsageError: something that was said is no value of its option.
    """
    for option in OPTIONS:
        setattr(config.option, option.key, option.value(config))
