# Redis's INFO.
# The password travels in an environment only; where the server wants none, redis-cli goes on without.
if [ -n "$DOTENV_REDIS_PASSWORD" ]; then export REDISCLI_AUTH="$DOTENV_REDIS_PASSWORD"; fi
exec docker exec -i ${REDISCLI_AUTH:+-e REDISCLI_AUTH} "$ZEBU_REDIS_CONTAINER" redis-cli INFO
