# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes the networks that hear speech: voices speak a corpus, networks learn it, and are scored.

    python tools/train_speech.py corpus  --folder F [--sentences 30]
    python tools/train_speech.py train   --folder F [--minutes 60]
    python tools/train_speech.py train   --folder F --live [--minutes 30]
    python tools/train_speech.py export  --folder F
    python tools/train_speech.py score   --folder F

Everything comes from package registries: Kokoro's voices in eight languages, espeak-ng, and on
Debian flite and festival (apt install flite festival festvox-kallpc16k festvox-kdlpc16k
festvox-us-slt-hts). ``corpus`` and ``train`` may run side by side: what has been spoken is taken in
as it appears. Needs, besides requirements.txt, in a virtual environment of its own:

    pip install -r tools/speech_training/requirements.txt

One processor core is enough; docs/speech_training.md has the times and the results.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

ORIGIN = (
    "Facewright's own, trained by tools/train_speech.py on speech made by Kokoro-82M (Apache-2.0), "
    "espeak-ng, flite and festival, with words of the package wordfreq"
)
_DELAYS = {"speech": 0, "speech_live": 3}


def make_corpus(options: argparse.Namespace) -> int:
    """All voices that are there; sentences that exist are kept."""
    from tools.speech_training import classic, corpus
    from tools.speech_training.espeak import Espeak
    from tools.speech_training.kokoro import Kokoro
    from tools.speech_training.packages import fetch_kokoro

    # espeak-ng's voice and its spelling rules share one library: the voice speaks first.
    folder = options.folder / "corpus"
    made = corpus.make(corpus.noise_jobs(3 * options.sentences), folder)
    made += corpus.make(corpus.espeak_jobs(Espeak(), options.sentences), folder)
    if classic.is_there():
        made += corpus.make(corpus.classic_jobs(options.sentences), folder)
    else:
        sys.stdout.write("flite or festival is missing: their voices are left out\n")
    files = fetch_kokoro(options.folder / "kokoro")
    kokoro = Kokoro(files.model, files.vocabulary, files.voices)
    made += corpus.make(corpus.kokoro_jobs(kokoro, 6, True), options.folder / "test")
    made += corpus.make(corpus.kokoro_jobs(kokoro, options.sentences, False), folder)
    made += corpus.make(corpus.mixture_jobs(kokoro, 20 * options.sentences), folder)
    sys.stdout.write(f"{made} sentences made\n")
    return 0


def train(options: argparse.Namespace) -> int:
    """One of the two networks, from the beginning or from what was learned before."""
    import torch

    from tools.speech_training.training import Corpus
    from tools.speech_training.training import train as learn

    torch.set_num_threads(options.threads)
    name = "speech_live" if options.live else "speech"
    weights = options.folder / f"{name}.pt"
    learn(
        Corpus(options.folder / "corpus"),
        weights,
        both=not options.live,
        delay=_DELAYS[name],
        minutes=options.minutes,
        test=Corpus(options.folder / "test"),
        start=weights if options.go_on else None,
        seed=options.seed,
    )
    return 0


def export(options: argparse.Namespace) -> int:
    """Both networks into ``weights/``, as far as they have been learned."""
    import torch

    from engine.core.phones import PHONES
    from engine.speech.features import BANDS
    from tools.speech_training.export import export as write
    from tools.speech_training.network import SpeechNetwork
    from tools.weights_catalog import Entry, update_catalog

    about = {
        "speech": "Which phone is spoken in each 10 ms of a recording.",
        "speech_live": "The same for sound as it arrives, 100 ms later.",
    }
    for name, delay in _DELAYS.items():
        weights = options.folder / f"{name}.pt"
        if not weights.exists():
            sys.stdout.write(f"{weights} is not there: {name} is left out\n")
            continue
        network = SpeechNetwork(BANDS, len(PHONES), not delay, delay)
        network.load_state_dict(torch.load(weights))
        write(network, ROOT / "weights" / f"{name}.onnx")
        entry = Entry(f"{name}.onnx", "GPL-3.0-or-later", about[name], ORIGIN)
        update_catalog(ROOT / "weights", [entry])
    return 0


def score(options: argparse.Namespace) -> int:
    """Recalls of the six mouth classes on the voices that were kept out of the corpus."""
    from tools.speech_training.scoring import table

    sys.stdout.write(table(options.folder / "test") + "\n")
    return 0


def main() -> int:
    """Parse and run."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    verbs = parser.add_subparsers(required=True)
    for run in (make_corpus, train, export, score):
        verb = verbs.add_parser(run.__name__.removeprefix("make_"), help=run.__doc__)
        verb.add_argument("--folder", type=Path, required=True, help="where everything is kept")
        verb.set_defaults(run=run)
        if run is make_corpus:
            verb.add_argument("--sentences", type=int, default=30, help="of each voice")
        if run is train:
            verb.add_argument("--live", action="store_true", help="the network for live sound")
            verb.add_argument("--minutes", type=float, default=60, help="how long to learn")
            verb.add_argument("--threads", type=int, default=1)
            verb.add_argument("--go-on", action="store_true", help="from what was learned before")
            verb.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    return options.run(options)


if __name__ == "__main__":
    raise SystemExit(main())
