// The rules, and the way to change them.
import { RuleForm } from "./ruleform";
import { moreWords, ruleWords } from "./rulewords";
import { ADD, editId, editing, nameOf, rules, rulesTrouble } from "./state";

export function RuleList() {
  const known = rules.value;
  if (known === null) return rulesTrouble.value === "" ? <p class="quiet">…</p> : <p class="notice" role="alert">No rules: {rulesTrouble.value}</p>;
  const { rules: list, editable } = known;
  return (
    <section class="rulelist" aria-labelledby="rules">
      <header>
        <h2 id="rules">Rules</h2>
        {editable && <button type="button" class="strong" id={ADD} onClick={() => { editing.value = "new"; }}>Add a rule</button>}
      </header>
      {!editable && <p class="quiet">Rules are changed by an admin, on a server that was started with a settings file.</p>}
      {editing.value === "new" && <RuleForm key="new" rule={null} />}
      {list.length === 0 && editing.value === null && <p class="quiet">No rules yet.</p>}
      <ul class="list">
        {list.map((rule, index) => (
          <li key={rule.name}>
            {editing.value === index ? <RuleForm rule={rule} /> : (
              <div class="entry">
                <span>
                  <b>{rule.name}</b>
                  <span class="what">{ruleWords(rule, nameOf)}</span>
                  <small>{moreWords(rule)}</small>
                </span>
                {editable && <button type="button" class="quiet" id={editId(index)} aria-label={`Change ${rule.name}`} onClick={() => { editing.value = index; }}>Change</button>}
              </div>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}
