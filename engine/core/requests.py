# SPDX-License-Identifier: GPL-3.0-or-later
"""What Blender asks of the worker, as plain data that travels as JSON."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field

from .engines import FAST
from .inference.gpu_settings import GpuSettings
from .mouth_style import MouthStyle
from .solvers import AUTO

# Performer profiles are files of this kind.
PERFORMER_SUFFIX = ".fwperformer"
VOICE_SUFFIX = ".fwvoice"


@dataclass(frozen=True)
class SolveSettings:
    """How observations become weights; see docs/solver.md.

    Attributes:
        solver: One of ``core.solvers``: the landmarks' or the engine's own weights, or whichever
            suits the engine.
        field_of_view_deg: Vertical field of view of the camera in degrees. Where the head is,
            and its angles away from the middle of the picture, depend on it.
        performer: Path of a performer profile; empty learns the face at rest from the clip.
        learn_range: Share 0..1 by which each weight is scaled so that the performer's own
            strongest movement becomes 1.
        symmetry: Share 0..1 by which both sides of the face are drawn to their mean.
        exclusive: Keep movements that exclude each other apart (jaw left and right, look up and
            down) and mouthClose within jawOpen.
        clamp: Keep weights within 0..1.
        causal: Use only the frames before each frame, as live capture has to.
        steady: Calm the values over time; off where a live filter does.
        sound_helps: Where the mouth is not seen, let the clip's sound move it, and measure how
            late that sound is; docs/speech_picture.md. Live capture does so once it has ended.
    """

    solver: str = AUTO
    field_of_view_deg: float = 40.0
    performer: str = ""
    learn_range: float = 0.0
    symmetry: float = 0.0
    exclusive: bool = True
    clamp: bool = True
    causal: bool = False
    steady: bool = True
    sound_helps: bool = False


@dataclass(frozen=True)
class SolveRequest:
    """Solve a take anew, without tracking again.

    Attributes:
        take: Path of the take; its solved values are replaced.
        solve: How.
        save_performer: Path to write the performer profile to that was learned; empty for none.
        keep_values: Leave the take as it is; only the profile is learned and written.
    """

    take: str
    solve: SolveSettings = field(default_factory=SolveSettings)
    save_performer: str = ""
    keep_values: bool = False

    def to_wire(self) -> dict:
        """As a JSON object."""
        return asdict(self)

    @classmethod
    def from_wire(cls, data: dict) -> SolveRequest:
        """From a JSON object; TypeError on unknown or missing entries."""
        return cls(**{**data, "solve": SolveSettings(**data.get("solve", {}))})


@dataclass(frozen=True)
class TrackRequest:
    """Everything that tracking a video needs.

    Attributes:
        video: Path of the clip.
        take: Path of the take to write.
        engine: Id of the tracking engine, or the path of a .toml that describes one.
        solve: How what was seen becomes weights.
        face: Which face, by size in the picture where it first shows: 0 is the largest.
        device: One of ``core.inference.providers.DEVICES``.
        gpu: How a card may be used.
        streams: Stretches of the clip tracked side by side; 0 chooses by the processor.
        recover: Track backwards into gaps from the next frame in which the face is found.
        resume: Go on with an unfinished take instead of starting one.
        overwrite: Replace a take of that name once the new one is complete.
        detector: Id of the face detector; empty for the engine's own.
        quality: One of ``core.engines.QUALITIES``: "best" looks at every frame several times.
    """

    video: str
    take: str
    engine: str = "mediapipe"
    solve: SolveSettings = field(default_factory=SolveSettings)
    face: int = 0
    device: str = "auto"
    gpu: GpuSettings = field(default_factory=GpuSettings)
    streams: int = 0
    recover: bool = True
    resume: bool = False
    overwrite: bool = False
    detector: str = ""
    quality: str = FAST

    def to_wire(self) -> dict:
        """As a JSON object."""
        return asdict(self)

    @classmethod
    def from_wire(cls, data: dict) -> TrackRequest:
        """From a JSON object; TypeError on unknown or missing entries."""
        parts = {
            "solve": SolveSettings(**data.get("solve", {})),
            "gpu": GpuSettings(**data.get("gpu", {})),
        }
        return cls(**{**data, **parts})


@dataclass(frozen=True)
class LiveRequest:
    """Track what a source shows now, frame by frame, until somebody says stop.

    Attributes:
        source: Where it comes from: pictures of "webcam:0", "webcam:part of a name",
            "file:clip.mp4" or a path alone; values of "udp:DIALECT:PORT" or
            "tcp:DIALECT:PORT@ADDRESS"; sound of "mic:" (the first microphone), "mic:part of a
            name" or "file:voice.wav".
        network: Listen to streams from other machines, too.
        realtime: Pace a file as if it were a camera; otherwise every frame of it is tracked as
            fast as it goes. Cameras are always in real time.
        repeat: Begin a file again when it ends.
        width, height: Size of picture to ask a camera for, pixels.
        rate: Frames per second to ask a camera for.
        mirror: Flip the picture, so that the character moves like a mirror image.
        engine: Id of the tracking engine, or the path of a .toml that describes one.
        solve: How what was seen becomes weights; ``performer`` is the profile to start with.
        face: Which face, by size where it first shows: 0 is the largest.
        device: One of ``core.inference.providers.DEVICES``.
        gpu: How a card may be used.
        mouth: How far the mouth goes where sound moves it.
        emphasis: How much louder speech opens it wider, 1 as usual, 0 for not at all.
        detector: Id of the face detector; empty for the engine's own.
    """

    source: str
    network: bool = False
    realtime: bool = True
    repeat: bool = False
    width: int = 640
    height: int = 360
    rate: int = 30
    mirror: bool = False
    engine: str = "mediapipe"
    solve: SolveSettings = field(default_factory=SolveSettings)
    face: int = 0
    device: str = "auto"
    gpu: GpuSettings = field(default_factory=GpuSettings)
    mouth: MouthStyle = field(default_factory=MouthStyle)
    emphasis: float = 1.0
    detector: str = ""

    def to_wire(self) -> dict:
        """As a JSON object."""
        return asdict(self)

    @classmethod
    def from_wire(cls, data: dict) -> LiveRequest:
        """From a JSON object; TypeError on unknown or missing entries."""
        parts = {
            "solve": SolveSettings(**data.get("solve", {})),
            "mouth": MouthStyle(**data.get("mouth", {})),
            "gpu": GpuSettings(**data.get("gpu", {})),
        }
        return cls(**{**data, **parts})


@dataclass(frozen=True)
class ShapesRequest:
    """Make the 52 shapes on a head that has none.

    Attributes:
        meshes: Path of the character's meshes (``core.mesh_file``).
        shapes: Path of the shapes to write (``core.mesh_file``).
        landmarks: Landmark -> place, in the meshes' axes and unit; empty leaves it to the guess.
        guess: Have the landmark network look at the head.
        symmetric: Make the shapes mirror images of each other where the mesh is symmetric.
        only_landmarks: Tell the landmarks and make nothing.
        names: ARKit names to make; empty is all of them.
        device: One of ``core.inference.providers.DEVICES``.
        amounts: How strong the shapes are (``retarget.transfer.amounts.AMOUNTS``).
    """

    meshes: str
    shapes: str
    landmarks: dict[str, tuple[float, float, float]] = field(default_factory=dict)
    guess: bool = True
    symmetric: bool = False
    only_landmarks: bool = False
    names: tuple[str, ...] = ()
    device: str = "auto"
    amounts: str = "authored"

    def to_wire(self) -> dict:
        """As a JSON object."""
        return asdict(self)

    @classmethod
    def from_wire(cls, data: dict) -> ShapesRequest:
        """From a JSON object; TypeError on unknown or missing entries."""
        return cls(**{**data, "names": tuple(data.get("names", ()))})


@dataclass(frozen=True)
class GestureSettings:
    """What the rest of the face does while the mouth speaks; see docs/speech.md.

    Attributes:
        on: Make gestures at all.
        seed: Another number gives another performance of the same recording.
        brows, blinks, gaze, head: Amounts, 1 as people usually do, 0 for none. For blinks it is
            how many.
    """

    on: bool = False
    seed: int = 1
    brows: float = 1.0
    blinks: float = 1.0
    gaze: float = 1.0
    head: float = 1.0


@dataclass(frozen=True)
class LipsyncRequest:
    """Make a face speak what a recording says.

    Attributes:
        sound: Path of the recording, or of a video with sound.
        take: Path of the take to write; its cues go beside it. Empty writes none.
        start_s, end_s: The part of the recording, seconds; None is its end. Times of the result
            stay those of the recording.
        rate_hz: Frames a second of the result.
        text: What is said, where it is known.
        text_file: A .txt or .srt file with it, where ``text`` is empty.
        language: Of the text, as espeak-ng names it: "en", "es", "fr-fr" ...
        profile: Path of a performer's voice profile; empty for the general model.
        method: How a profile speaks: "network", or "retrieval" for stretches of captured motion.
        mouth: How far the mouth goes.
        emphasis: How much louder speech opens it wider, 1 as usual, 0 for not at all.
        gestures: What the rest of the face does.
        offset_s: Added to all times of the result; below 0 the mouth leads the sound.
        overwrite: Replace a take of that name, and its cues, once the new one is complete.
    """

    sound: str
    take: str = ""
    start_s: float = 0.0
    end_s: float | None = None
    rate_hz: float = 60.0
    text: str = ""
    text_file: str = ""
    language: str = "en"
    profile: str = ""
    method: str = "network"
    mouth: MouthStyle = field(default_factory=MouthStyle)
    emphasis: float = 1.0
    gestures: GestureSettings = field(default_factory=GestureSettings)
    offset_s: float = 0.0
    overwrite: bool = False

    def to_wire(self) -> dict:
        """As a JSON object."""
        return asdict(self)

    @classmethod
    def from_wire(cls, data: dict) -> LipsyncRequest:
        """From a JSON object; TypeError on unknown or missing entries."""
        parts = {
            "mouth": MouthStyle(**data.get("mouth", {})),
            "gestures": GestureSettings(**data.get("gestures", {})),
        }
        return cls(**{**data, **parts})


@dataclass(frozen=True)
class LearnSpeechRequest:
    """Learn how a performer speaks.

    Attributes:
        sources: Paths of videos with sound, which are tracked, and of takes.
        voice: Path of the voice profile to write.
        name: Of the performer; empty for the file's.
        keep_anyway: Write it even where it is not better than the general model.
        overwrite: Replace a profile of that name once the new one is complete.
    """

    sources: tuple[str, ...]
    voice: str
    name: str = ""
    keep_anyway: bool = False
    overwrite: bool = False

    def to_wire(self) -> dict:
        """As a JSON object."""
        return asdict(self)

    @classmethod
    def from_wire(cls, data: dict) -> LearnSpeechRequest:
        """From a JSON object; TypeError on unknown or missing entries."""
        return cls(**{**data, "sources": tuple(data.get("sources", ()))})


@dataclass(frozen=True)
class FetchModelRequest:
    """Fetch a model whose terms were accepted.

    Attributes:
        model: Its id in ``weights/optional.toml``.
    """

    model: str

    def to_wire(self) -> dict:
        """As a JSON object."""
        return asdict(self)

    @classmethod
    def from_wire(cls, data: dict) -> FetchModelRequest:
        """From a JSON object; TypeError on unknown or missing entries."""
        return cls(**data)


@dataclass(frozen=True)
class DoctorRequest:
    """Find out what this machine can run.

    Attributes:
        cameras: Open every camera for a second.
        quick: Measure nothing that takes long: no speeds of networks, no cameras.
        takes: Folder where takes go; empty where there is none yet.
        host: What only Blender knows, in the order of the report: name and sentence.
        problems: What Blender has found wrong, as (what, what to do).
    """

    cameras: bool = False
    quick: bool = False
    takes: str = ""
    host: tuple[tuple[str, str], ...] = ()
    problems: tuple[tuple[str, str], ...] = ()

    def to_wire(self) -> dict:
        """As a JSON object."""
        return asdict(self)

    @classmethod
    def from_wire(cls, data: dict) -> DoctorRequest:
        """From a JSON object; TypeError on unknown or missing entries."""
        pairs = {
            name: tuple((first, second) for first, second in data.get(name, ()))
            for name in ("host", "problems")
        }
        return cls(**{**data, **pairs})


@dataclass(frozen=True)
class RuntimeRequest:
    """Fetch and install a GPU runtime.

    Attributes:
        what: "gpu" chooses by the card; "cuda12", "cuda13" or "directml" is taken as it is.
        driver: Version of an NVIDIA driver to choose for; empty for this machine's.
    """

    what: str = "gpu"
    driver: str = ""

    def to_wire(self) -> dict:
        """As a JSON object."""
        return asdict(self)

    @classmethod
    def from_wire(cls, data: dict) -> RuntimeRequest:
        """From a JSON object; TypeError on unknown or missing entries."""
        return cls(**data)
