// What it was that was counted.
import { whole } from "../facts/numbers";
import { Nothing, Panel } from "./panel";
import { share } from "./sentence";
import { main, open, told } from "./state";
import { classesOf } from "./sums";
import { Bar } from "./zones";

export function ClassesPanel() {
  const classes = classesOf(told.value?.facts.areas ?? [], main.value);
  const all = classes.reduce((sum, { count }) => sum + count, 0);
  const show = (name: string) => (): void => { open(`Class ${name}`, { scope: { class: name }, kind: main.value === "in" ? "crossing" : "visit" }); };
  const what = main.value === "in" ? "Crossings" : "Visits";
  const table = () => ({ head: ["Class", what, "Share"], rows: classes.map(({ class: name, count }) => ({ cells: [name, whole(count), share(count / all)], open: show(name) })) });
  return (
    <Panel name="classes" title="Classes" table={classes.length > 0 ? table : null} more={<span class="legend">{what.toLowerCase()}{main.value === "in" ? ", both ways" : ""}</span>}>
      {classes.length === 0 ? <Nothing words="Nothing was counted." /> : (
        <ul class="bars">
          {classes.map(({ class: name, count }) => (
            <Bar key={name} name={name} bar={count / (classes[0]?.count ?? 1)} value={`${whole(count)} · ${share(count / all)}`} onOpen={show(name)} />
          ))}
        </ul>
      )}
    </Panel>
  );
}
