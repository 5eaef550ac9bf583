# `@task NAME`; of each service `@service NAME STATUS LAST`, and for each span `@errors NAME SPAN COUNT` and `@statements NAME COUNT`:
# lines since its start in which SQLAlchemy shows what it asks the database.
# Counts travel, no line does.
cd "$ZEBU_APP_DIR" 2>/dev/null && for file in Taskfile.yml Taskfile.yaml taskfile.yml taskfile.yaml; do
  [ -f "$file" ] && sed -n 's/^  \([A-Za-z0-9:_-]*\): *$/@task \1/p' "$file" | head -n 200
done
exec 3>&2
# Each line begins with its time; as text, times are in their order.
count() {
  LC_ALL=C awk -v service="$service" -v span="$span" -v started="$started" '
    /"level": *"(error|critical|fatal)"|(^|[^A-Za-z])(ERROR|FATAL|CRITICAL|PANIC|Traceback)([^A-Za-z]|$)/ { errors++ }
    /sqlalchemy[.]engine/ && /INFO|DEBUG|info|debug/ && $1 "" >= started "" { statements++ }
    END { printf "@errors %s %s %d\n@statements %s %d\n", service, span, errors, service, statements }'
}
containers=$(docker ps -a --filter "label=com.docker.compose.project=$ZEBU_PROJECT" --filter label=com.docker.compose.oneoff=False --format '{{.ID}}') || exit 5
shown=$(printf '%s\n' "$containers" | head -n 24 |
  xargs -r docker inspect -f '{{.Id}} {{.State.StartedAt}} {{index .Config.Labels "com.docker.compose.service"}}')
[ -n "$shown" ] || [ -z "$containers" ] || exit 5
printf '%s\n' "$shown" | grep . |
  while read -r id started service; do
    last=$(docker logs --tail 1 --timestamps "$id" 2>&1 </dev/null); status=$?
    printf '@service %s %s %s\n' "$service" "$status" "$(printf '%s' "$last" | tail -n 1 | cut -d' ' -f1 | cut -c1-40)"
    for span in 1h 168h; do
      {
        docker logs --timestamps --since "$span" "$id" 2>&1 </dev/null
        # Who was readable a moment ago, and is not to its end now, has told no count; 141: nobody read on.
        case $status:$? in 0:0 | 0:141 | [!0]*) ;; *) echo 'not run: docker logs' >&3 ;; esac
      } | head -c 33554432 | count
    done
  done
