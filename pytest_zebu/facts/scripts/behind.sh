# Shared: `behind WORD LINES` leaves in $found what stands behind a word, in the first line that has it; of several places, behind the last. `first LINES`
# leaves the first line there. No program is started for that.
# shellcheck disable=SC2034  # who asks reads $found
newline='
'
first() { found=${1%%"$newline"*}; }
behind() {
  left=$2$newline found=
  while [ -n "$left" ]; do
    case ${left%%"$newline"*} in *" $1 "*)
      left=${left%%"$newline"*} left=${left##*" $1 "} found=${left%% *}
      return ;;
    esac
    left=${left#*"$newline"}
  done
}
