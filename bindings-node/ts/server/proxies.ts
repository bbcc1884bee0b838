// Who is at the other end, and by which authority it calls. What a client writes itself is believed only where a proxy that
// the operator has named has written it.

import type { IncomingMessage } from "node:http";
import { BlockList, isIP } from "node:net";

import { withHost, type RequestHeaders } from "../headers.js";
import { look } from "./look.js";

/** Rules for a server that stands behind proxies. */
export interface ProxyOptions {
  /**
   * The proxies that are believed who the client is, as addresses or ranges (`10.0.0.0/8`). None unless given: then the
   * client is who opened the connection.
   */
  readonly trustedProxies?: readonly string[] | undefined;
  /** The header in which they say so, such as `CF-Connecting-IP`; `X-Forwarded-For` unless given. */
  readonly clientHeader?: string | undefined;
  /**
   * The authority that clients call, such as `api.example.com`, for schemes that sign it, where a proxy writes another `Host`;
   * the `Host` header unless given, and never `X-Forwarded-Host`.
   */
  readonly authority?: string | undefined;
}

const MOST_HOPS = 32;

/** Reads the address of the client by the rules of one server. */
export class Proxies {
  /** The header in which trusted proxies name the client, in lower case. */
  readonly clientHeader: string;
  readonly #trusted = new BlockList();
  readonly #any: boolean;
  readonly #authority: string | undefined;

  constructor({ trustedProxies = [], clientHeader = "X-Forwarded-For", authority }: ProxyOptions) {
    this.clientHeader = clientHeader.toLowerCase();
    this.#authority = authority;
    this.#any = trustedProxies.length > 0;
    for (const text of trustedProxies) {
      this.#add(text);
    }
  }

  /** The address of the client: the last one that no trusted proxy has. `null` where what they wrote does not tell. */
  clientOf({ socket, headers }: IncomingMessage): string | null {
    const named = headers[this.clientHeader];
    return this.client(socket.remoteAddress, Array.isArray(named) ? named.join() : named);
  }

  /**
   * The same, of a request that is known in parts.
   *
   * @param peer who opened the connection
   * @param forwarded what their header says, where it is there
   */
  client(peer: string | undefined, forwarded: string | undefined): string | null {
    const client = plain(peer ?? "");
    if (isIP(client) === 0) {
      return null;
    }
    if (!this.#any || forwarded === undefined || !this.#trusts(client)) {
      return client;
    }
    // A list without end is no list of proxies.
    for (const named of forwarded.split(",").slice(-MOST_HOPS).reverse()) {
      const hop = plain(named.trim());
      if (isIP(hop) === 0) {
        return null;
      }
      if (!this.#trusts(hop)) {
        return hop;
      }
    }
    // A proxy for a client would be all of its clients at once: the failures of one would be those of all.
    return null;
  }

  /** The authority that the request is for. */
  authorityOf(request: IncomingMessage): string | undefined {
    const { ":authority": authority, host } = request.headers as NodeJS.Dict<string>;
    return this.authority(authority ?? host);
  }

  /** The same, of a request that names one. */
  authority(named: string | undefined): string | undefined {
    return this.#authority ?? named;
  }

  /** The header fields as the client sent them: `Host` too is what the operator says, whatever a proxy wrote there. */
  fields(received: RequestHeaders): RequestHeaders {
    return this.#authority === undefined ? received : withHost(received, this.#authority);
  }

  /** Whether an HTTP/2 request names two authorities. HTTP/1.1 has one field for it. */
  isContradictory(request: IncomingMessage): boolean {
    if (look(request, "httpVersionMajor") < 2) {
      return false;
    }
    const { host, ":authority": authority } = request.headers as NodeJS.Dict<string>;
    return host !== undefined && authority !== undefined && host.toLowerCase() !== authority.toLowerCase();
  }

  #add(text: string): void {
    const [address = "", bits, ...rest] = text.split("/");
    const version = isIP(address);
    const most = version === 4 ? 32 : 128;
    const length = bits === undefined ? most : Number(bits);
    if (version === 0 || address.includes("%") || rest.length > 0 || !/^\d{1,3}$/.test(bits ?? "0") || length > most) {
      throw new TypeError(`wiresign: ${JSON.stringify(text)} is neither an address nor a range of addresses.`);
    }
    if (hasHostBits(address, most - length)) {
      throw new TypeError(
        `wiresign: ${JSON.stringify(text)} has bits behind its prefix; write the range that is meant.`,
      );
    }
    this.#trusted.addSubnet(address, length, version === 4 ? "ipv4" : "ipv6");
  }

  #trusts(address: string): boolean {
    return this.#trusted.check(address, isIP(address) === 4 ? "ipv4" : "ipv6");
  }
}

/** Whether any of so many last bits is set. */
function hasHostBits(address: string, count: number): boolean {
  const groups = address.includes(":") ? groupsOf(address) : address.split(".").map((group) => Number(group));
  const width = address.includes(":") ? 16n : 8n;
  const value = groups.reduce((all, group) => (all << width) | BigInt(group), 0n);
  return BigInt.asUintN(count, value) !== 0n;
}

/** The eight groups of an IPv6 address. */
function groupsOf(address: string): number[] {
  // A URL has one spelling for each address, without an IPv4 address at its end.
  const [head = "", tail] = new URL(`http://[${address}]`).hostname.slice(1, -1).split("::");
  const [first = [], last = []] = [head, tail].map((half) =>
    half ? half.split(":").map((group) => parseInt(group, 16)) : [],
  );
  return [...first, ...Array.from({ length: 8 - first.length - last.length }, () => 0), ...last];
}

/** An IPv4 address that came in over an IPv6 socket, as itself. */
function plain(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.)/i, "");
}
