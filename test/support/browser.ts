// A real Chromium without a window, for what only a browser can show.
import { type Browser, chromium } from "playwright-core";
import { needService } from "../../scripts/services.mjs";

/** Starts one; close it when done. @throws in one line that says what to install, when there is no Chromium */
export function startBrowser(): Promise<Browser> {
  // Root and containers cannot have Chromium's own sandbox; the pages are ours.
  return chromium.launch({
    executablePath: needService("chromium"),
    args: ["--no-sandbox", "--disable-dev-shm-usage"],
  });
}
