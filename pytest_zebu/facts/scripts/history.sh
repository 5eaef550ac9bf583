# What became of `.env` in the history: lines `key=value`; `committed` may come several times.
# Every object that the repository has, reachable or not, is read on the machine, as its owner. The secrets come by
# standard input; what is told is whether one was found.
exec 3<&0 </dev/null
git rev-parse --verify -q HEAD >/dev/null || exit 1
echo "shallow=$(git rev-parse --is-shallow-repository)"
echo "fetch=$(git config --get-all remote.origin.fetch | tr '\n' ' ')"
git check-ignore -q .env && echo ignored=1 || echo ignored=0
echo "tracked=$(git ls-files -- .env '.env.*' '*/.env' | grep -vcE '(example|sample|template)')"
git log --all --format= --name-only --diff-filter=A -- .env '.env.*' '*/.env' '*.env' 2>/dev/null | grep -vE '(example|sample|template)' | sort -u | head -n 5 | sed 's/^/committed=/'
git cat-file --batch-all-objects --batch --buffer --unordered 2>/dev/null | perl -e "$ZEBU_PERL"
