"""Holds the tokens of the generator to what standards print."""

from __future__ import annotations

import base64
import unittest

import jose


class Tokens(unittest.TestCase):
    def test_hmac_is_that_of_rfc_7515_appendix_a_1(self) -> None:
        secret = base64.urlsafe_b64decode(
            "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow=="
        )
        header = '{"typ":"JWT",\r\n "alg":"HS256"}'
        payload = '{"iss":"joe",\r\n "exp":1300819380,\r\n "http://example.com/is_root":true}'
        signature = jose.token(header, payload, jose.hs(256, secret)).rpartition(b".")[2]
        self.assertEqual(signature, b"dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")

    def test_rsa_is_what_its_public_half_opens(self) -> None:
        modulus = int.from_bytes(base64.urlsafe_b64decode(jose.rsa_jwk("")["n"] + "=="))
        for signer, end in ((jose.rs256(), None), (jose.ps(256), 0xBC), (jose.ps(512), 0xBC)):
            opened = pow(int.from_bytes(signer.sign(b"x")), 65537, modulus).to_bytes(256)
            self.assertEqual(opened[-1], end if end is not None else opened[-1])
            self.assertLess(opened[0], 0x80)

    def test_ecdsa_has_two_numbers_of_32_bytes(self) -> None:
        self.assertEqual(len(jose.es256().sign(b"x")), 64)


if __name__ == "__main__":
    unittest.main()
