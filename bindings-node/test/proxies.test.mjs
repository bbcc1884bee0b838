// Which networks of proxies are trusted. What the proxies say is tested with the adapters.
import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { Proxies } from "../dist/server/proxies.js";

describe("networks of trusted proxies", () => {
  const FORWARDED = "198.51.100.7";

  it("hold the addresses behind their prefixes", () => {
    for (const [network, inside, outside] of [
      ["10.0.0.0/8", "10.255.0.1", "11.0.0.1"],
      ["192.0.2.1", "192.0.2.1", "192.0.2.2"],
      ["fd00::/8", "fdff::1", "fe00::1"],
      ["2001:db8::1", "2001:db8:0:0::1", "2001:db8::2"],
      ["2001:db8:0:0:1::/80", "2001:db8::1:0:0:1", "2001:db8::2:0:0:1"],
      ["::ffff:198.18.0.0/111", "198.19.255.255", "198.20.0.0"],
    ]) {
      const proxies = new Proxies({ trustedProxies: [network] });
      assert.equal(proxies.client(inside, FORWARDED), FORWARDED, network);
      assert.equal(proxies.client(outside, FORWARDED), outside, network);
    }
  });

  it("are refused with bits behind the prefix, as in every language", () => {
    for (const network of [
      "10.0.0.1/8",
      "10.0.0.0/6",
      "192.0.2.1/31",
      "fd00::1/8",
      "2001:db8::/28",
      "::1/0",
      "::ffff:10.0.0.1/104",
    ]) {
      assert.throws(() => new Proxies({ trustedProxies: [network] }), /has bits behind its prefix/, network);
    }
    for (const network of [
      "",
      "10.0.0.0/33",
      "10.0.0.0/",
      "10.0.0.0/8/8",
      "10.0.0/8",
      "fe80::1%eth0",
      "::/129",
      "proxy.internal",
    ]) {
      assert.throws(() => new Proxies({ trustedProxies: [network] }), /neither an address nor a range/, network);
    }
  });
});
