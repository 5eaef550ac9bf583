# What became of `.env` in the history: lines `key=value`; `committed`, `meant` of files that are meant to be there, and
# `open` of files that are there and neither tracked nor ignored, may come several times.
# Every object that the repository has, reachable or not, is read on the machine, as its owner. The secrets come by
# standard input; what is told is whether one was found, and how much of the history could not be searched.
exec 3<&0 </dev/null
git rev-parse --verify -q HEAD >/dev/null || exit 1
# Examples have no secrets, unless the search of all objects finds one; encrypted files are meant to be there.
others='(^|[/._-])(example|sample|template|tmpl|tpl|dist|defaults?|schema)($|[._-])|\.(vault|enc|encrypted|gpg|pgp|age|asc|sops)$'
names='(^|/)(\.env(\.[^/]*)?|[^/]*\.env|\.envrc)$'
export others names
told() {  # KEY COUNT: of the names in $files those of .env files that are no examples, so many at most
  printf '%s\n' "$files" | awk -v key="$1" -v most="$2" '$0 ~ ENVIRON["names"] && tolower($0) !~ ENVIRON["others"] && ++count <= most { print key "=" $0 }'
}
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
echo "tracked=$(told x 1e9 | grep -c .)"
files=$(quiet_git ls-files --others --exclude-standard -- "$@") || exit 1
told open 20
files=$(quiet_git log --all -m --format= --name-only --diff-filter=AMRC -- "$@") || echo unread=1
files=$(printf '%s\n' "$files" | grep -E "$names" | sort -u)
told committed 5
printf '%s\n' "$files" | awk 'tolower($0) ~ ENVIRON["others"] && ++count <= 20 { print "meant=" $0 }'
exec 4>&1
{ quiet_git cat-file --batch-all-objects --batch --buffer --unordered || echo unread=1 >&4; } | perl -e "$ZEBU_PERL"
