# Of each service `@service NAME STATUS`, then its distributions: `NAME VERSION`.
# Each image's own Python tells what is installed for it; nothing of the application is imported. `-I` keeps the
# working folder, which is the application's, out of the path. 126 and 127: the image has no Python.
containers=$(docker ps --filter status=running --filter "label=com.docker.compose.project=$ZEBU_PROJECT" --format '{{.ID}} {{.Label "com.docker.compose.service"}}') || exit 1
printf '%s\n' "$containers" | sort -k2 | head -n 24 | while read -r id service; do
  found=$(docker exec "$id" python3 -I -c '
import importlib.metadata as m
for d in m.distributions(): print(d.metadata["Name"], d.version)' 2>/dev/null </dev/null)
  status=$?
  case $status in 0) ;; 126|127) status=none found= ;; *) found= ;; esac
  printf '@service %s %s\n' "$service" "$status"
  [ -z "$found" ] || printf '%s\n' "$found"
done
