# Of each login user `@user NAME GROUPS`, `@keys NAME COUNT`, and for each address `@for NAME ADDRESS` before what sshd
# says; then `@state` before systemd's `key=value`, `@socket`, `@changed`, `@reloaded`.
# For each user with a login shell and each address that a Match block may treat differently: the effective
# configuration (sshd -T -C). Addresses: the loopback, ours, one of the documentation range (RFC 5737) for "anywhere",
# and those that the configuration itself names.
command -v sshd >/dev/null || exit 127
addresses=$(perl -e "$ZEBU_PERL")
getent passwd | while IFS=: read -r user _ _ _ _ _ shell; do
  case $shell in */nologin|*/false|*/sync|'') continue ;; esac
  case $user in -*|*[!A-Za-z0-9_.-]*) continue ;; esac
  printf '@user %s %s\n' "$user" "$(id -Gn "$user" | tr ' ' ',')"
  home=$(getent passwd "$user" | cut -d: -f6)
  printf '@keys %s %s\n' "$user" "$(cat "$home/.ssh/authorized_keys" "$home/.ssh/authorized_keys2" 2>/dev/null | grep -cE '^[^#]*(ssh-|ecdsa-|sk-)')"
  for address in $addresses; do
    printf '@for %s %s\n' "$user" "$address"
    sshd -T -C "user=$user,host=$address,addr=$address,laddr=127.0.0.1,lport=22" 2>&1 |
      grep -Ei '^(passwordauthentication|kbdinteractiveauthentication|challengeresponseauthentication|pubkeyauthentication|hostbasedauthentication|gssapiauthentication|permitrootlogin|permitemptypasswords|authenticationmethods|usepam|allowusers|denyusers|allowgroups|denygroups) |^[^ ]*sshd_config.*(line|bad)|no hostkeys|error'
  done
done
printf '@state\n'
systemctl show ssh.service sshd.service -p Id -p ActiveState -p ExecMainStartTimestamp -p ExecReload --timestamp=unix 2>/dev/null
printf '@socket %s\n' "$(systemctl is-active ssh.socket 2>/dev/null)"
printf '@changed %s\n' "$(find /etc/ssh/sshd_config /etc/ssh/sshd_config.d -type f -printf '%C@\n' 2>/dev/null | sort -n | tail -n 1)"
printf '@reloaded %s\n' "$(journalctl -q -o short-unix -u ssh.service -u sshd.service -n 200 --grep '^(Reloaded |Received SIGHUP|Server listening)' 2>/dev/null | cut -d. -f1 | sort -n | tail -n 1)"
