// How the inside of <razz-player> looks. `object-fit` of the element counts, as it would on a <video>.

/** The style sheet of the shadow root. */
export const STYLE = `
:host { display: block; position: relative; overflow: hidden; background: #000; aspect-ratio: 16 / 9; contain: content; container-type: inline-size; object-fit: contain }
:host([hidden]) { display: none }
:host(:fullscreen) { width: 100%; height: 100%; aspect-ratio: auto }
:host(:focus-visible) { outline: 3px solid #4dabf7; outline-offset: -3px }
video, canvas { position: absolute; inset: 0; width: 100%; height: 100%; object-fit: inherit; display: block }
video { transform-origin: 0 0 }
canvas { pointer-events: none }
#surface { position: absolute; inset: 0; overflow: hidden; object-fit: inherit }
#words, #indicator, #notice { position: absolute; color: #fff; font: 14px/1.5 system-ui, sans-serif; pointer-events: none }
#words { inset: 0; display: grid; place-content: center; padding: 1em; text-align: center; background: rgb(0 0 0 / .65); text-shadow: 0 0 4px #000 }
#words:empty, #notice:empty { display: none }
#spoken { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%) }
#words div:first-child { font-size: 1.15em; font-weight: 600 }
@container (max-width: 260px) { #words { padding: .4em; font-size: 11px; line-height: 1.3 } }
#indicator { right: .6em; bottom: .5em; padding: .1em .55em; font-size: 11px; border-radius: 1em; background: rgb(0 0 0 / .75);
  font-variant-numeric: tabular-nums }
#indicator:empty, :host([no-indicator]) #indicator { display: none }
#notice { left: .6em; top: .5em; max-width: calc(100% - 1.2em); padding: .2em .7em; box-sizing: border-box; font-size: 12px; border-radius: .6em; background: rgb(0 0 0 / .75) }
#dock { position: absolute; inset: .4em; display: flex; flex-direction: column; justify-content: flex-end; align-items: flex-start; gap: 6px; pointer-events: none }
#dock > * { pointer-events: auto }
#bar { flex: none; max-width: calc(100% - 9em); display: flex; flex-wrap: wrap; gap: 4px; opacity: 0; transition: opacity .15s }
:host(:hover) #bar, :host(:focus-within) #bar, :host(:focus) #bar, #bar.held { opacity: 1 }
@media (prefers-reduced-motion: reduce) { #bar { transition: none } }
button, select { min-height: 26px; padding: 0 .7em; color: #dfe6ec; background: rgb(0 0 0 / .78); border: 1px solid #8a96a3; border-radius: 1em; font: 12px/1 system-ui, sans-serif; cursor: pointer }
button[aria-pressed="true"], button[aria-expanded="true"] { color: #fff; border-color: #51e08f; box-shadow: inset 0 0 0 1px #51e08f }
button:focus-visible, input:focus-visible, select:focus-visible { outline: 2px solid #4dabf7; outline-offset: 1px }
@media (pointer: coarse) { select { min-height: 44px } }
.panel { min-height: 0; max-width: 100%; box-sizing: border-box; overflow: auto;
  padding: .7em .9em; color: #f1f4f7; background: rgb(10 13 16 / .92); border: 1px solid #5c6773; border-radius: .6em; font: 12px/1.55 system-ui, sans-serif }
.panel[hidden] { display: none }
.panel dl { display: grid; grid-template-columns: auto auto; gap: 0 1em; margin: 0 0 .6em; font-variant-numeric: tabular-nums }
.panel dt { color: #b6c0ca }
.panel dd { margin: 0; overflow-wrap: anywhere }
.panel label { display: flex; align-items: center; gap: .5em; min-height: 24px }
.panel p { margin: 0 0 .4em }
`;
