"""Make .venv and install the pinned libraries. Standard library only; runs on the system's Python.

Debian splits `venv` and `ensurepip` off into a package that only root can install. Where they are
absent, the environment is made without pip, and pip's wheel is fetched from the package index.
"""

import sys

if sys.version_info < (3, 11):  # noqa: UP036 - an older Python must be able to say that it is too old
    sys.exit(f"Python 3.11 or newer is needed; this is {sys.version.split()[0]} ({sys.executable}).")

import base64
import configparser
import hashlib
import html.parser
import os
import re
import shutil
import ssl
import subprocess
import tempfile
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
WINDOWS = os.name == "nt"
PYTHON = VENV / ("Scripts/python.exe" if WINDOWS else "bin/python")
STAMP = VENV / "installed"


def main(args):
    names = ["requirements.txt"]
    if "--dev" in args:
        names.append("requirements-dev.txt")
    wanted = {name: fingerprint(name) for name in names}
    done = stamps()
    if PYTHON.exists() and runs([PYTHON, "-c", ""]):
        if all(done.get(name) == value for name, value in wanted.items()):
            return
    else:
        done = {}
        make_environment()
    STAMP.unlink(missing_ok=True)  # an interrupted installation must not look finished
    with tempfile.TemporaryDirectory() as folder:
        if not runs([PYTHON, "-c", "import pip"]):
            add_pip(Path(folder))
    say(f"Installing {names[-1]} ...")
    install = [PYTHON, "-m", "pip", "--disable-pip-version-check", "install", "--quiet", "--requirement"]
    if subprocess.call([*install, ROOT / names[-1]]):
        sys.exit("The libraries could not be installed; the lines above say why. Is the package index within reach?")
    still_true = {name: value for name, value in done.items() if value == fingerprint(name)}
    STAMP.write_text("".join(f"{name} {value}\n" for name, value in {**still_true, **wanted}.items()))


def fingerprint(name):
    """The file's hash (with the files it refers to) and the interpreter's: what the environment depends on."""
    parts = [sys.version, (ROOT / "requirements.txt").read_text(), (ROOT / name).read_text()]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def stamps():
    """What was installed by an earlier run: name of file -> fingerprint."""
    if not STAMP.exists():
        return {}
    return dict(line.split() for line in STAMP.read_text().splitlines() if len(line.split()) == 2)


def make_environment():
    say("Making .venv ...")
    if VENV.exists():
        shutil.rmtree(VENV)
    if runs([sys.executable, "-c", "import ensurepip"]) and runs([sys.executable, "-m", "venv", str(VENV)]):
        return
    shutil.rmtree(VENV, ignore_errors=True)
    if subprocess.call([sys.executable, "-m", "venv", "--without-pip", str(VENV)]):
        sys.exit("Python's venv module is missing. On Debian: apt-get install python3-venv (or libpython3-stdlib)")


def add_pip(folder):
    """Put pip into an environment made without it: a wheel can be run as it is, so it installs itself."""
    say("This Python brings no pip; fetching it ...")
    wheel = fetch_pip(folder)
    if subprocess.call([PYTHON, wheel / "pip", "--disable-pip-version-check", "install", "--quiet", wheel]):
        sys.exit("pip could not be installed; the lines above say why.")


# --- pip's wheel from the index ---------------------------------------------------------------------------------------


class Links(html.parser.HTMLParser):
    """All links of a page of the simple index, with what they say about the Python they need."""

    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        if tag == "a" and attrs.get("href") and "data-yanked" not in attrs:
            self.found.append((attrs["href"], attrs.get("data-requires-python") or ""))


def fetch_pip(folder):
    """Download the newest pip that this Python can run, and check it against the index's sha256."""
    page = index_url().rstrip("/") + "/pip/"
    links = Links()
    links.feed(download(page).decode("utf-8", "replace"))
    candidates = []
    for href, needs in links.found:
        address, _, fragment = urllib.parse.urljoin(page, href).partition("#")
        name = urllib.parse.unquote(address.rsplit("/", 1)[-1])
        match = re.fullmatch(r"pip-(\d+(?:\.\d+)*)-py3-none-any\.whl", name)  # finished versions only
        lowest = re.search(r">=\s*3\.(\d+)", needs)
        if match and fragment.startswith("sha256=") and int(lowest[1] if lowest else 0) <= sys.version_info[1]:
            version = tuple(int(part) for part in match[1].split("."))
            candidates.append((version, name, address, fragment.removeprefix("sha256=")))
    if not candidates:
        sys.exit(f"No pip with a sha256 was found at {without_password(page)}")
    _, name, address, sha256 = max(candidates)
    wheel = download(address)
    if hashlib.sha256(wheel).hexdigest() != sha256:
        sys.exit(f"{name} is not what the index says it is (sha256 differs): nothing was installed.")
    path = folder / name
    path.write_bytes(wheel)
    return path


def index_url():
    """The index pip itself would use: PIP_INDEX_URL, pip's configuration, or PyPI."""
    if os.environ.get("PIP_INDEX_URL"):
        return os.environ["PIP_INDEX_URL"]
    return configured("index-url") or "https://pypi.org/simple"


def configured(option):
    """An option of pip's configuration files; as with pip, the later file wins."""
    home = Path.home()
    shared = os.environ.get("XDG_CONFIG_DIRS") or "/etc/xdg"
    personal = Path(os.environ.get("XDG_CONFIG_HOME") or home / ".config")
    files = [Path(folder) / "pip/pip.conf" for folder in shared.split(os.pathsep)]
    files += [Path("/etc/pip.conf"), home / ".pip/pip.conf", personal / "pip/pip.conf"]
    if WINDOWS:
        files = [Path(os.environ.get("APPDATA", home)) / "pip/pip.ini"]
    if os.environ.get("PIP_CONFIG_FILE"):
        files.append(Path(os.environ["PIP_CONFIG_FILE"]))
    value = None
    for file in files:
        parser = configparser.RawConfigParser()
        try:
            parser.read(file, encoding="utf-8")
        except (OSError, configparser.Error):
            continue
        for section in ("global", "install"):
            value = parser.get(section, option, fallback=value)
    return value


def download(address):
    certificates = os.environ.get("PIP_CERT") or configured("cert")
    context = ssl.create_default_context(cafile=certificates)
    parts = urllib.parse.urlsplit(address)
    headers = {"Accept": "text/html, */*;q=0.1", "User-Agent": "bootstrap"}
    if parts.username:  # urllib does not send a name and password that stand in the address
        plain = f"{urllib.parse.unquote(parts.username)}:{urllib.parse.unquote(parts.password or '')}"
        headers["Authorization"] = "Basic " + base64.b64encode(plain.encode()).decode()
        address = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
    try:
        request = urllib.request.Request(address, headers=headers)
        with urllib.request.urlopen(request, timeout=60, context=context) as answer:
            return answer.read()
    except (urllib.error.URLError, OSError) as error:
        sys.exit(f"{without_password(address)} can't be reached: {error}")


def without_password(address):
    parts = urllib.parse.urlsplit(address)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()


def runs(command):
    return subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0


def say(text):
    print(text, flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
