"""Values as Terraform sends them: msgpack with an extension for what is not known yet.

Source: hashicorp/terraform, docs/plugin-protocol/object-wire-format.md.
"""

import json
from collections.abc import Mapping
from typing import Any

import msgpack
from tf.gen import tfplugin_pb2 as pb

from tallystick.governance.adapters.provider.pack import Attribute, Block
from tallystick.governance.model.values import UNKNOWN

_UNKNOWN_CODES = (0, 12)  # unknown, and unknown with what is known about it
_NESTINGS = {"single": "SINGLE", "list": "LIST", "set": "SET", "map": "MAP"}


def read(value: pb.DynamicValue) -> Any:
    """Give a value that Terraform sent; what it does not know is `UNKNOWN`."""
    if value.msgpack:
        return msgpack.unpackb(value.msgpack, ext_hook=_extension, strict_map_key=False)
    return json.loads(value.json) if value.json else None


def written(value: Any) -> pb.DynamicValue:
    """Give a value in the form that Terraform takes."""
    return pb.DynamicValue(msgpack=msgpack.packb(value, default=_default))


def _extension(code: int, data: bytes) -> Any:
    return UNKNOWN if code in _UNKNOWN_CODES else msgpack.ExtType(code, data)


def _default(value: Any) -> Any:
    if value is UNKNOWN:
        return msgpack.ExtType(0, b"\x00")
    raise TypeError(f"no form for {type(value).__name__}")


def schema(block: Block) -> pb.Schema:
    """Give a schema in the form that Terraform takes."""
    return pb.Schema(version=0, block=_block(block))


def _block(block: Block) -> pb.Schema.Block:
    return pb.Schema.Block(
        attributes=[_attribute(name, each) for name, each in block.attributes.items()],
        block_types=[
            pb.Schema.NestedBlock(
                type_name=name,
                nesting=_NESTINGS[each.nesting],
                min_items=each.least if each.nesting in ("list", "set") else 0,
                max_items=each.most,
                block=_block(each.block),
            )
            for name, each in block.blocks.items()
        ],
    )


def _attribute(name: str, attribute: Attribute) -> pb.Schema.Attribute:
    made = pb.Schema.Attribute(
        name=name,
        type=json.dumps(attribute.type).encode(),
        required=attribute.required,
        optional=attribute.optional,
        computed=attribute.computed and not attribute.required,
        sensitive=attribute.sensitive,
    )
    if name.endswith("_wo"):
        made.MergeFromString(
            b"\x58\x01"
        )  # write_only is field 11, which is newer than this library
    return made


def shaped(block: Block, state: Mapping[str, Any]) -> dict[str, Any]:
    """Give what a state file holds in the shape of today's schema: what is new is null, what is gone is dropped."""
    value = block.empty()
    value.update({name: state[name] for name in block.attributes if name in state})
    for name, nested in block.blocks.items():
        inner = state.get(name)
        if isinstance(inner, list):
            value[name] = [shaped(nested.block, each) for each in inner]
        elif isinstance(inner, dict) and nested.nesting == "single":
            value[name] = shaped(nested.block, inner)
    return value
