"""Signing in by OpenID Connect: the authorization code flow with PKCE, state and nonce (OpenID Connect Core 1.0).

Authlib builds the requests and judges the claims; joserfc, which it rests on, verifies the signature.
"""

import json
import secrets
import threading
import time
from dataclasses import dataclass, field
from typing import Any

import requests
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.requests_client import OAuth2Session
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry

from grayscale.clients.http import NoAnswer, Transport
from grayscale.clients.outside import guard, may_ask, outside_session

SCOPE = "openid email profile"
TIMEOUT = (5.0, 10.0)
LARGEST = 512 * 1024
# What providers use. "none" and the symmetric ones are not among them: a client's secret is no proof of identity.
ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"]
DISCOVERY_KEPT_SECONDS = 3600.0
LEEWAY_SECONDS = 120


class OidcError(Exception):
    """The provider did not let somebody in; ``str(error)`` is a sentence without secrets."""


@dataclass(frozen=True, slots=True)
class Provider:
    """A registration at a provider. *loopback* also allows one on this machine."""

    discovery_url: str
    client_id: str
    client_secret: str = field(repr=False)
    loopback: bool = False


@dataclass(frozen=True, slots=True)
class Endpoints:
    """What of the discovery document is used."""

    issuer: str
    authorization: str
    token: str
    keys: str
    auth_methods: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Pending:
    """A sign-in that went off to the provider; kept in the browser's session until it comes back."""

    state: str
    nonce: str = field(repr=False)
    verifier: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Identity:
    """Who the provider says it is. *email_verified* is None where it does not say."""

    issuer: str
    subject: str
    email: str
    email_verified: bool | None
    name: str


_known: dict[str, tuple[float, Endpoints]] = {}
_knowing = threading.Lock()


def discover(provider: Provider, *, fresh: bool = False) -> Endpoints:
    """The provider's endpoints, at most an hour old. Raises ``OidcError``."""
    with _knowing:
        known = _known.get(provider.discovery_url)
    if known is not None and not fresh and time.monotonic() - known[0] < DISCOVERY_KEPT_SECONDS:
        return known[1]
    document = _get(provider, provider.discovery_url, "The discovery URL")
    try:
        found = Endpoints(
            issuer=str(document["issuer"]),
            authorization=str(document["authorization_endpoint"]),
            token=str(document["token_endpoint"]),
            keys=str(document["jwks_uri"]),
            auth_methods=tuple(document.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]),
        )
    except (KeyError, TypeError):
        raise OidcError("The discovery URL answered with something else than an OpenID configuration.") from None
    if "{" in found.issuer:
        raise OidcError("This discovery URL is for any company: use the one of your own tenant.")
    for url in (found.authorization, found.token, found.keys):
        if not may_ask(url, loopback=provider.loopback):
            raise OidcError("The discovery URL names endpoints that are not https addresses.")
    with _knowing:
        _known[provider.discovery_url] = (time.monotonic(), found)
    return found


def begin(provider: Provider, redirect_uri: str, *, login_hint: str = "") -> tuple[str, Pending]:
    """Where to send the browser, and what to remember until it is back. Raises ``OidcError``."""
    pending = Pending(secrets.token_urlsafe(24), secrets.token_urlsafe(24), secrets.token_urlsafe(48))
    endpoints = discover(provider)
    hint = {"login_hint": login_hint} if login_hint else {}
    url, _ = _client(provider, endpoints, redirect_uri).create_authorization_url(
        endpoints.authorization, state=pending.state, nonce=pending.nonce, code_verifier=pending.verifier, **hint
    )
    return str(url), pending


def finish(provider: Provider, redirect_uri: str, pending: Pending, code: str) -> Identity:
    """Who came back with this code. Raises ``OidcError``."""
    endpoints = discover(provider)
    client = _client(provider, endpoints, redirect_uri)
    try:
        token = client.fetch_token(
            endpoints.token, code=code, code_verifier=pending.verifier, timeout=TIMEOUT, allow_redirects=False
        )
    except (requests.RequestException, AuthlibBaseError, JoseError, ValueError) as error:
        raise OidcError(_refusal(error)) from None
    finally:
        client.close()
    if not isinstance(token, dict) or not isinstance(token.get("id_token"), str):
        raise OidcError("The provider answered without an ID token.")
    claims = _verified(provider, endpoints, token, pending.nonce)
    verified = claims.get("email_verified")
    return Identity(
        issuer=endpoints.issuer,
        subject=str(claims["sub"]),
        email=str(claims.get("email") or ""),
        email_verified=None if verified is None else verified is True or verified == "true",
        name=str(claims.get("name") or ""),
    )


def _verified(provider: Provider, endpoints: Endpoints, token: dict[str, Any], nonce: str) -> dict[str, Any]:
    keys = _get(provider, endpoints.keys, "The provider's keys")
    try:
        decoded = jwt.decode(
            token["id_token"],
            key=KeySet.import_key_set(keys),  # type: ignore[arg-type]
            registry=JWSRegistry(algorithms=ALGORITHMS, strict_check_header=False),
        )
        options = {"iss": {"values": [endpoints.issuer]}, "aud": {"values": [provider.client_id]}}
        params = {"nonce": nonce, "client_id": provider.client_id, "access_token": token.get("access_token")}
        claims = CodeIDToken(decoded.claims, decoded.header, options, params)
        claims.validate(leeway=LEEWAY_SECONDS)
    except (JoseError, AuthlibBaseError, ValueError, TypeError, KeyError):
        raise OidcError("The provider's answer could not be verified; nobody was signed in.") from None
    return dict(claims)


def _client(provider: Provider, endpoints: Endpoints, redirect_uri: str) -> Any:
    methods = [name for name in ("client_secret_basic", "client_secret_post") if name in endpoints.auth_methods]
    client = OAuth2Session(
        provider.client_id, provider.client_secret, scope=SCOPE, redirect_uri=redirect_uri,
        code_challenge_method="S256", token_endpoint_auth_method=methods[0] if methods else "client_secret_basic",
    )  # fmt: skip
    guard(client, loopback=provider.loopback)
    return client


def _get(provider: Provider, url: str, what: str) -> dict[str, Any]:
    if not may_ask(url, loopback=provider.loopback):
        raise OidcError(f"{what} must begin with https://.")
    transport = Transport(
        timeout=TIMEOUT, session_factory=lambda: outside_session(loopback=provider.loopback), max_bytes=LARGEST,
        max_seconds=20.0,
    )  # fmt: skip
    try:
        answer = transport.exchange("oidc", "GET", url, headers={"Accept": "application/json"})
        document = json.loads(answer.body) if answer.status == 200 else None
    except (NoAnswer, ValueError, RecursionError):
        document = None
    finally:
        transport.close()
    if not isinstance(document, dict):
        raise OidcError(f"{what} could not be read.")
    return document


def _refusal(error: Exception) -> str:
    code = getattr(error, "error", None)
    if isinstance(code, str) and code.replace("_", "").isalnum():
        return f"The provider refused the sign-in ({code[:40]})."
    return "The provider could not be asked whether this is you. Try again."
