// Makes elements.

/** An element `name` with these properties and attributes. */
export function make<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  properties: Partial<HTMLElementTagNameMap[Name]> = {},
  attributes: Readonly<Record<string, string>> = {},
): HTMLElementTagNameMap[Name] {
  const element = Object.assign(document.createElement(name), properties);
  for (const key in attributes) element.setAttribute(key, attributes[key] ?? "");
  return element;
}
