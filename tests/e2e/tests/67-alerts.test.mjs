// Alerts: what a rule looks for becomes one alert with words and a picture, told once within its cooldown and over when it
// is over; a rehearsal says what happened; and no restart repeats one or forgets one.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { violations } from "../lib/axe.mjs";
import { FactFeed, factRows, LINE, mediaTime, send } from "../lib/facts.mjs";
import { receiver } from "../lib/receiver.mjs";
import { scenario } from "../lib/scenario.mjs";
import { scene } from "../lib/truth.mjs";
import { measureFor, until } from "../lib/wait.mjs";

const COOLDOWN_S = 15;
const CROSSED = { name: "Crossed", when: "crossing", camera: 1, area: "Middle", cooldown: `${COOLDOWN_S}s`, notify: ["webhook"] };
/** Where a bus drives through in two seconds, twice a minute. */
const ROAD = [[0.2, 0.63], [0.8, 0.63], [0.8, 0.8], [0.2, 0.8]];
const BUS = { name: "Bus", when: "occupancy", camera: 1, area: "Road", classes: ["bus"], above: 0, for: "1s", cooldown: "0s", notify: ["webhook"] };
const AWAY = { name: "Away", when: "camera_offline", for: "1s", cooldown: "0s", notify: ["webhook"] };

/** A camera on a street that is counted at, with rules, and somebody who is told. */
async function watching(world, rules) {
  const hooks = await receiver(world);
  const { clip, detector } = scene("street");
  const camera = await world.camera({ one: `clip:${clip}` });
  const serve = () => world.serve({
    detector,
    record: { path: path.join(world.folder, "footage"), keep_free: "0B" },
    alert: { link: "https://razz.example" },
    webhook: [{ url: hooks.url, events: ["alert_firing", "alert_resolved", "line_crossed", "zone_left"] }],
    camera: [{ id: 1, name: "Street", url: camera.url("one"), detect_fps: 6 }],
    area: [{ camera: 1, name: "Middle", line: LINE }, { camera: 1, name: "Road", zone: ROAD }],
    rule: rules,
  });
  const told = (rule, type) => hooks.came.map(({ body }) => JSON.parse(body)).filter((event) => event.alert?.rule === rule && (type === undefined || event.type === type));
  /** What was told of lines and zones. */
  const counted = (type) => hooks.came.map(({ body }) => JSON.parse(body)).filter((event) => event.type === type);
  return { camera, serve, told, counted, razz: await serve() };
}

const alertsOf = async (razz, rule) => (await razz.json("/api/alerts?from=0&limit=1000")).alerts.filter((alert) => alert.rule === rule);

const untilAlert = (razz, rule, what, fits) => until(`an alert of ${rule} that is ${what}`, async () => (await alertsOf(razz, rule)).find(fits), { seconds: 60, every: 200 });

scenario("an alert is told once within its cooldown, has words and a picture, and is acknowledged", { browser: true, seconds: 180 }, async (world) => {
  const { razz, told, counted } = await watching(world, [CROSSED]);
  const feed = await FactFeed.of(world, razz);
  const first = await untilAlert(razz, "Crossed", "there", () => true);
  assert.match(first.words, /^(Somebody|An? \w+) crossed Middle of Street (in|out)/);
  assert.deepEqual([first.camera_id, first.area], [1, "Middle"]);
  const picture = await until("its picture", async () => {
    const answer = await fetch(razz.at(`/api/recordings/1/picture.jpg?at=90k:${first.since.media_time}&width=320`));
    return answer.status === 200 && answer;
  }, { seconds: 20 });
  assert.ok(Math.abs(Number(picture.headers.get("razz-time")) - mediaTime({ at: first.since })) <= 2 * 90_000);

  // It is a crossing that is kept.
  const crossing = await until("the crossing", async () => (await factRows(razz, "&kind=crossing")).find(({ at }) => at.media_time === first.since.media_time), { seconds: 30 });
  assert.equal(crossing.area, "Middle");

  // Whom a webhook tells of lines and zones hears the same.
  const heard = await until("an event of it", () => counted("line_crossed").find(({ fact }) => fact.media_time === crossing.at.media_time), { seconds: 20 });
  assert.deepEqual([heard.fact.area, heard.fact.direction, heard.fact.track_id, heard.fact.class], ["Middle", crossing.direction, crossing.track_id, crossing.class]);
  assert.ok(heard.link.endsWith(`at=90k:${crossing.at.media_time}&camera=1`), heard.link);
  const over = await until("a visit that is over", () => counted("zone_left")[0], { seconds: 60 });
  assert.ok(over.fact.area === "Road" && over.fact.dwell_s > 0 && ["left", "lost"].includes(over.fact.end), JSON.stringify(over));

  // What happens within the cooldown is counted with it; its summary comes when that is over.
  const event = await until("a message", () => told("Crossed")[0]);
  assert.deepEqual([event.type, event.camera_id, event.alert.id, event.alert.count], ["alert_firing", 1, first.id, 1]);
  assert.match(event.alert.words, /crossed Middle of Street/);
  assert.ok(event.link.startsWith("https://razz.example/playback.html?") && event.link.includes(`90k:${first.since.media_time}`), event.link);
  const merged = await untilAlert(razz, "Crossed", "more than one", ({ id, count }) => id === first.id && count > 2);
  assert.ok(feed.of("alert").some(({ alert }) => alert.id === first.id && alert.count > 1), "the WebSocket tells that it is more");
  const firing = () => told("Crossed", "alert_firing");
  await until("the summary", () => firing().length > 1, { seconds: COOLDOWN_S + 20 });
  const [one, two] = firing();
  world.tell(`${merged.count} crossings and more in one alert; messages ${(two.timestamp - one.timestamp).toFixed(1)} s apart: ${JSON.stringify(two.alert.words)}`);
  assert.ok(two.timestamp - one.timestamp >= COOLDOWN_S - 0.5, `${two.timestamp - one.timestamp} s apart`);
  assert.equal(two.alert.id, first.id);
  assert.ok(two.alert.count > 2 && /\(\+\d+ more\)/.test(two.alert.words), JSON.stringify(two.alert));

  // Somebody sees to it, on the page.
  const open = (await razz.json("/api/alerts")).open;
  assert.ok(open >= 1);
  const page = await world.page(razz.at("/alerts.html"));
  await page.getByText(/crossed Middle of Street/).first().waitFor();
  assert.deepEqual(await violations(page), [], "alerts.html");
  await page.getByRole("button", { name: "Acknowledge" }).first().click();
  const seen = await untilAlert(razz, "Crossed", "acknowledged", ({ acknowledged_at: at }) => at !== null);
  assert.ok(Math.abs(seen.acknowledged_at - Date.now() / 1000) < 60);
  const { status } = await send(razz, "POST", "/api/alerts/none/acknowledge");
  assert.equal(status, 404);
});

scenario("a rehearsal says what happened, and rules are changed while razz runs", { seconds: 180 }, async (world) => {
  const { razz, told } = await watching(world, [{ ...CROSSED, cooldown: "0s" }, BUS]);
  await until("some alerts of both", async () => {
    const [crossed, bus] = [await alertsOf(razz, "Crossed"), await alertsOf(razz, "Bus")];
    if (crossed.length >= 2 && bus.some(({ state }) => state === "resolved")) return true;
    throw new Error(JSON.stringify([crossed, bus].map((all) => all.map(({ state, words, count }) => [state, words, count]))));
  }, { seconds: 75, every: 250 });
  await measureFor(10);
  const { rules, channels, editable } = await razz.json("/api/rules");
  assert.deepEqual([rules.map(({ name }) => name), channels, editable], [["Crossed", "Bus"], ["webhook"], true]);
  const to = Date.now() / 1000 - 5;
  for (const rule of rules) {
    // Everything of it is kept before it is compared.
    const rehearsed = await until(`a rehearsal of ${rule.name} that is as it was`, async () => {
      const { status, body } = await send(razz, "POST", "/api/rules/rehearse", { rule, from: "0", to: String(to) });
      assert.equal(status, 200, JSON.stringify(body));
      const live = (await alertsOf(razz, rule.name)).filter(({ state, since }) => state !== "pending" && since.unix <= to - 5).map(({ id }) => id);
      const then = body.alerts.filter(({ since }) => since.unix <= to - 5).map(({ id }) => id);
      if (then.sort().join() !== live.sort().join()) throw new Error(`rehearsed ${then}, was ${live}`);
      return body;
    }, { seconds: 20, every: 500 });
    const sent = told(rule.name, "alert_firing").filter(({ timestamp }) => timestamp <= to).length;
    world.tell(`${rule.name}: ${rehearsed.count} alerts rehearsed with ${rehearsed.sent} messages in ${rehearsed.took_ms} ms; ${sent} messages were sent`);
    assert.ok(Math.abs(rehearsed.sent - sent) <= 1, `${rehearsed.sent} messages rehearsed, ${sent} sent`);
  }
  const never = await send(razz, "POST", "/api/rules/rehearse", { rule: { ...rules[1], above: 1000 }, from: "0", to: String(to) });
  assert.deepEqual([never.status, never.body.count], [200, 0]);

  // Rules are the file's.
  const text = () => readFileSync(path.join(world.folder, "razz.toml"), "utf8");
  const edited = [{ ...rules[0], name: "Nightly", schedule: "Mo-Fr 22:00-23:00" }, { name: "Stay", when: "dwell", camera_id: 1, area: "Road", above: 1, cooldown_s: 0, notify: [] }];
  const put = await send(razz, "PUT", "/api/rules", { rules: edited });
  assert.equal(put.status, 200, JSON.stringify(put.body));
  assert.deepEqual(put.body.rules.map(({ name, schedule }) => [name, schedule]).sort(), [["Nightly", "Mo-Fr 22:00-23:00"], ["Stay", ""]]);
  for (const words of [/name = "Nightly"/, /name = "Stay"/, /"dwell"/, /Mo-Fr 22:00-23:00/]) assert.match(text(), words);
  assert.doesNotMatch(text(), /"Bus"/);
  await untilAlert(razz, "Stay", "there", ({ words }) => /in Road of Street/.test(words));
  const written = text();
  for (const [rule, words] of [
    [{ ...edited[1], above: null }, /above|seconds/],
    [{ ...edited[0], schedule: "Someday" }, /Someday|schedule/],
    [{ ...edited[0], area: "Nowhere" }, /Nowhere/],
    [{ ...edited[0], notify: ["mail"] }, /mail/],
  ]) {
    const refused = await send(razz, "PUT", "/api/rules", { rules: [rule] });
    assert.ok([400, 422].includes(refused.status), `${words}: ${refused.status}`);
    assert.match(JSON.stringify([refused.body.detail, refused.body.errors]), words);
  }
  assert.equal(text(), written);
});

scenario("a camera that is away is told, once, also across a razz that is killed", { seconds: 180 }, async (world) => {
  const { camera, serve, told, razz } = await watching(world, [AWAY]);
  await razz.untilState(1, "online");
  await camera.kill();
  const away = await untilAlert(razz, "Away", "firing", ({ state }) => state === "firing");
  assert.match(away.words, /^Street (is|has been) offline/);
  await until("a message", () => told("Away", "alert_firing").length === 1, { seconds: 15 });
  await razz.kill();
  const again = await serve();
  // As long as it took before to fire: a second alert would have come.
  await measureFor(12);
  assert.deepEqual((await alertsOf(again, "Away")).map(({ id, state }) => [id, state]), [[away.id, "firing"]], "it goes on, and is no other");
  assert.equal(told("Away", "alert_firing").length, 1, "it is not told again");
  await world.restarted(camera);
  const over = await untilAlert(again, "Away", "over", ({ state }) => state === "resolved");
  assert.equal(over.id, away.id);
  assert.ok(over.until.unix > over.since.unix);
  await until("a message that it is over", () => told("Away", "alert_resolved").length === 1, { seconds: 15 });

  // The record knows that it was away, and when razz was: one alert, for as long.
  await until("pictures again", async () => (await again.status(1)).state === "online");
  const [rule] = (await again.json("/api/rules")).rules;
  const rehearsed = await until("a rehearsal", async () => {
    const { status, body } = await send(again, "POST", "/api/rules/rehearse", { rule, from: "0", to: String(Date.now() / 1000) });
    assert.equal(status, 200, JSON.stringify(body));
    return body.count > 0 && body.alerts[0].state === "resolved" && body;
  }, { seconds: 30, every: 500 });
  world.tell(`away for ${(over.until.unix - over.since.unix).toFixed(1)} s; rehearsed: ${rehearsed.alerts.map(({ since, until }) => (until.unix - since.unix).toFixed(1))} s`);
  assert.ok(Math.abs(rehearsed.alerts[0].since.unix - over.since.unix) <= 15, JSON.stringify(rehearsed.alerts));
});
