"""testssl.sh on a running server: `make scan`. It takes minutes, so its name keeps it out of `make test`; SCAN=short
looks at what matters most. Every finding above OK must be one of those that are accepted here, each with its reason."""

import collections
import json
import os
import subprocess
from pathlib import Path

import pytest

from rights import tool

SHORT = os.environ.get("SCAN") == "short"
REPORTS = Path(os.environ.get("SCAN_REPORTS", "build/scan"))

ACCEPTED = {
    ("cert_chain_of_trust", "CRITICAL"): "self-signed, as is usual on Gemini: readers pin what they saw first",
    ("cert_validityPeriod", "HIGH"): "twenty years: a certificate that is pinned should not change",
    ("cert_revocation", "HIGH"): "there is no authority that could revoke it",
    ("DNS_CAArecord", "LOW"): "there is no authority that a record could name",
    ("engine_problem", "WARN"): "of the machine that scans: its OpenSSL has no GOST",
    ("service", "DEBUG"): "testssl.sh knows neither Gemini nor Gopher and leaves its checks of HTTP out",
    ("sessionresumption_ticket", "WARN"): "its client may leave before the ticket comes, which it calls a failure of its own",
}
# Checks that must have been made, and found well; some have another name in newer versions.
MUST_BE_OK = [{"SSLv2"}, {"SSLv3"}, {"cipherlist_NULL"}, {"cipherlist_aNULL"}, {"cipherlist_EXPORT"}, {"TLS1_2"},
              {"TLS1_3"}, {"PFS", "FS"}, {"secure_renego"}, {"secure_client_renego"}]
MUST_NOT_BE_OFFERED = [{"TLS1"}, {"TLS1_1"}, {"cipherlist_3DES_IDEA"}, {"cipherlist_AVERAGE", "cipherlist_OBSOLETED"}]
MUST_BE_OK_IN_FULL = [{name} for name in ("heartbleed", "CCS", "CRIME_TLS", "fallback_SCSV", "SWEET32", "FREAK", "DROWN",
                                          "LOGJAM", "BEAST", "LUCKY13", "RC4")]

SHORT_SECTIONS = ["-p", "-s", "-f", "-P", "-R"]
SECTIONS = {"gemini": [], "gopher": [*SHORT_SECTIONS, "-S", "-U"]}  # none named: all


@pytest.mark.parametrize("scheme", ["gemini"] if SHORT else ["gemini", "gopher"])
def test_no_finding_but_those_of_a_self_signed_certificate_G1_G4(serve, scheme):
    site = serve()
    REPORTS.mkdir(parents=True, exist_ok=True)
    report = (REPORTS / f"testssl-{scheme}.json").resolve()
    report.unlink(missing_ok=True)
    sections = SHORT_SECTIONS if SHORT else SECTIONS[scheme]
    done = subprocess.run([tool("testssl"), "--quiet", "--color", "0", "--warnings", "off", "--nodns", "min", "--jsonfile",
                           report, *sections, f"127.0.0.1:{site.port(scheme)}"], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=1200)
    findings = {finding["id"]: finding for finding in json.loads(report.read_text())}
    above = [finding for finding in findings.values() if finding["severity"] not in ("OK", "INFO")]
    counts = collections.Counter(finding["severity"] for finding in findings.values())
    print(f"\n{scheme}: {', '.join(f'{n} {severity}' for severity, n in sorted(counts.items()))}; all in {report}")
    for finding in above:
        reason = ACCEPTED.get((finding["id"], finding["severity"]), "NOT ACCEPTED")
        print(f"  {finding['severity']:8} {finding['id']}: {finding['finding']} ({reason})")

    assert "scanTime" in findings, done.stdout[-3000:]
    assert not [finding for finding in above if (finding["id"], finding["severity"]) not in ACCEPTED]
    for names in MUST_BE_OK + ([] if SHORT else MUST_BE_OK_IN_FULL):
        assert [findings[name]["severity"] for name in names & findings.keys()] == ["OK"], names
    for names in MUST_NOT_BE_OFFERED:
        assert [findings[name]["finding"] for name in names & findings.keys()] == ["not offered"], names
    assert site.gemini("/").status == 20
