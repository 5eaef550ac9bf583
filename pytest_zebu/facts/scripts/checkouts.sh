# Of every checkout of the project that is on the machine, which version it is at: `version=NAME`.
echo "version=$(quiet_git describe --tags --always)"
