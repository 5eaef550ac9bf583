"""Deployment Verification / Initial Deployment."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from urllib.parse import urlsplit

from pytest_zebu.facts.access import Access
from pytest_zebu.facts.answer import Known, NotAssessed, Unknown, need
from pytest_zebu.facts.compose import Service
from pytest_zebu.facts.containers import Containers
from pytest_zebu.facts.environment import DOTENV, EnvFiles, Environment
from pytest_zebu.facts.forge import Forge
from pytest_zebu.facts.repository import Repository
from pytest_zebu.facts.web import Answer, Web
from pytest_zebu.plugin.checks import Cases, item
from pytest_zebu.settings import Settings
from pytest_zebu.verdict.outcome import NotApplicable

from ..mending import to_run
from ..ways import arrived, expect_let_pass
from ..words import moment

UNREADABLE = "compose could not read the files that it was made from"


@item("deploy.initial.ssh")
def test_ssh_lets_us_in(access: Access, case: Cases) -> None:
    """By key, to a machine whose own key is the known one; whoever must first accept it blindly may talk to anybody.

    Fix: look at the reason; authorize the key, correct user and port, or compare a changed host key before trusting it.
    See: ssh(1), VERIFYING HOST KEYS.
    """
    with case("login", access.trouble or "by key, host key known"):
        if access.trouble and access.control is False:
            raise NotAssessed(f"{access.trouble}; the control address does not answer either")
        assert not access.trouble, access.trouble


def _repository_of(remote: str) -> str:
    """The last two parts of a remote's address: owner and name."""
    path = urlsplit(remote).path if "://" in remote else remote.partition(":")[2]
    return "/".join(path.removesuffix(".git").strip("/").split("/")[-2:])


def _is_known_to(forge: Known[Forge] | Unknown, commit: str) -> bool:
    """Whether the forge has anything to say of a commit: of one that it does not have, it has no checks, requests and deployments."""
    if not isinstance(forge, Known) or forge.value.commit != commit:
        return False
    told = (forge.value.checks.get(commit), forge.value.pulls)
    return any(isinstance(one, Known) and one.value for one in told)


@item("deploy.initial.git-deployed", either=("forge",))
def test_a_checkout_is_deployed(
    repository: Repository, forge: Known[Forge] | Unknown, settings: Settings, case: Cases
) -> None:
    """What runs must be traceable: a checkout of the right repository, on a commit that the repository knows.

    Fix: clone the repository anew beside the old folder, check out the release, move `.env` there, deploy from it.
    See: git-clone(1); `git status`.
    """
    with case("remote", repository.remote or "none"):
        assert repository.remote, "the checkout has no remote"
        if settings.forge.repository is None:
            raise NotAssessed("forge.repository does not say which repository is expected")
        found = _repository_of(repository.remote)
        assert found.lower() == settings.forge.repository.lower(), f"is a checkout of {found}"
    with case("commit", repository.describe):
        if not _is_known_to(forge, repository.head):
            assert repository.is_known is not False, f"{repository.head[:12]}: {repository.doubt}"
            if repository.is_known is None:
                raise NotAssessed(f"that the remote has {repository.head[:12]} is not seen: {repository.doubt}")
        assert not repository.absent, f"the repository lacks {repository.absent} files of its own commit"
    with case("tree", *repository.changes[:5]):
        assert not repository.changes, f"the tree differs from the commit in {len(repository.changes)} files"
        repository.expect_compared()
        if repository.empty_submodules:
            raise NotAssessed(f"the submodules {', '.join(repository.empty_submodules)} are not checked out")


def _each(compose: tuple[Service, ...]) -> Iterator[tuple[str, Service]]:
    """The containers by name; of a service that has several, each with which of them it is."""
    total, count = Counter(one.name for one in compose), Counter[str]()
    for service in compose:
        count[service.name] += 1
        several = f" ({count[service.name]} of {total[service.name]})" if total[service.name] > 1 else ""
        yield f"{service.name}{several}", service


@item("deploy.initial.env-present")
def test_the_environment_is_in_force(
    env_files: EnvFiles, environment: Environment, compose: tuple[Service, ...], case: Cases
) -> None:
    """A variable that was edited is not in force until the container is made anew.

    Fix: `docker compose -f docker-compose.yml -f docker-compose.prod.yml up -d`: it makes anew what differs.
    See: https://docs.docker.com/compose/how-tos/environment-variables/
    """
    with case(env_files.main or DOTENV, f"{len(environment.declared(DOTENV))} variables in {env_files.folder}"):
        assert any(file.name == env_files.main for file in env_files.files), "is not there"
    for name, service in _each(compose):
        differing = f"{len(service.differing) or 'none'} of them otherwise than compose would give it"
        with case(name, f"{service.variables} variables, {differing}"):
            if service.kind == "unreadable":
                raise NotAssessed(UNREADABLE)
            assert service.kind != "gone", "runs, and is in no compose file any more"
            assert not service.differing, (
                f"has another value of {', '.join(service.differing)} than compose would give it"
            )


@item("deploy.initial.images-built")
def test_images_are_of_the_deployed_commit(
    compose: tuple[Service, ...], repository: Repository, containers: Containers, case: Cases
) -> None:
    """The checkout moves on with `git pull`; what runs is the image of before, until it is built.

    Fix: `REVISION=$(git rev-parse HEAD) docker compose -f docker-compose.yml -f docker-compose.prod.yml build`, `up -d`.
    See: https://github.com/opencontainers/image-spec/blob/main/annotations.md (org.opencontainers.image.revision)
    """
    running = {container.service for container in containers.made}
    for name, service in _each(compose):
        made = f"made on {moment(service.created)}" if service.created else "no image"
        with case(name, f"{service.kind}, revision {service.revision[:12] or 'not told'}, {made}"):
            if service.kind == "unreadable":
                raise NotAssessed(UNREADABLE)
            assert service.name in running, "has no container"
            if service.kind != "built":
                assert service.created is not None, "has no image on the machine"
            elif service.revision in ("", "unknown"):
                _expect_same_files(service)
            else:
                _expect_commit(service.revision, repository)


_COMMIT = re.compile(r"(?:sha-|git-|g)?([0-9a-f]{7,64})(-dirty)?", re.IGNORECASE)


def _expect_commit(revision: str, repository: Repository) -> None:
    """What an image says that it was built from is the deployed commit: whole, as its beginning, or by a tag of it."""
    deployed = f"deployed is {repository.head[:12]}"
    if found := _COMMIT.fullmatch(revision):
        assert repository.head.startswith(found[1].lower()), f"was built from {found[1][:12]}, {deployed}"
        assert not found[2], f"was built from {revision}: from files that were not committed"
        return
    names = {tag.name for tag in repository.tags}
    if revision in names:
        at_head = {tag.name for tag in repository.tags_at_head}
        assert revision in at_head, f"was built from {revision}, {deployed}"
        return
    raise NotAssessed(f"says that it was built from {revision[:40]}, which names no commit")


def _expect_same_files(service: Service) -> None:
    """Of an image that tells no revision its files decide, then what the tree was when it was made.

    Dates alone prove nothing: after a checkout of another commit it may be younger than the commit, and a build that is cached as a whole
    keeps the old date.
    """
    same, other, absent = service.files or (0, 0, 0)
    assert not other, f"has {other} files otherwise than the tree, {same} alike"
    if (same and not absent) or service.built in ("after", "same"):
        return
    lack = f"it lacks {absent} files of the tree" if absent else "none of its files can be compared"
    when = (
        "it was made when the tree was at another commit"
        if service.built == "other"
        else "what it was made from is not known"
    )
    raise NotAssessed(f"tells no revision, {lack}, and {when}")


@item("deploy.initial.services-healthy")
def test_services_are_healthy(containers: Containers, case: Cases) -> None:
    """Every service runs, and its own health check says so.

    Fix: `docker compose ps -a` says what is down, `docker compose logs` why; start that, mend what is unhealthy.
    See: https://docs.docker.com/reference/compose-file/services/#healthcheck
    """
    case.saw(*(f"{one.label}: ran once, and ended well" for one in containers.made if containers.is_done(one)))
    for container in containers.services:
        with case(container.label, f"{container.state}, {container.restart_count} restarts"):
            case.fix(to_run(container))
            assert not container.trouble, container.trouble
            assert container.health != "none", "has no health check, so nobody knows"
            assert container.health == "healthy", f"is {container.health}"


WELL = frozenset(
    {
        "alive", "available", "good", "green", "healthy", "live", "ok", "okay", "online", "operational", "pass", "passing", "pong",
        "ready", "running", "serving", "success", "up",
    }
)  # fmt: skip
"""What health addresses say when all is well."""
OF_THE_WHOLE = ("status", "health", "state", "healthy", "ok")
"""Under what JSON says how the whole is."""
SICK = frozenset(
    {
        "broken", "crashed", "critical", "dead", "degraded", "disconnected", "down", "error", "fail", "failed", "failing", "initializing",
        "ko", "not healthy", "not ok", "not ready", "not_connected", "not_ready", "offline", "out_of_service", "starting", "stopped",
        "stopping", "timeout", "unavailable", "unhealthy", "unreachable",
    }
)  # fmt: skip
"""What they say of a part that is not well, whatever they say of the whole."""
_CANNOT_BE_REACHED = re.compile(
    r"(connection|connect) (was )?(refused|failed|error|reset|lost|timed out|timeout)\b|(could not|cannot|can't|unable to|failed to|error) "
    r"(connect|reach)(ing)?\b|not (connected|reachable|running|available)\b|no connection\b|timed out\b"
)
"""How a sentence begins that says why a part is not well, as drivers of databases do."""
PARTS = frozenset({"checks", "components", "dependencies", "services"})
"""Under what they list their parts."""
SETTINGS = frozenset({"config", "configuration", "features", "flags", "settings"})
"""Under what they list what is switched on and off: that says nothing of how well it is."""
COMPLAINTS = frozenset({"errors", "failed", "failures", "unhealthy"})
"""Under what they list what is wrong."""
COMPLAINT, NO_COMPLAINT = "error", frozenset({"", "0", "false", "n/a", "no", "none", "null", "ok"})
"""Under what they say what is wrong, and what is said there where nothing is."""
DESCRIBED_BY = frozenset({"check", "component", "name", "service"})
"""What an entry of a list has that says of which part it is: what else it has describes the part, and is none."""
GOOD_IF_FALSE = frozenset(
    {"cached", "critical", "debug", "draining", "locked", "maintenance", "optional", "overloaded", "paused", "readonly", "read_only", "stale"}
)  # fmt: skip
GOOD_IF_TRUE = frozenset(
    {"alive", "available", "cache", "connected", "database", "db", "healthy", "ok", "reachable", "ready", "redis", "up"}
)


def _is_sick(said: object, name: str = "", of: str = "") -> bool:
    match said:
        case dict():
            if name in COMPLAINTS and any(isinstance(part, str | list | dict) and part for part in said.values()):
                return True
            return any(_is_sick(part, key.lower(), name) for key, part in said.items() if key.lower() not in SETTINGS)
        case list():
            return bool(said and name in COMPLAINTS) or any(_is_sick(part, _name_in(part, name), of) for part in said)
        case str():
            word, _, more = (text := said.strip().lower()).partition(":")
            if name == COMPLAINT:
                return text not in NO_COMPLAINT
            # How much is logged says nothing of how well it is; nor does it that nothing has failed, nor why something did once.
            is_said = more.strip() not in ("0", "none") and not name.endswith("level") and name != "last_error"
            return is_said and (word in SICK or _CANNOT_BE_REACHED.match(text) is not None)
        case False:
            return name in GOOD_IF_TRUE or (of in PARTS and name not in GOOD_IF_FALSE)
        case _:
            return False


def _name_in(part: object, name: str) -> str:
    """Under what name an entry of a list stands: what names itself has attributes, and no parts."""
    is_described = isinstance(part, dict) and any(
        key.lower() in DESCRIBED_BY and isinstance(value, str) for key, value in part.items()
    )
    return "" if is_described else name


def _health_by_json(text: str) -> bool | None:
    """Whether it says that all is well; nothing where it says nothing of that."""
    try:
        said = json.loads(text.removeprefix("\ufeff"))
        if _is_sick(said):
            return False
    except (ValueError, RecursionError):
        return False
    is_well = _of_the_whole(said) if isinstance(said, dict) else isinstance(said, str) and said
    return True if is_well is True or (isinstance(is_well, str) and is_well.strip().lower() in WELL) else None


def _of_the_whole(said: Mapping[str, object]) -> object:
    """What JSON says of the whole, in the first place where it does."""
    told = {name.lower(): value for name, value in said.items()}
    return next((told[name] for name in OF_THE_WHOLE if isinstance(told.get(name), str | bool)), None)


def health_of(answer: Answer) -> bool | None:
    """Whether a health address says that all is well, as a word or as JSON; nothing where it says nothing of that.

    A page of HTML is the single page's answer to every path, unless it is but the word, of which many servers say that it is HTML.
    Other words may be anybody's.
    """
    text = answer.body.strip()
    if answer.is_page:
        return text.lower().rstrip(".!") in WELL
    if answer.is_json or text.startswith(("{", "[")):
        return None if answer.is_cut else _health_by_json(text)
    word = text.lower().rstrip(".!")
    return True if word in WELL else False if word in SICK or "<" in text else None


def expect_health(said: Answer) -> None:
    """An answer that says that all is well."""
    assert 200 <= said.status < 300, f"answers {said.status or 'nothing'}"
    is_well = health_of(said)
    if is_well is None:
        raise NotAssessed(
            f"answers {said.status} with {said.body.strip()[:40]!r}: whether that is healthy is not known"
        )
    assert is_well, f"answers {said.status} without saying healthy: {said.body.strip()[:40]!r}"


def expect_backend_health(said: Answer, names: Collection[str]) -> None:
    """The backend says so, in JSON, under its own name; a proxy's own words are not the backend's."""
    there = arrived(said, names)
    assert there.status == 200, f"answers {there.status or 'nothing'}"
    kind = there.header("content-type") or "of no type"
    assert there.is_json, f"is not answered as the backend does: {there.body.strip()[:40]!r} is {kind}"
    expect_health(there)


ADDED_ON_THE_WAY = ("/cdn-cgi/", "//static.cloudflareinsights.com/")
"""What scripts name that Cloudflare adds to pages unless it is told not to: to tell machines from people, to count visits."""


_NONCE = re.compile(r"""<(?:script|style|link|meta)\b[^>]{0,400}\snonce=["']?[A-Za-z0-9+/_=-]{8}""", re.IGNORECASE)
"""What a policy lets a page's own scripts pass by (https://www.w3.org/TR/CSP3/#framework-directive-source-list)."""


def _without_added(page: str, line_end: str = "") -> str:
    """A page without what was added to it, and what ends its line."""
    first, *others = page.split("<script")
    kept = [first]
    for part in others:
        script, end, behind = part.partition("</script>")
        is_added = end and any(one in script for one in ADDED_ON_THE_WAY)
        kept.append(behind.removeprefix(line_end) if is_added else f"<script{part}")
    return "".join(kept)


def expect_same_page(said: Answer, own_page: str) -> None:
    """What comes back is the page that this machine's frontend has, but for what a content delivery network adds to it.

    Raises:
        NotAssessed: it was not compared whole, was changed on its way in other places too, or came before this page did, maybe.
    """
    if said.is_cut:
        raise NotAssessed("the page is longer than what is compared of it")
    if said.sha256 == own_page:
        return
    left = _without_added(said.body)
    if left != said.body:
        if own_page in (_sha256(left), _sha256(_without_added(said.body, "\n"))):
            return
        raise NotAssessed("the network in front changes pages on their way, so that it cannot be compared")
    if _NONCE.search(said.body):
        raise NotAssessed("the page has a nonce, which is another one in each answer, so that it cannot be compared")
    if said.ago:
        raise NotAssessed(
            f"answered with another page {said.ago} than this machine's frontend has now: run `zebu look` there again"
        )
    raise AssertionError("answers with another page than this machine's frontend has")


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


@item("deploy.initial.health-site")
def test_the_site_says_that_it_is_healthy(web: Web, settings: Settings, case: Cases) -> None:
    """Load balancers and monitors ask here. The single page answers every path with 200, which says nothing.

    Fix: `location = /health { return 200 healthy; }` in the frontend's nginx, before the fallback to index.html.
    See: https://nginx.org/en/docs/http/ngx_http_rewrite_module.html#return
    """
    if not settings.application.health_exposed:
        raise NotApplicable("application.health_exposed is false: the site's health is not meant to be asked")
    site = settings.domains.site
    if site is None:
        raise NotAssessed("domains.site is not set")
    with case(f"https://{site}/health"):
        said = need(web.health[site])
        case.saw(
            f"https://{site}/health: {said.told}, {said.header('content-type') or 'no type'}: {said.body.strip()[:60]}"
        )
        expect_health(arrived(said, [name for name in (site, settings.domains.www) if name]))


def _refuses(answer: Known[Answer] | Unknown | None) -> bool:
    """Whether a protected route is answered as the backend does, where nobody has signed in."""
    said = answer.value if isinstance(answer, Known) else None
    return said is not None and said.status == 401 and said.is_json


def expect_api_health(web: Web, settings: Settings, case: Cases) -> None:
    """The API says that it is healthy: at its own name, or where it is served under the site by its greeting."""
    domains = settings.domains
    if domains.api_origin is None or domains.site is None:
        raise NotAssessed("domains.api is not set (a name, or same-origin)")
    if domains.api == "same-origin":
        with case(f"{domains.api_origin}/api/v1/"):
            said = need(web.root)
            case.saw(f"{domains.api_origin}/api/v1/: {said.told}: {said.body.strip()[:60]}")
            expect_let_pass(said.status)
            assert said.status == 200 and said.is_json, (
                f"answers {said.status or 'nothing'}, and not as the backend does"
            )
            if not said.header("x-correlation-id") and not _refuses(web.refused.get("no token")):
                raise NotAssessed("whether the backend answers is not known: neither a mark nor a refusal is its own")
        return
    name = domains.api_origin.removeprefix("https://")
    with case(f"https://{name}/health"):
        said = need(web.health[name])
        case.saw(f"https://{name}/health: {said.told}: {said.body.strip()[:60]}")
        expect_backend_health(said, (name,))


@item("deploy.initial.health-api")
def test_the_api_says_that_it_is_healthy(web: Web, settings: Settings, case: Cases) -> None:
    """It proves that the backend's process answers through the proxy, and nothing of what stands behind it.

    Fix: the proxy host of the API's name (forward to port 8000), and `docker compose logs backend`.
    See: the checklist.
    """
    expect_api_health(web, settings, case)
