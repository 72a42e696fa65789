# SPDX-License-Identifier: GPL-3.0-or-later
"""A small portrait studio around the head: camera, three soft lights, a plain background."""

from __future__ import annotations

import bpy
from mathutils import Vector

# Name, position relative to the middle of the face (metres, head's frame), size, watts, colour.
_LIGHTS = (
    ("Key", (-0.55, -0.75, 0.45), 0.5, 14.0, (1.0, 0.94, 0.88)),
    ("Fill", (0.75, -0.70, 0.05), 0.9, 6.0, (0.88, 0.94, 1.0)),
    ("Rim", (0.50, 0.75, 0.40), 0.5, 7.0, (0.95, 0.97, 1.0)),
)
_LENS = 85.0
_DISTANCE = 0.72
_TARGET = Vector((0.0, -0.07, 0.034))


def create_portrait_stage(context: bpy.types.Context, head: bpy.types.Object) -> bpy.types.Object:
    """Add a camera framing the head and three area lights, and light the world a little.

    Args:
        context: gives the scene.
        head: the object made by ``create_head``; the stage stands around where it is now.

    Returns:
        The camera, which becomes the scene's camera.
    """
    scene = context.scene
    collection = bpy.data.collections.new("Facewright Stage")
    scene.collection.children.link(collection)
    place = (head.parent or head).matrix_world.copy()
    target = place @ _TARGET
    for name, position, size, watts, colour in _LIGHTS:
        data = bpy.data.lights.new(f"Facewright {name}", "AREA")
        data.size, data.energy, data.color = size, watts, colour
        light = bpy.data.objects.new(data.name, data)
        light.visible_glossy = name == "Key"  # one catch light in the eyes, as in a studio
        _aim(light, place @ (Vector(position) + _TARGET), target)
        collection.objects.link(light)
    data = bpy.data.cameras.new("Facewright Camera")
    data.lens, data.clip_start = _LENS, 0.01
    camera = bpy.data.objects.new(data.name, data)
    _aim(camera, place @ (_TARGET + Vector((0.0, -_DISTANCE, 0.02))), target)
    collection.objects.link(camera)
    scene.camera = camera
    scene.world = _world()
    return camera


def _aim(thing: bpy.types.Object, position: Vector, target: Vector) -> None:
    thing.location = position
    thing.rotation_mode = "XYZ"
    thing.rotation_euler = (target - position).to_track_quat("-Z", "Y").to_euler()


def _world() -> bpy.types.World:
    world = bpy.data.worlds.new("Facewright Background")
    if world.node_tree is None:
        world.use_nodes = True
    background = next(node for node in world.node_tree.nodes if node.type == "BACKGROUND")
    background.inputs["Color"].default_value = (0.20, 0.23, 0.27, 1.0)
    background.inputs["Strength"].default_value = 0.7
    return world


def use_portrait_render(scene: bpy.types.Scene, size: int = 360, samples: int = 4) -> None:
    """Render settings that make a clean portrait quickly on a processor: Cycles with denoising.

    Args:
        scene: whose render settings change.
        size: width and height in pixels.
        samples: per pixel.
    """
    scene.render.engine = "CYCLES"
    scene.render.resolution_x = scene.render.resolution_y = size
    scene.render.resolution_percentage = 100
    scene.render.use_persistent_data = True
    cycles = scene.cycles
    cycles.device = "CPU"
    cycles.samples = samples
    cycles.use_adaptive_sampling = False
    cycles.use_denoising = True
    cycles.denoiser = "OPENIMAGEDENOISE"
    # Albedo and normal are clean after a few samples; prefiltering them would take the longest.
    cycles.denoising_input_passes = "RGB_ALBEDO_NORMAL"
    cycles.denoising_prefilter = "NONE"
    cycles.denoising_quality = "FAST"
    cycles.max_bounces = 2
    cycles.diffuse_bounces = cycles.glossy_bounces = 1
    cycles.transmission_bounces = cycles.volume_bounces = cycles.transparent_max_bounces = 0
    cycles.caustics_reflective = cycles.caustics_refractive = False
    cycles.sample_clamp_indirect = 2.0
    cycles.pixel_filter_type = "BLACKMAN_HARRIS"
    scene.view_settings.view_transform = "AgX"
    scene.view_settings.look = "AgX - Medium High Contrast"
    scene.view_settings.exposure = 0.0
