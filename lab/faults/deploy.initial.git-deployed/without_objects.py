"""`.git` was copied without a part of its objects."""

from lab.deployment import Lab

flips: set[str] = {"deploy.initial.git-deployed"}
touches: set[str] = {"git"}
LOSE = b"""
cd /opt/zebu
git() { command git -c safe.directory=/opt/zebu "$@"; }
blob=$(git rev-parse HEAD:README.md)
file=.git/objects/$(echo $blob | cut -c1-2)/$(echo $blob | cut -c3-)
if [ ! -e $file ]; then
  mkdir /root/packs && mv .git/objects/pack/*.pack /root/packs/
  for pack in /root/packs/*.pack; do git unpack-objects -q < $pack; done
  rm -r /root/packs; rm -f .git/objects/pack/*.idx .git/objects/pack/*.rev
  chown -R deploy: .git
fi
echo $file > /root/lost.name
mv $file /root/lost.object
"""


def inject(lab: Lab) -> None:
    lab.vm.run(["sh", "-eu", "-s"], stdin=LOSE)


def mend(lab: Lab) -> None:
    lab.vm.shell("cd /opt/zebu && mv /root/lost.object $(cat /root/lost.name) && rm /root/lost.name")
