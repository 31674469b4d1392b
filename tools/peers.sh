#!/bin/sh
# What the tests need beside Python: a Chromium, other people's DNS software, two load balancers.
#   tools/peers.sh            installs what is missing where it may, then reports
#   tools/peers.sh chromium   prints the path of the browser; nothing when there is none
# On Debian as root packages are installed; their services are neither started nor enabled.
# With LAB_LONG it looks for what only `make long` needs, too.
# With LAB_REQUIRE_PEERS=1 whatever stays missing is a failure; otherwise its tests are skipped.
set -eu
cd "$(dirname "$0")/.."
PATH=$PATH:/usr/sbin:/sbin
policy=/usr/sbin/policy-rc.d
mark='# laid by the steering lab while it installs packages'

runs() {
    "$1" --version >/dev/null 2>&1 </dev/null
}

playwright_chromium() {
    .venv/bin/python - 2>/dev/null <<'PYTHON'
from playwright.sync_api import sync_playwright

with sync_playwright() as playwright:
    print(playwright.chromium.executable_path)
PYTHON
}

find_browser() {
    # Ubuntu's chromium-browser only points to a snap, hence the trial run.
    for name in "${LAB_CHROMIUM:-}" chromium chromium-browser google-chrome google-chrome-stable \
        "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"; do
        found=$(command -v "$name") && runs "$found" && echo "$found" && return
    done
    found=$(playwright_chromium) && [ -x "$found" ] && echo "$found"
}

missing_packages() {
    # A command, or the path of a module below Debian's /usr/lib/<architecture>/.
    while read -r needed package; do
        case $needed in
            */*) has_module "$needed" ;;
            *) command -v "$needed" >/dev/null ;;
        esac || echo "$package"
    done <<PEERS
$(peers)
PEERS
}

peers() {
    cat <<'PEERS'
named bind9
dig bind9-dnsutils
kdig knot-dnsutils
knotd knot
knot/modules-*/geoip.so knot-module-geoip
pdns_server pdns-server
pdns/libbindbackend.so pdns-backend-bind
pdns/libgeoipbackend.so pdns-backend-geoip
gdnsd gdnsd
unbound unbound
pdns_recursor pdns-recursor
dnsperf dnsperf
faketime faketime
haproxy haproxy
nginx nginx-light
PEERS
    if [ -n "${LAB_LONG:-}" ]; then
        # For slides and hubs, and the Python of Binder.
        release=$(sed 's/^python-//' binder/runtime.txt)
        echo "npm npm"
        echo "python$release python$release"
    fi
}

has_module() {
    # shellcheck disable=SC2231 # the path may hold a *
    for path in /usr/lib/*/$1; do
        [ -e "$path" ] && return
    done
    return 1
}

on_debian_as_root() {
    [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null
}

forbid_services() {
    if [ -x "$policy" ] && ! grep -qF "$mark" "$policy" && ! "$policy" unbound start; then
        return # somebody's own policy forbids it already
    fi
    if [ -e "$policy" ] && ! grep -qF "$mark" "$policy"; then
        mv "$policy" "$policy.kept"
    fi
    printf '#!/bin/sh\n%s\nexit 101\n' "$mark" >"$policy"
    chmod 755 "$policy"
}

allow_services() {
    if [ -e "$policy" ] && grep -qF "$mark" "$policy"; then
        rm -f "$policy"
    fi
    if [ -e "$policy.kept" ]; then
        mv "$policy.kept" "$policy"
    fi
}

apt_install() {
    echo "Installing $*"
    trap allow_services EXIT
    trap 'exit 130' INT TERM
    forbid_services
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq </dev/null || true
    for package in "$@"; do
        apt-get install -y -qq --no-install-recommends "$package" </dev/null >/dev/null ||
            echo "apt-get could not install $package" >&2
    done
    for package in "$@"; do
        case $package in
            bind9) stay_down named ;;
            pdns-server) stay_down pdns ;;
            nginx-light) stay_down nginx ;;
            knot | gdnsd | unbound | pdns-recursor | haproxy) stay_down "$package" ;;
        esac
    done
    allow_services
}

stay_down() {
    # Otherwise it would start with the machine next time.
    update-rc.d "$1" disable >/dev/null 2>&1 || systemctl disable "$1" >/dev/null 2>&1 || true
}

if [ "${1:-}" = chromium ]; then
    find_browser || true
    exit
fi

wanted=$(missing_packages)
browser=$(find_browser) || wanted="$wanted chromium"
if [ -n "${wanted# }" ] && on_debian_as_root; then
    # shellcheck disable=SC2086 # a list of words
    apt_install $wanted
    browser=$(find_browser) || true
fi
if [ -z "$browser" ]; then
    echo "Fetching Playwright's Chromium"
    .venv/bin/python -m playwright install chromium </dev/null || true
    browser=$(find_browser) || true
fi

missing=$(missing_packages | tr '\n' ' ')
[ -n "$browser" ] || missing="${missing}chromium "
if [ -z "$missing" ]; then
    echo "Peers: all here; browser: $browser"
    exit
fi
echo "Missing: $missing" >&2
if [ "${LAB_REQUIRE_PEERS:-}" = 1 ]; then
    echo "LAB_REQUIRE_PEERS=1 asks for all of them." >&2
    exit 1
fi
echo "Their tests are skipped. On Debian or Ubuntu: sudo apt-get install $missing" >&2
