# Shared: git in the application's checkout, which runs nothing of the checkout's own and writes nothing there.
command -v git >/dev/null || exit 127
git() {
  GIT_OPTIONAL_LOCKS=0 GIT_CONFIG_NOSYSTEM=1 command git -C "$ZEBU_APP_DIR" -c core.fsmonitor=false -c core.hooksPath=/dev/null -c core.pager=cat -c safe.directory="$ZEBU_APP_DIR" "$@"
}
