# Of each service `@service NAME STATUS`, then its distributions: `NAME VERSION`, and `? FOLDER` for one that does not
# tell both; `@cut COUNT` where there are more containers than are asked.
# Each image's own Python tells what is installed for it, and each other Python that runs there by its own path, as that of
# an environment; nothing of the application is imported. `-I` keeps the working folder, which is the application's, out of
# the path. 126 and 127: there is no python3 on the image's path; `unseen`: and a Python from elsewhere runs.
containers=$(docker ps --filter status=running --filter "label=com.docker.compose.project=$ZEBU_PROJECT" --format '{{.ID}} {{.Label "com.docker.compose.service"}}') || exit 1
count=$(printf '%s\n' "$containers" | grep -c .)
[ "$count" -le 24 ] || echo "@cut $count"
ask() {
  found=$(quiet docker exec "$id" "$1" -I -c '
import importlib.metadata as m
for d in m.distributions():
    try: name, version = d.metadata["Name"], d.version
    except Exception: name = version = None
    print(*(name, version) if name and version else ("?", str(getattr(d, "_path", "")).rpartition("/")[2]))' </dev/null)
  status=$?
}
tell() {
  printf '@service %s %s\n' "$service" "$status"
  [ "$status" != 0 ] || [ -z "$found" ] || printf '%s\n' "$found"
}
printf '%s\n' "$containers" | sort -k2 | head -n 24 | while read -r id service; do
  runs=$(quiet docker top "$id" -eo args </dev/null)
  ask python3
  first=$status
  case $first in
    126|127) status=none
      case $runs in *[/\ ]python*|python*) status=unseen ;; esac ;;
  esac
  others=$(printf '%s\n' "$runs" | awk -v first="$first" '$1 ~ /^(\/[^ ]*\/)?python[0-9.]*$/ && (first || $1 !~ /^(\/usr\/(local\/)?bin\/|python)/) { print $1 }' | sort -u | head -n 4)
  # Where each Python that runs is asked by its path, none is unseen.
  [ "$status" = unseen ] && [ -n "$others" ] || tell
  for other in $others; do
    ask "$other"
    tell
  done
done
