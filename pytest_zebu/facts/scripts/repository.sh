# The checkout: `@head`, `@owner`, `@remote`, `@known`, `@absent`, `@left COUNT`, `@tag NAME KIND COMMIT`,
# `@submodule PATH` of those that are not checked out, `@change STATUS PATH`.
head=$(git rev-parse --verify HEAD) || exit 1
echo "@head $head"
echo "@owner $(stat -c %U "$ZEBU_APP_DIR")"
# Where nothing is called origin, the only remote is meant.
remote=origin
git remote get-url origin >/dev/null 2>&1 || { remote=$(git remote 2>/dev/null); [ "$(printf '%s\n' "$remote" | wc -l)" = 1 ] || remote=origin; }
echo "@remote $(git remote get-url "$remote" 2>/dev/null | sed -E 's#//[^/@]*@#//#')"
echo "@known $(git for-each-ref --contains HEAD --format=x refs/remotes refs/tags 2>/dev/null | wc -l)"
# The commits of submodules are no objects of this repository; what a partial clone left with its remote is not lost.
absent=$(git ls-tree -r HEAD 2>/dev/null | awk '$2 == "blob" { print $3 }' | git cat-file --batch-check 2>/dev/null | grep -c missing)
if [ -n "$(git config --get-regexp '^(remote\..*\.(promisor|partialclonefilter)|extensions\.partialclone)$' 2>/dev/null)" ]; then
  echo "@absent 0"
  echo "@left $absent"
else
  echo "@absent $absent"
fi
git for-each-ref --format='@tag %(refname:short) %(objecttype) %(if)%(*objectname)%(then)%(*objectname)%(else)%(objectname)%(end)' refs/tags
git ls-files -s 2>/dev/null | awk -F '\t' '$1 ~ /^160000 / { print $2 }' | head -n 50 | while IFS= read -r path; do
  [ -e "$ZEBU_APP_DIR/$path/.git" ] || printf '@submodule %s\n' "$path"
done
changes=$(git -c filter.lfs.process= -c filter.lfs.smudge= status --porcelain --untracked-files=normal --ignore-submodules=none) || exit 1
[ -z "$changes" ] || printf '%s\n' "$changes" | head -n 50 | sed 's/^/@change /'
