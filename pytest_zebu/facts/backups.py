"""The dumps that are there, here and on other storage."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from pytest_zebu.facts.base import Fact, Garbled, Gathered, Known, Missing, Probe, Reason, Unknown, key_values
from pytest_zebu.settings import Target

# A copy on another machine is listed the way that the machine itself reaches it; nothing is written there.
PROBE = Probe(
    "backups",
    r"""
list='find . -maxdepth 1 -type f -name "$1" -printf "@file %s %T@ %f\n" | head -n 2000'
if [ -n "$ZEBU_SET_BACKUP_FOLDER" ]; then
  if cd "$ZEBU_SET_BACKUP_FOLDER" 2>/dev/null; then
    echo "@here $(stat -c %d .) $(df -B1 --output=avail . | tail -n 1 | tr -d ' ')"
    sh -c "$list" sh "$ZEBU_SET_BACKUP_PATTERN"
  else echo @absent
  fi
fi
case $ZEBU_SET_BACKUP_COPY in
  '') ;;
  /*)
    if cd "$ZEBU_SET_BACKUP_COPY" 2>/dev/null; then
      echo "@copy folder $(stat -c %d .) $(findmnt -nT . -o FSTYPE) $(findmnt -nvT . -o SOURCE)"
      sh -c "$list" sh "$ZEBU_SET_BACKUP_PATTERN"
    else echo "@copy absent"
    fi ;;
  *)
    host=${ZEBU_SET_BACKUP_COPY#*@}; host=${host%%:*}; place=${ZEBU_SET_BACKUP_COPY#*:}
    own=$(ip -o addr 2>/dev/null | awk '{ sub("/.*", "", $4); print $4 }')
    same=0; for address in $(timeout 4 getent ahosts "$host" | awk '{ print $1 }'); do for mine in $own; do [ "$address" = "$mine" ] && same=1; done; done
    # The folder and the pattern have no character that a shell there would take for its own.
    if listing=$(timeout 6 ssh -o BatchMode=yes -o ConnectTimeout=4 -o StrictHostKeyChecking=yes "${ZEBU_SET_BACKUP_COPY%%:*}" "cd $place && find . -maxdepth 1 -type f -name '$ZEBU_SET_BACKUP_PATTERN' -printf '@file %s %T@ %f\n'" 2>/dev/null); then
      echo "@copy host $same $host"
      printf '%s\n' "$listing" | head -n 2000
    else echo "@copy unreachable $host"
    fi ;;
esac
""",
    needs=("ROOT",),
    timeout=12,
)


@dataclass(frozen=True, slots=True)
class Dump:
    """A file.

    Attributes:
        size: bytes.
    """

    name: str
    size: int
    made: datetime


@dataclass(frozen=True, slots=True)
class Copy:
    """Where the copies are.

    Attributes:
        same_storage: why it is no other storage; empty if it is.
    """

    where: str
    same_storage: str
    dumps: tuple[Dump, ...]


@dataclass(frozen=True, slots=True)
class Backups:
    """Dumps on the machine, newest last, and their copies.

    Attributes:
        available: free bytes on their file system.
        now: the moment of looking, by the machine's clock.
    """

    dumps: tuple[Dump, ...]
    available: int
    copy: Known[Copy] | Unknown
    now: datetime

    @property
    def newest(self) -> Dump | None:
        """The youngest dump."""
        return self.dumps[-1] if self.dumps else None

    def age(self, dump: Dump) -> timedelta:
        """How old a dump is."""
        return self.now - dump.made


def _dump(rest: str) -> Dump:
    size, made, name = rest.split(" ", 2)
    return Dump(name, int(size), datetime.fromtimestamp(float(made), UTC))


def parse(gathered: Gathered, target: Target) -> Backups:
    """From find, here and there."""
    declared = target.settings.backups
    if declared.folder is None:
        raise Missing(Unknown(Reason.NOT_CONFIGURED, "backups.folder is not declared: where the dumps are kept"))
    now = datetime.fromtimestamp(int(key_values(gathered.said("zebu.host").out).get("time", "0")), UTC)
    here: list[Dump] = []
    there: list[Dump] = []
    current = here
    device, available = "", 0
    copy: list[str] = []
    try:
        for line in gathered.said("backups").out.splitlines():
            word, _, rest = line.partition(" ")
            match word:
                case "@absent":
                    return Backups((), 0, Unknown(Reason.MISSING, f"{declared.folder} is not there"), now)
                case "@here":
                    device, free = rest.split()
                    available = int(free)
                case "@copy":
                    copy, current = rest.split(), there
                case "@file":
                    current.append(_dump(rest))
                case _:
                    raise Garbled(f"the listing of dumps said: {line[:120]}")
    except (ValueError, OverflowError, OSError):
        raise Garbled("the listing of dumps") from None
    found = tuple(sorted(here, key=lambda dump: dump.made))
    return Backups(found, available, _copy(copy, tuple(sorted(there, key=lambda dump: dump.made)), device, target), now)


def _copy(words: list[str], dumps: tuple[Dump, ...], device: str, target: Target) -> Known[Copy] | Unknown:
    where = target.settings.backups.copy_to or ""
    match words:
        case []:
            return Unknown(Reason.NOT_CONFIGURED, "backups.copy is not declared: where the dumps are copied")
        case ["folder", other, *_]:
            same = "it is on the same file system as the dumps" if other == device else ""
            return Known(Copy(where, same, dumps))
        case ["host", same, host]:
            return Known(Copy(where, f"{host} is this machine" if same == "1" else "", dumps))
        case ["unreachable", host]:
            return Unknown(Reason.UNREACHABLE, f"the machine cannot list {where} on {host} by ssh")
        case _:
            return Unknown(Reason.MISSING, f"{where} is not there")


FACT = Fact("backups", parse, (PROBE,))
