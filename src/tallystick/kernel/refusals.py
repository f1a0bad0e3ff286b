"""Refusals that belong to no context: those of the edge, and of files that cannot be read."""

from collections.abc import Mapping

from tallystick.kernel.problems import Kind, Problem, Retry


class PathNotFound(Problem):
    """There is nothing at this path."""

    code = "path_not_found"
    kind = Kind.NOT_FOUND


class MethodNotAllowed(Problem):
    """The path exists, but not with this method; the header ``Allow`` lists those it has."""

    code = "method_not_allowed"
    kind = Kind.MALFORMED


class AnswerTypeNotAcceptable(Problem):
    """The header ``Accept`` excludes every media type this route answers with."""

    code = "answer_type_not_acceptable"
    kind = Kind.UNSUPPORTED


class MediaTypeNotSupported(Problem):
    """The body comes in a media type, character set or encoding that this route does not read."""

    code = "media_type_not_supported"
    kind = Kind.UNSUPPORTED


class BodyTooLarge(Problem):
    """The body is larger than 8 MiB."""

    code = "body_too_large"
    kind = Kind.TOO_LARGE


class BodyTooSlow(Problem):
    """The body did not arrive within thirty seconds."""

    code = "body_too_slow"
    kind = Kind.MALFORMED
    retry = Retry.SAME


class PathTooLong(Problem):
    """The path is longer than 4,096 bytes."""

    code = "path_too_long"
    kind = Kind.TOO_LARGE


class HeadersTooLarge(Problem):
    """The request has more than 100 headers, or more than 32 KiB of them."""

    code = "headers_too_large"
    kind = Kind.TOO_LARGE


class TooManyRequests(Problem):
    """The tenant, the client or the network address has sent more requests than its budget allows.

    The header ``Retry-After`` says when to come back, ``RateLimit`` and ``RateLimit-Policy`` which budget it was.
    """

    code = "too_many_requests"
    kind = Kind.UNAVAILABLE
    retry = Retry.LATER
    headers: Mapping[str, str] = {}


class RequestTookTooLong(Problem):
    """The request was not done within its time. Whether a write was done is not known: repeat it with the same id."""

    code = "request_took_too_long"
    kind = Kind.UNAVAILABLE
    retry = Retry.SAME


class KeyUsedForOther(Problem):
    """The ``Idempotency-Key`` was sent before with another request: it names that one for 24 hours."""

    code = "idempotency_key_used_for_another_request"
    kind = Kind.UNPROCESSABLE


class RequestInFlight(Problem):
    """The same request with the same ``Idempotency-Key`` is being done: ask again for its answer."""

    code = "same_request_is_in_flight"
    kind = Kind.CONFLICT
    retry = Retry.LATER


class AnswerNotKept(Problem):
    """The same request was made before, and its answer is kept nowhere: it held a secret, was too large, or was lost.

    ``GET /v1/acts`` tells whether it was done; to do it once more, send another ``Idempotency-Key``.
    """

    code = "answer_is_not_kept"
    kind = Kind.CONFLICT


class KeyMissing(Problem):
    """This write has no id of its own, and so it needs the header ``Idempotency-Key``."""

    code = "idempotency_key_missing"
    kind = Kind.MALFORMED


class NotReady(Problem):
    """The process cannot serve yet, or not now: what it stands on does not answer."""

    code = "not_ready"
    kind = Kind.UNAVAILABLE
    retry = Retry.LATER


class TemporarilyUnavailable(Problem):
    """Something the answer depends on is out of reach. Whether a write was done is not known: repeat it
    with the same id."""

    code = "temporarily_unavailable"
    kind = Kind.UNAVAILABLE
    retry = Retry.LATER


class InternalError(Problem):
    """A defect of ours. The log has it under the request id in ``instance``."""

    code = "internal_error"
    kind = Kind.UNAVAILABLE


class XmlIsMalformed(Problem):
    """The bytes are not well-formed XML in an encoding we read."""

    code = "xml_is_malformed"
    kind = Kind.MALFORMED


class XmlHasForbiddenConstruct(Problem):
    """The XML declares or refers to something outside itself."""

    code = "xml_has_forbidden_construct"
    kind = Kind.MALFORMED


class XmlIsTooLarge(Problem):
    """The XML is over a written bound: bytes, markup or depth."""

    code = "xml_is_too_large"
    kind = Kind.TOO_LARGE


class MessageNotSupported(Problem):
    """The XML is well-formed, but not one of the messages that are read here."""

    code = "message_not_supported"
    kind = Kind.UNSUPPORTED


class SchemaViolation(Problem):
    """The message does not follow its schema; ``fields`` maps paths to line and reason."""

    code = "schema_violation"
