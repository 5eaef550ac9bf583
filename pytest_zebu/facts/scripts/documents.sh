# When documents last changed, for documents.pl: `@SECONDS` of a commit, then the names that it changed; `@shallow` where
# what came before was left behind.
said=$(quiet_git rev-parse --is-inside-work-tree --is-shallow-repository)
case $said in
  "true
true") echo @shallow ;;
  true*) ;;
  *) exit 128 ;;
esac
quiet_git -c core.quotePath=off log -n 4000 --relative --no-renames --format='@%ct' --name-only -- ':(icase)*.md' ':(icase)*.m*down' ':(icase)*.mdx' ':(icase)*.rst' ':(icase)*.rest' \
  ':(icase)*.adoc' ':(icase)*.asciidoc' ':(icase)*.asc' ':(icase)*.org' ':(icase)*.txt' ':(icase)*.htm*' ':(icase)*README*' ':(icase)*RUNBOOK*'
