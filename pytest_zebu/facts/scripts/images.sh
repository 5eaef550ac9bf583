# Of each container: `@image SERVICE MADE BASE`; `-` for what Docker does not tell.
containers=$(docker ps -a --filter "label=com.docker.compose.project=$ZEBU_PROJECT" --filter label=com.docker.compose.oneoff=False --format '{{.ID}} {{.Label "com.docker.compose.service"}}') || exit 5
printf '%s\n' "$containers" | grep . | head -n 24 |
  while read -r id service; do
    image=$(quiet docker inspect -f '{{.Image}}' "$id")
    made=$(quiet docker image inspect -f '{{.Created}}' "${image:--}")
    base=$(quiet docker history --human=false --format '{{.CreatedAt}}' "${image:--}" | tail -n 1)
    printf '@image %s %s %s\n' "${service:--}" "${made:--}" "${base:--}"
  done
