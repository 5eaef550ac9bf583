"""The same eight faults, seen by this suite, by Lynis and by OpenSCAP. Needs the lab up, and root.

    python -m benchmarks.comparison out/comparison [--only zebu] [--pictures docs/images]

Each tool looks at the production machine twice: with the faults, and when all is well. What a tool says with the faults
and does not say without them is what it found of them. What the tools said is kept whole in the folder; the figures are printed.
Lynis and OpenSCAP are Debian's packages, installed into the machine, which is reset when they have looked.
"""

from __future__ import annotations

import argparse
import html
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from xml.etree import ElementTree

from playwright.sync_api import sync_playwright

from lab.build import MIRROR, SOURCES
from lab.deployment import Lab, require_up
from lab.proofs import Fault, load_faults
from lab.settled import settle, settle_healthy
from lab.shell import run
from tests.proofs.test_proofs import break_all, mend_all
from tests.reports.eight_faults import FAULTS

ROOT = Path(__file__).parents[1]
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
WIDTH, HEIGHT = 1280, 900
SCREEN = 58
"""Lines of text on a picture of a terminal: a large one."""
COLUMNS = 130
"""As many as there is room for."""
SECONDS = 1800.0
THERE = "/root/comparison"
CONTENT = "usr/share/xml/scap/ssg/content/ssg-debian12-ds.xml"
"""Debian 12's own ssg-debian knows Debian 10 and 11; Debian 13's knows Debian 12."""
KERNEL = "linux-base"
"""The content takes a machine that has this for one with a kernel of its own; without it, it leaves out most of its rules."""
PROFILES = {
    "standard": "xccdf_org.ssgproject.content_profile_standard",
    "anssi": "xccdf_org.ssgproject.content_profile_anssi_bp28_high",
    "all": "(all)",
}
"""The content's own standard, its widest, and every rule that it has, selected by a profile or not."""
PICTURED = "openscap-anssi"
XCCDF = "{http://checklists.nist.gov/xccdf/1.2}"


@dataclass(frozen=True, slots=True)
class Seen:
    """What a tool said in one run.

    Attributes:
        seconds: how long it took.
        lines: of the text that it prints.
        findings: what it holds against the machine, by its own names.
        judged: how many things it judged.
        others: how it answered, by its own words.
        score: its own, if it gives one.
    """

    seconds: float
    lines: int
    findings: frozenset[str]
    judged: int
    others: dict[str, int]
    score: str


def ours(lab: Lab, folder: Path) -> Seen:
    """This suite, without active probes, from a folder without settings of pytest's."""
    report = folder / "report.json"
    words = [sys.executable, "-m", "pytest", "--zebu-host=lab", f"--html={folder}/report.html", f"--zebu-json={report}"]
    environment = {**os.environ, "COLUMNS": str(COLUMNS), "PYTHONPATH": str(ROOT)}
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as empty:
        done = subprocess.run(
            [*words, "-p", "no:cacheprovider"],
            cwd=empty,
            capture_output=True,
            text=True,
            check=False,
            timeout=SECONDS,
            env=environment,
        )
    seconds = time.monotonic() - began
    (folder / "terminal.txt").write_text(done.stdout + done.stderr)
    (host,) = json.loads(report.read_text())["hosts"]
    outcomes = [item["outcome"] for item in host["items"]]
    return Seen(
        seconds,
        len((done.stdout + done.stderr).splitlines()),
        frozenset(item["id"] for item in host["items"] if item["outcome"] == "failed"),
        len(outcomes) - outcomes.count("not_assessed"),
        {outcome: outcomes.count(outcome) for outcome in sorted(set(outcomes))},
        ", ".join(f"{name} {stage['score']} %" for name, stage in host["stages"].items()),
    )


def lynis(lab: Lab, folder: Path) -> Seen:
    """Lynis, as root on the machine."""
    began = time.monotonic()
    done = lab.vm.run(["lynis", "audit", "system", "--no-colors", "--quick"], check=False, timeout=SECONDS)
    seconds = time.monotonic() - began
    text = done.stdout.decode(errors="replace")
    (folder / "lynis.txt").write_text(text)
    for name in ("lynis.log", "lynis-report.dat"):
        shutil.move(lab.vm.root / "var/log" / name, folder / name)
    said = [line.partition("=") for line in (folder / "lynis-report.dat").read_text().splitlines()]
    found = [f"{kind.removesuffix('[]')} {text}" for kind, _, text in said if kind in ("warning[]", "suggestion[]")]
    value = {key: text for key, _, text in said}
    kinds = {kind: sum(one.startswith(kind) for one in found) for kind in ("warning", "suggestion")}
    judged = int(value["lynis_tests_done"])
    return Seen(seconds, len(text.splitlines()), frozenset(found), judged, kinds, f"index {value['hardening_index']}")


def openscap(lab: Lab, folder: Path, profile: str) -> Seen:
    """OpenSCAP, as root on the machine, by one of the profiles; from results of this kind its report has what was seen, too."""
    began = time.monotonic()
    words = ["oscap", "xccdf", "eval", "--profile", PROFILES[profile], "--results-arf", f"{THERE}/results.xml"]
    done = lab.vm.run([*words, f"{THERE}/{Path(CONTENT).name}"], check=False, timeout=SECONDS)
    report = ["oscap", "xccdf", "generate", "report", "--output", f"{THERE}/report.html", f"{THERE}/results.xml"]
    lab.vm.run(report, timeout=SECONDS)
    seconds = time.monotonic() - began
    text = (done.stdout + done.stderr).decode(errors="replace")
    (folder / f"openscap-{profile}.txt").write_text(text)
    for name in ("results.xml", "report.html"):
        shutil.move(lab.vm.root / THERE[1:] / name, folder / f"openscap-{profile}-{name}")
    tree = ElementTree.parse(folder / f"openscap-{profile}-results.xml")
    results = {
        rule.attrib["idref"].rpartition("_rule_")[2]: rule.findtext(f"{XCCDF}result", "")
        for rule in tree.iter(f"{XCCDF}rule-result")
    }
    answers = [result for result in results.values() if result != "notselected"]
    score = next(tree.iter(f"{XCCDF}score"))
    return Seen(
        seconds,
        len(text.splitlines()),
        frozenset(rule for rule, result in results.items() if result == "fail"),
        answers.count("pass") + answers.count("fail"),
        {answer: answers.count(answer) for answer in sorted(set(answers))},
        f"{float(score.text or 0):.1f} of {float(score.attrib['maximum']):.0f}",
    )


TOOLS: dict[str, Callable[[Lab, Path], Seen]] = {
    "zebu": ours,
    "lynis": lynis,
    **{f"openscap-{profile}": partial(openscap, profile=profile) for profile in PROFILES},
}


def fetch(lab: Lab, folder: Path) -> list[Path]:
    """Debian's packages of the two, with those that they need and the machine has not, and the newer content."""
    shutil.rmtree(folder, ignore_errors=True)
    for suite, sources, words in (
        ("bookworm", SOURCES, ["--download-only", "--no-install-recommends", "-y", "install", "lynis", "openscap-scanner", KERNEL]),
        ("trixie", [f"deb {MIRROR}/debian trixie main"], ["download", "ssg-debian"]),
    ):  # fmt: skip
        apt = folder / suite
        for name in ("lists/partial", "archives/partial"):
            (apt / name).mkdir(parents=True)
        (apt / "list").write_text(
            "".join(f"{line.replace('deb ', f'deb [signed-by={KEYRING}] ')}\n" for line in sources)
        )
        places = {
            "Dir::Etc::sourcelist": apt / "list",
            "Dir::Etc::sourceparts": "-",
            "Dir::State::lists": apt / "lists",
            "Dir::State::status": lab.vm.root / "var/lib/dpkg/status",
            "Dir::Cache": apt,
            "APT::Sandbox::User": "root",
        }
        options = [word for name, value in places.items() for word in ("-o", f"{name}={value}")]
        run(["apt-get", "-qq", *options, "update"])
        run(["apt-get", "-qq", *options, *words], cwd=apt / "archives")
    return sorted(folder.glob("*/archives/*.deb"))


def install(lab: Lab, folder: Path) -> None:
    """Put them into the machine, which reaches no mirror."""
    there = lab.vm.root / THERE[1:]
    there.mkdir(exist_ok=True)
    packages = fetch(lab, folder)
    (content,) = (package for package in packages if package.name.startswith("ssg-debian"))
    run(["dpkg-deb", "-x", content, folder / "content"])
    shutil.copy(folder / "content" / CONTENT, there)
    for package in packages:
        if package != content:
            shutil.copy(package, there)
    lab.vm.shell(f"DEBIAN_FRONTEND=noninteractive dpkg -i {THERE}/*.deb")
    print(*(package.name for package in packages), sep="\n")


@contextmanager
def broken(lab: Lab, faults: tuple[Fault, ...]) -> Iterator[None]:
    """With all faults at once."""
    try:
        break_all(lab, faults)
        settle(lab, {service: state for fault in faults for service, state in fault.settles.items()})
        yield
    finally:
        mend_all(lab, faults)


def picture(page: str, file: Path, *, whole: bool = False) -> None:
    """The first screen of a page, or all of it; how many screens it has is said."""
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        try:
            view = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
            view.goto(page)
            view.screenshot(path=file, full_page=whole)
            size = view.evaluate("[document.documentElement.scrollWidth, document.documentElement.scrollHeight]")
            print(f"{file.name}: a page of {size[0]} x {size[1]} px, {size[1] / HEIGHT:.1f} screens")
        finally:
            browser.close()


def of_text(text: str, folder: Path, file: Path) -> None:
    """What a terminal shows when a program has ended."""
    moved = re.sub(r"\x1b\[(\d*)C", lambda found: " " * int(found[1] or 1), text)
    plain = re.sub(r"\x1b\[[\d;?]*[A-Za-z]", "", moved)
    shown = html.escape("\n".join(plain.splitlines()[-SCREEN:]))
    style = "margin:0; padding:12px; white-space:pre-wrap; overflow-wrap:anywhere; font:15px/19px 'DejaVu Sans Mono',monospace; color:#ddd; background:#111"
    page = folder / f"{file.stem}.html"
    page.write_text(f"<meta charset=utf-8><body style='margin:0;background:#111'><pre style=\"{style}\">{shown}</pre>")
    picture(page.as_uri(), file, whole=True)


def pictures(folder: Path, into: Path, tools: Sequence[str]) -> None:
    """What a reviewer has before the eyes when each tool has ended: the first screen of a page, the last one of a terminal."""
    into.mkdir(parents=True, exist_ok=True)
    if "zebu" in tools:
        picture((folder / "report.html").as_uri(), into / "comparison-zebu.png")
        of_text((folder / "terminal.txt").read_text(), folder, into / "comparison-zebu-terminal.png")
    if "lynis" in tools:
        of_text((folder / "lynis.txt").read_text(), folder, into / "comparison-lynis.png")
    if PICTURED in tools:
        picture((folder / f"{PICTURED}-report.html").as_uri(), into / "comparison-openscap.png")


def say(name: str, well: Seen, ill: Seen) -> None:
    """The figures of a tool, and what it says with the faults only, or without them only."""
    print(f"\n{name}: {ill.seconds:.0f} s, {ill.lines} lines, {ill.judged} judged")
    for state, seen in (("well", well), ("with the faults", ill)):
        kinds = ", ".join(f"{count} {kind}" for kind, count in seen.others.items())
        print(f"  {state}: {len(seen.findings)} findings ({kinds}); {seen.score}")
    for word, found in (
        ("only with the faults", ill.findings - well.findings),
        ("only when all is well", well.findings - ill.findings),
    ):
        for one in sorted(found):
            print(f"  {word}: {one.rstrip('|-')}")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("folder", type=Path, help="where what the tools say is kept")
    parser.add_argument("--only", action="append", choices=TOOLS, help="of the tools (default: all)")
    parser.add_argument("--pictures", type=Path, metavar="FOLDER", help="where pictures of them go")
    options = parser.parse_args()
    tools = options.only or list(TOOLS)
    lab = require_up(Lab())
    by_id = {fault.id: fault for fault in load_faults()}
    faults = tuple(by_id[name] for name in FAULTS)
    folders = {state: options.folder.resolve() / state for state in ("well", "ill")}
    for folder in folders.values():
        folder.mkdir(parents=True, exist_ok=True)
    others = [tool for tool in tools if tool != "zebu"]
    seen: dict[tuple[str, str], Seen] = {}
    try:
        if "zebu" in tools:
            settle_healthy(lab)
            seen["zebu", "well"] = ours(lab, folders["well"])
        with broken(lab, faults):
            if "zebu" in tools:
                seen["zebu", "ill"] = ours(lab, folders["ill"])
            if others:
                install(lab, options.folder.resolve() / "packages")
            seen |= {(tool, "ill"): TOOLS[tool](lab, folders["ill"]) for tool in others}
        seen |= {(tool, "well"): TOOLS[tool](lab, folders["well"]) for tool in others}
    finally:
        if others:
            lab.reset(["vm"])
    for tool in tools:
        say(tool, seen[tool, "well"], seen[tool, "ill"])
    if options.pictures:
        pictures(folders["ill"], options.pictures, tools)


if __name__ == "__main__":
    main()
