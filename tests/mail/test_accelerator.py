"""The signing accelerator: right, or not used. The libraries that lie here are real ones, made for it."""

import hashlib
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import structlog.testing
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

from campaigns.mail import accelerator, compile, dkim
from campaigns.mail.accelerator import WIDTH, Library, Wrong
from campaigns.mail.dkim import DkimKey
from campaigns.mail.signing import Signer
from tests.mail.letters import letter

LIAR = Path(__file__).with_name("lying_crypto_mb.c")
DIGESTS = [hashlib.sha256(bytes([number])).digest() for number in range(WIDTH)]


def _can_be_here():
    """Whether the wheels are for this machine and its processor can: then the library has to be found."""
    flags = Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").exists() else ""
    suits = sys.platform == "linux" and platform.machine() == "x86_64"
    return suits and any(flag in flags.split() for flag in ("avx512ifma", "avx_ifma"))


@pytest.fixture(scope="module")
def key():
    """An RSA key of the size that it takes."""
    return generate_private_key(65537, 2048)


@pytest.fixture(scope="module")
def library():
    """The real one."""
    if not _can_be_here():
        pytest.skip("this processor has neither AVX512-IFMA nor AVX-IFMA, or the wheels are for others")
    found = accelerator.found()
    assert found is not None
    return found


@pytest.fixture(scope="module")
def lying(tmp_path_factory):
    """Makes a library that has all the names; the function takes what it shall do wrong."""
    compiler = shutil.which("cc") or pytest.skip("needs a C compiler")

    def make(lie):
        built = tmp_path_factory.mktemp(lie) / "libcrypto_mb.so"
        subprocess.run([compiler, "-shared", "-fPIC", f"-D{lie}", "-o", built, LIAR], check=True)
        return built

    return make


@pytest.mark.parametrize("count", range(1, WIDTH + 1))
def test_it_signs_as_cryptography_does(library, count):
    for _key in range(3):
        private = generate_private_key(65537, 2048)
        eight = accelerator.prepared(private, library)

        signed = eight.sign(DIGESTS[:count])
        assert signed == [private.sign(bytes([n]), PKCS1v15(), hashes.SHA256()) for n in range(count)]


def test_a_damaged_key_lets_no_signature_out(library, key):
    eight = accelerator.prepared(key, library)
    eight._secrets[2][5] = bytes([eight._secrets[2][5][0] ^ 1])

    with pytest.raises(Wrong):
        eight.sign(DIGESTS)


def test_a_signer_goes_on_plainly_when_signatures_turn_wrong(library):
    ours = DkimKey("example.com", "s1", dkim.new_key()[0])
    names, fields, body = dkim.covered(compile.build(letter()))
    signer = Signer([ours], names)
    hand = signer._hands[0]
    hand._eight._secrets[0][9] = bytes([hand._eight._secrets[0][9][0] ^ 8])

    with structlog.testing.capture_logs() as logs:
        signed = signer.sign([(fields, body)] * 20)

    assert len(set(signed)) == 1
    assert signed[0] == Signer([ours], names, plain=True).sign([(fields, body)])[0]
    assert [line["event"] for line in logs] == ["signing.accelerator_wrong"]


@pytest.mark.parametrize(("exponent", "bits"), [(65537, 3072), (3, 2048)])
def test_other_keys_are_left_to_cryptography(library, exponent, bits):
    assert accelerator.prepared(generate_private_key(exponent, bits), library) is None


@pytest.mark.parametrize("lie", ["SIGNS_NOTHING", "SIGNS_WRONG", "CHECKS_NOTHING", "FAILS"])
def test_a_library_that_signs_wrongly_is_never_used(lying, key, lie):
    library = Library(lying(lie))

    assert accelerator.prepared(key, library) is None


@pytest.mark.parametrize("lie", ["NOT_FOR_THIS_PROCESSOR", "NO_METHOD"])
def test_a_library_that_can_not_work_here_says_so(lying, lie):
    with pytest.raises(OSError):
        Library(lying(lie))


def test_a_file_that_is_no_library_or_another_one(lying, tmp_path):
    (tmp_path / "libcrypto_mb.so").write_text("no library")
    for file, problem in (
        (tmp_path / "libcrypto_mb.so", OSError),
        (tmp_path / "missing.so", OSError),
        (lying("ANOTHER_LIBRARY"), AttributeError),
    ):
        with pytest.raises(problem):
            Library(file)


@pytest.mark.parametrize("what", ["missing", "broken", "another", "wrong"])
def test_wherever_it_does_not_work_letters_are_signed_plainly(lying, tmp_path, what):
    """With installed wheels as they could be; in a process of its own, which looks for them anew."""
    place = tmp_path / "site"
    place.mkdir()
    if what != "missing":
        for package, files in (
            ("ipp_crypto", ["libcrypto_mb.so"]),
            ("intel_cmplr_lib_rt", ["libintlc.so.5", "libirng.so", "libimf.so", "libsvml.so"]),
        ):
            info = place / f"{package}-9999.dist-info"
            info.mkdir()
            (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 9999\n")
            (info / "RECORD").write_text("".join(f"{name},,\n" for name in files))
            for name in files:
                shutil.copy(lying("ANOTHER_LIBRARY"), place / name)
        if what == "broken":
            (place / "libcrypto_mb.so").write_bytes(b"\x7fELF and no more")
        if what == "wrong":
            shutil.copy(lying("SIGNS_WRONG"), place / "libcrypto_mb.so")
    search = [str(place), *(path for path in sys.path if path)]
    if what == "missing":
        search = [_without_wheels(tmp_path, path) for path in search]
    program = (
        f"import sys; sys.path[:] = {search!r}\n"
        "from campaigns.mail import accelerator, dkim, signing\n"
        "key = dkim.DkimKey('example.com', 's1', dkim.new_key()[0])\n"
        "assert accelerator.prepared(dkim.parsed(key.private_key)) is None\n"
        "letters = [(b'from:a\\r\\n', b'x' * 32)] * 8\n"
        "assert len(signing.Signer([key], ['from']).sign(letters)) == 8\n"
        f"assert ({what!r} == 'wrong') == (accelerator.found() is not None)\n"
    )
    root = str(Path(__file__).parents[2])
    done = subprocess.run(
        [sys.executable, "-c", program], env=os.environ | {"PYTHONPATH": root}, capture_output=True, text=True
    )

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def _without_wheels(tmp_path, path):
    """The same folder of packages, but for what says that the wheels are installed."""
    if not any(Path(path).glob("ipp_crypto-*.dist-info")):
        return path
    shown = tmp_path / "packages"
    shown.mkdir()
    for entry in Path(path).iterdir():
        if not entry.name.startswith("ipp_crypto-"):
            (shown / entry.name).symlink_to(entry)
    return str(shown)
