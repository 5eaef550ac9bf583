"""The checklist in Markdown: its own words and headings, ticked as the report says, and no markup of anybody else's."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from pytest_zebu.catalogue import load
from pytest_zebu.reports import markdown
from pytest_zebu.reports.markdown import prose
from pytest_zebu.reports.report import Report
from pytest_zebu.verdict.outcome import Outcome
from tests.hostile_texts import DIRTY, forbidden
from tests.reports import eight_faults, filled
from tests.reports.made_up import FIRST, ITEMS, REPORT
from tests.reports.test_doors import told

MARKDOWN = MarkdownIt("commonmark").enable(["table", "strikethrough"])
BOX = re.compile(r"^ *- \[(?P<box>[x ])\] (?P<text>.*)$", re.MULTILINE)
PLAIN = {
    "inline", "paragraph_open", "paragraph_close", "bullet_list_open", "bullet_list_close", "ordered_list_open", "ordered_list_close",
    "list_item_open", "list_item_close", "text", "code_inline", "softbreak",
}  # fmt: skip


def tokens(text: str) -> Iterator[Token]:
    for token in MARKDOWN.parse(text):
        yield token
        yield from token.children or ()


def boxes(text: str) -> list[tuple[str, bool]]:
    """Every box, and whether it is ticked; without the headings of groups."""
    found = [(match["text"], match["box"] == "x") for match in BOX.finditer(text)]
    return [(name, is_ticked) for name, is_ticked in found if not name.startswith("**")]


def test_it_is_the_checklist_in_its_order_and_words() -> None:
    report = eight_faults.report()
    found = [(name.strip("~"), is_ticked) for name, is_ticked in boxes(markdown.render(report))]
    assert [name for name, _ in found] == [item.text for item in load()]
    for (name, is_ticked), item in zip(found, report.hosts[0].items, strict=True):
        assert is_ticked is (item.outcome in (Outcome.PASSED, Outcome.ATTESTED)), name


CHECKLIST = """
## Pre-Deployment Checklist
### Infrastructure
### Security
- **SSH Configuration**
- **Firewall**
- **Passwords & Secrets**
- **Application Security**
- **HTTPS/SSL**
### Database
- **Configuration**
- **Backups**
- **Data Integrity**
### Application
- **Environment Configuration**
- **Docker Configuration**
- **Code Quality**
- **Functionality**
## Deployment Verification Checklist
### Initial Deployment
### Service Health
- **Frontend**
- **Backend**
- **Database**
- **Redis**
### Network & DNS
### Performance
## Post-Deployment Checklist
### Monitoring
- **Service Monitoring**
- **Logs**
- **Disk Space**
- **SSL Certificates**
### Backup & Recovery
- **Backups**
- **VM Snapshots**
- **Disaster Recovery**
### Maintenance
- **Updates**
- **Deployment Process**
- **Capacity Planning**
### Documentation
- **Runbooks**
- **Architecture**
- **Contacts**
## Ongoing Operations Checklist
### Weekly
### Monthly
### Quarterly
### Annually
## Incident Response Checklist
### When Something Goes Wrong
1. **Assess Impact**
2. **Immediate Actions**
3. **Communication**
4. **Resolution**
5. **Post-Incident**
## Production Readiness Score
"""
"""The headings of the checklist."""


def test_its_headings_are_the_checklists() -> None:
    text = markdown.render(eight_faults.report())
    found = re.findall(r"^(?:#{2,3} .*|- \[[x ]\] \*\*.*|[0-9]\. \*\*[A-Z].*)$", text, re.MULTILINE)
    found = [re.sub(r"\[[x ]\] ", "", line) for line in found if line != "## What to do next"]
    assert found == CHECKLIST.strip().split("\n")


def test_a_group_is_ticked_when_all_of_it_is() -> None:
    passed = replace(ITEMS[0], item="a", group="g")
    for others, box in (
        ((), "x"), ((replace(passed, item="b", outcome=Outcome.ATTESTED),), "x"), ((replace(passed, item="b", outcome=Outcome.NOT_APPLICABLE),), "x"),
        ((replace(passed, item="b", outcome=Outcome.WAIVED),), " "), ((replace(passed, item="b", outcome=Outcome.NOT_ASSESSED),), " "),
    ):  # fmt: skip
        text = markdown.render(replace(REPORT, hosts=(replace(FIRST, items=(passed, *others)),)))
        assert f"\n- [{box}] **g**\n" in text
    alone = replace(passed, outcome=Outcome.NOT_APPLICABLE)
    assert "\n- [ ] **g**\n" in markdown.render(replace(REPORT, hosts=(replace(FIRST, items=(alone,)),)))


def test_each_outcome_is_noted_as_a_person_would() -> None:
    text = markdown.render(replace(told(REPORT, ""), hosts=told(REPORT, "").hosts[:1]))
    for lines in (
        "  - [x] Keys only\n- [ ] **firewall**",
        "- [ ] Dumps\n  - **not assessed**: no permission: sudo was refused\n  - comes of: web: x\n",
        "- [ ] Restores\n  - **check broke**: the check itself broke: KeyError\n",
        "- [x] Somebody looked\n  - attested by operations x on 2026-03-01 until 2026-06-01, approved by security x, for `postgres 16 x` only: it was seen x\n"
        "  - seen: `https://wiki.example.org/seen`\n",
        "- [ ] Answers quickly\n  - waived by product owner on 2026-03-01 until 2026-04-01, for `container redis` only: soon x\n  - fix: add an index\n",
        "- [ ] Graphs\n  - advice: there are none\n  - fix: draw some\n",
        "- [ ] ~~Mail~~\n  - not applicable by operations: no mail is sent x\n",
        "    - **failed, non-negotiable**: web: x\n    - seen: `web: x`\n    - seen: `port 0`\n    - seen: `port 1`\n    - seen: `port 2`\n    - seen: `port 3`\n    - seen: and 1 more\n"
        "    - **caution**: keep a second session open x\n    - fix: close it x\n",
        "- [ ] Read the logs\n  - **not assessed**: no completion is on record\n  - to see it: attest it (`zebu attest ID`) to see 2 more items\n",
        "- Pre-Deployment: 1 / 4 items\n- Deployment Verification: 1 / 2 items, and 1 waived\n- Post-Deployment: 0 / 0 items\n- **Overall**: 2 / 6 items, and 1 waived\n",
        "- **Lapsed**: `pre.database.not-assessed`: the attestation by x expired on 2026-03-01\n",
        "- **Relaxed**: `requirements.cpus` = `2` (checklist: `4`), x (operations)\n", "- **Simulated**: `Proxmox VE`, `x`: what these say is no evidence",
        "1. Close it x (Pre deployment 25 % -> 75 %, 1 non-negotiable closed)\n   - **Caution**: keep a second session open x\n",
    ):  # fmt: skip
        assert lines in text


def test_what_people_said_before_words_had_parts_is_told_once() -> None:
    item = replace(ITEMS[4], word=None)
    text = markdown.render(replace(REPORT, hosts=(replace(FIRST, items=(item,)),)))
    assert "  - attested by operations on 2026-03-01, until 2026-06-01: it was seen\n" in text


def test_a_partial_run_says_so_and_leaves_boxes_without_a_note() -> None:
    text = markdown.render(replace(REPORT, hosts=REPORT.hosts[1:2]))
    assert "**PARTIAL** (partial run)" in text
    assert "**Partial run**: empty boxes without a note were not looked at." in text
    assert "- [ ] Dumps\n- [ ] Restores\n" in text
    assert "**ssh let nobody in**: Permission denied" in text
    nothing = markdown.render(replace(REPORT, hosts=REPORT.hosts[2:]))
    assert "**NOT SELECTED**" in nothing
    assert "**Nothing was gathered.**" in nothing


def test_every_step_is_bounded() -> None:
    host = replace(FIRST, plan=(filled.STEP,) * 12)
    text = markdown.render(replace(REPORT, hosts=(host,)))
    assert text.count("start redis (these 2 items make it ready)") == markdown.MOST_STEPS
    assert "... and 2 more steps." in text
    assert (
        "   - **Caution**: it may be slow\n   - `docker compose start redis`\n   - verify: `pytest --zebu-host=vm -k '[pre.security.passed]'`\n"
        in text
    )


# Nothing that was said is markup


@pytest.mark.parametrize(("text", "shown"), [
    ("set `PasswordAuthentication no` (in `x.conf`), then `systemctl reload ssh`.", "set `PasswordAuthentication no` (in `x.conf`), then `systemctl reload ssh`."),
    ("and/or don't, 79.1 % at 12:30!", "and/or don't, 79.1 % at 12:30!"), ("zebu.test: comes from (/etc/ssh).", "`zebu.test`: comes from (`/etc/ssh`)."),
    ("@me #12 <b> [a](b)", "`@me #12 <b> [a](b`)"), ("www.evil.example", "`www.evil.example`"), ("an `open end", "an `` `open `` end"), ("", ""), ("`", "`` ` ``"),
    ("- [x] done", "`-` `[x]` done"), ("1. first", "`1.` first"), ("# no heading", "`#` no heading"), ("a_b *c* ~~d~~", "`a_b *c* ~~d~~`"), ("a  \n b", "a b"),
    ("IPV6=yes; `a``b`", "`IPV6=yes`; `a` `b`"), ("`` nothing", "nothing"), ("€ Straße → naïve", "`€` Straße → naïve"),
])  # fmt: skip
def test_plain_words_stay_and_all_else_is_code(text: str, shown: str) -> None:
    assert prose(text) == shown


SIGNS = "`*_~[]()!<>#|-+=1.)&;:@/\\'\" ax\n\t$^{}%,?"
PIECES = (
    "`",
    "``",
    "www.a.com",
    "https://x.y",
    "a@b.c",
    "<b>",
    "[a](b)",
    "![a](b)",
    "**",
    "~~",
    "1.",
    "-",
    "# ",
    "&lt;",
    "x",
    " ",
    ")",
    "(",
)


@pytest.mark.hostile("outputs")
@settings(max_examples=1500, deadline=None)
@given(
    st.text(SIGNS, max_size=40)
    | st.lists(st.sampled_from(PIECES), max_size=12).map("".join)
    | st.sampled_from([*DIRTY.values()][:50])
)
def test_no_text_forms_markup(text: str) -> None:
    shown = prose(text)
    for before in ("- ", "- seen: ", "1. "):
        if shown:
            found = [token.type for token in tokens(before + shown)]
            assert set(found) <= PLAIN, shown
            assert sum(kind.endswith("list_open") for kind in found) == 1, shown
    cells = [token.type for token in tokens(f"| a |\n|---|\n| {markdown._cell(text)} |")]
    assert cells.count("td_open") == 1


def structure(report: Report) -> list[tuple[str, str]]:
    """The blocks of a document, and what is in them beside text and code."""
    kinds = ("text", "code_inline", "softbreak")
    return [(token.type, token.tag) for token in tokens(markdown.render(report)) if token.type not in kinds]


HARMLESS = structure(told(REPORT, "plain words"))


@pytest.mark.hostile("outputs")
@pytest.mark.parametrize("text", [text for text in DIRTY.values() if len(text) < 100_000])
def test_a_checklist_of_hostile_words_is_a_checklist(text: str) -> None:
    report = told(REPORT, text)
    assert structure(report) == HARMLESS
    assert {kind for kind, _ in HARMLESS}.isdisjoint({"html_inline", "html_block", "link_open", "image", "fence", "hr"})
    assert not forbidden(markdown.render(report))


@pytest.mark.hostile("outputs")
def test_an_items_text_is_markup_only_where_it_is_the_checklists() -> None:
    known = load()["pre.security.ssh.no-passwords"]
    item = replace(ITEMS[0], item=known.id, text=known.text, group=known.group)
    assert markdown.text_of(item) == known.text == "Password authentication disabled (`PasswordAuthentication no`)"
    assert markdown.text_of(replace(item, text=f"{known.text} <b>")).endswith("`<b>`")
    assert markdown.group_of(replace(item, group="<b>")) == "`<b>`"


# As the summary of a step


def test_a_summary_is_all_or_what_is_open_or_what_failed_or_the_heads() -> None:
    report = eight_faults.report()
    whole = markdown.render(report)
    assert markdown.summary(report, len(whole.encode())) == whole
    sizes = [len(whole.encode())]
    kinds = []
    while text := markdown.summary(report, sizes[-1] - 1):
        sizes.append(len(text.encode()))
        kinds.append(Counter(is_ticked for _, is_ticked in boxes(text)))
        assert text.endswith(
            "Not all of the checklist fits here: the whole is in the report that `--zebu-report=markdown:FILE` writes.\n"
        )
    outcomes = Counter(item.outcome for item in report.hosts[0].items)
    done = outcomes[Outcome.PASSED] + outcomes[Outcome.ATTESTED]
    assert kinds == [{False: 196 - done}, {False: outcomes[Outcome.FAILED]}, {}]
    assert sizes == sorted(sizes, reverse=True)
    assert markdown.summary(report, 10) == markdown.summary(report, -1) == ""


def test_the_whole_fits_a_step_many_times() -> None:
    assert len(markdown.render(eight_faults.report()).encode()) < 100_000
