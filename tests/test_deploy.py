"""What the guide and `deploy/` tell systemd and nginx is taken by them. Skips where the program is not there."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
GUIDE = (ROOT / "docs" / "panduan.md").read_text("utf-8")
COMMAND = "/opt/aduan/.venv/bin/aduan"


def block(kind: str) -> str:
    """The guide's one block of this kind that is a whole file."""
    found: list[str] = re.findall(rf"^```{kind}\n(.*?)^```", GUIDE, re.MULTILINE | re.DOTALL)
    return next(text for text in found if "[Unit]" in text or "server {" in text)


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")
def test_systemd_takes_every_unit(tmp_path: Path) -> None:
    """The program stands elsewhere here, and there is no user aduan: both are put in the place of the guide's."""
    files = [path for path in (ROOT / "deploy").iterdir() if path.suffix in (".service", ".timer")]
    units = {path.name: path.read_text("utf-8") for path in files}
    assert len(units) == 5
    for name, text in units.items():
        tried = text.replace(COMMAND, "/bin/true").replace("=aduan\n", "=root\n")
        (tmp_path / name).write_text(tried, "utf-8")
    command = ["systemd-analyze", "verify", "--man=no", *(str(tmp_path / name) for name in units)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    own = [line for line in done.stderr.splitlines() if "aduan" in line]
    assert own == []


def test_the_guide_shows_the_unit_that_comes_with_the_program() -> None:
    assert (ROOT / "deploy" / "aduan.service").read_text("utf-8") == block("ini")


def test_every_timer_has_its_service_and_runs_a_command_that_exists() -> None:
    for timer in (ROOT / "deploy").glob("*.timer"):
        service = timer.with_suffix(".service").read_text("utf-8")
        assert re.search(rf"{COMMAND} (check|backup)\b", service), timer.name


@pytest.mark.skipif(shutil.which("nginx") is None, reason="nginx is not installed")
@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
def test_nginx_takes_the_guides_server(tmp_path: Path) -> None:
    """With a certificate of its own, in a configuration that has nothing else."""
    key, certificate = tmp_path / "privkey.pem", tmp_path / "fullchain.pem"
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=aduan"]
    subprocess.run([*made, "-keyout", str(key), "-out", str(certificate)], check=True, capture_output=True)
    server = block("nginx").replace("/etc/ssl/aduan", str(tmp_path)).replace("listen 443", "listen 127.0.0.1:8443")
    assert "X-Forwarded-For" in server
    paths = "".join(f"{name}_temp_path {tmp_path};\n" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    whole = f"pid {tmp_path}/pid;\nerror_log stderr;\nevents {{}}\nhttp {{\naccess_log off;\n{paths}{server}}}\n"
    (tmp_path / "nginx.conf").write_text(whole, "utf-8")
    command = ["nginx", "-t", "-p", str(tmp_path), "-c", str(tmp_path / "nginx.conf")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert "test is successful" in done.stderr, done.stderr
