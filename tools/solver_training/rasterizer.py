# SPDX-License-Identifier: GPL-3.0-or-later
"""Pictures of a head in a hundredth of a second: OpenGL without a window.

Shadows and the darkness inside the mouth tell the landmark network as much as the outline does,
so light comes from a dozen directions, each with its shadow map: a key light and a fill light of
some width, and a dome.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import moderngl
import numpy as np
from scipy.sparse import csr_array

# One shadow map a light, side by side in one texture.
_TILES = (4, 3)
MAX_LIGHTS = _TILES[0] * _TILES[1]
_SHADOW_SIZE = 192
# Half the width of what a shadow map covers, cm.
_REACH = 22.0

_SHADOW_VERTEX = """
#version 330
in vec3 position;
uniform mat4 light;
void main() { gl_Position = light * vec4(position, 1.0); }
"""

_VERTEX = """
#version 330
in vec3 position;
in vec3 normal;
in vec3 albedo;
in float roughness;
uniform mat4 camera;
out vec3 at;
out vec3 facing;
out vec3 base;
out float rough;
void main() {
    at = position;
    facing = normal;
    base = albedo;
    rough = roughness;
    gl_Position = camera * vec4(position, 1.0);
}
"""

# Lambert and a Blinn-Phong highlight with a Fresnel term (Schlick 1994): near enough to a
# principled material for a network that has to see creases, lips and wet eyes.
_FRAGMENT = f"""
#version 330
in vec3 at;
in vec3 facing;
in vec3 base;
in float rough;
uniform vec3 eye;
uniform int lights;
uniform mat4 light[{MAX_LIGHTS}];
uniform vec3 direction[{MAX_LIGHTS}];
uniform vec3 colour[{MAX_LIGHTS}];
uniform sampler2DShadow shadow;
uniform float exposure;
out vec4 result;
void main() {{
    vec3 n = normalize(facing);
    vec3 view = normalize(eye - at);
    if (dot(n, view) < 0.0) n = -n;
    float shine = 2.0 / max(rough * rough * rough * rough, 1e-4) - 2.0;
    vec3 sum = vec3(0.0);
    for (int i = 0; i < lights; i++) {{
        vec3 l = direction[i];
        vec3 p = (light[i] * vec4(at + n * 0.12, 1.0)).xyz * 0.5 + 0.5;
        vec2 tile = vec2(i % {_TILES[0]}, i / {_TILES[0]});
        vec2 spot = (tile + clamp(p.xy, 0.01, 0.99)) / vec2({_TILES[0]}, {_TILES[1]});
        float seen = texture(shadow, vec3(spot, p.z - 0.004));
        float cosine = max(dot(n, l), 0.0);
        vec3 h = normalize(l + view);
        float fresnel = 0.04 + 0.96 * pow(1.0 - max(dot(view, h), 0.0), 5.0);
        float gloss = fresnel * (shine + 8.0) / 25.13 * pow(max(dot(n, h), 0.0), shine);
        sum += seen * colour[i] * cosine * (base + min(gloss, 4.0));
    }}
    result = vec4(pow(clamp(sum * exposure, 0.0, 1.0), vec3(1.0 / 2.2)), 1.0);
}}
"""


@dataclass(frozen=True)
class Light:
    """A distant light.

    Attributes:
        direction: float (3,), towards the light, unit length.
        colour: float (3,), linear RGB irradiance / pi.
    """

    direction: np.ndarray
    colour: np.ndarray


@dataclass(frozen=True)
class View:
    """A camera that looks along -z.

    Attributes:
        position: float (3,), cm.
        field_of_view_deg: Of the square picture.
    """

    position: np.ndarray
    field_of_view_deg: float

    def matrix(self) -> np.ndarray:
        """World to clip space (4, 4)."""
        near, far = 5.0, 400.0
        scale = 1 / math.tan(math.radians(self.field_of_view_deg) / 2)
        projection = np.zeros((4, 4))
        projection[0, 0] = projection[1, 1] = scale
        projection[2, 2] = (far + near) / (near - far)
        projection[2, 3] = 2 * far * near / (near - far)
        projection[3, 2] = -1.0
        shift = np.eye(4)
        shift[:3, 3] = -np.asarray(self.position)
        return projection @ shift


class Rasterizer:
    """Draws one mesh over and over.

    Args:
        triangles: int32 (m, 3).
        casters: int32 (k, 3), the triangles that cast shadows.
        vertex_count: n.
        size: Width and height of the pictures in pixels.
    """

    def __init__(
        self, triangles: np.ndarray, casters: np.ndarray, vertex_count: int, size: int
    ) -> None:
        self.size = size
        self._triangles = triangles
        gl = moderngl.create_context(standalone=True, backend="egl")
        gl.enable(moderngl.DEPTH_TEST)
        self._program = gl.program(vertex_shader=_VERTEX, fragment_shader=_FRAGMENT)
        self._shadow_program = gl.program(
            vertex_shader=_SHADOW_VERTEX, fragment_shader="#version 330\nvoid main() {}"
        )
        indices = gl.buffer(triangles.astype("<i4").tobytes())
        self._position = gl.buffer(reserve=vertex_count * 12, dynamic=True)
        self._normal = gl.buffer(reserve=vertex_count * 12, dynamic=True)
        self._look = gl.buffer(reserve=vertex_count * 16)
        self._mesh = gl.vertex_array(
            self._program,
            [
                (self._position, "3f", "position"),
                (self._normal, "3f", "normal"),
                (self._look, "3f 1f", "albedo", "roughness"),
            ],
            indices,
        )
        self._shadow_mesh = gl.vertex_array(
            self._shadow_program,
            [(self._position, "3f", "position")],
            gl.buffer(casters.astype("<i4").tobytes()),
        )
        self._shadows = gl.depth_texture((_TILES[0] * _SHADOW_SIZE, _TILES[1] * _SHADOW_SIZE))
        self._shadows.compare_func = "<="
        self._shadow_target = gl.framebuffer(depth_attachment=self._shadows)
        # No multisampling: a software renderer pays the whole price for it, and the pictures are
        # scaled and blurred afterwards.
        self._target = gl.framebuffer(
            [gl.renderbuffer((size, size), 4)], gl.depth_renderbuffer((size, size))
        )
        # Sums the normals of the triangles around each vertex.
        corners = triangles.ravel()
        self._around = csr_array(
            (
                np.ones(len(corners), np.float32),
                (corners, np.repeat(np.arange(len(triangles)), 3)),
            ),
            shape=(vertex_count, len(triangles)),
        )

    def paint(self, albedo: np.ndarray, roughness: np.ndarray) -> None:
        """Sets the colours: float (n, 3) linear RGB and float (n,)."""
        look = np.concatenate([albedo, roughness[:, None]], 1)
        self._look.write(look.astype("<f4").tobytes())

    def draw(
        self,
        vertices: np.ndarray,
        view: View,
        lights: list[Light],
        exposure: float = 1.0,
    ) -> tuple[np.ndarray, np.ndarray]:
        """One picture.

        Args:
            vertices: float32 (n, 3), cm.
            view: The camera.
            lights: ``MAX_LIGHTS`` at most.
            exposure: Factor before the display curve.

        Returns:
            uint8 (size, size, 3) RGB, and bool (size, size): where the head is.
        """
        self._position.write(vertices.astype("<f4").tobytes())
        self._normal.write(self._normals(vertices).astype("<f4").tobytes())
        matrices = [_light_matrix(light.direction) for light in lights]
        self._shadow_target.use()
        self._shadow_target.clear()
        for i, matrix in enumerate(matrices):
            column, row = i % _TILES[0], i // _TILES[0]
            self._shadow_target.viewport = (
                column * _SHADOW_SIZE,
                row * _SHADOW_SIZE,
                _SHADOW_SIZE,
                _SHADOW_SIZE,
            )
            self._shadow_program["light"].write(_columns(matrix))
            self._shadow_mesh.render()
        rest = MAX_LIGHTS - len(lights)
        program = self._program
        program["camera"].write(_columns(view.matrix()))
        program["eye"].value = tuple(view.position)
        program["lights"].value = len(lights)
        program["light"].write(b"".join(map(_columns, [*matrices, *[np.eye(4)] * rest])))
        program["direction"].write(_vectors([light.direction for light in lights], rest))
        program["colour"].write(_vectors([light.colour for light in lights], rest))
        program["exposure"].value = exposure
        self._shadows.use(0)
        self._target.use()
        self._target.clear(0.0, 0.0, 0.0, 0.0)
        self._mesh.render()
        raw = self._target.read(components=4)
        picture = np.frombuffer(raw, np.uint8).reshape(self.size, self.size, 4)[::-1]
        return picture[:, :, :3].copy(), picture[:, :, 3] > 127

    def _normals(self, vertices: np.ndarray) -> np.ndarray:
        a, b, c = (vertices[self._triangles[:, i]] for i in range(3))
        normals = self._around @ np.cross(b - a, c - a)
        return normals / np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-9)


def _light_matrix(direction: np.ndarray) -> np.ndarray:
    """World to the clip space of a parallel projection along a light."""
    side = np.cross([0.0, 1.0, 0.0], direction)
    side = side / np.linalg.norm(side)
    matrix = np.eye(4)
    matrix[:3, :3] = np.stack([side, np.cross(direction, side), -direction]) / _REACH
    matrix[2, :3] *= 0.8  # the head is deeper than the face is wide
    return matrix


def _columns(matrix: np.ndarray) -> bytes:
    """A matrix as OpenGL stores it."""
    return matrix.T.astype("<f4").tobytes()


def _vectors(rows: list, rest: int) -> bytes:
    return np.array([*rows, *[np.zeros(3)] * rest], "<f4").tobytes()
