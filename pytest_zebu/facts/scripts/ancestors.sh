# Lines `COMMIT OBJECT...`: an object, or `none`, for each declared path.
# The commits before the deployed one, each with the identity of what it has at the declared paths: a check that was
# skipped there for want of changes ran on an ancestor that has the same.
git log --first-parent --format=%H -n 40 | while read -r commit; do
  printf '%s' "$commit"
  for path in $ZEBU_SET_FORGE_PATHS; do printf ' %s' "$(quiet_git rev-parse -q --verify "$commit:$path" || echo none)"; done
  echo
done
