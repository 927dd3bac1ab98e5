"""A forked child uses the keyring it was born with; it shares no nonce and no lock with its parent (invariant I19)."""

import json
import subprocess
import sys
from pathlib import Path

# In a process of its own: pytest's has threads and files that a fork would copy. While the parent forks, another thread
# keeps the keyring's locks busy; a lock copied while held would hang the child, and the time-out would tell.
FORKING = """
import json, os, sys, threading
from datetime import date
from pathlib import Path
from sauma.henkilotunnus import for_test
from sauma.sealing import SealedAs
from sauma_services.keyring import FileKeyring, KeyringFiles

class NoReleases:
    def release_of(self, subject, fact, endpoint): return None

keyring = FileKeyring(KeyringFiles.under(Path(sys.argv[1])), NoReleases())
known = for_test(date(1970, 1, 1), 901)
sealed_as = SealedAs("kela", "i", 1, keyring.subject_of(known), "x", 1, "ordinary", "s", bytes(16))
keyring.seal(sealed_as, b"")
busy, stop = threading.Event(), threading.Event()

def keep_busy():
    while not stop.is_set():
        keyring.known_subject(known)
        keyring.seal(sealed_as, b"")
        busy.set()

def tell(who, newcomer):
    cells = [keyring.seal(sealed_as, b"same").hex() for _ in range(50)]
    newcomers = [keyring.subject_of(for_test(date(1970, 1, 1), number)) for number in (newcomer, 999)]
    return {"cells": cells, "known": keyring.known_subject(known), "newcomers": newcomers}

thread = threading.Thread(target=keep_busy)
thread.start()
busy.wait()
told = []
for number in range(910, 920):
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        with os.fdopen(writing, "w") as out:
            json.dump(tell("child", number), out)
        os._exit(0)
    os.close(writing)
    mine = tell("parent", number)
    with os.fdopen(reading) as answer:
        told += [json.loads(answer.read()), mine]
    assert os.waitpid(child, 0)[1] == 0
stop.set()
thread.join()
keyring.close()
json.dump(told, sys.stdout)
"""


def test_parent_and_children_agree_on_subjects_and_share_no_nonce(tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-W", "ignore::DeprecationWarning", "-c", FORKING, str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    told = json.loads(ended.stdout)
    assert len(told) == 20
    assert len({answer["known"] for answer in told}) == 1
    assert len({answer["newcomers"][1] for answer in told}) == 1
    for child, parent in zip(told[::2], told[1::2], strict=True):
        assert child["newcomers"] == parent["newcomers"]
    cells = [bytes.fromhex(cell) for answer in told for cell in answer["cells"]]
    assert len({cell[17:29] for cell in cells}) == len(cells)
    assert len({cell[77:89] for cell in cells}) == len(cells)
