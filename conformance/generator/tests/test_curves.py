"""The curves against the vectors of their standards."""

from __future__ import annotations

import unittest

import curves


class Ed25519(unittest.TestCase):
    """RFC 8032, section 7.1."""

    def test_signs_as_the_standard_prints(self) -> None:
        for seed, public, message, signature in (
            (
                "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
                "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
                "",
                "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595"
                "bbe24655141438e7a100b",
            ),
            (
                "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
                "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
                "af82",
                "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716"
                "ed28dc027beceea1ec40a",
            ),
        ):
            made = curves.ed25519_sign(bytes.fromhex(seed), bytes.fromhex(message))
            self.assertEqual(curves.ed25519_public(bytes.fromhex(seed)).hex(), public)
            self.assertEqual(made.hex(), signature)
            self.assertTrue(curves.ed25519_verify(bytes.fromhex(public), bytes.fromhex(message), made))
            self.assertFalse(curves.ed25519_verify(bytes.fromhex(public), b"another message", made))

    def test_refuses_what_is_not_reduced(self) -> None:
        seed = bytes(range(32))
        unreduced = curves.ed25519_unreduced(curves.ed25519_sign(seed, b"m"))
        self.assertFalse(curves.ed25519_verify(curves.ed25519_public(seed), b"m", unreduced))


class Ecdsa(unittest.TestCase):
    """RFC 6979, appendix A.2.5."""

    SECRET = 0xC9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721

    def test_signs_as_the_standard_prints(self) -> None:
        made = curves.ecdsa_sign(self.SECRET, b"sample").hex()
        self.assertIn("efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716", made)
        self.assertIn("f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8", made)
        public = curves.ecdsa_public(self.SECRET)
        self.assertEqual(public[27:59].hex(), "60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6")

    def test_both_halves_hold_and_nothing_else_does(self) -> None:
        public, made = curves.ecdsa_public(self.SECRET), curves.ecdsa_sign(self.SECRET, b"sample")
        self.assertTrue(curves.ecdsa_verify(public, b"sample", made))
        self.assertTrue(curves.ecdsa_verify(public, b"sample", curves.ecdsa_other_half(made)))
        self.assertFalse(curves.ecdsa_verify(public, b"samplf", made))
        self.assertFalse(curves.ecdsa_verify(curves.ecdsa_public(self.SECRET - 1), b"sample", made))


if __name__ == "__main__":
    unittest.main()
