"""What MkDocs does besides for the site: takes in what lives elsewhere in the repository, writes the reference, and leads links to where things are.

A link in a page of the repository names a file, as a forge follows it. On the site it leads to the file's page, where there is one; else
to the forge, where the project's public address is known (`hatch_build.py`); else it is plain text.
"""

from __future__ import annotations

import os
import posixpath
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))  # MkDocs runs this file by its path

from docs.make import reference
from hatch_build import CODE_OR_LINK, VARIABLE, origin, public
from hatch_build import page as forge_page

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files
    from mkdocs.structure.pages import Page

DOCS = "docs/"
TAKEN_IN: Mapping[str, str] = {
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "lab/README.md": "lab.md",
    "lab/real/README.md": "lab-real.md",
    "lab/zebu/README.md": "lab-zebu.md",
    "pytest_zebu/reports/report.schema.json": "report.schema.json",
    "pytest_zebu/reports/report.schema-1.json": "report.schema-1.json",
}
"""By its place in the repository, where a file stands on the site."""
SHIM = "https://unpkg.com/iframe-worker/shim"
DIALOG = 'data-md-component="search" role="dialog"'
_MERMAID = re.compile(r"^```mermaid\n(.*?)^```\n", re.MULTILINE | re.DOTALL)


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add what is taken in, and the reference."""
    from mkdocs.structure.files import File

    for source, place in TAKEN_IN.items():
        files.append(File.generated(config, place, abs_src_path=str(ROOT / source)))
    for name, text in reference.pages().items():
        files.append(File.generated(config, f"reference/{name}", content=text))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Lead the page's links, and draw its picture."""
    return drawn(led(markdown, page.file.src_uri, set(files.src_uris)))


def on_post_page(output: str, page: Page, config: MkDocsConfig) -> str:
    """Mend a page of the theme's."""
    return mended(output, posixpath.relpath(".", posixpath.dirname(page.file.dest_uri) or "."))


def on_post_template(output_content: str, template_name: str, config: MkDocsConfig) -> str:
    """Mend the page for what is not there."""
    return mended(output_content, "") if template_name == "404.html" else output_content


def mended(text: str, top: str) -> str:
    """A page that takes the one script that the theme would ask another host for from beside it, and whose search has a name."""
    return text.replace(SHIM, f"{top}/iframe-worker.js").replace(DIALOG, f'{DIALOG} aria-label="Search"')


def led(text: str, place: str, pages: set[str]) -> str:
    """A page's text with links that are right on the site."""
    source = next((source for source, taken in TAKEN_IN.items() if taken == place), DOCS + place)
    address = public(os.environ.get(VARIABLE, "") or origin(ROOT))

    def lead(found: re.Match[str]) -> str:
        target = found["target"]
        if target is None or target.startswith("#") or re.match(r"[a-z][a-z0-9+.-]*:|//", target):
            return found[0]
        path, mark, anchor = target.partition("#")
        file = posixpath.normpath(posixpath.join(posixpath.dirname(source), path))
        there = file.removeprefix(DOCS) if file.startswith(DOCS) else TAKEN_IN.get(file, "")
        if there in pages or file.startswith(DOCS):  # MkDocs complains of what is not there
            way = posixpath.relpath(there, posixpath.dirname(place) or ".")
            return f"{found['image']}[{found['text']}]({way}{mark}{anchor})"
        return f"[{found['text']}]({forge_page(address, file)}{mark}{anchor})" if address else found["text"]

    return CODE_OR_LINK.sub(lead, text)


def drawn(text: str) -> str:
    """A text with its flowchart as a table: what draws it on a forge is a script from elsewhere."""
    return _MERMAID.sub(lambda found: "\n".join(_rows(found[1])) + "\n", text)


def _rows(chart: str) -> Iterator[str]:
    yield from ("| room | what is in it | knows |", "|---|---|---|")
    edges = re.findall(r"^ *(\w+) --> (\w+)$", chart, re.MULTILINE)
    for room, label in re.findall(r'^ *(\w+)\["(.*)"\]$', chart, re.MULTILINE):
        name, _, holds = label.partition(": ")
        known = ", ".join(other for mine, other in edges if mine == room) or "nobody"
        yield f"| **{name}** | {holds} | {known} |"
