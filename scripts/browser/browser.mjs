// A real browser without a window, and what every page of this repository has to hold.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

// So long that a busy machine does it too.
const timeout = 180_000;

/** Starts Chromium, as Debian's package installs it. */
export const start = () => chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox"], timeout });

/** Opens a file; `faults` collects all that the browser complains about and all that the page asks the network for. */
export async function open(browser, file, { colorScheme = "light", width = 1280, height = 800, hash = "" } = {}) {
  const context = await browser.newContext({ colorScheme, viewport: { width, height }, offline: true });
  context.setDefaultTimeout(timeout);
  const page = await context.newPage();
  const faults = [];
  const url = pathToFileURL(file).href;
  page.on("console", (message) => faults.push(`${message.type()}: ${message.text()}`));
  page.on("pageerror", (error) => faults.push(`error: ${error.message}`));
  page.on("request", (request) => {
    if (!request.url().startsWith(url)) faults.push(`asked for ${request.url()}`);
  });
  await page.goto(url + hash);
  return { page, faults };
}

/** What a screen reader, a keyboard or weak eyes would stumble over. */
export async function barriers(page) {
  // The page's own policy allows no script from elsewhere; this one comes from the test.
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => globalThis.axe.run(document));
  return violations.map(({ id, nodes }) => `${id}: ${nodes[0].html.slice(0, 120)}`);
}

/** Whether the page is wider than the window, so that reading a line needs two hands. */
export const sticksOut = (page) => page.evaluate(() => document.documentElement.scrollWidth > innerWidth);

/** The same for each page: nothing asked for, nothing complained about, no barriers, wide and narrow, light and dark. */
export async function holdsUp(browser, file) {
  for (const colorScheme of ["light", "dark"]) {
    for (const width of [1280, 390]) {
      const { page, faults } = await open(browser, file, { colorScheme, width });
      const where = `${colorScheme}, ${width} wide`;
      assert.deepEqual(await barriers(page), [], where);
      assert.equal(await sticksOut(page), false, where);
      assert.deepEqual(faults, [], where);
      await page.context().close();
    }
  }
}
