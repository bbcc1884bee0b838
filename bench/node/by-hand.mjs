// The same work as a careful programmer would write it with node:crypto: header lookup, window, registry, policy,
// signature, replay. It knows one scheme and simple prefixes, and judges no hostile spelling of anything.

import { createHmac, createSecretKey, timingSafeEqual } from "node:crypto";

const WINDOW_SECONDS = 300;
const TIMESTAMP = /^[1-9][0-9]{0,11}$/;
const SIGNATURE = /^v2=[0-9a-f]{64}$/;
const NONCE = /^[A-Za-z0-9_-]{16,64}$/;

/** Verifies requests to one service. */
export class ByHand {
  #own;
  #services;
  #young = new Map();
  #old = new Map();
  #since = 0;

  /** @param {string} own @param {Map<string, string>} secrets by service */
  constructor(own, secrets) {
    this.#own = own;
    const permissions = [
      { method: "GET", prefix: "/api/v1/" },
      { method: "POST", prefix: "/api/v1/images/" },
    ];
    const service = (secret) => ({ key: createSecretKey(Buffer.from(secret)), permissions });
    this.#services = new Map([...secrets].map(([id, secret]) => [id, service(secret)]));
  }

  /**
   * Gives the calling service, or throws.
   *
   * @param {{ method: string, target: string, headers: Record<string, string>, body: Buffer }} request
   */
  verify({ method, target, headers, body }) {
    const id = headers["x-service-id"];
    const own = headers["x-target-service"];
    const timestamp = headers["x-timestamp"];
    const nonce = headers["x-request-id"];
    const signature = headers["x-signature"];
    if (id === undefined || own === undefined || !TIMESTAMP.test(timestamp) || !NONCE.test(nonce)) {
      throw new Error("malformed");
    }
    if (!SIGNATURE.test(signature)) {
      throw new Error("malformed signature");
    }
    const now = Math.floor(Date.now() / 1000);
    if (Math.abs(now - Number(timestamp)) > WINDOW_SECONDS) {
      throw new Error("outside the window");
    }
    const service = this.#services.get(id);
    if (service === undefined) {
      throw new Error("unknown service");
    }
    const split = target.indexOf("?");
    const path = split < 0 ? target : target.slice(0, split);
    const query = split < 0 ? "" : target.slice(split + 1);
    const mac = createHmac("sha256", service.key)
      .update(`wiresign-v2\n${method}\n${path}\n${query}\n${timestamp}\n${id}\n${own}\n${nonce}\n`)
      .update(body)
      .digest();
    if (!timingSafeEqual(mac, Buffer.from(signature.slice(3), "hex"))) {
      throw new Error("invalid signature");
    }
    if (own !== this.#own) {
      throw new Error("for another service");
    }
    if (!service.permissions.some((permission) => permission.method === method && path.startsWith(permission.prefix))) {
      throw new Error("not permitted");
    }
    this.#remember(`${id}\n${nonce}`, now);
    return { service: id, age: now - Number(timestamp), requestId: nonce };
  }

  // Two generations, each as long as the window, cost less than a sweep through one map.
  #remember(key, now) {
    if (now > this.#since + WINDOW_SECONDS) {
      this.#old = this.#young;
      this.#young = new Map();
      this.#since = now;
    }
    if (this.#young.has(key) || this.#old.has(key)) {
      throw new Error("replayed");
    }
    this.#young.set(key, now);
  }
}
