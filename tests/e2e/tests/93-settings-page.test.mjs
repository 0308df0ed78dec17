// Cameras are added, tried out, changed and removed on the settings page, and the detector is set, by keyboard and eye.

import assert from "node:assert/strict";
import { copyFileSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import path from "node:path";
import { clip, model } from "../lib/paths.mjs";
import { config, toml } from "../lib/razz.mjs";
import { scenario } from "../lib/scenario.mjs";
import { until } from "../lib/wait.mjs";

scenario("the settings page adds, tries out, changes and removes a camera", { browser: true }, async (world) => {
  const camera = await world.camera({ one: `clip:${clip("street")}` }, { user: "viewer", password: "right-password" });
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
  // What was found is of the camera as it stood in the form; and the keyboard stays where it was.
  await page.getByLabel("Address").press("End");
  await page.getByLabel("Address").press("Space");
  await until("the picture to go", () => page.evaluate(() => document.querySelector(".found") === null), { seconds: 5 });
  await page.getByRole("button", { name: "Add", exact: true }).click();
  await shows(/Yard[\s\S]*online/, 30);
  const focused = () => page.evaluate(() => document.activeElement?.getAttribute("aria-label") ?? document.activeElement?.textContent.trim());
  await until("the focus on the button", async () => (await focused()) === "Add a camera", { seconds: 5 });
  await page.getByRole("button", { name: "Edit Yard" }).press("Enter");
  await page.getByLabel("Name", { exact: true }).press("Escape");
  await until("the focus on the camera's button", async () => (await focused()) === "Edit Yard", { seconds: 5 });

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
  await until("the focus on what is there", async () => (await focused()) === "Add a camera", { seconds: 5 });

  // What was kept to sign in with is forgotten.
  await page.getByRole("button", { name: "Edit Gate" }).click();
  await page.getByLabel("forget what is kept").check();
  await page.getByRole("button", { name: "Save" }).click();
  await until("the file without a password", () => !/password/.test(readFileSync(path.join(world.folder, "razz.toml"), "utf8")), { seconds: 10 });
});

scenario("the settings page shows what thresholds and models would find, and sets them", { browser: true }, async (world) => {
  const [from, to] = [{ name: "street", file: model("demo") }, { name: "lanes", file: model("lanes") }];
  const camera = await world.camera({ one: `clip:${clip("street")}` });
  const models = path.join(world.folder, "models");
  mkdirSync(models);
  for (const { name, file } of [from, to]) copyFileSync(file, path.join(models, `${name}.onnx`));
  const text = toml(config({ detector: { model: from.name, confidence: 0.25 }, camera: [{ id: 1, name: "Square", url: camera.url("one"), detect_fps: 1 }] }))
    .replace("[detector]", "# What is found.\n[detector] # by day")
    .replace("confidence = 0.25", "confidence = 0.25 # found by trying");
  const razz = await world.serve(text, { env: { RAZZ_MODELS: models } });
  await razz.untilState(1, "online");
  const written = () => readFileSync(path.join(world.folder, "razz.toml"), "utf8");
  const page = await world.page(razz.at("/settings.html"));
  await page.getByRole("button", { name: "Edit the detector" }).click();
  const effect = () => page.evaluate(() => ({
    kept: document.querySelectorAll(".looked .kept").length,
    low: document.querySelectorAll(".looked .low").length,
    words: document.querySelector(".effects")?.innerText ?? "",
    model: document.querySelector(".effect p small")?.innerText ?? "",
  }));
  const first = await until("boxes on the camera's picture", async () => ((await effect()).kept > 2 ? effect() : undefined), { seconds: 60 });
  assert.match(first.words, new RegExp(`^${first.kept} boxes are kept: ${first.low} score too low`));
  assert.match(first.model, new RegExp(`^${from.name} by `));

  await page.getByLabel("Overlap").fill("1");
  const doubled = await effect();
  assert.ok(doubled.kept > first.kept, "nothing is a double");
  await page.getByLabel("Overlap").fill("0.5");
  const usual = await effect();

  // Sliders by keyboard: at once, and of this picture alone.
  const confidence = page.getByLabel("Confidence");
  await confidence.focus();
  for (let at = 0; at < 40; at += 1) await page.keyboard.press("ArrowRight");
  assert.equal(await confidence.inputValue(), "0.65");
  const strict = await effect();
  assert.ok(strict.kept < usual.kept && strict.low > usual.low, JSON.stringify({ usual, strict }));
  assert.equal(strict.kept + strict.low, usual.kept + usual.low, "what is not kept scores too low");
  await page.getByLabel("Classes").fill("bicycle");
  assert.ok((await effect()).kept < strict.kept, "people are no bicycles");
  await page.getByLabel("Classes").fill("persn");
  await page.getByRole("button", { name: "Save" }).click();
  await until("the word at the classes", async () => /no persn; it knows person, bicycle/.test(await page.locator("#field-classes-said").innerText()), { seconds: 10 });
  await page.getByLabel("Classes").fill("person, bicycle");
  assert.equal(written(), text, "nothing is set so far");

  // Another model on the same camera; the one that is gone meanwhile is refused at its field.
  await page.getByLabel("Model").selectOption(to.name);
  await until("the other model's boxes", async () => (await effect()).model.startsWith(`${to.name} by `), { seconds: 60 });
  assert.equal((await razz.json("/api/detector")).model, from.name);
  rmSync(path.join(models, `${to.name}.onnx`));
  await page.getByRole("button", { name: "Save" }).click();
  await until("the server's words at the model", () => page.evaluate((words) =>
    document.querySelector("#field-model[aria-invalid=true]") !== null && document.querySelector("#field-model-said").innerText.includes(words), "put it there"), { seconds: 10 });
  assert.equal(written(), text, "what is refused changes nothing");

  await page.getByLabel("Model").selectOption(from.name);
  await page.getByRole("button", { name: "Save" }).click();
  await until("the form to close", () => page.evaluate(() => document.querySelector(".looked") === null), { seconds: 10 });
  const { model: used, confidence: score, iou, classes } = await razz.json("/api/detector");
  assert.deepEqual({ model: used, score, iou, classes }, { model: from.name, score: 0.65, iou: 0.5, classes: ["person", "bicycle"] });
  assert.equal(written(), text.replace("confidence = 0.25 #", "confidence = 0.65 #").replace(/(confidence = .*\n)/, '$1iou = 0.5\nclasses = ["person", "bicycle"]\n'));
  await until("the detector to be at work again", async () => (await razz.json("/api/stats")).model_state === "ready", { seconds: 30 });
  assert.equal((await razz.status(1)).reconnects, 0);
});
