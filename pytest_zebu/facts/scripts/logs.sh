# `@task NAME`; of each service `@service NAME STATUS LAST`, `@errors NAME SPAN COUNT`, and `@statements NAME COUNT`: lines
# since its start in which SQLAlchemy shows what it asks the database.
# Counts travel, no line does.
cd "$ZEBU_APP_DIR" 2>/dev/null && for file in Taskfile.yml Taskfile.yaml taskfile.yml taskfile.yaml; do
  [ -f "$file" ] && sed -n 's/^  \([A-Za-z0-9:_-]*\): *$/@task \1/p' "$file" | head -n 200
done
errors='"level": *"(error|critical|fatal)"|(^|[^A-Za-z])(ERROR|FATAL|CRITICAL|PANIC|Traceback)([^A-Za-z]|$)'
docker ps -a --filter "label=com.docker.compose.project=$ZEBU_PROJECT" --filter label=com.docker.compose.oneoff=False --format '{{.ID}} {{.Label "com.docker.compose.service"}}' | head -n 24 |
  while read -r id service; do
    last=$(docker logs --tail 1 --timestamps "$id" 2>&1 </dev/null); status=$?
    printf '@service %s %s %s\n' "$service" "$status" "$(printf '%s' "$last" | tail -n 1 | cut -d' ' -f1 | cut -c1-40)"
    for span in 1h 168h; do
      printf '@errors %s %s %s\n' "$service" "$span" "$(docker logs --since "$span" "$id" 2>&1 </dev/null | head -c 33554432 | grep -cE "$errors")"
    done
    started=$(docker inspect -f '{{.State.StartedAt}}' "$id" 2>/dev/null </dev/null)
    printf '@statements %s %s\n' "$service" "$(docker logs --since "$started" --tail 20000 "$id" 2>&1 </dev/null | head -c 8388608 | grep 'sqlalchemy[.]engine' | grep -ciE 'info|debug')"
  done
