"""What the guide and `deploy/` tell systemd and nginx is taken by them. Skips where the program is not there."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
GUIDE = (ROOT / "docs" / "panduan.md").read_text("utf-8")
COMMAND = "/opt/aduan/.venv/bin/aduan"


def block(kind: str) -> str:
    """The guide's first block of this kind that is a whole file."""
    return blocks(kind)[0]


def blocks(kind: str) -> list[str]:
    found: list[str] = re.findall(rf"^```{kind}\n(.*?)^```", GUIDE, re.MULTILINE | re.DOTALL)
    return [text for text in found if "[Unit]" in text or "server {" in text]


@pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed"
)
def test_systemd_takes_every_unit(tmp_path: Path) -> None:
    """The program stands elsewhere here, and there is no user aduan: both are put in the place of the guide's."""
    files = [path for path in (ROOT / "deploy").iterdir() if path.suffix in (".service", ".timer")]
    units = {path.name: path.read_text("utf-8") for path in files}
    assert len(units) == 10
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
        assert re.search(rf'{COMMAND} (--config "\$\$k" )?(check|backup)\b', service), timer.name


def test_the_unit_of_all_offices_differs_in_what_it_runs_alone() -> None:
    one, all_offices = (
        (ROOT / "deploy" / f"{name}.service").read_text("utf-8").splitlines()
        for name in ("aduan", "aduan-semua")
    )
    changed = [new for old, new in zip(one, all_offices, strict=True) if old != new]
    assert changed == [
        "Description=aduan: pengaduan masyarakat lewat email, semua kantor",
        f"ExecStart={COMMAND} serve --semua /var/lib/aduan",
    ]


@pytest.mark.skipif(shutil.which("nginx") is None, reason="nginx is not installed")
@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
@pytest.mark.parametrize("number", [0, 1], ids=["one office", "all offices"])
def test_nginx_takes_the_guides_servers(tmp_path: Path, number: int) -> None:
    """With a certificate of its own, in a configuration that has nothing else."""
    key, certificate = tmp_path / "privkey.pem", tmp_path / "fullchain.pem"
    made = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "1",
        "-subj",
        "/CN=aduan",
    ]
    subprocess.run(
        [*made, "-keyout", str(key), "-out", str(certificate)], check=True, capture_output=True
    )
    server = (
        blocks("nginx")[number]
        .replace("/etc/ssl/aduan", str(tmp_path))
        .replace("listen 443", "listen 127.0.0.1:8443")
    )
    assert "X-Forwarded-For" in server
    paths = "".join(
        f"{name}_temp_path {tmp_path};\n"
        for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    whole = f"pid {tmp_path}/pid;\nerror_log stderr;\nevents {{}}\nhttp {{\naccess_log off;\n{paths}{server}}}\n"
    (tmp_path / "nginx.conf").write_text(whole, "utf-8")
    command = ["nginx", "-t", "-p", str(tmp_path), "-c", str(tmp_path / "nginx.conf")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert "test is successful" in done.stderr, done.stderr


def test_the_package_brings_the_guides_server_and_keeps_data() -> None:
    debian = ROOT / "deploy" / "debian"
    assert (debian / "nginx.conf").read_text("utf-8") == block("nginx")
    scripts = [(debian / name).read_text("utf-8") for name in ("postinst", "prerm", "postrm")]
    assert not any(re.search(r"rm .*/var/lib/aduan", text) for text in scripts)


@pytest.mark.skipif(shutil.which("dpkg-deb") is None, reason="dpkg-deb is not installed")
def test_the_debian_package_is_built_whole(tmp_path: Path) -> None:
    """Its own folder of the checkout, so that no other build is in the way; what it holds, and its scripts' syntax."""
    names = ("pipeline", "templates", "deploy", "docs", "tools")
    for name in names:
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    for path in (*ROOT.glob("*.toml"), *ROOT.glob("*.lock"), ROOT / "README.md", ROOT / "LICENSE"):
        shutil.copy(path, tmp_path)
    (tmp_path / ".venv").symlink_to(Path(sys.prefix))
    subprocess.run(
        [str(tmp_path / "tools" / "build_deb.sh")], check=True, capture_output=True, timeout=300
    )
    [package] = (tmp_path / "dist").glob("aduan_*_all.deb")
    listed = subprocess.run(
        ["dpkg-deb", "-c", str(package)], check=True, capture_output=True, text=True
    ).stdout
    for wanted in (
        "opt/aduan/wheel/aduan-",
        "requirements-core.lock",
        "systemd/system/aduan-backup.timer",
        "logrotate.d",
    ):
        assert wanted in listed
    subprocess.run(["dpkg-deb", "-e", str(package), str(tmp_path / "control")], check=True)
    for script in ("postinst", "prerm", "postrm"):
        subprocess.run(["sh", "-n", str(tmp_path / "control" / script)], check=True)


def test_demo_packages_are_not_the_offices() -> None:
    core = (ROOT / "requirements-core.lock").read_text("utf-8")
    names = set(re.findall(r"^([\w.-]+)==", core, re.MULTILINE))
    assert {"flask", "psycopg", "pyrage"} <= names
    assert names & {"aiosmtpd", "pymap", "rapidocr", "onnxruntime", "pytest"} == set()
    whole = set(
        re.findall(r"^(\S+==\S+)", (ROOT / "requirements.lock").read_text("utf-8"), re.MULTILINE)
    )
    assert set(re.findall(r"^(\S+==\S+)", core, re.MULTILINE)) <= whole, "one version of each"
