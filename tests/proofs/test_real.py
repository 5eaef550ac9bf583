"""The arrangement with the real project's habits: every scored item is what was said of it before the suite looked.

Runs after the tidy lab's proofs, in its place. What comes next changes back.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from lab.deployment import Lab
from lab.real import truth
from lab.real.build import FIRST_CHECKOUT, WORKSPACE
from lab.real.deployment import RealLab
from lab.record import SECRET_NAME
from tests.proofs.test_promises import _forms

from .conftest import Suite

pytestmark = pytest.mark.lab


@pytest.fixture(scope="module")
def real(lab: Lab) -> RealLab:
    """It is up, and nobody has looked at it yet."""
    found = RealLab(lab.place)
    found.up()
    return found


def secrets_of(real: RealLab) -> dict[str, str]:
    found = {
        name: value
        for name, value in real.environment_of_vm().items()
        if SECRET_NAME.match(f"{name}=") and len(value) >= 16
    }
    keys = real.place.keys
    return found | {name: (keys / f"{name}.secret").read_text() for name in ("npm", "proxmox")}


def test_every_item_is_what_it_is(real: RealLab, suite: Suite, tmp_path: Path) -> None:
    """157 of 157, at the first look; and none of its secrets is in anything that is written."""
    outputs = (
        f"--zebu-save={tmp_path}/snapshot.json",
        f"--html={tmp_path}/report.html",
        f"--junit-xml={tmp_path}/j.xml",
    )
    run = suite(*truth.OPTIONS, *outputs)
    table = truth.read()
    assert len(table) == 157
    wrong = [
        f"{item_id}: {run.why(item_id)}, and not {right.outcome}: {right.why}"
        for item_id, right in table.items()
        if run.outcomes[item_id] != right.outcome
    ]
    assert not wrong, f"{len(wrong)} differ\n" + "\n".join(wrong)
    assert run.status == 1
    assert not [stage for stage, tally in run.host["stages"].items() if tally["ready"]]
    assert run.host["ssh_logins"] == 1

    secrets = secrets_of(real)
    assert "ALPHA_VANTAGE_API_KEY" in secrets
    assert secrets["ALPHA_VANTAGE_API_KEY"] in real.vm.shell("docker logs papertrade-backend-prod 2>&1 | grep apikey=")
    files = [path for path in tmp_path.rglob("*") if path.is_file()] + [real.history]
    assert {"snapshot.json", "report.html", "report.json", "j.xml"} <= {path.name for path in files}
    texts = {"terminal": run.output} | {path.name: path.read_text(errors="replace") for path in files}
    for name, value in secrets.items():
        for form in _forms(value):
            assert [place for place, text in texts.items() if form in text] == [], name


def test_what_is_broken_on_it_is_seen(real: RealLab, suite: Suite) -> None:
    """What the example lacks is gone from `.env`, the sign-in provider's script does not come, another commit was checked
    out without a build, and there are no dumps at all.
    """
    for folder in (FIRST_CHECKOUT, WORKSPACE):
        real.vm.shell(f"sed -i '/^VITE_CLERK_PUBLISHABLE_KEY=/d' {folder}/.env")
    real.change_state("signin", lambda state: {**state, "refuse": {"status": 503, "body": {}}})
    git = f"runuser -u runner -- git -C {WORKSPACE}"
    real.vm.shell(
        f"sed -i 's/A greeting/Some words/' {WORKSPACE}/backend/papertrade/main.py;"
        f"{git} -c user.name=development -c user.email=development@zebu.test commit -qam 'Reword';"
        "crontab -r; rm -r /root/backups"
    )
    broken = {
        "pre.application.environment.required-variables": {"failed"},
        "deploy.initial.images-built": {"failed"},
        "deploy.performance.page-load": {"failed", "not_assessed"},
        "deploy.frontend.mobile": {"failed", "not_assessed"},
        "deploy.frontend.console-clean": {"failed"},
        "pre.database.backups.strategy": {"failed"},
        "pre.database.backups.scheduled": {"failed"},
        "post.recovery.backups.daily": {"failed"},
    }
    run = suite("-k", " or ".join(item_id.rpartition(".")[2] for item_id in broken))
    wrong = [run.why(item_id) for item_id, right in broken.items() if run.outcomes[item_id] not in right]
    assert not wrong, "\n".join(wrong)
