# Shared: `quiet PROGRAM ARGUMENT...` runs a program without what it complains of. Where it could not be started, that is told nevertheless, since what it
# would have said is unknown then (far.pl listens for it); one that is not there just ends with 127. A plain `2>/dev/null` would also hide what the
# shell itself has to say: that there is no process for it, or that it was killed. Programs that run others have their statuses from those.
is_there() (  # PROGRAM: whether a file on the path is called so, even if nobody may run it
  places=$PATH:
  while [ -n "$places" ]; do
    [ ! -f "${places%%:*}/$1" ] || exit 0
    places=${places#*:}
  done
  exit 1
)
quiet() {
  (command "$@") 2>/dev/null
  ended=$?
  case $ended:$1 in
    *:docker | *:timeout) ;;
    12[67]:*) ! is_there "$1" || echo "not run: $1" >&2 ;;
    # By a signal, other than that of a pipe that nobody reads; with 129 git says that it was asked wrongly.
    13[0-9]:* | 14[02-9]:* | 15[0-9]:*) echo "not run: $1" >&2 ;;
  esac
  return "$ended"
}
