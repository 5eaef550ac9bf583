# Lines `COMMIT OBJECT...`: an object, or `none`, for each declared path.
# The commits before the deployed one, each with the identity of what it has at the declared paths: a check that was
# skipped there for want of changes ran on an ancestor that has the same.
# One git tells of them all; of what it has not itself, as a submodule's commit, another tells what it is called.
# shellcheck disable=SC2086 # paths, each a word
set -- $ZEBU_SET_FORGE_PATHS
git log --first-parent --format=%H -n 40 | while read -r commit; do
  echo "$commit"
  for path in "$@"; do echo "$commit:$path"; done
done | quiet_git cat-file --batch-check='%(objectname)' | {
  line="" left=$#
  while read -r name trouble; do
    if [ -z "$line" ]; then line=$name left=$#
    else
      [ -z "$trouble" ] || name=$(quiet_git rev-parse -q --verify "$name" || echo none)
      line="$line $name" left=$((left - 1))
    fi
    [ "$left" -gt 0 ] || { echo "$line"; line=; }
  done
}
