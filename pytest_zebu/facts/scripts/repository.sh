# The checkout: `@head`, `@owner`, `@remote`, `@known COUNT`, `@branches COUNT`, `@tagged COUNT` (`?` where git cannot list them), `@given BY`, `@made HERE`, `@shallow`,
# `@absent`, `@left COUNT`, `@tag NAME KIND COMMIT`, `@submodule PATH` of those that are not checked out, `@change STATUS PATH`,
# `@filtered PATH` of files that only a program of the checkout's could compare.
head=$(git rev-parse --verify HEAD) || exit 1
echo "@head $head"
echo "@owner $(stat -c %U "$ZEBU_APP_DIR")"
# Where nothing is called origin, the only remote is meant.
remote=origin
url=$(quiet_git remote get-url origin) || {
  remote=$(quiet_git remote); [ "$(printf '%s\n' "$remote" | wc -l)" = 1 ] || remote=origin
  url=$(quiet_git remote get-url "$remote")
}
echo "@remote $(printf '%s\n' "$url" | sed -E 's#//[^/@]*@#//#')"
# What the remote has, as far as it was fetched: a tag may as well have been made here, and the branches of another remote are not its own.
refs=$(quiet_git config --get-all "remote.$remote.fetch" | sed -n 's/^+\{0,1\}refs\/heads[^:]*:\(refs\/[^*]*\).*/\1/p' | sed 's/\/$//' | grep -v '^refs/heads')
[ -n "$refs" ] || refs=refs/remotes/$remote
# shellcheck disable=SC2086 # names of references, each a word
set -- $refs
counted() { if references=$(quiet_git for-each-ref --format=x "$@"); then printf '%s' "$references" | grep -c .; else echo '?'; fi; }
echo "@branches $(counted "$@")"
echo "@known $(counted --contains HEAD "$@")"
echo "@tagged $(counted --contains HEAD refs/tags)"
{ IFS= read -r shallow; IFS= read -r folder; IFS= read -r common; } <<FOLDERS
$(git rev-parse --is-shallow-repository --absolute-git-dir --git-common-dir)
FOLDERS
[ "$shallow" != true ] || echo "@shallow"
# What a fetch brought stands in FETCH_HEAD, the end of a history that was fetched in part in `shallow`, and the first commit of a clone in its log.
case $common in /*) ;; *) common=$ZEBU_APP_DIR/$common ;; esac
# By owner and name: the same repository is reached by https and by ssh.
plain() { sed -E 's#(\.git)?/*$##; s#.*[:/]([^:/]+/[^:/]+)$#\1#'; }
url=$(printf '%s\n' "$url" | plain)
quiet head -n 1000 "$folder/FETCH_HEAD" | while IFS= read -r line; do
  from=$(printf '%s\n' "${line##*	}" | sed 's/.* of //' | plain)
  [ "$from" = "$url" ] && [ "$(quiet_git rev-parse -q --verify "${line%%	*}^{commit}")" = "$head" ] && { echo "@given fetch"; break; }
done
quiet grep -Fqx "$head" "$common/shallow" && echo "@given shallow"
first=$(quiet head -n 1 "$folder/logs/HEAD" | grep -E "^0+ $head .*	clone: from ")
[ -z "$first" ] || [ "$(printf '%s\n' "${first##*clone: from }" | plain)" != "$url" ] || echo "@given clone"
# A commit that was made here says so in the log.
quiet grep -E "^[0-9a-f]+ $head " "$folder/logs/HEAD" | head -n 1 | sed -n 's/^[^	]*	\(commit\|cherry-pick\|rebase (pick)\|revert\|am\|merge [^:]*: Merge made\|pull[^:]*: Merge made\)[ :(].*/@made \1/p'
# The commits of submodules are no objects of this repository; what a partial clone left with its remote is not lost.
files=$(git ls-tree -r HEAD) || exit 1
files=$(printf '%s\n' "$files" | awk '$2 == "blob" { print $3 }')
is_told=yes
states=$([ -z "$files" ] || printf '%s\n' "$files" | quiet_git cat-file --batch-check) || is_told=
absent=$(printf '%s\n' "$states" | grep -c missing)
if [ -n "$(quiet_git config --get-regexp '^(remote\..*\.(promisor|partialclonefilter)|extensions\.partialclone)$')" ]; then
  echo "@absent 0"
  echo "@left $absent"
elif [ -z "$is_told" ]; then
  echo 'git cannot say which objects it has' >&2
  exit 1
else
  echo "@absent $absent"
fi
git for-each-ref --format='@tag %(refname:short) %(objecttype) %(if)%(*objectname)%(then)%(*objectname)%(else)%(objectname)%(end)' refs/tags || exit 1
modules=$(quiet_git ls-files -s | awk -F '\t' '$1 ~ /^160000 / { print $2 }' | head -n 50)
[ -z "$modules" ] || printf '%s\n' "$modules" | while IFS= read -r path; do
  [ -e "$ZEBU_APP_DIR/$path/.git" ] || printf '@submodule %s\n' "$path"
done
# A filter is a program of the checkout's: each that is configured is switched off by its name. What only a filter could compare is told, but for
# large files, whose pointers have their sums. Submodules have filters of their own, and are asked one by one.
compare() (    # FOLDER DEPTH: the changes below a folder of the checkout, which ends with a slash, or is empty
  place=$1 depth=$2
  names=$(quiet_git -C "./$place" config --name-only --get-regexp '^filter\..*\.[a-z]+$' | sed 's/^filter\.//; s/\.[a-z]*$//' | sort -u)
  set --
  while IFS= read -r name; do
    case $name in
      '') ;;
      *=*) echo "the filter $name cannot be switched off by its name" >&2; exit 1 ;;
      *) set -- "$@" -c "filter.$name.clean=" -c "filter.$name.smudge=" -c "filter.$name.process=" -c "filter.$name.required=false" ;;
    esac
  done <<NAMES
$names
NAMES
  changes=$(git "$@" -C "./$place" status --porcelain --untracked-files=normal --ignore-submodules=dirty) || exit 1
  printf '%s\n' "$changes" | awk 'NR <= 200 && NF; NR == 201 { print "   more than 200 files"; exit }' | while IFS= read -r change; do
    path=${change#???}
    case $change in
      '   '*) printf '@filtered %s%s\n' "$place" "$path"; continue ;;
      ' M '*) [ -n "$names" ] || { printf '@change  M %s%s\n' "$place" "$path"; continue; } ;;
      *) printf '@change %.3s%s%s\n' "$change" "$place" "$path"; continue ;;
    esac
    filter=$(printf '%s\n' "$path" | quiet_git -C "./$place" check-attr --stdin filter | sed 's/.*: filter: //')
    case $path in *\\*) ;; '"'*'"') path=${path#?} path=${path%?} ;; esac
    file=$ZEBU_APP_DIR/$place$path
    if [ -d "$file" ] || ! printf '%s\n' "$names" | grep -Fqx -e "$filter"; then printf '@change  M %s%s\n' "$place" "$path"; continue; fi
    sum=$(quiet_git -C "./$place" cat-file blob ":0:$path" | head -c 1024 | sed -n 's/^oid sha256:\([0-9a-f]\{64\}\)$/\1/p')
    if [ -z "$sum" ] || [ ! -f "$file" ] || [ -L "$file" ]; then printf '@filtered %s%s\n' "$place" "$path"
    elif [ "$(quiet sha256sum < "$file" | cut -c 1-64)" != "$sum" ]; then printf '@change  M %s%s\n' "$place" "$path"; fi
  done
  [ "$depth" -lt 4 ] && [ -n "$place$modules" ] || exit 0
  quiet_git -c core.quotePath=false -C "./$place" ls-files -s | awk -F '\t' '$1 ~ /^160000 / { print $2 }' | head -n 50 | while IFS= read -r path; do
    [ -e "$ZEBU_APP_DIR/$place$path/.git" ] || continue
    inner=$(compare "$place$path/" $((depth + 1))) || { printf '@filtered %s%s\n' "$place" "$path"; continue; }
    printf '%s\n' "$inner" | grep '^@filtered'
    if printf '%s\n' "$inner" | grep -q '^@change'; then printf '@change  M %s%s\n' "$place" "$path"; fi
  done
)
changes=$(compare '' 0) || exit 1
[ -z "$changes" ] || printf '%s\n' "$changes" | awk '!seen[$0]++' | head -n 50
