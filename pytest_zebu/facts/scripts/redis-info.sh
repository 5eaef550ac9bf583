# Redis's INFO, as the backend may ask for it, or else as the server's own container may.
# Passwords travel in an environment only; where the server wants none, redis-cli goes on without.
if [ -n "$ZEBU_BACKEND_CONTAINER" ]; then
  answer=$(backend INFO 2>/dev/null)
  case $answer in *redis_version:*) printf '%s\n' "$answer"; exit 0 ;; esac
fi
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
printf '%s\n' "$own"
exit "$status"
