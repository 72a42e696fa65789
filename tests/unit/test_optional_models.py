# SPDX-License-Identifier: GPL-3.0-or-later
"""Models that a person adds: terms first, then the file, and its hash from then on."""

from __future__ import annotations

import hashlib
import json
import shutil
import threading
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from engine.__main__ import main
from engine.core.download import download
from engine.core.errors import FacewrightError
from engine.core.progress import Cancelled, Progress
from engine.models import adding, optional, terms
from engine.models.catalog import model_path
from engine.models.fetch import fetch

CONTENT = bytes(range(256)) * 4000
HASH = hashlib.sha256(CONTENT).hexdigest()


class _Server(BaseHTTPRequestHandler):
    answers = {
        "/whole": (200, CONTENT, len(CONTENT)),
        "/other": (200, CONTENT[::-1], len(CONTENT)),
        "/longer": (200, CONTENT + b"x", len(CONTENT) + 1),
        "/shorter": (200, CONTENT[:-9], len(CONTENT) - 9),
        "/cut": (200, CONTENT[:5000], len(CONTENT)),
    }

    def do_GET(self):
        code, body, told = self.answers.get(self.path, (404, b"", 0))
        self.send_response(code)
        self.send_header("Content-Length", str(told))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture
def server():
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Server)
    thread = threading.Thread(target=partial(server.serve_forever, 0.02), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def own_home(tmp_path, monkeypatch):
    monkeypatch.setenv("FACEWRIGHT_HOME", str(tmp_path / "own"))
    return tmp_path / "own" / "models"


def make_list(monkeypatch, tmp_path, **changes):
    """One model with a known hash, one that is taken as it is."""
    words = {"licence": "Free", "terms": "For all.", "about": "A.", "origin": "there"}
    known = optional.OptionalModel(
        **{"id": "known", "file": "known.onnx", "bytes": len(CONTENT), "sha256": HASH, **words}
        | changes
    )
    anything = optional.OptionalModel(**{"id": "anything", "file": "any.onnx", **words})
    monkeypatch.setattr(optional, "list_optional", lambda: (known, anything))
    source = tmp_path / "mine.npz"
    source.write_bytes(CONTENT)
    return source


def code_of(action) -> str:
    with pytest.raises(FacewrightError) as caught:
        action()
    assert caught.value.hint
    return caught.value.code


def test_the_list_names_every_model_with_its_terms():
    models = {model.id: model for model in optional.list_optional()}
    assert set(models) >= {
        *(f"openseeface_{part}" for part in ("landmarks", "detection", "gaze", "retinaface")),
        *("scrfd", "insightface_2d106", "centerface", "s3fd"),
        *("yolov5face", "three_ddfa", "three_ddfa_basis", "deca_encoder", "emoca_encoder"),
        "flame_model",
    }
    for model in models.values():
        assert model.licence and model.about.endswith(".") and model.origin
        assert model.terms.endswith(".") and model.terms.count(". ") == 0
        assert bool(model.sha256) == bool(model.bytes)
        # What is fetched is checked; what must not be handed on has no address.
        assert not model.url or (model.sha256 and model.licence == "BSD-2-Clause")
    assert len({model.file for model in models.values()}) == len(models)


def test_a_model_needs_its_file_then_its_terms(monkeypatch, tmp_path, own_home):
    source = make_list(monkeypatch, tmp_path)
    assert code_of(lambda: model_path("known")) == "model-not-there"
    assert not own_home.exists()
    adding.add("known", source)
    assert code_of(lambda: model_path("known")) == "licence-not-accepted"
    terms.accept("known")
    assert model_path("known") == own_home / "known.onnx"
    assert model_path("known").read_bytes() == CONTENT


def test_a_damaged_file_is_told_in_a_process_that_has_used_it(monkeypatch, tmp_path, own_home):
    for model_id in ("known", "anything"):
        optional_source = make_list(monkeypatch, tmp_path)
        terms.accept(model_id)
        path = adding.add(model_id, optional_source)
        assert model_path(model_id) == path
        path.write_bytes(CONTENT[:-1] + b"!")
        assert code_of(lambda model_id=model_id: model_path(model_id)) == "model-corrupt"
        adding.remove(model_id)
        assert code_of(lambda model_id=model_id: model_path(model_id)) == "model-not-there"
        assert not path.exists()


def test_what_is_taken_as_it_is_keeps_its_ending_and_its_hash(monkeypatch, tmp_path, own_home):
    source = make_list(monkeypatch, tmp_path)
    assert adding.add("anything", source) == own_home / "any.npz"
    adding.add("anything", source)  # the same file again is no matter
    source.write_bytes(b"\x08another")
    assert code_of(lambda: adding.add("anything", source)) == "model-there"
    assert (own_home / "any.npz").read_bytes() == CONTENT
    assert adding.add("anything", shutil.copy(own_home / "any.npz", tmp_path / "mine.bin"))
    assert sorted(path.name for path in own_home.iterdir()) == ["accepted.json", "any.bin"]
    assert adding.remove("anything")
    assert not adding.remove("anything")
    adding.add("anything", source)
    assert (own_home / "any.npz").read_bytes() == b"\x08another"


def test_a_file_laid_there_by_hand_without_a_known_hash_is_not_trusted(
    monkeypatch, tmp_path, own_home
):
    make_list(monkeypatch, tmp_path)
    own_home.mkdir(parents=True)
    (own_home / "any.onnx").write_bytes(b"?")
    terms.accept("anything")
    assert code_of(lambda: model_path("anything")) == "model-not-there"


def test_a_file_that_is_another_is_refused(monkeypatch, tmp_path, own_home):
    source = make_list(monkeypatch, tmp_path)
    source.write_bytes(CONTENT[1:])
    assert code_of(lambda: adding.add("known", source)) == "model-other"
    with pytest.raises(FacewrightError, match="cannot be opened"):
        adding.add("known", tmp_path / "nowhere")
    assert not own_home.exists()


@pytest.mark.parametrize(("content", "kind"), [(b"", "empty"), ("Käse\n" * 90, "text")])
def test_what_is_no_network_at_first_sight_is_refused(
    monkeypatch, tmp_path, own_home, content, kind
):
    source = make_list(monkeypatch, tmp_path)
    source.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(FacewrightError, match=f"it is {kind}") as caught:
        adding.add("anything", source)
    assert caught.value.code == "model-other" and caught.value.hint
    with pytest.raises(FacewrightError, match="no file"):
        adding.add("anything", tmp_path)
    assert not own_home.exists()


def test_other_terms_have_to_be_accepted_again(monkeypatch, tmp_path, own_home):
    source = make_list(monkeypatch, tmp_path)
    terms.accept("known")
    adding.add("known", source)
    make_list(monkeypatch, tmp_path, terms="For nobody.")
    assert code_of(lambda: model_path("known")) == "licence-not-accepted"


@pytest.mark.parametrize(
    "text", ["{", "[]", '{"known": 3}', '{"known": {"file": 3}}', "\0", "[" * 100_000]
)
def test_damaged_records_are_told_and_put_aside(monkeypatch, tmp_path, own_home, capsys, text):
    source = make_list(monkeypatch, tmp_path)
    kept = adding.add("known", source)
    terms.accept("known")
    (own_home / "accepted.json").write_text(text)
    for action in (lambda: model_path("known"), lambda: adding.remove("known")):
        assert code_of(action) == "acceptance-corrupt"
    assert (own_home / "accepted.json").read_text() == text and kept.exists()
    # What is there is told as it is, and why nothing is accepted, once.
    for words, code in ((["list"], 1), (["list", "--json"], 1), (["verify"], 1)):
        assert main(["models", *words]) == code
        told = capsys.readouterr()
        assert "damaged" not in told.out
        assert told.err.count("accepted.json") == 1 and "accepted.damaged.json" in told.err
    for number, name in enumerate(("accepted.damaged.json", "accepted.damaged-2.json")):
        (own_home / "accepted.json").write_text(f"{text}{number}")
        assert main(["models", "accept", "known"]) == 0
        assert name in capsys.readouterr().err
        assert (own_home / name).read_text() == f"{text}{number}"
        assert model_path("known") == kept
    assert main(["models", "list"]) == 0 and not capsys.readouterr().err


def test_records_that_cannot_be_opened_are_left_as_they_are(monkeypatch, tmp_path, own_home):
    source = make_list(monkeypatch, tmp_path)
    (own_home / "accepted.json" / "x").mkdir(parents=True)  # a folder; root may read any file
    for action in (
        lambda: model_path("known"),
        lambda: terms.accept("known"),
        lambda: adding.add("known", source),
        lambda: adding.remove("known"),
    ):
        assert code_of(action) == "acceptance-unreadable"
    assert [path.name for path in own_home.iterdir()] == ["accepted.json"]
    assert main(["models", "list"]) == 1


def test_an_account_without_a_home_has_no_models(monkeypatch, tmp_path):
    make_list(monkeypatch, tmp_path)
    monkeypatch.setenv("FACEWRIGHT_HOME", str(tmp_path / "mine.npz" / "facewright"))
    assert main(["models", "list"]) == 0
    assert code_of(lambda: terms.accept("known")) == "folder-unwritable"


def test_a_file_that_is_there_without_its_record_is_not_replaced(monkeypatch, tmp_path, own_home):
    source = make_list(monkeypatch, tmp_path).rename(tmp_path / "mine.onnx")
    own_home.mkdir(parents=True)
    (own_home / "any.onnx").write_bytes(b"another")
    assert code_of(lambda: adding.add("anything", source)) == "model-there"
    assert (own_home / "any.onnx").read_bytes() == b"another"
    assert adding.remove("anything")
    assert adding.add("anything", source).read_bytes() == CONTENT


def test_a_changed_file_is_told_before_its_terms_are_accepted(monkeypatch, tmp_path, own_home):
    adding.add("known", make_list(monkeypatch, tmp_path)).write_bytes(b"?")
    assert main(["models", "verify"]) == 1


def test_a_record_leads_to_no_other_folder(monkeypatch, tmp_path, own_home):
    source = make_list(monkeypatch, tmp_path)
    own_home.mkdir(parents=True)
    record = {"anything": {"file": str(source), "sha256": HASH}}
    (own_home / "accepted.json").write_text(json.dumps(record))
    assert code_of(lambda: model_path("anything")) == "model-not-there"
    assert adding.remove("anything")
    assert source.exists()


def test_fetching_asks_for_the_terms_first(monkeypatch, tmp_path, own_home, server):
    make_list(monkeypatch, tmp_path, url=f"{server}/whole")
    assert code_of(lambda: fetch("known")) == "licence-not-accepted"
    assert code_of(lambda: fetch("anything")) == "model-not-fetchable"
    terms.accept("known")
    told = []
    path = fetch("known", Progress(lambda *step: told.append(step)))
    assert path == model_path("known")
    assert told[-1] == (len(CONTENT), len(CONTENT), "bytes")
    server_gone = make_list(monkeypatch, tmp_path, url="https://127.0.0.1:1/")
    assert server_gone and fetch("known") == path  # it is there: nothing is fetched


@pytest.mark.parametrize("name", ["other", "longer", "shorter", "cut"])
def test_what_is_not_the_file_is_not_kept(tmp_path, server, name):
    old = tmp_path / "there"
    old.write_bytes(b"old")
    for target in (old, tmp_path / "new"):
        code = code_of(
            lambda target=target: download(f"{server}/{name}", target, len(CONTENT), HASH)
        )
        assert code in ("download-corrupt", "no-network")
    assert old.read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["there"]


def test_a_cancelled_download_leaves_nothing(tmp_path, server):
    progress = Progress(is_cancelled=lambda: True)
    with pytest.raises(Cancelled):
        download(f"{server}/whole", tmp_path / "new", len(CONTENT), HASH, progress)
    assert not list(tmp_path.iterdir())


def test_no_network_a_refusal_and_no_room_are_told(monkeypatch, tmp_path, server):
    def code(url):
        return code_of(lambda: download(url, tmp_path / "new", len(CONTENT), HASH, None, 2))

    assert code(f"{server}/gone") == "download-refused"
    assert code("http://127.0.0.1:1/x") == "no-network"
    assert code("http://example.org/x") == "address-insecure"
    assert code("file:///etc/hostname") == "address-insecure"
    usage = type("Usage", (), {"free": 10})
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    assert code(f"{server}/whole") == "disk-full"
    monkeypatch.setenv("FACEWRIGHT_HOME", str(tmp_path / "own"))
    with pytest.raises(FacewrightError, match=r"has 10 bytes left; accepted\.json needs \d+ b"):
        terms.accept("scrfd")
    assert not list((tmp_path / "own" / "models").iterdir())
    shutil.rmtree(tmp_path / "own")
    assert not list(tmp_path.iterdir())


def test_the_command_shows_the_terms_before_it_agrees(
    monkeypatch, tmp_path, own_home, server, capsys
):
    make_list(monkeypatch, tmp_path, url=f"{server}/whole")
    assert main(["models", "fetch", "known"]) == 1
    told = capsys.readouterr()
    assert "For all." in told.out and "--accept-licence" in told.err
    assert not own_home.exists()
    assert main(["models", "fetch", "known", "--accept-licence"]) == 0
    capsys.readouterr()
    assert main(["models", "list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[3] for line in lines if line.startswith("known")] == ["ready"]
    assert main(["models", "verify"]) == 0
    (own_home / "known.onnx").write_bytes(b"?")
    assert main(["models", "verify"]) == 1
    assert "known.onnx" in capsys.readouterr().err
    assert main(["models", "remove", "known"]) == 0
    assert main(["models", "list", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out.split("removed\n")[1])
    assert [one["there"] for one in listed["optional"]] == [False, False]


def test_the_command_adds_a_file(monkeypatch, tmp_path, own_home, capsys):
    source = make_list(monkeypatch, tmp_path)
    assert main(["models", "add", "anything", str(source)]) == 1
    assert main(["models", "accept", "anything"]) == 0
    assert main(["models", "add", "anything", str(source)]) == 0
    assert model_path("anything").name == "any.npz"
    assert main(["models", "add", "no-such", str(source)]) == 1
    assert "no-such" in capsys.readouterr().err
