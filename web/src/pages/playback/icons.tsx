// The signs on the buttons.

const PATHS = {
  play: "M7 4.5v15l13-7.5z",
  pause: "M6 4.5h4v15H6zM14 4.5h4v15h-4z",
  back: "M17 5v14l-9-7zM5 5h2v14H5z",
  on: "M7 5v14l9-7zM17 5h2v14h-2z",
  earlier: "M12 5V1.5L6.5 6 12 10.5V7a5.5 5.5 0 1 1-5.5 5.5h-2A7.5 7.5 0 1 0 12 5z",
  later: "M12 5V1.5L17.5 6 12 10.5V7a5.5 5.5 0 1 0 5.5 5.5h2A7.5 7.5 0 1 1 12 5z",
  before: "M15.5 5 8 12l7.5 7 1.4-1.5L11 12l5.9-5.5z",
  next: "M8.5 5 16 12l-7.5 7-1.4-1.5L13 12 7.1 6.5z",
  plus: "M11 5h2v6h6v2h-6v6h-2v-6H5v-2h6z",
  minus: "M5 11h14v2H5z",
  begin: "M7 4h7v2H9v12h5v2H7z",
  end: "M17 4h-7v2h5v12h-5v2h7z",
  down: "M11 4h2v9l3.5-3.5 1.4 1.4L12 16.8 6.1 10.9l1.4-1.4L11 13zM5 18h14v2H5z",
  share: "M11 16V6L7.5 9.5 6.1 8.1 12 2.2l5.9 5.9-1.4 1.4L13 6v10zM4 14h2v5h12v-5h2v7H4z",
  lock: "M8 10V7.5a4 4 0 0 1 8 0V10h2v11H6V10zm2 0h4V7.5a2 2 0 0 0-4 0z",
  clear: "m6.4 5 5.6 5.6L17.6 5 19 6.4 13.4 12l5.6 5.6-1.4 1.4-5.6-5.6L6.4 19 5 17.6l5.6-5.6L5 6.4z",
  calendar: "M7 3h2v2h6V3h2v2h3v15H4V5h3zm-1 7v8h12v-8z",
} as const;
export type Sign = keyof typeof PATHS;

/** Says nothing to a screen reader: its button does. */
export function Icon({ sign }: { sign: Sign }) {
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true">
      <path d={PATHS[sign]} />
    </svg>
  );
}
