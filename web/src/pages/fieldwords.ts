// Words as they stand in fields, and the server's about them.
import { capitalised } from "../media/words";

/** Without the key, which people do not see: "`url`: there is no host" is "There is no host". */
export function atField(key: string, message: string): string {
  const named = `\`${key}\``;
  if (!message.startsWith(named)) return message;
  return capitalised(message.slice(named.length).replace(/^[:\s]+/, ""));
}

/** Names as they stand in a field, with commas between them. */
export function namesOf(text: string): string[] {
  return [...new Set(text.split(",").map((name) => name.trim()).filter((name) => name !== ""))];
}
