"""Whether ssh let us in."""

from __future__ import annotations

from pytest_zebu.facts import ALL
from pytest_zebu.facts.answer import Known, Reason, Unknown, need
from pytest_zebu.facts.fact import Gathered
from pytest_zebu.settings.target import Target
from tests.facts.answers import saying


def test_a_refused_login_is_known(target: Target) -> None:
    refused = Gathered({"zebu.host": Unknown(Reason.UNREACHABLE, "ssh: the key was refused")}, {}, 0)
    assert need(ALL["access"].read(refused, target)).trouble == "ssh: the key was refused"
    assert isinstance(ALL["access"].read(Gathered(), target), Unknown)
    answer = ALL["access"].read(saying({"zebu.host": "root=1\n"}), target)
    assert isinstance(answer, Known)
    assert answer.value.trouble == ""
