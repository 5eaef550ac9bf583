""".env was committed on another branch, with values of before."""

from lab.deployment import Lab

flips: set[str] = {"pre.security.secrets.not-committed"}
touches: set[str] = {"git"}


def inject(lab: Lab) -> None:
    lab.vm.shell(
        "cd /opt/zebu; g() { sudo -u deploy git -c user.name=development -c user.email=development@zebu.test \"$@\"; }; blob=$(printf 'SECRET_KEY=of-long-ago-and-long-since-changed\\n' | g hash-object -w --stdin); tree=$(printf '100644 blob %s\\t.env\\n' $blob | g mktree); commit=$(g commit-tree -m 'Try it out' $tree); g update-ref refs/heads/trial $commit"
    )


def mend(lab: Lab) -> None:
    lab.vm.shell(
        'cd /opt/zebu; g() { sudo -u deploy git -c user.name=development -c user.email=development@zebu.test "$@"; }; g update-ref -d refs/heads/trial; g prune --expire=now'
    )
