# The containers' counters: see usage.pl.
# The kernel's own counters, wherever this machine has them: cgroup v2 and v1. Page cache that can be dropped at any time
# is no use of memory: Docker leaves it out too. What entered the container from outside (`docker exec`, our own looks
# among it) is no descendant of its first process: its memory is counted apart. A leak is looked for in what processes hold
# for themselves, and only in those that are there all the time: sessions of a database come and go, our own among them,
# and what they share is bounded by the server's settings.
list=$(docker ps -q --no-trunc --filter "label=com.docker.compose.project=$ZEBU_PROJECT") || exit 5
for id in $list; do
  first=$(docker inspect -f '{{index .Config.Labels "com.docker.compose.service"}} {{index .Config.Labels "com.docker.compose.container-number"}} {{.State.Pid}}' "$id" |
    awk '{ print (NF < 3 || $2 == 1 ? $1 : $1 "-" $2) " " $NF }')
  memory=; cpu=
  # shellcheck disable=SC2044  # the kernel's names of these folders have no blanks
  for folder in $(quiet find /sys/fs/cgroup -maxdepth 6 -type d -name "*$id*"); do
    [ -f "$folder/memory.current" ] && memory="$folder/memory.current $folder/memory.stat"
    [ -f "$folder/memory.usage_in_bytes" ] && memory="$folder/memory.usage_in_bytes $folder/memory.stat"
    [ -f "$folder/cpu.stat" ] && grep -q usage_usec "$folder/cpu.stat" && cpu=$folder/cpu.stat
    [ -f "$folder/cpuacct.usage" ] && cpu=$folder/cpuacct.usage
  done
  echo "$first $memory $cpu"
done | perl -e "$ZEBU_PERL"
