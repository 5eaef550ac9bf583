# Shared, behind quiet.sh: git in the application's checkout, which runs nothing of the checkout's own, fetches nothing and writes nothing there.
# Objects that a partial clone left with its remote stay there: older git knows no GIT_NO_LAZY_FETCH, so no transport is allowed.
command -v git >/dev/null || { ! is_there git || echo 'not run: git' >&2; exit 127; }
export GIT_OPTIONAL_LOCKS=0 GIT_CONFIG_NOSYSTEM=1 GIT_NO_LAZY_FETCH=1 GIT_ALLOW_PROTOCOL=none GIT_NO_REPLACE_OBJECTS=1 GIT_TERMINAL_PROMPT=0
by() {  # HOW ARGUMENT...
  how=$1; shift
  "$how" git -C "$ZEBU_APP_DIR" -c core.fsmonitor=false -c core.hooksPath=/dev/null -c core.pager=cat -c log.showSignature=false \
    -c safe.directory="$ZEBU_APP_DIR" "$@"
}
git() { by command "$@"; }
quiet_git() { by quiet "$@"; }
