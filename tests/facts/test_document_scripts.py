"""What is said of documents where they lie: of which kind they are, their headings, and what they name that is not there."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from pytest_zebu.facts import documents
from pytest_zebu.facts.answer import Said, need
from pytest_zebu.facts.documents import Document, Documents
from pytest_zebu.facts.fact import Gathered
from pytest_zebu.settings.target import Target

Read = Callable[..., Documents]


@pytest.fixture
def read(tmp_path: Path, target: Target) -> Read:
    """The documents of a folder with these files, as they are read on the machine."""

    def made(files: Mapping[str, str], path: str = "", besides: str = "", git: bool = False) -> Documents:
        folder = tmp_path / "app"
        for name, text in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text)
        if git:
            commit(folder, "2026-01-02T03:04:05Z")
        environment = {f"ZEBU_{name}": text for name, text in documents.PROBE.environment.items()}
        environment |= {"ZEBU_APP_DIR": str(folder), "ZEBU_SET_DOCUMENTS": besides, "LC_ALL": "C"}
        environment["PATH"] = path or os.environ["PATH"]
        done = subprocess.run(["perl", "-we", documents.PROBE.text], env=environment, capture_output=True, check=False)
        assert (done.returncode, done.stderr.decode()) == (0, "")
        return need(documents.FACT.read(Gathered({"documents": Said(0, done.stdout.decode(), "")}), target))

    return made


def commit(folder: Path, when: str) -> None:
    own = ["-c", "user.name=operations", "-c", "user.email=operations@zebu.test", "-c", "core.hooksPath=/dev/null"]
    environment = {**os.environ, "GIT_AUTHOR_DATE": when, "GIT_COMMITTER_DATE": when}
    for command in (["init", "-q"], ["add", "-A"], [*own, "commit", "-qm", "documents"]):
        subprocess.run(["git", "-C", str(folder), *command], check=True, env=environment)


def only(found: Documents) -> Document:
    (one,) = found.all
    return one


HEADED = {
    "a.md": "intro\n\n## Rollback ##\n\ntext\n",
    "no-blank.md": "intro\n\n##Rollback\n\ntext\n",
    "setext.md": "intro\n\nRollback\n--------\n\ntext\n",
    "numbered.md": "intro\n\n### 4.2. 🔄 Rollback\n\ntext\n",
    "front.md": "---\ntitle: Rollback\n---\ntext\n",
    "toml.md": "+++\ntitle = 'Rollback'\n+++\ntext\n",
    "html.md": '<h2 align="center">How to <b>roll back</b></h2>\n\ntext\n',
    "summary.md": "intro\n<details>\n<summary>Rollback</summary>\n\ntext\n</details>\n",
    "bold.md": "intro\n\n**Rollback:**\n\ntext\n",
    "quoted.md": "intro\n\n> ## Rollback\n> text\n",
    "windows.md": "intro\r\n\r\n## Rollback\r\n\r\ntext\r\n",
    "bom.md": "\ufeff# Rollback\ntext\n",
    "a.rst": "intro\n\n========\nRollback\n========\n\ntext\n",
    "under.rst": "intro\n\nRollback\n~~~~~~~~\n\ntext\n",
    "a.adoc": "intro\n\n== Rollback\n\ntext\n",
    "two-lines.adoc": "Handbook\n========\n\nintro\n\nRollback\n--------\n\ntext\n",
    "nearly.adoc": "intro\n\n[[back]]\nRollback steps\n~~~~~~~~~~~~~~~\n\ntext\n",
    "block.adoc": "= Page\n\n.Rollback\n. one\n. two\n",
    "attributed.adoc": "= Page\n\n[WARNING]\n.Rollback\n====\ntext\n====\n",
    "list.md": "# Page\n\n1. ## Rollback\n   text\n2. ## Other\n",
    "box.md": "# Page\n\n:::warning Rollback\ntext\n:::\n",
    "braced.md": "# Page\n\n::::tip[Rollback] {.x}\ntext\n::::\n",
    "quoted-box.md": '# Page\n\n!!! warning "Rollback"\n    text\n',
    "rubric.rst": "Page\n====\n\n.. rubric:: Rollback\n\ntext\n",
    "box.rst": "Page\n====\n\n.. admonition:: Rollback\n\n   text\n",
    "a.org": "#+TITLE: Handbook\n** TODO Rollback\ntext\n",
    "docs/a.html": "<html><body><p>intro</p><h2 id='x'>Roll\nback</h2><p>text</p></body></html>\n",
    "docs/a.txt": "intro\n\nROLLBACK\n\ntext\n",
    "docs/wiki.txt": "intro\n\n== Rollback ==\n\ntext\n",
    "README": "intro\n\nRollback\n--------\ntext\n",
}


@pytest.mark.parametrize("name", HEADED)
def test_a_heading_of_any_markup(name: str, read: Read) -> None:
    one = only(read({name: HEADED[name]}))
    assert any("rollback" in part.titles for part in (one.whole, *one.sections))


@pytest.mark.parametrize(("name", "text"), [
    ("a.md", "# Page\n```sh\n# Rollback\nls\n```\n"), ("a.md", "# Page\n~~~\n# Rollback\n```\n# Rollback\n~~~\n"),
    ("a.md", "# Page\n- item\n\n  ```\n  # Rollback\n  ```\n"), ("a.md", "# Page\n<!--\n## Rollback\n-->\n"),
    ("a.md", "# Page\n<!-- ```\n-->\ntext\n"), ("a.md", "# Page\n\n    # Rollback\n"), ("a.md", "# Page\n\n#123 rollback\n"),
    ("a.md", "# Page\n\n| rollback |\n|---|\n"), ("a.md", "# Page\n\n- rollback\n---\n"), ("a.md", "---\nx: rollback\n---\n# Page\n"),
    ("a.rst", "Page\n====\n\n.. code-block:: sh\n\n   Rollback\n   --------\n"), ("a.rst", "Page\n====\n\n.. note to self\n   Rollback\n   --------\n"),
    ("a.rst", "Page\n====\n\n=====  =====\nrollback x\n=====  =====\n"), ("a.adoc", "= Page\n\n----\n== Rollback\n----\n"),
    ("a.adoc", "= Page\n\n////\n== Rollback\n////\n"), ("a.adoc", "= Page\n\n====\ntext of rollback\n====\n"), ("a.adoc", "= Page\n\n.Rollback\nimage::x.png[]\n"),
    ("a.adoc", "= Page\n\n.Rollback\n[cols=2]\n|===\n| a\n|===\n"), ("a.adoc", "= Page\n\n.rollback-file\n\ntext\n.rollback is a file\n"), ("a.adoc", "= Page\n\ntext\nrollback\n--------\nls\n--------\n"),
    ("a.md", "# Page\n\n<pre>\n# Rollback\n</pre>\n"), ("a.md", "# Page\n\n- #1 rollback\n- #rollback\n"), ("a.md", "# Page\n\n:::warning\nrollback\n:::\n"), ("a.org", "* Page\n#+BEGIN_SRC sh\n* Rollback\n#+END_SRC\n"),
    ("docs/a.html", "<h1>Page</h1><!-- <h2>Rollback</h2> --><pre>\n# Rollback\n</pre>"),
])  # fmt: skip
def test_what_is_no_heading(name: str, text: str, read: Read) -> None:
    one = only(read({name: text}))
    assert not any("rollback" in part.titles for part in (one.whole, *one.sections))


def test_a_title_of_two_lines_hides_nothing(read: Read) -> None:
    """A block begins where no title is; what is of another length is none."""
    text = "Page\n====\n\nRollback\n--------\n\n[source,sh]\n----\nzebu-one\n----\n\nRun:\n----\nls\n----\n\nRestore\n-------\n\none two\n"
    one = only(read({"docs/a.adoc": text}))
    assert one.whole.lacks == ("zebu-one",)
    assert [(*part.titles, part.words) for part in one.sections] == [("rollback", 10), ("restore", 4)]


def test_a_heading_in_a_list_ends_with_its_item(read: Read) -> None:
    """And it ends no section that the list is in."""
    text = "# Page\n## Restore\n1. ## Rollback\n   one\n\n   ### Then\n   two\n2. # Other\n   three\n## Last\n:::note Shutdown\none\n:::\ntwo\n"
    one = only(read({"docs/a.md": text}))
    assert [(*part.titles, part.words) for part in one.sections] == [("restore", 13), ("rollback", 7), ("shutdown", 3)]


def test_a_section_ends_with_the_next_of_its_level(read: Read) -> None:
    text = "# Page\n## Rollback\none\n### Then\ntwo three\n## Other\nTODO four five six\n"
    (section,) = only(read({"docs/page.md": text})).sections
    assert (section.words, section.placeholders) == (7, 0)


KINDS = {
    "docs/a.md": "document", "README.md": "document", "wiki/Home.md": "document", "backend/README.rst": "document", "docs/runbooks/agents.md": "document",
    "agent_docs/001_npm.md": "note", ".claude/commands/deploy.md": "note", ".cursor/rules/a.md": "note", ".github/instructions/a.md": "note",
    "docs/worklogs/a.md": "note", "ai-notes/a.md": "note", "CLAUDE.md": "note", "AGENTS.md": "note", "CHANGELOG.md": "note", "PROGRESS.md": "note",
    "archive/a.md": "archive", "docs/old/a.md": "archive", "notes/a.md": "archive", "docs/rollback-old.md": "archive", "docs/_archive/2024/a.md": "archive",
}  # fmt: skip


def test_kinds_of_documents(read: Read) -> None:
    found = read(dict.fromkeys(KINDS, "# Rollback\n"))
    assert {one.path: one.kind for one in found.all} == KINDS
    assert {one.path for one in found} == {name for name, kind in KINDS.items() if kind == "document"}


def test_what_is_no_document(read: Read) -> None:
    names = (
        "backend/requirements.txt", "requirements-dev.txt", "frontend/public/robots.txt", "LICENSE.md", "node_modules/a/README.md", "frontend/index.html",
        ".venv/lib/a.md", "vendor/x/README.md", "backend/src/words.txt", ".github/pull_request_template.md", "a.egg-info/SOURCES.txt",
    )  # fmt: skip
    assert read(dict.fromkeys(names, "# Rollback\n")).all == ()


def test_a_crowd_of_notes_leaves_room_for_documents(read: Read) -> None:
    """Notes are read last, and how many were left out of them is told apart."""
    files = {f"agent_docs/{number}.md": "# Rollback\n" for number in range(2100)} | {"docs/z.md": "# Rollback\n"}
    found = read(files)
    assert [one.path for one in found] == ["docs/z.md"]
    assert (found.cut, found.left_aside, found.unseen) == (0, 101, "")


def test_too_many_documents(read: Read) -> None:
    found = read({f"docs/{number}.md": "x\n" for number in range(2003)})
    assert (len(found.all), found.cut, found.left_aside) == (2000, 3, 0)


def test_what_cannot_be_read_is_named(read: Read, tmp_path: Path) -> None:
    files = {
        "docs/contacts.pdf": "%PDF",
        "docs/long.md": "x" * 524_289,
        "docs/nul.md": "a\0b",
        "agent_docs/long.md": "x" * 524_289,
    }
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/find").write_text('#!/bin/sh\n/usr/bin/find "$@"\nexit 1\n')
    (tmp_path / "bin/find").chmod(0o755)
    assert set(read(files, path=f"{tmp_path}/bin:{os.environ['PATH']}").unread) == {
        ".",
        "docs/contacts.pdf",
        "docs/long.md",
        "docs/nul.md",
    }


def test_utf_16_is_read(read: Read, tmp_path: Path) -> None:
    (tmp_path / "app").mkdir()
    (tmp_path / "app/a.md").write_bytes("# Rollback\n".encode("utf-16"))
    assert "rollback" in only(read({})).whole.titles


def test_the_folder_that_is_declared_counts_whatever_its_name(read: Read, tmp_path: Path) -> None:
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes/rollback.md").write_text("# Back\n")
    (one,) = read({"x": ""}, besides=f"{tmp_path}/notes")
    assert (one.path, "rollback" in one.whole.titles) == (f"{tmp_path}/notes/rollback.md", True)


def test_times_of_commits(read: Read, tmp_path: Path) -> None:
    found = read({"docs/a b.md": "x", "docs/ü.md": "x", "README": "x"}, git=True)
    assert {f"{one.changed:%Y-%m-%d %H:%M:%S}" for one in found} == {"2026-01-02 03:04:05"}
    assert found.no_history == ""
    (one, *_) = found
    assert found.changed(one) == "changed on 2026-01-02"
    files = tmp_path / "app/docs"
    (files / "new.md").write_text("x")
    os.utime(files / "new.md", (86_400, 86_400))
    (new,) = (one for one in read({}) if one.path == "docs/new.md")
    assert f"{new.changed:%Y-%m-%d}" == "1970-01-02"


def test_a_shallow_copy_knows_nothing_of_before(read: Read, tmp_path: Path) -> None:
    read({"a.md": "x", "b.md": "x"}, git=True)
    (tmp_path / "app/a.md").write_text("y")
    commit(tmp_path / "app", "2026-03-04T00:00:00Z")
    (tmp_path / "app").rename(tmp_path / "origin")
    clone = ["git", "clone", "-q", "--depth", "1", f"file://{tmp_path}/origin", f"{tmp_path}/app"]
    subprocess.run(clone, check=True, capture_output=True)
    assert [one.changed for one in read({})] == [None, None]


def test_without_git_the_files_tell(read: Read, tmp_path: Path) -> None:
    found = read({"a.md": "x"})
    assert found.no_history == "this is no checkout of git, or git cannot read it"
    assert "by its file (this is no checkout" in found.changed(only(found))
    (tmp_path / "few").mkdir()
    for name in ("perl", "find"):
        (tmp_path / "few" / name).symlink_to(f"/usr/bin/{name}")
    assert read({}, path=f"{tmp_path}/few").no_history == "git is not installed"


def lacks(read: Read, text: str, name: str = "docs/ops.md") -> tuple[str, ...]:
    return only(read({name: f"# Page\n{text}"})).whole.lacks


def sh(text: str) -> str:
    return f"```sh\n{text}\n```\n"


@pytest.mark.parametrize(("text", "words"), [
    (sh("zebu-magic --now"), "zebu-magic"), (sh("sudo -u deploy A=b zebu-magic"), "zebu-magic"), (sh("ls && zebu-magic"), "zebu-magic"),
    (sh("./scripts/gone.sh"), "./scripts/gone.sh"), (sh("scripts/gone.sh --now"), "scripts/gone.sh"), (sh("/usr/local/bin/zebu-gone"), "/usr/local/bin/zebu-gone"),
    (sh("systemctl restart zebu-gone"), "zebu-gone"), (sh("sudo systemctl status zebu-gone.timer"), "zebu-gone.timer"), (sh("journalctl -fu zebu-gone"), "zebu-gone"),
    ("`systemctl start zebu-gone.service`\n", "zebu-gone.service"), ("See `/etc/zebu/gone.conf`.\n", "/etc/zebu/gone.conf"), ("`scripts/gone.sh` does it.\n", "scripts/gone.sh"),
    (sh("cat /etc/zebu/gone.conf"), "/etc/zebu/gone.conf"), (sh("cp /opt/gone/a /tmp/b"), "/opt/gone/a"), (sh("until zebu-ready; do sleep 1; done"), "zebu-ready"),
    ("~~~ bash title=x\nzebu-magic\n~~~\n", "zebu-magic"), ("- item\n\n  ```console\n  $ zebu-magic\n  zebu-output\n  ```\n", "zebu-magic"),
    (sh("cat <<EOF\nzebu-inside\nEOF\nzebu-magic"), "zebu-magic"), (sh("echo 'a\nzebu-inside\nb'\nzebu-magic"), "zebu-magic"), (sh("docker compose \\\n  up -d\nzebu-magic"), "zebu-magic"),
    (sh("ssh other\nzebu-inside\nexit\nzebu-magic"), "zebu-magic"), (sh("for i in 1 2; do zebu-magic; done"), "zebu-magic"), (sh("ls | zebu-magic"), "zebu-magic"), ("`./scripts/gone.sh` does it.\n", "./scripts/gone.sh"), (sh("(zebu-magic)"), "zebu-magic"),
    (sh("[[ -f x ]] && zebu-magic"), "zebu-magic"), (sh("((i++)); zebu-magic"), "zebu-magic"), (sh("zebu-magic  now"), "zebu-magic"), (sh("sudo  zebu-magic  now"), "zebu-magic"), (sh("zebu-magic  --now  x"), "zebu-magic"),
])  # fmt: skip
def test_what_is_not_there(text: str, words: str, read: Read) -> None:
    assert lacks(read, text) == (words,)


@pytest.mark.parametrize("text", [
    sh("# Check the state first\nls # zebu-comment"), sh("task deploy\nnpm ci\nuv sync\ngh pr list\nbrew install x\nscp a vm:/opt/gone/b"),
    sh("qm rollback 100 before\npct list\npvesh get /nodes\nvzdump 100\nzpool status"), sh("docker exec db psql -f /srv/gone.sql"), sh("docker compose exec backend alembic downgrade -1"),
    sh("ls [a|zebu-b|zebu-c] ./packages/a"), sh("ssh root@192.0.2.5\nqm list\nzebu-there\n/opt/gone/run.sh"), sh("ssh -i key -p 22 vm 'zebu-there /etc/gone'"), sh("docker exec -it db bash\nzebu-inside\ncat /etc/gone"),
    sh("curl https://<your-domain>/health\nzebu-<name>\n/opt/<app>/run.sh\n$HOME/x.sh\n~/y.sh\n${DIR}/z.sh"), sh("cat /opt/zebu-*/x /var/$NAME/y"),
    "```console\n$ ls\nCONTAINER ID  IMAGE\nzebu-backend  Up\n```\n", "```console\nuser@laptop:~$ zebu-local\nroot@pve:~# zebu-there\n```\n",
    "```powershell\nzebu-magic\n```\n", sh("PS C:\\> zebu-magic\nC:\\zebu\\x"), "```\nzebu-magic\n```\n", "```json\nzebu-magic\n```\n",
    sh("ls\n# Output:\nzebu-output running"), sh("NAME   STATUS\nHTTP/1.1 200 OK\n{\"status\": 1}\nActive: yes\nzebu-backend    Up 2 minutes   80/tcp"),
    sh("mkdir -p /opt/gone/x\ncp a /opt/gone/x/b\ncat /opt/gone/x/b"), sh("echo x > /etc/gone.conf\nsudo tee /etc/gone2.conf\nnano /etc/gone3.conf\ncat /etc/gone.conf"),
    sh("git clone https://zebu.test/x /opt/gone"), sh("zebu-fn() { ls; }\nzebu-fn"), sh("apt install zebu-tool\nzebu-tool"), sh("cd <folder>\n./run.sh"), sh("cd frontend\n./run.sh"),
    sh("systemctl restart nginx promtail\njournalctl -u docker\nsystemctl --user restart zebu-gone\nsystemctl restart zebu-$X"), sh("if [ -e x ]; then\n  ls\nelse\n  true\nfi\nwhile true; do date; done"),
    "On your workstation:\n\n" + sh("zebu-magic\nscripts/gone.sh"), "## On the hypervisor\n" + sh("/opt/gone/run.sh"), "## Local development\n" + sh("scripts/gone.sh"),
    "On the proxy: `/opt/gone/x`. In the container: `/srv/gone/y`, `/var/lib/postgresql/data/z`.\n", "| proxy | `/etc/gone` |\n", "`/etc/nginx/conf.d/x` and `/opt/npmplus/y`\n",
    "`/var/backups/zebu/zebu-20260101.dump`, `/var/backups/YYYY-MM-DD/x`, `frontend/dist/x`, `backend/.env`\n", "`docker exec db cat /srv/gone`\n", "`https://zebu.test/opt/gone`\n",
    sh("((i++))\nfor ((i=0; i<3; i++)); do ls; done\n[[ -f x || zebu == y ]] && ls\nif [[ $a == b && zebu ]]; then ls; fi"),
    sh("NAME  STATE\nzebu-a  running  2m\n\nzebu-b  running\nzebu-c  stopped"), "<!--\n" + sh("zebu-magic") + "-->\n", sh("Enter the password:\nA=1 B=2\nexport X=/opt/gone$Y"), sh("127.0.0.1:6379> zebu-key\npostgres=# select 1\n>>> import zebu"),
])  # fmt: skip
def test_what_is_elsewhere_is_not_missed(text: str, read: Read) -> None:
    assert lacks(read, text) == ()


def test_what_is_there_is_found(read: Read, tmp_path: Path) -> None:
    text = (
        sh(f"./scripts/a.sh\nscripts/a.sh\ncd scripts && ./a.sh\ncd {tmp_path}/app\nscripts/a.sh\ncat docs/ops.md")
        + "`scripts/a.sh` `docs/ops.md`"
    )
    found = read({"scripts/a.sh": "", "docs/ops.md": f"# Page\n{text}"})
    assert only(found).whole.lacks == ()


def test_other_markups_have_commands_too(read: Read) -> None:
    found = read({
        "a.rst": "Page\n====\n\n.. code-block:: bash\n   :linenos:\n\n   # a comment\n   zebu-one\n\nSee ``/etc/zebu/two``::\n\n   zebu-literal\n",
        "b.adoc": "= Page\n\n[source,bash]\n----\nzebu-three\n----\n\n----\nzebu-listing\n----\n",
        "c.org": "* Page\n#+BEGIN_SRC sh\nzebu-four\n#+END_SRC\n=/etc/zebu/five= done\n",
        "docs/d.html": '<h1>Page</h1><pre><code class="language-bash">zebu-six &amp;&amp; ls</code></pre>',
    })  # fmt: skip
    assert {one.path: one.whole.lacks for one in found} == {
        "a.rst": ("/etc/zebu/two", "zebu-one"), "b.adoc": ("zebu-three",), "c.org": ("/etc/zebu/five", "zebu-four"), "docs/d.html": ("zebu-six",),
    }  # fmt: skip


BOXES = "┌────────┐   ┌─────────┐\n│ proxy  │──▶│ backend │\n└────────┘   └─────────┘\n     redis, PostgreSQL\n"
PLAIN = "+-------+     +---------+\n| proxy | --> | backend |\n+-------+     +----+----+\n                   |\n             PostgreSQL\n"


@pytest.mark.parametrize(("text", "topic"), [
    ("```mermaid\nflowchart LR\n  internet --> proxy --> backend\n```\n", "diagram"), ("```plantuml\n@startuml\nproxy -> backend\nbackend -> redis\n```\n", "diagram"),
    (f"```\n{BOXES}```\n", "diagram"), (f"```text\n{PLAIN}```\n", "diagram"), ("text\n\n" + "".join(f"    {line}\n" for line in PLAIN.splitlines()), "diagram"),
    ("```\nInternet -> NPMplus -> VM:80 -> frontend\n```\n", "diagram"), ("![Network](https://zebu.test/n.png)\n", "diagram"), ("![](network.svg)\n", "diagram"),
    ('<img src="network.svg" alt="x">\n', "diagram"), ("## Network\n![x](picture.png)\n", "diagram"), ("![x](picture.png)\n", "image"),
    ("```mermaid\nflowchart LR\n  lint --> test --> merge\n```\n", "image"), ("![CI](https://github.com/z/z/actions/workflows/ci.yml/badge.svg)\n", ""),
    ("[![build](https://img.shields.io/x.svg)](y)\n", ""), ("![License](https://x.test/license.svg)\n", ""), ("![Logo](network.svg)\n", "diagram"), ("![Logo](picture.png)\n", ""),
    ("![Screenshot of the page](picture.png)\n", ""), ("![network](gone.png)\n", ""), ("```mermaid\nerDiagram\n  backend ||--o{ database : api\n```\n", ""), ("![ER diagram](picture.png)\n", ""),
    ("```\n├── backend/\n├── frontend/\n└── docker/\n    └── api/ -> x\n```\n", ""), ("```\nbackend frontend redis\n```\n", ""), ("<!-- ```mermaid\ninternet --> proxy --> backend\n``` -->\n", ""),
    ("```sh\ncurl x --> y; a --> proxy frontend redis\n```\n", ""), ("::: mermaid\nflowchart LR\n  internet --> proxy --> backend\n:::\n", "diagram"),
    ('<pre class="mermaid">\nflowchart LR\n  internet --&gt; proxy --&gt; backend\n</pre>\n', "diagram"), (f"<pre>\n{PLAIN}</pre>\n", "diagram"), ("<pre>\nproxy backend redis\n</pre>\n", ""),
    ("```\napi -> db -> cache\n```\n", "image"), ("```\nbrowser -> api -> db\n```\n", "diagram"), ("```\napi -> db\napi -> cache\n```\n", "diagram"),
    ("```\n2026-01-02 03:04:05 api -> db -> cache\n```\n", ""), ("```text\n[03:04:05] INFO api -> db -> cache\nWARNING api -> db -> cache\n```\n", ""),
])  # fmt: skip
def test_diagrams(text: str, topic: str, read: Read) -> None:
    (found,) = read({"docs/network.svg": "", "docs/picture.png": "", "docs/a.md": f"# Page\n{text}"}).all[:1]
    assert found.topics & {"diagram", "image"} == ({topic} if topic else set())


def test_drawings_that_are_files(read: Read) -> None:
    names = (
        "docs/network.svg",
        "docs/any.drawio",
        "infra/any.excalidraw",
        "frontend/src/assets/network.svg",
        "docs/logo-network.png",
        "docs/erd.drawio",
        "archive/network.svg",
    )
    found = read(
        dict.fromkeys(names, "") | {"docs/a.puml": "proxy -> backend\nbackend -> redis", "docs/b.puml": "a -> b"}
    )
    assert [one.path for one in found] == ["docs/a.puml", "docs/any.drawio", "docs/network.svg", "infra/any.excalidraw"]


@pytest.mark.parametrize(("entry", "is_reached"), [
    ("| Registrar | https://registrar.zebu.test |", True), ("- Registrar: support@zebu.test", True), ("Registrar: +49 30 1234500", True),
    ("Registrar: Slack #ops-oncall", True), ("## Registrar\n\nIt is there.\n\n- https://registrar.zebu.test", True), ("- Registrar\n  - mail: a@zebu.test", True),
    ("| Registrar | TBD |\n| Other | a@zebu.test |", False), ("- Registrar: none\n- Other: a@zebu.test", False), ("Registrar: you@example.com", False),
    ("Registrar: noreply@zebu.test", False), ("Registrar: git@zebu.test:x", False), ("Registrar: https://example.org", False), ("Registrar: https://localhost:80", False),
    ("Registrar: since 2026-01-02 10:00", False), ("Registrar: +1 555 0100 555", False), ("Registrar: dependabot@zebu.test", False), ("Registrar: 192.168.100.100", False),
    ("Registrar\n---------\n\n- https://registrar.zebu.test", True), ("**Registrar**\n\n- a@zebu.test", True), ("**Registrar**\n\nnone\n\n**Other**\n\na@zebu.test", False),
    ("Registrar\n---------\n\nnone\n\nOther\n-----\n\na@zebu.test", False), ("**The registrar is not known to anybody.**\n\na@zebu.test", False), ("<h2>Registrar</h2>\n\na@zebu.test", True),
    ("1. ## Registrar\n   There.\n\n   a@zebu.test", True), ("1. ## Registrar\n   none\n\na@zebu.test", False),
])  # fmt: skip
def test_who_can_be_reached(entry: str, is_reached: bool, read: Read) -> None:
    found = only(read({"docs/contacts.md": f"# Contacts\n\nPeople.\n\n{entry}\n\nAnd more: https://zebu.test\n"}))
    assert ("registrar" in found.topics) is is_reached


@pytest.mark.parametrize(("name", "text"), [
    ("contacts.rst", "Contacts\n========\n\nRegistrar\n---------\n\n- a@zebu.test\n"), ("contacts.rst", "Contacts\n========\n\n**Registrar**\n\n- a@zebu.test\n"),
    ("contacts.adoc", "Contacts\n========\n\nRegistrar\n---------\n\n* a@zebu.test\n"), ("contacts.adoc", "= Contacts\n\n== Registrar\n\nThere.\n\n* a@zebu.test\n"),
    ("contacts.adoc", "= Contacts\n\n*Registrar*\n\na@zebu.test\n"), ("contacts.adoc", "= Contacts\n\n.Registrar\n* there\n\na@zebu.test\n"),
])  # fmt: skip
def test_who_can_be_reached_in_other_markups(name: str, text: str, read: Read) -> None:
    assert "registrar" in only(read({f"docs/{name}": text})).topics


@pytest.mark.parametrize(("text", "count"), [
    ("TODO: the rest", 1), ("TBD", 1), ("| registrar | <your provider> |", 1), ("[insert name]", 1), ("To be written", 1), ("Owner: to be defined", 1), ("{{ name }}", 1), ("lorem ipsum", 1),
    ("the todo list of the team", 0), ("what has to be done before", 0), ("`TODO`", 0), (sh("curl https://<your-domain>/"), 0), ("visit `https://<your-domain>/`", 0), ("[your account](x.md)", 0),
])  # fmt: skip
def test_places_still_to_be_written(text: str, count: int, read: Read) -> None:
    assert only(read({"docs/a.md": f"# Page\n{text}\n"})).whole.placeholders == count


@pytest.mark.parametrize(("text", "language"), [
    ("Die Anwendung wird mit dem alten Stand gestartet, und die Datenbank ist vorher zu sichern; das Skript liegt auf dem Server.", "German"),
    ("L'application est une image; les données sont dans la base et le serveur est sur le réseau avec des volumes pour la base.", "French"),
    ("La aplicación se detiene con el comando del servidor; los datos que hay para cada copia se guardan por una tarea.", "Spanish"),
    ("Приложение запускается на сервере командой, данные сохраняются каждую ночь и проверяются", "another-script"),
    ("The application is started with the old version, and the database is saved before.", ""), ("docker compose up", ""),
    ("Deploy to the VM: die with an error if the tag is missing, and go to the last one.", ""),
])  # fmt: skip
def test_languages(text: str, language: str, read: Read) -> None:
    found = read({"docs/a.md": f"# Page\n{text}\n"})
    assert only(found).language == language
    assert (language in found.unseen) and bool(language) is bool(found.unseen)


def test_many_comments_that_never_end_take_no_time(read: Read) -> None:
    assert only(read({"docs/a.md": "# Page\n" + "<!--" * 100_000})).words == 3


def test_a_document_of_security_is_one(read: Read) -> None:
    """What scanners ask for is `security.txt`."""
    text = "# Security\n\n## Secrets\n\nSecrets are in the vault, and rotated each quarter.\n"
    found = read({"docs/security.md": text, "SECURITY.md": text, "docs/security.txt": text})
    assert sorted(one.path for one in found) == ["SECURITY.md", "docs/security.md"]
    assert all({"secrets", "rotation"} <= one.topics for one in found)


def test_reverting_to_a_release_is_going_back(read: Read) -> None:
    found = only(read({"docs/release.md": "# Releases\n\n## Reverting to a previous version\n\nCheck out its tag.\n"}))
    assert any("rollback" in one.titles for one in found.sections)
