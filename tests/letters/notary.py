"""A certificate authority of our own for the tests, people with certificates, and small PDFs to sign."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from PIL import Image

PASSWORD = "kata sandi uji"
START = datetime(2026, 1, 1, tzinfo=UTC)


def _key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


@dataclass(frozen=True)
class Notary:
    """An authority; `root` is its certificate as a file."""

    folder: Path
    name: str
    key: rsa.RSAPrivateKey
    certificate: x509.Certificate

    @property
    def root(self) -> Path:
        path = self.folder / f"{self.name}.pem"
        path.write_bytes(self.certificate.public_bytes(serialization.Encoding.PEM))
        return path

    def stamper(self) -> Path:
        """A PKCS#12 file of who puts time-stamps (RFC 3161)."""
        purpose = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING])
        return self.person("Penanda Waktu", purpose=purpose)

    def person(
        self, name: str, days: int = 365, purpose: x509.ExtendedKeyUsage | None = None
    ) -> Path:
        """A PKCS#12 file of somebody whose certificate ends so many days after the start of 2026."""
        key = _key()
        usage = x509.KeyUsage(True, True, False, False, False, False, False, False, False)
        building = (
            x509.CertificateBuilder()
            .subject_name(_name(name))
            .issuer_name(self.certificate.subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(START)
            .not_valid_after(START + timedelta(days=days))
            .add_extension(x509.BasicConstraints(False, None), critical=True)
            .add_extension(usage, critical=True)
        )
        building = building.add_extension(purpose, critical=True) if purpose else building
        made = building.sign(self.key, hashes.SHA256())
        path = self.folder / f"{name.replace(' ', '-')}-{days}.p12"
        cipher = serialization.BestAvailableEncryption(PASSWORD.encode())
        path.write_bytes(
            pkcs12.serialize_key_and_certificates(
                name.encode(), key, made, [self.certificate], cipher
            )
        )
        return path

    def revoked(self, person: Path) -> bytes:
        """The list (RFC 5280) by which the authority took somebody's certificate back in March."""
        _key, certificate, _more = pkcs12.load_key_and_certificates(
            person.read_bytes(), PASSWORD.encode()
        )
        assert certificate is not None
        gone = x509.RevokedCertificateBuilder().serial_number(certificate.serial_number)
        building = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(self.certificate.subject)
            .last_update(START)
            .next_update(START + timedelta(days=3650))
            .add_revoked_certificate(gone.revocation_date(START + timedelta(days=60)).build())
        )
        made = building.sign(self.key, hashes.SHA256())
        return made.public_bytes(serialization.Encoding.DER)


def notary(folder: Path, name: str = "Akar Uji") -> Notary:
    key = _key()
    usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(_name(name))
        .issuer_name(_name(name))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(START)
        .not_valid_after(START + timedelta(days=3650))
        .add_extension(x509.BasicConstraints(True, 0), critical=True)
        .add_extension(usage, critical=True)
        .sign(key, hashes.SHA256())
    )
    return Notary(folder, name, key, certificate)


def paper() -> bytes:
    """A PDF of one page."""
    out = BytesIO()
    Image.new("RGB", (400, 560), "white").save(out, "PDF")
    return out.getvalue()
