// Writes a picture of a page: node screenshot.mjs PAGE PICTURE

import { resolve } from "node:path";

import { open, start } from "./browser.mjs";

const [page, picture] = process.argv.slice(2).map((path) => resolve(path));
const browser = await start();
const { page: shown } = await open(browser, page, { width: 1180, height: 620 });
await shown.screenshot({ path: picture });
await browser.close();
