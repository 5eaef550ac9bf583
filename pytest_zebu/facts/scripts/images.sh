# Of each container: `@image SERVICE MADE BASE`; `-` for what Docker does not tell.
docker ps -a --filter "label=com.docker.compose.project=$ZEBU_PROJECT" --filter label=com.docker.compose.oneoff=False --format '{{.ID}} {{.Label "com.docker.compose.service"}}' | head -n 24 |
  while read -r id service; do
    image=$(docker inspect -f '{{.Image}}' "$id" 2>/dev/null)
    made=$(docker image inspect -f '{{.Created}}' "${image:--}" 2>/dev/null)
    base=$(docker history --human=false --format '{{.CreatedAt}}' "${image:--}" 2>/dev/null | tail -n 1)
    printf '@image %s %s %s\n' "${service:--}" "${made:--}" "${base:--}"
  done
