"""What lock files pin, by kind: of Python's and npm's packages, the names and versions that are installed by them.

A kind, a version or a shape that is not known is `Garbled`; an entry that names no package with a version is told.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from itertools import product
from posixpath import dirname, normpath
from typing import Any

from msgspec import Struct

from pytest_zebu.facts import plainjson
from pytest_zebu.facts.answer import Garbled
from pytest_zebu.facts.plainyaml import BROKEN, documents

PYTHON, NPM = "python", "npm"
Pairs = frozenset[tuple[str, str]]
"""Names and versions: of one package there may be several versions."""
Rows = list[tuple[Any, Any]]
NAMED = re.compile(r"(@[A-Za-z0-9._~-]+/)?[A-Za-z0-9._][A-Za-z0-9._~-]*")
_SEMANTIC = re.compile(r"[0-9]+\.[0-9]+\.[0-9]+(?:-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?")
MANIFEST = "package.json"
DEPENDENCIES = ("dependencies", "devDependencies", "optionalDependencies")
EVERYWHERE = "**"


class Locked(Struct, frozen=True):
    """What a lock file pins.

    Attributes:
        index: whose packages these are.
        odd: entries that name no package with a version.
        folders: of npm's packages: the folders whose manifests it covers; all below it for `EVERYWHERE`.
        includes: other lists of requirements that it includes.
    """

    index: str
    packages: Pairs
    odd: tuple[str, ...] = ()
    folders: frozenset[str] = frozenset()
    includes: tuple[str, ...] = ()


class _Found(Struct):
    rows: Rows
    folders: Iterable[str] = ()
    includes: Iterable[str] = ()


def pair(index: str, name: object, version: object) -> tuple[str, str] | None:
    """A name and a version as their index compares them (PEP 503, PEP 440); nothing if they are none."""
    if not isinstance(name, str) or not isinstance(version, str) or not NAMED.fullmatch(name):
        return None
    if index == NPM:
        version = version.removeprefix("v")
        return (name, version) if _SEMANTIC.fullmatch(version) else None
    from packaging.utils import canonicalize_name  # packaging is imported once there is a lock file
    from packaging.version import Version

    try:
        return (canonicalize_name(name), str(Version(version)))
    except ValueError:
        return None


def locked(file: str, text: str) -> Locked:
    """Packages as a lock file pins them, and its entries that name none.

    Raises:
        Garbled: it is not of its kind.
    """
    name = file.rpartition("/")[2]
    index, read = _reader(name)
    try:
        # A mark of the encoding is left of what a Windows shell wrote, when its other bytes have become plain text.
        found = read(text.lstrip("\ufeff\ufffd"))
    except (KeyError, TypeError, AttributeError, IndexError, *BROKEN) as error:
        why = f": {error}" if isinstance(error, _UnknownVersion) else ""
        raise Garbled(f"{file} is no such lock file as is known here{why}") from None
    pairs, odd = set(), []
    for one, version in found.rows:
        known = pair(index, one, version)
        if known is None:
            odd.append(f"{str(one)[:60]} in {file}")
        else:
            pairs.add(known)
    here = dirname(file)
    return Locked(
        index, frozenset(pairs), tuple(dict.fromkeys(odd)),
        frozenset(one if one == EVERYWHERE else _beside(here, one) for one in ("", *found.folders)),
        tuple(_beside(here, one) for one in found.includes),
    )  # fmt: skip


def is_covered(manifest: str, locks: Mapping[str, Locked]) -> bool:
    """Whether a lock file of npm's packages covers a manifest: one beside it, or that of the workspace that it is of."""
    folder = dirname(manifest)
    for file, lock in locks.items():
        top = dirname(file)
        is_below = not top or folder.startswith(f"{top}/")
        if lock.index == NPM and (folder in lock.folders or (EVERYWHERE in lock.folders and is_below)):
            return True
    return False


def needs_lock(file: str, text: str) -> bool:
    """Whether a manifest of an npm package depends on others.

    Raises:
        Garbled: it is none.
    """
    try:
        manifest = plainjson.loads(text)
        return any(manifest.get(key) for key in DEPENDENCIES)
    except (ValueError, AttributeError, RecursionError):
        raise Garbled(f"{file}: it is no manifest") from None


def _beside(folder: str, path: str) -> str:
    found = normpath(f"{folder}/{path}" if folder else path)
    return "" if found == "." else found


class _UnknownVersion(ValueError):
    """The file says that it is of a version that is not known here."""


def _expect_version(found: object, *known: str) -> None:
    """The format's version: its first number counts.

    Raises:
        _UnknownVersion: it is another.
    """
    if str(found).partition(".")[0] not in known:
        raise _UnknownVersion(f"version {str(found)[:20]} of the format")


def _reader(name: str) -> tuple[str, Callable[[str], _Found]]:
    if name.startswith("pylock."):
        return PYTHON, _pylock
    return _READERS.get(name, (PYTHON, _requirements_lock if name.endswith(".lock") else _requirements))


# Python


def _environments() -> Iterator[dict[str, str]]:
    """Where a backend may run: CPython that still gets updates, on Linux."""
    for minor, machine in product(range(9, 16), ("x86_64", "aarch64")):
        yield {
            "python_version": f"3.{minor}", "python_full_version": f"3.{minor}.0", "implementation_version": f"3.{minor}.0",
            "os_name": "posix", "sys_platform": "linux", "platform_system": "Linux", "platform_machine": machine,
            "platform_python_implementation": "CPython", "implementation_name": "cpython", "extra": "",
        }  # fmt: skip


_WHERE = tuple(_environments())


@lru_cache(1024)
def _applies(marker: str) -> bool:
    from packaging.markers import InvalidMarker, Marker

    try:
        found = Marker(marker)
        return "extra" in marker or any(found.evaluate(environment) for environment in _WHERE)
    except (InvalidMarker, ValueError, KeyError, TypeError):
        return True


def applies(marker: object) -> bool:
    """Whether something is installed anywhere where a backend may run; in doubt, it is.

    Poetry has a marker for each group of dependencies where they differ.
    """
    if isinstance(marker, Mapping):
        return not marker or any(map(applies, marker.values()))
    return _applies(marker) if isinstance(marker, str) and marker.strip() else True


def _tables(packages: Any) -> Rows:
    """Of tables of packages: what is installed from elsewhere than the project's own folders."""
    rows: Rows = []
    for row in packages:
        source = row.get("source", {})
        own = {"virtual", "editable", "directory"} & source.keys() or source.get("type") == "directory"
        # Of a package in several versions, uv says for which systems each is.
        forks = row.get("resolution-markers") or [""]
        is_wanted = applies(row.get("marker") or row.get("markers")) and any(map(applies, forks))
        if not own and not {"directory", "path"} & row.keys() and is_wanted:
            rows.append((row["name"], row.get("version")))
    return rows


def _uv(text: str) -> _Found:
    lock = tomllib.loads(text)
    _expect_version(lock["version"], "1")
    packages = lock.get("package", [])
    reached = _reached(packages, lock.get("manifest", {}))
    return _Found(_tables(row for row in packages if not reached or row["name"] in reached))


def _reached(packages: Any, manifest: Any) -> set[str]:
    """What the project comes to depend on, by edges whose markers apply: uv marks these, and no packages.

    A project without a package of its own has its groups in the manifest, and a single program its requirements.
    """
    edges: dict[str, set[str]] = {}
    todo = []
    for row in packages:
        groups = (
            row.get("dependencies", []),
            *row.get("optional-dependencies", {}).values(),
            *row.get("dev-dependencies", {}).values(),
        )
        wanted = {edge["name"] for group in groups for edge in group if applies(edge.get("marker"))}
        edges.setdefault(row["name"], set()).update(wanted)
        if {"virtual", "editable", "directory"} & row.get("source", {}).keys():
            todo.append(row["name"])
    if todo or manifest.get("dependency-groups"):
        wishes = (manifest.get("requirements", []), *manifest.get("dependency-groups", {}).values())
        todo += [one["name"] for group in wishes for one in group if applies(one.get("marker"))]
    found: set[str] = set()
    while todo:
        if (name := todo.pop()) not in found:
            found.add(name)
            todo += edges.get(name, ())
    return found


def _poetry(text: str) -> _Found:
    lock = tomllib.loads(text)
    version = lock.get("metadata", {}).get("lock-version")
    if version is not None:
        _expect_version(version, "1", "2")
    return _Found(_tables(lock.get("package", []) if version is not None else lock["package"]))


def _pdm(text: str) -> _Found:
    lock = tomllib.loads(text)
    version = lock.get("metadata", {}).get("lock_version")
    if version is not None:
        _expect_version(version, "2", "3", "4")
    return _Found(_tables(lock.get("package", []) if version is not None else lock["package"]))


def _pylock(text: str) -> _Found:
    lock = tomllib.loads(text)
    if "lock-version" in lock:
        _expect_version(lock["lock-version"], "1")
    return _Found(_tables(lock["packages"]))


def _pipfile(text: str) -> _Found:
    lock = plainjson.loads(text)
    rows: Rows = []
    for key, section in lock.items():
        if key.startswith("_"):
            _expect_version(section.get("pipfile-spec", 6), "6")
            continue
        for name, row in section.items():
            place = row.get("path") or row.get("file") or ""
            is_own = (row.get("editable") and "path" in row) or place.startswith((".", "file:.", "file:///"))
            if not is_own and applies(row.get("markers")):
                rows.append((name, str(row["version"]).removeprefix("==") if "version" in row else None))
    return _Found(rows)


def _requirements(text: str) -> _Found:
    """What is pinned; what a list of requirements leaves open, the image tells."""
    return _listed(text, is_lock=False)


def _requirements_lock(text: str) -> _Found:
    """What a lock file leaves open is odd."""
    return _listed(text, is_lock=True)


_OPTION = re.compile(r"(?:^|\s)--?[A-Za-z]")
_INCLUDE = re.compile(r"(?:-r|--requirement)[\s=]*(\S+)$")
_OWN = re.compile(r"(?:-e|--editable)[\s=]*(?:file:|\.|/)|file:|\.{0,2}/|\.$")
"""What is installed from the project's own folders."""


def _listed(text: str, *, is_lock: bool) -> _Found:
    rows: Rows = []
    includes = []
    for line in re.sub(r"\\\r?\n", " ", text).splitlines():
        entry = re.sub(r"(?:^|\s)#.*", "", line).strip()
        if include := _INCLUDE.match(entry):
            includes.append(include[1])
        elif entry.startswith(("-e", "--editable")) and not _OWN.match(entry) and is_lock:
            rows.append((entry.partition("#egg=")[2] or entry, None))
        elif entry and not entry.startswith("-") and not _OWN.match(entry):
            rows += _required(_OPTION.split(entry)[0].strip(), is_lock=is_lock)
    return _Found(rows, includes=includes)


def _required(entry: str, *, is_lock: bool) -> Rows:
    from packaging.requirements import InvalidRequirement, Requirement

    try:
        wanted = Requirement(entry)
    except InvalidRequirement:
        return [(entry, None)] if is_lock else []
    if not applies(str(wanted.marker or "")) or str(wanted.url or "").startswith("file:"):
        return []
    exact = [one.version for one in wanted.specifier if one.operator in ("==", "===") and not one.version.endswith("*")]
    if wanted.url or not exact:
        return [(wanted.name, None)] if is_lock else []
    return [(wanted.name, exact[0])]


# npm


def _npm(text: str) -> _Found:
    """Of each place in the tree: name and version; what is linked is the project's own."""
    lock = plainjson.loads(text)
    _expect_version(lock.get("lockfileVersion", 1), "1", "2", "3")
    if "packages" in lock:
        places = lock["packages"]
        rows = [
            (row.get("name") or path.rpartition("node_modules/")[2], row.get("version"))
            for path, row in places.items()
            if "node_modules/" in path
            and not row.get("link")
            # What is optional and was not installed is named without a version (npm's documentation of the format).
            and ("version" in row or not row.get("optional"))
        ]
        return _Found(rows, folders=[path for path in places if path and "node_modules/" not in path])
    rows = []
    folders = []
    todo = [lock["dependencies"]] if lock.get("dependencies") else []
    while todo:
        for name, row in todo.pop().items():
            version = row["version"]
            if version.startswith("npm:"):
                name, _, version = version.removeprefix("npm:").rpartition("@")
            if version.startswith("file:"):
                folders.append(version.removeprefix("file:"))
            else:
                rows.append((name, version))
            if row.get("dependencies"):
                todo.append(row["dependencies"])
    return _Found(rows, folders=folders)


def _named(key: str) -> tuple[str, str]:
    """`NAME@REST`, where a name may begin with an `@`."""
    at = key.index("@", 1)
    return key[:at], key[at + 1 :]


def _yarn(text: str) -> _Found:
    if "# yarn lockfile v1" not in text[:1000]:
        return _berry(text)
    rows: Rows = []
    names: list[str] = []
    for line in text.splitlines():
        if line.startswith("  version ") and names:
            rows += [(name, line.removeprefix("  version ").strip().strip('"')) for name in names]
            names = []
        elif line and not line.startswith((" ", "#")):
            if names or not line.endswith(":"):
                raise ValueError(line)
            names = sorted({_aliased(key.strip().strip('"')) for key in line.removesuffix(":").split(", ")} - {""})
    if names:
        raise ValueError(names[0])
    return _Found(rows, folders=[EVERYWHERE])


def _aliased(key: str) -> str:
    """The real name of what yarn calls `NAME@RANGE` or `ALIAS@npm:NAME@RANGE`; nothing for the project's own."""
    name, wanted = _named(key)
    if wanted.startswith(("link:", "portal:", "workspace:", "file:.")):
        return ""
    if wanted.startswith("npm:") and "@" in wanted.removeprefix("npm:")[1:]:
        return _named(wanted.removeprefix("npm:"))[0]
    return name


def _berry(text: str) -> _Found:
    """A workspace's entry says where it is; what is linked softly is the project's own."""
    (lock,) = documents(text)
    _expect_version(lock["__metadata"]["version"], *map(str, range(4, 11)))
    rows: Rows = []
    folders = []
    for key, row in lock.items():
        if key == "__metadata":
            continue
        name, where = _named(row["resolution"])
        if where.startswith("workspace:"):
            folders.append(where.removeprefix("workspace:"))
        elif row.get("linkType") != "soft":
            rows.append((name, row["version"]))
    return _Found(rows, folders=folders)


_PEERS = re.compile(r"[(_].*", re.DOTALL)


def _pnpm(text: str) -> _Found:
    rows: Rows = []
    folders: list[str] = []
    locks = documents(text)
    for lock in locks:
        version = str(lock["lockfileVersion"])
        _expect_version(version, "5", "6", "9")
        folders += lock.get("importers") or ()
        for key, row in (lock.get("packages") or {}).items():
            if not isinstance(row, dict):
                raise ValueError(key)
            name, found = _pnpm_key(key, version)
            if found.startswith("file:") and "tarball" not in str(row.get("resolution")):
                continue
            rows.append((row.get("name") or name, row.get("version") or found))
    if not locks:
        raise ValueError("empty")
    return _Found(rows, folders=folders)


def _pnpm_key(key: str, version: str) -> tuple[str, str]:
    """Name and version of a key: `/NAME/VERSION_PEERS` until 5, `/NAME@VERSION(PEERS)` in 6, without the slash from 9 on."""
    if key.startswith("file:"):
        return "", key
    # Another registry stands before the first slash; what comes from a repository is named by its entry.
    path = key.partition("/")[2] if version.startswith(("5", "6")) else key
    if not version.startswith("5"):
        name, found = _named(path) if "@" in path[1:] else ("", "")
        return name, found.partition("(")[0]
    parts = path.split("/")
    size = 2 if parts[0].startswith("@") else 1
    return "/".join(parts[:size]), _PEERS.sub("", parts[size]) if len(parts) > size else ""


def _bun(text: str) -> _Found:
    """JSON with commas that trail, which is YAML as well."""
    (lock,) = documents(text)
    _expect_version(lock["lockfileVersion"], "0", "1")
    rows: Rows = []
    for row in lock.get("packages", {}).values():
        name, found = _named(row[0])
        is_own = found.startswith(("workspace:", "link:", "root:")) or (
            found.startswith("file:") and not found.endswith((".tgz", ".tar.gz"))
        )
        if not is_own:
            rows.append((name, found.removeprefix("npm:")))
    return _Found(rows, folders=lock["workspaces"])


_READERS: Mapping[str, tuple[str, Callable[[str], _Found]]] = {
    "uv.lock": (PYTHON, _uv),
    "poetry.lock": (PYTHON, _poetry),
    "pdm.lock": (PYTHON, _pdm),
    "Pipfile.lock": (PYTHON, _pipfile),
    "package-lock.json": (NPM, _npm),
    "npm-shrinkwrap.json": (NPM, _npm),
    "yarn.lock": (NPM, _yarn),
    "pnpm-lock.yaml": (NPM, _pnpm),
    "bun.lock": (NPM, _bun),
}
