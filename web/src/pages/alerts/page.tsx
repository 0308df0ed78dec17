// Alerts: what has happened that somebody wanted to be told, and the rules that say what that is.
import { render } from "preact";
import { Header } from "../shell";
import "./alerts.css";
import { Inbox } from "./inbox";
import { RuleList } from "./rules";
import { alerts, load, refused, rules, trouble } from "./state";

function Page() {
  const missing = refused.value === 404 && alerts.value === null && rules.value === null;
  return (
    <>
      <Header warning={missing ? "" : trouble.value}>
        <h1 class="spoken">Alerts</h1>
      </Header>
      <main id="main" class={missing ? "" : "alerts page wide"}>
        {missing ? (
          <section class="empty">
            <h2>This server has no alerts</h2>
            <p>It answers 404 where rules and alerts should be: it is older than this page. Recordings and live pictures work as before.</p>
            <p><a href="./">Live</a></p>
          </section>
        ) : (
          <>
            <Inbox />
            <RuleList />
          </>
        )}
      </main>
    </>
  );
}

load();
const app = document.getElementById("app");
if (app) render(<Page />, app);
