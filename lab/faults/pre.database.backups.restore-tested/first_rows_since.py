"""Odd but right: a table that was empty when the dump was made has its first rows now."""

from lab.changes import sql
from lab.deployment import Lab

flips: set[str] = set()
touches: set[str] = {"dumps", "postgres-rows"}
uses: set[str] = {"postgres"}
options: tuple[str, ...] = ("--zebu-active=restore",)


def inject(lab: Lab) -> None:
    sql(lab, "SET ROLE zebu_app; CREATE TABLE fresh (id integer PRIMARY KEY)")
    lab.vm.shell(
        "newest=/var/backups/zebu/zebu-$(date -u +%Y%m%dT%H%M%SZ).dump; docker exec zebu-db-1 pg_dump -Fc -U zebu_admin zebu > $newest; echo $newest > /root/fault.dump"
    )
    sql(lab, "SET ROLE zebu_app; INSERT INTO fresh VALUES (1)")


def mend(lab: Lab) -> None:
    sql(lab, "DROP TABLE fresh")
    lab.vm.shell("rm $(cat /root/fault.dump) /root/fault.dump")
