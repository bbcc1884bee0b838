"""Calls a server as billing: as it should be, with a body that was changed, and without a signature."""

import sys

import httpx
import wiresign

port, document = sys.argv[1:]
url = f"http://127.0.0.1:{port}/invoices?draft=1"
signer = wiresign.Signer(wiresign.Config.parse(document), "orders")
body = b'{"invoice": 7}'


def show(answer: httpx.Response) -> None:
    """Print the status, and the text or the code."""
    print(answer.status_code, answer.text if answer.is_success else answer.json()["code"])


signed = signer.sign("POST", "/invoices?draft=1", [], body)
show(httpx.post(url, content=body, headers=signed))
signed = signer.sign("POST", "/invoices?draft=1", [], body)
show(httpx.post(url, content=body + b" ", headers=signed))
show(httpx.post(url, content=body))
