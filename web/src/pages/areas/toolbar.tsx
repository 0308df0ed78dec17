// What stands above the picture: drawing, ready shapes, undo and saving.
import { cancel, draw, finish, place, redoStep, save, undoStep } from "./actions";
import { fewest, isClosed, MOST_AREAS, type DrawnKind } from "./draft";
import { drafts, editable, faults, hasSaved, pen, saving, steps, undo, unsaved } from "./state";
import { TEMPLATES } from "./templates";

export function Toolbar() {
  const drawing = pen.value;
  return (
    <div class="tools" role="toolbar" aria-label="Drawing">
      {drawing ? (
        <>
          <span class="hint">{hint(drawing.kind, drawing.points.length)}</span>
          <button type="button" class="strong" disabled={drawing.points.length < fewest(drawing.kind)} onClick={finish}>
            Done
          </button>
          <button type="button" class="quiet" disabled={drawing.points.length === 0} onClick={undoStep}>
            Last point back
          </button>
          <button type="button" class="quiet" onClick={cancel}>
            Cancel
          </button>
        </>
      ) : (
        <Idle />
      )}
    </div>
  );
}

function hint(kind: DrawnKind, points: number): string {
  if (points < fewest(kind)) return points === 0 ? `Click where the ${kind} begins. Keys: arrows and Space.` : "Click the next point.";
  return `Click on, or finish: double click, Enter, or the ${isClosed(kind) ? "first" : "last"} point.`;
}

function Idle() {
  // Undo and redo are no signals themselves.
  const isChanged = steps.value >= 0;
  const full = drafts.value.length >= MOST_AREAS;
  return (
    <>
      <button type="button" class="quiet" disabled={full} onClick={() => { draw("line"); }}>
        Draw a line
      </button>
      <button type="button" class="quiet" disabled={full} onClick={() => { draw("zone"); }}>
        Draw a zone
      </button>
      <button type="button" class="quiet" disabled={full} title="a part of the picture in which nothing is detected" onClick={() => { draw("mask"); }}>
        Draw a mask
      </button>
      <span class="templates" role="group" aria-label="Ready shapes">
        <span class="quiet">or place a</span>
        {TEMPLATES.map((template) => (
          <button key={template.words} type="button" class="quiet" disabled={full} title={template.hint} onClick={() => { place(template); }}>
            {template.words}
          </button>
        ))}
      </span>
      <span class="steps">
        <button type="button" class="quiet" disabled={!(isChanged && undo.canUndo)} title="Ctrl + Z" onClick={undoStep}>
          Undo
        </button>
        <button type="button" class="quiet" disabled={!(isChanged && undo.canRedo)} title="Ctrl + Shift + Z" onClick={redoStep}>
          Redo
        </button>
      </span>
      {editable.value && <Save />}
    </>
  );
}

function Save() {
  const wrong = faults.value;
  const words = saving.value ? "Saving…" : unsaved.value ? "Not saved yet" : hasSaved.value ? "Saved" : "";
  return (
    <span class="save">
      <span class={unsaved.value ? "warning" : "quiet"}>{wrong.length > 0 ? `Cannot be saved: see ${wrong.map(({ draft }) => draft.name.trim() || "the area without a name").join(", ")}` : words}</span>
      <button type="button" class="strong" disabled={!unsaved.value || saving.value || wrong.length > 0} onClick={() => void save()}>
        Save
      </button>
    </span>
  );
}
