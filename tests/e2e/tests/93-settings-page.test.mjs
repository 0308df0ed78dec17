// Cameras are added, tried out, changed and removed on the settings page, by keyboard and eye.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { clip } from "../lib/paths.mjs";
import { scenario } from "../lib/scenario.mjs";
import { until } from "../lib/wait.mjs";

scenario("the settings page adds, tries out, changes and removes a camera", { data: true, browser: true }, async (world) => {
  const camera = await world.camera({ one: `clip:${clip("people-walking")}` }, { user: "viewer", password: "right-password" });
  const razz = await world.serve({
    detector: { model: "demo", classes: [] },
    camera: [{ id: 1, name: "Gate", url: camera.url("one"), username: "viewer", password: "right-password", detect_fps: 0 }],
  });
  await razz.untilState(1, "online");
  const page = await world.page(razz.at("/settings.html"));
  const text = () => page.evaluate(() => document.querySelector("main").innerText);
  const shows = (words, seconds = 15) => until(`the page to show ${words}`, async () => words.test(await text()), { seconds });
  await shows(/Gate[\s\S]*online/);
  assert.ok(!(await page.content()).includes("right-password"));

  // A mistake is said at its field, by the server's own words.
  await page.getByRole("button", { name: "Add a camera" }).click();
  await page.getByLabel("Address").fill("http://10.0.0.5/s");
  await page.getByLabel("Detections a second").fill("often");
  await page.getByRole("button", { name: "Add", exact: true }).click();
  await until("both fields to be marked", async () =>
    (await page.evaluate(() => [...document.querySelectorAll("[aria-invalid=true]")].map((field) => field.id).sort().join())) ===
      "field-detect_fps,field-url", { seconds: 10 });

  // Tried out: a picture of it and what it sends.
  await page.getByLabel("Name", { exact: true }).fill("Yard");
  await page.getByLabel("Address").fill(camera.url("one"));
  await page.getByLabel("User name").fill("viewer");
  await page.getByLabel("Password").fill("wrong-password");
  await page.getByLabel("Detections a second").fill("off");
  await page.getByRole("button", { name: "Test" }).click();
  await shows(/cannot be used[\s\S]*user name or password/, 30);
  await page.getByLabel("Password").fill("right-password");
  await page.getByRole("button", { name: "Test" }).click();
  await shows(/The camera can be used[\s\S]*1280 × 720/, 40);
  const [width] = await page.evaluate(() => [document.querySelector(".found img").naturalWidth]);
  assert.equal(width, 1280);
  await page.getByRole("button", { name: "Add", exact: true }).click();
  await shows(/Yard[\s\S]*online/, 30);

  // Changed, without typing the password again.
  await page.getByRole("button", { name: "Edit Yard" }).click();
  await page.getByLabel("Name", { exact: true }).fill("Back yard");
  await page.getByLabel("Name", { exact: true }).press("Enter");
  await shows(/Back yard[\s\S]*online/);
  const file = readFileSync(path.join(world.folder, "razz.toml"), "utf8");
  assert.match(file, /name = "Back yard"[\s\S]*password = "right-password"/);

  // Removed, after being asked twice.
  await page.getByRole("button", { name: "Edit Back yard" }).click();
  await page.getByRole("button", { name: "Remove" }).click();
  await page.getByRole("button", { name: "Remove for good" }).click();
  await until("one camera to be left", async () => (await razz.json("/api/cameras")).length === 1, { seconds: 10 });
  await until("the page to forget it", async () => !/Back yard/.test(await text()), { seconds: 10 });
  assert.equal((await razz.status(1)).reconnects, 0);
});
