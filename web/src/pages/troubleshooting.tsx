// The checks of the troubleshooting page, carried out on a camera; the words around them are docs/guide/troubleshooting.md.
import { signal } from "@preact/signals";
import { render } from "preact";
import type { Diagnostics } from "../media";
import { fetchCameras, fetchStats } from "./api";
import { alignmentChecks, boxChecks, videoChecks, type Check, type Known } from "./checks";
import { RazzPlayer } from "./player";
import { poll } from "./poll";
import { Header } from "./shell";

const CHECK_MS = 2_000;

const stats = poll(fetchStats, CHECK_MS);
const cameras = poll(fetchCameras, 10_000);
const chosen = signal<number | null>(null);
const diagnostics = signal<Diagnostics | null>(null);
const hidden = signal<Known["hidden"]>({ boxes: false, some: false });

const GROUPS: readonly (readonly [string, string, (known: Known) => Check[]])[] = [
  ["no-video", "No video", videoChecks],
  ["no-boxes", "No boxes", boxChecks],
  ["boxes-not-aligned", "Boxes not aligned", alignmentChecks],
];
const MARKS = { good: "✓", bad: "✗", open: "?" } as const;
const SPOKEN = { good: "fine", bad: "wrong", open: "not known" } as const;

function Group({ name, href, checks }: { name: string; href: string; checks: Check[] }) {
  return (
    <section class="checks">
      <h3>
        <a href={`#${href}`}>{name}</a>
      </h3>
      <ul>
        {checks.map(({ question, result, answer }) => (
          <li key={question} class={result}>
            <span class="mark" role="img" aria-label={SPOKEN[result]}>
              {MARKS[result]}
            </span>
            <span>
              {question} <small>{answer}</small>
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Checks() {
  const list = cameras.value.value ?? [];
  const camera = chosen.value ?? list[0]?.id ?? null;
  const known = camera === null ? null : { camera, stats: stats.trouble.value === "" ? stats.value.value : null, diagnostics: diagnostics.value, hidden: hidden.value };
  return (
    <section aria-labelledby="now">
      <h2 id="now">How is it now?</h2>
      {known === null ? (
        <p>{cameras.trouble.value || (cameras.value.value ? "There is no camera yet." : "Asking the server…")}</p>
      ) : (
        <>
          <label class="choice">
            Camera
            <select
              value={String(known.camera)}
              onChange={(event) => {
                diagnostics.value = null;
                chosen.value = Number(event.currentTarget.value);
              }}
            >
              {list.map(({ id, name }) => (
                <option key={id} value={String(id)}>
                  {name}
                </option>
              ))}
            </select>
          </label>
          <div class="trial">
            <RazzPlayer camera={known.camera} controls when-visible />
            <div>
              {GROUPS.map(([href, name, checks]) => (
                <Group key={href} href={href} name={name} checks={checks(known)} />
              ))}
            </div>
          </div>
        </>
      )}
    </section>
  );
}

setInterval(() => {
  const player = document.querySelector("razz-player");
  if (!player || document.hidden) return;
  hidden.value = { boxes: player.hasAttribute("no-boxes"), some: player.hasAttribute("classes") || player.hasAttribute("min-confidence") };
  void player.diagnostics().then((now) => (diagnostics.value = now));
}, CHECK_MS);

const top = document.getElementById("app");
if (top) render(<Header warning={stats.trouble.value} />, top);
const checks = document.getElementById("checks");
if (checks) render(<Checks />, checks);
