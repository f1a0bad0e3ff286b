"""What answers users' Rego: `regopy`, which comes with Tallystick and speaks plain Rego, or the real OPA where it is.

OPA is a program of its own, `opa` on the PATH, or the library that the Python package `opa_bindings` has. Either runs
apart, in bounded time and with bounded words, and with nothing of our environment but the PATH. OPA's Rego may ask the
network (`http.send`), which `regopy` cannot.
"""

import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Any, Final

from regopy import Interpreter, LogLevel, RegoError

from tallystick.governance.adapters import rego_binding

_SECONDS_MAX: Final = 30
_LOOK_S: Final = 0.02
_LOOKS_A_SECOND: Final = 50
_BYTES_MAX: Final = 16 << 20
_AT: Final = re.compile(r"\(error \d+:[^|]*\|(\d+)\|")
_WORDS: Final = re.compile(r"\(errormsg \d+:([^)]*)\)")

Engine = Callable[[Path, str, str], Any]
"""Evaluates the query that comes last over one file, with a JSON document as its input."""


class NotJudgedError(Exception):
    """A file of Rego could not be judged; the words go on after its name."""


class NoEngineError(Exception):
    """The engine that was asked for is not here; the words say what to do."""


def engine_of(name: str) -> Engine:
    """Give an engine by its name.

    Raises:
        NoEngineError: there is none of that name, or it is not installed.
    """
    if name == "regopy":
        return by_regopy
    if name != "opa":
        raise NoEngineError(f"{name} judges no Rego: one of regopy, opa")
    if program := shutil.which("opa"):
        return by_opa((program,))
    if importlib.util.find_spec("opa_bindings"):
        return by_opa((sys.executable, str(rego_binding.__file__)))
    raise NoEngineError(
        "OPA is not here: put its program `opa` on the PATH, or leave --rego-engine out"
    )


def by_regopy(file: Path, document: str, query: str) -> Any:
    """Ask the interpreter that comes with us.

    Raises:
        NotJudgedError: it does not parse, or has no such value.
    """
    text = file.read_text("utf-8", errors="replace")
    try:
        interpreter = Interpreter()
        interpreter.log_level = LogLevel.NONE
        interpreter.add_module(file.name, text)
        interpreter.set_input(json.loads(document))
        answer = str(interpreter.query(f"x = {query}"))
        return json.loads(answer)["bindings"]["x"]
    except RegoError as error:
        where, why = _spot(str(error), text)
        raise NotJudgedError(f"{where} does not parse: {why}") from None
    except (ValueError, KeyError, TypeError):
        raise NotJudgedError(" could not be judged: `deny` has no value") from None


def _spot(error: str, text: str) -> tuple[str, str]:
    """Find the line and the words in the interpreter's tree of an error: `(error 6:a.rego|33|2 (errormsg 4:what))`."""
    at = _AT.search(error)
    words = _WORDS.search(error)
    number = text.encode().count(b"\n", 0, int(at[1])) + 1 if at else 0
    return f":{number}" if number else "", words[1] if words else "the interpreter does not say why"


def by_opa(command: tuple[str, ...], seconds: int = _SECONDS_MAX) -> Engine:
    """Give the real OPA, asked by a command that takes what `opa` takes."""

    def evaluated(file: Path, document: str, query: str) -> Any:
        with tempfile.NamedTemporaryFile("w", suffix=".json", encoding="utf-8") as given:
            given.write(document)
            given.flush()
            asked = ["eval", "--format", "json", "--data", str(file), "--input", given.name, query]
            said = _said([*command, *asked], seconds)
        try:
            answer: Mapping[str, Any] = json.loads(said)
            if errors := answer.get("errors"):
                raise NotJudgedError(f" could not be judged: {_first(errors[0])}")
            return answer["result"][0]["expressions"][0]["value"]
        except (KeyError, IndexError):
            raise NotJudgedError(" could not be judged: `deny` has no value") from None
        except (ValueError, TypeError, AttributeError):
            raise NotJudgedError(" could not be judged: OPA answers no JSON of its own") from None

    return evaluated


def _said(command: list[str], seconds: int) -> bytes:
    """Run a command to its end; what it says goes to a file, which is looked at while it runs.

    Raises:
        NotJudgedError: it took too long, or said too much.
    """
    with tempfile.TemporaryFile() as output:
        with subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.DEVNULL,
            env={"PATH": "/usr/local/bin:/usr/bin:/bin"},
        ) as running:  # fmt: skip
            try:
                ended = _ended(running, output, seconds)
            finally:
                running.kill()
        size = output.seek(0, 2)
        if size > _BYTES_MAX:
            raise NotJudgedError(f" could not be judged: OPA said more than {_BYTES_MAX} bytes")
        if not ended:
            raise NotJudgedError(f" could not be judged in {seconds} s: make the rule smaller")
        output.seek(0)
        return output.read(_BYTES_MAX)


def _ended(running: subprocess.Popen[bytes], output: IO[bytes], seconds: int) -> bool:
    for _ in range(seconds * _LOOKS_A_SECOND):
        try:
            running.wait(_LOOK_S)
        except subprocess.TimeoutExpired:
            if os.fstat(output.fileno()).st_size > _BYTES_MAX:
                return False
        else:
            return True
    return False


def _first(error: Mapping[str, Any]) -> str:
    """Say the first error in one line, with its place where OPA gives it apart."""
    place = error.get("location") or {}
    row = f"line {place['row']}: " if "row" in place else ""
    return row + " ".join(str(error.get("message", "OPA does not say why")).split())
