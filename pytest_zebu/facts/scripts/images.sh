# Of each container: `@image SERVICE MADE BASE`.
docker ps -a --filter "label=com.docker.compose.project=$ZEBU_PROJECT" --filter label=com.docker.compose.oneoff=False --format '{{.ID}} {{.Label "com.docker.compose.service"}}' | head -n 24 |
  while read -r id service; do
    image=$(docker inspect -f '{{.Image}}' "$id") || continue
    made=$(docker image inspect -f '{{.Created}}' "$image") || continue
    base=$(docker history --human=false --format '{{.CreatedAt}}' "$image" | tail -n 1)
    printf '@image %s %s %s\n' "$service" "$made" "$base"
  done
