// The rows behind a number, beside the charts.
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { FactRow } from "../../wire";
import { csvHref, fetchRows, recordedHref } from "../facts/api";
import { counted, whenOf } from "../facts/numbers";
import { Shot } from "../facts/shot";
import { keyOf } from "./merge";
import { moreWords, rowWords } from "./rowwords";
import { opened, type Opened } from "./state";
import { areaWords } from "./zones";

const PAGE = 50;
/** Answers that are asked for in a row until there is something to show: one way of many, or weeks without anybody. */
const MOST_ASKED = 8;

/** Where the next rows come from: the span, and after which row in it. */
interface Cursor {
  span: number;
  before: string | null;
}

async function more({ spans, scope, kind, direction }: Opened, from: Cursor): Promise<{ rows: FactRow[]; next: Cursor | null; words: string }> {
  const rows: FactRow[] = [];
  let cursor: Cursor | null = from;
  for (let asked = 0; cursor && asked < MOST_ASKED && rows.length < PAGE; asked++) {
    const span = spans[cursor.span];
    if (!span) return { rows, next: null, words: "" };
    const answer = await fetchRows(scope, span, PAGE, { kind, before: cursor.before });
    if (!answer.ok) return { rows, next: null, words: answer.words };
    rows.push(...answer.value.rows.filter((row) => direction === null || row.direction === direction));
    const { next } = answer.value;
    cursor = next !== null ? { span: cursor.span, before: next } : cursor.span + 1 < spans.length ? { span: cursor.span + 1, before: null } : null;
  }
  return { rows, next: cursor, words: "" };
}

export function Drawer() {
  const what = opened.value;
  return what && <Rows key={JSON.stringify(what)} what={what} />;
}

function Rows({ what }: { what: Opened }) {
  const [rows, setRows] = useState<FactRow[]>([]);
  const [next, setNext] = useState<Cursor | null>({ span: 0, before: null });
  const [busy, setBusy] = useState(false);
  const [words, setWords] = useState("");
  const close = useRef<HTMLButtonElement>(null);
  const gone = useRef(false);
  const load = async (from: Cursor): Promise<void> => {
    setBusy(true);
    const found = await more(what, from);
    if (gone.current) return;
    setRows((before) => [...before, ...found.rows]);
    setNext(found.next);
    setWords(found.words);
    setBusy(false);
  };
  useEffect(() => {
    void load({ span: 0, before: null });
    return () => { gone.current = true; };
  }, []);
  useLayoutEffect(() => {
    const before = document.activeElement;
    close.current?.focus();
    return () => {
      requestAnimationFrame(() => {
        if (before instanceof HTMLElement && before.isConnected && (document.activeElement === null || document.activeElement === document.body)) before.focus();
      });
    };
  }, []);
  const shut = (): void => { opened.value = null; };
  const [first, last] = [what.spans[0], what.spans.at(-1)];
  return (
    <div class="rows" role="dialog" aria-label={what.title} onKeyDown={(event) => { if (event.key === "Escape") shut(); }}>
      <header>
        <h2>{what.title}</h2>
        {what.spans.length === 1 && first && last && <a class="toggle" href={csvHref(what.scope, first)} download>CSV</a>}
        <button type="button" class="toggle" ref={close} title="Close (Esc)" onClick={shut}>close</button>
      </header>
      <div class="list" tabindex={0} role="region" aria-label="Rows" aria-busy={busy}>
        <table>
          <caption class="spoken">{what.title}</caption>
          <thead>
            <tr><th scope="col">Picture</th><th scope="col">When</th><th scope="col">What</th></tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <tr key={keyOf(row)}>
                <td><a href={recordedHref(row.camera_id, row.at)} aria-label={`Play the recording of ${whenOf(row.at.unix)}`}><Shot row={row} /></a></td>
                <td><a href={recordedHref(row.camera_id, row.at)}>{whenOf(row.at.unix)}</a><small>{areaWords(row)}</small></td>
                <td>{rowWords(row)}<small>{moreWords(row)}</small></td>
              </tr>
            ))}
          </tbody>
        </table>
        {words !== "" && <p class="trouble" role="alert">{words}</p>}
        {!busy && words === "" && rows.length === 0 && <p class="quiet">No rows.</p>}
        {busy && <p class="quiet">…</p>}
        {!busy && next && <button type="button" class="quiet" onClick={() => void load(next)}>older ones</button>}
        {!busy && next === null && rows.length > 0 && <p class="quiet">{counted(rows.length, "row")}, that is all.</p>}
      </div>
    </div>
  );
}
