#!/bin/sh
# Tries dist/aduan_*_all.deb in a clean root of Debian: install, init, check, remove; the data must stay.
# Needs root, debootstrap, and the package lists of Debian and PyPI. Prints why it skips. SUITE=trixie for Debian 13.
set -eu
cd "$(dirname "$0")/.."
suite=${SUITE:-bookworm}

command -v debootstrap >/dev/null 2>&1 || { echo "try_deb: skipped, debootstrap is not installed"; exit 0; }
[ "$(id -u)" = 0 ] || { echo "try_deb: skipped, a clean root is made by root alone"; exit 0; }
root=$(mktemp -d) && chmod 755 "$root" # its users have to get in
unmount() { umount "$root/proc" "$root/dev" 2>/dev/null || true; }
trap 'unmount; rm -rf --one-file-system "$root"' EXIT
debootstrap --variant=minbase --include=python3-venv,systemd,adduser,ca-certificates "$suite" "$root" >/dev/null ||
    { echo "try_deb: skipped, debootstrap cannot make a root here"; exit 0; }
mount -t proc proc "$root/proc" && mount --bind /dev "$root/dev" ||
    { echo "try_deb: skipped, nothing may be mounted here"; exit 0; }
cp dist/aduan_*_all.deb "$root/opt/"
# What this machine needs to reach a package index: its mirror, its resolver, authorities of its own.
for file in /etc/pip.conf /etc/resolv.conf "${PIP_CERT:-}" "${SSL_CERT_FILE:-}"; do
    [ ! -f "$file" ] || { mkdir -p "$root$(dirname "$file")" && cp -L "$file" "$root$file"; }
done

inside() { chroot "$root" /usr/bin/env PATH=/usr/sbin:/usr/bin:/sbin:/bin "$@"; }
as_aduan() { inside su -s /bin/sh aduan -c "cd /var/lib/aduan && $1"; }
inside sh -c 'dpkg -i /opt/aduan_*_all.deb'
as_aduan 'aduan --version && aduan init --tanpa-tanya'
as_aduan 'aduan check' || true # no mail server here: it says so
as_aduan 'aduan backup && aduan latihan && aduan audit'
inside systemd-analyze verify --man=no /usr/lib/systemd/system/aduan.service
inside dpkg -r aduan
[ -s "$root/var/lib/aduan/aduan.db" ] || { echo "try_deb: the data are gone"; exit 1; }
[ ! -e "$root/opt/aduan/.venv" ] || { echo "try_deb: the program is left"; exit 1; }
echo "try_deb: installed, ran, and was removed on $suite; the data stayed"
