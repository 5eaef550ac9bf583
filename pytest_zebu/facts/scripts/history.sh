# What became of `.env` in the history: lines `key=value`; `committed`, `meant` of files that are meant to be there, and
# `open` of files that are there and neither tracked nor ignored, may come several times.
# Every object that the repository has, reachable or not, is read on the machine, as its owner. The secrets come by
# standard input; what is told is whether one was found, and how much of the history could not be searched.
exec 3<&0 </dev/null
git rev-parse --verify -q HEAD >/dev/null || exit 1
# Examples have no secrets, unless the search of all objects finds one; encrypted files are meant to be there.
others='(^|[/._-])(example|sample|template|tmpl|tpl|dist|defaults?|schema)($|[._-])|\.(vault|enc|encrypted|gpg|pgp|age|asc|sops)$'
names='(^|/)(\.env(\.[^/]*)?|[^/]*\.env|\.envrc)$'
# Another checkout has the whole history if it has the deployed commit too.
[ -z "$ZEBU_DEPLOYED" ] || { quiet_git cat-file -e "$ZEBU_DEPLOYED^{commit}" && echo has=1 || echo has=0; }
echo "shallow=$(git rev-parse --is-shallow-repository)"
remote=origin
fetched=$(git config --get-all remote.origin.fetch)
[ -n "$fetched" ] || { remote=$(git remote | head -n 1); fetched=$(git config --get-all "remote.$remote.fetch"); }
echo "fetch=$(printf '%s' "${fetched:+$fetched
}" | tr '\n' ' ')"
[ -z "$(git config --get-regexp '^(remote\..*\.(promisor|partialclonefilter)|extensions\.partialclone)$')" ] && echo partial=0 || echo partial=1
# Of the objects that the history names, how many are not there; it can be walked whole where git ends with 0.
{ quiet_git rev-list --objects --all --missing=print; echo "walked $?"; } |
  awk '/^[?]/ { missing++ } $1 == "walked" { walked = $2 } END { print "missing=" missing + 0; print "walked=" walked }'
git check-ignore -q .env
case $? in 0) echo ignored=1 ;; 1) echo ignored=0 ;; *) exit 1 ;; esac
set -- ':(glob)**/.env' ':(glob)**/.env.*' ':(glob)**/*.env' ':(glob)**/.envrc'
files=$(git ls-files -- "$@") || exit 1
echo "tracked=$(printf '%s\n' "$files" | grep -viE "$others" | grep -cE "$names")"
files=$(quiet_git ls-files --others --exclude-standard -- "$@") || exit 1
printf '%s\n' "$files" | grep -viE "$others" | grep -E "$names" | head -n 20 | sed 's/^/open=/'
files=$(quiet_git log --all -m --format= --name-only --diff-filter=AMRC -- "$@") || echo unread=1
files=$(printf '%s\n' "$files" | grep -E "$names" | sort -u)
printf '%s\n' "$files" | grep -viE "$others" | sed '/^$/d' | head -n 5 | sed 's/^/committed=/'
printf '%s\n' "$files" | grep -iE "$others" | head -n 20 | sed 's/^/meant=/'
exec 4>&1
{ quiet_git cat-file --batch-all-objects --batch --buffer --unordered || echo unread=1 >&4; } | perl -e "$ZEBU_PERL"
