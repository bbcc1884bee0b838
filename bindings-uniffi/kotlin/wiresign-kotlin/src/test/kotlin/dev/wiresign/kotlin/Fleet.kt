package dev.wiresign.kotlin

/** Two services that know each other, for the tests of all modules. */
public object Fleet {
    public const val NOW: Long = 1_767_225_600
    public const val NONCE: String = "6f1c3f0a-6a55-4c8f-9d3b-0d0f5c1c9b11"

    public val env: Map<String, String> =
        mapOf(
            "ORDERS_SECRET" to "d4f1c0b39e5a7f8261b0a4c9e2d7f3568a1b9c0d4e5f60718293a4b5c6d7e8f9",
            "BILLING_SECRET" to "0f1e2d3c4b5a69788796a5b4c3d2e1f00a1b2c3d4e5f60718293a4b5c6d7e8f9",
            "CONTEXT_SECRET" to "5b1f8e2c7d9a4063e07c14b9d28f36a5914be7c05d32f8a61c6097de83fb45a2",
            "SHIPPING_SECRET" to "7c0e93d1a84f26b5503be9f7d21c846af1957e3b02c6d84a9e5f7b10c3826d4f",
            "META_SECRET" to "the secret of an application",
            "META_TOKEN" to "a token to verify",
        )

    /** The document of one of the services, with more members. */
    public fun document(service: String, vararg more: String): String =
        """{"service": "$service", "services": {
            "orders": {"keys": [{"id": "2026", "secret": "env:ORDERS_SECRET"}]},
            "shipping": {"keys": [{"id": "2026", "secret": "env:SHIPPING_SECRET"}]},
            "billing": {"keys": [{"id": "2026", "secret": "env:BILLING_SECRET"}], "allowed_targets": ["orders"]}}
            ${more.joinToString("") { ", $it" }}}"""

    public fun config(service: String, vararg more: String): Config = Config.parse(document(service, *more), env)

    /** The config of orders, where shipping may send everything and do nothing else. */
    public fun configWithPermissions(): Config {
        val shipping = """{"keys": [{"id": "2026", "secret": "env:SHIPPING_SECRET"}]"""
        return Config.parse(document("orders").replace(shipping, """$shipping, "permissions": ["POST /**"]"""), env)
    }

    /** A request with the headers that a caller sets. */
    public fun signed(signer: Signer, request: Request, now: Long? = NOW, nonce: String? = NONCE): Request {
        val headers = request.headers + signer.sign(request, now, nonce).map { it.name to it.value }
        return Request(request.method, request.target, headers, request.body, request.authority, request.client)
    }
}
