#!/bin/sh
# Installs the servers that `make bench` compares ours with: install-peers.sh PACKAGE...
#
# They are wanted as programs only. Their packages would start them, now and at every boot, on ports that are open to the
# world; so what is not here yet is installed under a policy that starts nothing (the way of Debian Policy 9.3.3), and is
# then switched off for the boots to come. A package that was here already is left as it is.
set -eu

missing=
for package; do
  [ "$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null || true)" = installed ] || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

sudo=
if [ "$(id -u)" != 0 ]; then
  sudo=sudo
  if ! command -v sudo >/dev/null; then
    echo "deps-bench: missing$missing: install them as root (apt-get install$missing)" >&2
    exit 1
  fi
fi

echo "deps-bench: installing$missing"
policy=/usr/sbin/policy-rc.d
if [ ! -e $policy ]; then
  trap '$sudo rm -f $policy' EXIT
  trap 'exit 1' INT TERM HUP
  printf '#!/bin/sh\n# Of nuncio'"'"'s deps-bench, for as long as it runs.\nexit 101\n' | $sudo tee $policy >/dev/null
  $sudo chmod 755 $policy
fi
$sudo apt-get update -q
# shellcheck disable=SC2086 # names of packages: one word each
$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $missing

for package in $missing; do
  for file in $(dpkg-query -L "$package"); do
    case $file in
    */systemd/system/*@.*) ;; # a template runs nothing by itself
    */systemd/system/*) ! command -v systemctl >/dev/null || $sudo systemctl disable --quiet "${file##*/}" ;;
    /etc/init.d/*) ! command -v update-rc.d >/dev/null || $sudo update-rc.d "${file##*/}" disable ;;
    esac
  done
done
