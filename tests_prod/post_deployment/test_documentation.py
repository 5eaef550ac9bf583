"""Post-Deployment / Documentation. What documents say is never copied: they may name people and places of secrets."""

from __future__ import annotations

from pytest_zebu.facts.answer import NotAssessed
from pytest_zebu.facts.documents import Documents
from pytest_zebu.plugin.checks import Cases, item
from tests_prod.documents import expect_document


@item("post.documentation.runbooks.deployment")
def test_deploying_is_written_down(documents: Documents, case: Cases) -> None:
    """What only one person can do is done wrongly by the next.

    Fix: a runbook with the commands of a deployment, what comes before, and how to see that it worked.
    See: https://sre.google/workbook/on-call/
    """
    expect_document(documents, case, "deployment", everywhere={"deploy", "start", "verify"}, section={"deploy"})


@item("post.documentation.runbooks.rollback")
def test_going_back_is_written_down(documents: Documents, case: Cases) -> None:
    """Nobody thinks well in the minute after a failed deployment.

    Fix: a runbook with the commands that bring back the version of before, the database's too.
    See: https://sre.google/workbook/canarying-releases/
    """
    expect_document(documents, case, "rollback", everywhere={"rollback", "release"}, section={"rollback"})


@item("post.documentation.runbooks.troubleshooting")
def test_troubleshooting_is_written_down(documents: Documents, case: Cases) -> None:
    """The second time takes as long as the first, unless somebody wrote it down.

    Fix: what is seen, where to look, what to do; with each incident a line more.
    See: https://sre.google/sre-book/effective-troubleshooting/
    """
    expect_document(
        documents, case, "troubleshooting", everywhere={"troubleshooting", "logs"}, section={"troubleshooting"}
    )


@item("post.documentation.runbooks.shutdown")
def test_emergency_shutdown_is_written_down(documents: Documents, case: Cases) -> None:
    """When data is being destroyed, the way to stop it must be one line long.

    Fix: a section with the command that stops everything and keeps the data, and what happens then.
    See: the checklist.
    """
    expect_document(documents, case, "emergency shutdown", everywhere={"shutdown", "stop"}, section={"shutdown"})


@item("post.documentation.architecture.network-diagram")
def test_there_is_a_network_diagram(documents: Documents, case: Cases) -> None:
    """Where a request comes by is the first question of every incident.

    Fix: a mermaid block in docs/architecture.md, or a picture beside it.
    See: https://mermaid.js.org
    """
    with case("a diagram"):
        found = [one.path for one in documents if "diagram" in one.topics]
        case.saw(f"diagrams: {', '.join(found) or 'none'}")
        if found:
            return
        if documents.unseen:
            raise NotAssessed(f"no document that was read has a diagram; {documents.unseen}")
        pictures = [one.path for one in documents if "image" in one.topics]
        if pictures:
            raise NotAssessed(f"{pictures[0]} has a picture; whether it shows the network, people attest")
        raise AssertionError("no document has a diagram, and there is no picture of the network")


@item("post.documentation.architecture.dependencies")
def test_dependencies_are_written_down(documents: Documents, case: Cases) -> None:
    """What stops when this stops.

    Fix: a section that says which service needs which, and what it does without.
    See: the checklist.
    """
    expect_document(
        documents, case, "dependencies of services",
        everywhere={"dependencies", "applications", "stores"}, section={"dependencies"},
    )  # fmt: skip


@item("post.documentation.architecture.configuration")
def test_configuration_is_written_down(documents: Documents, case: Cases) -> None:
    """A variable that nobody can explain is never changed again.

    Fix: a section that says where configuration is and what each variable means.
    See: https://12factor.net/config
    """
    expect_document(documents, case, "configuration", everywhere={"configuration"}, section={"configuration"})


@item("post.documentation.architecture.secrets")
def test_handling_of_secrets_is_written_down(documents: Documents, case: Cases) -> None:
    """After a leak there is no time to find out how a secret is changed.

    Fix: a section that says how secrets are made, where they are kept and how they are rotated; not the secrets.
    See: OWASP Secrets Management Cheat Sheet.
    """
    expect_document(documents, case, "secrets", everywhere={"secrets", "rotation"}, section={"secrets"})


CONTACTS = {
    "post.documentation.contacts.admin": ("access of administrators", "admin"),
    "post.documentation.contacts.dns": ("DNS provider", "dns"),
    "post.documentation.contacts.hosting": ("hosting or internet provider", "hosting"),
    "post.documentation.contacts.registrar": ("domain registrar", "registrar"),
}


@item(*CONTACTS)
def test_contacts_are_written_down(zebu_item: str, documents: Documents, case: Cases) -> None:
    """Who pays, who may log in, and whom to call. That it is written down is all that is looked at.

    Fix: a document of contacts and access, with a way to reach each.
    See: the checklist.
    """
    what, topic = CONTACTS[zebu_item]
    # Of providers it is asked how to get in, so that a page of accounts says it, too.
    titles = {"contacts"} if topic == "admin" else {"contacts", "access"}
    expect_document(documents, case, what, everywhere={"contact", topic}, section=titles, words=10, apart=0)
