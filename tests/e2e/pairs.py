"""Certificates and keys: made as an owner would, and looked at, by openssl."""

import re
import ssl
import stat
import subprocess

from rights import tool


def openssl(*words, **more):
    return subprocess.run([tool("openssl"), *map(str, words)], check=True, capture_output=True, **more).stdout


def make_pair(folder, name, kind="ec", common_name=None):
    """A pair such as an owner brings: made by openssl."""
    folder.mkdir(parents=True, exist_ok=True)
    key = ["rsa:2048"] if kind == "rsa" else ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    openssl("req", "-x509", "-newkey", *key, "-nodes", "-keyout", folder / f"{name}.key", "-out",
            folder / f"{name}.crt", "-subj", f"/CN={common_name or name}", "-days", "30", "-addext",
            f"subjectAltName=DNS:{common_name or name}")
    return folder


def make_chain(folder, name):
    """A leaf signed by an authority of our own; the certificate file holds both, the leaf first."""
    make_pair(folder, "authority", common_name="An Authority")
    openssl("req", "-newkey", "rsa:2048", "-nodes", "-keyout", folder / f"{name}.key", "-out", folder / "request",
            "-subj", f"/CN={name}")
    openssl("x509", "-req", "-in", folder / "request", "-CA", folder / "authority.crt", "-CAkey",
            folder / "authority.key", "-out", folder / "leaf", "-days", "30", "-set_serial", "7")
    leaf, authority = (folder / "leaf").read_text(), (folder / "authority.crt").read_text()
    (folder / f"{name}.crt").write_text(leaf + authority)
    for extra in ("authority.crt", "authority.key", "request", "leaf"):
        (folder / extra).unlink()
    return folder


def der(path):
    """The first certificate in a PEM file."""
    return ssl.PEM_cert_to_DER_cert(re.search("-----BEGIN.*?END CERTIFICATE-----\n", path.read_text(), re.DOTALL)[0])


def shown(path):
    return openssl("x509", "-in", path, "-noout", "-text").decode()


def names_in(path):
    return set(re.findall(r"(?:DNS|IP Address):([^,\s]+)", shown(path)))


def public_key(path):
    return openssl("x509", "-in", path, "-noout", "-pubkey")


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def presents(site, path):
    return site.gemini("/").certificate == der(path)
