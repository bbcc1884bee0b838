"""The independent implementation against values that others published or that were worked out by hand."""

from __future__ import annotations

import unittest

from wire import Call, Scheme, headers, message, signature, split_target, tag

CALL = Call(
    method=b"PUT",
    target=b"/a?b?c",
    body=b"x\ny",
    timestamp=b"17",
    service=b"caller",
    target_service=b"callee",
    nonce=b"nonce",
)


class Messages(unittest.TestCase):
    def test_are_byte_for_byte_as_the_formats_say(self) -> None:
        self.assertEqual(message(Scheme.SERVICE_HMAC, CALL), b"PUT\n/a\n17\nx\ny\ncaller")
        self.assertEqual(message(Scheme.CROSS_SERVICE, CALL), b"PUT\n/a\n17\nx\ny")
        expected = b"wiresign-v2\nPUT\n/a\nb?c\n17\ncaller\ncallee\nnonce\nx\ny"
        self.assertEqual(message(Scheme.SERVICE_HMAC_V2, CALL), expected)

    def test_keep_the_places_of_empty_fields(self) -> None:
        empty = CALL.but(target=b"/", body=b"")
        self.assertEqual(message(Scheme.SERVICE_HMAC, empty), b"PUT\n/\n17\n\ncaller")
        self.assertEqual(message(Scheme.CROSS_SERVICE, empty), b"PUT\n/\n17\n")
        expected = b"wiresign-v2\nPUT\n/\n\n17\ncaller\ncallee\nnonce\n"
        self.assertEqual(message(Scheme.SERVICE_HMAC_V2, empty), expected)

    def test_split_the_target_at_its_first_question_mark(self) -> None:
        for target, parts in ((b"/a", (b"/a", b"")), (b"/a?", (b"/a", b"")), (b"/a??", (b"/a", b"?"))):
            self.assertEqual(split_target(target), parts)


class Signatures(unittest.TestCase):
    def test_are_the_tags_of_rfc_4231(self) -> None:
        """Test cases 1, 2 and 6."""
        for key, data, expected in (
            (b"\x0b" * 20, b"Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"),
            (
                b"Jefe",
                b"what do ya want for nothing?",
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
            ),
            (
                b"\xaa" * 131,
                b"Test Using Larger Than Block-Size Key - Hash Key First",
                "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
            ),
        ):
            self.assertEqual(tag(key, data).decode(), expected)

    def test_of_several_keys_stand_in_one_list(self) -> None:
        data = message(Scheme.SERVICE_HMAC_V2, CALL)
        expected = b"v2=" + tag(b"one", data) + b",v2=" + tag(b"two", data)
        self.assertEqual(signature(Scheme.SERVICE_HMAC_V2, CALL, b"one", b"two"), expected)

    def test_travel_in_headers_of_a_fixed_order(self) -> None:
        def names(scheme: Scheme) -> list[str]:
            return [name for name, _ in headers(scheme, CALL, b"key")]

        v1 = ["X-Service-ID", "X-Timestamp", "X-Signature", "X-Request-ID"]
        self.assertEqual(names(Scheme.SERVICE_HMAC), v1)
        self.assertEqual(names(Scheme.CROSS_SERVICE), ["X-Service-Name", *v1[1:]])
        v2 = ["X-Service-ID", "X-Target-Service", "X-Timestamp", "X-Request-ID", "X-Signature"]
        self.assertEqual(names(Scheme.SERVICE_HMAC_V2), v2)
