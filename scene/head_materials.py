# SPDX-License-Identifier: GPL-3.0-or-later
"""Materials of the shipped head: one Principled shader each, cheap enough for quick previews."""

from __future__ import annotations

from pathlib import Path

import bpy

_WET: dict[str, object] = {"Roughness": 0.06, "Specular IOR Level": 0.6}
# name -> (image file or None, base colour, {Principled input: value})
_LOOKS: dict[str, tuple[str | None, tuple[float, float, float], dict[str, object]]] = {
    "skin": (
        "facewright_head_skin.jpg",
        (0.66, 0.44, 0.35),
        {
            "Roughness": 0.48,
            "Specular IOR Level": 0.4,
            "Subsurface Weight": 0.12,
            "Subsurface Radius": (1.0, 0.35, 0.2),
            "Subsurface Scale": 0.008,
        },
    ),
    "eye": ("facewright_head_eye.jpg", (0.75, 0.72, 0.7), _WET),
    "iris": ("facewright_head_eye.jpg", (0.13, 0.07, 0.03), _WET),
    "pupil": ("facewright_head_eye.jpg", (0.005, 0.005, 0.005), _WET),
    "teeth": (None, (0.84, 0.78, 0.67), {"Roughness": 0.22}),
    "mouth": (None, (0.42, 0.13, 0.12), {"Roughness": 0.35}),
    "lash": (None, (0.02, 0.013, 0.01), {"Roughness": 0.6, "Specular IOR Level": 0.2}),
}


def create(names: tuple[str, ...], folder: Path) -> list[bpy.types.Material]:
    """One new material for each slot name, with textures from ``folder`` packed into the file."""
    return [_material(name, folder) for name in names]


def _material(name: str, folder: Path) -> bpy.types.Material:
    file, colour, values = _LOOKS[name]
    material = bpy.data.materials.new(f"Facewright {name.capitalize()}")
    if material.node_tree is None:  # 4.x starts without nodes; 5.x always has them
        material.use_nodes = True
    material.diffuse_color = (*colour, 1.0)
    material.roughness = float(values["Roughness"])
    tree = material.node_tree
    shader = next(node for node in tree.nodes if node.type == "BSDF_PRINCIPLED")
    shader.inputs["Base Color"].default_value = (*colour, 1.0)
    for socket, value in values.items():
        shader.inputs[socket].default_value = value
    if file is not None and (folder / file).exists():
        image = bpy.data.images.load(str(folder / file), check_existing=True)
        if not image.packed_file:
            image.pack()
        texture = tree.nodes.new("ShaderNodeTexImage")
        texture.image = image
        texture.location = (shader.location.x - 320, shader.location.y)
        tree.links.new(texture.outputs["Color"], shader.inputs["Base Color"])
        if name == "skin":
            _dull_hair(tree, texture, shader)
    return material


def _dull_hair(tree: bpy.types.NodeTree, texture: bpy.types.Node, shader: bpy.types.Node) -> None:
    """The dark parts of the texture are hair: make them rough and hardly shiny."""
    for row, (socket, dark, light) in enumerate(
        (("Roughness", 0.85, 0.47), ("Specular IOR Level", 0.06, 0.38))
    ):
        remap = tree.nodes.new("ShaderNodeMapRange")
        remap.inputs["From Min"].default_value = 0.03
        remap.inputs["From Max"].default_value = 0.16
        remap.inputs["To Min"].default_value = dark
        remap.inputs["To Max"].default_value = light
        remap.location = (shader.location.x - 320, shader.location.y - 300 - 260 * row)
        tree.links.new(texture.outputs["Color"], remap.inputs["Value"])
        tree.links.new(remap.outputs["Result"], shader.inputs[socket])
