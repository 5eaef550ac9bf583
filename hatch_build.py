"""What PyPI shows of the project: links that work there, or none. Read by hatchling when the package is built.

The README links to files beside it, which PyPI does not have. Where the project's public address is known, from
`ZEBU_PROJECT_URL` or from the checkout's origin, they become links to its forge; where it is not, plain text. Hatchling
keeps both fields in an sdist, so that a wheel that is built from one says the same.
"""

from __future__ import annotations

import configparser
import os
import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from hatchling.metadata.plugin.interface import MetadataHookInterface

VARIABLE = "ZEBU_PROJECT_URL"
PAGES = {"github": "blob", "gitlab": "-/blob", "codeberg": "src/branch", "forgejo": "src/branch", "gitea": "src/branch"}
"""Where a forge shows a file as a page, by a word in its host's name. All of them have the bare file under `raw`."""
NOT_PUBLIC = {"alt", "arpa", "example", "internal", "invalid", "lan", "local", "localhost", "onion", "test"}
_HOST = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}")
_PATH = re.compile(r"[\w.~-]+(?:/[\w.~-]+)*", re.ASCII)
_SCP = re.compile(r"(?:[^@/:]+@)?([^@/:]+):(?!//)(.+)")
CODE_OR_LINK = re.compile(
    r"""
    ^(?P<fence>```+|~~~+).*?(?:^(?P=fence)|\Z)
    | (?<!`)(?P<tick>`+)(?!`)(?:(?!\n\n).)+?(?<!`)(?P=tick)(?!`)
    | (?P<image>!?)\[(?P<text>(?:`[^`]*`|[^][`])*)\]\((?P<target>[^()\s]+)\)
    """,
    re.MULTILINE | re.DOTALL | re.VERBOSE,
)


def public(remote: str) -> str:
    """The address of the web page of a remote, without credentials; nothing for what is not on a public host."""
    try:
        scp, parts = _SCP.fullmatch(remote), urlsplit(remote)
        host, path = scp.groups() if scp else (parts.hostname or "", parts.path)
        # The port of ssh says nothing about where the pages are.
        port = f":{parts.port}" if parts.scheme == "https" and parts.port not in (None, 443) else ""
    except ValueError:
        return ""
    host, path = host.lower(), path.strip("/").removesuffix(".git")
    is_known = scp or parts.scheme in {"https", "ssh"}
    is_public = _HOST.fullmatch(host) and host.rpartition(".")[2] not in NOT_PUBLIC
    return f"https://{host}{port}/{path}" if is_known and is_public and _PATH.fullmatch(path) else ""


def origin(root: Path) -> str:
    """The remote that the checkout came from; nothing in an sdist or a worktree, which have no `.git/config`."""
    config = configparser.ConfigParser(strict=False, allow_no_value=True, interpolation=None)
    try:
        config.read_string((root / ".git/config").read_text(encoding="utf-8"))
    except (OSError, ValueError, configparser.Error):
        return ""
    return (config.get('remote "origin"', "url", fallback="") or "").strip('"')


def page(address: str, path: str) -> str:
    """Where the forge shows a file; a forge that is not known by its name shows it bare."""
    view = next((view for word, view in PAGES.items() if word in urlsplit(address).netloc), "raw")
    return f"{address}/{view}/HEAD/{path}"


def readme(text: str, address: str) -> str:
    """The README for a place that has no files beside it."""

    def elsewhere(found: re.Match[str]) -> str:
        target = found["target"]
        if target is None or target.startswith("#") or re.match(r"[a-z][a-z0-9+.-]*:|//", target):
            return found[0]
        if not address:
            return "" if found["image"] else found["text"]
        path = target.removeprefix("./").lstrip("/")
        place = f"{address}/raw/HEAD/{path}" if found["image"] else page(address, path)
        return f"{found['image']}[{found['text']}]({place})"

    return CODE_OR_LINK.sub(elsewhere, text)


def urls(address: str) -> dict[str, str]:
    """What PyPI lists beside the description."""
    return {
        "Homepage": address,
        "Documentation": page(address, "README.md"),
        "Changelog": page(address, "CHANGELOG.md"),
        "Issues": f"{address}/issues",
    }


class LinksHook(MetadataHookInterface):
    """Sets the fields `readme` and `urls`."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Fill in both.

        Raises:
            ValueError: the address that was given is not a public one.
        """
        root, given = Path(self.root), os.environ.get(VARIABLE, "")
        address = public(given or origin(root))
        if given and not address:
            raise ValueError(f"{VARIABLE} is no address of a public host: write https://HOST/PATH")
        text = (root / "README.md").read_text(encoding="utf-8")
        metadata["readme"] = {"content-type": "text/markdown", "text": readme(text, address)}
        metadata["urls"] = urls(address) if address else {}
