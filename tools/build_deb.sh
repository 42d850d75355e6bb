#!/bin/sh
# dist/aduan_VERSION_all.deb: the wheel, the locked list of packages, systemd units, examples. Its virtual environment
# is made under /opt/aduan as it is installed, for the Python of that machine, with every package held to its hash.
set -eu
cd "$(dirname "$0")/.."
umask 022

command -v dpkg-deb >/dev/null 2>&1 || { echo "build_deb: dpkg-deb is not installed"; exit 1; }
version=$(sed -n 's/^version = "\(.*\)"$/\1/p' pyproject.toml)
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
mkdir -p dist "$root/DEBIAN" "$root/opt/aduan/wheel" "$root/usr/bin" "$root/usr/lib/systemd/system" \
    "$root/usr/lib/sysusers.d" "$root/usr/lib/tmpfiles.d" "$root/etc/logrotate.d" "$root/usr/share/doc/aduan/examples"

.venv/bin/pip --quiet --disable-pip-version-check wheel --no-deps --no-build-isolation -w "$root/opt/aduan/wheel" .
cp requirements.lock requirements-core.lock "$root/opt/aduan/"
cp deploy/*.service deploy/*.timer "$root/usr/lib/systemd/system/"
cp deploy/debian/sysusers.conf "$root/usr/lib/sysusers.d/aduan.conf"
cp deploy/debian/tmpfiles.conf "$root/usr/lib/tmpfiles.d/aduan.conf"
cp deploy/debian/logrotate "$root/etc/logrotate.d/aduan"
cp deploy/debian/nginx.conf docs/panduan.md "$root/usr/share/doc/aduan/examples/"
cp LICENSE "$root/usr/share/doc/aduan/copyright"
ln -s /opt/aduan/.venv/bin/aduan "$root/usr/bin/aduan"
for script in postinst prerm postrm; do
    install -m 755 "deploy/debian/$script" "$root/DEBIAN/$script"
done
echo /etc/logrotate.d/aduan >"$root/DEBIAN/conffiles"
sed "s/@VERSION@/$version/" deploy/debian/control >"$root/DEBIAN/control"

dpkg-deb --build --root-owner-group "$root" "dist/aduan_${version}_all.deb"
