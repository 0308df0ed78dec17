// The server's words about a key of settings, as they stand at that key's field.

/** Without the key, which people do not see: "`url`: there is no host" is "There is no host". */
export function atField(key: string, message: string): string {
  const named = `\`${key}\``;
  if (!message.startsWith(named)) return message;
  const words = message.slice(named.length).replace(/^[:\s]+/, "");
  // What begins with an address is left as it is written.
  return /^[a-z]+[ ,]/.test(words) ? words.charAt(0).toUpperCase() + words.slice(1) : words;
}
