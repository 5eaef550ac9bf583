# The checkout: `@head`, `@owner`, `@remote`, `@known COUNT`, `@branches COUNT`, `@tagged COUNT`, `@given BY`, `@made HERE`, `@shallow`,
# `@absent`, `@left COUNT`, `@tag NAME KIND COMMIT`, `@submodule PATH` of those that are not checked out, `@change STATUS PATH`.
head=$(git rev-parse --verify HEAD) || exit 1
echo "@head $head"
echo "@owner $(stat -c %U "$ZEBU_APP_DIR")"
# Where nothing is called origin, the only remote is meant.
remote=origin
git remote get-url origin >/dev/null 2>&1 || { remote=$(git remote 2>/dev/null); [ "$(printf '%s\n' "$remote" | wc -l)" = 1 ] || remote=origin; }
echo "@remote $(git remote get-url "$remote" 2>/dev/null | sed -E 's#//[^/@]*@#//#')"
# What the remote has, as far as it was fetched: a tag may as well have been made here, and the branches of another remote are not its own.
refs=$(git config --get-all "remote.$remote.fetch" 2>/dev/null | sed -n 's/^+\{0,1\}refs\/heads[^:]*:\(refs\/[^*]*\).*/\1/p' | sed 's/\/$//' | grep -v '^refs/heads')
[ -n "$refs" ] || refs=refs/remotes/$remote
# shellcheck disable=SC2086 # names of references, each a word
set -- $refs
echo "@branches $(git for-each-ref --format=x "$@" 2>/dev/null | wc -l)"
echo "@known $(git for-each-ref --contains HEAD --format=x "$@" 2>/dev/null | wc -l)"
echo "@tagged $(git for-each-ref --contains HEAD --format=x refs/tags 2>/dev/null | wc -l)"
[ "$(git rev-parse --is-shallow-repository)" != true ] || echo "@shallow"
# What a fetch brought stands in FETCH_HEAD, the end of a history that was fetched in part in `shallow`, and the first commit of a clone in its log.
folder=$(git rev-parse --absolute-git-dir); common=$(git rev-parse --git-common-dir); case $common in /*) ;; *) common=$ZEBU_APP_DIR/$common ;; esac
# By owner and name: the same repository is reached by https and by ssh.
plain() { sed -E 's#(\.git)?/*$##; s#.*[:/]([^:/]+/[^:/]+)$#\1#'; }
url=$(git remote get-url "$remote" 2>/dev/null | plain)
head -n 1000 "$folder/FETCH_HEAD" 2>/dev/null | while IFS= read -r line; do
  from=$(printf '%s\n' "${line##*	}" | sed 's/.* of //' | plain)
  [ "$from" = "$url" ] && [ "$(git rev-parse -q --verify "${line%%	*}^{commit}" 2>/dev/null)" = "$head" ] && { echo "@given fetch"; break; }
done
grep -Fqx "$head" "$common/shallow" 2>/dev/null && echo "@given shallow"
first=$(head -n 1 "$folder/logs/HEAD" 2>/dev/null | grep -E "^0+ $head .*	clone: from ")
[ -z "$first" ] || [ "$(printf '%s\n' "${first##*clone: from }" | plain)" != "$url" ] || echo "@given clone"
# A commit that was made here says so in the log.
grep -E "^[0-9a-f]+ $head " "$folder/logs/HEAD" 2>/dev/null | head -n 1 | sed -n 's/^[^	]*	\(commit\|cherry-pick\|rebase (pick)\|revert\|am\|merge [^:]*: Merge made\|pull[^:]*: Merge made\)[ :(].*/@made \1/p'
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
