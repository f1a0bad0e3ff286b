"""The two sides of a cluster that OpenBao knows: tokens of service accounts, and who reviews them.

Written after https://kubernetes.io/docs/reference/kubernetes-api/authentication-resources/token-review-v1/ and
https://kubernetes.io/docs/reference/access-authn-authz/service-accounts-admin/ (the claims of bound tokens).
"""

import time
from collections.abc import Mapping
from typing import Any

from joserfc import jwt
from joserfc.jwk import ECKey

from tests.doubles.serving import Answer, Asked, Double, Route

ISSUER = "https://kubernetes.default.svc.cluster.local"
NAMESPACE = "tallystick-services"


class Cluster(Double):
    """Answers TokenReview for the tokens that it made, until they are revoked."""

    def __init__(self) -> None:
        super().__init__()
        self.key = ECKey.generate_key("P-256")
        self.accounts: dict[str, str] = {}

    @property
    def public_key(self) -> str:
        """Its public key in PEM, as a key set of tokens is given to OpenBao's method `jwt`."""
        return self.key.as_pem(private=False).decode()

    def token(self, account: str, *, audience: str = "openbao") -> str:
        """Make the token of a service account, good for ten minutes."""
        now = int(time.time())
        claims: Mapping[str, Any] = {
            "iss": ISSUER,
            "sub": f"system:serviceaccount:{NAMESPACE}:{account}",
            "aud": [audience],
            "iat": now,
            "nbf": now,
            "exp": now + 600,
            "kubernetes.io": {
                "namespace": NAMESPACE,
                "serviceaccount": {"name": account, "uid": f"uid-{account}"},
            },
        }
        made = jwt.encode({"alg": "ES256"}, dict(claims), self.key)
        self.accounts[made] = account
        return made

    def routes(self) -> tuple[Route, ...]:
        """Give the one route."""
        return (("POST", "/apis/authentication.k8s.io/v1/tokenreviews", self.review),)

    def review(self, asked: Asked) -> Answer:
        """Say whose token it is."""
        spec = asked.body["spec"]
        account = self.accounts.get(spec["token"])
        status: dict[str, Any] = {"authenticated": False, "error": "token is unknown"}
        if account:
            user = {
                "username": f"system:serviceaccount:{NAMESPACE}:{account}",
                "uid": f"uid-{account}",
                "groups": ["system:serviceaccounts", f"system:serviceaccounts:{NAMESPACE}"],
            }
            audiences = spec.get("audiences") or ["openbao"]
            status = {"authenticated": True, "user": user, "audiences": audiences}
        review = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview"}
        return Answer(status=201, body=review | {"status": status})
