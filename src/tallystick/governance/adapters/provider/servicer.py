"""Terraform's provider protocol, version 6, over the pack and the targets.

Source: hashicorp/terraform, docs/plugin-protocol/tfplugin6.proto.
"""

import functools
import json
import os
from collections.abc import Callable
from typing import Any

from tf.gen import tfplugin_pb2 as pb
from tf.gen import tfplugin_pb2_grpc as rpc

from tallystick.governance.adapters.provider import planning, wire
from tallystick.governance.adapters.provider.answers import answer
from tallystick.governance.adapters.provider.ground import ground
from tallystick.governance.adapters.provider.local import LocalStore
from tallystick.governance.adapters.provider.naming import Namer
from tallystick.governance.adapters.provider.pack import Pack
from tallystick.governance.adapters.provider.targets import (
    CLOUDS,
    SETTING,
    Dispatch,
    TargetRefused,
    Values,
)


def _answering(response: Any) -> Callable[..., Any]:
    """Turn what goes wrong into a diagnostic that Terraform shows."""

    def wrap(method: Callable[[Any, Any], Any]) -> Callable[..., Any]:
        @functools.wraps(method)
        def served(self: Any, request: Any, context: Any) -> Any:
            try:
                return method(self, request)
            except TargetRefused as refusal:
                return response(diagnostics=[_diagnostic("The target refused", str(refusal))])
            except Exception as error:  # the protocol knows no other way to say it
                words = f"{type(error).__name__}: {error}"
                return response(diagnostics=[_diagnostic(f"{method.__name__} failed", words)])

        return served

    return wrap


def _diagnostic(summary: str, detail: str) -> pb.Diagnostic:
    return pb.Diagnostic(severity=pb.Diagnostic.ERROR, summary=summary, detail=detail)


class Servicer(rpc.ProviderServicer):
    """One provider, for one run of Terraform."""

    def __init__(self, *, pack: Pack):
        """Serve this pack; targets are chosen when Terraform configures the provider."""
        self._pack = pack
        self._configure({})

    def _configure(self, config: dict[str, Any]) -> None:
        self._ground = ground(self._pack.name, config)
        namer = Namer(ground=self._ground, schemas=self._pack.resources)
        self._targets = Dispatch(
            cloud=CLOUDS[self._pack.name],
            setting=os.environ.get(SETTING),
            store=lambda path: LocalStore(path=path, namer=namer),
        )

    @_answering(pb.GetMetadata.Response)
    def GetMetadata(self, _: Any) -> Any:
        """Say what this server can do: schemas are asked for each time."""
        return pb.GetMetadata.Response(server_capabilities=pb.ServerCapabilities())

    @_answering(pb.GetProviderSchema.Response)
    def GetProviderSchema(self, _: Any) -> Any:
        """Give every schema of the pack."""
        return pb.GetProviderSchema.Response(
            server_capabilities=pb.ServerCapabilities(get_provider_schema_optional=True),
            provider=wire.schema(self._pack.config),
            resource_schemas={
                name: wire.schema(each) for name, each in self._pack.resources.items()
            },
            data_source_schemas={name: wire.schema(each) for name, each in self._pack.data.items()},
        )

    @_answering(pb.ValidateProviderConfig.Response)
    def ValidateProviderConfig(self, _: Any) -> Any:
        """Accept what has the right shape: Terraform has checked that already."""
        return pb.ValidateProviderConfig.Response()

    @_answering(pb.ValidateResourceConfig.Response)
    def ValidateResourceConfig(self, _: Any) -> Any:
        """Accept what has the right shape: validators written in Go are not in the pack."""
        return pb.ValidateResourceConfig.Response()

    @_answering(pb.ValidateDataResourceConfig.Response)
    def ValidateDataResourceConfig(self, _: Any) -> Any:
        """Accept what has the right shape."""
        return pb.ValidateDataResourceConfig.Response()

    @_answering(pb.ConfigureProvider.Response)
    def ConfigureProvider(self, request: Any) -> Any:
        """Take region, project and default tags."""
        self._configure(planning.known(wire.read(request.config)))
        return pb.ConfigureProvider.Response()

    @_answering(pb.UpgradeResourceState.Response)
    def UpgradeResourceState(self, request: Any) -> Any:
        """Bring a stored state into the shape of the pack."""
        state = wire.shaped(
            self._pack.resources[request.type_name], json.loads(request.raw_state.json)
        )
        return pb.UpgradeResourceState.Response(upgraded_state=wire.written(state))

    @_answering(pb.ReadResource.Response)
    def ReadResource(self, request: Any) -> Any:
        """Read an object as it is; what the target does not say stays as the state has it."""
        kind, state = request.type_name, wire.read(request.current_state)
        live = self._targets.of(kind).read(kind, state)
        new = None if live is None else self._shaped(kind, {**state, **live})
        return pb.ReadResource.Response(new_state=wire.written(new), private=request.private)

    @_answering(pb.PlanResourceChange.Response)
    def PlanResourceChange(self, request: Any) -> Any:
        """Say what a change would make, and what of it makes a new resource."""
        proposed = wire.read(request.proposed_new_state)
        if proposed is None:
            return pb.PlanResourceChange.Response(planned_state=request.proposed_new_state)
        block = self._pack.resources[request.type_name]
        prior = wire.read(request.prior_state)
        value = self._ground.said(block, planning.planned(block, prior, proposed))
        paths = planning.replaces(block, prior, value) if prior else []
        return pb.PlanResourceChange.Response(
            planned_state=wire.written(value), requires_replace=[_path(each) for each in paths]
        )

    @_answering(pb.ApplyResourceChange.Response)
    def ApplyResourceChange(self, request: Any) -> Any:
        """Create, change or remove an object; a refusal leaves the state as it was."""
        kind = request.type_name
        prior, plan = wire.read(request.prior_state), wire.read(request.planned_state)
        try:
            new = self._apply(kind, prior, plan, wire.read(request.config))
        except TargetRefused as refusal:
            words = [_diagnostic(f"{kind} was not changed", str(refusal))]
            return pb.ApplyResourceChange.Response(new_state=request.prior_state, diagnostics=words)
        return pb.ApplyResourceChange.Response(new_state=wire.written(new))

    def _apply(
        self, kind: str, prior: Values | None, plan: Values | None, config: Values | None
    ) -> Any:
        target = self._targets.of(kind)
        if plan is None:
            assert prior is not None
            target.delete(kind, prior)
            return None
        written = self._pack.resources[kind].written
        wanted = planning.known(plan) | {name: (config or {}).get(name) for name in written}
        made = target.create(kind, wanted) if prior is None else target.update(kind, prior, wanted)
        return self._shaped(kind, planning.settled(plan, {**wanted, **made}))

    def _shaped(self, kind: str, values: Values) -> Values:
        block = self._pack.resources[kind]
        return wire.shaped(block, values) | dict.fromkeys(block.written)

    @_answering(pb.ImportResourceState.Response)
    def ImportResourceState(self, request: Any) -> Any:
        """Take an object that exists into the state, by its id."""
        kind = request.type_name
        asked = {**self._pack.resources[kind].empty(), "id": request.id}
        live = self._targets.of(kind).read(kind, asked)
        if live is None:
            raise TargetRefused(
                f"There is no {kind} with the id {request.id} on the target: look at its list first."
            )
        state = wire.written(self._shaped(kind, {**asked, **live}))
        found = pb.ImportResourceState.ImportedResource(type_name=kind, state=state)
        return pb.ImportResourceState.Response(imported_resources=[found])

    @_answering(pb.ReadDataSource.Response)
    def ReadDataSource(self, request: Any) -> Any:
        """Answer a data source."""
        kind, config = request.type_name, wire.read(request.config)
        said = answer(kind, config, ground=self._ground, targets=self._targets)
        state = wire.shaped(self._pack.data[kind], {**config, **said})
        return pb.ReadDataSource.Response(state=wire.written(state))

    @_answering(pb.GetFunctions.Response)
    def GetFunctions(self, _: Any) -> Any:
        """Say that there are no functions."""
        return pb.GetFunctions.Response()

    @_answering(pb.StopProvider.Response)
    def StopProvider(self, _: Any) -> Any:
        """Agree to stop: no call of ours is long."""
        return pb.StopProvider.Response()


def _path(steps: planning.Path) -> pb.AttributePath:
    return pb.AttributePath(
        steps=[
            pb.AttributePath.Step(element_key_int=each)
            if isinstance(each, int)
            else pb.AttributePath.Step(attribute_name=each)
            for each in steps
        ]
    )
