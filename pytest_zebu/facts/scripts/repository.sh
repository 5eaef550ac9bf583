# The checkout: `@head`, `@owner`, `@remote`, `@known`, `@absent`, `@tag NAME KIND COMMIT`, `@change STATUS PATH`.
head=$(git rev-parse --verify HEAD) || exit 1
echo "@head $head"
echo "@owner $(stat -c %U "$ZEBU_APP_DIR")"
echo "@remote $(git remote get-url origin 2>/dev/null | sed -E 's#//[^/@]*@#//#')"
echo "@known $(git for-each-ref --contains HEAD --format=x refs/remotes refs/tags 2>/dev/null | wc -l)"
echo "@absent $(git ls-tree -r HEAD 2>/dev/null | awk '{ print $3 }' | git cat-file --batch-check 2>/dev/null | grep -c missing)"
git for-each-ref --format='@tag %(refname:short) %(objecttype) %(if)%(*objectname)%(then)%(*objectname)%(else)%(objectname)%(end)' refs/tags
git -c filter.lfs.process= -c filter.lfs.smudge= status --porcelain --untracked-files=normal --ignore-submodules=all | head -n 50 | sed 's/^/@change /'
