"""Pre-Deployment / Database."""

from __future__ import annotations

from pytest_zebu.checks import Cases, item
from pytest_zebu.facts.postgres import Role


@item("pre.database.configuration.least-privilege")
def test_the_application_role_has_no_powers(database_role: Role, case: Cases) -> None:
    """An injected statement runs with the backend's role: as superuser it owns the server, and through it the machine.

    Fix: `CREATE ROLE zebu_app LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS`, make it the owner of
    the application's schema, use it in DATABASE_URL. The image makes POSTGRES_USER a superuser: keep that for administration.
    See: PostgreSQL documentation, chapter 22 (Database Roles); CIS PostgreSQL Benchmark, section 4.
    """
    with case(f"role {database_role.name}", f"powers: {', '.join(database_role.powers) or 'none'}"):
        assert not database_role.powers, f"has: {', '.join(database_role.powers)}"
    with case("what it is a member of", ", ".join(database_role.memberships) or "nothing powerful"):
        assert not database_role.memberships, f"is a member of {', '.join(database_role.memberships)}"
