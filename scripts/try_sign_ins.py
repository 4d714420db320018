"""Sign in to a running demo with each of its accounts: try_sign_ins.py ADDRESS, the password in DEMO_PASSWORD."""

import http.cookiejar
import os
import re
import sys
import urllib.error
import urllib.parse
import urllib.request

ACCOUNTS = [
    "city_admin", "branch_admin", "liaison", "adviser", "company_clerk", "inspector",
    "system_admin", "security_admin", "auditor",
]  # fmt: skip


def main(address):
    failed = [name for name in ACCOUNTS if not signs_in(address, name, os.environ["DEMO_PASSWORD"])]
    if signs_in(address, ACCOUNTS[0], "wrong password"):
        failed.append("a wrong password was accepted")
    print(f"Signed in: {len(ACCOUNTS)} accounts." if not failed else f"Sign-in failed: {', '.join(failed)}")
    return 1 if failed else 0


def signs_in(address, name, password):
    """True when the account gets past the sign-in page and then sees a home page."""
    cookies = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
    browser = urllib.request.build_opener(urllib.request.ProxyHandler({}), cookies)
    try:
        token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page(browser, f"{address}/sign-in")[1])
        fields = {"username": name, "password": password, "csrf_token": token[1] if token else ""}
        where, _ = page(browser, f"{address}/sign-in", urllib.parse.urlencode(fields).encode())
        home, _ = page(browser, f"{address}/")  # without a session this leads back to the sign-in page
    except urllib.error.URLError:  # an error page too is no sign-in
        return False
    return not any(urllib.parse.urlsplit(seen).path.startswith("/sign-in") for seen in (where, home))


def page(browser, address, data=None):
    """(the address it ended at, its text)"""
    with browser.open(address, data, timeout=30) as answer:
        return answer.url, answer.read().decode()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
