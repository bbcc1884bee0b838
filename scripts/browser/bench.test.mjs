// The page of the bench in a real browser.

import { resolve } from "node:path";
import { after, before, test } from "node:test";

import { holdsUp, start } from "./browser.mjs";

let browser;
before(async () => {
  browser = await start();
});
after(() => browser?.close());

test("the page of the bench holds up wide and narrow, light and dark", () =>
  holdsUp(browser, resolve(import.meta.dirname, "../../bench/RESULTS.html")));
