"""A client that openapi-python-client made of the API's description sends a code and verifies it."""

import os
import re

import httpx
from otpost_client import AuthenticatedClient
from otpost_client.api.one_time_codes import list_connections, read_verification, send_code, verify_code
from otpost_client.models import (
    ConnectionPage,
    MessageStatus,
    Problem,
    ProblemCode,
    Provider,
    Purpose,
    SendRequest,
    Strategy,
    Verification,
    VerificationStatus,
    VerifyRequest,
)

url, key = os.environ["OTPOST_URL"], os.environ["OTPOST_KEY"]

with AuthenticatedClient(base_url=url, token=key) as client:
    connections = list_connections.sync(client=client)
    assert isinstance(connections, ConnectionPage), connections
    email = next(connection for connection in connections.data if connection.strategy == Strategy.EMAILOTP)

    request = SendRequest(connection_id=email.id, to="ada@example.com", purpose=Purpose.SIGN_IN)
    sent = send_code.sync(client=client, body=request, idempotency_key="python-1")
    assert isinstance(sent, Verification), sent
    assert sent.status == VerificationStatus.PENDING
    assert sent.message.status == MessageStatus.ACCEPTED
    assert sent.message.provider == Provider.CONSOLE
    assert sent.verified_at is None

    # The inbox is for people at work on this machine, and no part of the API.
    newest = httpx.get(url + "/dev/inbox").json()["data"][0]["text"]
    found = re.search(r"\b\d{6}\b", newest)
    assert found, newest
    code = found[0]

    guess = VerifyRequest(verification_id=sent.id, code="000001" if code == "000000" else "000000")
    wrong = verify_code.sync(client=client, body=guess)
    assert isinstance(wrong, Problem), wrong
    assert wrong.code == ProblemCode.INCORRECT_CODE
    assert wrong.attempts_left == sent.attempts_left - 1

    verified = verify_code.sync(client=client, body=VerifyRequest(verification_id=sent.id, code=code))
    assert isinstance(verified, Verification), verified
    assert verified.status == VerificationStatus.VERIFIED
    assert verified.verified_at is not None and verified.verified_at >= sent.created_at

    assert read_verification.sync(client=client, id=sent.id) == verified
