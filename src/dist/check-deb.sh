#!/usr/bin/env bash
# Installs the package in a throw-away root, serves by it, upgrades, removes and purges it: `make deb-check`, as root.
#
#   check-deb.sh FOLDER    where `make deb` has put the package
#
# The root is made by debootstrap from the mirror that apt uses here. Mounts, processes and the network of the second
# part are in namespaces of their own, so that none is left whatever happens.
set -euo pipefail

say() { printf '* %s\n' "$*"; }
fail() {
  printf 'FAILED: %s\n' "$*" >&2
  [ -z "${work:-}" ] || { [ ! -s "$work/log" ] || tail -n 20 "$work/log"; } >&2
  exit 1
}
# Waits for a condition, ten seconds at most.
eventually() {
  for _ in $(seq 100); do
    if "$@"; then return 0; fi
    sleep 0.1
  done
  fail "not within ten seconds: $*"
}

# ---------------------------------------------------------------- the root

# The mirror that apt has this release's main from.
# shellcheck disable=SC2016 # apt's own variables
mirror_of() {
  apt-get indextargets --format '$(CODENAME) $(COMPONENT) $(ORIGIN) $(REPO_URI)' 'Created-By: Packages' |
    awk -v suite="$1" '$1 == suite && $2 == "main" && $3 == "Debian" { print $4; exit }'
}

make_root() {
  local suite mirror proxy=''
  suite=$(. /etc/os-release && echo "$VERSION_CODENAME")
  mirror=$(mirror_of "$suite")
  [ -n "$mirror" ] || fail "apt knows no mirror of $suite: run apt-get update"
  eval "$(apt-config shell proxy Acquire::http::Proxy)"
  [ -z "$proxy" ] || export http_proxy=$proxy
  debootstrap --variant=minbase "$suite" "$root" "$mirror" >"$work/debootstrap.log" 2>&1 ||
    fail "debootstrap: $(tail -n 3 "$work/debootstrap.log")"
  chmod 0755 "$root"
  mount -t proc proc "$root/proc"
}

clean=(env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C DEBIAN_FRONTEND=noninteractive)
within() { "${clean[@]}" chroot "$root" "$@"; }

# What the package needs, so that from then on only the package itself changes anything. The user is made by the smallest
# program that can: there is no systemd in here.
install_needs() {
  {
    within apt-get install -q -y --no-install-recommends systemd-standalone-sysusers
    within apt-get satisfy -q -y --no-install-recommends "$(dpkg-deb -f "$1" Depends)"
  } >"$work/apt.log" 2>&1 || fail "apt-get: $(tail -n 5 "$work/apt.log")"
  [ ! -d "$root/run/systemd/system" ] || fail "systemd runs in the root"
}

# The same package with a later version, in which the program's file is another one.
make_next() {
  dpkg-deb -R "$1" "$work/next"
  sed -i 's/^Version: .*/&+next/' "$work/next/DEBIAN/control"
  dpkg-deb -b "$work/next" "$root/tmp/next.deb" >/dev/null
}

# Every file there is, but for what passes and what keeps the users.
list_files() {
  (cd "$root" && find . -xdev \( -path ./proc -o -path ./tmp -o -path ./run \) -prune -o -print |
    grep -v -e '^\./etc/\(passwd\|group\|shadow\|gshadow\)-\?$' -e '^\./var/lib/dpkg/' -e '^\./var/log/' | sort)
}

package() { within dpkg "$@" >"$work/dpkg.log" 2>&1 || fail "dpkg $*: $(tail -n 5 "$work/dpkg.log")"; }

# ---------------------------------------------------------------- the server

# As the unit starts it: the options of the defaults file, the user, one capability.
start() {
  local NUNCIO_OPTIONS
  . "$root/etc/default/nuncio"
  : >"$work/log"
  # No function here: the process is to be the server itself in the end.
  # shellcheck disable=SC2086 # words, as systemd splits them
  "${clean[@]}" chroot "$root" setpriv --reuid nuncio --regid nuncio --init-groups --inh-caps=-all,+net_bind_service \
    --ambient-caps=-all,+net_bind_service --bounding-set=-all,+net_bind_service --no-new-privs \
    nuncio serve $NUNCIO_OPTIONS >"$work/out" 2>"$work/log" &
  server=$!
  eventually grep -qx ready "$work/out"
}

stop() {
  kill -TERM "$server"
  wait "$server" || fail "it ended with status $?"
}

ask_gopher() {
  local fd
  exec {fd}<>/dev/tcp/127.0.0.1/70 || return 1
  printf '%s\r\n' "$1" >&"$fd"
  cat <&"$fd"
  exec {fd}>&-
}

ask_gemini() {
  printf 'gemini://localhost%s\r\n' "$1" |
    timeout 10 openssl s_client -quiet -connect 127.0.0.1:1965 -servername localhost 2>/dev/null
}

# Readers who ask without a pause: one line for each who got no whole answer.
crowd() {
  while [ ! -e "$work/enough" ]; do
    ask_gopher / 2>/dev/null | tail -n 1 | grep -qx $'.\r' || echo lost
    echo asked >>"$work/asked"
  done >"$work/lost"
}

upgraded() { grep -q 'upgraded: this is nuncio' "$work/log" && grep -q ' new workers\? serve' "$work/log"; }

# ---------------------------------------------------------------- what is checked

check_installed() {
  local path
  for path in usr/bin/nuncio usr/share/man/man1/nuncio.1.gz usr/share/man/man5/nuncio-overview.5.gz etc/default/nuncio \
    usr/share/bash-completion/completions/nuncio usr/lib/sysusers.d/nuncio.conf lib/systemd/system/nuncio.service \
    lib/systemd/system/nuncio-gemini.socket lib/systemd/system/nuncio-gopher.socket var/lib/nuncio/capsule/index.gmi; do
    [ -s "$root/$path" ] || fail "/$path is not installed"
  done
  [ "$(within stat -c '%U:%G %a' /var/lib/nuncio/certs)" = 'nuncio:nuncio 700' ] || fail 'certs are open to others'
  [ "$(within stat -c '%U:%G %a' /var/lib/nuncio/capsule)" = 'root:root 755' ] || fail 'the capsule is not root'\''s'
}

check_served() {
  ask_gopher / | grep -q 'It works' || fail 'no answer on Gopher'
  ask_gemini / | head -n 1 | grep -q '^20 text/gemini' || fail 'no answer on Gemini'
  within setpriv --reuid nuncio --regid nuncio --clear-groups test -s /var/lib/nuncio/certs/localhost.key ||
    fail 'no key was made'
  ! grep -E ' (warning|error) ' "$work/log" || fail 'the log has warnings'
}

check_upgrade() {
  local fd before=$server
  head -c 16000000 /dev/urandom >"$root/var/lib/nuncio/capsule/big.bin"
  echo '# the owner was here' >>"$root/etc/default/nuncio"
  crowd &
  local readers=$!
  exec {fd}<>/dev/tcp/127.0.0.1/70
  printf '/big.bin\r\n' >&"$fd"
  dd bs=1000 count=1 <&"$fd" >"$work/big" 2>/dev/null
  package -i /tmp/next.deb
  kill -USR2 "$server" # as postinst does where systemd runs
  eventually upgraded
  cat <&"$fd" >>"$work/big"
  exec {fd}>&-
  touch "$work/enough"
  wait "$readers"
  cmp "$work/big" "$root/var/lib/nuncio/capsule/big.bin" || fail 'the connection that was open across the upgrade is broken'
  [ ! -s "$work/lost" ] || fail "$(wc -l <"$work/lost") readers were lost"
  [ "$(stat -L -c %i "/proc/$before/exe")" = "$(stat -c %i "$root/usr/bin/nuncio")" ] || fail 'it runs the old program'
  tail -n 1 "$root/etc/default/nuncio" | grep -q owner || fail 'the defaults that the owner has changed were lost'
  say "upgraded: $(wc -l <"$work/asked") readers asked meanwhile, none lost; a download went on"
}

check_removed() {
  local path
  package --remove nuncio
  [ ! -e "$root/usr/bin/nuncio" ] || fail 'the program is still there'
  for path in etc/default/nuncio var/lib/nuncio/certs/localhost.key; do
    [ -e "$root/$path" ] || fail "removing took /$path, which only purging may take"
  done
  ask_gopher / | grep -q 'It works' || fail 'removing did harm to a server that it did not start'
}

# In a network of its own.
check_package() {
  ip link set lo up
  list_files >"$work/before"

  package -i /tmp/nuncio.deb
  check_installed
  start
  check_served
  say 'installed, and serves by its own defaults as the user nuncio'
  check_upgrade
  check_removed
  stop
  package --purge nuncio
  [ ! -e "$root/var/lib/nuncio/certs" ] || fail 'keys are left'
  [ "$(ls "$root/var/lib/nuncio/capsule")" = big.bin ] || fail 'purging took pages of the owner'\''s'
  say 'removed and purged: pages of the owner'\''s are kept'

  rm -r "$root/var/lib/nuncio"
  package -i /tmp/nuncio.deb
  start
  stop
  package --purge nuncio
  list_files | diff "$work/before" - || fail 'purging has left this'
  say 'installed again and purged: nothing is left'
}

case ${1:-} in
  --root)
    work=$2 root=$2/root
    make_root
    say "root made: $(du -sh --exclude=proc "$root" | cut -f 1)"
    install_needs "$3"
    cp "$3" "$root/tmp/nuncio.deb"
    make_next "$3"
    unshare --net "$0" --check "$work"
    ;;
  --check)
    work=$2 root=$2/root
    check_package
    ;;
  *)
    [ "$(id -u)" = 0 ] || fail 'a root of its own is made by root only'
    debs=("$1"/nuncio_*.deb)
    [ -e "${debs[0]}" ] || fail "no package in $1: run make deb"
    outer=$(mktemp -d)
    trap 'rm -rf --one-file-system "$outer"' EXIT
    unshare --mount --pid --fork --kill-child --mount-proc "$0" --root "$outer" "$(realpath "${debs[0]}")"
    say 'the package is good'
    ;;
esac
