"""Checks discovery messages by the schemas that Home Assistant itself checks them by.

Reads [{"topic": TOPIC, "payload": TEXT}, ...] as JSON from standard input. Says {"version": VERSION, "checked": N,
"problems": [SENTENCE, ...]}. Runs in the environment that scripts/setup.sh makes of homeassistant.txt beside this
file, with Home Assistant's package beside it as a file, which Python reads as it is.
"""

import asyncio
import json
import logging
import sys
from pathlib import Path
from unittest.mock import MagicMock

HERE = Path(__file__).parent / ".venv-homeassistant"
sys.path.insert(0, str(next(HERE.glob("homeassistant-*.whl"))))
# What other parts of Home Assistant import and no schema uses: its cloud, and the pictures of its cameras.
for name in ("hass_nabucasa", "numpy", "turbojpeg"):
    sys.modules[name] = MagicMock()
logging.disable()

import homeassistant.const  # noqa: E402
import voluptuous  # noqa: E402
from homeassistant.components.mqtt import binary_sensor, camera, sensor  # noqa: E402
from homeassistant.components.mqtt.discovery import TOPIC_MATCHER  # noqa: E402
from homeassistant.core import HomeAssistant, valid_entity_id  # noqa: E402
from homeassistant.util import slugify  # noqa: E402

PLATFORMS = {"binary_sensor": binary_sensor, "camera": camera, "sensor": sensor}


def lost(sent, taken, at=""):
    """The keys of `sent` that a schema that drops what it does not know has dropped."""
    for key, value in sent.items():
        if key not in taken:
            yield f"{at}{key} is not known"
        elif isinstance(value, dict):
            yield from lost(value, taken[key], f"{at}{key}.")


def problems(topic, payload, ids):
    prefix, _, below = topic.partition("/")
    match = TOPIC_MATCHER.match(below)
    if not match:
        return [f"no topic of discovery below {prefix}"]
    component = match.group("component")
    shape = json.loads(payload)
    try:
        taken = PLATFORMS[component].DISCOVERY_SCHEMA(dict(shape))
    except voluptuous.Invalid as error:
        return [str(error)]
    found = list(lost(shape, taken))
    entity = shape["default_entity_id"]
    domain, _, object_id = entity.partition(".")
    if not valid_entity_id(entity) or domain != component or slugify(object_id) != object_id:
        found.append(f"{entity} is no entity id of a {component}")
    if entity in ids or shape["unique_id"] in ids:
        found.append(f"{entity} is there already")
    ids.update([entity, shape["unique_id"]])
    if not shape.get("origin", {}).get("name"):
        found.append("it does not say where it comes from")
    return found


async def check(messages):
    # Templates are compiled for an instance of Home Assistant and in its event loop.
    hass = HomeAssistant("")
    ids, found = set(), []
    for message in messages:
        for problem in problems(message["topic"], message["payload"], ids):
            found.append(f"{message['topic']}: {problem}")
    await hass.async_stop(force=True)
    return {"version": homeassistant.const.__version__, "checked": len(messages), "problems": found}


print(json.dumps(asyncio.run(check(json.load(sys.stdin)))))
