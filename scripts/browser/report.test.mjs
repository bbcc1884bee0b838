// The report of the conformance runner in a real browser: of a run with a driver that accepts everything.

import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, before, test } from "node:test";

import { barriers, holdsUp, open, start } from "./browser.mjs";

const root = resolve(import.meta.dirname, "../..");
const runner = join(root, "target/release/wiresign-conformance");
const liar = `bad=python3 ${join(root, "conformance/tests/drivers/bad.py")} always-ok ${join(root, "target/release/driver-rust")}`;
const vectors = ["service-hmac", "webhooks"].flatMap((name) => [
  "--vectors",
  join(root, `conformance/vectors/${name}.json`),
]);

const folder = mkdtempSync(join(tmpdir(), "report-"));
const report = join(folder, "report.html");
let browser;

before(async () => {
  const judged = spawnSync(runner, ["run", ...vectors, "--driver", "rust", "--driver", liar, "--report", folder], {
    cwd: root,
  });
  assert.equal(judged.status, 1, "a driver that accepts everything fails");
  execFileSync(runner, ["page", folder, ...vectors], { cwd: root });
  browser = await start();
});
after(async () => {
  await browser?.close();
  rmSync(folder, { recursive: true });
});

test("the report holds up wide and narrow, light and dark", () => holdsUp(browser, report));

test("from the table to a case, to what was expected and got, and to the command that repeats it", async () => {
  const { page, faults } = await open(browser, report);
  await page.getByRole("button", { name: "service-hmac", exact: true }).first().click();
  assert.equal(await page.locator("#suite").inputValue(), "service-hmac");
  await page.locator("#outcome").selectOption("fail");
  await page.locator("#binding").selectOption("bad");
  const first = page.locator("#cases li", { hasText: "must refuse" }).getByRole("button").first();
  const id = await first.textContent();
  await first.click();
  const chosen = page.getByRole("article");
  assert.equal(await page.evaluate(() => document.activeElement.textContent), id, "the case is announced");
  const text = await chosen.textContent();
  for (const part of ["Step 1: verify", "What is signed", "Expected", '"refused"', "Got from bad"])
    assert.ok(text.includes(part), part);
  assert.ok((await chosen.locator("pre .mark").allTextContents()).includes("\\n"), "line ends can be seen");
  assert.deepEqual(await barriers(page), []);

  await page.locator("#binding").selectOption("rust");
  await page.locator("#outcome").selectOption("");
  await page.locator("#cases").getByRole("button", { name: id, exact: true }).click();
  const [program, ...words] = (await chosen.locator("pre").last().textContent()).split(" ");
  const repeated = execFileSync(join(root, program), words, { cwd: root, encoding: "utf8" });
  assert.ok(repeated.includes(id), "the command shows the case");
  assert.deepEqual(faults, []);
});

test("the filters narrow the list down, and say by how much", async () => {
  const { page } = await open(browser, report);
  const count = async () => Number((await page.getByRole("status").textContent()).replace(",", "").split(" ")[0]);
  const all = await count();
  await page.locator("#scheme").selectOption("github");
  const ofScheme = await count();
  await page.getByRole("searchbox").fill("forged");
  assert.ok(all > ofScheme && ofScheme > (await count()));
  await page.getByRole("searchbox").fill("");
  const flags = await page.locator("#flag").locator("option").allTextContents();
  await page.locator("#flag").selectOption(flags[1]);
  assert.ok((await count()) < all);
});

test("a case has an address, and needs no mouse", async () => {
  const { page } = await open(browser, report);
  await page.locator("#outcome").focus();
  await page.keyboard.press("Tab");
  // The list scrolls, so that the browser may stop at it before its first case.
  while ((await page.evaluate(() => document.activeElement.tagName)) !== "BUTTON") await page.keyboard.press("Tab");
  const id = await page.evaluate(() => document.activeElement.textContent);
  await page.keyboard.press("Enter");
  await page.getByRole("article").getByRole("heading", { name: id, exact: true }).waitFor();
  const { page: again } = await open(browser, report, { hash: new URL(page.url()).hash });
  await again.getByRole("article").getByRole("heading", { name: id, exact: true }).waitFor();
});

test("bytes that cannot be seen are written out", async () => {
  const { page } = await open(browser, report);
  const data = JSON.parse(await page.locator("#data").textContent());
  // Bytes that are no text stand as base64 in the vectors.
  const hidden = data.cases.find((one) =>
    one.steps.some((step) => JSON.stringify(step.request?.body ?? "").includes('"base64"')),
  );
  assert.ok(hidden, "there is such a vector");
  const { page: shown } = await open(browser, report, { hash: `#${encodeURIComponent(hidden.id)}` });
  const text = await shown.getByRole("article").textContent();
  assert.match(text, /\\x[0-9a-f]{2}/);
  assert.doesNotMatch(text.slice(text.indexOf("Step 1")), /[\u0080-\u009f\u200b-\u200f\ufeff]/);
});

test("the badge is red, and says how many failed", () => {
  const badge = readFileSync(join(folder, "badge.svg"), "utf8");
  assert.match(badge, /conformance: \d+ failed/);
  assert.match(badge, /#a40e26/);
});
