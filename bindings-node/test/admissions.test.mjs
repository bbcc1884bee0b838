// Which requests were let in: known of each for as long as it lives, and of nothing that merely looks like it.
import assert from "node:assert/strict";
import { IncomingMessage } from "node:http";
import { Readable } from "node:stream";
import { inspect } from "node:util";
import { test } from "node:test";

import { admissionOf, remember } from "../dist/server/admissions.js";

const request = () => new IncomingMessage(null);

test("a request has its own admission, which can be replaced", () => {
  const [one, other] = [request(), request()];
  const [first, second] = [{ gate: 1 }, { gate: 2 }];
  remember(one, first);
  assert.equal(admissionOf(one), first);
  assert.equal(admissionOf(other), undefined);
  remember(one, second);
  assert.equal(admissionOf(one), second);
});

test("what inherits from a request, or shares its header fields, was not let in with it", () => {
  const one = request();
  remember(one, { gate: 1 });
  const derived = Object.create(one);
  const copy = { ...one };
  assert.equal(admissionOf(derived), undefined);
  assert.equal(admissionOf(copy), undefined);

  remember(derived, { gate: 2 });
  assert.deepEqual(
    [one, derived, copy].map((each) => admissionOf(each)?.gate),
    [1, 2, undefined],
  );
});

test("a request that gets another stream stays the one that was let in", () => {
  const one = request();
  remember(one, { gate: 1 });
  // As Next.js does behind its own middleware, and who keeps a body to be read again.
  const other = Readable.from(["seven"]);
  for (const key in other) {
    one[key] = typeof other[key] === "function" ? other[key].bind(other) : other[key];
  }
  assert.deepEqual(admissionOf(one), { gate: 1 });
});

test("requests of another kind are known as well", () => {
  const one = new Request("http://localhost/");
  assert.equal(admissionOf(one), undefined);
  remember(one, { gate: 1 });
  assert.deepEqual(admissionOf(one), { gate: 1 });
});

test("nobody sees the mark", () => {
  const one = request();
  const before = [Reflect.ownKeys(one), Reflect.ownKeys(one.rawHeaders), inspect(one, { showHidden: true })];
  remember(one, { gate: 1 });
  const after = [Reflect.ownKeys(one), Reflect.ownKeys(one.rawHeaders), inspect(one, { showHidden: true })];
  assert.deepEqual(after, before);
});
