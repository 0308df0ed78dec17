// The server's words about a key of settings, as they stand at that key's field.
import { capitalised } from "../media/words";

/** Without the key, which people do not see: "`url`: there is no host" is "There is no host". */
export function atField(key: string, message: string): string {
  const named = `\`${key}\``;
  if (!message.startsWith(named)) return message;
  return capitalised(message.slice(named.length).replace(/^[:\s]+/, ""));
}
