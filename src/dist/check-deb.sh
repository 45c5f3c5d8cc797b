#!/usr/bin/env bash
# Installs the package in a throw-away root, serves by it, upgrades, removes and purges it: `make deb-check`, as root.
#
#   check-deb.sh FOLDER    where `make deb` has put the package
#
# The root is made by debootstrap from the mirror that apt uses here. First there is no systemd in it, and the server is
# started by hand; then systemd is, as process 1. Mounts, processes and the network of what is checked are in namespaces of
# their own, so that none is left whatever happens.
set -euo pipefail

say() { printf '* %s\n' "$*"; }
fail() {
  printf 'FAILED: %s\n' "$*" >&2
  [ -z "${work:-}" ] || { [ ! -s "$work/log" ] || tail -n 20 "$work/log"; } >&2
  exit 1
}
# Waits for a condition, half a minute at most.
eventually() {
  for _ in $(seq 300); do
    if "$@"; then return 0; fi
    sleep 0.1
  done
  fail "not within half a minute: $*"
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
  dpkg-deb -b "$work/next" "$root/root/next.deb" >/dev/null
}

# Every file there is, but for what passes and what keeps the users.
list_files() {
  (cd "$root" && find . -xdev \( -path ./proc -o -path ./tmp -o -path ./run -o -path ./root \) -prune -o -print |
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

start_crowd() {
  rm -f "$work/enough" "$work/asked"
  crowd &
  readers=$!
}

end_crowd() {
  touch "$work/enough"
  wait "$readers"
  [ ! -s "$work/lost" ] || fail "$(wc -l <"$work/lost") of $(wc -l <"$work/asked") readers were lost"
}

# A reader who has a long file open, and has got its beginning.
start_download() {
  head -c 16000000 /dev/urandom >"$root/var/lib/nuncio/capsule/big.bin"
  exec {download}<>/dev/tcp/127.0.0.1/70
  printf '/big.bin\r\n' >&"$download"
  dd bs=1000 count=1 <&"$download" >"$work/big" 2>/dev/null
}

end_download() {
  cat <&"$download" >>"$work/big"
  exec {download}>&-
  cmp "$work/big" "$root/var/lib/nuncio/capsule/big.bin" || fail 'the download that was open is broken'
}

upgraded() { grep -q 'upgraded: this is nuncio' "$work/log" && grep -q ' new workers\? serve' "$work/log"; }

# ---------------------------------------------------------------- what is checked

check_installed() {
  local path
  for path in usr/bin/nuncio usr/share/man/man1/nuncio.1.gz usr/share/man/man5/nuncio-overview.5.gz etc/default/nuncio \
    usr/share/man/man5/nuncio.conf.5.gz usr/share/nuncio/nuncio.conf usr/lib/tmpfiles.d/nuncio.conf \
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
  local before=$server
  echo '# the owner was here' >>"$root/etc/default/nuncio"
  start_crowd
  start_download
  package -i /root/next.deb
  kill -USR2 "$server" # as postinst does where systemd runs
  eventually upgraded
  end_download
  end_crowd
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

  package -i /root/nuncio.deb
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
  package -i /root/nuncio.deb
  start
  stop
  package --purge nuncio
  list_files | diff "$work/before" - || fail 'purging has left this'
  say 'installed again and purged: nothing is left'
}

# ---------------------------------------------------------------- under systemd

first_child() { cut -d ' ' -f 1 "/proc/$1/task/$1/children"; }

# Becomes systemd, as the first process of its namespaces.
boot() {
  mount --bind "$root" "$root"
  mount -t proc proc "$root/proc"
  mount -t sysfs sysfs "$root/sys"
  mount -t tmpfs tmpfs "$root/run"
  mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
  ip link set lo up
  exec env -i container=check PATH=/usr/sbin:/usr/bin:/sbin:/bin chroot "$root" /lib/systemd/systemd
}

running() { [ "$(in_boot systemctl is-system-running 2>/dev/null)" = running ]; }
in_boot() { nsenter -t "$init" -m -p -n -u -i -r -w "${clean[@]}" "$@"; }

check_boot() {
  within apt-get install -q -y --no-install-recommends systemd systemd-sysv dbus >"$work/apt.log" 2>&1 ||
    fail "apt-get: $(tail -n 5 "$work/apt.log")"
  cp "$0" "$root/root/check"
  unshare --mount --pid --fork --kill-child --net --uts --ipc --cgroup "$0" --boot "$work" >"$work/log" 2>&1 &
  local outside=$!
  eventually grep -q . "/proc/$outside/task/$outside/children"
  init=$(first_child "$outside")
  eventually running
  in_boot /root/check --systemd
  kill -KILL "$init"
  wait "$outside" || true
}

state_of() { systemctl show --value --property="$1" nuncio.service; }
journal() { journalctl --unit=nuncio.service --output=cat --no-pager; }
journal_has() { journal | grep -q -e "$1"; }

check_units() {
  local main worker
  package -i /root/nuncio.deb
  [ "$(state_of StatusText)" = "$(nproc) worker$([ "$(nproc)" = 1 ] && echo ' serves' || echo 's serve')" ] ||
    fail "its status is $(state_of StatusText)"
  ask_gopher / | grep -q 'It works' || fail 'no answer on Gopher'
  main=$(state_of MainPID)
  worker=$(first_child "$main")
  grep -qx $'Seccomp:\t2' "/proc/$worker/status" || fail 'a worker has no filter'
  grep -q $'^Uid:\t[1-9]' "/proc/$worker/status" || fail 'a worker is root'
  ! journal | grep -E ' (warning|error) ' || fail 'the unit keeps the program from something'

  systemctl reload nuncio.service
  eventually journal_has 'new workers\? serve'
  start_crowd
  start_download
  package -i /root/next.deb
  eventually journal_has 'upgraded: this is nuncio'
  end_download
  end_crowd
  [ "$(state_of MainPID)" = "$main" ] || fail 'the upgrade has started another process'
  [ "$(stat -L -c %i "/proc/$main/exe")" = "$(stat -c %i /usr/bin/nuncio)" ] || fail 'it runs the old program'
  say "under systemd: reloaded; upgraded while $(wc -l <"$work/asked") readers asked, none lost; a download went on"

  systemctl stop nuncio.service
  systemctl --quiet enable --now nuncio-gemini.socket nuncio-gopher.socket
  systemctl start nuncio.service
  start_crowd
  systemctl restart nuncio.service
  systemctl restart nuncio.service
  end_crowd
  say "under systemd: restarted with its sockets while $(wc -l <"$work/asked") readers asked, none lost"

  package --purge nuncio
  for unit in nuncio.service nuncio-gemini.socket nuncio-gopher.socket; do
    ! systemctl --quiet is-active "$unit" || fail "$unit is left running"
  done
}

case ${1:-} in
  --root)
    work=$2 root=$2/root
    make_root
    say "root made: $(du -sh --exclude=proc "$root" | cut -f 1)"
    install_needs "$3"
    cp "$3" "$root/root/nuncio.deb"
    make_next "$3"
    unshare --net "$0" --check "$work"
    check_boot
    ;;
  --boot)
    work=$2 root=$2/root
    boot
    ;;
  --systemd)
    work=$(mktemp -d) root=''
    within() { "$@"; }
    check_units
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
