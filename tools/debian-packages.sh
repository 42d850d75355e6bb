#!/bin/sh
# The programs that the tests drive, from Debian: servers, browser, office suite, fonts.
# Installs what is missing when it may; otherwise the tests that need it skip, so it never fails.
set -u

wanted="dovecot-core dovecot-imapd openssl nginx-light postgresql swift-account swift-container swift-object swift-proxy chromium libreoffice-writer-nogui
        fonts-liberation fonts-dejavu-core fonts-breip fonts-sjfonts fonts-dkg-handwriting fonts-urw-base35 fonts-noto-core poppler-utils"

command -v dpkg-query >/dev/null 2>&1 && command -v apt-get >/dev/null 2>&1 || {
    echo "debian-packages: no apt-get here; tests that need a missing program will skip"
    exit 0
}

missing=
for package in $wanted; do
    case $(dpkg-query -W -f '${Status}' "$package" 2>/dev/null) in
    *" installed") ;;
    *) missing="$missing $package" ;;
    esac
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" != 0 ]; then
    echo "debian-packages: missing, and only root may install:$missing"
    exit 0
fi

echo "debian-packages: installing$missing"
export DEBIAN_FRONTEND=noninteractive
{ apt-get update -qq && apt-get install -qq -y --no-install-recommends $missing; } >/dev/null ||
    echo "debian-packages: could not install all of them; tests that need a missing program will skip"
exit 0
