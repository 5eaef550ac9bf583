# Redis's INFO, or the lines of it that are read, as the server's own container may ask for it: where the backend may not.
# Passwords travel in an environment only; where the server wants none, redis-cli goes on without.
inside() {
  docker exec -i ${REDISCLI_AUTH:+-e REDISCLI_AUTH} "$ZEBU_REDIS_CONTAINER" \
    sh -c 'for client in redis-cli valkey-cli keydb-cli; do command -v $client >/dev/null && exec $client INFO; done; exit 127'
}
# The container may have a password of its own in its environment.
own=$(inside); status=$?
case $own in
  *redis_version:*) ;;
  *) if [ -n "$DOTENV_REDIS_PASSWORD" ]; then own=$(export REDISCLI_AUTH="$DOTENV_REDIS_PASSWORD"; inside); status=$?; fi ;;
esac
case $own in
  *redis_version:*) printf '%s\n' "$own" | grep -E "$ZEBU_READ" ;;
  *) printf '%s\n' "$own" ;;
esac
exit "$status"
