// The frame of a chart: its title, what it says in a line, and the table behind it.
import type { ComponentChildren } from "preact";
import { useId, useState } from "preact/hooks";

/** A table behind a chart: numbers stand right of the first column. */
export interface Table {
  head: string[];
  rows: { cells: string[]; open?: (() => void) | undefined }[];
}

/** A chart with a button that shows its numbers as a table instead. */
export function Panel({ name, title, more, table, children }: {
  /** Its place on the page, as the style sheet names it. */
  name: string;
  title: string;
  /** Beside the title. */
  more?: ComponentChildren;
  /** Made when it is looked at; null where there is nothing to show. */
  table: (() => Table) | null;
  children: ComponentChildren;
}) {
  const [asTable, setAsTable] = useState(false);
  const id = useId();
  return (
    <section class={`panel ${name}`} aria-labelledby={id}>
      <header>
        <h2 id={id}>{title}</h2>
        {more}
        {table && (
          <button type="button" class="toggle" aria-pressed={asTable} onClick={() => { setAsTable(!asTable); }}>
            table
          </button>
        )}
      </header>
      {asTable && table ? <Numbers title={title} table={table()} /> : children}
    </section>
  );
}

function Numbers({ title, table: { head, rows } }: { title: string; table: Table }) {
  return (
    <div class="scroll numbers" tabindex={0} role="region" aria-label={`${title}: table`}>
      <table>
        <thead>
          <tr>
            {head.map((words, index) => (
              <th key={words} scope="col" class={index === 0 ? "" : "number"}>{words}</th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(({ cells: [first = "", ...others], open }) => (
            <tr key={first}>
              <th scope="row">{open ? <button type="button" class="plain" onClick={open}>{first}</button> : first}</th>
              {others.map((words, index) => (
                <td key={head[index + 1]} class="number">{words}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** In place of a chart that has nothing to show. */
export function Nothing({ words }: { words: string }) {
  return <p class="quiet nothing">{words}</p>;
}
