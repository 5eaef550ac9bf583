# The Docker daemon: lines `key=value`.
# Of daemon.json only these keys are told: it may hold a proxy's password.
echo "driver=$(docker info --format '{{.LoggingDriver}}')"
root=$(docker info --format '{{.DockerRootDir}}')
[ -n "$root" ] || exit 1
echo "version=$(docker version --format '{{.Server.Version}}')"
file=/etc/docker/daemon.json
if [ -f "$file" ]; then
  flat=$(tr -d '\n' < "$file")
  for key in max-size max-file defaultKeepStorage; do
    printf '%s=%s\n' "$key" "$(printf '%s' "$flat" | sed -n "s/.*\"$key\"[[:space:]]*:[[:space:]]*\"\([0-9A-Za-z]*\)\".*/\1/p")"
  done
  printf '%s' "$flat" | grep -Eq '"gc"[[:space:]]*:[[:space:]]*\{[^}]*"enabled"[[:space:]]*:[[:space:]]*true' && echo gc=1
  echo "changed=$(stat -c %Z "$file")"
fi
tr '\0' '\n' < "/proc/$(pidof -s dockerd)/cmdline" 2>/dev/null | sed -n 's/^max-size=/flag=/p; s/^--log-opt=max-size=/flag=/p'
echo "started=$(systemctl show docker.service -p ExecMainStartTimestamp --value --timestamp=unix | tr -d @)"
[ "$(stat -c %d "$root" 2>/dev/null)" = "$(stat -c %d /)" ] && echo own_filesystem=0 || echo own_filesystem=1
